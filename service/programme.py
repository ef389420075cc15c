"""The programme of a lecture → its lines, each with the place where the lecture explains it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from index.search.found import Find, Found
from index.types import Coverage, Filters, IndexedPassage, Kind, Query

_MAX_LINES = 80
# a full stop, semicolon or line ends a line; not the one in "v2.0" or "т.е."
_LINES = re.compile(r"(?<=[^\W_][.;])\s+(?=[\W_]*[A-ZА-ЯЁ0-9])|;\s+|\n+")
_SHOWN = frozenset({Kind.PAGE, Kind.SEGMENT})


@dataclass(frozen=True, slots=True)
class ProgrammeLine:
    """A line as it is written, how far the lecture covers it, and where; `place` is None if it is not there."""

    text: str
    coverage: Coverage
    place: IndexedPassage | None


def programme_lines(find: Find, course: str, lecture_id: int, programme: str) -> tuple[ProgrammeLine, ...]:
    """The lines in order; found by the same search that students use, within the lecture's slides and video."""
    filters = Filters(course, lecture_id, _SHOWN)
    return tuple(_line(line, find(Query(line, filters))) for line in split_programme(programme))


def _line(text: str, found: Found) -> ProgrammeLine:
    hits = found.hits(1) if found.coverage in (Coverage.EXPLAINED, Coverage.MENTIONED) else ()
    return ProgrammeLine(text, found.coverage, hits[0].passage) if hits else ProgrammeLine(text, Coverage.LISTED, None)


def split_programme(programme: str) -> list[str]:
    """The topics of a programme, at most eighty."""
    lines = (line.strip(" .;") for line in _LINES.split(programme))
    return [line for line in lines if any(c.isalnum() for c in line)][:_MAX_LINES]
