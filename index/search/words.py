"""A read query → how well its words are held by passages: BM25F over the scope, exactly, however many courses it has.

Over few passages the score of each is added up (`everywhere`), over many only that of those which can be among the best
(`chosen`). The scores are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy

import numpy as np

from index.engine.postings import FLAGS
from index.search.chosen import Chosen
from index.search.everywhere import Everywhere
from index.search.explained import explain_row
from index.search.ground import Floats, Sum, terms_in
from index.search.scope import Mask, Rows, Scope
from index.search.windows import around
from index.types import Phrase, TermMatch

# A hit must hold this share of the query's importance, or be alike in meaning (`ranking`).
MIN_MATCHED = 0.1
# What a query may describe, beside its own words.
DESCRIBED_SHARE = 1.0
# Of that, what counts for speech: a lecturer says most names far oftener than he explains what they are.
SPOKEN_DESCRIBED = 0.3
_DENSE_ROWS = 60_000  # up to here a score for every passage is quicker than choosing passages first
_LONG = 0.02  # of the scope: a list of postings that is worth avoiding


class WordScores:
    """The scores of one query in one scope. `importance` is that of the whole query: no score exceeds it times
    SATURATION_LIMIT, and `matched` is a share of it, 0 to 1."""

    def __init__(self, phrases: Sequence[Phrase], scope: Scope) -> None:
        self.phrases = tuple(phrases)
        self._scope = scope
        self._worth = {phrase: scope.phrase_importance(phrase) for phrase in phrases if phrase.words}
        self.importance = sum(self._worth.values())
        self._worth |= {phrase: DESCRIBED_SHARE * self.importance for phrase in phrases if not phrase.words}
        self._sums: Everywhere | Chosen = (
            Chosen(self.phrases, scope, self._worth, self._later())
            if scope.extent > _DENSE_ROWS
            else Everywhere(self.phrases, scope, self._worth)
        )

    @property
    def size(self) -> int:
        """Bytes that it keeps."""
        return self._scope.kept_bytes + self._sums.size

    def also(self, described: Phrase) -> WordScores:
        """The same with what the query may describe: it adds to scores, and holds nothing of the query."""
        more, worth = copy(self), DESCRIBED_SHARE * self.importance
        more.phrases = (*self.phrases, described)
        more._worth = {**self._worth, described: worth}
        more._sums = self._sums.also(described, worth)
        return more

    def let_go(self) -> None:
        """Keep the sums alone: the candidates are found, and what the scores were added up with would be most of a
        search that is remembered. It is worked out again if it is asked for."""
        self._sums.let_go()
        self._scope.let_go()

    def best(self, count: int) -> Rows:
        """At most `count` rows with the highest scores, in no order."""
        return self.best_scored(count)[0]

    def best_scored(self, count: int) -> tuple[Rows, Floats]:
        """The same, and their scores."""
        rows, scores = self._sums.best(count)
        if not len(scores):
            return rows, scores
        top = np.argpartition(-scores, min(count, len(scores) - 1))[:count]
        if len(top) < len(scores):  # of equals the first: else it would be chance, and another one on several nodes
            least = scores[top].min()
            above = np.flatnonzero(scores > least)
            top = np.concatenate([above, np.flatnonzero(scores == least)[: count - len(above)]])
        top = top[scores[top] > 0]
        return rows[top], scores[top]

    def at(self, rows: Rows) -> Sum:
        """Scores of these ascending rows, and the share of the query that each holds."""
        found = self._sums.at(rows)
        return Sum(found.scores, found.matched / np.float32(self.importance) if self.importance > 0 else found.matched)

    def spoken(self, rows: Rows) -> Floats:
        """Scores of these ascending rows together with the minutes around each; for rows of speech."""
        previous = self._scope.generation.previous
        inside, parts = self._sums.around(rows)
        joined = previous[inside] >= 0
        joined[1:] &= previous[inside[1:]] == inside[:-1]
        joined[:1] = False
        shares = [SPOKEN_DESCRIBED if phrase.described else 1.0 for phrase in self.phrases]
        scores = around(
            [part.scores * np.float32(share) for part, share in zip(parts, shares, strict=True)],
            [self._worth[phrase] * share for phrase, share in zip(self.phrases, shares, strict=True)],
            joined,
        )
        return scores[np.searchsorted(inside, rows)]

    def most_matched(self, wanted: Mask) -> float:
        """The largest share of the query that one of the wanted passages holds; `wanted` is a mask over all rows."""
        return self._sums.most(wanted, self.importance) if self.importance > 0 else 0.0

    def title_shares(self, rows: Rows) -> Floats:
        """(rows,) how much of each ascending row's title the query names, in any reading: 0 to 1."""
        ground, own = self._sums.ground_of(rows)
        named = np.zeros(ground.count, np.uint16)
        for term in terms_in(self.phrases):
            places, held = ground.where(term)
            named[places[held.fields >= FLAGS["title"]]] += 1
        shares: Floats = (named[own] / np.maximum(self._scope.generation.title_terms[rows], 1)).astype(np.float32)
        return shares

    def explain(self, row: int) -> list[TermMatch]:
        """What each term adds to a row's score; the contributions sum to it."""
        return explain_row(row, self.phrases, self._scope, self._worth)

    def _later(self) -> set[Phrase]:
        """Phrases by which no passages are found: the least important ones with long lists, as long as together they
        are less of the query than a hit must hold. A passage that has only them is none."""
        later, spent = set[Phrase](), 0.0
        for phrase in sorted(self.phrases, key=lambda phrase: self._worth[phrase])[:-1]:
            spent += self._worth[phrase]
            if spent >= MIN_MATCHED * self.importance:
                break
            if any(self._scope.frequency(term) > _LONG * self._scope.size for term in terms_in([phrase])):
                later.add(phrase)
        return later


def importance_of(phrases: Iterable[Phrase], scope: Scope) -> float:
    """That of a whole query: of each phrase that was typed, once."""
    return sum({phrase: scope.phrase_importance(phrase) for phrase in phrases if phrase.words}.values())
