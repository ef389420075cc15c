"""Phrases and rows → what each phrase adds to the score of each row: BM25F, added up over the terms of its readings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.engine.postings import NOTHING, Held
from index.search.scope import Rows, Scope
from index.types import Phrase, Reading, Word

Floats = NDArray[np.float32]

_LOOK_UP = 5_000  # so many rows are looked for one by one; more are marked


class Ground:
    """Rows on which scores are added up: all of a scope, or only those of `rows`, ascending."""

    def __init__(self, scope: Scope, rows: Rows | None) -> None:
        self._scope = scope
        self._first = scope.first
        self.rows = rows
        self.count = scope.last - scope.first if rows is None else len(rows)
        self._places: dict[str, tuple[NDArray[np.int64], Held]] = {}

    def zeros(self) -> Floats:
        return np.zeros(self.count, np.float32)

    @property
    def size(self) -> int:
        """Bytes that are kept here; whole lists of postings are counted where they are remembered."""
        places = sum(places.nbytes for places, _ in self._places.values())
        if self.rows is None:
            return places
        return places + self.rows.nbytes + sum(held.size for _, held in self._places.values())

    def where(self, term: str) -> tuple[NDArray[np.int64], Held]:
        """(places on this ground, postings) of a term, of one length."""
        known = self._places.get(term)
        if known is None:
            known = self._places[term] = self._where(self._scope.held(term))
        return known

    def _where(self, held: Held) -> tuple[NDArray[np.int64], Held]:
        rows = self.rows
        if rows is None:
            return held.rows - self._first, held
        if rows is held.rows:
            return np.arange(len(rows)), held
        if not len(rows) or not len(held.rows):
            return np.zeros(0, np.int64), NOTHING
        if min(len(rows), len(held.rows)) > _LOOK_UP:
            here, at = self._among(rows, held.rows), self._among(held.rows, rows)
        elif len(rows) <= len(held.rows):
            here, at = _in_both(rows, held.rows)
        else:
            at, here = _in_both(held.rows, rows)
        return here, Held(held.rows[at], held.impacts[at], held.fields[at])

    def _among(self, rows: Rows, others: Rows) -> NDArray[np.int64]:
        """The places of those rows that are among others: marking them is quicker than looking for each."""
        marked = np.zeros(self._scope.last - self._first, np.bool_)
        marked[others - self._first] = True
        return np.flatnonzero(marked[rows - self._first])


def _in_both(few: Rows, many: Rows) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(places in the first, places in the second) of the rows that are in both ascending lists."""
    at = np.minimum(np.searchsorted(many, few), len(many) - 1)
    here = np.flatnonzero(many[at] == few)
    return here, at[here]


@dataclass(frozen=True, slots=True)
class Sum:
    """On a ground: scores, and how much of the query's importance is held, not yet divided by the whole."""

    scores: Floats
    matched: Floats

    @property
    def size(self) -> int:
        """Bytes."""
        return self.scores.nbytes + self.matched.nbytes


def add_up(phrases: Iterable[Phrase], ground: Ground, scope: Scope, worth: Mapping[Phrase, float]) -> Sum:
    """What all phrases add."""
    return total_of([of_phrase(phrase, ground, scope, worth[phrase]) for phrase in phrases], ground)


def total_of(parts: Sequence[Sum], ground: Ground) -> Sum:
    """The sum of what phrases add."""
    total = Sum(ground.zeros(), ground.zeros())
    for part in parts:
        total.scores[:] += part.scores
        total.matched[:] += part.matched
    return total


def of_phrase(phrase: Phrase, ground: Ground, scope: Scope, worth: float) -> Sum:
    """A phrase counts by its best reading in each passage: by what was typed, word by word, or as a whole by what it
    was also read as. A reading is worth `weight` times the importance of what it stands for."""
    own = Sum(ground.zeros(), ground.zeros())
    for word in phrase.words:
        _add_word(word, ground, scope, own)
    for reading in phrase.readings:
        _raise_to(own, _of_reading(reading, worth, ground, scope))
    if phrase.described:
        own.matched[:] = 0
    return own


def _add_word(word: Word, ground: Ground, scope: Scope, total: Sum) -> None:
    importance = scope.importance(word)
    readings = [reading for reading in word.readings if scope.knows(reading)]
    if len(readings) == 1:
        _add_reading(readings[0], importance, ground, scope, total)
    elif readings:
        best, *others = (_of_reading(reading, importance, ground, scope) for reading in readings)
        for other in others:
            _raise_to(best, other)
        total.scores[:] += best.scores
        total.matched[:] += best.matched


def _of_reading(reading: Reading, importance: float, ground: Ground, scope: Scope) -> Sum:
    found = Sum(ground.zeros(), ground.zeros())
    _add_reading(reading, importance, ground, scope, found)
    return found


def _add_reading(reading: Reading, importance: float, ground: Ground, scope: Scope, total: Sum) -> None:
    for term, value in scope.values(reading, importance):
        places, held = ground.where(term)
        worth = np.float32(value)
        total.scores[places] += worth * held.impacts
        total.matched[places] += worth * np.minimum(held.impacts, 1)


def _raise_to(best: Sum, other: Sum) -> None:
    np.maximum(best.scores, other.scores, out=best.scores)
    np.maximum(best.matched, other.matched, out=best.matched)


def terms_in(phrases: Iterable[Phrase]) -> dict[str, None]:
    """Every term of these phrases in any reading, once."""
    readings = [
        reading
        for phrase in phrases
        for reading in (*phrase.readings, *(own for word in phrase.words for own in word.readings))
    ]
    return dict.fromkeys(term for reading in readings for term, _ in reading.terms)
