"""An installation and its settings → what an operator should look at, though nothing is broken: a line each."""

from __future__ import annotations

from index.engine.manifest import read_generation
from index.errors import IndexMismatch, LecturesError
from index.library import Library
from index.store.known import course_slugs
from index.text.analysis import ANALYSIS_VERSION
from service.opening import nothing_kept
from service.settings import Settings, listed


def oversights_of(library: Library, settings: Settings, *, nothing: str | None = None) -> list[str]:
    """What to say where a service starts, or courses are listed. `nothing` is what `nothing_kept` said, if that was
    asked already."""
    nothing = nothing_kept(library) if nothing is None else nothing
    if nothing:
        return [nothing]
    return [*older_index(library), *missing_private(library, settings)]


def older_index(library: Library) -> list[str]:
    """What is served was made by another version of the program, and cannot be searched by this one."""
    number = library.served_number()
    if number is None:
        return []
    try:
        manifest, _ = read_generation(library.index_root, number)
    except IndexMismatch as error:
        return [str(error)]
    except LecturesError:  # it is damaged: who searches says how
        return []
    if manifest.analysis == ANALYSIS_VERSION:
        return []
    return [
        f"The index was made with text analysis {manifest.analysis}, this program has {ANALYSIS_VERSION}: nothing is "
        "found before `lectures reindex` has made it anew."
    ]


def missing_private(library: Library, settings: Settings) -> list[str]:
    """The private courses that are not there: one that is named wrongly stays public."""
    with library.database.reading() as connection:
        known = set(course_slugs(connection))
    return [
        f"LECTURES_PRIVATE_COURSES names {slug!r}, and there is no such course: if it is misspelt, the one meant is "
        "public. `lectures courses` lists those there are."
        for slug in listed(settings.private_courses)
        if slug not in known
    ]
