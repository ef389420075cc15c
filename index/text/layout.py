"""Text → the same keys in the other keyboard layout, Russian or English."""

from __future__ import annotations

import re

from index.text.analysis import is_name
from index.text.language import ORDINARY_ZIPF, zipf

_CYRILLIC = re.compile(r"[а-яё]")
_RUSSIAN_KEYS = "йцукенгшщзхъфывапролджэячсмитьбю.ё"
_ENGLISH_KEYS = "qwertyuiop[]asdfghjkl;'zxcvbnm,./`"
_TO_ENGLISH_KEYS = str.maketrans(_RUSSIAN_KEYS, _ENGLISH_KEYS)
_TO_RUSSIAN_KEYS = str.maketrans(_ENGLISH_KEYS, _RUSSIAN_KEYS)


def other_layout(text: str) -> str:
    """The text as the same keys give it in the other keyboard layout."""
    lowered = text.lower()
    return lowered.translate(_TO_ENGLISH_KEYS if is_cyrillic(lowered) else _TO_RUSSIAN_KEYS)


def is_cyrillic(word: str) -> bool:
    """Whether a folded text has a Cyrillic letter."""
    return not word.isascii() and _CYRILLIC.search(word) is not None


_LEAST_MEANT = 0.5  # of the words of a text, to be sure that it was typed in the other layout
_LEAST_LETTERS = 4  # of one of these words: "fcn" is "аст" by chance


def in_meant_layout(text: str) -> str:
    """A text with the words as they were meant that were typed in the other layout, where at least half of all are
    words of every day there alone: "xnj nfrjt dropout?" asks "что такое dropout?". Other words stay as they are."""
    tokens = text.split()
    meant = [_meant(token) for token in tokens]
    found = [token for token, other in zip(tokens, meant, strict=True) if other]
    if len(found) < _LEAST_MEANT * len(tokens) or not any(len(token) >= _LEAST_LETTERS for token in found):
        return text
    return " ".join(other or token for token, other in zip(tokens, meant, strict=True))


def _meant(token: str) -> str:
    """A word as it is in the other layout, with the signs behind it, if it is a word of every day there alone; else
    nothing. The sign of a full stop may be a letter."""
    if is_name(token) or _is_ordinary(token):
        return ""
    for end in ("?!", "?!.,;:"):
        bare = token.rstrip(end)
        other = other_layout(bare)
        if _is_ordinary(other):
            return other + token[len(bare) :]
    return ""


def _is_ordinary(token: str) -> bool:
    word = token.lower().strip("?!.,;:").replace("ё", "е")
    return len(word) > 1 and word.isalpha() and zipf(word, "ru" if is_cyrillic(word) else "en") >= ORDINARY_ZIPF
