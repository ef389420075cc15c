"""Texts of many shards put together in one piece of memory, as bytes.

A million words as texts of their own would be a million objects, each of which is written to when it is looked at (its
references are counted): processes that part from one could not share them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.engine.container import Texts


@dataclass(frozen=True, slots=True)
class Slices:
    """Slice i is `content[starts[i]:ends[i]]`; as a text it is in UTF-8."""

    content: bytes
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]

    @classmethod
    def of(cls, pieces: Iterable[bytes]) -> Slices:
        """These pieces."""
        pieces = list(pieces)
        bounds = np.cumsum([0, *map(len, pieces)])
        return cls(b"".join(pieces), bounds[:-1], bounds[1:])

    @classmethod
    def gather(cls, texts: Sequence[Texts], chosen: NDArray[np.int64]) -> Slices:
        """Those texts whose numbers are chosen, when texts are counted through one sequence after the other."""
        contents = np.concatenate([*(own.content for own in texts), np.zeros(0, np.uint8)])
        shifts = np.cumsum([0, *(len(own.content) for own in texts)])
        bounds = [own.starts.astype(np.int64) + shift for own, shift in zip(texts, shifts, strict=False)]
        starts = np.concatenate([*(own[:-1] for own in bounds), np.zeros(0, np.int64)])[chosen]
        lengths = np.concatenate([*(np.diff(own) for own in bounds), np.zeros(0, np.int64)])[chosen]
        ends = np.cumsum(lengths)
        places = np.arange(lengths.sum()) + np.repeat(starts - (ends - lengths), lengths)
        return cls(contents[places].tobytes(), ends - lengths, ends)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], name: str, content: bytes) -> Slices:
        """Those whose bounds `bounds` gave, of this content."""
        return cls(content, arrays[f"{name}.starts"], arrays[f"{name}.ends"])

    def bounds(self, name: str) -> dict[str, NDArray[Any]]:
        """Where each begins and ends, as named arrays."""
        return {f"{name}.starts": self.starts, f"{name}.ends": self.ends}

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, number: int) -> str:
        """The slice with this number as a text; IndexError beyond the last."""
        return str(self.piece(number), "utf-8")

    def __iter__(self) -> Iterator[str]:
        return (str(piece, "utf-8") for piece in self.some(np.arange(len(self))))

    @property
    def size(self) -> int:
        """Bytes of its bounds; the content may be another's too."""
        return self.starts.nbytes + self.ends.nbytes

    def some(self, numbers: NDArray[np.int64]) -> list[bytes]:
        """The slices with these numbers."""
        content = self.content
        bounds = zip(self.starts[numbers].tolist(), self.ends[numbers].tolist(), strict=True)
        return [content[start:end] for start, end in bounds]

    def only(self, chosen: NDArray[np.int64]) -> Slices:
        """Some of them, of the same content."""
        return Slices(self.content, self.starts[chosen], self.ends[chosen])

    def holding(self, byte: int) -> NDArray[np.int64]:
        """The ascending numbers of slices, whose starts ascend too, that hold a byte."""
        places = np.flatnonzero(np.frombuffer(self.content, np.uint8) == byte)
        numbers = np.searchsorted(self.starts, places, side="right") - 1
        places, numbers = places[numbers >= 0], numbers[numbers >= 0]
        return np.unique(numbers[places < self.ends[numbers]])

    def heads(self, length: int) -> NDArray[np.uint8]:
        """(n, length) the first bytes of each; spaces where it has no more."""
        places = self.starts[:, None] + np.arange(length)
        content = np.frombuffer(self.content + b" ", np.uint8)
        return content[np.where(places < self.ends[:, None], places, len(self.content))]

    def piece(self, number: int) -> bytes:
        """The slice with this number."""
        return self.content[self.starts[number] : self.ends[number]]
