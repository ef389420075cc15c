"""A word → the set of its letters as bits, by which most words are seen to be unlike another without comparing them,
and its letters as bytes, which are compared where it may be like one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_ASCII, _CYRILLIC = 0x80, 0x400  # how many letters ASCII has; where those of Unicode's Cyrillic begin
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


def coded(word: str) -> bytes:
    """One byte a letter: ASCII as it is, Cyrillic letters from 128 on; of others every 31st are taken for one."""
    if word.isascii():
        return word.encode()
    return bytes(_code(ord(letter)) for letter in word)


def _code(letter: int) -> int:
    if letter < _ASCII:
        return letter
    return _ASCII + letter - _CYRILLIC if _CYRILLIC <= letter < _CYRILLIC + _ASCII else 1 + letter % 31


def lengths_of(words: Sequence[str]) -> NDArray[np.uint8]:
    """(n,) how many letters words have, 255 at most."""
    return np.array([min(len(word), 255) for word in words], np.uint8)
