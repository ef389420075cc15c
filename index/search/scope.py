"""Filters → which passages a search may find, and how rare words are among them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial, reduce
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from index.engine.generation import Generation
from index.engine.lists import Spans
from index.engine.passages import KINDS
from index.engine.postings import NOTHING, Held
from index.text.hashing import hash_text
from index.types import TYPED, Filters, Phrase, Reading, Word

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]

# Shards in which rows that hold several terms are first looked for, and how many times as many are next: most names
# that a course has are found in its first few, and what nobody says takes no more than one look at all of them.
_FEW_SHARDS, _MORE_SHARDS = 8, 4


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a scope as a whole says, for who searches a part of it: how many passages may be found and among how many
    rows, whether that is everything, and (term, passages that hold it, passages that say it)."""

    size: int
    extent: int
    is_whole: bool
    counts: tuple[tuple[str, int, int], ...]


class Postings(Protocol):
    """Where the postings of the searched shards are read: in this process, or by those who hold the shards."""

    def count(self, scope: Scope, terms: Sequence[str]) -> list[tuple[int, int]]:
        """(passages that hold it, passages that say it) of each term, among those that filters leave."""
        ...

    def holding(self, scope: Scope, terms: Sequence[str], most: int) -> Rows:
        """The first `most` rows that hold all of these terms, ascending."""
        ...


class PostingsHere:
    """The postings of shards that are open in this process."""

    def count(self, scope: Scope, terms: Sequence[str]) -> list[tuple[int, int]]:
        held = [scope.held(term) for term in terms]
        return [(len(own.rows), int(np.count_nonzero(own.fields))) for own in held]

    def holding(self, scope: Scope, terms: Sequence[str], most: int) -> Rows:
        return scope.first_holding(terms, most)


class Scope:
    """The passages that one search may find: those of some shards, or some of those.

    A word is as rare as it is here, so that a search over several courses weighs words as one index over all of them
    would. One object a search: it remembers what was looked up.
    """

    def __init__(
        self,
        generation: Generation,
        shards: tuple[int, ...],
        allowed: Mask | None,
        readable: tuple[int, ...],
        *,
        filters: Filters = Filters(),  # noqa: B008  (frozen)
        postings: Postings | None = None,
        statistics: Statistics | None = None,
    ) -> None:
        """`shards` are numbers in ascending order; `allowed` is a mask over all rows, or None for all of the shards;
        `readable` are the shards that the caller may read, `filters` are where all this comes from. A part of a larger
        scope weighs words by the `statistics` of that, and knows no other words."""
        self.generation = generation
        self.readable = readable
        self.shards = shards
        self.filters = filters
        self.allowed = allowed
        self.is_whole = len(shards) == len(generation.shards)
        self.first = int(generation.starts[shards[0]]) if shards else 0
        self.last = int(generation.starts[shards[-1] + 1]) if shards else 0
        self._entries: dict[str, slice] = {}
        self._postings = postings or PostingsHere()
        self._whole = statistics
        counts = () if statistics is None else statistics.counts
        self._frequencies = {term: (held, said) for term, held, said in counts}
        self._rarities: dict[str, float] = {}
        self._held: dict[str, Held] = {}
        # by identity, which is all that the words of one query are compared by here: their hashes take longer than this
        self._importances: dict[int, tuple[Word, float]] = {}
        # whether terms are said within so many characters, as far as that was asked (`beside`)
        self.in_one_breath: dict[tuple[tuple[str, ...], int], bool] = {}

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
        if self._whole is not None:
            return self._whole.size
        return self.last - self.first if self.mask is None else int(np.count_nonzero(self.mask))

    @property
    def kept_bytes(self) -> int:
        """What it keeps for itself; postings of whole generations are remembered, and counted, there."""
        masks = sum(mask.nbytes for mask in (self.allowed, self.mask) if mask is not None)
        if self.is_whole and self.allowed is None:
            return masks
        return masks + sum(held.size for held in self._held.values())

    def let_go(self) -> None:
        """Keep no postings of many courses: what is remembered of a search would hold lists that nobody counts."""
        if len(self.shards) > 1:
            self._held = {}

    @property
    def extent(self) -> int:
        """Among how many rows passages are looked for; it decides how."""
        return self.last - self.first if self._whole is None else self._whole.extent

    @property
    def is_everything(self) -> bool:
        """Whether all shards are searched, those that are searched elsewhere included."""
        return self.is_whole if self._whole is None else self._whole.is_whole

    def statistics(self, terms: Sequence[str]) -> Statistics:
        """What who searches a part of this scope must know of it."""
        self.expect(terms)
        counts = tuple((term, *self._counts(term)) for term in terms)
        return Statistics(self.size, self.extent, self.is_everything, counts)

    @property
    def counts_together(self) -> bool:
        """Whether terms that are about to be asked for should be expected: where counting means asking somebody."""
        return self.allowed is not None and self._whole is None

    def expect(self, terms: Iterable[str]) -> None:
        """Count terms that are about to be asked for together, if that is worth it."""
        if self.counts_together:
            new = [term for term in dict.fromkeys(terms) if term not in self._frequencies]
            if new:
                self._frequencies.update(zip(new, self._postings.count(self, new), strict=True))

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
        known = self._rarities.get(term)
        if known is None:
            known = self._rarities[term] = self._rarity(self._counts(term)[1])
        return known

    def _rarity(self, said: int) -> float:
        """Of what so many of the searched passages say."""
        return math.log(1 + (self.size - said + 0.5) / (said + 0.5))

    def knows(self, reading: Reading) -> bool:
        """Whether any term of a reading is there."""
        terms = reading.terms
        if len(terms) == 1:
            return self.frequency(terms[0][0]) > 0
        return any(self.frequency(term) > 0 for term, _ in terms)

    def held(self, term: str) -> Held:
        """The postings of a term among the passages that may be found."""
        known = self._held.get(term)
        if known is None:
            known = self._held[term] = self._gather(term)
        return known

    def holding(self, terms: Sequence[str], most: int) -> Rows:
        """The first `most` of the rows that hold all of these terms, ascending."""
        if any(self.frequency(term) == 0 for term in terms):
            return np.zeros(0, np.int64)
        return self._postings.holding(self, terms, most)

    def first_holding(self, terms: Sequence[str], most: int) -> Rows:
        """The same, of shards that are open here."""
        if len(self.shards) > _FEW_SHARDS:
            return self._walk(terms, most)
        rows: Rows = reduce(_in_both, sorted((self.held(term).rows for term in terms), key=len))
        return rows[:most]

    def importance(self, word: Word) -> float:
        """A word's weight times its rarity, in all its forms together; one that is not there is as rare as what it is
        read as."""
        known = self._importances.get(id(word))
        if known is None:
            known = self._importances[id(word)] = word, self._importance(word)
        return known[1]

    def _importance(self, word: Word) -> float:
        typed = [reading for reading in word.readings if reading.reason in TYPED]
        forms = [reading.terms[0][0] for reading in typed if reading.is_form]
        if forms:
            own = typed[0].terms[0][0]
            return word.weight * self._rarity(min(self.size, sum(self._counts(term)[1] for term in (own, *forms))))
        known = any(self.knows(reading) for reading in typed) or len(typed) == len(word.readings)
        chosen = typed if known else [reading for reading in word.readings if reading.reason not in TYPED]
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
        if self._whole is not None:
            raise KeyError(term)  # who asks has to say how rare it is: here is a part only
        if self.allowed is not None:
            return self._postings.count(self, [term])[0]
        if len(self.shards) == 1:  # the shard alone is asked: quicker than picking it out of all that hold the term
            return self.generation.shards[self.shards[0]].postings.count(hash_text(term))
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
        generation = self.generation
        if len(self.shards) == 1:
            own = self.shards[0]
            return generation.shards[own].postings.held(hash_text(term), generation.starts[own])
        spans = self._spans(term)
        return generation.lists.held(spans) if len(spans.shards) else NOTHING

    def _spans(self, term: str) -> Spans:
        """Where the postings of a term lie in the shards that are searched."""
        entries, generation = self._find(term), self.generation
        spans = Spans(generation.terms.shards[entries], generation.first_posting[entries], generation.held[entries])
        return spans if self.is_whole else spans.take(self._inside[spans.shards])

    def _walk(self, terms: Sequence[str], most: int) -> Rows:
        """The first `most` rows that hold all of these terms: the shards that have all of them, from the first on, are
        looked at, more at once the longer nothing is found."""
        spans = [self._spans(term) for term in terms]
        shards = reduce(partial(np.intersect1d, assume_unique=True), (own.shards for own in spans))
        found, count, first, width = [np.zeros(0, np.int64)], 0, 0, _FEW_SHARDS
        while first < len(shards) and count < most:
            some = shards[first : first + width]
            lists = [self.generation.lists.rows(own.take(np.searchsorted(own.shards, some))) for own in spans]
            rows = reduce(_in_both, sorted(lists, key=len))
            found.append(rows if self.allowed is None else rows[self.allowed[rows]])
            count, first, width = count + len(found[-1]), first + width, _MORE_SHARDS * width
        return np.concatenate(found)[:most]


def _in_both(few: Rows, many: Rows) -> Rows:
    """The rows that are in both ascending lists."""
    if not len(many):
        return many
    places = np.minimum(np.searchsorted(many, few), len(many) - 1)
    both: Rows = few[many[places] == few]
    return both


def make_scope(generation: Generation, filters: Filters, postings: Postings | None = None) -> Scope:
    """The passages that filters leave; an unknown course leaves none (`SearchIndex.check_course` says so before)."""
    slugs = generation.number_of
    readable = tuple(range(len(generation.shards)))
    if filters.courses is not None:
        readable = tuple(sorted(slugs[slug] for slug in filters.courses if slug in slugs))
    chosen = readable
    if filters.course is not None:
        chosen = tuple(number for number in readable if number == slugs.get(filters.course))
    if filters.lecture is not None:
        # a lecture is of one course: the others need not be looked at
        first = np.flatnonzero(generation.lecture_of == filters.lecture)[:1]
        holding = set(generation.shards_of(first).tolist())
        chosen = tuple(number for number in chosen if number in holding)
    return Scope(generation, chosen, allowed_by(generation, filters), readable, filters=filters, postings=postings)


def allowed_by(generation: Generation, filters: Filters) -> Mask | None:
    """(rows,) which passages are of the lecture and the kinds that are asked for; None if all are."""
    masks: list[Mask] = []
    if filters.lecture is not None:
        masks.append(generation.lecture_of == filters.lecture)
    if filters.kinds is not None:
        masks.append(np.isin(generation.kind_of, [KINDS.index(kind) for kind in filters.kinds]))
    return np.logical_and.reduce(masks) if masks else None
