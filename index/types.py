"""The vocabulary: every noun that crosses a module border, frozen."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    PAGE = "page"
    SEGMENT = "segment"
    PROGRAMME = "programme"


class Mode(StrEnum):
    HYBRID = "hybrid"
    LEXICAL = "lexical"
    SEMANTIC = "semantic"


class Coverage(StrEnum):
    EXPLAINED = "explained"
    MENTIONED = "mentioned"
    LISTED = "listed"
    ABSENT = "absent"


class Reason(StrEnum):
    """Why a query was also read in another way."""

    TYPED = "typed"
    LAYOUT = "layout"
    TYPO = "typo"
    TRANSLITERATION = "transliteration"
    SPLIT = "split"
    JOINED = "joined"
    GLOSSARY = "glossary"
    ABBREVIATION = "abbreviation"


class AccessScope(StrEnum):
    """What a key may do."""

    SEARCH = "search"
    ANSWER = "answer"
    ADMIN = "admin"


# the words as they were typed, in whatever layout
TYPED = frozenset({Reason.TYPED, Reason.LAYOUT})


class State(StrEnum):
    """What became of a deck or a video."""

    READY = "ready"
    PARTIAL = "partial"  # usable, but something in it is missing
    MISSING = "missing"  # named by the course, not there
    BROKEN = "broken"  # there, but unreadable


class DeckKind(StrEnum):
    SLIDES = "slides"
    NOTES = "notes"


class Host(StrEnum):
    YOUTUBE = "youtube"
    FILE = "file"


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    QUARANTINED = "quarantined"  # its worker died each time that it was tried


class MadeBy(StrEnum):
    """Where the words of a transcript come from."""

    FILE = "file"  # lay beside the course
    MANUAL = "manual"  # written by people, fetched
    GENERATED = "generated"  # the site's own speech recognition, fetched
    ASR = "asr"  # our speech recognition


class Role(StrEnum):
    """What a vector of a passage stands for. Order of definition is the code stored in the index."""

    WHOLE = "whole"
    PART = "part"
    TITLE = "title"


ROLES = tuple(Role)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something is missing or broken: a machine-readable code and a sentence for the lecturer."""

    code: str
    detail: str


# --- what ingest makes -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Page:
    """One cleaned page of a deck. `page_number` counts PDF pages from 1; `page_label` is printed on it.

    `ocr`: the text was read off the page's picture.
    """

    page_number: int
    page_label: str | None
    title: str
    text: str
    ocr: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    """A readable stretch of speech; seconds from the start of the video."""

    start_seconds: float
    end_seconds: float
    text: str


@dataclass(frozen=True, slots=True)
class Transcript:
    """Captions of a video in one language. `vtt_sha256` names the stored WebVTT file.

    `asked` are the languages that were wanted, best first.
    """

    language: str
    origin: str
    sha256: str
    vtt_sha256: str
    parser: str
    segments: tuple[Segment, ...]
    made_by: MadeBy = MadeBy.FILE
    asked: tuple[str, ...] = ()


# From these confidences on, an alignment is shown: there 19 of 20 were right (docs/alignment.md).
SPAN_SHOWN_FROM = 0.985
MOMENT_SHOWN_FROM = 0.95


@dataclass(frozen=True, slots=True)
class PageSpan:
    """A page is discussed in `[start_seconds, end_seconds)` of a video; `confidence` is a probability."""

    deck: str
    page_number: int
    video: str
    start_seconds: float
    end_seconds: float
    confidence: float


@dataclass(frozen=True, slots=True)
class PageMoment:
    """The second to jump to for a page."""

    deck: str
    page_number: int
    video: str
    jump_seconds: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Alignment:
    """Spans do not overlap within a video and are in order; a page has at most one moment.

    `key` identifies what it was made from: equal keys give equal spans.
    """

    key: str
    spans: tuple[PageSpan, ...]
    moments: tuple[PageMoment, ...]


@dataclass(frozen=True, slots=True)
class Deck:
    """A PDF of a lecture as it was found. `path` is relative to the course, or an address; `sha256` names the file.

    `outline` are the headings of its sections with their pages.
    """

    path: str
    kind: DeckKind
    title: str
    remark: str | None
    state: State
    problem: Problem | None
    source_url: str | None
    sha256: str | None
    extractor: str | None
    pages: tuple[Page, ...]
    outline: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Video:
    """A recording. `video` is a YouTube id or a path in the course, by `host`."""

    video: str
    host: Host
    label: str
    remark: str | None
    state: State
    problem: Problem | None
    sha256: str | None
    duration_seconds: float | None
    transcript: Transcript | None


@dataclass(frozen=True, slots=True)
class Lecture:
    """`key` identifies a lecture within its course across ingests; `position` counts from 1."""

    key: str
    position: int
    section: str
    title: str
    programme: str
    remarks: tuple[str, ...]
    decks: tuple[Deck, ...]
    videos: tuple[Video, ...]
    links: tuple[tuple[str, str], ...] = ()
    alignment: Alignment | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """`links` are (label, address) of what belongs to the course as a whole, such as a playlist."""

    slug: str
    title: str
    language: str
    source: str
    source_url: str | None
    lectures: tuple[Lecture, ...]
    links: tuple[tuple[str, str], ...] = ()


# --- what is indexed and found -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PageLocator:
    deck: str
    page_number: int


@dataclass(frozen=True, slots=True)
class TimeLocator:
    video: str
    start_seconds: float
    end_seconds: float


Locator = PageLocator | TimeLocator | None


@dataclass(frozen=True, slots=True)
class Passage:
    """The unit that is indexed and cited: (part of) one page, one segment, or one programme (no locator)."""

    id: str
    kind: Kind
    lecture_key: str
    ordinal: int
    locator: Locator
    title: str
    text: str
    content_hash: str


@dataclass(frozen=True, slots=True)
class Aligned:
    """The other side of a passage: the second at which a page is discussed, or the page of a stretch of speech."""

    confidence: float
    video: str | None = None
    video_id: int | None = None
    video_host: Host | None = None
    start_seconds: float | None = None
    deck: str | None = None
    deck_id: int | None = None
    page_number: int | None = None


@dataclass(frozen=True, slots=True)
class IndexedPassage:
    """A passage with all that a hit shows, as it lies in a generation."""

    id: str
    kind: Kind
    title: str
    text: str
    content_hash: str
    course_slug: str
    course_title: str
    course_source_url: str | None
    language: str
    lecture_id: int
    lecture_position: int
    lecture_title: str
    section: str
    remark: str | None
    deck_kind: DeckKind | None = None
    deck: str | None = None
    deck_id: int | None = None
    page_number: int | None = None
    page_label: str | None = None
    deck_source_url: str | None = None
    video: str | None = None
    video_id: int | None = None
    video_host: Host | None = None
    start_seconds: float | None = None
    end_seconds: float | None = None
    aligned: Aligned | None = None


# --- what a query is read as ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reading:
    """Terms that a word or a phrase may stand for, with their shares; `weight` (to 1) is the trust in it.

    `text` is the reading as it is shown.
    """

    terms: tuple[tuple[str, float], ...]
    weight: float
    reason: Reason
    text: str


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a query: its weight among the others, and its readings, the typed ones first."""

    text: str
    weight: float
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class Phrase:
    """Neighbouring words of a query that also have readings as a whole ("ранний останов": early stopping)."""

    words: tuple[Word, ...]
    readings: tuple[Reading, ...] = ()

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)


@dataclass(frozen=True, slots=True)
class Rewrite:
    """What was typed, what it was also read as, why, and how much that counts (to 1)."""

    source: str
    target: str
    reason: Reason
    weight: float


@dataclass(frozen=True, slots=True)
class Snippet:
    """`highlights` are `[start, end)` character offsets into `text`."""

    text: str
    highlights: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class TermMatch:
    """One query term in one passage: `contribution` is its share of the lexical score, `weight` that of its reading.

    `fields` says where it stands: title, body, or only around the passage (its lecture, its section).
    """

    term: str
    weight: float
    idf: float
    contribution: float
    reason: Reason
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a hit has its score.

    score = (lexical_part + semantic_part + context_part + title_part) · kind_factor + rerank_part + lift.

    `lexical` is the sum of the terms' contributions, `matched` the share of the query that is held, `similarity` the
    cosine above chance, `context_part` what the neighbours add, `title_part` what a title adds that is what was asked,
    `rerank_part` what a reranker adds, `lift` what standing beside its twin adds. `evidence` is the passage that the
    numbers are of: for speech the best minute, where the hit starts at the first of the explanation.
    """

    lexical: float
    similarity: float
    matched: float
    lexical_part: float
    semantic_part: float
    context_part: float
    title_part: float
    kind_factor: float
    rerank_part: float
    lift: float
    evidence: str
    terms: tuple[TermMatch, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """`twin_of` is the id of the newer edition of the same slide."""

    passage: IndexedPassage
    score: float
    snippet: Snippet
    twin_of: str | None = None
    explanation: Explanation | None = None


@dataclass(frozen=True, slots=True)
class Filters:
    """Restrictions that hold inside the search. `None` means no restriction.

    `courses` are those that the caller may read; any other is to them as if it were not there.
    """

    course: str | None = None
    lecture: int | None = None
    kinds: frozenset[Kind] | None = None
    courses: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Facets:
    """How many of all hits are of each kind, and of each lecture (by id), the largest first."""

    kinds: tuple[tuple[Kind, int], ...] = ()
    lectures: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Results:
    """`weights` are the terms of the query in all its readings, by how much they say: what a quote should hold."""

    query: str
    rewrites: tuple[Rewrite, ...]
    coverage: Coverage
    mode: Mode
    degraded: tuple[str, ...]
    generation: int
    total: int
    hits: tuple[Hit, ...]
    facets: Facets = field(default_factory=Facets)
    weights: dict[str, float] = field(default_factory=dict)
