"""Reasons why something is degraded → what a caller may read of them: nothing of courses that are not its own to read,
and no place on the server's disk."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from index.engine.generation import Generation
from index.search.found import Found
from index.search.search import SearchIndex
from index.types import Filters

_GONE = "The index of course "
_GONE_END = " is gone from the disk and searched from memory; put it back or run `lectures reindex`."
_NAMED = re.compile(r"(?<!\ba )\bcourse ([\w-]+)")
_ADDRESS_OF_FILE = re.compile(r"\b(?:file|sqlite):/{2,}")
_FOLDERS = re.compile(r"(?<![\w:/.])/(?:[^\s/'\"]+/)*(?=[^\s/'\"])")


def gone_reason(course: str) -> str:
    """What is said of a course whose files are not there any more, while they are mapped."""
    return f"{_GONE}{course}{_GONE_END}"


def without_folders(reason: str, data_dir: Path) -> str:
    """A sentence in which every absolute path is the name of its last part. A path with spaces is known by the data
    folder that it begins with."""
    reason = _ADDRESS_OF_FILE.sub("/", reason)
    for folder in (data_dir.resolve(), data_dir.absolute()):
        reason = reason.replace(f"{folder}/", "/")
    return _FOLDERS.sub("", reason)


def index_without_folders(index: SearchIndex, data_dir: Path) -> SearchIndex:
    """An index that names no folder where it says what is wrong with it."""
    if not index.degraded:
        return index
    own = tuple(without_folders(reason, data_dir) for reason in own_reasons(index))
    damaged = index.generation.damaged
    shown = {course: without_folders(reason, data_dir) for course, reason in damaged.items()}
    return (index if shown == damaged else index.without(shown)).saying(own)


def own_reasons(index: SearchIndex) -> tuple[str, ...]:
    """What is degraded beside courses that cannot be served."""
    return tuple(reason for reason in index.degraded if reason not in index.generation.damaged.values())


def reasons_for(degraded: Iterable[str], generation: Generation, filters: Filters) -> tuple[str, ...]:
    """What the caller of a search is told: of damage to courses that it may read and searched, and of what concerns
    all, in which no course is named that it may not read."""
    told = []
    searches = _searched(generation, filters)
    for reason in degraded:
        courses = _courses_of(reason, generation)
        if not courses:
            told.append(_NAMED.sub(lambda named: named[0] if _may_read(named[1], filters) else "a course", reason))
        elif any(searches(course) for course in courses):
            told.append(reason)
    return tuple(told)


def found_for(found: Found, filters: Filters) -> Found:
    """What was found, as its caller is told of it."""
    if not found.degraded:
        return found
    return replace(found, degraded=reasons_for(found.degraded, found.index, filters))


def reasons_for_all(index: SearchIndex) -> list[str]:
    """What everybody may read: how many courses are down, and not which."""
    told, down, gone = [], set[str](), set[str]()
    for reason in index.degraded:
        courses = _courses_of(reason, index.generation)
        if not courses:
            told.append(_NAMED.sub("a course", reason))
        elif not any(course in reason for course in courses):  # all of them, for one reason
            told.append(reason)
        elif index.generation.damaged.keys() >= courses:
            down |= courses
        else:
            gone |= courses
    every = len(index.generation.manifest.shards)
    if down:
        told.append(
            f"{len(down)} of {every} courses cannot be searched; the log and `lectures verify` say which and why."
        )
    if gone:
        told.append(f"The index of {len(gone)} of {every} courses{_GONE_END}")
    return told


def _courses_of(reason: str, generation: Generation) -> set[str]:
    """The courses that cannot be read, as a reason says; none where it is about something else."""
    found = {course for course, own in generation.damaged.items() if own == reason}
    if reason.startswith(_GONE) and reason.endswith(_GONE_END):
        found.add(reason.removeprefix(_GONE).removesuffix(_GONE_END))
    return found


def _may_read(course: str, filters: Filters) -> bool:
    return filters.courses is None or course in filters.courses


def _searched(generation: Generation, filters: Filters) -> Callable[[str], bool]:
    """Whether a search looks into a course, as far as it can."""
    only = filters.course
    if only is None and filters.lecture is not None:
        rows: Sequence[int] = np.flatnonzero(generation.lecture_of == filters.lecture)[:1].tolist()
        if rows:
            only = generation.shards[int(generation.shards_of(np.array(rows))[0])].course
    return lambda course: _may_read(course, filters) and only in (None, course)
