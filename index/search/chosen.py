"""Phrases and a scope of very many passages → those that can be among the best, and the scores of these alone.

Passages are found by the phrases that can add most. As soon as the best of them have more than all other phrases
together can add, a passage that has only those can be left out, and what they add is looked up for the passages that
can still be among the best: fewer from phrase to phrase (MaxScore, Turtle and Flood 1995). The scores are those that
walking through all postings would give.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.search.ground import Floats, Ground, Sum, add_up, of_phrase, terms_in
from index.search.scope import Mask, Rows, Scope
from index.search.windows import REACH
from index.types import Phrase, Reading

_FEW = 500  # rows that are left are scored in full without asking whether they could be fewer
_LITTLE = 1e-9  # for dividing by what may be nothing
_SLACK = 1e-4  # what sums in another order may differ by, and far more


@dataclass(frozen=True, slots=True)
class _Limits:
    """What a phrase adds to one passage at most: to its score, and to what it holds of the query."""

    scores: float
    matched: float


class Chosen:
    """What phrases, each worth so much, add to the scores of rows. A row that has nothing but phrases of `later` is
    none of the best."""

    def __init__(
        self, phrases: Sequence[Phrase], scope: Scope, worth: Mapping[Phrase, float], later: Collection[Phrase]
    ) -> None:
        self._phrases, self._scope, self._worth, self._later = tuple(phrases), scope, dict(worth), frozenset(later)
        self._parts: dict[Phrase, tuple[Rows, Sum]] = {}
        self._limits: dict[Phrase, _Limits] = {}
        self._near: Ground | None = None

    @property
    def size(self) -> int:
        """Bytes that it keeps."""
        parts = sum(rows.nbytes + part.size for rows, part in self._parts.values())
        return parts + (self._near.size if self._near is not None else 0)

    def also(self, described: Phrase, worth: float) -> Chosen:
        """The same with what the query may describe: it adds to scores, and holds nothing of the query."""
        more = copy(self)
        more._phrases = (*self._phrases, described)
        more._worth = {**self._worth, described: worth}
        more._near = None
        return more

    def let_go(self) -> None:
        """Keep nothing that can be worked out again."""
        self._parts, self._near = {}, None

    def best(self, count: int) -> tuple[Rows, Floats]:
        """(ascending rows that hold the `count` best, their scores)."""
        rows = self._contenders(count, "scores", None)
        return rows, self.at(rows).scores

    def most(self, wanted: Mask, importance: float) -> float:
        """The largest share of a query's importance that a wanted passage holds; `wanted` is a mask over all rows."""
        if not wanted[self._scope.first : self._scope.last].any():
            return 0.0
        return float(self.at(self._contenders(1, "matched", wanted)).matched.max(initial=0) / np.float32(importance))

    def at(self, rows: Rows) -> Sum:
        """What all phrases add to these rows."""
        return add_up(self._phrases, self.ground_of(rows)[0], self._scope, self._worth)

    def around(self, rows: Rows) -> tuple[Rows, list[Sum]]:
        """(ascending rows that hold these and the minutes around, what each phrase adds to them)."""
        scope = self._scope
        heard = np.zeros(scope.last - scope.first + 2 * REACH, np.bool_)  # marking them is quicker than sorting them
        heard[rows[:, None] - scope.first + np.arange(2 * REACH + 1)] = True
        inside = np.flatnonzero(heard[REACH:-REACH]) + scope.first
        ground = Ground(scope, inside)
        return inside, [of_phrase(phrase, ground, scope, self._worth[phrase]) for phrase in self._phrases]

    def ground_of(self, rows: Rows) -> tuple[Ground, NDArray[np.int64]]:
        """(a ground that holds these rows, their places on it). That of the rows that were asked for last is kept."""
        near = self._near
        if near is None or near.rows is not rows:
            near = self._near = Ground(self._scope, rows)
        return near, np.arange(len(rows))

    def _contenders(self, count: int, column: str, wanted: Mask | None) -> Rows:
        """Ascending rows among which are the `count` best of the wanted ones by one of two columns."""
        limits = {phrase: getattr(self._limits_of(phrase), column) for phrase in self._phrases}
        # first what adds much and is in few rows: what is left for the end is looked up for few
        dear = {phrase: self._length(phrase) / max(limits[phrase], _LITTLE) for phrase in self._phrases}
        order = sorted(self._phrases, key=lambda phrase: (phrase in self._later, dear[phrase]))
        more = np.cumsum([0.0, *(limits[phrase] for phrase in reversed(order))])[:0:-1].tolist()
        field, least, first = _Field(self._scope), 0.0, 0
        rows: Rows
        values: Floats
        while first < len(order) and order[first] not in self._later and least <= more[first] * (1 + _SLACK):
            own, part = self._part(order[first])
            least = max(least, _least_of_best(field.add(own, getattr(part, column), wanted), count))
            first += 1
        rows, values = field.found()
        for phrase, rest in zip(order[first:], more[first:], strict=True):
            kept = values >= least - rest - _SLACK * (least + rest)
            rows, values = rows[kept], values[kept]
            if len(rows) <= _FEW:
                return rows
            values = values + getattr(self._part_at(phrase, rows), column)
            least = max(least, _least_of_best(values, count))
        return rows[values >= least - _SLACK * least]

    def _length(self, phrase: Phrase) -> int:
        """How many postings the terms of a phrase have."""
        return sum(self._scope.frequency(term) for term in terms_in([phrase]))

    def _part(self, phrase: Phrase) -> tuple[Rows, Sum]:
        """(ascending rows that hold a term of a phrase, what it adds to them)."""
        known = self._parts.get(phrase)
        if known is None:
            rows = self._holding(phrase)
            part = of_phrase(phrase, Ground(self._scope, rows), self._scope, self._worth[phrase])
            known = self._parts[phrase] = rows, part
        return known

    def _part_at(self, phrase: Phrase, rows: Rows) -> Sum:
        """What a phrase adds to these ascending rows."""
        return of_phrase(phrase, Ground(self._scope, rows), self._scope, self._worth[phrase])

    def _holding(self, phrase: Phrase) -> Rows:
        """The ascending rows that hold a term of a phrase."""
        scope = self._scope
        lists = [scope.held(term).rows for term in terms_in([phrase])]
        lists = [rows for rows in lists if len(rows)]
        if len(lists) == 1:
            return lists[0]
        seen = np.zeros(scope.last - scope.first, np.bool_)
        for rows in lists:
            seen[rows - scope.first] = True
        return np.flatnonzero(seen) + scope.first

    def _limits_of(self, phrase: Phrase) -> _Limits:
        known = self._limits.get(phrase)
        if known is None:
            known = self._limits[phrase] = self._find_limits(phrase)
        return known

    def _find_limits(self, phrase: Phrase) -> _Limits:
        scope, most = self._scope, np.zeros(2)
        for word in phrase.words:
            importance = scope.importance(word)
            most += np.max([np.zeros(2), *(self._limit(own, importance) for own in word.readings)], axis=0)
        whole = [self._limit(reading, self._worth[phrase]) for reading in phrase.readings]
        scores, matched = np.max([most, *whole], axis=0).tolist()
        return _Limits(scores, 0.0 if phrase.described else matched)

    def _limit(self, reading: Reading, importance: float) -> NDArray[np.float64]:
        """(2,) what a reading adds at most: that it has all its terms where each says most."""
        most = np.zeros(2)
        for term, value in self._scope.values(reading, importance):
            impact = float(self._scope.held(term).impacts.max(initial=0))
            most += value * impact, value * min(impact, 1.0)
        return most


class _Field:
    """Sums over the rows of a scope as they are found."""

    def __init__(self, scope: Scope) -> None:
        self._first = scope.first
        self._sums = np.zeros(scope.last - scope.first, np.float32)
        self._seen = np.zeros(scope.last - scope.first, np.bool_)

    def add(self, rows: Rows, values: Floats, wanted: Mask | None) -> Floats:
        """The sums of these rows once values are added, of those that are wanted."""
        if wanted is not None:
            chosen = wanted[rows]
            rows, values = rows[chosen], values[chosen]
        places = rows - self._first
        sums: Floats = self._sums[places] + values
        self._sums[places] = sums
        self._seen[places] = True
        return sums

    def found(self) -> tuple[Rows, Floats]:
        """(the ascending rows to which something was added, their sums)."""
        places = np.flatnonzero(self._seen)
        return places + self._first, self._sums[places]


def _least_of_best(values: Floats, count: int) -> float:
    """The last of the `count` highest values; 0 if there are fewer."""
    if len(values) < count:
        return 0.0
    return float(np.partition(values, len(values) - count)[len(values) - count])
