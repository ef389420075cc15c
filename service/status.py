"""The installation → what `lectures status` says of it: courses with their gaps, jobs, what is served, the disk."""

from __future__ import annotations

from index.embed.protocol import Embedder
from index.files import folder_bytes
from index.library import Library
from index.store.catalogue import course_details, list_courses
from index.store.jobs import count_jobs, list_jobs
from index.store.readers import list_unread
from service.schemas.courses import CourseSummaryOut, GapOut
from service.schemas.status import JobSummaryOut, StatusOut, UnreadOut

_NEWEST_JOBS = 10


def read_status(library: Library, embedder: Embedder | None, readers: tuple[str, ...]) -> StatusOut:
    """How the installation stands just now; `readers` is how the fingerprints of those begin that are set."""
    if library.database.revision() is None:
        return _status_of_nothing(library, embedder)
    with library.database.snapshot() as connection:  # a course may be removed meanwhile
        courses = list_courses(connection, readable=None)
        details = [course_details(connection, course.slug, readable=None) for course in courses]
        jobs = count_jobs(connection)
        newest = list_jobs(connection, _NEWEST_JOBS)
        unread = [own for own in list_unread(connection) if own.reader.startswith(readers)]
    return StatusOut(
        data_dir=str(library.data_dir),
        database=library.database.url.render_as_string(hide_password=True),
        schema_revision=library.database.revision(),
        generation=library.served_number(),
        current=library.is_current(embedder),
        embedder=embedder.fingerprint if embedder else "none",
        disk_bytes=folder_bytes(library.data_dir),
        courses=[CourseSummaryOut.model_validate(course) for course in courses],
        jobs=jobs,
        newest_jobs=[JobSummaryOut.model_validate(job) for job in newest],
        gaps={course.slug: [GapOut.model_validate(gap) for gap in course.gaps] for course in details},
        unread=[UnreadOut.model_validate(own) for own in unread],
    )


def _status_of_nothing(library: Library, embedder: Embedder | None) -> StatusOut:
    """How it stands where there is no database yet."""
    return StatusOut(
        data_dir=str(library.data_dir),
        database=library.database.url.render_as_string(hide_password=True),
        schema_revision=None,
        generation=library.served_number(),
        current=False,
        embedder=embedder.fingerprint if embedder else "none",
        disk_bytes=folder_bytes(library.data_dir),
        courses=[],
        jobs={},
        newest_jobs=[],
        gaps={},
        unread=[],
    )
