"""A shard → its head, what a service needs to read queries and to order candidates; a head → a shard without a body.

The body, postings, vectors and texts, is searched where it lies. With heads a service knows by itself how rare each
word is, what is spelled like it and what it is also called: reading a query asks that dozens of times, one after the
other, which over a network would take longer than all the rest of a search.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from index.engine.manifest import ListedShard
from index.engine.shard import Shard
from index.spread.wire import Head

_BODY = ("postings.", "vectors.", "encoder.", "adaptation.", "passages.records")


def head_of(shard: Shard) -> Head:
    """What a service keeps of a shard."""
    return Head(shard.manifest, {name: own for name, own in shard.arrays.items() if not name.startswith(_BODY)})


class _Records(Sequence[str]):
    """Texts of passages that are read one by one from who holds them."""

    def __init__(self, count: int, read: Callable[[int], str]) -> None:
        self._count, self._read = count, read

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: int) -> str:  # type: ignore[override]
        return self._read(number)


def without_body(listed: ListedShard, head: Head, read: Callable[[int], str]) -> Shard:
    """A shard that knows all but its body; `read` reads the text of a passage by its number."""
    # copies: what came over the network lies in memory that others need
    own = {key: np.array(array) for key, array in head.arrays.items()}
    return Shard(listed.name, head.manifest, own, listed.ids, _Records(head.manifest.passages, read))
