"""What an embedder learned of one course: the vectors of the course's own words, as arrays that can be mapped."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.errors import EmbedderError
from index.text.hashing import as_sequence, hash_text, hash_texts

_NAMES = ("hashes", "vectors", "scales", "unseen", "basis")


class Adaptation:
    """Word i has the vector `vectors[i]` · `scales[i]`, int8 with a scale each; words lie by the hash of their stem.

    `unseen_weight` is the weight of words that the course does not hold, `basis` the passages that it was learned from,
    `digest` its identity.
    """

    def __init__(self, arrays: Mapping[str, NDArray[Any]], dimension: int) -> None:
        """EmbedderError if the arrays are of another table."""
        self.arrays = {name: arrays[name] for name in _NAMES}
        self.vectors: NDArray[np.int8] = arrays["vectors"]
        self.scales: NDArray[np.float32] = arrays["scales"]
        self.unseen_weight = float(arrays["unseen"][0])
        self.basis: NDArray[np.uint64] = arrays["basis"]
        if self.vectors.shape != (len(arrays["hashes"]), dimension):
            raise EmbedderError("What was learned of a course belongs to another table; run `lectures reindex`.")
        self._hashes = as_sequence(arrays["hashes"])
        # one word is cut out of bytes in a third of the time that NumPy takes for a row
        self._codes = self.vectors.reshape(-1).view(np.uint8).data
        self._scales = self.scales.data

    @property
    def digest(self) -> str:
        """Equal for two that read every text alike."""
        digest = hashlib.sha256()
        for name in ("hashes", "vectors", "scales", "unseen"):
            digest.update(np.ascontiguousarray(self.arrays[name]).tobytes())
        return digest.hexdigest()[:12]

    def find(self, stem: str) -> int | None:
        """The number of a word, or None if the course does not hold it."""
        key = hash_text(stem)
        place = bisect_left(self._hashes, key)
        return place if place < len(self._hashes) and self._hashes[place] == key else None

    def vector(self, stem: str) -> NDArray[np.float32] | None:
        """(d,) a word's vector, or None if the course does not hold it."""
        place = self.find(stem)
        return None if place is None else self.vectors[place].astype(np.float32) * self.scales[place]


class Held(NamedTuple):
    """The courses that hold a word, by number; (n, d) its codes there; (n,) their scales."""

    numbers: list[int]
    codes: NDArray[np.float32]
    scales: NDArray[np.float32]


def look_up(adaptations: Sequence[Adaptation | None], stems: Iterable[str]) -> list[Held]:
    """What courses hold of each word. One course after the other: what is read of it lies close together."""
    keys = [hash_text(stem) for stem in stems]
    numbers: list[list[int]] = [[] for _ in keys]
    codes: list[list[memoryview]] = [[] for _ in keys]
    scales: list[list[float]] = [[] for _ in keys]
    width = next((own.vectors.shape[1] for own in adaptations if own), 0)
    for number, own in enumerate(adaptations):
        if own is None:
            continue
        # asked hundreds of times a query: a call each would be most of it
        hashes, own_codes, own_scales = own._hashes, own._codes, own._scales
        count = len(hashes)
        for word, key in enumerate(keys):
            place = bisect_left(hashes, key)
            if place < count and hashes[place] == key:
                numbers[word].append(number)
                codes[word].append(own_codes[place * width : (place + 1) * width])
                scales[word].append(own_scales[place])
    cut = [np.frombuffer(b"".join(own), np.int8).astype(np.float32) for own in codes]
    return [
        Held(held, own.reshape(len(held), width), np.array(by, np.float32))
        for held, own, by in zip(numbers, cut, scales, strict=True)
    ]


def make_adaptation(
    basis: NDArray[np.uint64], stems: Sequence[str], vectors: NDArray[np.float32], unseen: float
) -> Adaptation:
    """The adaptation in which stems[i] has vectors[i]."""
    codes, scales = quantise(vectors)
    hashes = hash_texts(stems)
    order = np.argsort(hashes)
    arrays: dict[str, NDArray[Any]] = {
        "hashes": hashes[order],
        "vectors": codes[order],
        "scales": scales[order],
        "unseen": np.array([unseen], np.float32),
        "basis": basis,
    }
    return Adaptation(arrays, vectors.shape[1])


def quantise(vectors: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """(codes, scales): one byte a number, a scale a row; the largest number of a row becomes 127."""
    scales = np.maximum(np.abs(vectors).max(axis=1, initial=0), 1e-9) / 127
    return np.round(vectors / scales[:, None]).astype(np.int8), scales.astype(np.float32)


def basis_of(content_hashes: Iterable[str]) -> NDArray[np.uint64]:
    """What an adaptation was learned from: the passages as sorted 64-bit hashes."""
    return np.array(sorted({int(content_hash[:16], 16) for content_hash in content_hashes}), np.uint64)


def is_near(left: NDArray[np.uint64], right: NDArray[np.uint64], share: float) -> bool:
    """Whether at most this share of all passages is only in one of the two."""
    common = len(np.intersect1d(left, right, assume_unique=True))
    union = len(left) + len(right) - common
    return union - common <= share * union
