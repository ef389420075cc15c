"""Terms → BM25F scores over all passages: an inverted index in four arrays.

Fields are weighted before saturation (Robertson, Zaragoza and Taylor 2004, "Simple BM25 extension to multiple weighted
fields"): summing the scores of separate fields ranked far worse on real questions (docs/decisions.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.errors import CorruptIndex
from index.types import TermMatch

Floats = NDArray[np.float32]

_K1 = 1.2
# What a term's impact stays below, however often it occurs.
SATURATION_LIMIT = _K1 + 1
# Field weights and length normalisations. Titles are short and all alike in length: little normalisation.
_FIELDS = {"title": (3.0, 0.3), "body": (1.0, 0.6), "context": (0.15, 0.0)}


class FieldTerms(NamedTuple):
    """The analysed fields of one passage: its title, its text, and what stands around it (lecture, section)."""

    title: Sequence[str]
    body: Sequence[str]
    context: Sequence[str]


@dataclass(frozen=True, slots=True)
class LexicalScores:
    """For each passage its BM25F score, and how much of the query's weight it holds (0 to 1)."""

    scores: Floats
    matched: Floats


class LexicalIndex:
    """Postings of term t are `passages[offsets[t]:offsets[t+1]]` (ascending) with their `impacts`."""

    def __init__(self, terms: Sequence[str], arrays: Mapping[str, NDArray[np.generic]], count: int) -> None:
        self.terms = list(terms)
        self._number = {term: i for i, term in enumerate(self.terms)}
        try:
            self._offsets = arrays["offsets"].astype(np.int64)
            self._passages = arrays["passages"]
            self._impacts = arrays["impacts"].astype(np.float32, copy=False)
            self._idf = arrays["idf"].astype(np.float32)
        except KeyError as error:
            raise CorruptIndex(f"The lexical index lacks its array {error}; run `lectures reindex`.") from error
        if len(self._offsets) != len(self.terms) + 1 or len(self._idf) != len(self.terms):
            raise CorruptIndex("The lexical index and its vocabulary differ in length; run `lectures reindex`.")
        self._count = count
        self._unknown_idf = float(np.log(1 + (count + 0.5) / 0.5))

    def __contains__(self, term: str) -> bool:
        return term in self._number

    def idf(self, term: str) -> float:
        """Rarity of a term; a term that nothing holds is as rare as can be."""
        number = self._number.get(term)
        return self._unknown_idf if number is None else float(self._idf[number])

    def frequency(self, term: str) -> int:
        """How many passages hold a term in any field."""
        number = self._number.get(term)
        return 0 if number is None else int(self._offsets[number + 1] - self._offsets[number])

    def score(self, weights: Mapping[str, float]) -> LexicalScores:
        """Scores of all passages for weighted terms, higher is better."""
        scores = np.zeros(self._count, np.float32)
        matched = np.zeros(self._count, np.float32)
        total = 0.0
        for term, weight in weights.items():
            value = weight * self.idf(term)
            total += value
            number = self._number.get(term)
            if number is None:
                continue
            low, high = self._offsets[number], self._offsets[number + 1]
            places = self._passages[low:high]
            impacts = self._impacts[low:high]
            scores[places] += np.float32(value) * impacts
            matched[places] += np.float32(value) * np.minimum(impacts, 1)
        if total > 0:
            matched /= np.float32(total)
        return LexicalScores(scores, matched)

    def explain(self, passage: int, weights: Mapping[str, float]) -> list[TermMatch]:
        """What each term adds to a passage's score; the contributions sum to it."""
        found = []
        for term, weight in weights.items():
            number = self._number.get(term)
            if number is None:
                continue
            low, high = int(self._offsets[number]), int(self._offsets[number + 1])
            place = low + int(np.searchsorted(self._passages[low:high], passage))
            if place < high and self._passages[place] == passage:
                idf = float(self._idf[number])
                found.append(TermMatch(term, weight, idf, weight * idf * float(self._impacts[place])))
        return sorted(found, key=lambda match: -match.contribution)


def build_lexical(documents: Iterable[FieldTerms]) -> tuple[list[str], dict[str, NDArray[np.generic]], int]:
    """(terms, arrays, number of passages) of an index over passages in their order."""
    numbers: dict[str, int] = {}
    columns: dict[str, tuple[list[int], list[int]]] = {name: ([], []) for name in _FIELDS}
    count = 0
    for passage, document in enumerate(documents):
        count = passage + 1
        for name in _FIELDS:
            term_column, passage_column = columns[name]
            field_terms = getattr(document, name)
            term_column.extend(numbers.setdefault(term, len(numbers)) for term in field_terms)
            passage_column.extend([passage] * len(field_terms))
    order = sorted(numbers, key=numbers.__getitem__)
    keys, weights, own = _weighted_frequencies(columns, count)
    term_of = keys // max(count, 1)
    # a term's rarity is counted over titles and bodies: what only surrounds a passage is not said by it
    documents_with = np.bincount(own // max(count, 1), minlength=len(order))
    idf = np.log(1 + (count - documents_with + 0.5) / (documents_with + 0.5)).astype(np.float32)
    impacts = (weights * (_K1 + 1) / (_K1 + weights)).astype(np.float32)
    offsets = np.concatenate([[0], np.cumsum(np.bincount(term_of, minlength=len(order)))]).astype(np.int64)
    arrays: dict[str, NDArray[np.generic]] = {
        "offsets": offsets,
        "passages": (keys % max(count, 1)).astype(np.uint32),
        "impacts": impacts,
        "idf": idf,
    }
    return order, arrays, count


def _weighted_frequencies(
    columns: Mapping[str, tuple[list[int], list[int]]], count: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Sorted keys term·count + passage with their weighted frequencies, and the keys of title and body alone."""
    all_keys, all_weights, own = [], [], []
    for name, (weight, b) in _FIELDS.items():
        term_numbers, passage_numbers = (np.array(column, np.int64) for column in columns[name])
        lengths = np.bincount(passage_numbers, minlength=count).astype(np.float64)
        filled = lengths[lengths > 0]
        mean = float(filled.mean()) if len(filled) else 1.0
        norm = 1 - b + b * lengths / mean
        keys, frequencies = np.unique(term_numbers * count + passage_numbers, return_counts=True)
        all_keys.append(keys)
        all_weights.append(weight * frequencies / norm[keys % max(count, 1)])
        if name != "context":
            own.append(keys)
    merged, inverse = np.unique(np.concatenate(all_keys), return_inverse=True)
    weights = np.bincount(inverse, weights=np.concatenate(all_weights), minlength=len(merged)).astype(np.float64)
    own_keys: NDArray[np.int64] = np.unique(np.concatenate(own)).astype(np.int64, copy=False)
    return merged.astype(np.int64, copy=False), weights, own_keys
