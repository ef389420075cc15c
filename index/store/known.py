"""What is already known, so that nothing is read or fetched twice: rows in, types out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from index.store.rows import batches, insert_missing
from index.store.tables import (
    api_keys,
    courses,
    decks,
    fetched,
    generations,
    jobs,
    lectures,
    pages,
    segments,
    transcripts,
    videos,
)
from index.store.timeline import lecture_timeline
from index.types import (
    Alignment,
    DeckKind,
    MadeBy,
    Page,
    PageMoment,
    PageSpan,
    Problem,
    Segment,
    Transcript,
)


def course_hash(connection: Connection, slug: str) -> str | None:
    """Identity of what was last ingested of a course, or None if it is not there."""
    return connection.scalar(sa.select(courses.c.content_hash).where(courses.c.slug == slug))


class KnownDeck(NamedTuple):
    """What was read of a file before, under whatever `path`."""

    path: str
    kind: DeckKind
    title: str
    pages: tuple[Page, ...]
    outline: tuple[tuple[int, str], ...]
    problem: Problem | None
    pictures_sha256: str | None = None


def known_pages(connection: Connection, sha256: str, extractor: str, distrusted: str | None = None) -> KnownDeck | None:
    """What this extractor has read of a file before; the rows of course `distrusted` do not count."""
    query = (
        sa.select(decks)
        .join(lectures, lectures.c.id == decks.c.lecture_id)
        .where(decks.c.sha256 == sha256, decks.c.extractor == extractor, _trusted(distrusted))
        .limit(1)
    )
    deck = connection.execute(query).one_or_none()
    if deck is None:
        return None
    rows = connection.execute(sa.select(pages).where(pages.c.deck_id == deck.id).order_by(pages.c.page_number))
    found = tuple(Page(row.page_number, row.page_label, row.title, row.text, row.ocr) for row in rows)
    problem = Problem(deck.problem_code, deck.problem) if deck.problem_code else None
    outline = tuple((int(number), str(title)) for number, title in deck.outline)
    return KnownDeck(deck.path, DeckKind(deck.kind), deck.title, found, outline, problem, deck.pictures_sha256)


def _trusted(distrusted: str | None) -> sa.ColumnElement[bool]:
    """Which lectures are not of this course."""
    if distrusted is None:
        return sa.true()
    return lectures.c.course_id.not_in(sa.select(courses.c.id).where(courses.c.slug == distrusted))


def known_transcript(
    connection: Connection, sha256: str, parser: str, distrusted: str | None = None
) -> Transcript | None:
    """A caption file that this parser has read before; the rows of course `distrusted` do not count."""
    query = (
        sa.select(transcripts)
        .join(videos, videos.c.id == transcripts.c.video_id)
        .join(lectures, lectures.c.id == videos.c.lecture_id)
        .where(transcripts.c.sha256 == sha256, transcripts.c.parser == parser, _trusted(distrusted))
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    spoken = connection.execute(
        sa.select(segments).where(segments.c.transcript_id == row.id).order_by(segments.c.ordinal)
    )
    return Transcript(
        language=row.language,
        origin=row.origin,
        sha256=row.sha256,
        vtt_sha256=row.vtt_sha256,
        parser=row.parser,
        segments=tuple(Segment(s.start_seconds, s.end_seconds, s.text, s.times) for s in spoken),
        made_by=MadeBy(row.made_by),
        asked=tuple(row.asked),
    )


def known_alignment(connection: Connection, key: str, distrusted: str | None = None) -> Alignment | None:
    """An alignment that was made from the same pages and words before; course `distrusted` does not count."""
    query = sa.select(lectures.c.id).where(lectures.c.alignment_key == key, _trusted(distrusted)).limit(1)
    lecture_id = connection.scalar(query)
    if lecture_id is None:
        return None
    found = lecture_timeline(connection, lecture_id, min_confidence=0.0)
    return Alignment(
        key,
        tuple(
            PageSpan(s.deck, s.page_number, s.video, s.start_seconds, s.end_seconds, s.confidence) for s in found.spans
        ),
        tuple(PageMoment(m.deck, m.page_number, m.video, m.jump_seconds, m.confidence) for m in found.pages),
    )


class Fetched(NamedTuple):
    """A file that was fetched from elsewhere; `detail` is what the other side said of it."""

    sha256: str
    suffix: str
    detail: dict[str, object]


def find_fetched(connection: Connection, key: str) -> Fetched | None:
    """What was fetched under this key, or None."""
    row = connection.execute(sa.select(fetched).where(fetched.c.key == key)).one_or_none()
    return None if row is None else Fetched(row.sha256, row.suffix, dict(row.detail))


def keep_fetched(connection: Connection, key: str, found: Fetched) -> None:
    """Remember for good what was fetched under this key."""
    connection.execute(sa.delete(fetched).where(fetched.c.key == key))
    insert_missing(connection, fetched, [{"key": key, "fetched_at": dt.datetime.now(dt.UTC), **found._asdict()}])


_DECKS = (decks.c.sha256, decks.c.pictures_sha256)
_STORED = (*_DECKS, videos.c.sha256, transcripts.c.sha256, transcripts.c.vtt_sha256, fetched.c.sha256)


def stored_hashes(connection: Connection) -> set[str]:
    """SHA-256 of every file that a row refers to."""
    found: set[str] = set()
    for column in _STORED:
        found.update(connection.scalars(sa.select(column).where(column.is_not(None))))
    return found


def course_files(connection: Connection, slug: str) -> set[str]:
    """SHA-256 of the files that the rows of a course refer to."""
    own = sa.select(lectures.c.id).join(courses, courses.c.id == lectures.c.course_id).where(courses.c.slug == slug)
    own_videos = sa.select(videos.c.id).where(videos.c.lecture_id.in_(own))
    found: set[str] = set()
    for column in _DECKS:
        found.update(connection.scalars(sa.select(column).where(decks.c.lecture_id.in_(own))))
    found.update(connection.scalars(sa.select(videos.c.sha256).where(videos.c.lecture_id.in_(own))))
    for column in (transcripts.c.sha256, transcripts.c.vtt_sha256):
        found.update(connection.scalars(sa.select(column).where(transcripts.c.video_id.in_(own_videos))))
    return {sha256 for sha256 in found if sha256}


def unreferenced(connection: Connection, hashes: Collection[str]) -> set[str]:
    """Those of these files that no row refers to."""
    gone = set(hashes)
    for some in batches(sorted(hashes)):
        for column in _STORED:
            gone.difference_update(connection.scalars(sa.select(column).where(column.in_(some))))
    return gone


def places_of(connection: Connection, hashes: Collection[str]) -> dict[str, list[tuple[str, str]]]:
    """(slug of the course, what it calls the file) of each of these stored files; of what was only fetched, nothing."""
    found: dict[str, list[tuple[str, str]]] = {}
    of_video = sa.join(transcripts, videos, videos.c.id == transcripts.c.video_id)
    for rows, own, name, columns in (
        (decks, decks, decks.c.path, _DECKS),
        (videos, videos, videos.c.video, (videos.c.sha256,)),
        (of_video, videos, transcripts.c.origin, (transcripts.c.sha256, transcripts.c.vtt_sha256)),
    ):
        placed = rows.join(lectures, lectures.c.id == own.c.lecture_id).join(
            courses, courses.c.id == lectures.c.course_id
        )
        for column in columns:
            query = sa.select(column, courses.c.slug, name).select_from(placed).order_by(courses.c.slug, name)
            for some in batches(sorted(hashes)):
                for sha256, slug, called in connection.execute(query.where(column.in_(some))):
                    found.setdefault(sha256, []).append((slug, called))
    return found


def course_slugs(connection: Connection) -> list[str]:
    """The slugs of all courses, in order."""
    return list(connection.scalars(sa.select(courses.c.slug).order_by(courses.c.slug)))


def holds_nothing(connection: Connection) -> bool:
    """Whether there never was anything here that somebody would miss: no course, nothing served, no order, no key."""
    kept = (courses, generations, jobs, api_keys)
    return not any(connection.scalar(sa.select(sa.exists(sa.select(table)))) for table in kept)
