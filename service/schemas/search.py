"""The shapes of searching and completing, and how results become them."""

from __future__ import annotations

from dataclasses import asdict

from pydantic import AliasChoices, Field

from index.types import (
    Aligned,
    Coverage,
    Hit,
    Kind,
    Mode,
    PagePlace,
    Reason,
    Suggested,
    SuggestionKind,
    TimePlace,
    Unit,
)
from service.links import hit_url, image_url, kept_url, place_address, place_url, source_url
from service.schemas.places import (
    CourseRef,
    LectureRef,
    PageLocatorOut,
    ProgrammeLocatorOut,
    TimeLocatorOut,
    lecture_ref,
    locator_out,
)
from service.schemas.shape import Shape

# What a query must hold at least one of: a character that is neither a space nor a control character.
NOT_EMPTY = r"[^\s\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\ufeff]"


class AlignedOut(Shape):
    """The other side: of a page the second at which it is discussed, of speech the page that it is about."""

    confidence: float
    url: str
    place: str = Field(description="Its address on the pages of this service")
    video: str | None = None
    video_id: int | None = None
    start_seconds: float | None = None
    deck: str | None = None
    deck_id: int | None = None
    page_number: int | None = None
    unit: Unit | None = None
    image_url: str | None = None


class SnippetOut(Shape):
    text: str
    highlights: list[tuple[int, int]] = Field(description="[start, end) offsets in characters of `text`")


class RewriteOut(Shape):
    source: str = Field(serialization_alias="from", validation_alias=AliasChoices("from", "source"))
    target: str = Field(serialization_alias="to", validation_alias=AliasChoices("to", "target"))
    reason: Reason
    weight: float = Field(description="How much it counts beside what was typed, at most 1")


class HitOut(Shape):
    id: str
    kind: Kind
    score: float
    course: CourseRef
    lecture: LectureRef
    locator: PageLocatorOut | TimeLocatorOut | ProgrammeLocatorOut = Field(discriminator="type")
    title: str
    snippet: SnippetOut
    url: str = Field(description="Where to open it; goes on leading there when the course is taken up anew")
    place: str = Field(description="The same on the pages of this service, where `url` leads to YouTube")
    source_url: str | None = Field(description="The place in the lecturer's own file, where that is published")
    image_url: str | None = Field(description="The picture of a page; null for slides and notes that are no PDF")
    remark: str | None
    twin_of: str | None = Field(
        None, description="Id of the newer edition of the same slide; that hit stands before this"
    )
    aligned: AlignedOut | None = Field(None, description="null where nothing is sure enough to be claimed")
    explanation: dict[str, object] | None = None
    text: str | None = Field(None, description="The whole passage, if it was asked for")


class SearchOut(Shape):
    query: str
    rewrites: list[RewriteOut]
    coverage: Coverage
    unknown_words: list[str] = Field(description="Words of the query that the searched courses do not know")
    mode: Mode
    degraded: list[str]
    generation: int
    took_ms: float
    total: int
    hits: list[HitOut]


class SuggestionOut(Shape):
    text: str
    count: int = Field(description="How many passages carry it")
    kind: SuggestionKind
    course: CourseRef
    lecture: LectureRef
    place: str = Field(description="The address of a place that carries it; of a lecture its page")


class SuggestOut(Shape):
    query: str
    suggestions: list[SuggestionOut]


def hit_out(hit: Hit, *, text: bool = False) -> HitOut:
    """A hit with the addresses that it leads to; with `text` the whole passage."""
    passage = hit.passage
    return HitOut(
        id=passage.id,
        kind=passage.kind,
        score=hit.score,
        course=CourseRef(slug=passage.course_slug, title=passage.course_title),
        lecture=lecture_ref(passage),
        locator=locator_out(passage.place),
        title=passage.title or passage.lecture_title,
        snippet=SnippetOut.model_validate(hit.snippet),
        url=hit_url(passage),
        place=kept_url(passage),
        source_url=source_url(passage),
        image_url=image_url(passage.place),
        remark=passage.remark,
        twin_of=hit.twin_of,
        aligned=aligned_out(passage.course_slug, passage.aligned),
        explanation=asdict(hit.explanation) if hit.explanation else None,
        text=passage.text if text else None,
    )


def suggestion_out(found: Suggested) -> SuggestionOut:
    """A completion with where it comes from."""
    passage = found.passage
    lecture = lecture_ref(passage)
    return SuggestionOut(
        text=found.text,
        count=found.count,
        kind=found.kind,
        course=CourseRef(slug=passage.course_slug, title=passage.course_title),
        lecture=lecture,
        place=lecture.url if found.kind is SuggestionKind.LECTURE else kept_url(passage),
    )


def aligned_out(slug: str, other: Aligned | None) -> AlignedOut | None:
    """The other side of a passage, with its addresses."""
    match other:
        case Aligned(confidence, PagePlace() as page):
            return AlignedOut(
                confidence=confidence,
                url=place_url(slug, page),
                place=place_address(slug, page),
                deck=page.deck,
                deck_id=page.deck_id,
                page_number=page.page_number,
                unit=page.unit,
                image_url=image_url(page),
            )
        case Aligned(confidence, TimePlace() as time):
            return AlignedOut(
                confidence=confidence,
                url=place_url(slug, time),
                place=place_address(slug, time),
                video=time.video,
                video_id=time.video_id,
                start_seconds=time.start_seconds,
            )
        case _:
            return None
