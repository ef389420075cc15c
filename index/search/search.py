"""Query → Results: words and vectors, fused into one score, over one open generation."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from index.embed.models import Embedder, Vectors
from index.embed.rerank import Reranker
from index.embed.table import TableEmbedder, bundled_table, read_adaptation
from index.engine.generation import Generation, latin_language
from index.engine.lexical import SATURATION_LIMIT, LexicalScores, Scope
from index.engine.suggest import Suggestion
from index.errors import InvalidRequest, NotFound
from index.search.coverage import gather_evidence, judge_coverage
from index.search.query import as_typed, meaning_of, rewrites_of
from index.search.ranking import (
    RERANKED,
    Ranked,
    kind_factors,
    rank,
    relevant,
    settle,
    with_judgements,
    with_neighbours,
)
from index.text.analysis import STOP_WEIGHT, is_stop_word
from index.text.language import STEMMERS, telltale_words
from index.text.snippet import make_snippet
from index.types import Coverage, Explanation, Facets, Filters, Hit, IndexedPassage, Kind, Mode, Phrase, Results

MAX_QUERY_CHARS = 1_000
MAX_LIMIT = 50
MAX_OFFSET = 450

_CANDIDATES = 200
_CHANCE_SAMPLE, _USUAL_CHANCE, _MAX_CHANCE = 200, 0.1, 0.9
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u200b-\u200f\u2028-\u202e\ufeff]+")


class SearchIndex:
    """One generation and the embedder that made it. Immutable: a new generation is a new SearchIndex."""

    def __init__(
        self,
        generation: Generation,
        embedder: Embedder | None,
        degraded: tuple[str, ...] = (),
        reranker: Reranker | None = None,
    ) -> None:
        self.generation = generation
        self._reranker = reranker
        self.degraded = degraded
        self.embedder = embedder
        self.embedders = _embedders(generation, embedder)
        self._factors = kind_factors(generation)
        self._chance = _chance_similarities(generation)

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
        literal: bool = False,
        narrowed: Filters | None = None,
    ) -> Results:
        """The best passages for a query; with `literal` only as it was typed, without other readings.

        `filters` hold inside the search; the lecture and kinds of `narrowed` only choose among what it found, so that
        they agree with the facets, which count all of it.

        InvalidRequest for an unusable query, NotFound for an unknown course.
        """
        query = clean_query(query)
        if not 1 <= limit <= MAX_LIMIT:
            raise InvalidRequest(f"The limit is {limit}; it must be from 1 to {MAX_LIMIT}.")
        if not 0 <= offset <= MAX_OFFSET:
            raise InvalidRequest(f"The offset is {offset}; it must be from 0 to {MAX_OFFSET}.")
        mode, degraded = self._possible(mode)
        allowed = self._allowed(filters)
        scope = self.generation.lexical.scope(allowed)
        courses = frozenset({filters.course}) if filters.course else filters.courses
        phrases = self.generation.reader.read(query, scope.frequency, courses)
        if literal:
            phrases = as_typed(phrases)
        words = self.generation.lexical.score(phrases, scope)
        ranked = self._rank(phrases, words, scope, mode)
        vectors = mode is not Mode.LEXICAL
        coverage = judge_coverage(gather_evidence(self.generation, phrases, words, ranked, scope, vectors=vectors))
        ranked = ranked.take(np.flatnonzero(relevant(ranked)))
        if not len(ranked.rows):
            coverage = Coverage.ABSENT  # what is not worth showing covers nothing
        ranked, late = self._rerank(query, ranked)
        ranked = settle(self.generation, ranked)
        facets = self._facets(ranked.rows)
        if narrowed is not None:
            chosen = self._allowed(Filters(None, narrowed.lecture, narrowed.kinds))
            ranked = ranked if chosen is None else ranked.take(np.flatnonzero(chosen[ranked.rows]))
        shown = ranked.take(np.arange(len(ranked.rows))[offset : offset + limit])
        passages = self.generation.passages(shown.rows.tolist())
        weights = _weights(phrases, scope)
        hits = tuple(
            Hit(
                passage,
                round(float(shown.scores[i]), 4),
                make_snippet(passage.text, _title_chars(passage), weights, latin_language(passage)),
                self._twin_of(int(shown.rows[i])),
                self._explain(shown, i, phrases, scope) if explain else None,
            )
            for i, passage in enumerate(passages)
        )
        return Results(
            query,
            rewrites_of(phrases),
            coverage,
            mode,
            degraded + late,
            self.number,
            len(ranked.rows),
            hits,
            facets,
            weights,
        )

    def suggest(
        self, prefix: str, limit: int, course: str | None = None, courses: frozenset[str] | None = None
    ) -> list[Suggestion]:
        """Completions of what is being typed, from one course or from those that the caller may read."""
        self._allowed(Filters(course=course, courses=courses))
        return self.generation.suggester.complete(
            prefix[:MAX_QUERY_CHARS], limit, frozenset({course}) if course else courses
        )

    def similarities(self, query: str, texts: Sequence[str], passages: Sequence[IndexedPassage]) -> list[float]:
        """How near in meaning each text, taken from its passage, is to a query: 0 to 1.

        All 0 where embedding a text takes longer than a student waits.
        """
        if self.embedder is None or not self.embedder.splits_passages:
            return [0.0] * len(texts)
        found = [0.0] * len(texts)
        for slug in dict.fromkeys(passage.course_slug for passage in passages):
            own = [i for i, passage in enumerate(passages) if passage.course_slug == slug]
            embedder = self.embedders[self.generation.courses.index(slug)]
            near = embedder.embed_passages([texts[i] for i in own]) @ embedder.embed_query(query)
            for i, value in zip(own, near.tolist(), strict=True):
                found[i] = max(0.0, value)
        return found

    def warm_up(self) -> None:
        """Load now what the first questions would load: the bundled table, the frequencies of everyday words."""
        bundled_table()
        for language in STEMMERS:
            telltale_words(language)

    def check_course(self, slug: str, readable: frozenset[str] | None = None) -> None:
        """NotFound if no passage is of this course, or it is not the caller's to read: nobody learns which."""
        if slug not in self.generation.courses or (readable is not None and slug not in readable):
            raise NotFound(f"There is no course {slug!r:.80}; GET /api/courses lists those there are.")

    def _possible(self, mode: Mode) -> tuple[Mode, tuple[str, ...]]:
        if self.embedder is not None:
            return mode, self.degraded
        # `none` was asked for by the setting: lexical results are then complete, not degraded, unless vectors are asked
        reason = () if mode is Mode.LEXICAL else ("no embedder is set (LECTURES_EMBEDDER=none): words only",)
        return Mode.LEXICAL, self.degraded + reason

    def _allowed(self, filters: Filters) -> NDArray[np.bool_] | None:
        """Mask of the passages that a search may find, or None for all."""
        masks = []
        if filters.course is not None:
            self.check_course(filters.course, filters.courses)
            masks.append(self.generation.course_of == self.generation.courses.index(filters.course))
        elif filters.courses is not None:
            held = [number for number, slug in enumerate(self.generation.courses) if slug in filters.courses]
            masks.append(np.isin(self.generation.course_of, held))
        if filters.lecture is not None:
            masks.append(self.generation.lecture_of == filters.lecture)
        if filters.kinds is not None:
            numbers = [self.generation.kind_number(kind) for kind in filters.kinds]
            masks.append(np.isin(self.generation.kind_of, numbers))
        return np.logical_and.reduce(masks) if masks else None

    def _rank(self, phrases: tuple[Phrase, ...], words: LexicalScores, scope: Scope, mode: Mode) -> Ranked:
        generation, allowed = self.generation, scope.allowed
        count = generation.manifest.passages
        rows = np.zeros(0, np.int64)
        if mode is not Mode.SEMANTIC and count:
            scores = words.scores if allowed is None else np.where(allowed, words.scores, 0)
            top = np.argpartition(-scores, min(_CANDIDATES, count - 1))[:_CANDIDATES]
            rows = top[scores[top] > 0]
        vectors: list[tuple[Vectors, int, int]] = []
        if mode is not Mode.LEXICAL:
            vectors = self._query_vectors(meaning_of(phrases, scope.frequency), allowed)
        if generation.vectors is not None:
            for vector, first, last in vectors:
                near = generation.vectors.nearest(vector, _CANDIDATES, allowed, (first, last))
                rows = np.union1d(rows, near)
        rows = with_neighbours(generation, rows.astype(np.int64))
        if allowed is not None:
            rows = rows[allowed[rows]]
        zeros = np.zeros(len(rows), np.float32)
        lexical, matched, similarity = zeros, zeros, zeros.copy()
        if mode is not Mode.SEMANTIC:
            lexical = words.scores[rows] / np.float32(max(words.importance * SATURATION_LIMIT, 1e-9))
            matched = words.matched[rows]
        if generation.vectors is not None:
            for vector, first, last in vectors:
                own = slice(*np.searchsorted(rows, (first, last)))
                similarity[own] = generation.vectors.similarities(vector, rows[own])
            chance = self._chance[generation.course_of[rows]]
            similarity = np.maximum((similarity - chance) / (1 - chance), 0).astype(np.float32)
        titles = generation.lexical.title_shares(phrases, rows)
        said = sum(word.weight for phrase in phrases for word in phrase.words if word.weight > STOP_WEIGHT)
        return rank(generation, rows, lexical, matched, similarity, titles, said, self._factors, mode)

    def _query_vectors(self, text: str, allowed: NDArray[np.bool_] | None) -> list[tuple[Vectors, int, int]]:
        """(vector of the query, first and last + 1 passage that it is compared with): one for all courses, or one for
        each where the embedder has adapted to them."""
        starts = self.generation.course_start
        if self.embedder is None or not self.generation.manifest.passages:
            return []
        if not isinstance(self.embedder, TableEmbedder):
            return [(self.embedder.embed_query(text), 0, int(starts[-1]))]
        return [
            (embedder.embed_query(text), int(first), int(last))
            for embedder, first, last in zip(self.embedders, starts[:-1], starts[1:], strict=True)
            if allowed is None or allowed[first:last].any()
        ]

    def _rerank(self, query: str, ranked: Ranked) -> tuple[Ranked, tuple[str, ...]]:
        """The best few in the order of the reranker, as far as its deadline allows, and what was left undone."""
        if self._reranker is None or not len(ranked.rows):
            return ranked, ()
        passages = self.generation.passages(ranked.rows[:RERANKED].tolist())
        judged = self._reranker.judge(query, [f"{passage.title}\n{passage.text}" for passage in passages])
        late = len(passages) - len(judged)
        reason = f"the reranker judged {len(judged)} of {len(passages)} hits before its deadline"
        return with_judgements(ranked, judged), (reason,) if late else ()

    def _facets(self, rows: NDArray[np.int64]) -> Facets:
        kinds = Counter(self.generation.kind_of[rows].tolist())
        lectures = Counter(self.generation.lecture_of[rows].tolist())
        return Facets(
            tuple((list(Kind)[number], count) for number, count in kinds.most_common()), tuple(lectures.most_common())
        )

    def _twin_of(self, row: int) -> str | None:
        newer = int(self.generation.twin[row])
        return None if newer < 0 else self.generation.passages([newer])[0].id

    def _explain(self, ranked: Ranked, i: int, phrases: tuple[Phrase, ...], scope: Scope) -> Explanation:
        evidence = int(ranked.evidence[i])
        matches = tuple(self.generation.lexical.explain(evidence, phrases, scope))
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
            evidence=self.generation.passages([evidence])[0].id,
            terms=matches,
        )


def _embedders(generation: Generation, embedder: Embedder | None) -> list[Embedder]:
    """The embedder of each course, adapted as it was when the course was embedded."""
    if not isinstance(embedder, TableEmbedder):
        return [] if embedder is None else [embedder] * len(generation.courses)
    return [
        embedder.with_adaptation(read_adaptation(generation.adaptations[slug], embedder.dimension))
        if slug in generation.adaptations
        else embedder
        for slug in generation.courses
    ]


def _chance_similarities(generation: Generation) -> NDArray[np.float32]:
    """(courses,) the mean similarity of two passages of a course, taken at random: what a similarity must exceed.

    Embedders differ: unrelated texts have a cosine of .1 for one and of .75 for another. What is counted is the excess
    over that of the built-in embedder, with which the weights of the ranking were chosen.
    """
    chance = np.zeros(len(generation.courses), np.float32)
    if generation.vectors is None:
        return chance
    for course, (first, last) in enumerate(pairwise(generation.course_start)):
        sample = np.unique(np.linspace(first, last - 1, _CHANCE_SAMPLE).astype(np.int64))
        if len(sample) > 1:
            vectors = np.stack(
                [generation.vectors.row_vector(generation.vectors.first_row(int(row))) for row in sample]
            )
            alike = vectors @ vectors.T
            chance[course] = (alike.sum() - np.trace(alike)) / (len(sample) * (len(sample) - 1))
    excess: NDArray[np.float32] = np.clip(chance - _USUAL_CHANCE, 0, _MAX_CHANCE).astype(np.float32)
    return excess


def _weights(phrases: tuple[Phrase, ...], scope: Scope) -> dict[str, float]:
    """Terms of every reading, by how much they say."""
    weights: dict[str, float] = {}
    for phrase in phrases:
        whole = [(reading, 1.0) for reading in phrase.readings]
        single = [(r, word.weight) for word in phrase.words for r in word.readings if word.weight > STOP_WEIGHT]
        for reading, weight in whole + single:
            for term, share in reading.terms:
                if share == 1.0 and not is_stop_word(term):
                    weights[term] = max(weights.get(term, 0.0), weight * reading.weight * scope.idf(term))
    return weights


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
