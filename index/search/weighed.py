"""A read query and a scope → the candidates of a search: the seam between what is asked and where shards are held.

`Here` answers from shards that are open in this process. `index.spread` asks other machines the same, and gets the same
numbers: all that it needs to know of the whole scope is how rare each word is there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from index.embed.protocol import Embedder
from index.engine.passages import KINDS
from index.engine.shard import Shard
from index.remember import Remembered
from index.search.ground import Floats
from index.search.meaning import Meaning
from index.search.ranking import with_neighbours
from index.search.scope import Mask, Postings, PostingsHere, Rows, Scope
from index.search.words import MIN_MATCHED, WordScores
from index.types import Kind, Mode, Phrase, TermMatch

CANDIDATES = 200  # by words, and as many by meaning
_SPEECH = KINDS.index(Kind.SEGMENT)
_REMEMBERED_EMBEDDERS = 32  # of courses whose texts are compared with a question: those that students ask


@dataclass(frozen=True, slots=True)
class Candidates:
    """Ascending rows that a search ranks. By row: the score of its words, the share of the query that it holds, how
    much of its title the query names, how near it is in meaning, and, if any of them is speech, the score of its words
    together with the minutes around."""

    rows: Rows
    scores: Floats
    matched: Floats
    titles: Floats
    similarity: Floats
    spoken: Floats | None


class Weighed(Protocol):
    """One query in one scope: `importance` is that of all its words."""

    @property
    def phrases(self) -> tuple[Phrase, ...]: ...

    @property
    def importance(self) -> float: ...

    @property
    def size(self) -> int:
        """Bytes that it keeps in this process."""
        ...

    def also(self, described: Phrase) -> Weighed:
        """The same with what the query may describe."""
        ...

    def most_matched(self, *, programme: bool) -> float:
        """The largest share of the query that a passage holds that is a line of a programme, or none."""
        ...

    def candidates(self, text: str, mode: Mode, more: Callable[[], Rows]) -> Candidates:
        """What is near by words or, by this text, in meaning, these rows more, which are asked for last, and what
        stands beside them."""
        ...

    def explain(self, row: int) -> list[TermMatch]:
        """What each term adds to a row's score."""
        ...


class Bodies(Postings, Protocol):
    """Who reads the postings, the vectors and what was learned of courses."""

    def weigh(self, phrases: Sequence[Phrase], scope: Scope, embedder: Embedder | None) -> Weighed:
        """A query in a scope; without an embedder nothing is near in meaning."""
        ...

    def compare(self, shard: Shard, embedder: Embedder, query: str, texts: Sequence[str]) -> list[float]:
        """How near in meaning each text is to a query, as the course of a shard reads both: a cosine."""
        ...


class Here(PostingsHere):
    """Bodies of shards that are open in this process."""

    def __init__(self) -> None:
        self._embedders: Remembered[str, Embedder] = Remembered(_REMEMBERED_EMBEDDERS)

    def weigh(self, phrases: Sequence[Phrase], scope: Scope, embedder: Embedder | None) -> Weighed:
        return _WeighedHere(WordScores(phrases, scope), scope, embedder)

    def compare(self, shard: Shard, embedder: Embedder, query: str, texts: Sequence[str]) -> list[float]:
        own = self._embedders.get(shard.name, lambda _: embedder.with_adaptation(shard.adaptation))
        found: list[float] = (own.embed_passages(texts) @ own.embed_query(query)).tolist()
        return found


class _WeighedHere:
    def __init__(self, words: WordScores, scope: Scope, embedder: Embedder | None) -> None:
        self._words, self._scope, self._embedder = words, scope, embedder
        self.phrases, self.importance = words.phrases, words.importance
        self._matched: dict[bool, float] = {}

    @property
    def size(self) -> int:
        return self._words.size

    def also(self, described: Phrase) -> Weighed:
        more = _WeighedHere(self._words.also(described), self._scope, self._embedder)
        # a row that is found by the description alone holds less than a hit must of the query
        more._matched = {programme: most for programme, most in self._matched.items() if most >= MIN_MATCHED}
        return more

    def most_matched(self, *, programme: bool) -> float:
        known = self._matched.get(programme)
        if known is None:
            known = self._matched[programme] = most_matched(self._words, self._scope, programme=programme)
        return known

    def candidates(self, text: str, mode: Mode, more: Callable[[], Rows]) -> Candidates:
        words, scope = self._words, self._scope
        meaning = Meaning(scope, self._embedder, text)
        near = meaning.nearest(CANDIDATES)
        named = words.best(CANDIDATES) if mode is not Mode.SEMANTIC else near[:0]
        found = weigh_rows(words, meaning, scope, beside(scope, np.concatenate([named, near, more()])), mode)
        for programme in (False, True):  # which is asked for later, when what it takes is let go
            self.most_matched(programme=programme)
        words.let_go()
        return found

    def explain(self, row: int) -> list[TermMatch]:
        return self._words.explain(row)


def most_matched(words: WordScores, scope: Scope, *, programme: bool) -> float:
    """The largest share of the query that a line of a programme holds, or any other passage."""
    wanted: Mask = scope.generation.programme
    return words.most_matched(wanted if programme else ~wanted)


def beside(scope: Scope, rows: Rows) -> Rows:
    """These rows and those beside them, as far as they may be found, each once, ascending."""
    found = with_neighbours(scope.generation, rows)
    if scope.mask is not None:
        found = found[(found >= scope.first) & (found < scope.last)]
        found = found[scope.mask[found - scope.first]]
    return found


def weigh_rows(words: WordScores, meaning: Meaning, scope: Scope, rows: Rows, mode: Mode) -> Candidates:
    """These ascending rows with their parts of scores."""
    scores = matched = np.zeros(len(rows), np.float32)
    spoken = None
    if mode is not Mode.SEMANTIC:
        held = words.at(rows)
        scores, matched = held.scores, held.matched
        if (scope.generation.kind_of[rows] == _SPEECH).any():
            spoken = words.spoken(rows)
    return Candidates(rows, scores, matched, words.title_shares(rows), meaning.at(rows), spoken)
