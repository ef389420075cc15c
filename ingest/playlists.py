"""Playlists that a course links → videos for the lectures that have none, where title or number says so surely."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from index.types import Host, Problem
from ingest.catalogue.blocks import Piece
from ingest.catalogue.titles import title_of
from ingest.catalogue.words import Rank, mark_of
from ingest.links import is_playlist
from ingest.planned import PlannedCourse, PlannedLecture, PlannedVideo
from ingest.sound import sound_text
from ingest.web import FetchError

_ID = re.compile(r"[A-Za-z0-9_-]{2,64}")
_VIDEO = re.compile(r"[A-Za-z0-9_-]{11}")
_DATA = re.compile(r"ytInitialData[\"']?\]?\s{0,9}=\s{0,9}(?=\{)")
_WORD = re.compile(r"\w+")
_MAX_TITLE = 300
_TOLD = 20  # videos that no lecture has
_GONE = frozenset({"[private video]", "[deleted video]"})


class ListedVideo(NamedTuple):
    """A video as a playlist shows it."""

    video: str
    title: str


def playlist_id(address: str) -> str | None:
    """The id of a YouTube playlist, or None for another address."""
    if not is_playlist(address):
        return None
    given = parse_qs(urlsplit(address).query).get("list", [""])[0]
    return given if _ID.fullmatch(given) else None


def read_playlist(page: str) -> tuple[ListedVideo, ...]:
    """The videos on the public page of a playlist, in order: at most its first hundred. FetchError if there are none.

    The page carries what it shows as JSON, in one of two forms; both are looked for wherever they stand.
    """
    start = _DATA.search(page)
    try:
        data, _ = json.JSONDecoder().raw_decode(page, start.end()) if start else (None, 0)
    except (ValueError, RecursionError):
        data = None
    found = {video: title for video, title in _videos(data) if title.casefold() not in _GONE}
    if not found:
        raise FetchError("no videos were found on its page", code="playlist_unread", passing=True)
    return tuple(ListedVideo(video, title) for video, title in found.items())


def _videos(data: object) -> Iterator[tuple[str, str]]:
    waiting: list[Any] = [data]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting.extend(reversed(part))
        elif isinstance(part, dict):
            old, new = part.get("playlistVideoRenderer"), part.get("lockupViewModel")
            if isinstance(old, dict):
                runs = _at(old, "title", "runs")
                texts = (
                    [_at(run, "text") for run in runs] if isinstance(runs, list) else [_at(old, "title", "simpleText")]
                )
                yield from _video(old.get("videoId"), "".join(text for text in texts if isinstance(text, str)))
            elif isinstance(new, dict) and new.get("contentType") == "LOCKUP_CONTENT_TYPE_VIDEO":
                title = _at(new, "metadata", "lockupMetadataViewModel", "title", "content")
                yield from _video(new.get("contentId"), title)
            else:
                waiting.extend(reversed(part.values()))


def _at(data: object, *names: str) -> object:
    for name in names:
        data = data.get(name) if isinstance(data, dict) else None
    return data


def _video(video: object, title: object) -> Iterator[tuple[str, str]]:
    if isinstance(video, str) and isinstance(title, str) and _VIDEO.fullmatch(video) and title.strip():
        yield video, " ".join(sound_text(title).split())[:_MAX_TITLE]


def dump_list(videos: Sequence[ListedVideo]) -> bytes:
    return json.dumps([list(video) for video in videos], ensure_ascii=False).encode()


def load_list(content: bytes) -> tuple[ListedVideo, ...]:
    """What `dump_list` wrote."""
    return tuple(ListedVideo(*video) for video in json.loads(content))


def with_playlists(
    planned: PlannedCourse, playlists: Mapping[str, Sequence[ListedVideo]]
) -> tuple[PlannedCourse, list[Problem]]:
    """The course with the videos of its playlists, by their address; and which videos no lecture has."""
    spare = []
    for address, listed in playlists.items():
        chosen = _chosen(planned.lectures, listed)
        lectures = tuple(
            replace(lecture, videos=(PlannedVideo(chosen[i].video, Host.YOUTUBE, chosen[i].title),))
            if i in chosen
            else lecture
            for i, lecture in enumerate(planned.lectures)
        )
        planned = replace(planned, lectures=lectures)
        left = [video for video in listed if video.video not in _shown(lectures)]
        if left:
            names = "; ".join(f"{video.title} (https://youtu.be/{video.video})" for video in left[:_TOLD])
            detail = (
                f"{len(left)} of {len(listed)} videos of the playlist {address} are left out, since no lecture is "
                f"surely theirs: {names}{' …' if len(left) > _TOLD else ''}. Link each from its lecture."
            )
            spare.append(Problem("playlist_left_out", detail))
    return planned, spare


def _shown(lectures: Sequence[PlannedLecture]) -> set[str]:
    return {video.video for lecture in lectures for video in lecture.videos}


def _chosen(lectures: Sequence[PlannedLecture], listed: Sequence[ListedVideo]) -> dict[int, ListedVideo]:
    """By the place of a lecture that has no video the one that is surely its own."""
    shown = _shown(lectures)
    free = [video for video in listed if video.video not in shown]
    found: dict[int, ListedVideo] = {}
    for is_of in (_is_called, _names, _is_numbered):
        pairs = [(i, video) for i, lecture in enumerate(lectures) for video in free if is_of(lecture, video)]
        for i, video in pairs:
            alone = sum(1 for other, _ in pairs if other == i) == sum(1 for _, other in pairs if other == video) == 1
            if alone and not lectures[i].videos and i not in found and video not in found.values():
                found[i] = video
    if _is_in_step(lectures, listed, found):
        found |= {i: video for i, video in enumerate(_by_number(listed)) if not lectures[i].videos}
    return found


def _is_in_step(
    lectures: Sequence[PlannedLecture], listed: Sequence[ListedVideo], found: Mapping[int, ListedVideo]
) -> bool:
    """Whether the videos are numbered from 1 to the number of lectures, and none is known to belong elsewhere."""
    ordered = _by_number(listed)
    if [_number(video) for video in ordered] != list(range(1, len(lectures) + 1)):
        return False
    shown = {video.video: i for i, lecture in enumerate(lectures) for video in lecture.videos}
    known = shown | {video.video: i for i, video in found.items()}
    own = [mark_of(lecture.title)[0] for lecture in lectures]
    return all(known.get(video.video, i) == i for i, video in enumerate(ordered)) and all(
        mark.rank < Rank.WEEK or mark.number == str(i) for i, mark in enumerate(own, 1)
    )


def _by_number(listed: Sequence[ListedVideo]) -> list[ListedVideo]:
    return sorted(listed, key=_number)


def _number(video: ListedVideo) -> int:
    """The number of a video that is called a lecture, 0 for none."""
    mark, _ = mark_of(video.title)
    return int(mark.number) if mark.rank is Rank.LECTURE and mark.number.isdecimal() else 0


def _is_called(lecture: PlannedLecture, video: ListedVideo) -> bool:
    """Whether both have the same title, numbers and dates aside."""
    own = _words(lecture.title)
    return bool(own) and own == _words(title_of([Piece(video.title)])[0])


def _names(lecture: PlannedLecture, video: ListedVideo) -> bool:
    """Whether the title of a video holds that of a lecture, which one word is not enough for."""
    own = _words(lecture.title)
    return len(own) > 1 and f" {' '.join(own)} " in f" {' '.join(_words(video.title))} "


def _is_numbered(lecture: PlannedLecture, video: ListedVideo) -> bool:
    """Whether both say that they are the lecture (or week) of the same number."""
    own, other = mark_of(lecture.title)[0], mark_of(video.title)[0]
    return own.rank >= Rank.WEEK and own == other


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
