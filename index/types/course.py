"""A course as ingest reads it: lectures with their decks, videos, words, and how they lie side by side."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """What became of a deck or a video."""

    READY = "ready"
    PARTIAL = "partial"  # usable, but something in it is missing
    MISSING = "missing"  # named by the course, not there
    BROKEN = "broken"  # there, but unreadable


class DeckKind(StrEnum):
    SLIDES = "slides"
    NOTES = "notes"


class Unit(StrEnum):
    """What a page of a deck is called."""

    PAGE = "page"
    SLIDE = "slide"
    SECTION = "section"  # what stands under a heading
    CELL = "cell"  # of a notebook
    PART = "part"  # of plain text


def unit_of(kind: DeckKind, suffix: str) -> Unit:
    """What the pages of a file are called."""
    if suffix == ".pdf":
        return Unit.PAGE
    if kind is DeckKind.SLIDES or suffix == ".pptx":
        return Unit.SLIDE
    return {".ipynb": Unit.CELL, ".txt": Unit.PART}.get(suffix, Unit.SECTION)


class Host(StrEnum):
    YOUTUBE = "youtube"
    FILE = "file"
    WEB = "web"  # another site: known by its address alone


# Recordings that may lie beside a course, by their suffix, and what a browser is told they are.
VIDEO_TYPES = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".webm": "video/webm",
    ".mkv": "video/x-matroska",
    ".mov": "video/quicktime",
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".ogg": "audio/ogg",
    ".wav": "audio/wav",
}


class MadeBy(StrEnum):
    """Where the words of a transcript come from."""

    FILE = "file"  # lay beside the course
    MANUAL = "manual"  # written by people, fetched
    GENERATED = "generated"  # the site's own speech recognition, fetched
    ASR = "asr"  # our speech recognition


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something is missing or broken: a machine-readable code and a sentence for the lecturer."""

    code: str
    detail: str


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
    """A readable stretch of speech; seconds from the start of the video. `times` says when its words are spoken
    (`index.text.moments`); it is empty where captions were read before these were kept."""

    start_seconds: float
    end_seconds: float
    text: str
    times: str = ""


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


# From these confidences on, an alignment is shown: there 19 of 20 were right (docs/alignment.md).
SPAN_SHOWN_FROM = 0.985


MOMENT_SHOWN_FROM = 0.95


@dataclass(frozen=True, slots=True)
class Deck:
    """Slides or notes of a lecture as they were found. `path` is relative to the course, or an address; `sha256` names
    the file, `suffix` says what it is.

    `outline` are the headings of its sections with their pages, `pictures_sha256` names the PDF that was made of a file
    that is none.
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
    suffix: str = ".pdf"
    pictures_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Video:
    """A recording. `video` is a YouTube id, a path in the course or an address, by `host`."""

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
