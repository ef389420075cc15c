"""Text → the same keys in the other keyboard layout, Russian or English."""

from __future__ import annotations

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
    return any("а" <= letter <= "я" or letter == "ё" for letter in word)
