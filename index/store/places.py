"""An address that somebody kept → where that place is now, by its path, its number and its mark.

What cannot be told from something else is gone: nothing but what the address led to is ever shown under it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from index.errors import Gone, NotFound, no_course
from index.marks import Mark, address_name, file_mark, is_telling, name_mark, place_marks, read_mark, segment_at
from index.store.tables import courses, decks, lectures, pages, segments, transcripts, videos
from index.types import Readable

_Row = Row[*tuple[Any, ...]]
_GONE = "What this address led to is not in the course any more, or was changed; search for it."


@dataclass(frozen=True, slots=True)
class PageAt:
    """A page where it is now."""

    deck_id: int
    deck: str
    page_number: int
    mark: str


@dataclass(frozen=True, slots=True)
class MomentAt:
    """A second of a video where it is now; `mark` is that of what is said there."""

    video_id: int
    video: str
    seconds: int
    mark: str


@dataclass(frozen=True, slots=True)
class LectureAt:
    """A lecture where it is now."""

    lecture_id: int
    position: int
    mark: str


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A place that says the same; `owner` is its deck or video as the course names it.

    `known`: its words alone tell which one it is, or it still is the first page of the deck that was asked for.
    """

    owner: str
    row: _Row
    mark: Mark
    known: bool


def find_page(
    connection: Connection, slug: str, name: str, page_number: int | None, mark: str, readable: Readable
) -> PageAt:
    """A page by its address; without a number the first page of the deck.

    Gone if it is not there any more, NotFound if the address never was one.
    """
    rows = _decks(connection, slug, readable)
    own = [row for row in rows if address_name(row.path) == name]
    asked = _read(mark)
    number = page_number or 1
    for deck in own:
        same_file = asked is None or asked.file == file_mark(deck.sha256 or deck.path)
        if page_number is None or same_file:
            found = connection.scalar(
                sa.select(pages.c.mark).where(pages.c.deck_id == deck.id, pages.c.page_number == number)
            )
            if found is not None or page_number is None:
                return PageAt(deck.id, deck.path, number, found or "")
    if asked is None:
        raise NotFound(f"There is no page {name}/{number} in course {slug}; search for it.")
    alike = [
        _Candidate(owner, row, found, is_telling(row.text) or (owner == name and row.page_number == number == 1))
        for row in connection.execute(
            sa.select(pages.c.deck_id, pages.c.page_number, pages.c.mark, pages.c.text, decks.c.path)
            .join(decks, decks.c.id == pages.c.deck_id)
            .join(lectures, lectures.c.id == decks.c.lecture_id)
            .join(courses, courses.c.id == lectures.c.course_id)
            .where(courses.c.slug == slug, sa.func.substr(pages.c.mark, 1, len(asked.said)) == asked.said)
            .order_by(lectures.c.position, decks.c.ordinal, pages.c.page_number)
        )
        if (found := read_mark(row.mark)) and (owner := address_name(row.path))
    ]
    renamed = [found.row for found in alike if found.mark.file == asked.file and found.row.page_number == number]
    chosen = renamed[0] if renamed else _choose(alike, asked, name, lambda row: (row.path, row.page_number))
    return PageAt(chosen.deck_id, chosen.path, chosen.page_number, chosen.mark)


def find_moment(connection: Connection, slug: str, name: str, seconds: int, mark: str, readable: Readable) -> MomentAt:
    """A second of a video by its address. Gone if it is not there any more, NotFound if it never was one."""
    _check_course(connection, slug, readable)
    query = (
        sa.select(videos.c.id, videos.c.video, videos.c.sha256)
        .join(lectures, lectures.c.id == videos.c.lecture_id)
        .join(courses, courses.c.id == lectures.c.course_id)
        .where(courses.c.slug == slug)
        .order_by(lectures.c.position, videos.c.ordinal)
    )
    rows = connection.execute(query).all()
    asked = _read(mark)
    for video in rows:
        identity = video.sha256 or video.video
        own = address_name(video.video) == name and (asked is None or asked.file == file_mark(identity))
        # the same recording: its seconds are what they were, whatever became of its captions or its name
        if own or place_marks([""], identity)[0] == mark:
            return MomentAt(video.id, video.video, seconds, moment_mark(connection, video.id, seconds))
    if asked is None:
        raise NotFound(f"There is no video {name} in course {slug}; search for it.")
    alike = [
        _Candidate(address_name(row.video), row, found, is_telling(row.text))
        for row in connection.execute(
            sa.select(videos.c.id, videos.c.video, segments.c.start_seconds, segments.c.mark, segments.c.text)
            .join(transcripts, transcripts.c.id == segments.c.transcript_id)
            .join(videos, videos.c.id == transcripts.c.video_id)
            .join(lectures, lectures.c.id == videos.c.lecture_id)
            .join(courses, courses.c.id == lectures.c.course_id)
            .where(courses.c.slug == slug, sa.func.substr(segments.c.mark, 1, len(asked.said)) == asked.said)
            .order_by(lectures.c.position, videos.c.ordinal, segments.c.ordinal)
        )
        if (found := read_mark(row.mark))
    ]
    renamed = [found.row for found in alike if found.mark.file == asked.file]
    if renamed:
        return MomentAt(renamed[0].id, renamed[0].video, seconds, moment_mark(connection, renamed[0].id, seconds))
    chosen = _choose(alike, asked, name, lambda row: (row.video, row.start_seconds))
    return MomentAt(chosen.id, chosen.video, int(chosen.start_seconds), chosen.mark)


def find_lecture(connection: Connection, slug: str, position: int, mark: str, readable: Readable) -> LectureAt:
    """A lecture by its address: by its mark, or where there is none by its position."""
    _check_course(connection, slug, readable)
    query = (
        sa.select(lectures.c.id, lectures.c.position, lectures.c.key)
        .join(courses, courses.c.id == lectures.c.course_id)
        .where(courses.c.slug == slug)
    )
    for row in connection.execute(query):
        known = name_mark(row.key)
        if mark == known or (not mark and row.position == position):
            return LectureAt(row.id, row.position, known)
    if mark:
        raise Gone("This lecture is not in the course any more, or has another title now; search for it.")
    raise NotFound(f"There is no lecture {position} in course {slug}.")


def page_marks(connection: Connection, deck_id: int) -> dict[int, str]:
    """The marks of a deck's pages by their numbers."""
    query = sa.select(pages.c.page_number, pages.c.mark).where(pages.c.deck_id == deck_id)
    return {row.page_number: row.mark for row in connection.execute(query)}


def segment_marks(connection: Connection, video_id: int) -> list[str]:
    """The marks of a video's segments in their order."""
    query = (
        sa.select(segments.c.mark)
        .join(transcripts, transcripts.c.id == segments.c.transcript_id)
        .where(transcripts.c.video_id == video_id)
        .order_by(segments.c.ordinal)
    )
    return list(connection.scalars(query))


def moment_mark(connection: Connection, video_id: int, seconds: float) -> str:
    """The mark of what is said at a second; of a video without words that of the recording."""
    return moment_marks(connection, video_id, [seconds])[0]


def moment_marks(connection: Connection, video_id: int, seconds: Sequence[float]) -> list[str]:
    """The marks of what is said at some seconds of a video, in their order."""
    rows = connection.execute(
        sa.select(segments.c.start_seconds, segments.c.mark)
        .join(transcripts, transcripts.c.id == segments.c.transcript_id)
        .where(transcripts.c.video_id == video_id)
        .order_by(segments.c.ordinal)
    ).all()
    if rows:
        starts = [row.start_seconds for row in rows]
        return [str(rows[segment_at(starts, second)].mark) for second in seconds]
    video = connection.execute(sa.select(videos.c.sha256, videos.c.video).where(videos.c.id == video_id)).one()
    return place_marks([""], video.sha256 or video.video) * len(seconds)


def _read(mark: str) -> Mark | None:
    """The parts of a mark, None where there is none. NotFound if it was damaged.

    By a number alone another page could be shown than the one that was meant.
    """
    found = read_mark(mark)
    if mark and found is None:
        raise NotFound(f"The mark {mark!r:.40} in the address is damaged; search for what it led to.")
    return found


def _choose(alike: Iterable[_Candidate], asked: Mark, name: str, place: Callable[[_Row], object]) -> _Row:
    """The one place that the mark can only mean: in the same deck or video, else in the course. Gone if there is none.

    Where few words are the same, the neighbours must be too: in the same deck one of them, elsewhere both.
    """
    by_owner: dict[str, list[_Candidate]] = defaultdict(list)
    seen = set()
    for candidate in alike:
        if place(candidate.row) not in seen:  # a deck may belong to two lectures
            seen.add(place(candidate.row))
            by_owner[candidate.owner].append(candidate)
    here = _only(by_owner.pop(name, []), asked, 1)
    if here is not None:
        return here.row
    elsewhere = [found for some in by_owner.values() if (found := _only(some, asked, 2)) is not None]
    if not elsewhere:
        raise Gone(_GONE)
    # several say the same with the same neighbours: editions of one deck; that of the same name, else the first
    most = max(candidate.mark.beside(asked) for candidate in elsewhere)
    best = [candidate for candidate in elsewhere if candidate.mark.beside(asked) == most]
    last = name.rsplit("/", 1)[-1]
    return next((found for found in best if found.owner.rsplit("/", 1)[-1] == last), best[0]).row


def _only(some: Sequence[_Candidate], asked: Mark, neighbours: int) -> _Candidate | None:
    """The candidate of one deck that stands out, if one does; `neighbours` must be the same where words are few."""
    fit = [found for found in some if found.known or found.mark.beside(asked) >= neighbours]
    if len(fit) < 2:
        return fit[0] if fit else None
    most = max(found.mark.beside(asked) for found in fit)
    best = [found for found in fit if found.mark.beside(asked) == most]
    return best[0] if len(best) == 1 and most else None


def _decks(connection: Connection, slug: str, readable: Readable) -> Sequence[_Row]:
    _check_course(connection, slug, readable)
    return connection.execute(
        sa.select(decks.c.id, decks.c.path, decks.c.sha256)
        .join(lectures, lectures.c.id == decks.c.lecture_id)
        .join(courses, courses.c.id == lectures.c.course_id)
        .where(courses.c.slug == slug)
        .order_by(lectures.c.position, decks.c.ordinal)
    ).all()


def _check_course(connection: Connection, slug: str, readable: Readable) -> None:
    if readable is not None and slug not in readable:
        raise no_course(slug)
    if connection.scalar(sa.select(courses.c.id).where(courses.c.slug == slug)) is None:
        raise no_course(slug)
