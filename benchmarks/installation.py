"""Made courses → an installation that is made once and kept; the only module here that knows the engine's own API.

    python -m benchmarks.installation DATA COURSES PASSAGES_OF_EACH

Courses that are there are not made again, so that one that was stopped goes on; made ones beyond COURSES are removed.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from time import perf_counter

import sqlalchemy as sa

from benchmarks.made_courses import MADE, MADE_CAPTIONS, made_course
from index.embed.models import load_embedder
from index.embed.protocol import Embedder
from index.library import Library
from index.plan import embed_missing, plan_course
from index.publish import forget_course, publish
from index.store.courses import replace_course
from index.store.known import course_hash
from index.store.tables import courses as course_rows
from index.types import Course, Filters, Mode, Passage, Query
from service.opening import open_index
from service.settings import read_settings

Search = Callable[[str, str | None, str], object]


def install(library: Library, embedder: Embedder | None, course: Course, passages: Sequence[Passage]) -> None:
    """Publish a made course as an ingest would."""
    with library.writer():
        library.files.add_bytes(MADE_CAPTIONS, ".vtt")
        plan = plan_course(library, embedder, course.slug, passages)
        embed_missing(library, plan)
        publish(library, plan, lambda rows: replace_course(rows, course, passages, _identity(course, passages)))


def open_search() -> Search:
    """The served index of the installation that the environment names, as `search(query, course, mode)`."""
    index = open_index()
    return lambda query, course, mode: index.find(Query(query, Filters(course=course), Mode(mode))).hits()


def _identity(course: Course, passages: Sequence[Passage]) -> str:
    return sha256(f"{MADE} {course.slug} {len(passages)}".encode()).hexdigest()


def fill(data: Path, courses: int, passages: int) -> None:
    """Make the courses that are not there yet; SystemExit if the folder holds courses that nobody made up."""
    settings = read_settings()
    data.mkdir(parents=True, exist_ok=True)
    library = Library(settings.resolved_database_url, data)
    library.database.migrate()
    library.recover()
    embedder = load_embedder(settings.embedder)
    wanted = {f"made-{number:04d}" for number in range(courses)}
    with library.database.reading() as connection:
        others = set(connection.scalars(sa.select(course_rows.c.slug))) - wanted
    if any(not slug.startswith("made-") for slug in others):
        raise SystemExit(f"{data} holds real courses; give a folder of the benchmark's own, or --existing.")
    for slug in others:
        forget_course(library, embedder, slug)
    for number in range(courses):
        started = perf_counter()
        course, made = made_course(number, passages)
        with library.database.reading() as connection:
            known = course_hash(connection, course.slug)
        if known != _identity(course, made):
            install(library, embedder, course, made)
            sys.stderr.write(f"made course {number + 1} of {courses}: {perf_counter() - started:.1f} s\n")
    library.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("courses", type=int)
    parser.add_argument("passages", type=int)
    options = parser.parse_args()
    os.environ["LECTURES_DATA_DIR"] = str(options.data)  # the database lies beside the index
    fill(options.data, options.courses, options.passages)
    sys.stdout.write("{}\n")


if __name__ == "__main__":
    main()
