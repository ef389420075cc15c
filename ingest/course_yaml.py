"""course.yaml ↔ the plan of what to ingest; every complaint names the place, and one bad line loads the rest."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

import yaml

from index.addresses import has_scheme, is_web_address
from index.errors import CourseError, SourceFileError
from index.types import DeckKind, Host
from ingest.links import VIDEO_TYPES, youtube_id
from ingest.planned import PlannedCourse, PlannedDeck, PlannedLecture, PlannedVideo
from ingest.sound import is_file_path
from ingest.yaml_data import read_yaml_data

_COURSE_KEYS = ("slug", "title", "language", "source_url", "lectures", "links", "leave_out")
_MAX_TOLD = 200  # lines of what was left out: more than anybody reads
_LECTURE_KEYS = ("title", "section", "programme", "remarks", "decks", "notes", "videos", "links")
_DECK_KEYS = ("path", "label", "remark")
_LINK_KEYS = ("label", "url")
_VIDEO_KEYS = ("youtube", "url", "file", "label", "remark")
_CALLED_OTHERWISE = {
    "name": "title", "topic": "title", "slides": "decks", "slide": "decks", "presentation": "decks", "pdf": "decks",
    "recording": "videos", "recordings": "videos", "youtube": "videos", "materials": "links", "lang": "language",
    "exclude": "leave_out", "ignore": "leave_out", "weeks": "lectures",
}  # fmt: skip


def read_yaml(path: Path) -> PlannedCourse:
    try:
        data = read_yaml_data(path)
    except SourceFileError as error:
        raise CourseError(
            f"{path.name} cannot be used: {str(error).rstrip('.')}. Correct it and ingest again."
        ) from error
    reader = _YamlReader(path.name)
    top = reader.mapping(data, "the file")
    reader.check_keys(top, _COURSE_KEYS, path.name, "the course")
    lectures = tuple(
        reader.lecture(item, f"lecture {number}") for number, item in enumerate(reader.items(top, "lectures"), 1)
    )
    title = reader.text(top, "title")
    return PlannedCourse(
        reader.text(top, "slug"),
        title,
        reader.text(top, "language"),
        reader.kept(reader.published, reader.text(top, "source_url"), title, (), "source_url") or None,
        lectures,
        reader.links(top, title, "a link of the course"),
        leave_out=tuple(str(item) for item in reader.items(top, "leave_out")),
        problems=tuple(reader.problems),
    )


def write_yaml(course: PlannedCourse) -> str:
    """The course as a course.yaml that gives the same lectures; what was left out stands in it to be taken back."""
    here = [
        place for _, place, _ in course.left_out if "://" not in place and place.lower().endswith((".pdf", ".pptx"))
    ]
    data: dict[str, Any] = {
        "slug": course.slug,
        "title": course.title,
        "language": course.language,
        "source_url": course.source_url,
        "links": [_link(link) for link in course.links],
        "lectures": [_lecture(lecture) for lecture in course.lectures],
        "leave_out": [*course.leave_out, *here],
    }
    filled = {key: value for key, value in data.items() if value}
    return yaml.safe_dump(filled, allow_unicode=True, sort_keys=False, width=120) + _told_apart(course)


def _told_apart(course: PlannedCourse) -> str:
    """What is in no lecture, as comments: whoever corrects the file takes the address from there."""
    if not course.left_out:
        return ""
    lines = ["# In no lecture; what is of one goes into its decks, notes, videos or links:"]
    for label, place, reason in course.left_out[:_MAX_TOLD]:
        named = f"{label[:80]}: " if label and label != place else ""
        lines.append("#   " + "".join(c for c in f"{place[:500]}  ({named}{reason[:200]})" if c.isprintable()))
    further = len(course.left_out) - _MAX_TOLD
    return "\n".join([*lines, *([f"#   and {further} more"] if further > 0 else [])]) + "\n"


def _lecture(lecture: PlannedLecture) -> dict[str, Any]:
    found: dict[str, Any] = {
        "title": lecture.title,
        "section": lecture.section,
        "programme": lecture.programme,
        "remarks": list(lecture.remarks),
        "decks": [_deck(deck) for deck in lecture.decks if deck.kind is not DeckKind.NOTES],
        "notes": [_deck(deck) for deck in lecture.decks if deck.kind is DeckKind.NOTES],
        "videos": [_video(video) for video in lecture.videos],
        "links": [_link(link) for link in lecture.links],
    }
    return {key: value for key, value in found.items() if value}


def _deck(deck: PlannedDeck) -> str | dict[str, str]:
    told = {"path": deck.path, "label": deck.label, "remark": deck.remark or ""}
    filled = {key: value for key, value in told.items() if value}
    return deck.path if len(filled) == 1 else filled


def _video(video: PlannedVideo) -> dict[str, str]:
    key = {Host.YOUTUBE: "youtube", Host.FILE: "file", Host.WEB: "url"}[video.host]
    told = {key: video.video, "label": video.label, "remark": video.remark or ""}
    return {name: value for name, value in told.items() if value}


def _link(link: tuple[str, str]) -> dict[str, str]:
    return {"label": link[0], "url": link[1]}


def _meant(key: object, known: Sequence[str]) -> str:
    """The key that was most likely meant by one that nothing reads, to be said behind it."""
    said = str(key)[:40].lower()
    by_name = _CALLED_OTHERWISE.get(said, "")
    near = [by_name] if by_name in known else get_close_matches(said, known, 1)
    return f" (is {near[0]} meant?)" if near and key not in known else ""


Line = TypeVar("Line")


class _YamlReader:
    """Checks shapes as it reads; every complaint names the place."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.problems: list[tuple[str, str]] = []

    def fail(self, message: str) -> CourseError:
        return CourseError(f"{self._name}: {message}. Correct it and ingest again.")

    def mapping(self, value: object, where: str) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            raise self.fail(f"{where} should be a mapping like `title: …`, not {value!r:.60}")
        return value

    def check_keys(self, data: Mapping[Any, Any], known: tuple[str, ...], title: str, where: str) -> None:
        """Tell of keys that nothing reads: most often a slip, such as `deck` for `decks`."""
        for key in data:
            if key not in known:
                meant = _meant(key, known)
                said = f"{where} has a key {key!r:.40}, which is not read{meant}; there are {', '.join(known)}"
                self.problems.append((title, str(self.fail(said))))

    def text(self, data: Mapping[str, Any], key: str) -> str:
        value = data.get(key)
        if value is None:
            return ""
        if isinstance(value, (str, int, float)):
            return str(value).strip()
        raise self.fail(f"{key} should be text, not {value!r:.60}")

    def items(self, data: Mapping[str, Any], key: str) -> list[Any]:
        value = data.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.fail(f"{key} should be a list (lines starting with `- `), not {value!r:.60}")
        return value

    def path(self, value: object, where: str) -> str:
        if not isinstance(value, str) or not value.strip():
            raise self.fail(f"{where} should be a path, not {value!r:.60}")
        pieces = PurePosixPath(value.strip())
        if pieces.is_absolute() or ".." in pieces.parts or not is_file_path(value):
            raise self.fail(f"{where} should be a path inside the course folder, not {value!r:.60}")
        return str(pieces)

    def lecture(self, value: object, where: str) -> PlannedLecture:
        data = self.mapping(value, where)
        title = self.text(data, "title")
        if not title:
            unread = next(
                (f", but a key {key!r:.40}{_meant(key, ('title',))}" for key in data if _meant(key, ("title",))), ""
            )
            raise self.fail(f"{where} has no title{unread}")
        self.check_keys(data, _LECTURE_KEYS, title, repr(title))
        programme = data.get("programme")
        if isinstance(programme, list):
            programme = ". ".join(str(line).strip().rstrip(".") for line in programme) + "."
        decks = [
            self.kept(self.deck, item, title, _DECK_KEYS, f"a deck of {title!r}") for item in self.items(data, "decks")
        ]
        notes = [
            self.kept(self.notes, item, title, _DECK_KEYS, f"the notes of {title!r}")
            for item in self.items(data, "notes")
        ]
        videos = [
            self.kept(self.video, item, title, _VIDEO_KEYS, f"a video of {title!r}")
            for item in self.items(data, "videos")
        ]
        return PlannedLecture(
            self.text(data, "section"),
            title,
            str(programme or "").strip(),
            tuple(str(remark) for remark in self.items(data, "remarks")),
            tuple(deck for deck in decks + notes if deck is not None),
            tuple(video for video in videos if video is not None),
            self.links(data, title, f"a link of {title!r}"),
        )

    def kept(
        self, read: Callable[[object, str], Line], value: object, title: str, keys: tuple[str, ...], where: str
    ) -> Line | None:
        """What `read` makes of a line; None if it is wrong, which is told and stops nothing."""
        if isinstance(value, Mapping):
            self.check_keys(value, keys, title, where)
        try:
            return read(value, where)
        except CourseError as error:
            self.problems.append((title, str(error)))
            return None

    def links(self, data: Mapping[str, Any], title: str, where: str) -> tuple[tuple[str, str], ...]:
        found = (self.kept(self.link, item, title, _LINK_KEYS, where) for item in self.items(data, "links"))
        return tuple(link for link in found if link is not None)

    def link(self, value: object, where: str) -> tuple[str, str]:
        data = self.mapping(value, where)
        given = self.text(data, "url")
        # a file of the course's repository is named as its README does
        url = given if given and not has_scheme(given) and not given.startswith("//") else self.published(given, where)
        return self.text(data, "label") or url, url

    def published(self, value: object, where: str) -> str:
        """An address that others may be sent to; nothing where none is given."""
        if value and not is_web_address(str(value)):
            raise self.fail(f"{where}: {value!r:.60} is no http or https address")
        return str(value)

    def deck_path(self, value: object, where: str) -> str:
        """A path in the course, or the https address of a PDF."""
        address = isinstance(value, str) and value.strip().lower().startswith(("https://", "http://"))
        return str(value).strip() if address else self.path(value, where)

    def deck(self, value: object, where: str) -> PlannedDeck:
        if isinstance(value, Mapping):
            remark = self.text(value, "remark") or None
            return PlannedDeck(self.deck_path(value.get("path"), where), self.text(value, "label"), remark)
        return PlannedDeck(self.deck_path(value, where))

    def notes(self, value: object, where: str) -> PlannedDeck:
        return replace(self.deck(value, where), kind=DeckKind.NOTES)

    def video(self, value: object, where: str) -> PlannedVideo:
        data = self.mapping(value, where)
        label, remark = self.text(data, "label"), self.text(data, "remark") or None
        if "youtube" in data:
            given = str(data["youtube"]).strip()
            video = given if re.fullmatch(r"[A-Za-z0-9_-]{11}", given) else youtube_id(given)
            if video is None:
                raise self.fail(f"{where}: {given!r:.60} is no YouTube id or address")
            return PlannedVideo(video, Host.YOUTUBE, label, remark)
        if "url" in data:
            address = self.text(data, "url")
            if not address.lower().startswith(("https://", "http://")):
                raise self.fail(f"{where}: {address!r:.60} is no address")
            return PlannedVideo(address, Host.WEB, label, remark)
        path = self.path(data.get("file"), where)
        if PurePosixPath(path).suffix.lower() not in VIDEO_TYPES:
            raise self.fail(f"{where}: {path!r:.60} is no video or audio file")
        return PlannedVideo(path, Host.FILE, label, remark)
