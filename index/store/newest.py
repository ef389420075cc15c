"""The lectures that came last, for feeds. What may not be read is not among them."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from index.marks import name_mark
from index.store.tables import courses, lectures
from index.types import CourseRef, NewLecture, Readable


def newest_lectures(
    connection: Connection, readable: Readable, course: str | None = None, limit: int = 50
) -> list[NewLecture]:
    """The lectures that came last, newest first; of those that came together the last of the course first."""
    wanted: list[sa.ColumnElement[bool]] = [] if readable is None else [courses.c.slug.in_(readable)]
    if course is not None:
        wanted.append(courses.c.slug == course)
    query = (
        sa.select(lectures, courses.c.slug, courses.c.title.label("course_title"), courses.c.language)
        .join(courses, courses.c.id == lectures.c.course_id)
        .where(*wanted)
        .order_by(lectures.c.added_at.desc(), courses.c.slug, lectures.c.position.desc())
        .limit(limit)
    )
    return [
        NewLecture(
            position=row.position,
            title=row.title,
            mark=name_mark(row.key),
            programme=row.programme,
            course=CourseRef(row.slug, row.course_title),
            language=row.language,
            added_at=row.added_at if row.added_at.tzinfo else row.added_at.replace(tzinfo=dt.UTC),
        )
        for row in connection.execute(query)
    ]
