"""Query → Results: words and vectors, fused into one score, over one open generation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.analysis import is_stop_word, query_terms, terms
from index.embed import Embedder
from index.errors import InvalidRequest, NotFound
from index.generation import Generation
from index.lexical import SATURATION_LIMIT, LexicalScores
from index.snippet import make_snippet
from index.suggest import Suggestion
from index.types import Coverage, Explanation, Filters, Hit, IndexedPassage, Kind, Mode, Results

MAX_QUERY_CHARS = 1_000
MAX_LIMIT = 50
MAX_OFFSET = 450

_CANDIDATES = 200
# Shares of the score, chosen on development questions (benchmarks/ranking.py): .2 to .5 differ by less than .01.
_LEXICAL_SHARE, _SEMANTIC_SHARE = 0.7, 0.3
# At equal score a slide or a moment of speech answers better than an essay that mentions much or a line of a syllabus.
_KIND_FACTOR = {Kind.PAGE: 1.0, Kind.SEGMENT: 1.0, Kind.PROGRAMME: 0.5}
_NOTES_FACTOR = 0.85
# A hit must hold something of the query: a tenth of its weight, or a similarity that chance does not give.
_MIN_MATCHED, _MIN_SIMILARITY = 0.1, 0.25
_MIN_SHARE_OF_BEST = 0.25
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u200b-\u200f\u2028-\u202e\ufeff]+")


@dataclass(frozen=True, slots=True)
class _Scored:
    """Candidate rows, best first, with the parts of their scores (all arrays of one length)."""

    rows: NDArray[np.int64]
    scores: NDArray[np.float32]
    lexical: NDArray[np.float32]
    similarity: NDArray[np.float32]
    cosine: NDArray[np.float32]
    factor: NDArray[np.float32]


class SearchIndex:
    """One generation and the embedder that made it. Immutable: a new generation is a new SearchIndex."""

    def __init__(self, generation: Generation, embedder: Embedder | None, degraded: tuple[str, ...] = ()) -> None:
        self.generation = generation
        self._embedder = embedder
        self.degraded = degraded
        self._factor = np.array([_KIND_FACTOR[kind] for kind in Kind], np.float32)[generation.kind_of]
        self._factor[generation.notes] *= _NOTES_FACTOR
        self._programme = generation.kind_of == generation.kind_number(Kind.PROGRAMME)

    @property
    def number(self) -> int:
        return self.generation.manifest.number

    def search(
        self,
        query: str,
        *,
        filters: Filters = Filters(),  # noqa: B008  (frozen)
        mode: Mode = Mode.HYBRID,
        limit: int = 10,
        offset: int = 0,
        explain: bool = False,
    ) -> Results:
        """The best passages for a query. InvalidRequest for an unusable query, NotFound for an unknown course."""
        query = clean_query(query)
        if not 1 <= limit <= MAX_LIMIT:
            raise InvalidRequest(f"The limit is {limit}; it must be from 1 to {MAX_LIMIT}.")
        if not 0 <= offset <= MAX_OFFSET:
            raise InvalidRequest(f"The offset is {offset}; it must be from 0 to {MAX_OFFSET}.")
        mode, degraded = self._possible(mode)
        allowed = self._allowed(filters)
        weights = query_terms(query)
        words = self.generation.lexical.score(weights) if mode is not Mode.SEMANTIC else None
        scored = self._score(query, weights, words, mode, allowed)
        shown = slice(offset, offset + limit)
        passages = self.generation.passages([int(row) for row in scored.rows[shown]])
        highlight = {t: w * self.generation.lexical.idf(t) for t, w in weights.items() if not is_stop_word(t)}
        hits = tuple(
            Hit(
                passage,
                round(float(scored.scores[i]), 4),
                make_snippet(passage.text, _title_chars(passage), highlight),
                self._explain(scored, i, weights) if explain else None,
            )
            for i, passage in enumerate(passages, offset)
        )
        coverage = self._coverage(query, weights, words, scored, allowed)
        return Results(query, (), coverage, mode, degraded, self.number, len(scored.rows), hits)

    def suggest(self, prefix: str, limit: int, course: str | None = None) -> list[Suggestion]:
        """Completions of what is being typed."""
        self._allowed(Filters(course=course))
        return self.generation.suggester.complete(prefix[:MAX_QUERY_CHARS], limit, course)

    def _possible(self, mode: Mode) -> tuple[Mode, tuple[str, ...]]:
        if self._embedder is not None:
            return mode, self.degraded
        # `none` was asked for by the setting: lexical results are then complete, not degraded, unless vectors are asked
        reason = () if mode is Mode.LEXICAL else ("no embedder is set (LECTURES_EMBEDDER=none): words only",)
        return Mode.LEXICAL, self.degraded + reason

    def _allowed(self, filters: Filters) -> NDArray[np.bool_] | None:
        """Mask of the passages that a search may find, or None for all."""
        masks = []
        if filters.course is not None:
            if filters.course not in self.generation.courses:
                raise NotFound(f"There is no course {filters.course!r:.80}; GET /api/courses lists those there are.")
            masks.append(self.generation.course_of == self.generation.courses.index(filters.course))
        if filters.lecture is not None:
            masks.append(self.generation.lecture_of == filters.lecture)
        if filters.kinds is not None:
            numbers = [self.generation.kind_number(kind) for kind in filters.kinds]
            masks.append(np.isin(self.generation.kind_of, numbers))
        return np.logical_and.reduce(masks) if masks else None

    def _score(
        self,
        query: str,
        weights: Mapping[str, float],
        words: LexicalScores | None,
        mode: Mode,
        allowed: NDArray[np.bool_] | None,
    ) -> _Scored:
        count = self.generation.manifest.passages
        candidates = np.zeros(0, np.int64)
        if words is not None:
            ranked = words.scores if allowed is None else np.where(allowed, words.scores, 0)
            top = np.argpartition(-ranked, min(_CANDIDATES, count - 1))[:_CANDIDATES] if count else candidates
            candidates = top[ranked[top] > 0]
        vector = None
        if self._embedder is not None and self.generation.vectors is not None and mode is not Mode.LEXICAL:
            vector = self._embedder.embed_query(query)
            near = self.generation.vectors.nearest(vector, _CANDIDATES, allowed)
            candidates = np.union1d(candidates, near)
        zeros = np.zeros(len(candidates), np.float32)
        lexical, matched, similarity = zeros, zeros, zeros
        if words is not None:
            bound = SATURATION_LIMIT * sum(weight * self.generation.lexical.idf(t) for t, weight in weights.items())
            lexical = words.scores[candidates] / np.float32(max(bound, 1e-9))
            matched = words.matched[candidates]
        if vector is not None and self.generation.vectors is not None:
            similarity = np.maximum(self.generation.vectors.similarities(vector, candidates), 0)
        shares = {Mode.HYBRID: (_LEXICAL_SHARE, _SEMANTIC_SHARE), Mode.LEXICAL: (1.0, 0.0), Mode.SEMANTIC: (0.0, 1.0)}
        cosine = similarity
        lexical, similarity = lexical * np.float32(shares[mode][0]), cosine * np.float32(shares[mode][1])
        factor = self._factor[candidates]
        scores = (lexical + similarity) * factor
        relevant = (matched >= _MIN_MATCHED) | (cosine >= _MIN_SIMILARITY)
        relevant &= (scores > 0) & (scores >= _MIN_SHARE_OF_BEST * (scores.max() if len(scores) else 0))
        order = np.lexsort((candidates, -scores))
        order = order[relevant[order]]
        return _Scored(
            candidates[order], scores[order], lexical[order], similarity[order], cosine[order], factor[order]
        )

    def _explain(self, scored: _Scored, i: int, weights: Mapping[str, float]) -> Explanation:
        matches = tuple(self.generation.lexical.explain(int(scored.rows[i]), weights))
        return Explanation(
            lexical=round(sum(match.contribution for match in matches), 4),
            similarity=round(float(scored.cosine[i]), 4),
            lexical_part=round(float(scored.lexical[i]), 4),
            semantic_part=round(float(scored.similarity[i]), 4),
            kind_factor=round(float(scored.factor[i]), 4),
            terms=matches,
        )

    def _coverage(
        self,
        query: str,
        weights: Mapping[str, float],
        words: LexicalScores | None,
        scored: _Scored,
        allowed: NDArray[np.bool_] | None,
    ) -> Coverage:
        """How far the course covers a query, from the best matches: a first version, thresholds from 107 questions."""
        if len(scored.rows) == 0 or not terms(query):
            return Coverage.ABSENT
        if words is None:
            words = self.generation.lexical.score(weights)
        visible = words.matched if allowed is None else np.where(allowed, words.matched, 0)
        said = float(np.max(visible, where=~self._programme, initial=0))
        promised = float(np.max(visible, where=self._programme, initial=0))
        material = ~self._programme[scored.rows]
        meant = float(np.max(scored.cosine, where=material, initial=0))
        evidence = said + meant if self._embedder is not None else 1.6 * said
        if evidence >= 0.95:
            return Coverage.EXPLAINED
        if promised >= 0.8 and said < 0.6:
            return Coverage.LISTED
        return Coverage.MENTIONED if said >= 0.3 and evidence >= 0.75 else Coverage.ABSENT


def clean_query(query: str) -> str:
    """The query without control characters and doubled spaces; InvalidRequest if nothing or too much is left."""
    cleaned = " ".join(_CONTROL.sub(" ", query).split())
    if not cleaned:
        raise InvalidRequest("The query is empty; type a word or a question.")
    if len(cleaned) > MAX_QUERY_CHARS:
        raise InvalidRequest(f"The query has {len(cleaned)} characters; at most {MAX_QUERY_CHARS} are searched.")
    return cleaned


def _title_chars(passage: IndexedPassage) -> int:
    return len(passage.title) if passage.title and passage.text.startswith(passage.title) else 0
