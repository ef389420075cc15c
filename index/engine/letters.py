"""A word → the set of its letters as bits, by which most words are seen to be unlike another without comparing them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_BITS = {letter: i for i, letter in enumerate("abcdefghijklmnopqrstuvwxyzабвгдежзийклмнопрстуфхцчшщъыьэюя0123")}


def mask_of(word: str) -> np.uint64:
    """A bit for each letter that a word has; others have none."""
    mask = 0
    for letter in word:
        bit = _BITS.get(letter)
        if bit is not None:
            mask |= 1 << bit
    return np.uint64(mask)


def masks_of(words: Sequence[str]) -> NDArray[np.uint64]:
    """(n,) the masks of words."""
    return np.array([mask_of(word) for word in words], np.uint64)


def lengths_of(words: Sequence[str]) -> NDArray[np.uint8]:
    """(n,) how many letters words have, 255 at most."""
    return np.array([min(len(word), 255) for word in words], np.uint8)
