"""What everyday language knows: how common a word is, which words only join others, what language a text is in.

Frequencies are those of wordfreq (Speer 2022), small lists: 30,000 to 60,000 words a language. Loaded on first use,
some 10 ms a language. The only module that knows wordfreq. Its lists are read here and its code is not imported: that
brings tokenisers of many languages and takes a third of a second, for a dictionary that ten lines read.
"""

from __future__ import annotations

import gzip
import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from heapq import nlargest
from importlib.util import find_spec
from pathlib import Path

from index.errors import LecturesError
from index.remember import MadeOnce

# Languages whose words are told apart, by ISO code, with the name of their Snowball stemmer.
STEMMERS = {
    "ru": "russian",
    "en": "english",
    "fr": "french",
    "de": "german",
    "es": "spanish",
    "pt": "portuguese",
    "it": "italian",
    "nl": "dutch",
}
# What a word must reach on the Zipf scale (log10 of occurrences per billion) to count as everyday language.
ORDINARY_ZIPF = 3.0
_RARE_ZIPF = 5.0  # the least of a word that is used all the time
_FUNCTION_WORDS = 60  # the most frequent words of a language: articles, pronouns, prepositions
_WORD = re.compile(r"[^\W\d_]+")
_DETECT_CHARS = 2_000
_FORM = {"format": "cB", "version": 1}  # of the lists, as they say themselves
# A text of so many words is in the language in which they are so much more common than in English, on the Zipf scale:
# of 130 English section titles and 672 questions none is taken for another, of 150 French and Portuguese ones 2 in 3
# are known.
_TONGUE_WORDS, _TONGUE_MARGIN = 2, 3.0


@MadeOnce
def word_frequencies(language: str) -> dict[str, float]:
    """The words of a language with their shares of all words."""
    frequencies = {word: 10 ** (-number / 100) for number, words in enumerate(_word_list(language)) for word in words}
    if language != "ru":
        return frequencies
    return {word.replace("ё", "е"): value for word, value in frequencies.items()}


def _word_list(language: str) -> list[list[str]]:
    """A list of wordfreq: words by how rare they are, in hundredths of a power of ten ("cBpack")."""
    import msgpack  # noqa: PLC0415  (most commands judge no words)

    spec = find_spec("wordfreq")
    if spec is None or spec.origin is None:
        raise LecturesError("The library wordfreq is not installed; install the application again.")
    packed = gzip.decompress((Path(spec.origin).parent / "data" / f"small_{language}.msgpack.gz").read_bytes())
    header, *lists = msgpack.unpackb(packed)
    if header != _FORM:
        raise LecturesError(f"The lists of the installed wordfreq are of another form ({header}); it must be 3.1.")
    found: list[list[str]] = lists
    return found


@lru_cache(maxsize=16)
def function_words(language: str) -> frozenset[str]:
    """The most frequent words of a language."""
    frequencies = word_frequencies(language)
    words = (word for word in frequencies if word.isalpha())
    return frozenset(nlargest(_FUNCTION_WORDS, words, frequencies.__getitem__))


@lru_cache(maxsize=16)
def telltale_words(language: str) -> frozenset[str]:
    """Function words of a language that are rare in all the others: a text that has them is in it."""
    others = [other for other in STEMMERS if other != language]
    return frozenset(
        word for word in function_words(language) if all(zipf(word, other) < _RARE_ZIPF for other in others)
    )


@lru_cache(maxsize=100_000)
def zipf(word: str, language: str) -> float:
    """How common a folded word is in a language: 0 unknown, 3 once in a million words, 7 the most frequent."""
    frequency = word_frequencies(language).get(word, 0.0)
    return math.log10(frequency) + 9 if frequency > 0 else 0.0


def detect_language(text: str, candidates: Sequence[str]) -> str:
    """Which of these languages a text is in, by its function words; the first where nothing tells them apart."""
    if len(candidates) == 1:
        return candidates[0]
    counts = Counter(word.lower() for word in _WORD.findall(text[:_DETECT_CHARS]))
    votes = {
        language: sum(counts[word] for word in function_words(language) if word in counts) for language in candidates
    }
    return max(candidates, key=lambda language: votes[language])


_EVERYWHERE = frozenset({"vs", "versus"})  # said in every language


def tongue_of(words: Iterable[str]) -> str:
    """The language that some folded Latin words are surely in, if it is not English; empty where that cannot be told.
    Jargon is of no language, and many words are of several: it is the one to which they are most common together."""
    latin = [word for word in words if word.isalpha() and word[0] < "\u0250" and word not in _EVERYWHERE]
    if len(latin) < _TONGUE_WORDS:
        return ""
    common = {language: sum(zipf(word, language) for word in latin) for language in STEMMERS if language != "ru"}
    best = max(common, key=lambda language: common[language])
    # one that it has, beside one that no language has, may be jargon: "kakoune vs vim" is no Portuguese
    sure = not "".join(latin).isascii() or sum(zipf(word, best) > 0 for word in latin) >= _TONGUE_WORDS
    return best if sure and common[best] - common["en"] >= _TONGUE_MARGIN else ""


def latin_share(text: str) -> float:
    """How many of a text's letters are Latin, from 0 to 1; ½ where it has none."""
    letters = "".join(_WORD.findall(text))
    latin = sum("a" <= letter <= "z" for letter in letters.lower())
    return latin / len(letters) if letters else 0.5
