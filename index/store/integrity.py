"""The rows of a course → one hash, written with them, by which damage is noticed; what SQLite says of its file."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from index.store.tables import (
    alignments,
    courses,
    decks,
    embeddings,
    lectures,
    moments,
    pages,
    passages,
    segments,
    transcripts,
    videos,
)

_FAULTS = 5  # of a damaged file this many are told
# not hashed: the hash itself, and what hashes are older than
_BESIDE = frozenset({"rows_sha256", "added_at", "pictures_sha256"})
_BATCH = 200  # rows of vectors that are in memory at once


def record_rows(connection: Connection, slug: str) -> None:
    """Write down the hash of a course's rows, in the transaction that wrote them."""
    connection.execute(sa.update(courses).where(courses.c.slug == slug).values(rows_sha256=hash_rows(connection, slug)))


def adopt_rows(connection: Connection, slug: str) -> None:
    """Write down the hash of rows that were written before there was one."""
    if connection.scalar(sa.select(courses.c.rows_sha256).where(courses.c.slug == slug)) is None:
        record_rows(connection, slug)


def are_as_written(connection: Connection, slug: str) -> bool:
    """Whether the rows of a course are those that were written; true of those without a hash, and of none."""
    recorded = connection.scalar(sa.select(courses.c.rows_sha256).where(courses.c.slug == slug))
    return recorded is None or recorded == hash_rows(connection, slug)


def hash_rows(connection: Connection, slug: str) -> str:
    """SHA-256 of all rows of a course; the same rows in another database have the same."""
    digest = hashlib.sha256()
    for table, own in _tables(slug):
        columns = [column for column in table.c if column.name not in _BESIDE]
        # by their hashes: databases sort texts each in its own way
        lines = sorted(_line(row) for row in connection.execute(sa.select(*columns).where(own)))
        digest.update(f"{table.name} {len(lines)}\n".encode())
        for line in lines:
            digest.update(line)
    return digest.hexdigest()


def _line(row: sa.Row[tuple[object, ...]]) -> bytes:
    return hashlib.sha256(json.dumps(list(row), sort_keys=True, default=_time).encode()).digest()


def _time(value: object) -> str:
    """A time as text: SQLite gives it without its zone, which is UTC."""
    if not isinstance(value, dt.datetime):
        raise TypeError(f"{value!r:.60} is in no row of a course")
    return (value.astimezone(dt.UTC) if value.tzinfo else value.replace(tzinfo=dt.UTC)).isoformat()


def _tables(slug: str) -> Iterator[tuple[sa.Table, sa.ColumnElement[bool]]]:
    """Every table that holds rows of a course, with which of its rows are of this one."""
    course = sa.select(courses.c.id).where(courses.c.slug == slug)
    own_lectures = sa.select(lectures.c.id).where(lectures.c.course_id.in_(course))
    own_decks = sa.select(decks.c.id).where(decks.c.lecture_id.in_(own_lectures))
    own_videos = sa.select(videos.c.id).where(videos.c.lecture_id.in_(own_lectures))
    own_transcripts = sa.select(transcripts.c.id).where(transcripts.c.video_id.in_(own_videos))
    yield courses, courses.c.slug == slug
    yield lectures, lectures.c.course_id.in_(course)
    yield decks, decks.c.lecture_id.in_(own_lectures)
    yield pages, pages.c.deck_id.in_(own_decks)
    yield videos, videos.c.lecture_id.in_(own_lectures)
    yield transcripts, transcripts.c.video_id.in_(own_videos)
    yield segments, segments.c.transcript_id.in_(own_transcripts)
    yield alignments, alignments.c.video_id.in_(own_videos)
    yield moments, moments.c.deck_id.in_(own_decks)
    yield passages, passages.c.lecture_id.in_(own_lectures)


def forget_read(connection: Connection, slug: str) -> None:
    """Forget what was read of a course whose rows are damaged, so that all of it is written anew.

    Its lectures, decks and videos keep their ids, unless not even their rows can be read.
    """
    by_name = {table.name: (table, own) for table, own in _tables(slug)}
    for name in ("passages", "moments", "alignments", "segments", "transcripts", "pages"):
        table, own = by_name[name]
        connection.execute(sa.delete(table).where(own))
    table, own = by_name["decks"]
    connection.execute(sa.update(table).where(own).values(extractor=None, outline=[]))
    table, own = by_name["lectures"]
    connection.execute(sa.update(table).where(own).values(alignment_key=None, remarks=[], links=[]))
    try:
        for name in ("lectures", "decks", "videos"):
            table, own = by_name[name]
            connection.execute(sa.select(table).where(own)).all()
    except (ValueError, TypeError, sa.exc.DatabaseError):
        connection.execute(sa.delete(courses).where(courses.c.slug == slug))


def vectors_sha256(roles: bytes, vectors: bytes) -> str:
    """The hash that is kept beside the vectors of a content."""
    return hashlib.sha256(roles + vectors).hexdigest()


def damaged_embeddings(connection: Connection) -> list[tuple[str, str]]:
    """(fingerprint, content hash) of every row of vectors that are not those that were written."""
    query = sa.select(embeddings).where(embeddings.c.sha256.is_not(None)).execution_options(yield_per=_BATCH)
    return [
        (row.fingerprint, row.content_hash)
        for row in connection.execute(query)
        if vectors_sha256(bytes(row.roles), bytes(row.vectors)) != row.sha256
    ]


def drop_rows_of_vectors(connection: Connection, keys: list[tuple[str, str]]) -> None:
    """Forget these vectors, named by fingerprint and content hash."""
    for fingerprint, content_hash in keys:
        connection.execute(
            sa.delete(embeddings).where(
                embeddings.c.fingerprint == fingerprint, embeddings.c.content_hash == content_hash
            )
        )


def file_faults(connection: Connection) -> list[str]:
    """What SQLite finds wrong with its file; PostgreSQL checks its own pages."""
    if connection.dialect.name != "sqlite":
        return []
    found = [str(row[0]) for row in connection.exec_driver_sql(f"PRAGMA integrity_check({_FAULTS})")]
    orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(_FAULTS)
    return [fault for fault in found if fault != "ok"] + [
        f"a row of {row[0]} belongs to none of {row[2]}" for row in orphans
    ]
