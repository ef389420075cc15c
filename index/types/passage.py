"""The unit that is indexed and cited, and where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from index.types.course import DeckKind, Host, Unit, unit_of


class Kind(StrEnum):
    PAGE = "page"
    SEGMENT = "segment"
    PROGRAMME = "programme"


class Role(StrEnum):
    """What a vector of a passage stands for. Order of definition is the code stored in the index."""

    WHOLE = "whole"
    PART = "part"
    TITLE = "title"


ROLES = tuple(Role)


@dataclass(frozen=True, slots=True)
class PageLocator:
    deck: str
    page_number: int


@dataclass(frozen=True, slots=True)
class TimeLocator:
    """`times` says when its words are spoken (`index.text.moments`)."""

    video: str
    start_seconds: float
    end_seconds: float
    times: str = ""


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
class PagePlace:
    """A page of a deck, with all that a link to it needs; `page_number` from 1, `page_label` is printed on it.

    `suffix` says what the file is, `mark` what stands on the page (`index.marks`), `anchor` where the page starts in
    the published file, if that is a heading that has an address; `drawn`: it is no PDF, and has pictures all the same.
    """

    deck_id: int
    deck: str
    deck_kind: DeckKind
    page_number: int
    page_label: str | None = None
    source_url: str | None = None
    suffix: str = ".pdf"
    mark: str = ""
    anchor: str = ""
    drawn: bool = False

    @property
    def is_pictured(self) -> bool:
        """Whether it can be shown as a picture; else as its text."""
        return self.drawn or self.suffix == ".pdf"

    @property
    def unit(self) -> Unit:
        """What the page is called."""
        return unit_of(self.deck_kind, self.suffix)


@dataclass(frozen=True, slots=True)
class TimePlace:
    """A stretch of a video, with all that a link to it needs; seconds from its start.

    `said_at` is the second at which what was asked is said, two or three seconds early, where that is known; `mark` is
    that of its words.
    """

    video_id: int
    video: str
    host: Host
    start_seconds: float
    end_seconds: float
    mark: str = ""
    said_at: float | None = None

    @property
    def at_seconds(self) -> float:
        """The second that is opened."""
        return self.start_seconds if self.said_at is None else self.said_at


Place = PagePlace | TimePlace


@dataclass(frozen=True, slots=True)
class Aligned:
    """The other side of a passage: where in a video a page is discussed, or the page that a stretch of speech is about.

    `confidence` is a probability.
    """

    confidence: float
    place: Place


@dataclass(frozen=True, slots=True)
class IndexedPassage:
    """A passage with all that a hit shows, as it lies in a shard, where numbers stand for ids of rows. A line of the
    programme has no place.

    `lecture_mark` is that of its lecture's key, `times` says when words are spoken (`index.text.moments`).
    """

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
    place: Place | None = None
    aligned: Aligned | None = None
    lecture_mark: str = ""
    times: str = ""

    @property
    def page(self) -> PagePlace | None:
        """Its place, if that is a page."""
        return self.place if isinstance(self.place, PagePlace) else None

    @property
    def time(self) -> TimePlace | None:
        """Its place, if that is a stretch of a video."""
        return self.place if isinstance(self.place, TimePlace) else None

    @property
    def is_notes(self) -> bool:
        """Whether it is a page of prose, not of slides."""
        return isinstance(self.place, PagePlace) and self.place.deck_kind is DeckKind.NOTES
