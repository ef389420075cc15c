"""An installation and its settings → what an operator should look at, though nothing is broken: a line each."""

from __future__ import annotations

from index.library import Library
from index.presence import nothing_here
from index.store.known import course_slugs
from service.settings import Settings, listed


def oversights_of(library: Library, settings: Settings, *, nothing: str | None = None) -> list[str]:
    """What to say where a service starts, or courses are listed. `nothing` is what `nothing_here` said, if that was
    asked already."""
    nothing = nothing_here(library) if nothing is None else nothing
    if nothing:
        return [nothing]
    return missing_private(library, settings)


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
