"""Filters → which passages a search may find, and how rare words are among them."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from index.engine.generation import Generation
from index.engine.passages import KINDS
from index.engine.postings import NOTHING, Held
from index.text.hashing import hash_text
from index.types import TYPED, Filters, Phrase, Reading, Word

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Scope:
    """The passages that one search may find: those of some shards, or some of those.

    A word is as rare as it is here, so that a search over several courses weighs words as one index over all of them
    would. One object a search: it remembers what was looked up.
    """

    def __init__(
        self, generation: Generation, shards: tuple[int, ...], allowed: Mask | None, readable: tuple[int, ...]
    ) -> None:
        """`shards` are numbers in ascending order; `allowed` is a mask over all rows, or None for all of the shards;
        `readable` are the shards that the caller may read."""
        self.generation = generation
        self.readable = readable
        self.shards = shards
        self.allowed = allowed
        self.is_whole = len(shards) == len(generation.shards)
        self.first = int(generation.starts[shards[0]]) if shards else 0
        self.last = int(generation.starts[shards[-1] + 1]) if shards else 0
        self._entries: dict[str, slice] = {}
        self._frequencies: dict[str, tuple[int, int]] = {}
        self._held: dict[str, Held] = {}

    @cached_property
    def mask(self) -> Mask | None:
        """Which of the rows from `first` to `last` may be found; None for all of them."""
        own = None if self.allowed is None else self.allowed[self.first : self.last]
        if self.shards and len(self.shards) <= self.shards[-1] - self.shards[0]:
            counts = np.diff(self.generation.starts[self.shards[0] : self.shards[-1] + 2])
            inside = np.repeat(np.isin(np.arange(self.shards[0], self.shards[-1] + 1), self.shards), counts)
            own = inside if own is None else own & inside
        return own

    @cached_property
    def size(self) -> int:
        """How many passages may be found."""
        return self.last - self.first if self.mask is None else int(np.count_nonzero(self.mask))

    @cached_property
    def _inside(self) -> Mask:
        """Which shards are searched."""
        inside = np.zeros(len(self.generation.shards), np.bool_)
        inside[list(self.shards)] = True
        return inside

    def frequency(self, term: str) -> int:
        """How many of the passages hold a term in any field."""
        return self._counts(term)[0]

    def idf(self, term: str) -> float:
        """Rarity of a term, counted where it is said itself; one that nothing holds is as rare as can be."""
        said = self._counts(term)[1]
        return math.log(1 + (self.size - said + 0.5) / (said + 0.5))

    def knows(self, reading: Reading) -> bool:
        """Whether any term of a reading is there."""
        return any(self.frequency(term) > 0 for term, _ in reading.terms)

    def held(self, term: str) -> Held:
        """The postings of a term among the passages that may be found."""
        known = self._held.get(term)
        if known is None:
            known = self._held[term] = self._gather(term)
        return known

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

    def values(self, reading: Reading, importance: float) -> list[tuple[str, float]]:
        """What an impact of 1 of each known term adds to a score: the importance, shared by rarity.

        A reading says little more than its own words do: where they are more common than what they stand for, it counts
        by the geometric mean of the two.
        """
        shares = [(term, share * self.idf(term)) for term, share in reading.terms]
        total = sum(share for _, share in shares)
        factor = math.sqrt(importance * min(importance, self._own(reading))) * reading.weight / total if total else 0.0
        return [(term, share * factor) for term, share in shares if self.frequency(term) > 0]

    def _own(self, reading: Reading) -> float:
        return sum(share * self.idf(term) for term, share in reading.terms if share == 1.0)

    def _counts(self, term: str) -> tuple[int, int]:
        """(passages that hold it, passages that say it in title or body)."""
        known = self._frequencies.get(term)
        if known is None:
            known = self._frequencies[term] = self._count(term)
        return known

    def _count(self, term: str) -> tuple[int, int]:
        if self.allowed is not None:
            held = self.held(term)
            return len(held.rows), int(np.count_nonzero(held.fields))
        entries = self._find(term)
        anywhere, said = self.generation.held[entries], self.generation.said[entries]
        if not self.is_whole:
            inside = self._inside[self.generation.terms.shards[entries]]
            anywhere, said = anywhere[inside], said[inside]
        return int(anywhere.sum()), int(said.sum())

    def _find(self, term: str) -> slice:
        known = self._entries.get(term)
        if known is None:
            known = self._entries[term] = self.generation.terms.find(hash_text(term))
        return known

    def _gather(self, term: str) -> Held:
        held = self.generation.postings.get(term, self._everywhere) if self.is_whole else self._of_shards(term)
        if self.allowed is None:
            return held
        chosen = self.allowed[held.rows]
        return Held(held.rows[chosen], held.impacts[chosen], held.fields[chosen])

    def _everywhere(self, term: str) -> Held:
        return self._of_shards(term)

    def _of_shards(self, term: str) -> Held:
        """The postings of a term in the shards that are searched, one after the other."""
        entries = self._find(term)
        generation = self.generation
        numbers = generation.terms.shards[entries]
        firsts, counts = generation.first_posting[entries], generation.held[entries]
        if not self.is_whole:
            inside = self._inside[numbers]
            numbers, firsts, counts = numbers[inside], firsts[inside], counts[inside]
        if not len(numbers):
            return NOTHING
        own = [generation.shards[number].postings for number in numbers.tolist()]
        spans = list(zip(own, firsts.tolist(), (firsts + counts).tolist(), strict=True))
        shift = np.repeat(generation.starts[numbers], counts)
        return Held(
            np.concatenate([postings.passages[first:last] for postings, first, last in spans]) + shift,
            np.concatenate([postings.impacts[first:last] for postings, first, last in spans]),
            np.concatenate([postings.fields[first:last] for postings, first, last in spans]),
        )


def make_scope(generation: Generation, filters: Filters) -> Scope:
    """The passages that filters leave; an unknown course leaves none (`SearchIndex.check_course` says so before)."""
    slugs = generation.number_of
    readable = tuple(range(len(generation.shards)))
    if filters.courses is not None:
        readable = tuple(sorted(slugs[slug] for slug in filters.courses if slug in slugs))
    chosen = readable
    if filters.course is not None:
        chosen = tuple(number for number in readable if number == slugs.get(filters.course))
    masks: list[Mask] = []
    if filters.lecture is not None:
        # a lecture is of one course: the others need not be looked at
        rows = generation.lecture_of == filters.lecture
        holding = set(generation.shards_of(np.flatnonzero(rows)[:1]).tolist())
        chosen = tuple(number for number in chosen if number in holding)
        masks.append(rows)
    if filters.kinds is not None:
        masks.append(np.isin(generation.kind_of, [KINDS.index(kind) for kind in filters.kinds]))
    return Scope(generation, chosen, np.logical_and.reduce(masks) if masks else None, readable)
