"""A query's vector → the passages nearest in meaning, in one course or in hundreds.

Over few passages every vector is looked at. Over many, sketches of all of them say which can be near to the query as no
course in particular reads it; only those are compared with the query as their course reads it. How many of the ten
nearest that finds: docs/performance.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from index.embed.adaptation import Adaptation
from index.embed.protocol import Vectors
from index.search.scope import Mask, Rows, Scope

Floats = NDArray[np.float32]

EXACT_PASSAGES = 20_000  # up to here every vector is looked at: some five milliseconds
_SKETCHED = 2_000  # that are near by their sketches: of the ten nearest .996 are among them and what the words found
# Of a part of the passages as many more are asked for, and of one that is smaller each vector is looked at.
_MORE, _LEAST_PART = 1.5, 0.125


@dataclass(frozen=True, slots=True)
class Near:
    """Ascending rows of a part of a scope among which its nearest are; how near each is as a whole, None where all
    count; and by its sketch, None where that does not decide."""

    rows: Rows
    wholes: Floats | None = None
    sketched: Floats | None = None


class QueryEmbedder(Protocol):
    """What of an `Embedder` a search needs."""

    def embed_query_in(self, text: str, adaptations: Sequence[Adaptation | None]) -> Vectors: ...


class Meaning:
    """How near passages of a scope are to one query. Without an embedder nothing is near."""

    def __init__(self, scope: Scope, embedder: QueryEmbedder | None, text: str) -> None:
        self._scope = scope
        self._generation = scope.generation
        self._embedder = embedder
        self._text = text
        self._queries: dict[int, Vectors] = {}

    def nearest(self, count: int) -> Rows:
        """Ascending rows that hold the `count` nearest vectors."""
        if self._embedder is None or not self._scope.shards:
            return np.zeros(0, np.int64)
        if self._scope.extent <= EXACT_PASSAGES:
            return self._everywhere(count)
        found = self._by_sketches(sketches_wanted(self._scope))
        return self._nearest_wholes(count, found)[0]

    def offer(self, count: int, sketched: int) -> Near | None:
        """What `nearest_of` needs to know of this part of a scope, from so many sketches that are near; with 0 every
        vector is looked at. None if sketches cannot tell: look without them."""
        if self._embedder is None or not self._scope.shards:
            return Near(np.zeros(0, np.int64))
        if self._scope.extent <= EXACT_PASSAGES:
            return Near(self._everywhere(count))
        if not sketched:
            rows, wholes = self._nearest_wholes(count, None)
            return Near(rows, wholes)
        query, known = self._bare(), self._generation.sketches
        if not query.any():
            return Near(np.zeros(0, np.int64))
        if known is None:
            return None
        rows, similar = known.scored(query, sketched)
        # of what lies side by side here some shards may be searched elsewhere
        here = np.flatnonzero(np.isin(self._generation.shards_of(rows), self._scope.shards))
        order = here[np.argsort(rows[here])]
        rows, similar = rows[order], similar[order]
        parts = [(shard, rows[first:last]) for shard, first, last in runs(self._generation.shards_of(rows))]
        self._embed([shard for shard, _ in parts])
        rows, wholes = self._whole_similarities(parts)
        return Near(rows, wholes, similar)

    def at(self, rows: Rows) -> Floats:
        """(n,) similarity of each of these ascending rows above chance, at most 1."""
        similarity = np.zeros(len(rows), np.float32)
        if self._embedder is None or not len(rows):
            return similarity
        owners = self._generation.shards_of(rows)
        self._embed(set(owners.tolist()))
        for shard, start, stop in runs(owners):
            vectors = self._generation.shards[shard].vectors
            if vectors is not None:
                own = rows[start:stop] - self._generation.starts[shard]
                found = vectors.similarities(self._queries[shard], own)
                similarity[start:stop] = np.maximum((found - vectors.chance) / (1 - vectors.chance), 0)
        return similarity

    def _everywhere(self, count: int) -> Rows:
        self._embed(self._scope.shards)
        allowed, starts = self._scope.allowed, self._generation.starts
        found = [np.zeros(0, np.int64)]
        for shard in self._scope.shards:
            vectors = self._generation.shards[shard].vectors
            if vectors is None:
                continue
            own = None if allowed is None else allowed[starts[shard] : starts[shard + 1]]
            if own is None or own.any():
                found.append(np.sort(vectors.nearest(self._queries[shard], count, own)) + starts[shard])
        return np.concatenate(found)

    def _by_sketches(self, wanted: int) -> Rows | None:
        """Ascending rows whose sketches are near; None where too few of them may be found, or none are `wanted`."""
        query, sketches = self._bare(), self._generation.sketches
        if not query.any():
            return np.zeros(0, np.int64)
        if sketches is None or not wanted:
            return None
        rows, similar = sketches.scored(query, wanted)
        return _best_inside(rows, similar, wanted, self._inside(rows))

    def _inside(self, rows: Rows) -> Mask:
        """Which of some rows may be found."""
        scope = self._scope
        inside: Mask = (rows >= scope.first) & (rows < scope.last)
        if scope.mask is not None:
            inside[inside] = scope.mask[rows[inside] - scope.first]
        return inside

    def _nearest_wholes(self, count: int, rows: Rows | None) -> tuple[Rows, Floats]:
        """Ascending rows of the `count` passages that are nearest as a whole, among these or all of the scope, and how
        near each is."""
        if rows is None:
            self._embed(self._scope.shards)
            return _highest(*self._all_similarities(), count)
        parts = [(shard, rows[first:last]) for shard, first, last in runs(self._generation.shards_of(rows))]
        self._embed([shard for shard, _ in parts])
        return _highest(*self._whole_similarities(parts), count)

    def _all_similarities(self) -> tuple[Rows, Floats]:
        """(rows, similarity of each as a whole, above chance) of all of the scope, where the vectors lie: to put those
        of many shards together would take longer than to compare them."""
        scope, starts = self._scope, self._generation.starts
        found, values = [np.zeros(0, np.int64)], [np.zeros(0, np.float32)]
        for shard in scope.shards:
            held = self._generation.shards[shard].vectors
            if held is not None:
                own = np.arange(starts[shard], starts[shard + 1])
                own = own[self._inside(own)]
                some = len(own) < starts[shard + 1] - starts[shard]
                vectors = held.wholes(own - starts[shard] if some else None)
                found.append(own)
                values.append(((vectors @ self._queries[shard]) - held.chance) / (1 - held.chance))
        return np.concatenate(found), np.concatenate(values).astype(np.float32, copy=False)

    def _whole_similarities(self, parts: Sequence[tuple[int, Rows]]) -> tuple[Rows, Floats]:
        """The same of these rows of shards."""
        found, vectors, queries, chances = [np.zeros(0, np.int64)], [], [], []
        for shard, own in parts:
            held = self._generation.shards[shard].vectors
            if held is not None:
                found.append(own)
                vectors.append(held.wholes(own - self._generation.starts[shard]))
                queries.append(self._queries[shard])
                chances.append(held.chance)
        if not vectors:
            return found[0], np.zeros(0, np.float32)
        # one product for all shards: a call for each costs more than its numbers
        counts = [len(rows) for rows in found[1:]]
        cosines = np.einsum("ij,ij->i", np.concatenate(vectors), np.repeat(np.stack(queries), counts, axis=0))
        chance = np.repeat(np.array(chances, np.float32), counts)
        return np.concatenate(found), (cosines - chance) / (1 - chance)

    def _bare(self) -> Vectors:
        """(d,) the query as no course in particular reads it: what all can be compared with at once."""
        if self._embedder is None:
            return np.zeros(1, np.float32)
        vector: Vectors = self._embedder.embed_query_in(self._text, [None])[0]
        return vector

    def _embed(self, shards: Iterable[int]) -> None:
        """The query as each of these courses reads it."""
        missing = [shard for shard in shards if shard not in self._queries]
        if missing and self._embedder is not None:
            adaptations = [self._generation.shards[shard].adaptation for shard in missing]
            vectors = self._embedder.embed_query_in(self._text, adaptations)
            self._queries.update(zip(missing, vectors, strict=True))


def sketches_wanted(scope: Scope) -> int:
    """How many sketches that are near, of all passages, are looked for so that enough of a scope are among them; 0
    where it is so small a part that its vectors are sooner looked at."""
    if scope.size >= scope.generation.count:
        return _SKETCHED
    if scope.size < _LEAST_PART * scope.generation.count:
        return 0
    return math.ceil(_MORE * _SKETCHED * scope.generation.count / scope.size)


def nearest_of(parts: Sequence[Near | None], count: int, sketched: int, allowed: Mask | None) -> Rows | None:
    """Ascending rows that hold the `count` nearest of a whole scope, from what its parts offered when they were asked
    for so many sketches; `allowed` is a mask over all rows. None if sketches cannot tell: the parts have to be asked
    again, without them."""
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    rows: Rows = np.concatenate([np.zeros(0, np.int64), *(part.rows for part in known)])
    wholes = [part.wholes for part in known if part.wholes is not None]
    if not wholes:
        return np.sort(rows)
    values: Floats = np.concatenate(wholes)
    similar = [part.sketched for part in known if part.sketched is not None]
    if similar:
        inside = np.ones(len(rows), np.bool_) if allowed is None else allowed[rows]
        chosen = _best_inside(np.arange(len(rows)), np.concatenate(similar), sketched, inside)
        if chosen is None:
            return None
        rows, values = rows[chosen], values[chosen]
    return _highest(rows, values, count)[0]


def _best_inside(rows: Rows, similar: Floats, wanted: int, inside: Mask) -> Rows | None:
    """Ascending: those rows inside that are the most similar by their sketches, when `wanted` were asked for; None if
    too few of these are inside."""
    rows, similar = rows[inside], similar[inside]
    if wanted > _SKETCHED > len(rows):
        return None
    order = np.lexsort((rows, -similar))[:_SKETCHED]
    return np.sort(_clearly(rows[order], similar[order], _SKETCHED))


def _clearly(rows: Rows, similar: Floats, wanted: int) -> Rows:
    """Those of the `wanted` most similar that are more so than the last: which of its equals are among them would be
    chance, and another one where the shards lie on several nodes."""
    if len(rows) < wanted:
        return rows
    clear = rows[similar > similar.min()]
    return clear if len(clear) else rows


def _highest(rows: Rows, values: Floats, count: int) -> tuple[Rows, Floats]:
    """The rows of the `count` highest values, ascending, and these."""
    if len(rows) > count:
        top = np.argpartition(-values, count)[:count]
        rows, values = rows[top], values[top]
    order = np.argsort(rows)
    return rows[order], values[order]


def runs(values: NDArray[np.integer]) -> Iterator[tuple[int, int, int]]:
    """(value, start, stop) of each run of equal values."""
    if not len(values):
        return
    starts = np.concatenate([[0], np.flatnonzero(np.diff(values)) + 1, [len(values)]])
    for start, stop in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        yield int(values[start]), start, stop
