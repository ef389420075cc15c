"""Analysed passages of a course → postings with BM25F impacts: an inverted index in sorted arrays.

Fields are weighted before saturation (Robertson, Zaragoza and Taylor 2004, "Simple BM25 extension to multiple weighted
fields"): summing the scores of separate fields ranked far worse on real questions (docs/decisions.md).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.engine.container import Arrays
from index.text.hashing import Hashes, as_sequence, hash_texts

_K1 = 1.2
# What a term's impact stays below, however often it occurs.
SATURATION_LIMIT = _K1 + 1
# What a posting says of its fields, in bits; 0 stands for a term that only surrounds its passage. The title is the
# highest: what is not less has it.
FLAGS = {"title": 2, "body": 1}


@dataclass(frozen=True, slots=True)
class _Field:
    """`b` is how much length counts; `usual` is the length in terms that neither helps nor harms.

    A fixed length instead of a mean: what a passage scores must not hang on which courses lie beside it, and impacts
    can be worked out once. Both are the means of the two development courses together, slides and speech.
    """

    weight: float
    b: float
    usual: float


# Titles are short and all alike in length: little normalisation. Weights: docs/ranking.md.
_FIELDS = {
    "title": _Field(3.0, 0.3, 4.26),
    "body": _Field(1.0, 0.6, 111.0),
    "context": _Field(0.15, 0.0, 1.0),
    # Twice that gains more, and had a question of everyday life explained by a course: docs/questions.md
    "foreseen": _Field(0.2, 0.0, 1.0),
    # As much as a title: who has the very sign comes before who only has its letters, or names where it is met
    "symbols": _Field(3.0, 0.0, 1.0),
}
# Whose terms are said in the text, beside those of `FLAGS`.
_SAID = ("symbols",)


class FieldTerms(NamedTuple):
    """The analysed fields of one passage: its title, its text, what stands around it (lecture, section), what a
    language model wrote about it, and what title and text have that is typed with symbols."""

    title: Sequence[str]
    body: Sequence[str]
    context: Sequence[str]
    foreseen: Sequence[str] = ()
    symbols: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """The postings of a term within a scope: ascending rows, what each says, and in which fields."""

    rows: NDArray[np.int64]
    impacts: NDArray[np.float32]
    fields: NDArray[np.uint8]

    @property
    def size(self) -> int:
        """Bytes that they take in memory."""
        return self.rows.nbytes + self.impacts.nbytes + self.fields.nbytes


NOTHING = Held(np.zeros(0, np.int64), np.zeros(0, np.float32), np.zeros(0, np.uint8))


class Postings:
    """Which passages of a shard hold a term, how much that says, and in which field. Views of mapped arrays.

    Term t is `hashes[t]`, ascending; its postings are `offsets[t]` to `offsets[t + 1]`, by ascending passage. `said[t]`
    counts those in whose title or body it stands: a term's rarity is counted there, where it is said itself.
    """

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self.hashes: Hashes = arrays["terms.hashes"]
        self.offsets: NDArray[np.uint32] = arrays["terms.offsets"]
        self.said: NDArray[np.uint32] = arrays["terms.said"]
        # without them the lists are elsewhere (`index/spread`), and nobody looks for them here
        if "postings.passages" in arrays:
            self.passages: NDArray[np.uint32] = arrays["postings.passages"]
            self.impacts: NDArray[np.float32] = arrays["postings.impacts"]
            self.fields: NDArray[np.uint8] = arrays["postings.fields"]
        self.title_terms: NDArray[np.uint16] = arrays["passages.title_terms"]
        self._sorted = as_sequence(self.hashes)

    def number_of(self, term_hash: int) -> int | None:
        """The number of a term, if the shard holds it."""
        number = bisect_left(self._sorted, term_hash)
        return number if number < len(self._sorted) and self._sorted[number] == term_hash else None

    def count(self, term_hash: int) -> tuple[int, int]:
        """(passages that hold a term, passages that say it in title or body)."""
        number = self.number_of(term_hash)
        if number is None:
            return 0, 0
        return int(self.offsets[number + 1]) - int(self.offsets[number]), int(self.said[number])

    def held(self, term_hash: int, first_row: np.int64) -> Held:
        """The postings of a term, as rows of a generation in which the shard begins at `first_row`."""
        number = self.number_of(term_hash)
        if number is None:
            return NOTHING
        own = self.slice_of(number)
        return Held(self.passages[own] + first_row, self.impacts[own], self.fields[own])

    def slice_of(self, number: int) -> slice:
        """Where the postings of a term lie."""
        return slice(int(self.offsets[number]), int(self.offsets[number + 1]))

    def holds(self, passage: int, term_hash: int) -> bool:
        """Whether a passage holds a term in any field."""
        number = self.number_of(term_hash)
        if number is None:
            return False
        own = self.passages[self.slice_of(number)]
        place = int(np.searchsorted(own, passage))
        return place < len(own) and int(own[place]) == passage


def build_postings(documents: Iterable[FieldTerms]) -> Arrays:
    """The arrays of `Postings` over passages in their order."""
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
    hashes = hash_texts(numbers)
    order = np.argsort(hashes)
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    keys, weights, own = _weighted_frequencies(columns, place, count)
    fields = np.zeros(len(keys), np.uint8)
    for name, flag in FLAGS.items():
        fields[np.searchsorted(keys, own[name])] |= flag
    for name in _SAID:
        fields[np.searchsorted(keys, own[name])] |= FLAGS["body"]
    term_of = keys // max(count, 1)
    said = np.bincount(term_of[fields > 0], minlength=len(order))
    return {
        "terms.hashes": hashes[order],
        "terms.offsets": np.concatenate([[0], np.cumsum(np.bincount(term_of, minlength=len(order)))]).astype(np.uint32),
        "terms.said": said.astype(np.uint32),
        "postings.passages": (keys % max(count, 1)).astype(np.uint32),
        "postings.impacts": (weights * (_K1 + 1) / (_K1 + weights)).astype(np.float32),
        "postings.fields": fields,
        "passages.title_terms": np.bincount(own["title"] % max(count, 1), minlength=count).astype(np.uint16),
    }


def _weighted_frequencies(
    columns: Mapping[str, tuple[list[int], list[int]]], place: NDArray[np.int64], count: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], dict[str, NDArray[np.int64]]]:
    """Sorted keys place·count + passage with their weighted frequencies, and the keys of each field."""
    all_keys, all_weights = [], []
    own: dict[str, NDArray[np.int64]] = {}
    for name, field in _FIELDS.items():
        term_numbers, passage_numbers = (np.array(column, np.int64) for column in columns[name])
        lengths = np.bincount(passage_numbers, minlength=count).astype(np.float64)
        norm = 1 - field.b + field.b * lengths / field.usual
        keys, frequencies = np.unique(place[term_numbers] * count + passage_numbers, return_counts=True)
        all_keys.append(keys)
        all_weights.append(field.weight * frequencies / norm[keys % max(count, 1)])
        own[name] = keys.astype(np.int64, copy=False)
    merged, inverse = np.unique(np.concatenate(all_keys), return_inverse=True)
    weights = np.bincount(inverse, weights=np.concatenate(all_weights), minlength=len(merged)).astype(np.float64)
    return merged.astype(np.int64, copy=False), weights, own
