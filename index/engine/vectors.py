"""Query vector → nearest passages, through FAISS. The only module that imports faiss."""

from __future__ import annotations

from typing import Protocol

import faiss
import numpy as np
from numpy.typing import NDArray

from index.embed.models import Vectors
from index.errors import CorruptIndex
from index.types import ROLES, Role

_WHOLE, _PART, _TITLE = (ROLES.index(role) for role in (Role.WHOLE, Role.PART, Role.TITLE))
# cos(whole) + max cos(part) + ½ cos(title): measured best for the built-in table among simple mixes
_ROLE_WEIGHTS = {_WHOLE: 1.0, _PART: 1.0, _TITLE: 0.5}
# Exact search is a few milliseconds up to here; beyond, an HNSW graph over 8-bit codes answers in less.
HNSW_FROM_VECTORS = 600_000


class VectorIndex(Protocol):
    """Nearest passages by similarity. `allowed` is a mask over passages, `within` a range of them; both hold inside."""

    def nearest(
        self, query: Vectors, count: int, allowed: NDArray[np.bool_] | None, within: tuple[int, int] | None = None
    ) -> NDArray[np.int64]: ...

    def similarities(self, query: Vectors, passages: NDArray[np.int64]) -> NDArray[np.float32]: ...


class FaissIndex:
    """Several rows a passage: `row_passage[i]` and `row_role[i]` say whose vector row i is and of what."""

    def __init__(
        self, index: faiss.Index, row_passage: NDArray[np.uint32], row_role: NDArray[np.uint8], passages: int
    ) -> None:
        if index.ntotal != len(row_passage) or len(row_passage) != len(row_role):
            raise CorruptIndex(
                f"The vector index has {index.ntotal} rows but its map has {len(row_passage)}; run `lectures reindex`."
            )
        self._index = index
        self._row_passage = row_passage.astype(np.int64)
        self._row_role = row_role
        # rows of one passage are neighbours: where they start, for each passage
        self._first_row = np.searchsorted(self._row_passage, np.arange(passages + 1))

    def nearest(
        self, query: Vectors, count: int, allowed: NDArray[np.bool_] | None, within: tuple[int, int] | None = None
    ) -> NDArray[np.int64]:
        """The distinct passages of the `count` most similar rows, best first."""
        if self._index.ntotal == 0 or not query.any():
            return np.zeros(0, np.int64)
        parameters = selector = None
        if allowed is not None:
            mask = allowed[self._row_passage]
            if within is not None:
                mask[: self._first_row[within[0]]] = False
                mask[self._first_row[within[1]] :] = False
            bits = np.packbits(mask, bitorder="little")
            selector = faiss.IDSelectorBitmap(self._index.ntotal, faiss.swig_ptr(bits))
        elif within is not None:
            selector = faiss.IDSelectorRange(*(int(self._first_row[passage]) for passage in within))
        if selector is not None:
            kind = faiss.SearchParametersHNSW if isinstance(self._index, faiss.IndexHNSW) else faiss.SearchParameters
            parameters = kind(sel=selector)
        # requests run in threads already, more would fight for the cores; the setting holds for this thread alone
        faiss.omp_set_num_threads(1)
        _, rows = self._index.search(query[None, :], min(count, self._index.ntotal), params=parameters)
        found: NDArray[np.int64] = self._row_passage[rows[0][rows[0] >= 0]]
        _, first = np.unique(found, return_index=True)
        distinct: NDArray[np.int64] = found[np.sort(first)]
        return distinct

    def similarities(self, query: Vectors, passages: NDArray[np.int64]) -> NDArray[np.float32]:
        """(n,) exact similarity of each passage, put together from its vectors; -1 to 1."""
        if len(passages) == 0 or self._index.ntotal == 0:
            return np.zeros(len(passages), np.float32)
        starts, ends = self._first_row[passages], self._first_row[passages + 1]
        counts = ends - starts
        owner = np.repeat(np.arange(len(passages)), counts)
        rows = np.repeat(starts - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts) + np.arange(counts.sum())
        cosines = self._index.reconstruct_batch(rows) @ query
        roles = self._row_role[rows]
        parts = np.full((len(ROLES), len(passages)), -2.0, np.float32)
        np.maximum.at(parts, (roles, owner), cosines)
        whole = np.where(parts[_WHOLE] > -2, parts[_WHOLE], 0.0)
        total = np.zeros(len(passages), np.float32)
        for role, weight in _ROLE_WEIGHTS.items():
            total += np.float32(weight) * np.where(parts[role] > -2, parts[role], whole)
        return total / np.float32(sum(_ROLE_WEIGHTS.values()))

    def first_row(self, passage: int) -> int:
        """The first of a passage's rows."""
        return int(self._first_row[passage])

    def row_vector(self, row: int) -> Vectors:
        """(d,) the stored vector of a row, for checks."""
        return np.asarray(self._index.reconstruct(int(row)), np.float32)


def build_vectors(vectors: Vectors) -> NDArray[np.uint8]:
    """(n, d) unit rows → the bytes of an index over them.

    Never written by FAISS itself: its writer reports success on a full disk and detects no corruption.
    """
    dimension = vectors.shape[1]
    if len(vectors) >= HNSW_FROM_VECTORS:
        index = faiss.IndexHNSWSQ(dimension, faiss.ScalarQuantizer.QT_8bit, 32, faiss.METRIC_INNER_PRODUCT)
        index.train(vectors)
    else:
        index = faiss.IndexFlatIP(dimension)
    index.add(np.ascontiguousarray(vectors))
    return np.asarray(faiss.serialize_index(index), np.uint8)


def open_vectors(
    content: NDArray[np.uint8], row_passage: NDArray[np.uint32], row_role: NDArray[np.uint8], passages: int
) -> FaissIndex:
    """The index in these bytes, whose hash has been checked by the caller."""
    try:
        index = faiss.deserialize_index(content)
    except RuntimeError as error:
        raise CorruptIndex("The vector index cannot be read; run `lectures reindex`.") from error
    return FaissIndex(index, row_passage, row_role, passages)
