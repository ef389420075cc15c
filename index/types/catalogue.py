"""What is known of the courses, for showing: each noun with what it belongs to and what became of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from index.types.course import DeckKind, Host, MadeBy, Problem, State, Unit, unit_of


@dataclass(frozen=True, slots=True)
class CourseRef:
    """A course by its slug, which is unique, and its title."""

    slug: str
    title: str


@dataclass(frozen=True, slots=True)
class LectureRef:
    """A lecture by its id; `position` counts from 1 within the course, `mark` is that of its key."""

    id: int
    position: int
    title: str
    mark: str


@dataclass(frozen=True, slots=True)
class Link:
    """An address that a course or lecture names."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Gap:
    """What is missing from a lecture, as a machine-readable code and a sentence for the lecturer."""

    lecture_id: int
    what: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseSummary:
    """A course with how many lectures and passages it has."""

    slug: str
    title: str
    language: str
    source_url: str | None
    lectures: int
    passages: int
    ingested_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLecture:
    """A lecture with when it came."""

    position: int
    title: str
    mark: str
    programme: str
    course: CourseRef
    language: str
    added_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeckEntry:
    """A deck where it stands. `sha256` names its file, None if that is not here; `suffix` says what the file is;
    `pictures_sha256` names the PDF of which pictures of its pages are drawn, itself or one that was made of it.

    `is_as_numbered`: the file is the one that it was when the row was made, so that its pages have kept their numbers.
    """

    id: int
    path: str
    kind: DeckKind
    title: str
    remark: str | None
    page_count: int
    state: State
    problem: Problem | None
    sha256: str | None
    suffix: str
    pictures_sha256: str | None
    is_as_numbered: bool
    lecture: LectureRef
    course: CourseRef

    @property
    def is_pictured(self) -> bool:
        """Whether its pages can be shown as pictures; else as their text."""
        return self.pictures_sha256 is not None

    @property
    def unit(self) -> Unit:
        """What its pages are called."""
        return unit_of(self.kind, self.suffix)


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptEntry:
    """The words of a video, without the words. `vtt_sha256` names the stored captions."""

    id: int
    language: str
    made_by: MadeBy
    asked: tuple[str, ...]
    origin: str
    vtt_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoEntry:
    """A video where it stands. `sha256` names its file, None for one that is elsewhere.

    `is_as_numbered`: it is the recording that it was when the row was made.
    """

    id: int
    video: str
    host: Host
    label: str
    remark: str | None
    duration_seconds: float | None
    transcript: TranscriptEntry | None
    state: State
    problem: Problem | None
    sha256: str | None
    is_as_numbered: bool
    lecture: LectureRef
    course: CourseRef


@dataclass(frozen=True, slots=True, kw_only=True)
class LectureEntry:
    """A lecture with its slides (`decks`), videos and notes; `mark` is that of its key."""

    id: int
    position: int
    section: str
    title: str
    mark: str
    programme: str
    remarks: tuple[str, ...]
    links: tuple[Link, ...]
    decks: tuple[DeckEntry, ...]
    videos: tuple[VideoEntry, ...]
    notes: tuple[DeckEntry, ...]
    course: CourseRef
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseDetails:
    """A course with its lectures in order."""

    slug: str
    title: str
    language: str
    source_url: str | None
    links: tuple[Link, ...]
    lectures: tuple[LectureEntry, ...]

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What is missing, lecture by lecture."""
        return tuple(gap for lecture in self.lectures for gap in lecture.gaps)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineVideo:
    """A video of a lecture, as its timeline names it."""

    video: str
    video_id: int
    duration_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineSpan:
    """A page is discussed in `[start_seconds, end_seconds)` of a video; `confidence` is a probability."""

    deck: str
    deck_id: int
    page_number: int
    video: str
    video_id: int
    start_seconds: float
    end_seconds: float
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineMoment:
    """The second of a video to jump to for a page; `title` is that of the page."""

    deck: str
    deck_id: int
    page_number: int
    title: str
    video: str
    video_id: int
    jump_seconds: float
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """When the pages of a lecture are discussed: spans in order without overlap within a video, one moment a page."""

    lecture_id: int
    videos: tuple[TimelineVideo, ...]
    spans: tuple[TimelineSpan, ...]
    pages: tuple[TimelineMoment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechQuality:
    """What is known of the words of a video. `made_by` is None without a transcript; `seconds` are those of the video,
    or up to the last word."""

    video: str
    label: str
    made_by: MadeBy | None
    words: int
    seconds: float
    is_aligned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeckQuality:
    """How many pages of a deck were read, are without text, were recognised from pictures, and have a time in a video;
    `is_garbled` where the text of some is."""

    path: str
    pages: int
    empty: int
    recognised: int
    timed: int
    is_garbled: bool


@dataclass(frozen=True, slots=True)
class LectureQuality:
    """What was read of a lecture."""

    speech: tuple[SpeechQuality, ...]
    decks: tuple[DeckQuality, ...]
