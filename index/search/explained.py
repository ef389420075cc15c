"""A passage and a read query → what each term of it adds to the passage's score by words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from index.engine.postings import FLAGS
from index.search.scope import Scope
from index.types import Phrase, Reading, TermMatch


def explain_row(row: int, phrases: Sequence[Phrase], scope: Scope, worth: Mapping[Phrase, float]) -> list[TermMatch]:
    """The matches of the best reading of each phrase, worth so much as a whole; the largest contributions first."""
    found = list[TermMatch]()
    for phrase in phrases:
        by_words: list[TermMatch] = []
        for word in phrase.words:
            importance = scope.importance(word)
            by_words += max((_matches(row, r, importance, scope) for r in word.readings), key=_sum_of)
        whole = [_matches(row, reading, worth[phrase], scope) for reading in phrase.readings]
        found += max([by_words, *whole], key=_sum_of)
    return sorted(found, key=lambda match: -match.contribution)


def _matches(row: int, reading: Reading, importance: float, scope: Scope) -> list[TermMatch]:
    found = []
    for term, value in scope.values(reading, importance):
        held = scope.held(term)
        place = int(np.searchsorted(held.rows, row))
        if place < len(held.rows) and held.rows[place] == row:
            flags = int(held.fields[place])
            fields = tuple(name for name, flag in FLAGS.items() if flags & flag) or ("around",)
            contribution = value * float(held.impacts[place])
            found.append(TermMatch(term, reading.weight, scope.idf(term), contribution, reading.reason, fields))
    return found


def _sum_of(matches: Iterable[TermMatch]) -> float:
    return sum(match.contribution for match in matches)
