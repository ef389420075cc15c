"""Question and hits → the pieces that answer, quoted word for word: nothing is written, nothing can be invented."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.engine.build import latin_language
from index.engine.relations import is_outline
from index.search.search import SearchIndex
from index.text.analysis import find_terms, is_stop_word, terms_of, words
from index.text.fences import in_one_line
from index.types import Hit, IndexedPassage, Kind
from service.answers.formulas import captions, pictured, with_picture_first
from service.answers.lengths import at_length
from service.answers.named import SUBJECT_END
from service.answers.numbers import Numbers
from service.answers.pieces import plain
from service.answers.scoring import MIN_OF_BEST, NAMES, NEED_KIND, STATED, Scored, score_units
from service.answers.together import Together
from service.answers.told import Told
from service.answers.types import Asked, Citation, Sentence
from service.answers.units import Unit, opened_at, units_of
from service.answers.verdict import in_order, odds_of

# Figures: benchmarks/answers.py, docs/answers.md.
_PASSAGES = 10  # of the best hits are read
_MOST_SENTENCES, _OF_ONE_PAGE = 4, 2
# Beside a definition that was asked for a piece adds nothing unless it is nearly as good.
_MIN_OF_DEFINITION = 0.75
_NEWS_WORDS = 3  # that a piece must say beside the question's own and its title's
# How something is done, and a fact, are often asked in other words than the page that answers has: of so many of the
# best hits something is quoted, in place of what is worth least and was found below them, if it is worth such a share.
_SURE_HITS, _MIN_OF_SURE = 2, 0.4
# Of a piece of so many characters that was quoted in the answer before, so much of its worth is left.
_LEAST_SAID, _SAID_SHARE = 30, 0.6
_TOLD_WORDS = 4  # or that it says so, with those that only join others: "X should be as small as can be"
# A best piece below this answers nothing: no card.
LEAST = 0.6
_EXPLAINED = frozenset({Asked.DEFINITION, Asked.REASON, Asked.STEPS, Asked.COMPARISON})
_CODED = frozenset({Asked.STEPS, Asked.FACT})  # a programme shows how
# How something works: a programme shows how it is used.
_WORKS = re.compile(
    r"\b(?:работа(?:ет|ют)|устро\w+|действу\w+|происходит|works?|working|structured|organi[sz]ed)\b", re.IGNORECASE
)
# What stands under a picture: what kind of one it is, what its axes are.
_DRAWN = re.compile(
    r"\b(?:траектори|график|крив(?:ая|ые)|ошибк|качеств|пример|схем|иллюстраци|рисун|визуализаци|сравнени|результат|"
    r"зависимост|curves?|plots?|loss|accuracy|errors?|examples?|figures?|results?|comparison)",
    re.IGNORECASE,
)


class Extracted(NamedTuple):
    """Quotes, each with its citation, and the log-odds that they answer; None where nothing tells."""

    sentences: tuple[Sentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    odds: float | None = None


def extract_answer(
    index: SearchIndex,
    query: str,
    asked: Asked,
    hits: Iterable[Hit],
    weights: Mapping[str, float],
    numbers: Numbers,
    together: Together | Told | None = None,
    said: str = "",
) -> Extracted:
    """At most four quotes of the best hits, each with its citation; none if no hit has one that would answer.

    `weights` are the terms of the query in all its readings, by how much they say; `together` is what a piece must be
    about all at once, `said` what was told last: who asks on does not want that first again.
    """
    chosen = quotable(hits)
    units = read_units(chosen, asked, weights)
    if _WORKS.search(query):
        units = [unit for unit in units if not unit.piece.is_code]
    if asked is Asked.FORMULA:
        units += captions(chosen, units)
    units = units if together is None else together.best_of(units)
    if not units:
        return Extracted()
    new = score_units(index, query, asked, units, weights)
    scored = _less_of(new, units, said)
    best_first = np.argsort(-scored.worth, kind="stable").tolist()
    is_told = isinstance(together, Told)  # what answers has been judged
    order = [i for i in best_first if is_told or scored.kinds[i] > 0 or asked not in NEED_KIND]
    suffices = bool(order) and asked is Asked.DEFINITION and scored.kinds[order[0]] > 0
    sure = range(_SURE_HITS if asked in _CODED and not is_told else 0)
    own = [i for i in order if units[i].rank in sure and scored.speaks[i]]
    least = _MIN_OF_DEFINITION if suffices else MIN_OF_BEST
    # how much better the form of a definition makes one piece takes nothing from what stands beside it
    best = max((scored.worth[i] - STATED * scored.stated[i] for i in order), default=0.0)
    picked = _pick(units, scored.worth, order, least, best, own)
    if not is_told and not any(scored.speaks[i] and scored.worth[i] >= LEAST for i in picked):
        return Extracted()
    odds = None
    if not is_told:
        picked = picked if asked is Asked.FORMULA else in_order(units, scored, picked)
        odds = odds_of(units, new, picked[0])
    # a formula is shown by itself, as its page's picture is
    chosen_units = at_length([units[i] for i in picked], pages=asked is not Asked.FORMULA)
    shown = pictured(query, chosen_units, weights) if asked is Asked.FORMULA else None
    if asked is Asked.FORMULA:
        chosen_units = with_picture_first(chosen_units, shown)
    return Extracted(*cite(chosen_units, numbers, shown), odds)


def _less_of(scored: Scored, units: Sequence[Unit], said: str) -> Scored:
    """What pieces are worth, less what was said just before."""
    if not said:
        return scored
    before = plain(said)
    again = np.array([len(unit.text) >= _LEAST_SAID and plain(unit.text) in before for unit in units])
    share = np.where(again & (scored.worth > 0), _SAID_SHARE, 1.0)
    return replace(scored, worth=share * scored.worth, stated=share * scored.stated)


def cite(
    units: Iterable[Unit], numbers: Numbers, shown: Unit | None = None
) -> tuple[tuple[Sentence, ...], tuple[Citation, ...]]:
    """Pieces as sentences that quote them, each with its citation; of `shown` the page's picture is shown."""
    quoted = [(unit, opened_at(unit)) for unit in units]
    citations = tuple(
        Citation(numbers.take(hit), unit.quote, hit, pictured=unit is shown, code=unit.piece.is_code)
        for unit, hit in quoted
    )
    return tuple(Sentence(" ".join(in_one_line(c.quote).split()), (c.number,)) for c in citations), citations


def quotable(hits: Iterable[Hit]) -> list[Hit]:
    """The best hits that say something: no programme, no plan of a lecture, no older edition. Minutes of the best
    explanation count as it does, those that are no hits behind them: what takes ten minutes is not all said in one."""
    best = list(islice((hit for hit in hits if hit.twin_of is None and _says_something(hit.passage)), _PASSAGES))
    beside = {minute.passage.id: minute for hit in best for minute in hit.beside}
    shown = {hit.passage.id for hit in best}
    best = [beside.get(hit.passage.id, hit) for hit in best]
    return [*best, *(minute for own, minute in beside.items() if own not in shown)]


def read_units(hits: Sequence[Hit], asked: Asked, weights: Mapping[str, float]) -> list[Unit]:
    """The pieces of hits that can be quoted, each with the place of its hit among these as its rank."""
    names, code = asked in NAMES, asked in _CODED
    units = (unit for rank, hit in enumerate(hits) for unit in units_of(hit, rank, names=names, code=code))
    explained = asked in _EXPLAINED
    return [u for u in units if _news(u, weights) and not (explained and u.is_label and not _is_what(u, weights))]


def best_quote(hit: Hit, sentence: str, weights: Mapping[str, float]) -> str:
    """The piece of a passage that is most like a sentence, for a click on its citation; its title if it has no text."""
    units = units_of(hit, 0)
    if not units:
        return hit.passage.title
    wanted = {word.casefold() for word in re.findall(r"\w{3,}", sentence)}

    def likeness(unit: Unit) -> float:
        own = {word.casefold() for word in re.findall(r"\w{3,}", unit.text)}
        return len(own & wanted) + 0.1 * sum(weights[token.term] for token in find_terms(unit.text, weights))

    return max(units, key=likeness).quote


def _says_something(passage: IndexedPassage) -> bool:
    return passage.kind is not Kind.PROGRAMME and not is_outline(passage)


def _news(unit: Unit, weights: Mapping[str, float]) -> bool:
    """Whether a piece says more than the question and the title do."""
    piece = unit.piece
    if piece.is_cited:
        return True
    news = sum(term not in weights for term in piece.terms - _terms_of_title(unit.hit.passage.title))
    return news >= _NEWS_WORDS or (news + piece.joining >= _TOLD_WORDS and piece.says_something)


def _is_what(unit: Unit, weights: Mapping[str, float]) -> bool:
    """Whether a noun phrase says what a thing is: it stands first under a title that is the name asked for, and is not
    what a picture shows of it."""
    passage = unit.hit.passage
    if unit.piece.place or len(unit.piece.terms) < _NEWS_WORDS or _DRAWN.search(unit.text):
        return False
    language = latin_language(passage)
    subject = SUBJECT_END.split(passage.title, maxsplit=1)[0]
    named = sum(not is_stop_word(word) for word in words(subject))
    return 0 < named <= len(find_terms(subject, weights, language)) and not find_terms(unit.text, weights, language)


@lru_cache(maxsize=1_000)
def _terms_of_title(title: str) -> frozenset[str]:
    return frozenset(term for word in words(title) for term in terms_of(word)[:1])


def _pick(
    units: Sequence[Unit],
    scores: NDArray[np.float64],
    order: Sequence[int],
    least: float,
    best: float,
    sure: Sequence[int] = (),
) -> list[int]:
    """The pieces in their order, of different words, that have at least a share of what the best is worth; of one page
    at most two, the better one first. Of the best hits, whose pieces are `sure`, one that was passed over is quoted
    too."""
    picked: list[int] = []
    said: set[int] = set()  # passages that say what another one has been quoted with: the rest of them is around that
    for i in order:
        unit = units[i]
        if len(picked) == _MOST_SENTENCES or scores[i] < least * best:
            break
        beside = [units[j] for j in picked if units[j].rank == unit.rank]
        if unit.rank in said or len(beside) == _OF_ONE_PAGE or any(overlap(unit, other) for other in beside):
            continue
        if not _says_again(unit, (units[j] for j in picked)):
            picked.append(i)
        elif not beside:
            said.add(unit.rank)
    ranks = {units[i].rank for i in sure}
    unquoted = ranks - said - {units[i].rank for i in picked}
    if unquoted and (len(picked) < _MOST_SENTENCES or units[picked[-1]].rank not in ranks):
        own = (i for i in sure if units[i].rank == min(unquoted) and scores[i] >= _MIN_OF_SURE * best)
        news = (i for i in own if not _says_again(units[i], (units[j] for j in picked)))
        if (found := next(news, None)) is not None:
            picked = [*picked[: _MOST_SENTENCES - 1], found]
    first = {units[i].rank: number for number, i in reversed(list(enumerate(picked)))}
    return sorted(picked, key=lambda i: first[units[i].rank])


def _says_again(unit: Unit, others: Iterable[Unit]) -> bool:
    """Whether most words of a piece stand in another one, or the other way round."""
    own = set(plain(unit.text).split())
    said = (set(plain(other.text).split()) for other in others)
    return any(len(own & other) >= 0.6 * min(len(own), len(other)) for other in said)


def overlap(one: Unit, other: Unit) -> bool:
    return one.start < other.start + len(other.text) and other.start < one.start + len(one.text)
