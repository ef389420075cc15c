"""A query that is the number or the title of a lecture → that lecture before all other hits, of each course with it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from index.engine.generation import Generation
from index.engine.glossary import whole_key
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
_NUMBERED = re.compile(
    r"^\W*(?:(?:лекция|тема|неделя|lecture|topic|week)\s{0,3}\d{1,3}\s?[.:)–—-]?|\d{1,3}\s?[.:)–—-])\s", re.IGNORECASE
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


def find_titled(text: str, scope: Scope) -> dict[int, Rows]:
    """The rows that may be found of each lecture that is called as a query is, by lecture. Where many courses are
    searched none is: it would take a look at each of their lectures."""
    key = _title_key(text)
    found: dict[int, Rows] = {}
    for shard in scope.shards if key and len(scope.shards) <= _MOST_COURSES else ():
        for row in scope.generation.titled.get(shard, partial(_titles_of, scope.generation)).get(key, ()):
            lecture, last = scope.generation.lecture_of[row], int(scope.generation.starts[shard + 1])
            own: Rows = row + np.flatnonzero(scope.generation.lecture_of[row:last] == lecture)
            found[int(lecture)] = own if scope.allowed is None else own[scope.allowed[own]]
    return {lecture: rows for lecture, rows in found.items() if len(rows)}


def with_titled(found: Found, lectures: Mapping[int, Rows]) -> Found:
    """The same hits behind the best of each of these lectures, whose titles are the query: they are asked for, and not
    others that say its words oftener."""
    if not lectures:
        return found
    ranked = found.ranked
    away = [rows for rows in lectures.values() if not np.isin(rows, ranked.rows).any()]
    if away:
        listed = found.index.programme
        ranked = put_first(ranked, np.array([min(rows, key=lambda row: (listed[row], row)) for rows in away]))
    named = np.concatenate([np.flatnonzero(np.isin(ranked.rows, rows))[:1] for rows in lectures.values()])
    scores = ranked.scores.copy()
    scores[named] = scores.max() + np.float32(_ABOVE)
    lifted = replace(ranked, scores=scores, lift=ranked.lift + scores - ranked.scores)
    promised = all(found.index.promised[rows].all() for rows in lectures.values())
    return replace(
        found,
        ranked=lifted.take(np.concatenate([named, np.delete(np.arange(len(scores)), named)])),
        coverage=Coverage.LISTED if promised else Coverage.EXPLAINED,
        unknown_words=(),
    )


def _titles_of(generation: Generation, shard: int) -> dict[tuple[str, ...], tuple[int, ...]]:
    """The first rows of the lectures of a course, by the words of their titles."""
    first, last = int(generation.starts[shard]), int(generation.starts[shard + 1])
    _, places = np.unique(generation.lecture_of[first:last], return_index=True)
    rows = [first + int(place) for place in np.sort(places)]
    found: dict[tuple[str, ...], tuple[int, ...]] = {}
    for row, passage in zip(rows, generation.passages(rows), strict=True):
        key = _title_key(passage.lecture_title)
        found[key] = (*found.get(key, ()), row)
    return found


def _title_key(title: str) -> tuple[str, ...]:
    """The words of a title, without the number that may stand before it."""
    return whole_key(_NUMBERED.sub("", title))


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
    alone = np.full((len(rows), others.beside.shape[1]), -1)
    parts = {"rows": rows, "scores": lifted, "lift": lifted, "factor": nothing + 1, "beside": alone}
    return Ranked(
        *(
            np.concatenate([parts.get(name, nothing), getattr(others, name)]).astype(getattr(others, name).dtype)
            for name in Ranked.__dataclass_fields__
        )
    )
