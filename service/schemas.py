"""The shapes of requests and responses, and how results become them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, Field

from index.search.found import Found
from index.types import (
    Aligned,
    Coverage,
    DeckKind,
    Hit,
    Host,
    IndexedPassage,
    JobState,
    Kind,
    MadeBy,
    Mode,
    PagePlace,
    Place,
    Reason,
    State,
    TimePlace,
)
from service.answers.types import Answer, AnswerMode, Citation, Outcome
from service.links import hit_url, image_url, place_url, source_url
from service.terms import ExplainedTerm


class CourseRef(BaseModel):
    slug: str
    title: str


class LectureRef(BaseModel):
    id: int
    position: int
    title: str


class PageLocatorOut(BaseModel):
    type: Literal["page"] = "page"
    deck: str
    deck_id: int
    page_number: int = Field(description="PDF page, from 1")
    page_label: str | None = Field(description="The number printed on the page")


class TimeLocatorOut(BaseModel):
    type: Literal["time"] = "time"
    video: str
    video_id: int
    start_seconds: float
    end_seconds: float


class ProgrammeLocatorOut(BaseModel):
    type: Literal["programme"] = "programme"


class PlaceOut(BaseModel):
    id: str
    kind: Kind
    lecture: LectureRef
    locator: PageLocatorOut | TimeLocatorOut | ProgrammeLocatorOut = Field(discriminator="type")
    title: str
    url: str


class AlignedOut(BaseModel):
    """The other side: of a page the second at which it is discussed, of speech the page that it is about."""

    confidence: float
    url: str
    video: str | None = None
    video_id: int | None = None
    start_seconds: float | None = None
    deck: str | None = None
    deck_id: int | None = None
    page_number: int | None = None
    image_url: str | None = None


class SnippetOut(BaseModel):
    text: str
    highlights: list[tuple[int, int]] = Field(description="[start, end) offsets in characters of `text`")


class RewriteOut(BaseModel):
    source: str = Field(serialization_alias="from", validation_alias=AliasChoices("from", "source"))
    target: str = Field(serialization_alias="to", validation_alias=AliasChoices("to", "target"))
    reason: Reason
    weight: float = Field(description="How much it counts beside what was typed, at most 1")


class HitOut(BaseModel):
    id: str
    kind: Kind
    score: float
    course: CourseRef
    lecture: LectureRef
    locator: PageLocatorOut | TimeLocatorOut | ProgrammeLocatorOut = Field(discriminator="type")
    title: str
    snippet: SnippetOut
    url: str
    source_url: str | None
    image_url: str | None
    remark: str | None
    twin_of: str | None = Field(
        None, description="Id of the newer edition of the same slide; that hit stands before this"
    )
    aligned: AlignedOut | None = Field(None, description="null where nothing is sure enough to be claimed")
    explanation: dict[str, Any] | None = None


class SearchOut(BaseModel):
    query: str
    rewrites: list[RewriteOut]
    coverage: Coverage
    mode: Mode
    degraded: list[str]
    generation: int
    took_ms: float
    total: int
    hits: list[HitOut]


class TermOut(BaseModel):
    text: str
    counterpart: str = Field(description="The same in the other language, or the long form of an abbreviation")
    reason: Reason = Field(description="glossary: a translation; abbreviation: a short form")
    count: int = Field(description="How often the course writes both side by side")
    explained: PlaceOut | None = Field(description="Where the term is first explained")


class TermsOut(BaseModel):
    course: str
    terms: list[TermOut]


class SuggestionOut(BaseModel):
    text: str
    count: int


class SuggestOut(BaseModel):
    query: str
    suggestions: list[SuggestionOut]


class ProblemRef(BaseModel):
    code: str
    detail: str


class DeckRefOut(BaseModel):
    id: int
    path: str
    title: str
    remark: str | None
    pages: int
    state: State
    problem: ProblemRef | None


class TranscriptRefOut(BaseModel):
    language: str
    made_by: MadeBy = Field(
        description="file: lay beside the course; manual, generated: fetched from YouTube; asr: recognised here"
    )
    asked: list[str] = Field(description="The languages that were wanted, best first")
    origin: str


class VideoRefOut(BaseModel):
    id: int
    video: str = Field(description="YouTube id, or path in the course")
    host: Host
    label: str
    remark: str | None
    duration_seconds: float | None
    transcript: TranscriptRefOut | None
    state: State
    problem: ProblemRef | None


class LinkOut(BaseModel):
    label: str
    url: str


class GapOut(BaseModel):
    lecture_id: int
    what: str
    code: str
    detail: str


class LectureOut(BaseModel):
    id: int
    position: int
    section: str
    title: str
    programme: str
    remarks: list[str]
    links: list[LinkOut]
    decks: list[DeckRefOut]
    videos: list[VideoRefOut]
    notes: list[DeckRefOut]


class LectureDetailsOut(LectureOut):
    course: CourseRef
    gaps: list[GapOut]


class CourseSummaryOut(CourseRef):
    language: str
    source_url: str | None
    lectures: int
    passages: int
    ingested_at: str


class CourseOut(CourseRef):
    language: str
    source_url: str | None
    links: list[LinkOut]
    lectures: list[LectureOut]
    gaps: list[GapOut]


class PageOut(BaseModel):
    page_number: int
    page_label: str | None
    title: str
    text: str
    ocr: bool = Field(description="Read off the picture of the page, so perhaps with mistakes")


class DeckOut(BaseModel):
    id: int
    path: str
    title: str
    kind: DeckKind
    remark: str | None
    state: State
    course: str
    lecture_id: int
    lecture_title: str
    pages: list[PageOut]


class TimelineVideoOut(BaseModel):
    video: str
    video_id: int
    duration_seconds: float | None


class SpanOut(BaseModel):
    deck: str
    deck_id: int
    page_number: int
    video: str
    video_id: int
    start_seconds: float
    end_seconds: float
    confidence: float


class MomentOut(BaseModel):
    deck: str
    deck_id: int
    page_number: int
    video: str
    video_id: int
    jump_seconds: float
    confidence: float


class TimelineOut(BaseModel):
    lecture_id: int
    videos: list[TimelineVideoOut]
    spans: list[SpanOut] = Field(description="Half-open, in order, without overlap within a video")
    pages: list[MomentOut] = Field(description="Where to jump to for a page")


class IngestIn(BaseModel):
    source: str = Field(min_length=1, max_length=2_000, description="Folder or .zip on the server, or an address")
    course: str | None = Field(None, max_length=80, description="Slug to keep it under; default: by its name")
    languages: list[Annotated[str, Field(pattern="^[a-z]{2,3}$")]] = Field(
        [], max_length=10, description="Caption languages, best first"
    )
    linked_only: bool = Field(False, description="Only the PDFs that a lecture names")


class IngestQueuedOut(BaseModel):
    id: str


class IngestOut(BaseModel):
    id: str
    source: str
    state: JobState
    attempts: int
    progress: dict[str, Any] | None = Field(description="step, done, total, what: what it is doing just now")
    report: dict[str, Any] | None = Field(description="What it did, with the gaps of the course")
    problem: str | None
    created_at: str
    updated_at: str


class MissedSearchOut(BaseModel):
    course: str | None = Field(description="Where it was searched; null for all courses")
    query: str
    count: int
    last_day: str


class ProblemOut(BaseModel):
    """RFC 9457 problem details with our code."""

    type: str
    title: str
    status: int
    detail: str
    code: str


def search_out(found: Found, hits: Iterable[Hit], took_ms: float) -> SearchOut:
    """The response of a search: what the API returns and `lectures search --json` prints."""
    return SearchOut(
        query=found.query,
        rewrites=[RewriteOut(**asdict(rewrite)) for rewrite in found.rewrites],
        coverage=found.coverage,
        mode=found.mode,
        degraded=list(found.degraded),
        generation=found.generation,
        took_ms=round(took_ms, 2),
        total=found.total,
        hits=[hit_out(hit) for hit in hits],
    )


class SentenceOut(BaseModel):
    text: str
    citations: list[int] = Field(description="Numbers of `citations`; empty if nothing vouches for the sentence")


class CitationOut(BaseModel):
    number: int
    quote: str = Field(description="Stands word for word in the passage of the hit")
    hit: HitOut


class AnswerOut(BaseModel):
    question: str = Field(description="What was searched: the question, or what it means after those before it")
    mode: AnswerMode
    outcome: Outcome = Field(description="answered, mentioned, listed, absent, or no_question")
    coverage: Coverage
    degraded: list[str]
    note: str = Field(description="What the service itself says, in the question's language; often empty")
    sentences: list[SentenceOut]
    citations: list[CitationOut]
    hits: list[HitOut] = Field(description="The nearest places")
    took_ms: float


def answer_out(answer: Answer, took_ms: float) -> AnswerOut:
    """The response to a question."""
    return AnswerOut(
        question=answer.query,
        mode=answer.mode,
        outcome=answer.outcome,
        coverage=answer.coverage,
        degraded=list(answer.degraded),
        note=answer.note,
        sentences=[SentenceOut(text=s.text, citations=list(s.citations)) for s in answer.sentences],
        citations=[citation_out(citation) for citation in answer.citations],
        hits=[hit_out(hit) for hit in answer.hits],
        took_ms=round(took_ms, 2),
    )


def citation_out(citation: Citation) -> CitationOut:
    return CitationOut(number=citation.number, quote=citation.quote, hit=hit_out(citation.hit))


def terms_out(course: str, terms: Iterable[ExplainedTerm]) -> TermsOut:
    """The index of terms of a course."""
    return TermsOut(
        course=course,
        terms=[
            TermOut(
                text=entry.term.text,
                counterpart=entry.term.counterpart,
                reason=entry.term.reason,
                count=entry.term.count,
                explained=_place(entry.explained) if entry.explained else None,
            )
            for entry in terms
        ],
    )


def _place(passage: IndexedPassage) -> PlaceOut:
    return PlaceOut(
        id=passage.id,
        kind=passage.kind,
        lecture=LectureRef(id=passage.lecture_id, position=passage.lecture_position, title=passage.lecture_title),
        locator=_locator(passage.place),
        title=passage.title or passage.lecture_title,
        url=hit_url(passage),
    )


def hit_out(hit: Hit) -> HitOut:
    passage = hit.passage
    return HitOut(
        id=passage.id,
        kind=passage.kind,
        score=hit.score,
        course=CourseRef(slug=passage.course_slug, title=passage.course_title),
        lecture=LectureRef(id=passage.lecture_id, position=passage.lecture_position, title=passage.lecture_title),
        locator=_locator(passage.place),
        title=passage.title or passage.lecture_title,
        snippet=SnippetOut(text=hit.snippet.text, highlights=list(hit.snippet.highlights)),
        url=hit_url(passage),
        source_url=source_url(passage),
        image_url=image_url(passage.place),
        remark=passage.remark,
        twin_of=hit.twin_of,
        aligned=_aligned(passage.aligned),
        explanation=asdict(hit.explanation) if hit.explanation else None,
    )


def _aligned(other: Aligned | None) -> AlignedOut | None:
    match other:
        case Aligned(confidence, PagePlace() as page):
            return AlignedOut(
                confidence=confidence,
                url=place_url(page),
                deck=page.deck,
                deck_id=page.deck_id,
                page_number=page.page_number,
                image_url=image_url(page),
            )
        case Aligned(confidence, TimePlace() as time):
            return AlignedOut(
                confidence=confidence,
                url=place_url(time),
                video=time.video,
                video_id=time.video_id,
                start_seconds=time.start_seconds,
            )
        case _:
            return None


def _locator(place: Place | None) -> PageLocatorOut | TimeLocatorOut | ProgrammeLocatorOut:
    match place:
        case PagePlace():
            return PageLocatorOut(
                deck=place.deck, deck_id=place.deck_id, page_number=place.page_number, page_label=place.page_label
            )
        case TimePlace():
            return TimeLocatorOut(
                video=place.video,
                video_id=place.video_id,
                start_seconds=place.start_seconds,
                end_seconds=place.end_seconds,
            )
        case None:
            return ProgrammeLocatorOut()
