"""Phrases and a scope of few passages → the scores of all of them at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy

import numpy as np
from numpy.typing import NDArray

from index.search.ground import Floats, Ground, Sum, of_phrase, total_of
from index.search.scope import Mask, Rows, Scope
from index.types import Phrase


class Everywhere:
    """What phrases, each worth so much, add to the score of every row."""

    def __init__(self, phrases: Sequence[Phrase], scope: Scope, worth: Mapping[Phrase, float]) -> None:
        self._phrases, self._scope, self._worth = tuple(phrases), scope, dict(worth)
        self._ground = Ground(scope, None)
        self._parts = [of_phrase(phrase, self._ground, scope, worth[phrase]) for phrase in phrases]
        self._sum = total_of(self._parts, self._ground)
        if scope.mask is not None:
            hidden = ~scope.mask
            self._sum.scores[hidden] = 0
            self._sum.matched[hidden] = 0

    @property
    def size(self) -> int:
        """Bytes that it keeps."""
        return self._ground.size + sum(part.size for part in (*self._parts, self._sum))

    def also(self, described: Phrase, worth: float) -> Everywhere:
        """The same with what the query may describe: it adds to scores, and holds nothing of the query."""
        more = copy(self)
        more._phrases = (*self._phrases, described)
        more._worth = {**self._worth, described: worth}
        part = of_phrase(described, self._ground, self._scope, worth)
        if self._scope.mask is not None:
            part.scores[~self._scope.mask] = 0
        more._parts = [*self._parts, part]
        more._sum = Sum(self._sum.scores + part.scores, self._sum.matched)
        return more

    def let_go(self) -> None:
        """Keep the sums alone: what they were added up with is worked out again if it is asked for."""
        self._parts = []

    def best(self, count: int) -> tuple[Rows, Floats]:  # noqa: ARG002  (all are known)
        """(ascending rows that hold the `count` best, their scores)."""
        return np.arange(self._scope.first, self._scope.last), self._sum.scores

    def at(self, rows: Rows) -> Sum:
        """What all phrases add to these rows."""
        places = rows - self._scope.first
        return Sum(self._sum.scores[places], self._sum.matched[places])

    def most(self, wanted: Mask, importance: float) -> float:
        """The largest share of a query's importance that a wanted passage holds; `wanted` is a mask over all rows."""
        own = wanted[self._scope.first : self._scope.last]
        return float(np.max(self._sum.matched, where=own, initial=0)) / importance

    def around(self, rows: Rows) -> tuple[Rows, list[Sum]]:  # noqa: ARG002
        """(ascending rows that hold these and the minutes around, what each phrase adds to them)."""
        ground, scope = self._ground, self._scope
        parts = self._parts or [of_phrase(phrase, ground, scope, self._worth[phrase]) for phrase in self._phrases]
        return np.arange(scope.first, scope.last), parts

    def ground_of(self, rows: Rows) -> tuple[Ground, NDArray[np.int64]]:
        """(a ground that holds these rows, their places on it)."""
        return self._ground, rows - self._scope.first
