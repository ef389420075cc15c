"""The plan of a course, which may hold anything → one whose texts can be stored and whose names can be of files."""

from __future__ import annotations

import re
from dataclasses import replace

from index.addresses import is_web_address
from index.types import Host
from ingest.planned import PlannedCourse, PlannedDeck, PlannedLecture, PlannedVideo

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")  # PostgreSQL takes no NUL, UTF-8 has no lone surrogates
_MAX_NAME_BYTES, _MAX_PATH_BYTES = 255, 4_000  # as file systems have it


def sound_course(course: PlannedCourse) -> PlannedCourse:
    """The course as it can be taken up; what cannot be is left out and told among its problems."""
    problems = [*course.problems]
    lectures = tuple(_lecture(lecture, problems) for lecture in course.lectures)
    return replace(
        course,
        title=sound_text(course.title),
        source_url=course.source_url and sound_text(course.source_url),
        lectures=lectures,
        links=_links(course.links),
        left_out=tuple(
            (sound_text(label), sound_text(place), sound_text(why)) for label, place, why in course.left_out
        ),
        problems=tuple((sound_text(lecture), sound_text(said)) for lecture, said in problems),
    )


def sound_text(text: str) -> str:
    """A text that every database and every UTF-8 takes."""
    return _UNSTORABLE.sub("\ufffd", text)


def is_file_path(path: str) -> bool:
    """Whether this can be the path of a file."""
    if _UNSTORABLE.search(path):
        return False
    sizes = [len(part.encode()) for part in path.split("/")]
    return max(sizes) <= _MAX_NAME_BYTES and sum(sizes) + len(sizes) <= _MAX_PATH_BYTES


def _lecture(lecture: PlannedLecture, problems: list[tuple[str, str]]) -> PlannedLecture:
    decks, videos = [], []
    for deck in lecture.decks:
        if "://" in deck.path or is_file_path(deck.path):
            decks.append(_deck(deck))
        else:
            problems.append((lecture.title, _no_name("deck", deck.path)))
    for video in lecture.videos:
        if video.host is Host.WEB and not is_web_address(video.video):
            problems.append(
                (lecture.title, f"The video {video.video!r:.80} is no address; correct it and ingest again.")
            )
        elif is_file_path(video.video) or video.host is Host.WEB:
            videos.append(_video(video))
        else:
            problems.append((lecture.title, _no_name("video", video.video)))
    return replace(
        lecture,
        section=sound_text(lecture.section),
        title=sound_text(lecture.title),
        programme=sound_text(lecture.programme),
        remarks=tuple(map(sound_text, lecture.remarks)),
        decks=tuple(decks),
        videos=tuple(videos),
        links=_links(lecture.links),
        title_from_deck=lecture.title_from_deck and bool(decks),
    )


def _no_name(what: str, path: str) -> str:
    return f"The path {path!r:.80} of a {what} cannot be one of a file; rename the file and ingest again."


def _deck(deck: PlannedDeck) -> PlannedDeck:
    remark = deck.remark and sound_text(deck.remark)
    return replace(deck, path=sound_text(deck.path), label=sound_text(deck.label), remark=remark)


def _video(video: PlannedVideo) -> PlannedVideo:
    remark = video.remark and sound_text(video.remark)
    return replace(video, video=sound_text(video.video), label=sound_text(video.label), remark=remark)


def _links(links: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return tuple((sound_text(label), sound_text(url)) for label, url in links)
