"""Vectors of a shard ↔ nearest passages, through FAISS over mapped bytes. The only module that imports faiss.

Rows are first the vectors of whole passages, by passage, then those of titles, then those of parts, by passage. A
search over one course looks at every row; one over many looks first at sketches of all passages, two bits a number, and
then at the vectors of those that the sketches find near.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from index.embed.protocol import Vectors
from index.engine.container import Arrays
from index.errors import CorruptIndex
from index.later import later
from index.types import ROLES, Role

if TYPE_CHECKING:
    import faiss
else:
    faiss = later("faiss", soon=True)

Places = NDArray[np.int64]
Mask = NDArray[np.bool_]

_WHOLE, _PART, _TITLE = (ROLES.index(role) for role in (Role.WHOLE, Role.PART, Role.TITLE))
# cos(whole) + max cos(part) + ½ cos(title): measured best for the built-in table among simple mixes
_WEIGHTS = np.zeros(len(ROLES), np.float32)
_WEIGHTS[[_WHOLE, _PART, _TITLE]] = 1.0, 1.0, 0.5
# What FAISS writes before the numbers of a flat index: what it is, dimension, rows, five things that say nothing here
# and how many numbers there are; padded so that these are aligned.
_HEADER = struct.Struct("<4siqqq?iQ")
_FLAT = b"IxFI"
_PADDING_BYTES = 64 - _HEADER.size
# Two bits a number: the levels that lose least of a Gaussian one (Max 1960, "Quantizing for minimum distortion"). The
# numbers of a unit vector of d dimensions are nearly Gaussian with a variance of 1/d.
_LEVELS = np.array([-1.510, -0.4528, 0.4528, 1.510], np.float32)
_UNREADABLE = "The vectors of a shard cannot be read; run `lectures reindex`."
_CHANCE_SAMPLE, _USUAL_CHANCE, _MAX_CHANCE = 200, 0.1, 0.9


class ShardVectors:
    """The vectors of one shard's passages; passages are numbered from 0. Views of mapped arrays."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._content = arrays["vectors.faiss"][_PADDING_BYTES:]
        self.rows = _rows_in(self._content)
        self.dimension = self.rows.shape[1]
        self._passage_of: NDArray[np.uint32] = arrays["vectors.passage"]
        self._role_of: NDArray[np.uint8] = arrays["vectors.role"]
        self._title_row: NDArray[np.int32] = arrays["vectors.title_row"]
        self._first_part: NDArray[np.uint32] = arrays["vectors.first_part"]
        self.sketches: NDArray[np.uint8] = arrays["vectors.sketches"]
        self.chance = float(arrays["vectors.chance"][0])

    @cached_property
    def _index(self) -> faiss.Index:
        """The same rows as FAISS knows them; it reads where the bytes lie. A start does not wait for the library."""
        return faiss.read_index(faiss.ZeroCopyIOReader(faiss.swig_ptr(self._content), len(self._content)))

    def nearest(self, query: Vectors, count: int, allowed: Mask | None) -> Places:
        """The distinct passages of the `count` most similar rows, best first; `allowed` is a mask over passages."""
        if not len(self.rows) or not query.any():
            return np.zeros(0, np.int64)
        parameters = None
        if allowed is not None:
            bits = np.packbits(allowed[self._passage_of], bitorder="little")
            selector = faiss.IDSelectorBitmap(len(self.rows), faiss.swig_ptr(bits))
            parameters = faiss.SearchParameters(sel=selector)
        # requests run in threads already, more would fight for the cores; the setting holds for this thread alone
        faiss.omp_set_num_threads(1)
        _, rows = self._index.search(query[None, :], min(count, len(self.rows)), params=parameters)
        found = self._passage_of[rows[0][rows[0] >= 0]].astype(np.int64)
        _, first = np.unique(found, return_index=True)
        distinct: Places = found[np.sort(first)]
        return distinct

    def wholes(self, passages: Places | None = None) -> Vectors:
        """(n, d) the vectors of all passages as wholes, or of these."""
        return self.rows[: len(self.sketches)] if passages is None else self.rows[passages]

    def similarities(self, query: Vectors, passages: Places) -> NDArray[np.float32]:
        """(n,) exact similarity of each passage, put together from its vectors; -1 to 1."""
        if len(passages) == 0 or not len(self.rows):
            return np.zeros(len(passages), np.float32)
        whole = self.rows[passages] @ query
        titled, best_part = whole.copy(), whole.copy()  # what has no title or parts is taken as a whole
        title_rows = self._title_row[passages]
        has_title = np.flatnonzero(title_rows >= 0)
        titled[has_title] = self.rows[title_rows[has_title]] @ query
        starts = self._first_part[passages].astype(np.int64)
        counts = self._first_part[passages + 1].astype(np.int64) - starts
        has_parts = np.flatnonzero(counts)
        if len(has_parts):
            own, sizes = starts[has_parts], counts[has_parts]
            offsets = np.concatenate([[0], np.cumsum(sizes)[:-1]])
            rows = np.repeat(own - offsets, sizes) + np.arange(sizes.sum())
            best_part[has_parts] = np.maximum.reduceat(self.rows[rows] @ query, offsets)
        total = _WEIGHTS[_WHOLE] * whole + _WEIGHTS[_PART] * best_part + _WEIGHTS[_TITLE] * titled
        similarity: NDArray[np.float32] = total / np.float32(_WEIGHTS.sum())
        return similarity

    def whole(self, passage: int) -> Vectors:
        """(d,) the vector of a passage as a whole."""
        vector: Vectors = self.rows[passage]
        return vector


def _rows_in(content: NDArray[np.uint8]) -> Vectors:
    """(rows, d) the numbers in a flat index of FAISS. CorruptIndex if it is none, or not whole."""
    try:
        kind, dimension, count, *_, numbers = _HEADER.unpack_from(content.data)
        rows: Vectors = content[_HEADER.size :].view("<f4").reshape(count, dimension)
    except (struct.error, ValueError) as error:
        raise CorruptIndex(_UNREADABLE) from error
    if kind != _FLAT or numbers != rows.size:
        raise CorruptIndex(_UNREADABLE)
    return rows


def build_vectors(vectors: Vectors, passage_of: NDArray[np.int64], role_of: NDArray[np.uint8], count: int) -> Arrays:
    """The arrays of `ShardVectors`. Row i of (m, d) `vectors` is of passage_of[i], ascending, and is its role_of[i].

    The bytes are FAISS's own, but never written by it: its writer reports success on a full disk and detects no
    corruption.
    """
    whole, titles, parts = (np.flatnonzero(role_of == role) for role in (_WHOLE, _TITLE, _PART))
    order = np.concatenate([whole, titles, parts])
    first_title, first_part = len(whole), len(whole) + len(titles)
    title_row = np.full(count, -1, np.int32)
    title_row[passage_of[titles]] = np.arange(first_title, first_part)
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(np.ascontiguousarray(vectors[order]))
    content = np.asarray(faiss.serialize_index(index), np.uint8)
    return {
        "vectors.faiss": np.concatenate([np.zeros(_PADDING_BYTES, np.uint8), content]),
        "vectors.passage": passage_of[order].astype(np.uint32),
        "vectors.role": role_of[order],
        "vectors.title_row": title_row,
        "vectors.first_part": (first_part + np.searchsorted(passage_of[parts], np.arange(count + 1))).astype(np.uint32),
        "vectors.chance": np.array([_chance(vectors[whole])], np.float32),
        "vectors.sketches": sketches_of(vectors[whole]),
    }


class Sketches:
    """Sketches of the passages of many shards in one index that is scanned whole: a millisecond for 300,000 of them."""

    def __init__(self, sketches: Sequence[NDArray[np.uint8]], dimension: int) -> None:
        """`sketches[s]` are those of shard s; rows are numbered through."""
        codes = np.concatenate(sketches)
        plain = _sketcher(dimension)
        faiss.copy_array_to_vector(codes.ravel(), plain.codes)
        plain.ntotal = len(codes)
        self._index = faiss.IndexPQFastScan(plain)
        self._count = len(codes)

    def nearest(self, query: Vectors, count: int) -> Places:
        """The rows whose sketches are nearest, best first."""
        return self.scored(query, count)[0]

    def scored(self, query: Vectors, count: int) -> tuple[Places, NDArray[np.float32]]:
        """The same, and how near each is by its sketch."""
        faiss.omp_set_num_threads(1)
        similar, rows = self._index.search(query[None, :], min(count, self._count))
        there = rows[0] >= 0
        return rows[0][there], similar[0][there]


def _sketcher(dimension: int) -> faiss.IndexPQ:
    """An index of sketches, empty. Two numbers are one code of four bits, as FAISS scans them fastest."""
    together = 2 if dimension % 2 == 0 else 1
    index = faiss.IndexPQ(dimension, dimension // together, 4, faiss.METRIC_INNER_PRODUCT)
    if together == 2:
        centres = np.stack([np.tile(_LEVELS, 4), np.repeat(_LEVELS, 4)], axis=1)
    else:
        centres = np.repeat(_LEVELS, 4)[:, None]
    book = np.tile(centres / np.float32(np.sqrt(dimension)), (dimension // together, 1, 1)).astype(np.float32)
    faiss.copy_array_to_vector(book.ravel(), index.pq.centroids)
    index.is_trained = True
    return index


def sketches_of(whole: Vectors) -> NDArray[np.uint8]:
    """(n, bytes) the sketch of each vector."""
    index = _sketcher(whole.shape[1])
    if not len(whole):
        return np.zeros((0, index.sa_code_size()), np.uint8)
    return np.asarray(index.sa_encode(np.ascontiguousarray(whole)), np.uint8)


def _chance(whole: Vectors) -> float:
    """What a similarity of two passages must exceed: their mean, taken at random, above that of the built-in embedder.

    Embedders differ: unrelated texts have a cosine of .1 for one and of .75 for another. The weights of the ranking
    were chosen with the first.
    """
    sample = whole[np.unique(np.linspace(0, len(whole) - 1, _CHANCE_SAMPLE).astype(np.int64))] if len(whole) else whole
    if len(sample) < 2:
        return 0.0
    alike = sample @ sample.T
    mean = (alike.sum() - np.trace(alike)) / (len(sample) * (len(sample) - 1))
    return float(np.clip(mean - _USUAL_CHANCE, 0, _MAX_CHANCE))
