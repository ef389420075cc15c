"""Lectures, terms, titles and programmes of a course → completions for a search box."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.engine.container import Arrays, open_texts, pack_texts
from index.engine.glossary import Term, key_of
from index.text.analysis import fold, is_stop_word, words
from index.types import IndexedPassage, Kind, SuggestionKind

_SEPARATORS = re.compile(r"[.;:•\n]|,\s|\s[–—-]\s|[()\[\]«»\"]")
_MAX_CHARS, _MAX_WORDS = 60, 6
_MAX_LECTURE_CHARS, _MAX_LECTURE_WORDS = 90, 14  # lectures are known by their titles, however long
_KINDS = tuple(SuggestionKind)
_PREFIX_CHARS = 16


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A completion, how many passages carry it, and the row of one that does, in which of the searched shards."""

    text: str
    count: int
    kind: SuggestionKind = SuggestionKind.TITLE
    row: int = 0
    shard: int = 0


@dataclass(slots=True)
class _Offered:
    """What is written in several forms, "neural nets" and "neural net", and is one completion."""

    kind: SuggestionKind
    row: int
    count: int = 0
    forms: Counter[str] = field(default_factory=Counter)


class ShardSuggestions:
    """Completions by prefix of any of their words. Views of mapped arrays.

    Key i, in order, is the rest of suggestion `entries[i]` from its first word on, or from an `inner` one.
    """

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._texts = open_texts(arrays, "suggest.texts")
        self._counts: NDArray[np.uint32] = arrays["suggest.counts"]
        self._kinds: NDArray[np.uint8] = arrays["suggest.kinds"]
        self._rows: NDArray[np.uint32] = arrays["suggest.rows"]
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
            suggestion = Suggestion(
                self._texts[number], int(self._counts[number]), _KINDS[self._kinds[number]], int(self._rows[number])
            )
            yield suggestion, bool(self._inner[place])

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
    """The arrays of `ShardSuggestions`: every lecture, term, title and phrase of a programme worth offering, once, in
    the form in which it is written most often. Speech offers nothing of its own: its word pairs are fragments."""
    offered: dict[tuple[str, ...], _Offered] = {}

    def offer(phrase: str, kind: SuggestionKind, row: int, count: int = 1) -> None:
        text = " ".join(phrase.split()).strip(" ,.:;–—-/")
        key = _worth_offering(text, kind) and (key_of(text) or (fold(text),))
        if not key:
            return
        known = offered.setdefault(key, _Offered(kind, row))
        if _KINDS.index(kind) < _KINDS.index(known.kind):
            known.kind, known.row = kind, row
            known.forms.clear()
        if kind is known.kind:
            known.forms[text] += count
        known.count += count

    lectures: set[int] = set()
    for row, passage in enumerate(passages):
        if passage.lecture_id not in lectures:
            lectures.add(passage.lecture_id)
            offer(passage.lecture_title, SuggestionKind.LECTURE, row)
        if passage.title:
            offer(passage.title, SuggestionKind.TITLE, row)
        if passage.kind is Kind.PROGRAMME:
            for phrase in _SEPARATORS.split(passage.text):
                offer(phrase, SuggestionKind.PROGRAMME, row)
    for term in glossary:
        row = term.rows[0] if term.rows else 0
        offer(term.text, SuggestionKind.TERM, row, term.count)
        offer(term.counterpart, SuggestionKind.TERM, row, term.count)
    return _pack([_settled(own) for own in offered.values()])


def _worth_offering(text: str, kind: SuggestionKind) -> bool:
    parts = text.split(" ")
    if kind is SuggestionKind.LECTURE:
        return 2 < len(text) <= _MAX_LECTURE_CHARS and len(parts) <= _MAX_LECTURE_WORDS
    return 2 < len(text) <= _MAX_CHARS and len(parts) <= _MAX_WORDS and not is_stop_word(parts[-1])


def _settled(own: _Offered) -> Suggestion:
    """The completion in its most frequent form, of equal ones the first."""
    text = max(own.forms, key=lambda form: own.forms[form])
    return Suggestion(text, own.count, own.kind, own.row)


def _pack(entries: Iterable[Suggestion]) -> Arrays:
    own = sorted(entries, key=lambda entry: (fold(entry.text), entry.text))
    keys = []
    for number, entry in enumerate(own):
        folded = fold(entry.text)
        starts = [0, *(match.end() for match in re.finditer(r"[\s/]+", folded))]
        keys += [(folded[start:], start > 0, number) for start in starts]
    keys.sort()
    known = sorted({word for entry in own for word in words(fold(entry.text))})
    return {
        **pack_texts("suggest.texts", [entry.text for entry in own]),
        "suggest.counts": np.array([entry.count for entry in own], np.uint32),
        "suggest.kinds": np.array([_KINDS.index(entry.kind) for entry in own], np.uint8),
        "suggest.rows": np.array([entry.row for entry in own], np.uint32),
        **pack_texts("suggest.keys", [key for key, _, _ in keys]),
        "suggest.entries": np.array([number for _, _, number in keys], np.uint32),
        "suggest.inner": np.array([inner for _, inner, _ in keys], np.bool_),
        **pack_texts("suggest.words", known),
        "suggest.letters": _letters(known),
    }


def _letters(words: Sequence[str]) -> NDArray[np.uint32]:
    """(words, 17) the first letters as numbers, 0 after a word's end."""
    table = np.zeros((len(words), _PREFIX_CHARS + 1), np.uint32)
    for row, word in enumerate(words):
        codes = [ord(letter) for letter in word[: _PREFIX_CHARS + 1]]
        table[row, : len(codes)] = codes
    return table
