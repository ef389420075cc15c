"""Searches that found nothing: counted by course and words, with the day of the last; nothing says who asked."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from index.store.tables import missed_searches
from index.types import MissedSearch, Readable

_MAX_CHARS = 200
_MAX_ROWS = 5_000  # beyond that new queries are not kept: a flood of nonsense must not fill the disk


def missed_key(course: str, query: str) -> tuple[str, str]:
    """The course and the words by which a search is counted: searches that differ in case or spaces are one."""
    return course[:80], " ".join(query.casefold().split())[:_MAX_CHARS]


def count_missed(connection: Connection, course: str, query: str, day: dt.date, times: int = 1) -> None:
    """So many more searches for these words that found nothing."""
    key = dict(zip(("course", "query"), missed_key(course, query), strict=True))
    where = sa.and_(missed_searches.c.course == key["course"], missed_searches.c.query == key["query"])
    again = {"count": missed_searches.c["count"] + times, "last_day": day.isoformat()}
    counted = sa.update(missed_searches).where(where).values(again)
    if connection.execute(counted).rowcount:
        return
    if (connection.scalar(sa.select(sa.func.count()).select_from(missed_searches)) or 0) < _MAX_ROWS:
        try:
            with connection.begin_nested():
                connection.execute(sa.insert(missed_searches).values(**key, count=times, last_day=day.isoformat()))
        except sa.exc.IntegrityError:  # another process was the first a moment ago
            connection.execute(counted)


def list_missed(connection: Connection, readable: Readable, limit: int = 50) -> list[MissedSearch]:
    """What was searched in vain most often, in the courses that may be read."""
    order = (missed_searches.c.count.desc(), missed_searches.c.last_day.desc(), missed_searches.c.query)
    times = missed_searches.c["count"].label("times")  # a row has a method of the column's own name
    query = sa.select(missed_searches, times).order_by(*order).limit(limit)
    if readable is not None:
        query = query.where(missed_searches.c.course.in_(readable))
    return [
        MissedSearch(course=row.course or None, query=row.query, count=row.times, last_day=row.last_day)
        for row in connection.execute(query)
    ]
