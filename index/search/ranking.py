"""Scores of words and of vectors → one order of passages, with its parts.

Every number is relative to what the query could give at most, so that it means the same for every query and course.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from index.engine.generation import Generation
from index.engine.passages import KINDS
from index.search.words import MIN_MATCHED
from index.types import Kind, Mode

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]

# Steps and figures: docs/ranking.md. Each was chosen on the averages of the development questions, to one digit.
# Vectors of what was said change little from minute to minute; there words say more.
_MEANING = {Kind.PAGE: 0.4, Kind.SEGMENT: 0.1, Kind.PROGRAMME: 0.3}
# The less of a question one page holds together, the more its meaning has to say: by so much at most.
_MEANING_LOOSE = 0.3
# What a passage gains for each standard deviation by which it stands out to the encoder (`opinion`): a page less, down
# to this share, the more of the question one page holds together. What stands out so far is shown, whatever it holds.
_OPINION = {Kind.PAGE: 0.05, Kind.SEGMENT: 0.05, Kind.PROGRAMME: 0.05}
_OPINION_HELD = 0.5
_STANDS_OUT = 3.0
# Between no match and a full one the first words found say most: a concave curve for pages. What minutes say with those
# around them is saturated by that already (docs/ranking.md).
_LEXICAL_POWER = 0.7
# At equal score a slide or a moment of speech answers better than an essay that mentions much, a line of a syllabus, or
# a page that only lists what others explain.
_KIND_FACTOR = {Kind.PAGE: 1.0, Kind.SEGMENT: 1.0, Kind.PROGRAMME: 0.5}
_NOTES_FACTOR, _OUTLINE_FACTOR = 0.7, 0.7
# What the neighbours of a page or of a minute of speech add: an explanation is rarely alone.
_CONTEXT_SHARE = {Kind.PAGE: 0.2, Kind.SEGMENT: 0.3, Kind.PROGRAMME: 0.0}
# A page whose title is what was asked explains it; the others use it. Of queries of more than two words less: their
# titles are never named whole.
TITLE_SHARE, _TITLE_WORDS, _TITLE_POWER = 0.25, 2.0, 2
_TITLE_SHARES = {Mode.HYBRID: 0.7 * TITLE_SHARE, Mode.LEXICAL: TITLE_SHARE, Mode.SEMANTIC: 0.0}
# A lecture without slides or video stands before all others if the query is its title.
_WHOLE, _FIRST = 0.95, np.float32(1.05)
# A hit must hold something of the query (`words.MIN_MATCHED`), or have a similarity that chance does not give.
_MIN_SIMILARITY = 0.25
_MIN_SHARE_OF_BEST = 0.25
# Each minute of speech is a hit of its own: what is wanted may be said anywhere in an explanation that goes on for
# long. One within so many minutes of a better one counts this share of its score, so that other explanations keep
# their places. Of other places in a lecture that has a better one `_LATER_SHARE` counts: it is oftener the lecture that
# is wrong than the minute (docs/ranking.md).
_NEAR_MINUTES, _NEAR_SHARE, _LATER_SHARE = 3, 0.75, 0.9
_BESIDE = 3  # so many minutes around one are kept beside it: answers quote them too
# Of the best minute where pages are ranked too: with these shares neither speech nor pages lost against the other.
_LEVEL_WORDS, _LEVEL_CONTEXT = 0.7, 0.6


@dataclass(frozen=True, slots=True)
class Ranked:
    """Rows, best first, with the parts of their scores, all arrays of one length.

    score = (lexical + semantic + context + title) · factor + rerank + lift. `semantic` holds what the
    encoder adds; `similarity` is the cosine above chance (`search`), `opinion` how far the encoder says that a passage
    stands out, `matched` the share of the query that is held. `beside` has by hit in speech the rows of the best
    minutes around it, best first, and -1 where there are no more.
    """

    rows: Rows
    scores: Floats
    lexical: Floats
    semantic: Floats
    context: Floats
    title: Floats
    factor: Floats
    rerank: Floats
    lift: Floats
    similarity: Floats
    matched: Floats
    opinion: Floats
    beside: Rows

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(getattr(self, name).nbytes for name in self.__dataclass_fields__)

    def take(self, order: NDArray[np.int64] | slice) -> Ranked:
        return Ranked(*(getattr(self, name)[order] for name in self.__dataclass_fields__))


def kind_factors(generation: Generation) -> Floats:
    """(passages,) what the score of each passage is multiplied by."""
    factor = np.array([_KIND_FACTOR[kind] for kind in Kind], np.float32)[generation.kind_of]
    factor[generation.notes] *= np.float32(_NOTES_FACTOR)
    factor[generation.outline] *= np.float32(_OUTLINE_FACTOR)
    return factor


def with_neighbours(generation: Generation, rows: Rows) -> Rows:
    """These rows and those before and after them, each once, ascending."""
    around = np.concatenate([rows, generation.previous[rows], generation.next[rows]])
    around = around[around >= 0]
    if not len(around):
        return rows
    # marking them is quicker than sorting them
    first = int(around.min())
    marked = np.zeros(int(around.max()) - first + 1, np.bool_)
    marked[around - first] = True
    return np.flatnonzero(marked) + first


def rank(
    generation: Generation,
    rows: Rows,
    lexical: Floats,
    matched: Floats,
    similarity: Floats,
    titles: Floats,
    query_words: float,
    factors: Floats,
    mode: Mode,
    spoken: Floats | None = None,
    opinion: Floats | None = None,
) -> Ranked:
    """The order of these ascending rows.

    By row: `lexical` is the share of the most that the query could give, `matched` of its importance that is held,
    `titles` of the title that it names, `spoken` as `lexical` with the minutes around, `opinion` by how far
    the encoder says that it stands out; `factors` are by passage.
    `query_words` is how many words say what is asked.
    """
    kinds = generation.kind_of[rows]
    beside = _Beside(generation, rows)
    speech = kinds == KINDS.index(Kind.SEGMENT)
    meaning = _meaning_shares(kinds, matched, mode)
    short = min(1.0, _TITLE_WORDS / max(query_words, 1e-9))
    title = np.float32(_TITLE_SHARES[mode] * short) * np.power(np.minimum(titles, 1), _TITLE_POWER) * matched
    added = 0 if opinion is None else _opinion_shares(kinds, matched) * opinion
    semantic_part = meaning * np.maximum(similarity, 0) + added
    factor = factors[rows].copy()

    def scored(words: Floats) -> tuple[Floats, Floats, Floats]:
        lexical_part = (1 - meaning) * np.where(speech, words, np.power(words, np.float32(_LEXICAL_POWER)))
        context = _context(beside, lexical_part + semantic_part, kinds, speech)
        return (lexical_part + semantic_part + context + title) * factor, lexical_part, context

    said: Floats = lexical if spoken is None else np.where(speech, spoken, lexical)
    scores, lexical_part, context = scored(said)
    if spoken is not None and speech.any() and not speech.all():
        level = _best_minute(beside, lexical, similarity, added, speech) / max(float(scores[speech].max()), 1e-9)
        factor[speech] *= np.float32(level)
        scores = np.where(speech, scores * np.float32(level), scores)
    scores = _named_first(generation.promised[rows] & (titles >= 1) & (matched >= _WHOLE), scores, factor)
    none = np.zeros_like(scores)
    out = none if opinion is None else opinion
    alone = np.full((len(rows), _BESIDE), -1, np.int64)
    parts = (scores, lexical_part, semantic_part, context, title, factor, none, none, similarity, matched, out)
    ranked = Ranked(rows, *parts, beside=alone)
    order = np.lexsort((rows, -ranked.scores))
    return ranked.take(order)


def _named_first(named: Mask, scores: Floats, factor: Floats) -> Floats:
    """Scores with lectures that were asked for by their title before all others, though their slides are not there;
    `factor` is raised with them."""
    if not named.any():
        return scores
    factor[named] *= _FIRST * scores.max() / scores[named]
    return np.where(named, _FIRST * scores.max(), scores)


class _Beside:
    """Where the neighbours of ascending rows stand among these: they are asked for several times."""

    def __init__(self, generation: Generation, rows: Rows) -> None:
        self._sides = [_places_of(rows, step[rows]) for step in (generation.previous, generation.next)]

    def sum_of(self, values: Floats) -> Floats:
        """(n,) the values of both neighbours of each row, 0 for those that are not among the rows."""
        before, after = (np.where(there, values[places], np.float32(0)) for places, there in self._sides)
        both: Floats = before + after
        return both


def _places_of(rows: Rows, wanted: NDArray[np.integer]) -> tuple[NDArray[np.int64], Mask]:
    """(places of the wanted rows among ascending ones, which of them are there)."""
    places = np.searchsorted(rows, wanted)
    places[places == len(rows)] = 0
    return places, rows[places] == wanted


def _best_minute(beside: _Beside, lexical: Floats, similarity: Floats, added: Floats | int, speech: Mask) -> float:
    """What the best minute scores by itself and those beside it, as pages do: windows only order speech."""
    said = _LEVEL_WORDS * np.power(lexical, _LEXICAL_POWER)
    own: Floats = (said + (1 - _LEVEL_WORDS) * np.maximum(similarity, 0) + added).astype(np.float32)
    return float((own + np.float32(_LEVEL_CONTEXT / 2) * beside.sum_of(own))[speech].max())


def _context(beside: _Beside, own: Floats, kinds: NDArray[np.uint8], speech: Mask) -> Floats:
    """What the neighbours of each row add."""
    shares = np.array([_CONTEXT_SHARE[kind] for kind in Kind], np.float32)[kinds]
    context = shares * beside.sum_of(own) * np.float32(0.5)
    if not speech.any():
        return context
    # speech goes on for minutes: there the neighbours' neighbours are heard too
    wider = shares * beside.sum_of(own + context) * np.float32(0.5)
    return context + np.where(speech, wider, np.float32(0))


def _meaning_shares(kinds: NDArray[np.uint8], matched: Floats, mode: Mode) -> Floats:
    """(rows,) how much the meaning of a passage of each kind counts beside its words, which have the rest."""
    if mode is not Mode.HYBRID:
        return np.full(len(kinds), 1.0 if mode is Mode.SEMANTIC else 0.0, np.float32)
    shares = np.array([_MEANING[kind] for kind in Kind], np.float32)[kinds]
    pages = kinds == KINDS.index(Kind.PAGE)
    loose = 1 - float(matched[pages].max(initial=0))
    shares[pages] += np.float32(_MEANING_LOOSE * loose)
    return shares


def _opinion_shares(kinds: NDArray[np.uint8], matched: Floats) -> Floats:
    """(rows,) how much the encoder's opinion of a passage of each kind counts."""
    shares = np.array([_OPINION[kind] for kind in Kind], np.float32)[kinds]
    pages = kinds == KINDS.index(Kind.PAGE)
    shares[pages] *= np.float32(1 - (1 - _OPINION_HELD) * matched[pages].max(initial=0))
    return shares


# How many hits a reranker judges, and what a perfect judgement adds: as much as a full match of words and meaning.
RERANKED, _RERANK_SHARE = 24, 1.0


def with_judgements(ranked: Ranked, judged: Floats) -> Ranked:
    """In a new order: the first hits, as many as were judged (0 to 1), by their scores and judgements together."""
    added = np.zeros_like(ranked.scores)
    added[: len(judged)] = np.float32(_RERANK_SHARE) * judged
    again = replace(ranked, rerank=added, scores=ranked.scores + added)
    return again.take(np.lexsort((again.rows, -again.scores)))


def relevant(ranked: Ranked) -> NDArray[np.bool_]:
    """Which of the ranked rows are worth showing."""
    best = ranked.scores.max() if len(ranked.scores) else 0
    held = (ranked.matched >= MIN_MATCHED) | (ranked.similarity >= _MIN_SIMILARITY) | (ranked.opinion >= _STANDS_OUT)
    return held & (ranked.scores > 0) & (ranked.scores >= _MIN_SHARE_OF_BEST * best)


def settle(generation: Generation, ranked: Ranked) -> Ranked:
    """Minutes of speech behind others that say something else; the older edition of a slide right behind the newer."""
    return _editions_together(generation, _minutes_apart(generation, ranked))


def _minutes_apart(generation: Generation, ranked: Ranked) -> Ranked:
    """Minutes that stand near a better one count less, as do other places of a lecture; those near each one are kept
    `beside` it."""
    speech = np.flatnonzero(generation.kind_of[ranked.rows] == KINDS.index(Kind.SEGMENT))
    if not len(speech):
        return ranked
    rows = ranked.rows[speech]
    around = np.sort(_ranks_around(generation, rows), axis=0)
    near = around[0] < np.arange(len(rows))
    _, first = np.unique(generation.lecture_of[rows], return_index=True)
    later = np.ones(len(rows), np.bool_)
    later[first] = False
    factor = np.ones(len(ranked.rows), np.float32)
    factor[speech] = np.where(near, _NEAR_SHARE, np.where(later, _LATER_SHARE, 1.0))
    beside = ranked.beside.copy()
    beside[speech] = np.append(rows, -1)[around[:_BESIDE].T]
    again = replace(
        ranked,
        scores=ranked.scores * factor,
        factor=ranked.factor * factor,
        rerank=ranked.rerank * factor,
        lift=ranked.lift * factor,
        beside=beside,
    )
    return again.take(np.argsort(-again.scores, kind="stable"))


def _ranks_around(generation: Generation, rows: Rows) -> Rows:
    """(minutes around, n) by ranked minute of speech the ranks of those around it, n of one that is not among them."""
    ascending = np.argsort(rows)
    found = []
    for step in (generation.previous, generation.next):
        at = rows
        for _ in range(_NEAR_MINUTES):
            at = np.where(at >= 0, step[at], -1)
            places, there = _places_of(rows[ascending], at)
            found.append(np.where(there, ascending[places], len(rows)))
    return np.stack(found)


def _editions_together(generation: Generation, ranked: Ranked) -> Ranked:
    """The older edition of a slide right behind the newer."""
    rows = ranked.rows.tolist()
    newest = generation.twin[ranked.rows].tolist()
    place = {row: i for i, row in enumerate(rows)}
    older: dict[int, list[int]] = {}
    for i, newer in enumerate(newest):
        if newer in place:
            older.setdefault(place[newer], []).append(i)
    gone: set[int] = set()
    order: list[int] = []
    for i in range(len(rows)):
        if i in gone:
            continue
        if newest[i] < 0 and i not in older:
            order.append(i)
            continue
        first = place.get(newest[i], i)
        for member in dict.fromkeys((first, *older.get(first, ()))):
            if member not in gone:
                gone.add(member)
                order.append(member)
    settled = ranked.take(np.array(order, np.int64))
    # a slide that moved up beside its twin is as good as what follows it
    lifted = np.maximum.accumulate(settled.scores[::-1])[::-1]
    return replace(settled, scores=lifted, lift=settled.lift + lifted - settled.scores)
