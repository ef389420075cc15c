"""Text → the same keys in the other keyboard layout, Russian or English."""

from __future__ import annotations

from itertools import compress

from index.text.analysis import is_name
from index.text.language import ORDINARY_ZIPF, zipf

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


_LEAST_LETTERS = 5  # in the other layout, to be no chance: "vue" is "мгу"
_LEAST_MEANT = 0.5  # of the words of a text, to be sure that all of it was typed in the other layout


def in_meant_layout(text: str) -> str:
    """A text as it was meant, where at least half of its words are words of every day in the other layout alone: "xnj
    nfrjt dropout?" asks "что такое dropout?". Words that are right as they stand stay."""
    tokens = text.split()
    ordinary = [is_name(token) or _is_ordinary(token) for token in tokens]
    others = [_other_word(token) for token in tokens]
    meant = [not own and _is_ordinary(other) for own, other in zip(ordinary, others, strict=True)]
    if sum(meant) < _LEAST_MEANT * len(tokens) or sum(map(len, compress(tokens, meant))) < _LEAST_LETTERS:
        return text
    # a word that no language has every day is taken with those around it, but for one of both alphabets or with digits
    one_alphabet = {is_cyrillic(token) for token, is_meant in zip(tokens, meant, strict=True) if is_meant}
    chosen = (
        other if sure or (not own and {is_cyrillic(token)} == one_alphabet and _is_readable(other)) else token
        for token, other, own, sure in zip(tokens, others, ordinary, meant, strict=True)
    )
    return " ".join(chosen)


def _other_word(token: str) -> str:
    """A word in the other layout, with the signs behind it as they were typed."""
    bare = token.rstrip("?!.,;:") if is_cyrillic(token) else token.rstrip("?!")
    return other_layout(bare) + token[len(bare) :]


def _is_ordinary(token: str) -> bool:
    word = token.lower().strip("?!.,;:").replace("ё", "е")
    return len(word) > 1 and word.isalpha() and zipf(word, "ru" if is_cyrillic(word) else "en") >= ORDINARY_ZIPF


def _is_readable(word: str) -> bool:
    """Whether a word has vowels, as words have that can be said."""
    return any(letter in "аеиоуыэюяaeiouy" for letter in word)
