"""A query that is the number of a lecture → that lecture before all other hits, of each searched course that has it."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import replace

import numpy as np

from index.search.found import Found
from index.search.ranking import Ranked, Rows
from index.search.scope import Scope
from index.types import Coverage, Query

# "лекция 5", "Lecture #5:", "5-я лекция", "5th lecture". With more words it is the words that are searched: a syllabus
# numbers its lectures in its own way.
_AFTER = re.compile(
    r"(?:лекци(?:я|и|ю|е|ей)|lecture|lec\.?)\s{0,3}(?:№|#|no\.?|number|номер)?\s{0,3}(\d{1,3})\s?[.:?!…]{0,3}",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    r"(\d{1,3})(?:-?(?:я|ая|й|ю|ую|st|nd|rd|th))?\s{1,3}(?:лекци(?:я|и|ю|е|ей)|lecture)\s?[.:?!…]{0,3}", re.IGNORECASE
)
_MOST_COURSES = 50  # each costs a dozen looks; who searches more has to say which course is meant
_ABOVE = 0.01  # what a numbered lecture is ahead of the best other hit


def lecture_number(text: str) -> int | None:
    """The number of the lecture that a query asks for and of nothing else."""
    asked = _AFTER.fullmatch(text) or _BEFORE.fullmatch(text)
    return int(asked.group(1)) if asked else None


def find_numbered(query: Query, typed: str, scope: Scope) -> Rows:
    """A row of the lecture that a query asks for by number in each course of the scope that has it: its line of the
    programme, or where it begins. None where it is searched exactly as `typed`."""
    number = None if query.literal else lecture_number(typed)
    found = []
    for shard in scope.shards[:_MOST_COURSES] if number is not None else ():
        rows = _rows_of(number or 0, scope, shard)
        if len(rows):
            listed = rows[scope.generation.programme[rows]]
            found.append(int(listed[0] if len(listed) else rows[0]))
    return np.array(found, np.int64)


def with_lectures(found: Found, rows: Rows) -> Found:
    """The same hits behind these lectures: they are there, however little the other hits say."""
    promised = found.index.promised[rows].all()
    coverage = Coverage.LISTED if promised else Coverage.EXPLAINED
    return replace(found, ranked=put_first(found.ranked, rows), coverage=coverage, unknown_words=())


def _rows_of(number: int, scope: Scope, shard: int) -> Rows:
    """The rows of a lecture by its number that may be found. The rows of a course are in the order of its lectures."""
    generation = scope.generation
    first, last = int(generation.starts[shard]), int(generation.starts[shard + 1])

    def position(row: int) -> int:
        return generation.passages([row])[0].lecture_position

    start = bisect_left(range(first, last), number, key=position) + first
    if start == last or position(start) != number:
        return np.zeros(0, np.int64)
    own: Rows = start + np.flatnonzero(generation.lecture_of[start:last] == generation.lecture_of[start])
    return own if scope.allowed is None else own[scope.allowed[own]]


def put_first(ranked: Ranked, rows: Rows) -> Ranked:
    """The same hits behind these rows. What lifts them is the number: nothing of what they say."""
    others = ranked.take(np.flatnonzero(~np.isin(ranked.rows, rows)))
    lifted = np.full(len(rows), max(1.0, float(ranked.scores.max(initial=0.0))) + _ABOVE, np.float32)
    nothing = np.zeros(len(rows), np.float32)
    parts = {"rows": rows, "evidence": rows, "scores": lifted, "lift": lifted, "factor": nothing + 1}
    return Ranked(
        *(
            np.concatenate([parts.get(name, nothing), getattr(others, name)]).astype(getattr(others, name).dtype)
            for name in Ranked.__dataclass_fields__
        )
    )
