"""Titles, programmes and terms → completions for a search box, forgiving a slip or the wrong keyboard layout."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.engine.glossary import Term
from index.search.rewrite import other_layout
from index.text.analysis import fold, is_stop_word, words
from index.types import IndexedPassage, Kind

_SEPARATORS = re.compile(r"[.;:•\n]|,\s|\s[–—-]\s|[()\[\]«»\"]")
_MAX_CHARS = 60
_MAX_WORDS = 6
_MIN_PHRASE_COUNT = 3  # passages that must hold two or three words in a row to make them a frequent phrase
_MIN_TYPED = 4  # letters of a word that may hold a slip
_PREFIX_CHARS = 16


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A completion and how many passages carry it."""

    text: str
    count: int


class Suggester:
    """Completions by prefix of any of their words, the frequent ones first. Immutable: safe to share by threads."""

    def __init__(self, data: Sequence[Sequence[Any]]) -> None:
        """`data` holds (text, count, course slugs) as `build_suggestions` made it."""
        self._entries = [(Suggestion(str(text), int(count)), frozenset(slugs)) for text, count, slugs in data]
        keys = []
        for number, (suggestion, _) in enumerate(self._entries):
            folded = fold(suggestion.text)
            starts = [0, *(match.end() for match in re.finditer(r"[\s/]+", folded))]
            keys += [(folded[start:], start > 0, number) for start in starts]
        self._keys = sorted(keys)
        self._words = sorted({word for suggestion, _ in self._entries for word in words(fold(suggestion.text))})
        self._letters = _letters(self._words)

    def complete(self, prefix: str, limit: int, courses: frozenset[str] | None = None) -> list[Suggestion]:
        """At most `limit` completions: first those that begin with the prefix, then those that hold it, then those of
        what it may be a slip of, or of what it is in the other keyboard layout."""
        wanted = " ".join(fold(prefix).split())
        found: dict[int, None] = {}
        for number, reading in enumerate(self._readings(wanted)):
            if number and len(found) >= limit:
                break
            found.update(dict.fromkeys(self._starting_with(reading, limit, courses)))
        return [self._entries[number][0] for number in list(found)[:limit]]

    def _readings(self, wanted: str) -> Iterator[str]:
        """What was typed, and what else it may be, only as far as it is asked for."""
        if not wanted:
            return
        yield wanted
        layout = " ".join(fold(other_layout(wanted)).split())
        yield layout
        for typed in (wanted, layout):
            yield from self._corrected(typed)

    def _starting_with(self, wanted: str, limit: int, courses: frozenset[str] | None) -> list[int]:
        found: dict[int, tuple[bool, int, str]] = {}
        start = bisect_left(self._keys, (wanted,)) if wanted else len(self._keys)
        for key, inner, number in self._keys[start:]:
            if not key.startswith(wanted):
                break
            suggestion, slugs = self._entries[number]
            if courses is None or not courses.isdisjoint(slugs):
                rank = (inner, -suggestion.count, suggestion.text)
                found[number] = min(found.get(number, rank), rank)
        return sorted(found, key=found.__getitem__)[:limit]

    def _corrected(self, typed: str) -> Iterator[str]:
        """The text with one word put right: the last as the beginning of a word, the others as whole ones."""
        parts = typed.split(" ")
        for position in range(len(parts) - 1, max(-1, len(parts) - 4), -1):
            part = parts[position]
            if len(part) < _MIN_TYPED:
                continue
            last = position == len(parts) - 1
            for better in self._near(part, whole=not last):
                yield " ".join([*parts[:position], better, *parts[position + 1 :]])

    def _near(self, typed: str, *, whole: bool) -> list[str]:
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


def build_suggestions(passages: Sequence[IndexedPassage], glossary: Iterable[Term]) -> list[tuple[str, int, list[str]]]:
    """(text, count, course slugs) of every title, programme phrase, term and frequent phrase worth offering."""
    counts: Counter[str] = Counter()
    written: dict[str, str] = {}
    slugs: dict[str, set[str]] = {}

    def offer(phrase: str, slug: str, count: int = 1) -> None:
        text = " ".join(phrase.split()).strip(" ,.:;–—-/")
        parts = text.split(" ")
        if not 2 < len(text) <= _MAX_CHARS or len(parts) > _MAX_WORDS or is_stop_word(parts[-1]):
            return
        key = fold(text)
        counts[key] += count
        written.setdefault(key, text)
        slugs.setdefault(key, set()).add(slug)

    for passage in passages:
        if passage.title:
            offer(passage.title, passage.course_slug)
        if passage.kind is Kind.PROGRAMME:
            for phrase in _SEPARATORS.split(passage.text):
                offer(phrase, passage.course_slug)
    for term in glossary:
        offer(term.text, term.course, term.count)
        offer(term.counterpart, term.course, term.count)
    for (slug, phrase), count in _frequent_phrases(passages).items():
        if fold(phrase) not in counts:
            offer(phrase, slug, count)
    return [(written[key], count, sorted(slugs[key])) for key, count in sorted(counts.items())]


def _frequent_phrases(passages: Iterable[IndexedPassage]) -> dict[tuple[str, str], int]:
    """Two words in a row, by course, with the number of passages that hold them: only of words that say something."""
    counts: Counter[tuple[str, str]] = Counter()
    written: dict[tuple[str, str], str] = {}
    for passage in passages:
        seen: set[str] = set()
        for line in _SEPARATORS.split(passage.text):
            found = words(line)
            for first, second in pairwise(found):
                if f"{first} {second}" in line and _says_something(first) and _says_something(second):
                    seen.add(fold(f"{first} {second}"))
                    written.setdefault((passage.course_slug, fold(f"{first} {second}")), f"{first} {second}")
        counts.update((passage.course_slug, key) for key in seen)
    return {(slug, written[slug, key]): count for (slug, key), count in counts.items() if count >= _MIN_PHRASE_COUNT}


def _says_something(word: str) -> bool:
    return len(word) > 2 and word.replace("-", "").isalpha() and not is_stop_word(word)


def _letters(words: Sequence[str]) -> NDArray[np.uint32]:
    """(words, 17) the first letters as numbers, 0 after a word's end."""
    table = np.zeros((len(words), _PREFIX_CHARS + 1), np.uint32)
    for row, word in enumerate(words):
        codes = [ord(letter) for letter in word[: _PREFIX_CHARS + 1]]
        table[row, : len(codes)] = codes
    return table
