"""What an encoder made of a shard's passages ↔ arrays: a vector each, and how much of its text is in Latin letters."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.embed.protocol import Vectors
from index.engine.container import Arrays
from index.errors import CorruptIndex
from index.text.language import latin_share
from index.types import IndexedPassage


class Encoded:
    """Row i of `vectors`, (n, d) unit rows, and of `latin`, (n,) from 0 to 1, are of passage i. Views of mapped
    arrays."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self.vectors: Vectors = arrays["encoder.vectors"]
        self.latin: NDArray[np.float32] = arrays["encoder.latin"]
        if self.vectors.ndim != 2 or self.latin.shape != self.vectors.shape[:1]:
            raise CorruptIndex("What an encoder made of a course cannot be used; run `lectures reindex`.")


def build_encoded(passages: Sequence[IndexedPassage], vectors: Mapping[str, bytes]) -> Arrays:
    """The arrays of `Encoded`; `vectors` holds little-endian float32 by content hash, nothing for what the encoder
    could not read. That stands where all others stand on average: for no question does it stand out."""
    read = {key: np.frombuffer(content, "<f4") for key, content in vectors.items() if content}
    usual = np.mean(list(read.values()), axis=0) if read else np.zeros(1, np.float32)
    rows = [read[own.content_hash] if vectors[own.content_hash] else usual for own in passages]
    return {
        "encoder.vectors": np.stack(rows).astype(np.float32) if rows else np.zeros((0, 1), np.float32),
        "encoder.latin": np.array(
            [latin_share(f"{passage.title}\n{passage.text}") for passage in passages], np.float32
        ),
    }


def name_of_vectors(fingerprint: str, vectors: Mapping[str, bytes]) -> str:
    """By what a shard names the vectors in it: whose they are, and a hash of what is not among them, if anything is:
    that may be read another time."""
    lacking = sorted(key for key, content in vectors.items() if not content)
    return f"{fingerprint}/{hashlib.sha256(' '.join(lacking).encode()).hexdigest()[:16]}" if lacking else fingerprint


def who_encoded(name: str) -> str:
    """The fingerprint in a name of vectors."""
    return name.partition("/")[0]
