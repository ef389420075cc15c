"""Everyday language as terms: how often a text of everyday life says a word in any of its forms."""

from __future__ import annotations

import math
from collections import defaultdict

from index.remember import MadeOnce
from index.text.analysis import stems
from index.text.language import STEMMERS, word_frequencies

# A word that no list has is said less often than this, in a billion words 10 times.
_UNHEARD = 1e-8


@MadeOnce
def _stems(language: str) -> dict[str, float]:
    """Summed frequencies of the words of each stem."""
    found: defaultdict[str, float] = defaultdict(float)
    frequencies = word_frequencies(language)
    for root, frequency in zip(stems(frequencies, language), frequencies.values(), strict=True):
        found[root] += frequency
    return dict(found)


def everyday_frequency(term: str, languages: tuple[str, ...] = ("en",)) -> float:
    """The share of all words that are forms of a term: of Russian for Cyrillic, else the most of these languages."""
    own = ("ru",) if not term.isascii() and any("а" <= letter <= "я" for letter in term) else languages
    return max((_stems(language).get(term, _UNHEARD) for language in own if language in STEMMERS), default=_UNHEARD)


def everyday_share(term: str, words: float, languages: tuple[str, ...] = ("en",)) -> float:
    """The share of everyday texts of so many words that hold a term."""
    return -math.expm1(-words * everyday_frequency(term, languages))
