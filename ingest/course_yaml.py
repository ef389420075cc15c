"""course.yaml → the plan of what to ingest; every complaint names the place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from index.errors import CourseError
from index.types import DeckKind, Host
from ingest.captions import decode
from ingest.links import VIDEO_TYPES, youtube_id
from ingest.planned import PlannedCourse, PlannedDeck, PlannedLecture, PlannedVideo


def read_yaml(path: Path) -> PlannedCourse:
    text = decode(path.read_bytes())
    try:
        data = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise CourseError(f"{path.name} is malformed{where}: {error.problem}. Correct it and ingest again.") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise CourseError(f"{path.name} cannot be read as YAML: {str(error)[:200]}") from error
    reader = _YamlReader(path.name)
    top = reader.mapping(data, "the file")
    lectures = tuple(
        reader.lecture(item, f"lecture {number}") for number, item in enumerate(reader.items(top, "lectures"), 1)
    )
    return PlannedCourse(
        reader.text(top, "slug"),
        reader.text(top, "title"),
        reader.text(top, "language"),
        reader.text(top, "source_url") or None,
        lectures,
    )


class _YamlReader:
    """Checks shapes as it reads; every complaint names the place."""

    def __init__(self, name: str) -> None:
        self._name = name

    def fail(self, message: str) -> CourseError:
        return CourseError(f"{self._name}: {message}. Correct it and ingest again.")

    def mapping(self, value: object, where: str) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            raise self.fail(f"{where} should be a mapping like `title: …`, not {value!r:.60}")
        return value

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
        if pieces.is_absolute() or ".." in pieces.parts:
            raise self.fail(f"{where} should be a path inside the course folder, not {value!r:.60}")
        return str(pieces)

    def lecture(self, value: object, where: str) -> PlannedLecture:
        data = self.mapping(value, where)
        title = self.text(data, "title")
        if not title:
            raise self.fail(f"{where} has no title")
        programme = data.get("programme")
        if isinstance(programme, list):
            programme = ". ".join(str(line).strip().rstrip(".") for line in programme) + "."
        decks = [self.deck(item, None, f"a deck of {title!r}") for item in self.items(data, "decks")]
        notes = [self.deck(item, DeckKind.NOTES, f"the notes of {title!r}") for item in self.items(data, "notes")]
        return PlannedLecture(
            self.text(data, "section"),
            title,
            str(programme or "").strip(),
            tuple(str(remark) for remark in self.items(data, "remarks")),
            tuple(decks + notes),
            tuple(self.video(item, f"a video of {title!r}") for item in self.items(data, "videos")),
        )

    def deck_path(self, value: object, where: str) -> str:
        """A path in the course, or the https address of a PDF."""
        address = isinstance(value, str) and value.strip().lower().startswith(("https://", "http://"))
        return str(value).strip() if address else self.path(value, where)

    def deck(self, value: object, kind: DeckKind | None, where: str) -> PlannedDeck:
        if isinstance(value, Mapping):
            remark = self.text(value, "remark") or None
            return PlannedDeck(self.deck_path(value.get("path"), where), self.text(value, "label"), remark, kind)
        return PlannedDeck(self.deck_path(value, where), kind=kind)

    def video(self, value: object, where: str) -> PlannedVideo:
        data = self.mapping(value, where)
        label, remark = self.text(data, "label"), self.text(data, "remark") or None
        if "youtube" in data:
            given = str(data["youtube"]).strip()
            video = given if re.fullmatch(r"[A-Za-z0-9_-]{11}", given) else youtube_id(given)
            if video is None:
                raise self.fail(f"{where}: {given!r:.60} is no YouTube id or address")
            return PlannedVideo(video, Host.YOUTUBE, label, remark)
        path = self.path(data.get("file"), where)
        if PurePosixPath(path).suffix.lower() not in VIDEO_TYPES:
            raise self.fail(f"{where}: {path!r:.60} is no video or audio file")
        return PlannedVideo(path, Host.FILE, label, remark)
