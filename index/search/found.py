"""What a search found, all of it: hits page by page, counts, coverage; narrowed and explained where that is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from index.engine.build import latin_language
from index.engine.generation import Generation
from index.engine.passages import KINDS
from index.errors import InvalidRequest
from index.search.moments import with_moment
from index.search.ranking import Ranked
from index.search.rewritten import rewrites_of
from index.search.weighed import Weighed
from index.text.analysis import find_terms
from index.text.snippet import make_snippet
from index.types import Coverage, Explanation, Facets, Hit, IndexedPassage, Kind, Mode, Query, Reason, Rewrite

MAX_LIMIT = 50
MAX_OFFSET = 450


@dataclass(frozen=True, slots=True)
class LectureHits:
    """A lecture by its id, how many hits it has, and the best of them."""

    lecture_id: int
    count: int
    best: IndexedPassage


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One search, over one generation. `query` is what was searched, cleaned; `weights` are its terms in all readings,
    by how much they say: what a quote should hold; `unknown_words` are those that the searched courses do not know;
    `on_subject` are the log-odds of coverage that the courses answer, 0 where the query names another thing."""

    query: str
    mode: Mode
    coverage: Coverage
    degraded: tuple[str, ...]
    weights: dict[str, float]
    unknown_words: tuple[str, ...]
    index: Generation
    ranked: Ranked
    words: Weighed
    on_subject: float = 0.0

    @property
    def generation(self) -> int:
        """The number of the generation that was searched."""
        return self.index.manifest.number

    @property
    def size(self) -> int:
        """Bytes that it keeps, beside the generation and a few kilobytes."""
        return self.words.size + self.ranked.size

    @property
    def total(self) -> int:
        """How many hits there are."""
        return len(self.ranked.rows)

    @property
    def rewrites(self) -> tuple[Rewrite, ...]:
        """What the query was also read as; one that is off the subject describes nothing."""
        found = rewrites_of(self.words.phrases)
        if self.coverage is Coverage.ABSENT:
            return tuple(rewrite for rewrite in found if rewrite.reason is not Reason.DESCRIBED)
        return found

    @property
    def facets(self) -> Facets:
        """How many hits are of each kind and of each lecture."""
        kinds = Counter(self.index.kind_of[self.ranked.rows].tolist())
        lectures = Counter(self.index.lecture_of[self.ranked.rows].tolist())
        return Facets(
            tuple((KINDS[number], count) for number, count in kinds.most_common()), tuple(lectures.most_common())
        )

    def narrow(self, lecture: int | None = None, kinds: frozenset[Kind] | None = None) -> Found:
        """Only the hits of a lecture, or of some kinds; coverage stays that of the whole search."""
        chosen = np.ones(len(self.ranked.rows), np.bool_)
        if lecture is not None:
            chosen &= self.index.lecture_of[self.ranked.rows] == lecture
        if kinds is not None:
            chosen &= np.isin(self.index.kind_of[self.ranked.rows], [KINDS.index(kind) for kind in kinds])
        return replace(self, ranked=self.ranked.take(np.flatnonzero(chosen)))

    @property
    def lectures(self) -> tuple[LectureHits, ...]:
        """The lectures that have hits, in the order of their best ones."""
        own = self.index.lecture_of[self.ranked.rows]
        ids, first, counts = np.unique(own, return_index=True, return_counts=True)
        return tuple(
            LectureHits(int(ids[i]), int(counts[i]), self.index.passages([int(self.ranked.rows[first[i]])])[0])
            for i in np.argsort(first)
        )

    def passages(self, limit: int, offset: int = 0) -> list[IndexedPassage]:
        """The passages of some of the hits, best first, as they are: speech from its beginning on."""
        return self.index.passages(self.ranked.rows[offset : offset + limit].tolist())

    def spans(self, text: str, passage: IndexedPassage) -> tuple[tuple[int, int], ...]:
        """Where words of the query stand in a text that belongs to a passage, such as its title."""
        tokens = find_terms(text, self.weights, latin_language(passage))
        return tuple(dict.fromkeys((token.start, token.end) for token in tokens))

    def hits(self, limit: int = 10, offset: int = 0, *, explain: bool = False, beside: int = 0) -> tuple[Hit, ...]:
        """Some of the hits, best first, the first few of them with the best minutes around each `beside` it.
        InvalidRequest for a limit or an offset out of range."""
        if not 1 <= limit <= MAX_LIMIT:
            raise InvalidRequest(f"The limit is {limit}; it must be from 1 to {MAX_LIMIT}.")
        if not 0 <= offset <= MAX_OFFSET:
            raise InvalidRequest(f"The offset is {offset}; it must be from 0 to {MAX_OFFSET}.")
        shown = self.ranked.take(slice(offset, offset + limit))
        passages = self.index.passages(shown.rows.tolist())
        found = [
            self._hit(passage, shown, i, self._explain(shown, i) if explain else None)
            for i, passage in enumerate(passages)
        ]
        found[:beside] = [replace(hit, beside=self._beside(shown, i)) for i, hit in enumerate(found[:beside])]
        return tuple(found)

    def wanted_hits(self, limit: int, is_wanted: Callable[[IndexedPassage], bool]) -> Iterator[Hit]:
        """Those of the best hits whose passage is wanted, one by one as they are taken: nothing is made of others."""
        shown = self.ranked.take(slice(0, limit))
        for i, row in enumerate(shown.rows.tolist()):
            (passage,) = self.index.passages([row])
            if is_wanted(passage):
                yield self._hit(passage, shown, i)

    def _hit(self, passage: IndexedPassage, shown: Ranked, i: int, explanation: Explanation | None = None) -> Hit:
        score, row = round(float(shown.scores[i]), 4), int(shown.rows[i])
        if passage.time is None:
            snippet = make_snippet(passage.text, _title_chars(passage), self.weights, latin_language(passage))
        else:
            passage, snippet = with_moment(passage, self.weights)
        stands_out = float(shown.opinion[i])
        return Hit(passage, score, snippet, self._twin_of(row), explanation, stands_out=stands_out)

    def _beside(self, shown: Ranked, i: int) -> tuple[Hit, ...]:
        """The best minutes around a hit, each as a hit of its own that is worth as much."""
        minutes = self.index.passages([row for row in shown.beside[i].tolist() if row >= 0])
        return tuple(self._hit(minute, shown, i) for minute in minutes)

    def _twin_of(self, row: int) -> str | None:
        newer = int(self.index.twin[row])
        return None if newer < 0 else self.index.passages([newer])[0].id

    def _explain(self, ranked: Ranked, i: int) -> Explanation:
        row = int(ranked.rows[i])
        matches = tuple(self.words.explain(row))
        return Explanation(
            lexical=round(sum(match.contribution for match in matches), 4),
            similarity=round(float(ranked.similarity[i]), 4),
            matched=round(float(ranked.matched[i]), 4),
            lexical_part=round(float(ranked.lexical[i]), 4),
            semantic_part=round(float(ranked.semantic[i]), 4),
            context_part=round(float(ranked.context[i]), 4),
            title_part=round(float(ranked.title[i]), 4),
            kind_factor=round(float(ranked.factor[i]), 4),
            rerank_part=round(float(ranked.rerank[i]), 4),
            lift=round(float(ranked.lift[i]), 4),
            evidence=self.index.passages([row])[0].id,
            terms=matches,
        )


# a search over one index, such as one that takes its turn among others
Find = Callable[[Query], Found]


def _title_chars(passage: IndexedPassage) -> int:
    return len(passage.title) if passage.title and passage.text.startswith(passage.title) else 0
