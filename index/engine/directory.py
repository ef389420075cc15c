"""The sorted keys of many shards → one sorted list: which shards hold a key, and where in each."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.text.hashing import Hashes, as_sequence


class Directory:
    """Entries by ascending hash: entry i is key `places[i]` of shard `shards[i]`. Of one shard it is that shard's own
    keys; of several a merged copy, some 14 bytes a key and shard."""

    def __init__(self, hashes: Hashes, shards: NDArray[np.unsignedinteger[Any]], places: NDArray[np.uint32]) -> None:
        self.shards = shards
        self.places = places
        self._own = hashes
        self._hashes = as_sequence(hashes)

    @classmethod
    def of(cls, keys: Sequence[Hashes]) -> Directory:
        """`keys[s]` are the hashes of shard s in ascending order; a hash may stand there more than once."""
        # two bytes for each key and shard as long as they can number all shards; beyond, they would begin at 0 again
        number = np.dtype(np.uint16 if len(keys) <= 1 << 16 else np.uint32)
        if len(keys) == 1:
            own = keys[0]
            return cls(own, np.zeros(len(own), number), np.arange(len(own), dtype=np.uint32))
        hashes = np.concatenate([*keys, np.zeros(0, np.uint64)])
        # a stable sort keeps the shards of one key in their order, and is quick on lists that are sorted already
        order = np.argsort(hashes, kind="stable")
        counts = [len(own) for own in keys]
        places = [np.arange(count, dtype=np.uint32) for count in counts]
        return cls(
            hashes[order],
            np.repeat(np.arange(len(keys), dtype=number), counts)[order],
            np.concatenate([*places, np.zeros(0, np.uint32)])[order],
        )

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], name: str) -> Directory:
        """What `arrays` gave."""
        return cls(arrays[f"{name}.hashes"], arrays[f"{name}.shards"], arrays[f"{name}.places"])

    def arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """Its entries as named arrays."""
        return {f"{name}.hashes": self._own, f"{name}.shards": self.shards, f"{name}.places": self.places}

    def find(self, key: int) -> slice:
        """The entries of a key; empty if no shard holds it."""
        first = bisect_left(self._hashes, key)
        if first == len(self._hashes) or self._hashes[first] != key:
            return slice(first, first)
        return slice(first, bisect_right(self._hashes, key, first))

    def aligned(self, columns: Sequence[NDArray[Any]], kind: type[np.generic]) -> NDArray[Any]:
        """Values by shard and key as values by entry."""
        if len(columns) == 1:
            return columns[0]
        joined = np.concatenate([*columns, np.zeros(0, kind)])
        starts = np.cumsum([0, *map(len, columns)])
        found: NDArray[Any] = joined[starts[self.shards] + self.places].astype(kind, copy=False)
        return found
