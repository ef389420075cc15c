"""A query's vector → the passages nearest in meaning, in one course or in hundreds.

Over few passages every vector is looked at. Over many, sketches of all of them say which can be near to the query as no
course in particular reads it; only those are compared with the query as their course reads it. How many of the ten
nearest that finds: docs/performance.md.
"""

from __future__ import annotations

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
_FILTERED = 3  # times as many where only some kinds of passages are wanted


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
        found = self._by_sketches() if self._scope.is_everything else None
        return self._by_wholes(count, found)

    def offer(self, count: int, *, sketches: bool = True) -> Near | None:
        """What `nearest_of` needs to know of this part of a scope. None if sketches cannot tell: look without them."""
        if self._embedder is None or not self._scope.shards:
            return Near(np.zeros(0, np.int64))
        if self._scope.extent <= EXACT_PASSAGES:
            return Near(self._everywhere(count))
        if not (sketches and self._scope.is_everything):
            rows, wholes = self._nearest_wholes(count, None)
            return Near(rows, wholes)
        query, known = self._bare(), self._generation.sketches
        if not query.any():
            return Near(np.zeros(0, np.int64))
        if known is None:
            return None
        rows, sketched = known.scored(query, _FILTERED * _SKETCHED if self._scope.allowed is not None else _SKETCHED)
        # of what lies side by side here some shards may be searched elsewhere
        here = np.flatnonzero(np.isin(self._generation.shards_of(rows), self._scope.shards))
        order = here[np.argsort(rows[here])]
        rows, sketched = rows[order], sketched[order]
        parts = [(shard, rows[first:last]) for shard, first, last in runs(self._generation.shards_of(rows))]
        self._embed([shard for shard, _ in parts])
        rows, wholes = self._whole_similarities(parts)
        return Near(rows, wholes, sketched)

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

    def _by_sketches(self) -> Rows | None:
        """Ascending rows whose sketches are near; None where too few of them may be found."""
        sketches = self._generation.sketches
        query = self._bare()
        if not query.any():
            return np.zeros(0, np.int64)
        if sketches is None:
            return None
        allowed = self._scope.allowed
        wanted = _SKETCHED if allowed is None else _FILTERED * _SKETCHED
        found = np.sort(_clearly(*sketches.scored(query, wanted), wanted))
        if allowed is None:
            return found
        found = found[allowed[found]]
        return found if len(found) >= _SKETCHED else None

    def _by_wholes(self, count: int, rows: Rows | None) -> Rows:
        """Ascending rows of the `count` passages that are nearest as a whole, among these or all of the scope."""
        return self._nearest_wholes(count, rows)[0]

    def _nearest_wholes(self, count: int, rows: Rows | None) -> tuple[Rows, Floats]:
        """The same, and how near each is."""
        if rows is None:
            parts: list[tuple[int, Rows | None]] = [(shard, None) for shard in self._scope.shards]
        else:
            parts = [(shard, rows[first:last]) for shard, first, last in runs(self._generation.shards_of(rows))]
        self._embed([shard for shard, _ in parts])
        passages, values = self._whole_similarities(parts)
        if rows is None and self._scope.mask is not None:
            inside = self._scope.mask[passages - self._scope.first]
            passages, values = passages[inside], values[inside]
        return _highest(passages, values, count)

    def _whole_similarities(self, parts: Sequence[tuple[int, Rows | None]]) -> tuple[Rows, Floats]:
        """(rows, similarity of each as a whole, above chance) of these rows of shards, or of all of a shard."""
        found, vectors, queries, chances = [np.zeros(0, np.int64)], [], [], []
        for shard, own in parts:
            held = self._generation.shards[shard].vectors
            if held is not None:
                start = self._generation.starts[shard]
                rows = np.arange(start, self._generation.starts[shard + 1]) if own is None else own
                found.append(rows)
                vectors.append(held.wholes(None if own is None else own - start))
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


def nearest_of(parts: Sequence[Near | None], count: int, allowed: Mask | None) -> Rows | None:
    """Ascending rows that hold the `count` nearest of a whole scope, from what its parts offered; `allowed` is a mask
    over all rows. None if sketches cannot tell: the parts have to be asked again, without them."""
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    rows: Rows = np.concatenate([np.zeros(0, np.int64), *(part.rows for part in known)])
    wholes = [part.wholes for part in known if part.wholes is not None]
    if not wholes:
        return np.sort(rows)
    values: Floats = np.concatenate(wholes)
    sketched = [part.sketched for part in known if part.sketched is not None]
    if sketched:
        wanted = _SKETCHED if allowed is None else _FILTERED * _SKETCHED
        similar: Floats = np.concatenate(sketched)
        order = np.lexsort((rows, -similar))[:wanted]
        chosen = _clearly(order, similar[order], wanted)
        rows, values = rows[chosen], values[chosen]
        if allowed is not None:
            inside = allowed[rows]
            rows, values = rows[inside], values[inside]
            if len(rows) < _SKETCHED:
                return None
    return _highest(rows, values, count)[0]


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
