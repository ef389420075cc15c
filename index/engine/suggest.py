"""Titles, programmes and terms of a course → completions for a search box."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.engine.container import Arrays, open_texts, pack_texts
from index.engine.glossary import Term
from index.text.analysis import fold, is_stop_word, words
from index.types import IndexedPassage, Kind

_SEPARATORS = re.compile(r"[.;:•\n]|,\s|\s[–—-]\s|[()\[\]«»\"]")
_MAX_CHARS = 60
_MAX_WORDS = 6
_MIN_PHRASE_COUNT = 3  # passages that must hold two or three words in a row to make them a frequent phrase
_PREFIX_CHARS = 16


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A completion and how many passages carry it."""

    text: str
    count: int


class ShardSuggestions:
    """Completions by prefix of any of their words. Views of mapped arrays.

    Key i, in order, is the rest of suggestion `entries[i]` from its first word on, or from an `inner` one.
    """

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._texts = open_texts(arrays, "suggest.texts")
        self._counts: NDArray[np.uint32] = arrays["suggest.counts"]
        self._keys = open_texts(arrays, "suggest.keys")
        self._entries: NDArray[np.uint32] = arrays["suggest.entries"]
        self._inner: NDArray[np.bool_] = arrays["suggest.inner"]
        self._words = open_texts(arrays, "suggest.words")
        self._letters: NDArray[np.uint32] = arrays["suggest.letters"]

    def starting_with(self, prefix: str) -> Iterator[tuple[Suggestion, bool]]:
        """(suggestion, whether the prefix begins an inner word of it) of all that have a word that begins so."""
        for place in range(bisect_left(self._keys, prefix), len(self._keys)):
            if not self._keys[place].startswith(prefix):
                return
            number = int(self._entries[place])
            yield Suggestion(self._texts[number], int(self._counts[number])), bool(self._inner[place])

    def near(self, typed: str, *, whole: bool) -> list[str]:
        """Beginnings of known words one slip away from the typed letters (whole words, if asked), the nearest first."""
        letters = np.array([ord(letter) for letter in typed[:_PREFIX_CHARS]], np.uint32)
        size = len(letters)
        same = self._letters[:, :size] == letters
        first = np.where(same.all(axis=1), size, same.argmin(axis=1))
        found: dict[str, int] = {}
        # one slip at place p: the rest must agree after a wrong, a missing, an extra or a swapped letter
        for place in range(1, size):
            rows = np.flatnonzero(first == place)
            if not len(rows):
                continue
            block, rest = self._letters[rows], letters[place + 1 :]
            wrong = (block[:, place + 1 : size] == rest).all(axis=1)
            missing = (block[:, place + 1 : size + 1] == letters[place:]).all(axis=1)
            extra = (block[:, place : size - 1] == rest).all(axis=1)
            swapped = np.zeros(len(rows), np.bool_)
            if place + 1 < size:
                swapped = (block[:, place] == letters[place + 1]) & (block[:, place + 1] == letters[place])
                swapped &= (block[:, place + 2 : size] == letters[place + 2 :]).all(axis=1)
            for kind, mask, length in (
                (0, swapped, size),
                (1, missing, size + 1),
                (2, wrong, size),
                (3, extra, size - 1),
            ):
                for row in rows[mask]:
                    word = self._words[int(row)]
                    if not whole or len(word) == length:
                        beginning = word if whole else word[:length]
                        found[beginning] = min(found.get(beginning, 9), kind)
        return sorted(found, key=lambda beginning: (found[beginning], beginning))[:4]


def build_suggestions(passages: Sequence[IndexedPassage], glossary: Iterable[Term]) -> Arrays:
    """The arrays of `ShardSuggestions`: every title, programme phrase, term and frequent phrase worth offering."""
    counts: Counter[str] = Counter()
    written: dict[str, str] = {}

    def offer(phrase: str, count: int = 1) -> None:
        text = " ".join(phrase.split()).strip(" ,.:;–—-/")
        parts = text.split(" ")
        if not 2 < len(text) <= _MAX_CHARS or len(parts) > _MAX_WORDS or is_stop_word(parts[-1]):
            return
        key = fold(text)
        counts[key] += count
        written.setdefault(key, text)

    for passage in passages:
        if passage.title:
            offer(passage.title)
        if passage.kind is Kind.PROGRAMME:
            for phrase in _SEPARATORS.split(passage.text):
                offer(phrase)
    for term in glossary:
        offer(term.text, term.count)
        offer(term.counterpart, term.count)
    for phrase, count in _frequent_phrases(passages).items():
        if fold(phrase) not in counts:
            offer(phrase, count)
    return _pack([(written[key], counts[key]) for key in sorted(counts)])


def _pack(entries: Sequence[tuple[str, int]]) -> Arrays:
    keys = []
    for number, (text, _) in enumerate(entries):
        folded = fold(text)
        starts = [0, *(match.end() for match in re.finditer(r"[\s/]+", folded))]
        keys += [(folded[start:], start > 0, number) for start in starts]
    keys.sort()
    known = sorted({word for text, _ in entries for word in words(fold(text))})
    return {
        **pack_texts("suggest.texts", [text for text, _ in entries]),
        "suggest.counts": np.array([count for _, count in entries], np.uint32),
        **pack_texts("suggest.keys", [key for key, _, _ in keys]),
        "suggest.entries": np.array([number for _, _, number in keys], np.uint32),
        "suggest.inner": np.array([inner for _, inner, _ in keys], np.bool_),
        **pack_texts("suggest.words", known),
        "suggest.letters": _letters(known),
    }


def _frequent_phrases(passages: Iterable[IndexedPassage]) -> dict[str, int]:
    """Two words in a row with the number of passages that hold them: only of words that say something."""
    counts: Counter[str] = Counter()
    written: dict[str, str] = {}
    for passage in passages:
        seen: set[str] = set()
        for line in _SEPARATORS.split(passage.text):
            found = words(line)
            for first, second in pairwise(found):
                if f"{first} {second}" in line and _says_something(first) and _says_something(second):
                    seen.add(f"{_folded(first)} {_folded(second)}")
                    written.setdefault(f"{_folded(first)} {_folded(second)}", f"{first} {second}")
        counts.update(seen)
    return {written[key]: count for key, count in counts.items() if count >= _MIN_PHRASE_COUNT}


@lru_cache(maxsize=50_000)
def _folded(word: str) -> str:
    return fold(word)


@lru_cache(maxsize=50_000)
def _says_something(word: str) -> bool:
    return len(word) > 2 and word.replace("-", "").isalpha() and not is_stop_word(word)


def _letters(words: Sequence[str]) -> NDArray[np.uint32]:
    """(words, 17) the first letters as numbers, 0 after a word's end."""
    table = np.zeros((len(words), _PREFIX_CHARS + 1), np.uint32)
    for row, word in enumerate(words):
        codes = [ord(letter) for letter in word[: _PREFIX_CHARS + 1]]
        table[row, : len(codes)] = codes
    return table
