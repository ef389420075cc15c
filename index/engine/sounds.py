"""How the words of courses sound, by alphabet and length → those that sound like a given one.

Comparing two codes takes far longer than seeing by their letters that they cannot be alike enough: only what may be is
compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import JaroWinkler

from index.engine.letters import coded, mask_of
from index.engine.slices import Slices

# Jaro–Winkler similarity of two sounds (retrieval research): Jaro's, which counts letters that both have near the same
# place, and for each of the first four letters in common a tenth of what it lacks.
MIN_SOUND = 0.88
_COMMON, _COMMON_SHARE = 4, 0.1
_MAX_LONGER = 3  # letters by which a sound may be longer or shorter
_FEW = 100  # are compared without a second look, which takes as long as to compare so many
_ARRAYS = ("owners", "masks", "starts", "heads")
_MOST = 255  # letters: longer ones lie among those that have as many


@dataclass(frozen=True, slots=True)
class Sounds:
    """How words sound: both codes (`letters.coded`), the word, letters of the coarse code as a mask. Latin words first,
    each alphabet by the length of the coarse code: `starts[256 · alphabet + length]` is the first of so many letters.
    `heads` are the first four letters of coarse codes (`heads_of`)."""

    fine: Slices
    coarse: Slices
    owners: NDArray[np.int64]
    masks: NDArray[np.uint64]
    starts: NDArray[np.int64]
    heads: NDArray[np.uint32]

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Sounds:
        """What `arrays` gave. The codes are copied: of bytes pieces are taken twice as fast."""
        content = arrays["sounds"].tobytes()
        return cls(
            Slices.from_arrays(arrays, "sounds.fine", content),
            Slices.from_arrays(arrays, "sounds.coarse", content),
            *(arrays[f"sounds.{name}"] for name in _ARRAYS),
        )

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of it as named arrays."""
        return {
            "sounds": np.frombuffer(self.fine.content, np.uint8),
            **self.fine.bounds("sounds.fine"),
            **self.coarse.bounds("sounds.coarse"),
            **{f"sounds.{name}": getattr(self, name) for name in _ARRAYS},
        }

    @property
    def size(self) -> int:
        """Bytes of its arrays; the codes themselves may be another's too."""
        arrays = (self.owners, self.masks, self.starts, self.heads)
        return sum(own.nbytes for own in arrays) + self.fine.size + self.coarse.size

    def only(self, chosen: NDArray[np.int64], owners: NDArray[np.int64]) -> Sounds:
        """Some of them by ascending place, with other numbers of their words."""
        return Sounds(
            self.fine.only(chosen),
            self.coarse.only(chosen),
            owners,
            self.masks[chosen],
            np.searchsorted(chosen, self.starts),
            self.heads[chosen],
        )

    def alike(self, code: str, *, cyrillic: bool) -> list[tuple[int, float]]:
        """(place, similarity) of the coarse codes of one alphabet that are like this one."""
        near = self._near(code, cyrillic=cyrillic)
        others = self.coarse.some(near)
        similar = process.cdist([coded(code)], others, scorer=JaroWinkler.similarity, score_cutoff=MIN_SOUND)[0]
        found = np.flatnonzero(similar)
        return list(zip(near[found].tolist(), similar[found].tolist(), strict=True))

    def _near(self, code: str, *, cyrillic: bool) -> NDArray[np.int64]:
        """The ascending places of those that may be like it, by their letters."""
        own, length, begin = mask_of(code.lower()), len(code), 256 * cyrillic
        shortest, longest = max(1, length - _MAX_LONGER), min(length + _MAX_LONGER, _MOST)
        if shortest > longest:
            return np.zeros(0, np.int64)
        first, last = int(self.starts[begin + shortest]), int(self.starts[begin + longest + 1])
        masks = self.masks[first:last]
        near = np.flatnonzero(np.bitwise_count(own ^ masks) <= 2 + length // 5)
        if len(near) > _FEW:
            masks, places = masks[near], first + near
            letters = np.searchsorted(self.starts, places, side="right") - 1 - begin
            alone, beside = np.bitwise_count(own & ~masks), np.bitwise_count(masks & ~own)
            both = np.minimum(length - alone.astype(np.int64), letters - beside)
            common = _common(self.heads[places] ^ _head_of(coded(code)))
            near = near[(both >= _least_both(length, letters, common)) | (letters == _MOST)]
        return first + near


def heads_of(codes: Slices) -> NDArray[np.uint32]:
    """(n,) the first four letters of codes, a byte each."""
    return codes.heads(_COMMON).view("<u4")[:, 0]


def _head_of(code: bytes) -> np.uint32:
    """The same of one code."""
    return np.uint32(int.from_bytes(code[:_COMMON].ljust(_COMMON), "little"))


def _common(differing: NDArray[np.uint32]) -> NDArray[np.int64]:
    """How many of the first letters are in common at most, by the bits in which they differ."""
    common = np.zeros(len(differing), np.int64)
    for letters in range(1, _COMMON + 1):
        common += differing & np.uint32(2 ** (8 * letters) - 1) == 0
    return common


def _least_both(first: int, second: NDArray[np.int64], common: NDArray[np.int64]) -> NDArray[np.float64]:
    """(n,) how many letters two codes of these lengths must have both to be alike, if they share the first ones.

    Jaro's similarity is at most (both / first + both / second + 1) / 3.
    """
    added = _COMMON_SHARE * common
    jaro = (MIN_SOUND - added) / (1 - added)
    least: NDArray[np.float64] = (3 * jaro - 1) / (1 / first + 1 / second) - 1e-6
    return least
