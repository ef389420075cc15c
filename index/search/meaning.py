"""A query's vector → the passages nearest in meaning, in one course or in hundreds.

Over few passages every vector is looked at. Over many, the centres of the cells of all courses say where the query can
be near, and only those cells are looked into; each course reads the query by what its words mean there. How many of
the ten nearest that finds: docs/performance.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from index.embed.protocol import Embedder, Vectors
from index.search.scope import Rows, Scope

Floats = NDArray[np.float32]

_EXACT_PASSAGES = 20_000  # up to here every vector is looked at: some five milliseconds
_CELLS = 96  # that are looked into beyond that: 4,600 passages; twice as many found hardly more (docs/performance.md)


class Meaning:
    """How near passages of a scope are to one query. Without an embedder nothing is near."""

    def __init__(self, scope: Scope, embedder: Embedder | None, text: str) -> None:
        self._scope = scope
        self._generation = scope.generation
        self._embedder = embedder
        self._text = text
        self._queries: dict[int, Vectors] = {}

    def nearest(self, count: int) -> Rows:
        """Ascending rows that hold the `count` nearest vectors."""
        if self._embedder is None or not self._scope.shards:
            return np.zeros(0, np.int64)
        if self._scope.last - self._scope.first <= _EXACT_PASSAGES:
            return self._everywhere(count)
        return self._in_near_cells(count)

    def at(self, rows: Rows) -> Floats:
        """(n,) similarity of each of these ascending rows above chance, at most 1."""
        similarity = np.zeros(len(rows), np.float32)
        if self._embedder is None or not len(rows):
            return similarity
        owners = self._generation.shards_of(rows)
        self._embed(set(owners.tolist()))
        for shard, start, stop in _runs(owners):
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

    def _in_near_cells(self, count: int) -> Rows:
        centres, shard_of, cell_of = self._generation.centres
        near = centres @ self._bare()
        if not self._scope.is_whole:
            near[~np.isin(shard_of, self._scope.shards)] = -np.inf
        best = np.argpartition(-near, min(_CELLS, len(near) - 1))[:_CELLS]
        best = np.sort(best[np.isfinite(near[best])])  # cells lie by shard
        self._embed(set(shard_of[best].tolist()))
        rows, values = [np.zeros(0, np.int64)], [np.zeros(0, np.float32)]
        for shard, start, stop in _runs(shard_of[best]):
            vectors = self._generation.shards[shard].vectors
            if vectors is not None:
                passages, cosines = vectors.in_cells(self._queries[shard], cell_of[best[start:stop]])
                rows.append(passages + self._generation.starts[shard])
                values.append((cosines - vectors.chance) / (1 - vectors.chance))
        found, similar = np.concatenate(rows), np.concatenate(values)
        if self._scope.allowed is not None:
            allowed = self._scope.allowed[found]
            found, similar = found[allowed], similar[allowed]
        if len(found) > count:
            found = found[np.argpartition(-similar, count)[:count]]
        return np.sort(found)

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


def _runs(values: NDArray[np.integer]) -> Iterator[tuple[int, int, int]]:
    """(value, start, stop) of each run of equal values."""
    if not len(values):
        return
    starts = np.concatenate([[0], np.flatnonzero(np.diff(values)) + 1, [len(values)]])
    for start, stop in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        yield int(values[start]), start, stop
