"""Jobs that are over → the history of them that is kept: the newest, and the last ingest of each course."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from index.store.tables import courses, jobs
from index.types import JobState

OVER = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED, JobState.QUARANTINED})

# Enough to look back on the ingests of a term. A plan, or a report with many gaps, may take 100 kB.
_KEPT = 500
_AT_ONCE = 1_000  # a statement cannot name any number of rows; whatever is left over goes when the next job ends


def is_look(rows: sa.FromClause) -> sa.ColumnElement[bool]:
    """Only looks at a course, and publishes nothing."""
    return sa.func.coalesce(rows.c.options["dry_run"].as_boolean(), sa.false())


def forget_old(connection: Connection) -> None:
    """Delete jobs that are over, but for the newest and the last ingest of each course that is there.

    Rows that another transaction is deleting are left to it: two that end jobs at the same time never wait for each
    other.
    """
    slug = sa.func.coalesce(jobs.c.report["course"].as_string(), jobs.c.options["course"].as_string())
    over = (
        sa.select(jobs.c.id, courses.c.slug, is_look(jobs).label("is_look"))
        .select_from(jobs.outerjoin(courses, courses.c.slug == slug))
        .where(jobs.c.state.in_(OVER))
        .order_by(jobs.c.updated_at.desc(), jobs.c.id)
    )
    old, seen = list[str](), set[str | None]({None})
    for place, row in enumerate(connection.execute(over)):
        course = None if row.is_look else row.slug
        if place >= _KEPT and course in seen:
            old.append(row.id)
        seen.add(course)
    if old:
        free = sa.select(jobs.c.id).where(jobs.c.id.in_(old[:_AT_ONCE])).with_for_update(skip_locked=True)
        connection.execute(sa.delete(jobs).where(jobs.c.id.in_(connection.scalars(free).all())))
