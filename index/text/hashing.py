"""Text → a 64-bit number: how shards look words up in sorted arrays, without a table of strings in memory.

Among ten million distinct texts two share a number with a chance of one in 370,000 (birthday bound), and then one more
passage is found than should be.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]


@lru_cache(maxsize=100_000)
def hash_text(text: str) -> int:
    """The number of a text, the same on every machine."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")


def hash_texts(texts: Iterable[str]) -> Hashes:
    """(n,) the numbers of texts, in their order."""
    digests = b"".join(blake2b(text.encode(), digest_size=8).digest() for text in texts)
    return np.frombuffer(digests, "<u8")


def as_sequence(hashes: Hashes) -> Sequence[int]:
    """The same numbers for `bisect`, which is quicker on them for one key than NumPy's own search."""
    numbers: Sequence[int] = memoryview(np.ascontiguousarray(hashes).data).cast("B").cast("Q") if len(hashes) else ()
    return numbers
