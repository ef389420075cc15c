"""Titles and programmes → completions for a search box."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from index.analysis import fold, is_stop_word
from index.types import IndexedPassage, Kind

_SEPARATORS = re.compile(r"[.;:•\n]|,\s|\s[–—-]\s|[()\[\]«»\"]")
_MAX_CHARS = 60
_MAX_WORDS = 6


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A completion and how many passages carry it."""

    text: str
    count: int


class Suggester:
    """Completions by prefix of any of their words, the frequent ones first."""

    def __init__(self, data: Sequence[Sequence[Any]]) -> None:
        """`data` holds (text, count, course slugs) as `build_suggestions` made it."""
        self._entries = [(Suggestion(str(text), int(count)), frozenset(slugs)) for text, count, slugs in data]
        keys = []
        for number, (suggestion, _) in enumerate(self._entries):
            folded = fold(suggestion.text)
            starts = [0, *(match.end() for match in re.finditer(r"[\s/]+", folded))]
            keys += [(folded[start:], start > 0, number) for start in starts]
        self._keys = sorted(keys)

    def complete(self, prefix: str, limit: int, course: str | None = None) -> list[Suggestion]:
        """At most `limit` completions; those that begin with the prefix come before those that contain it."""
        wanted = " ".join(fold(prefix).split())
        if not wanted:
            return []
        found: dict[int, tuple[bool, int, str]] = {}
        for key, inner, number in self._keys[bisect_left(self._keys, (wanted,)) :]:
            if not key.startswith(wanted):
                break
            suggestion, slugs = self._entries[number]
            if course is None or course in slugs:
                rank = (inner, -suggestion.count, suggestion.text)
                found[number] = min(found.get(number, rank), rank)
        best = sorted(found, key=found.__getitem__)[:limit]
        return [self._entries[number][0] for number in best]


def build_suggestions(passages: Iterable[IndexedPassage]) -> list[tuple[str, int, list[str]]]:
    """(text, count, course slugs) of every title and programme phrase worth offering."""
    counts: Counter[str] = Counter()
    written: dict[str, str] = {}
    slugs: dict[str, set[str]] = {}
    for passage in passages:
        phrases = [passage.title] if passage.title else []
        if passage.kind is Kind.PROGRAMME:
            phrases += _SEPARATORS.split(passage.text)
        for phrase in phrases:
            text = " ".join(phrase.split()).strip(" ,.:;–—-/")
            words = text.split(" ")
            if not 2 < len(text) <= _MAX_CHARS or len(words) > _MAX_WORDS or is_stop_word(words[-1]):
                continue
            key = fold(text)
            counts[key] += 1
            written.setdefault(key, text)
            slugs.setdefault(key, set()).add(passage.course_slug)
    return [(written[key], count, sorted(slugs[key])) for key, count in sorted(counts.items())]
