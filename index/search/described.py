"""A question that nothing explains by its own words → the names of what it may describe.

"наугад гасить часть нейронов" is what dropout does, and no slide says it in these words. How much a name counts hangs
on how well a description matches, on how far it is ahead of the others, and on how little of the question a passage
holds itself: a question that is explained as it stands is left alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice

from index.engine.dictionary import Dictionary
from index.search.query import QueryReader
from index.text.analysis import STOP_WEIGHT
from index.types import Phrase, Reading

# Chosen on one half of our own questions, confirmed on the other and on the development sets (docs/ranking.md).
_LEAST, _SURE = 0.29, 0.43  # scores of the dictionary: what is below the first is chance, above the second it is meant
_SPREAD = 0.04  # by how much a score must be ahead to count e times as much
_LOOKED_AT, _CONCEPTS = 60, 4
_MIN_TRUST = 0.05
SURELY = 0.8  # trust from which the course is not said to lack what is described
_EXPLAINED, _LOOSE = 0.9, 0.6  # shares of the question that one passage holds: from left alone to not explained
_FEW, _MANY = 2.0, 4.0  # words that say something: a few describe nothing


def read_described(
    query: str, phrases: Sequence[Phrase], held: Callable[[], float], dictionary: Dictionary, reader: QueryReader
) -> Phrase | None:
    """The question as what it may describe; `held` says the most of it that one passage holds. None if it stands."""
    said = sum(word.weight for phrase in phrases for word in phrase.words if word.weight > STOP_WEIGHT)
    doubt = min(1.0, max(0.0, (said - _FEW) / (_MANY - _FEW)))
    if doubt:
        doubt *= min(1.0, max(0.0, (_EXPLAINED - held()) / (_EXPLAINED - _LOOSE)))
    if not doubt:
        return None
    known: list[tuple[float, list[Reading]]] = []
    for described in islice(dictionary.describe(query, _LEAST), _LOOKED_AT):
        if len(known) == _CONCEPTS:
            break
        found = [reading for name in described.concept.names if (reading := reader.name(name))]
        if found:
            # all are shown, and looked for in meaning, by the first name that the course has
            known.append((described.score, [replace(reading, text=found[0].text) for reading in found]))
    if not known:
        return None
    best = known[0][0]
    shares = [math.exp((score - best) / _SPREAD) for score, _ in known]
    sure = doubt * min(1.0, (best - _LEAST) / (_SURE - _LEAST))
    readings: list[Reading] = []
    for (_, found), share in zip(known, shares, strict=True):
        trust = sure * share / sum(shares)
        if trust >= _MIN_TRUST:
            readings += [replace(reading, weight=trust) for reading in found]
    return Phrase((), tuple(readings), query) if readings else None
