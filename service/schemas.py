"""The shapes of requests and responses, and how results become them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, Literal

from pydantic import AliasChoices, BaseModel, Field

from index.terms import ExplainedTerm
from index.types import Coverage, DeckKind, Hit, Host, IndexedPassage, Kind, Mode, Reason, Results, State
from service.answers.types import Answer, AnswerMode, Citation, Outcome
from service.links import hit_url, image_url, source_url


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
    aligned: dict[str, Any] | None = None
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


class VideoRefOut(BaseModel):
    id: int
    video: str = Field(description="YouTube id, or path in the course")
    host: Host
    label: str
    remark: str | None
    duration_seconds: float | None
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
    lectures: list[LectureOut]
    gaps: list[GapOut]


class PageOut(BaseModel):
    page_number: int
    page_label: str | None
    title: str
    text: str


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


class ProblemOut(BaseModel):
    """RFC 9457 problem details with our code."""

    type: str
    title: str
    status: int
    detail: str
    code: str


def search_out(results: Results, took_ms: float) -> SearchOut:
    """The response of a search: what the API returns and `lectures search --json` prints."""
    return SearchOut(
        query=results.query,
        rewrites=[RewriteOut(**asdict(rewrite)) for rewrite in results.rewrites],
        coverage=results.coverage,
        mode=results.mode,
        degraded=list(results.degraded),
        generation=results.generation,
        took_ms=round(took_ms, 2),
        total=results.total,
        hits=[hit_out(hit) for hit in results.hits],
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
        locator=_locator(passage),
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
        locator=_locator(passage),
        title=passage.title or passage.lecture_title,
        snippet=SnippetOut(text=hit.snippet.text, highlights=list(hit.snippet.highlights)),
        url=hit_url(passage),
        source_url=source_url(passage),
        image_url=image_url(passage),
        remark=passage.remark,
        twin_of=hit.twin_of,
        explanation=asdict(hit.explanation) if hit.explanation else None,
    )


def _locator(passage: IndexedPassage) -> PageLocatorOut | TimeLocatorOut | ProgrammeLocatorOut:
    if passage.deck is not None and passage.deck_id is not None and passage.page_number is not None:
        return PageLocatorOut(
            deck=passage.deck,
            deck_id=passage.deck_id,
            page_number=passage.page_number,
            page_label=passage.page_label,
        )
    if passage.video is not None and passage.video_id is not None:
        return TimeLocatorOut(
            video=passage.video,
            video_id=passage.video_id,
            start_seconds=passage.start_seconds or 0.0,
            end_seconds=passage.end_seconds or 0.0,
        )
    return ProgrammeLocatorOut()
