"""The shapes of the API. Made by make_shapes.py from its description; do not change them here."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Shape(BaseModel):
    """What a newer service says beside this is passed over; a word of a closed set that is new is given as it is."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)


AnswerMode = Literal["extractive", "generated"] | str
Coverage = Literal["explained", "mentioned", "listed", "absent"] | str
DeckKind = Literal["slides", "notes"] | str
Host = Literal["youtube", "file", "web"] | str
JobState = Literal["queued", "running", "done", "failed", "cancelled", "quarantined"] | str
Kind = Literal["page", "segment", "programme"] | str
MadeBy = Literal["file", "manual", "generated", "asr"] | str
Mode = Literal["hybrid", "lexical", "semantic"] | str
Outcome = (
    Literal["answered", "mentioned", "one_side", "listed", "absent", "place", "no_answer", "no_question", "talk"] | str
)
Reason = (
    Literal[
        "typed",
        "layout",
        "typo",
        "transliteration",
        "split",
        "joined",
        "glossary",
        "synonym",
        "abbreviation",
        "translation",
        "described",
    ]
    | str
)
State = Literal["ready", "partial", "missing", "broken"] | str
SuggestionKind = Literal["lecture", "term", "title", "programme"] | str
Unit = Literal["page", "slide", "section", "cell", "part"] | str


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


class AlignmentRecord(Shape):
    """When the pages of a lecture are discussed in its videos, all that is known, with how sure it is."""

    record: Literal["alignment"] = "alignment"
    alignment: TimelineOut


class AnswerOut(Shape):
    question: str = Field(description="What was searched: the question, or what it means after those before it")
    mode: AnswerMode
    outcome: Outcome = Field(
        description="answered; mentioned; one_side: of two things that are compared the course has one; place: explained, but in nothing to quote; listed; absent; no_answer: a language model found none; no_question; talk"
    )
    coverage: Coverage
    degraded: list[str]
    note: str = Field(description="What the service itself says, in the question's language; often empty")
    unknown_words: list[str] = Field(description="Words of the question that the course does not know")
    sentences: list[SentenceOut]
    citations: list[CitationOut]
    hits: list[HitOut] = Field(description="The nearest places")
    took_ms: float


class CitationOut(Shape):
    number: int
    quote: str = Field(description="Stands word for word in the passage of the hit")
    hit: HitOut
    pictured: bool = Field(
        False, description="A formula was asked for and stands on this page: show its picture, `hit.image_url`, at once"
    )
    code: bool = Field(False, description="The quote is of a programme: show its lines as they stand")


class CitedIn(Shape):
    """A citation as it was given, or no more of it than this."""

    number: int
    hit: PlaceIn


class CourseOut(Shape):
    slug: str
    title: str
    language: str
    source_url: str | None
    links: list[LinkOut]
    lectures: list[LectureOut]
    gaps: list[GapOut]


class CourseRecord(Shape):
    """The first line. `generation` is what the passages are of."""

    record: Literal["course"] = "course"
    course: CourseSummaryOut
    gaps: list[GapOut]
    generation: int


class CourseRef(Shape):
    slug: str
    title: str


class CourseSummaryOut(Shape):
    slug: str
    title: str
    language: str
    source_url: str | None
    lectures: int
    passages: int
    ingested_at: str


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


class DeckRefOut(Shape):
    id: int
    path: str
    title: str
    remark: str | None
    unit: Unit = Field(description="What its pages are called: page (of a PDF), slide, section, cell, part")
    pages: int
    state: State
    problem: ProblemRef | None


class EndRecord(Shape):
    """The last line; without it the export was cut off."""

    record: Literal["end"] = "end"
    lectures: int
    passages: int


class GapOut(Shape):
    lecture_id: int
    what: str
    code: str
    detail: str


class HitOut(Shape):
    id: str
    kind: Kind
    score: float
    course: CourseRef
    lecture: LectureRef
    locator: Annotated[PageLocatorOut | TimeLocatorOut | ProgrammeLocatorOut, Field(discriminator="type")]
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
    explanation: dict[str, Any] | None = None
    text: str | None = Field(None, description="The whole passage, if it was asked for")


class IngestIn(Shape):
    source: str = Field(description="Folder or .zip on the server, or an address")
    course: str | None = Field(None, description="Slug to keep it under; default: by its name")
    languages: list[str] = Field([], description="Caption languages, best first")
    linked_only: bool = Field(False, description="Only the PDFs that a lecture names")
    dry_run: bool = Field(False, description="Only say how the course is understood; nothing that is served changes")


class IngestOut(Shape):
    id: str
    source: str
    state: JobState
    attempts: int
    progress: dict[str, Any] | None = Field(description="step, done, total, what: what it is doing just now")
    report: dict[str, Any] | None = Field(description="What it did, with the gaps of the course")
    plan: dict[str, Any] | None = Field(
        None, description="Of a dry run: lectures, why, problems, left_out, yaml (a course.yaml); null in lists"
    )
    problem: str | None
    created_at: str
    updated_at: str


class IngestQueuedOut(Shape):
    id: str


class LectureDetailsOut(Shape):
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
    course: CourseRef
    gaps: list[GapOut]


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


class LectureRecord(Shape):
    """A lecture, in the order of the course."""

    record: Literal["lecture"] = "lecture"
    lecture: LectureOut


class LectureRef(Shape):
    id: int
    position: int
    title: str
    url: str = Field(description="Its page; goes on working when the course is taken up anew")


class LinkOut(Shape):
    label: str
    url: str


class MissedSearchOut(Shape):
    course: str | None = Field(description="Where it was searched; null for all courses")
    query: str
    count: int
    last_day: str


class MomentOut(Shape):
    deck: str
    deck_id: int
    page_number: int
    video: str
    video_id: int
    jump_seconds: float
    confidence: float


class PageLocatorOut(Shape):
    type: Literal["page"] = "page"
    deck: str
    deck_id: int
    page_number: int = Field(description="Page of the file, from 1")
    page_label: str | None = Field(description="The number printed on the page")
    unit: Unit = Field(description="What it is called: page (of a PDF), slide, section, cell, part")


class PageOut(Shape):
    page_number: int
    page_label: str | None
    title: str
    text: str
    ocr: bool = Field(description="Read off the picture of the page, so perhaps with mistakes")


class PassageRecord(Shape):
    """A page, a stretch of speech or a programme, with its whole text and its other side."""

    record: Literal["passage"] = "passage"
    passage: PlaceOut
    text: str
    language: str
    source_url: str | None
    aligned: AlignedOut | None


class PlaceIn(Shape):
    url: str


class PlaceOut(Shape):
    id: str
    kind: Kind
    lecture: LectureRef
    locator: Annotated[PageLocatorOut | TimeLocatorOut | ProgrammeLocatorOut, Field(discriminator="type")]
    title: str
    url: str
    place: str


class ProblemOut(Shape):
    """RFC 9457 problem details with our code."""

    type: str
    title: str
    status: int
    detail: str
    code: str


class ProblemRef(Shape):
    code: str
    detail: str


class ProgrammeLocatorOut(Shape):
    type: Literal["programme"] = "programme"


class QuestionIn(Shape):
    question: str = Field(description="In any language")
    course: str | None = Field(None, description="Only this course (its slug)")
    history: list[TurnIn] = Field([], description="The conversation so far")
    stream: bool = Field(False, description="Server-sent events: start, sentence …, answer")


class ReadyOut(Shape):
    """`degraded` says what does not work as it should; the rest is served. Without one `shared_storage` is null."""

    status: Literal["ready", "degraded"] | str
    degraded: list[str]
    generation: int
    passages: int
    embedder: str
    shared_storage: SharedStorageOut | None = None


class RewriteOut(Shape):
    from_: str = Field(alias="from")
    to: str
    reason: Reason
    weight: float = Field(description="How much it counts beside what was typed, at most 1")


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


class SentenceOut(Shape):
    text: str
    citations: list[int] = Field(description="Numbers of `citations`; empty if nothing vouches for the sentence")


class SharedStorageOut(Shape):
    """`newest` is the generation that was published last, `seconds_behind` since when one may be missing here."""

    newest: int | None
    seconds_behind: float


class SnippetOut(Shape):
    text: str
    highlights: list[tuple[int, int]] = Field(description="[start, end) offsets in characters of `text`")


class SpanOut(Shape):
    deck: str
    deck_id: int
    page_number: int
    video: str
    video_id: int
    start_seconds: float
    end_seconds: float
    confidence: float


class SuggestOut(Shape):
    query: str
    suggestions: list[SuggestionOut]


class SuggestionOut(Shape):
    text: str
    count: int = Field(description="How many passages carry it")
    kind: SuggestionKind
    course: CourseRef
    lecture: LectureRef
    place: str = Field(description="The address of a place that carries it; of a lecture its page")


class TermOut(Shape):
    text: str
    counterpart: str = Field(description="The same in the other language, or the long form of an abbreviation")
    reason: Reason = Field(description="glossary: a translation; abbreviation: a short form")
    count: int = Field(description="How often the course writes both side by side")
    explained: PlaceOut | None = Field(description="Where the term is first explained")


class TermsOut(Shape):
    course: str
    terms: list[TermOut]


class TimeLocatorOut(Shape):
    type: Literal["time"] = "time"
    video: str
    video_id: int
    start_seconds: float
    end_seconds: float
    at_seconds: float = Field(description="Where to begin listening: what was asked is said two or three seconds later")


class TimelineOut(Shape):
    lecture_id: int
    videos: list[TimelineVideoOut]
    spans: list[SpanOut] = Field(description="Half-open, in order, without overlap within a video")
    pages: list[MomentOut] = Field(description="Where to jump to for a page")


class TimelineVideoOut(Shape):
    video: str
    video_id: int
    duration_seconds: float | None


class TranscriptRefOut(Shape):
    language: str
    made_by: MadeBy = Field(
        description="file: lay beside the course; manual, generated: fetched from YouTube; asr: recognised here"
    )
    asked: list[str] = Field(description="The languages that were wanted, best first")
    origin: str


class TurnIn(Shape):
    role: Literal["user", "assistant", "system"] | str
    content: str
    citations: list[CitedIn] = Field([], description="Those of that answer, so that places keep their numbers")


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


ExportRecord = Annotated[
    CourseRecord | LectureRecord | AlignmentRecord | PassageRecord | EndRecord, Field(discriminator="record")
]
