"""The lectures, decks and videos of a course: the numbers by which its shard names them ↔ their ids in one database.

A shard is the same wherever and whenever its course was taken up, so it cannot hold ids that a database gave. It counts
them from 0 in the order in which its passages name them; what the numbers mean here stands in the generation that lists
the shard, so that searching needs no database.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_RUN = re.compile(r"([0-9]{1,19})(?:-([0-9]{1,19}))?")
_LONGEST_RUN = 1 << 20  # a damaged manifest must not fill the memory


@dataclass(frozen=True, slots=True)
class RowIds:
    """Lecture, deck and video i of a shard have the ids `lectures[i]`, `decks[i]` and `videos[i]`."""

    lectures: tuple[int, ...] = ()
    decks: tuple[int, ...] = ()
    videos: tuple[int, ...] = ()

    @property
    def counts(self) -> tuple[int, int, int]:
        """How many there are of each."""
        return len(self.lectures), len(self.decks), len(self.videos)


def dump_ids(ids: Sequence[int]) -> str:
    """Ids as text: `7-9 4` for 7, 8, 9, 4. What was taken up at once lies side by side, so that this is short."""
    runs: list[list[int]] = []
    for own in ids:
        if runs and own == runs[-1][1] + 1:
            runs[-1][1] = own
        else:
            runs.append([own, own])
    return " ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def load_ids(text: str) -> tuple[int, ...]:
    """What `dump_ids` wrote; ValueError for anything else."""
    ids: list[int] = []
    for part in text.split():
        run = _RUN.fullmatch(part)
        if run is None:
            raise ValueError(f"{part!r:.40} is no run of ids")
        first = int(run[1])
        last = int(run[2] or first)
        if not 0 <= last - first < _LONGEST_RUN:
            raise ValueError(f"{part!r:.40} is no run of ids")
        ids.extend(range(first, last + 1))
    return tuple(ids)
