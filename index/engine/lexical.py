"""Terms → BM25F scores over all passages: an inverted index in four arrays.

Fields are weighted before saturation (Robertson, Zaragoza and Taylor 2004, "Simple BM25 extension to multiple weighted
fields"): summing the scores of separate fields ranked far worse on real questions (docs/decisions.md).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.errors import CorruptIndex
from index.types import TYPED, Phrase, Reading, TermMatch, Word

Floats = NDArray[np.float32]

_K1 = 1.2
# What a term's impact stays below, however often it occurs.
SATURATION_LIMIT = _K1 + 1
# Field weights and length normalisations. Titles are short and all alike in length: little normalisation.
# What a posting says of its fields, in bits; 0 stands for a term that only surrounds its passage.
_FLAGS = {"title": 2, "body": 1}
_FIELDS = {"title": (3.0, 0.3), "body": (1.0, 0.6), "context": (0.15, 0.0)}


class FieldTerms(NamedTuple):
    """The analysed fields of one passage: its title, its text, and what stands around it (lecture, section)."""

    title: Sequence[str]
    body: Sequence[str]
    context: Sequence[str]


@dataclass(frozen=True, slots=True)
class LexicalScores:
    """For each passage its BM25F score, and how much of the query's importance it holds (0 to 1).

    `importance` is that of the whole query: no score exceeds it times SATURATION_LIMIT.
    """

    scores: Floats
    matched: Floats
    importance: float


class Scope:
    """What terms weigh among the passages that a search may find: a word is as rare as it is there."""

    def __init__(self, index: LexicalIndex, allowed: NDArray[np.bool_] | None) -> None:
        self.allowed = allowed
        self._index = index
        self.size = index.count if allowed is None else int(np.count_nonzero(allowed))
        self._counts: dict[str, tuple[int, int]] = {}

    def frequency(self, term: str) -> int:
        """How many of the passages hold a term in any field."""
        return self._count(term)[0]

    def idf(self, term: str) -> float:
        """Rarity of a term, counted where it is said itself; one that nothing holds is as rare as can be."""
        said = self._count(term)[1]
        return math.log(1 + (self.size - said + 0.5) / (said + 0.5))

    def importance(self, word: Word) -> float:
        """A word's weight times its rarity; a word that is not there is as rare as what it is read as."""
        typed = [reading for reading in word.readings if reading.reason in TYPED]
        if any(self.knows(reading) for reading in typed) or len(typed) == len(word.readings):
            chosen = typed
        else:
            chosen = [reading for reading in word.readings if reading.reason not in TYPED]
        return word.weight * max(max(self.idf(term) for term, _ in reading.terms) for reading in chosen)

    def phrase_importance(self, phrase: Phrase) -> float:
        """That of its words; where none of them is there, that of what the phrase is read as."""
        if phrase.readings and not any(self.knows(reading) for word in phrase.words for reading in word.readings):
            return max(self._own(reading) for reading in phrase.readings)
        return sum(self.importance(word) for word in phrase.words)

    def _own(self, reading: Reading) -> float:
        return sum(share * self.idf(term) for term, share in reading.terms if share == 1.0)

    def knows(self, reading: Reading) -> bool:
        """Whether any term of a reading is there."""
        return any(self.frequency(term) > 0 for term, _ in reading.terms)

    def values(self, reading: Reading, importance: float) -> list[tuple[str, float]]:
        """What an impact of 1 of each known term adds to a score: the importance, shared by rarity.

        A reading says little more than its own words do: where they are more common than what they stand for, it counts
        by the geometric mean of the two.
        """
        shares = [(term, share * self.idf(term)) for term, share in reading.terms]
        total = sum(share for _, share in shares)
        factor = math.sqrt(importance * min(importance, self._own(reading))) * reading.weight / total if total else 0.0
        return [(term, share * factor) for term, share in shares if self.frequency(term) > 0]

    def _count(self, term: str) -> tuple[int, int]:
        found = self._counts.get(term)
        if found is None:
            passages, own = self._index.postings(term)
            inside = own if self.allowed is None else self.allowed[passages] & own
            anywhere = len(passages) if self.allowed is None else int(np.count_nonzero(self.allowed[passages]))
            found = self._counts[term] = (anywhere, int(np.count_nonzero(inside)))
        return found


class LexicalIndex:
    """Postings of term t are `passages[offsets[t]:offsets[t+1]]` (ascending) with their `impacts`."""

    def __init__(self, terms: Sequence[str], arrays: Mapping[str, NDArray[np.generic]], count: int) -> None:
        self.terms = list(terms)
        self._number = {term: i for i, term in enumerate(self.terms)}
        try:
            self._offsets = arrays["offsets"].astype(np.int64)
            self._passages = arrays["passages"].astype(np.uint32, copy=False)
            self._impacts = arrays["impacts"].astype(np.float32, copy=False)
            self._fields = arrays["fields"].astype(np.uint8, copy=False)
            self._title_terms = arrays["title_terms"].astype(np.uint16, copy=False)
        except KeyError as error:
            raise CorruptIndex(f"The lexical index lacks its array {error}; run `lectures reindex`.") from error
        if len(self._offsets) != len(self.terms) + 1:
            raise CorruptIndex("The lexical index and its vocabulary differ in length; run `lectures reindex`.")
        self.count = count

    def __contains__(self, term: str) -> bool:
        return term in self._number

    def scope(self, allowed: NDArray[np.bool_] | None = None) -> Scope:
        """What is rare among the passages that a search may find (all of them if `allowed` is None)."""
        return Scope(self, allowed)

    def postings(self, term: str) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
        """(passages, whether each says the term itself or only its surroundings do)."""
        number = self._number.get(term)
        if number is None:
            return self._passages[:0], self._fields[:0] > 0
        low, high = int(self._offsets[number]), int(self._offsets[number + 1])
        return self._passages[low:high], self._fields[low:high] > 0

    def title_shares(self, phrases: Sequence[Phrase], rows: NDArray[np.int64]) -> Floats:
        """(rows,) how much of each ascending passage's title the query names, in any reading: 0 to 1."""
        wanted = {term for phrase in phrases for reading in phrase.readings for term, _ in reading.terms}
        wanted |= {term for phrase in phrases for word in phrase.words for r in word.readings for term, _ in r.terms}
        named = np.zeros(self.count, np.uint16)
        for number in {self._number[term] for term in wanted if term in self._number}:
            low, high = self._offsets[number], self._offsets[number + 1]
            named[self._passages[low:high][self._fields[low:high] & _FLAGS["title"] > 0]] += 1
        shares: Floats = (named[rows] / np.maximum(self._title_terms[rows], 1)).astype(np.float32)
        return shares

    def holds(self, passage: int, term: str) -> bool:
        """Whether a passage holds a term in any field."""
        return self._place(passage, term) is not None

    def score(self, phrases: Sequence[Phrase], scope: Scope) -> LexicalScores:
        """Scores of all passages for a read query, higher is better.

        A phrase counts by its best reading in each passage: by what was typed, word by word, or as a whole by what it
        was also read as. A reading is worth `weight` times the importance of what it stands for.
        """
        scores = np.zeros(self.count, np.float32)
        matched = np.zeros(self.count, np.float32)
        total = 0.0
        for phrase in phrases:
            own_scores, own_matched = (scores, matched) if not phrase.readings else self._zeros()
            importance = scope.phrase_importance(phrase)
            for word in phrase.words:
                self._add_word(word, scope, own_scores, own_matched)
            total += importance
            for reading in phrase.readings:
                other_scores, other_matched = self._zeros()
                self._add_reading(reading, importance, scope, other_scores, other_matched)
                np.maximum(own_scores, other_scores, out=own_scores)
                np.maximum(own_matched, other_matched, out=own_matched)
            if phrase.readings:
                scores += own_scores
                matched += own_matched
        if total > 0:
            matched /= np.float32(total)
        return LexicalScores(scores, matched, total)

    def _zeros(self) -> tuple[Floats, Floats]:
        return np.zeros(self.count, np.float32), np.zeros(self.count, np.float32)

    def _add_word(self, word: Word, scope: Scope, scores: Floats, matched: Floats) -> None:
        importance = scope.importance(word)
        readings = [reading for reading in word.readings if scope.knows(reading)]
        if len(readings) == 1:
            self._add_reading(readings[0], importance, scope, scores, matched)
        elif readings:
            best_scores, best_matched = self._zeros()
            for reading in readings:
                own_scores, own_matched = self._zeros()
                self._add_reading(reading, importance, scope, own_scores, own_matched)
                np.maximum(best_scores, own_scores, out=best_scores)
                np.maximum(best_matched, own_matched, out=best_matched)
            scores += best_scores
            matched += best_matched

    def _add_reading(self, reading: Reading, importance: float, scope: Scope, scores: Floats, matched: Floats) -> None:
        for term, value in scope.values(reading, importance):
            low, high = self._offsets[self._number[term]], self._offsets[self._number[term] + 1]
            places, impacts = self._passages[low:high], self._impacts[low:high]
            scores[places] += np.float32(value) * impacts
            matched[places] += np.float32(value) * np.minimum(impacts, 1)

    def explain(self, passage: int, phrases: Sequence[Phrase], scope: Scope) -> list[TermMatch]:
        """What each term adds to a passage's score; the contributions sum to it."""
        found: list[TermMatch] = []
        for phrase in phrases:
            by_words: list[TermMatch] = []
            for word in phrase.words:
                importance = scope.importance(word)
                by_words += max((self._matches(passage, r, importance, scope) for r in word.readings), key=_total)
            importance = scope.phrase_importance(phrase)
            whole = [self._matches(passage, reading, importance, scope) for reading in phrase.readings]
            found += max([by_words, *whole], key=_total)
        return sorted(found, key=lambda match: -match.contribution)

    def _matches(self, passage: int, reading: Reading, importance: float, scope: Scope) -> list[TermMatch]:
        found = []
        for term, value in scope.values(reading, importance):
            place = self._place(passage, term)
            if place is not None:
                contribution = value * float(self._impacts[place])
                fields = tuple(name for name, flag in _FLAGS.items() if self._fields[place] & flag) or ("around",)
                found.append(TermMatch(term, reading.weight, scope.idf(term), contribution, reading.reason, fields))
        return found

    def _place(self, passage: int, term: str) -> int | None:
        """Where the posting of a term in a passage lies, or None if it does not hold it."""
        number = self._number.get(term)
        if number is None:
            return None
        low, high = int(self._offsets[number]), int(self._offsets[number + 1])
        place = low + int(np.searchsorted(self._passages[low:high], passage))
        return place if place < high and self._passages[place] == passage else None


def _total(matches: Iterable[TermMatch]) -> float:
    return sum(match.contribution for match in matches)


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
    fields = np.zeros(len(keys), np.uint8)
    for name, flag in _FLAGS.items():
        fields[np.searchsorted(keys, own[name])] |= flag
    title_keys = own["title"]
    term_of = keys // max(count, 1)
    impacts = (weights * (_K1 + 1) / (_K1 + weights)).astype(np.float32)
    offsets = np.concatenate([[0], np.cumsum(np.bincount(term_of, minlength=len(order)))]).astype(np.int64)
    arrays: dict[str, NDArray[np.generic]] = {
        "offsets": offsets,
        "passages": (keys % max(count, 1)).astype(np.uint32),
        "impacts": impacts,
        # a term's rarity is counted over titles and bodies: what only surrounds a passage is not said by it
        "fields": fields,
        "title_terms": np.bincount(title_keys % max(count, 1), minlength=count).astype(np.uint16),
    }
    return order, arrays, count


def _weighted_frequencies(
    columns: Mapping[str, tuple[list[int], list[int]]], count: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], dict[str, NDArray[np.int64]]]:
    """Sorted keys term·count + passage with their weighted frequencies, and the keys of each field."""
    all_keys, all_weights = [], []
    own: dict[str, NDArray[np.int64]] = {}
    for name, (weight, b) in _FIELDS.items():
        term_numbers, passage_numbers = (np.array(column, np.int64) for column in columns[name])
        lengths = np.bincount(passage_numbers, minlength=count).astype(np.float64)
        filled = lengths[lengths > 0]
        mean = float(filled.mean()) if len(filled) else 1.0
        norm = 1 - b + b * lengths / mean
        keys, frequencies = np.unique(term_numbers * count + passage_numbers, return_counts=True)
        all_keys.append(keys)
        all_weights.append(weight * frequencies / norm[keys % max(count, 1)])
        own[name] = keys.astype(np.int64, copy=False)
    merged, inverse = np.unique(np.concatenate(all_keys), return_inverse=True)
    weights = np.bincount(inverse, weights=np.concatenate(all_weights), minlength=len(merged)).astype(np.float64)
    return merged.astype(np.int64, copy=False), weights, own
