"""What the readers in the background, encoder and language model, could not read, and why: kept beside what they made.

A content that a reader refused counts as read. It goes with what was made of it: when no passage has it any more, and
when another reader takes the place of the first.
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from index.store.rows import insert_missing
from index.store.tables import courses, embeddings, lectures, passages, refusals, waiting
from index.types import Unread


def add_refusals(connection: Connection, fingerprint: str, reasons: Mapping[str, str]) -> None:
    """Write down why these contents (by hash) could not be read; what another process made of one meanwhile counts."""
    empty = sa.select(embeddings.c.content_hash).where(
        embeddings.c.fingerprint == fingerprint,
        embeddings.c.content_hash.in_(sorted(reasons)),
        embeddings.c.vectors == b"",
    )
    rows = [
        {"fingerprint": fingerprint, "content_hash": key, "reason": reasons[key]}
        for key in sorted(connection.scalars(empty))
    ]
    insert_missing(connection, refusals, rows)


def count_refusals(connection: Connection, fingerprint: str) -> int:
    """How many contents this reader refused, of all courses."""
    query = sa.select(sa.func.count()).select_from(refusals).where(refusals.c.fingerprint == fingerprint)
    return connection.scalar(query) or 0


def forget_refusals(connection: Connection) -> None:
    """See to it that whatever was refused is asked again."""
    refused = sa.select(refusals.c.content_hash).where(
        refusals.c.fingerprint == embeddings.c.fingerprint, refusals.c.content_hash == embeddings.c.content_hash
    )
    connection.execute(sa.delete(embeddings).where(refused.exists()))


def note_waiting(connection: Connection, course: str, fingerprint: str, reason: str) -> None:
    """Write down why a reader has not read a course; nothing if the course is gone."""
    note_read(connection, course, fingerprint)
    own = sa.select(courses.c.id, sa.literal(fingerprint), sa.literal(reason)).where(courses.c.slug == course)
    connection.execute(sa.insert(waiting).from_select(["course_id", "fingerprint", "reason"], own))


def note_read(connection: Connection, course: str, fingerprint: str) -> None:
    """A course does not wait for a reader any more, nor for others of its kind, in whose place it is."""
    own = sa.select(courses.c.id).where(courses.c.slug == course)
    kind = fingerprint.partition(":")[0]
    connection.execute(
        sa.delete(waiting).where(
            waiting.c.course_id.in_(own), waiting.c.fingerprint.startswith(f"{kind}:", autoescape=True)
        )
    )


def list_unread(connection: Connection) -> list[Unread]:
    """What readers could not read, by course, reader and reason."""
    waits = sa.select(courses.c.slug, waiting.c.fingerprint, sa.null().label("passages"), waiting.c.reason)
    counted = (
        sa.select(courses.c.slug, refusals.c.fingerprint, sa.func.count().label("passages"), refusals.c.reason)
        .join_from(refusals, passages, passages.c.content_hash == refusals.c.content_hash)
        .join(lectures, lectures.c.id == passages.c.lecture_id)
        .join(courses, courses.c.id == lectures.c.course_id)
        .group_by(courses.c.slug, refusals.c.fingerprint, refusals.c.reason)
    )
    found = [
        Unread(course=row.slug, reader=row.fingerprint, passages=row.passages, reason=row.reason)
        for query in (waits.join_from(waiting, courses), counted)
        for row in connection.execute(query)
    ]
    return sorted(found, key=lambda own: (own.course, own.reader, own.reason))
