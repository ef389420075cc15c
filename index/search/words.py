"""A read query → how well its words are held by passages: BM25F over the scope, exactly, however many courses it has.

Where a scope is large, long lists of words that say little ("что", "the", "function") are not walked through: passages
are scored by the other words first, and the rest is looked up only for those that could still be among the best
(MaxScore, Turtle and Flood 1995). The scores are those that walking through everything would give.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from index.engine.postings import FLAGS, NOTHING, SATURATION_LIMIT, Held
from index.search.explained import explain_row
from index.search.scope import Rows, Scope
from index.search.windows import REACH, around
from index.types import Phrase, Reading, TermMatch, Word

Floats = NDArray[np.float32]

# A hit must hold this share of the query's importance, or be alike in meaning (`ranking`).
MIN_MATCHED = 0.1
# What a query may describe, beside its own words.
DESCRIBED_SHARE = 1.0
# Of that, what counts for speech: a lecturer says most names far oftener than he explains what they are.
SPOKEN_DESCRIBED = 0.3
_DENSE_ROWS = 60_000  # up to here a score for every passage is quicker than choosing passages first
_LONG = 0.02  # of the scope: a list of postings that is worth avoiding
_LOOK_UP = 8  # a list this many times longer than the passages is searched instead of walked through


class Ground:
    """Rows on which scores are added up: all from `first` on, or only those of `rows`, ascending."""

    def __init__(self, scope: Scope, rows: Rows | None) -> None:
        self._scope = scope
        self._first = scope.first
        self.rows = rows
        self.count = scope.last - scope.first if rows is None else len(rows)
        self._places: dict[str, tuple[NDArray[np.int64], Held]] = {}

    def zeros(self) -> Floats:
        return np.zeros(self.count, np.float32)

    @property
    def size(self) -> int:
        """Bytes that are kept here; postings are counted where they are remembered."""
        rows = 0 if self.rows is None else self.rows.nbytes
        return rows + sum(places.nbytes for places, _ in self._places.values())

    def where(self, term: str) -> tuple[NDArray[np.int64], Held]:
        """(places on this ground, postings) of a term, of one length."""
        known = self._places.get(term)
        if known is None:
            known = self._places[term] = self._where(self._scope.held(term))
        return known

    def _where(self, held: Held) -> tuple[NDArray[np.int64], Held]:
        rows = self.rows
        if rows is None:
            return held.rows - self._first, held
        if not len(rows) or not len(held.rows):
            return np.zeros(0, np.int64), NOTHING
        if len(rows) * _LOOK_UP < len(held.rows):
            at = np.minimum(np.searchsorted(held.rows, rows), len(held.rows) - 1)
            here = np.flatnonzero(held.rows[at] == rows)
            at = at[here]
        else:
            here = self._place_of[held.rows - self._first]
            at = np.flatnonzero(rows[here] == held.rows)
            here = here[at]
        return here, Held(held.rows[at], held.impacts[at], held.fields[at])

    @cached_property
    def _place_of(self) -> NDArray[np.int64]:
        """The place of each row; that of a row which is not on this ground is of another one."""
        places = np.zeros(self._scope.last - self._first, np.int64)
        if self.rows is not None:
            places[self.rows - self._first] = np.arange(len(self.rows))
        return places


@dataclass(frozen=True, slots=True)
class Sum:
    """On a ground: scores, and how much of the query's importance is held, not yet divided by the whole."""

    scores: Floats
    matched: Floats

    @property
    def size(self) -> int:
        """Bytes."""
        return self.scores.nbytes + self.matched.nbytes


class WordScores:
    """The scores of one query in one scope. `importance` is that of the whole query: no score exceeds it times
    SATURATION_LIMIT, and `matched` is a share of it, 0 to 1."""

    def __init__(self, phrases: Sequence[Phrase], scope: Scope) -> None:
        self.phrases = tuple(phrases)
        self._scope = scope
        self._worth = {phrase: scope.phrase_importance(phrase) for phrase in phrases if phrase.words}
        self.importance = sum(self._worth.values())
        self._worth |= {phrase: DESCRIBED_SHARE * self.importance for phrase in phrases if not phrase.words}
        large = scope.extent > _DENSE_ROWS
        self._first, self._later = self._split() if large else (self.phrases, ())
        self._ground = Ground(scope, self._candidates() if large else None)
        self._parts = [_of_phrase(phrase, scope, self._ground, self._worth[phrase]) for phrase in self._first]
        self._sum = _total(self._parts, self._ground)
        if scope.mask is not None and not large:
            hidden = ~scope.mask
            self._sum.scores[hidden] = 0
            self._sum.matched[hidden] = 0
        if large:  # scores are kept with the query: what they were added up with, eight bytes a passage, is not
            self._ground, self._parts = Ground(scope, self._ground.rows), []
        # the most that the phrases which are looked up later can add
        self._open = sum(self._worth[phrase] for phrase in self._later)

    @property
    def size(self) -> int:
        """Bytes that it keeps."""
        return self._scope.kept_bytes + self._ground.size + sum(part.size for part in (*self._parts, self._sum))

    def also(self, described: Phrase) -> WordScores:
        """The same with what the query may describe: it adds to scores, and holds nothing of the query."""
        if self._ground.rows is not None:
            return WordScores((*self.phrases, described), self._scope)
        more = copy(self)
        more.phrases = more._first = (*self.phrases, described)
        more._worth = {**self._worth, described: DESCRIBED_SHARE * self.importance}
        part = _of_phrase(described, self._scope, self._ground, more._worth[described])
        if self._scope.mask is not None:
            part.scores[~self._scope.mask] = 0
        more._parts = [*self._parts, part]
        more._sum = Sum(self._sum.scores + part.scores, self._sum.matched)
        return more

    def let_go(self) -> None:
        """Keep the sums alone: the candidates are found, and what the scores were added up with would be most of a
        search that is remembered. It is worked out again if it is asked for."""
        self._parts = []

    def best(self, count: int) -> Rows:
        """At most `count` rows with the highest scores, in no order."""
        return self.best_scored(count)[0]

    def best_scored(self, count: int) -> tuple[Rows, Floats]:
        """The same, and their scores."""
        scores = self._sum.scores
        if not len(scores):
            return np.zeros(0, np.int64), scores
        if self._later:
            rows = self._among_the_best(scores, count, self._open * SATURATION_LIMIT)
            scores = self.at(rows).scores
        else:
            rows = self._rows_of(np.arange(len(scores)))
        top = np.argpartition(-scores, min(count, len(scores) - 1))[:count]
        if len(top) < len(scores):  # of equals the first: else it would be chance, and another one on several nodes
            least = scores[top].min()
            above = np.flatnonzero(scores > least)
            top = np.concatenate([above, np.flatnonzero(scores == least)[: count - len(above)]])
        top = top[scores[top] > 0]
        return rows[top], scores[top]

    def at(self, rows: Rows) -> Sum:
        """Scores of these ascending rows, and the share of the query that each holds."""
        if self._later or self._ground.rows is not None:
            found = _add_up(self.phrases, self._scope, Ground(self._scope, rows), self._worth)
        else:
            places = rows - self._scope.first
            found = Sum(self._sum.scores[places], self._sum.matched[places])
        return Sum(found.scores, found.matched / np.float32(self.importance) if self.importance > 0 else found.matched)

    def spoken(self, rows: Rows) -> Floats:
        """Scores of these ascending rows together with the minutes around each; for rows of speech."""
        previous = self._scope.generation.previous
        if self._ground.rows is None:
            ground, phrases = self._ground, self._first
            parts = self._parts or [_of_phrase(phrase, self._scope, ground, self._worth[phrase]) for phrase in phrases]
            inside = np.arange(self._scope.first, self._scope.last)
        else:
            inside = _with_around(self._scope, rows)
            ground, phrases = Ground(self._scope, inside), self.phrases
            parts = [_of_phrase(phrase, self._scope, ground, self._worth[phrase]) for phrase in phrases]
        joined = previous[inside] >= 0
        joined[1:] &= previous[inside[1:]] == inside[:-1]
        joined[:1] = False
        shares = [SPOKEN_DESCRIBED if phrase.described else 1.0 for phrase in phrases]
        scores = around(
            [part.scores * np.float32(share) for part, share in zip(parts, shares, strict=True)],
            [self._worth[phrase] * share for phrase, share in zip(phrases, shares, strict=True)],
            joined,
        )
        return scores[np.searchsorted(inside, rows)]

    def most_matched(self, wanted: NDArray[np.bool_]) -> float:
        """The largest share of the query that one of the wanted passages holds; `wanted` is a mask over all rows."""
        matched = self._sum.matched
        if not len(matched) or self.importance <= 0:
            return 0.0
        rows = self._rows_of(np.arange(len(matched)))
        chosen = np.where(wanted[rows], matched, np.float32(0))
        if not self._later:
            return float(chosen.max()) / self.importance
        near = self._among_the_best(chosen, 1, self._open)
        return float(np.max(self.at(near).matched, where=wanted[near], initial=0))

    def title_shares(self, rows: Rows) -> Floats:
        """(rows,) how much of each ascending row's title the query names, in any reading: 0 to 1."""
        dense = self._ground.rows is None
        ground = self._ground if dense else Ground(self._scope, rows)
        named = np.zeros(ground.count, np.uint16)
        for term in terms_in(self.phrases):
            places, held = ground.where(term)
            named[places[held.fields >= FLAGS["title"]]] += 1
        if dense:
            named = named[rows - self._scope.first]
        shares: Floats = (named / np.maximum(self._scope.generation.title_terms[rows], 1)).astype(np.float32)
        return shares

    def explain(self, row: int) -> list[TermMatch]:
        """What each term adds to a row's score; the contributions sum to it."""
        return explain_row(row, self.phrases, self._scope, self._worth)

    def _split(self) -> tuple[tuple[Phrase, ...], tuple[Phrase, ...]]:
        """(phrases by which passages are found, phrases that are looked up for those).

        The least important ones with long lists come later, as long as together they are less of the query than a hit
        must hold: a passage that has only them is none.
        """
        later, spent = set[Phrase](), 0.0
        for phrase in sorted(self.phrases, key=lambda phrase: self._worth[phrase])[:-1]:
            spent += self._worth[phrase]
            if spent >= MIN_MATCHED * self.importance:
                break
            if any(self._scope.frequency(term) > _LONG * self._scope.size for term in terms_in([phrase])):
                later.add(phrase)
        return tuple(p for p in self.phrases if p not in later), tuple(p for p in self.phrases if p in later)

    def _candidates(self) -> Rows:
        """The rows that hold a term of the first phrases."""
        held = [self._scope.held(term).rows for term in terms_in(self._first)]
        seen = np.zeros(self._scope.last - self._scope.first, np.bool_)
        for rows in held:
            seen[rows - self._scope.first] = True
        if self._scope.mask is not None:
            seen &= self._scope.mask
        return np.flatnonzero(seen) + self._scope.first

    def _rows_of(self, places: NDArray[np.int64]) -> Rows:
        return places + self._scope.first if self._ground.rows is None else self._ground.rows[places]

    def _among_the_best(self, values: Floats, count: int, more: float) -> Rows:
        """Ascending rows that may be among the `count` best once at most `more` is added to each value."""
        kept = min(count, len(values))
        least = np.partition(values, len(values) - kept)[len(values) - kept]
        return self._rows_of(np.flatnonzero(values >= least - np.float32(more)))


def _add_up(phrases: Iterable[Phrase], scope: Scope, ground: Ground, worth: dict[Phrase, float]) -> Sum:
    return _total([_of_phrase(phrase, scope, ground, worth[phrase]) for phrase in phrases], ground)


def _total(parts: Sequence[Sum], ground: Ground) -> Sum:
    total = Sum(ground.zeros(), ground.zeros())
    for part in parts:
        total.scores[:] += part.scores
        total.matched[:] += part.matched
    return total


def _of_phrase(phrase: Phrase, scope: Scope, ground: Ground, worth: float) -> Sum:
    """A phrase counts by its best reading in each passage: by what was typed, word by word, or as a whole by what it
    was also read as. A reading is worth `weight` times the importance of what it stands for."""
    own = Sum(ground.zeros(), ground.zeros())
    for word in phrase.words:
        _add_word(word, scope, ground, own)
    for reading in phrase.readings:
        _raise_to(own, _of_reading(reading, worth, scope, ground))
    if phrase.described:
        own.matched[:] = 0
    return own


def _with_around(scope: Scope, rows: Rows) -> Rows:
    """These rows and the minutes that are heard with them, ascending, each once."""
    near = np.unique(rows[:, None] + np.arange(-REACH, REACH + 1))
    return near[(near >= scope.first) & (near < scope.last)]


def _add_word(word: Word, scope: Scope, ground: Ground, total: Sum) -> None:
    importance = scope.importance(word)
    readings = [reading for reading in word.readings if scope.knows(reading)]
    if len(readings) == 1:
        _add_reading(readings[0], importance, scope, ground, total)
    elif readings:
        best, *others = (_of_reading(reading, importance, scope, ground) for reading in readings)
        for other in others:
            _raise_to(best, other)
        total.scores[:] += best.scores
        total.matched[:] += best.matched


def _of_reading(reading: Reading, importance: float, scope: Scope, ground: Ground) -> Sum:
    found = Sum(ground.zeros(), ground.zeros())
    _add_reading(reading, importance, scope, ground, found)
    return found


def _add_reading(reading: Reading, importance: float, scope: Scope, ground: Ground, total: Sum) -> None:
    for term, value in scope.values(reading, importance):
        places, held = ground.where(term)
        total.scores[places] += np.float32(value) * held.impacts
        total.matched[places] += np.float32(value) * np.minimum(held.impacts, 1)


def _raise_to(best: Sum, other: Sum) -> None:
    np.maximum(best.scores, other.scores, out=best.scores)
    np.maximum(best.matched, other.matched, out=best.matched)


def importance_of(phrases: Iterable[Phrase], scope: Scope) -> float:
    """That of a whole query: of each phrase that was typed, once."""
    return sum({phrase: scope.phrase_importance(phrase) for phrase in phrases if phrase.words}.values())


def terms_in(phrases: Iterable[Phrase]) -> dict[str, None]:
    """Every term of these phrases in any reading, once."""
    readings = [
        reading
        for phrase in phrases
        for reading in (*phrase.readings, *(own for word in phrase.words for own in word.readings))
    ]
    return dict.fromkeys(term for reading in readings for term, _ in reading.terms)
