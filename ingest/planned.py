"""What a course folder says that it holds, before any of it is read."""

from __future__ import annotations

from dataclasses import dataclass

from index.types import DeckKind, Host


@dataclass(frozen=True, slots=True)
class PlannedDeck:
    """`path` is relative to the course folder, or a URL when the deck lies elsewhere."""

    path: str
    label: str = ""
    remark: str | None = None
    kind: DeckKind | None = None


@dataclass(frozen=True, slots=True)
class PlannedVideo:
    video: str
    host: Host
    label: str = ""
    remark: str | None = None


@dataclass(frozen=True, slots=True)
class PlannedLecture:
    """`title_from_deck` marks a lecture that nobody named: its deck's title will be its own."""

    section: str
    title: str
    programme: str = ""
    remarks: tuple[str, ...] = ()
    decks: tuple[PlannedDeck, ...] = ()
    videos: tuple[PlannedVideo, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    title_from_deck: bool = False


@dataclass(frozen=True, slots=True)
class PlannedCourse:
    """`why` are sentences on how the lectures were found, `left_out` is (label, place, reason) of what is in none.

    `leave_out` are files that the lecturer wants to be left out, `problems` (lecture, what is wrong) are lines of
    course.yaml that cannot be used, `bad_names` sentences on files whose names are no text.
    """

    slug: str
    title: str
    language: str
    source_url: str | None
    lectures: tuple[PlannedLecture, ...]
    links: tuple[tuple[str, str], ...] = ()
    why: tuple[str, ...] = ()
    left_out: tuple[tuple[str, str, str], ...] = ()
    leave_out: tuple[str, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()
    bad_names: tuple[str, ...] = ()
