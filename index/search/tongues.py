"""Which languages the searched passages are in, and whether a word that they lack may be one of them."""

from __future__ import annotations

from index.search.scope import Scope
from index.text.accents import strip_accents
from index.text.analysis import fold
from index.text.language import ORDINARY_ZIPF, STEMMERS, telltale_words, zipf
from index.types import Word

# A language is spoken where so many of its telltale words are in so large a share of the passages.
_SPOKEN_SHARE, _SPOKEN_WORDS = 0.02, 3


def is_in_tongue(word: Word, scope: Scope, tongue: str) -> bool:
    """Whether the searched passages are in a language that an unknown word belongs to: `tongue` if that is the query's
    and the word is not English; jargon belongs to all."""
    folded = fold(word.text)
    if any(letter.isupper() for letter in word.text[1:]):
        return True
    if any("а" <= letter <= "я" for letter in folded):
        languages = ["ru"]
    elif tongue and zipf(folded, "en") < ORDINARY_ZIPF:
        languages = [tongue]
    elif folded != strip_accents(folded):
        languages = [language for language in STEMMERS if language not in {"en", "ru"}]
    else:
        languages = [language for language in STEMMERS if zipf(folded, language) >= ORDINARY_ZIPF]
    return not languages or any(speaks(scope, language) for language in languages)


def speaks(scope: Scope, language: str) -> bool:
    """Whether the searched passages are in a language: of whole courses that is found out once."""
    if scope.allowed is not None:
        return _has_telltale_words(scope, language)
    known = scope.generation.spoken
    return known.get((scope.shards, language), lambda _: _has_telltale_words(scope, language))


def _has_telltale_words(scope: Scope, language: str) -> bool:
    words = telltale_words(language)
    scope.expect(words)
    return sum(scope.frequency(word) >= _SPOKEN_SHARE * scope.size for word in words) >= _SPOKEN_WORDS
