"""The shapes of what the courses hold: courses, lectures, decks, timelines, terms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pydantic import AliasChoices, Field

from index.types import DeckEntry, DeckKind, ExplainedTerm, Host, MadeBy, Page, Reason, State, Unit
from service.schemas.places import CourseRef, PlaceOut, place_out
from service.schemas.shape import PublishedUrl, Shape, Timestamp


class ProblemRef(Shape):
    code: str
    detail: str


class DeckRefOut(Shape):
    id: int
    path: str
    title: str
    remark: str | None
    unit: Unit = Field(description="What its pages are called: page (of a PDF), slide, section, cell, part")
    pages: int = Field(validation_alias=AliasChoices("page_count", "pages"))
    state: State
    problem: ProblemRef | None


class TranscriptRefOut(Shape):
    language: str
    made_by: MadeBy = Field(
        description="file: lay beside the course; manual, generated: fetched from YouTube; asr: recognised here"
    )
    asked: list[str] = Field(description="The languages that were wanted, best first")
    origin: str


class VideoRefOut(Shape):
    id: int
    video: str = Field(description="YouTube id, or path in the course")
    host: Host
    label: str
    remark: str | None
    duration_seconds: float | None
    transcript: TranscriptRefOut | None
    state: State
    problem: ProblemRef | None


class LinkOut(Shape):
    label: str
    url: str


class GapOut(Shape):
    lecture_id: int
    what: str
    code: str
    detail: str


class LectureOut(Shape):
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
    source_url: PublishedUrl
    lectures: int
    passages: int
    ingested_at: Timestamp


class CourseOut(CourseRef):
    language: str
    source_url: PublishedUrl
    links: list[LinkOut]
    lectures: list[LectureOut]
    gaps: list[GapOut]


class PageOut(Shape):
    page_number: int
    page_label: str | None
    title: str
    text: str
    ocr: bool = Field(description="Read off the picture of the page, so perhaps with mistakes")


class DeckOut(Shape):
    id: int
    path: str
    title: str
    kind: DeckKind
    unit: Unit
    remark: str | None
    state: State
    course: str
    lecture_id: int
    lecture_title: str
    pages: list[PageOut]


class TimelineVideoOut(Shape):
    video: str
    video_id: int
    duration_seconds: float | None


class SpanOut(Shape):
    deck: str
    deck_id: int
    page_number: int
    video: str
    video_id: int
    start_seconds: float
    end_seconds: float
    confidence: float


class MomentOut(Shape):
    deck: str
    deck_id: int
    page_number: int
    video: str
    video_id: int
    jump_seconds: float
    confidence: float


class TimelineOut(Shape):
    lecture_id: int
    videos: list[TimelineVideoOut]
    spans: list[SpanOut] = Field(description="Half-open, in order, without overlap within a video")
    pages: list[MomentOut] = Field(description="Where to jump to for a page")


class TermOut(Shape):
    text: str
    counterpart: str = Field(description="The same in the other language, or the long form of an abbreviation")
    reason: Reason = Field(description="glossary: a translation; abbreviation: a short form")
    count: int = Field(description="How often the course writes both side by side")
    explained: PlaceOut | None = Field(description="Where the term is first explained")


class TermsOut(Shape):
    course: str
    terms: list[TermOut]


def deck_out(deck: DeckEntry, pages: Sequence[Page]) -> DeckOut:
    """A deck with the text of its pages."""
    return DeckOut(
        id=deck.id,
        path=deck.path,
        title=deck.title,
        kind=deck.kind,
        unit=deck.unit,
        remark=deck.remark,
        state=deck.state,
        course=deck.course.slug,
        lecture_id=deck.lecture.id,
        lecture_title=deck.lecture.title,
        pages=[PageOut.model_validate(page) for page in pages],
    )


def terms_out(course: str, terms: Iterable[ExplainedTerm]) -> TermsOut:
    """The index of terms of a course."""
    return TermsOut(
        course=course,
        terms=[
            TermOut(
                text=term.text,
                counterpart=term.counterpart,
                reason=term.reason,
                count=term.count,
                explained=place_out(term.explained) if term.explained else None,
            )
            for term in terms
        ],
    )
