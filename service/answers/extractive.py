"""Question and hits → the pieces that answer, quoted word for word: nothing is written, nothing can be invented."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from index.engine.build import latin_language
from index.engine.relations import is_outline
from index.search.search import SearchIndex
from index.text.analysis import Token, find_terms, is_stop_word, parts_of, terms_of, words
from index.types import Hit, IndexedPassage, Kind
from service.answers.definitions import continues_title, defines
from service.answers.formulas import FORMULA_LINES, captions, formula_lines, pictured, with_picture_first
from service.answers.identifiers import Names, names_of_code
from service.answers.kinds import suits
from service.answers.numbers import Numbers
from service.answers.pieces import plain
from service.answers.questions import speaks_russian
from service.answers.together import Together
from service.answers.told import Told
from service.answers.types import Asked, Citation, Sentence
from service.answers.units import Unit, at_length, opened_at, units_of

# Figures: benchmarks/answers.py, docs/answers.md.
_PASSAGES = 10  # of the best hits are read
_MOST_SENTENCES, _OF_ONE_PAGE = 4, 2
# A piece this much weaker than the best adds nothing; nor does one beside a definition that was asked for, unless it is
# nearly as good.
_MIN_OF_BEST, _MIN_OF_DEFINITION = 0.6, 0.75
# What a piece is worth: its hit by score and by place, the words of the question, their meaning, being put as such an
# answer, standing under a title that is the question's subject, and early.
_HIT, _PLACE, _WORDS, _MEANING, _KIND, _TITLE, _EARLY = 0.6, 0.5, 0.8, 0.3, 0.2, 0.1, 0.15
# Of what a title is worth, this share counts by how much of the question it is: "GPU" is little of a long one.
_OF_QUESTION = 0.8
_REFERENCE_LOSS, _FOREIGN_LOSS, _CODE_LOSS, _PLAN_LOSS = 0.2, 0.06, 0.125, 0.4
_STREWN_LOSS = 0.2  # of one that is labels of a picture
# Of speech: where in its minute a piece is said tells nothing; one that comes to the point late, or that is cut off
# before it says what something is, is worth less.
_SPOKEN_EARLY, _LATE_LOSS, _SHORT_LOSS, _SHORT_CHARS, _DEFINED = 0.1, 0.2, 0.2, 220, 0.9
# A piece must hold so much of the question, or stand under a title that is so much of it; how many are compared in
# meaning.
_LEAST_HELD, _TITLED, _COMPARED = 0.15, 0.3, 20
_LEAST_NAMED = 0.35  # of the question, to be told who or when of it
_EQUATION_WORTH = 1.5  # of a formula that can be read, beside its page's picture
_KIND_WHAT = 0.25  # of a definition: a page that has one is preferred to those that only stand under the name
_NEWS_WORDS = 3  # that a piece must say beside the question's own and its title's
_TOLD_WORDS = 4  # or that it says so, with those that only join others: "X should be as small as can be"
_ASIDE = re.compile(r"\([^()\d]*\)")  # of a title: another name of the same
_CONTRAST = 0.4  # of a piece that sets something against something, beside one that says what it is
# A best piece below this answers nothing: no card.
LEAST = 0.6
_FIRST_CHARS = 640  # of the quote that is read first, if it is of speech
_NAMES = frozenset({Asked.PERSON, Asked.WHEN})
_EXPLAINED = frozenset({Asked.DEFINITION, Asked.REASON, Asked.STEPS, Asked.COMPARISON})
_CODED = frozenset({Asked.STEPS, Asked.FACT})  # a programme shows how
# How something works: a programme shows how it is used.
_WORKS = re.compile(
    r"\b(?:работа(?:ет|ют)|устро\w+|действу\w+|происходит|works?|working|structured|organi[sz]ed)\b", re.IGNORECASE
)
_NEED_KIND = frozenset({Asked.REASON, Asked.WHEN, Asked.PERSON})


@dataclass(frozen=True, slots=True)
class Scored:
    """Of each piece: what it is worth, how far it is put as such an answer, and whether it speaks of what was asked, by
    its words or by its title."""

    worth: NDArray[np.float64]
    kinds: NDArray[np.float64]
    speaks: NDArray[np.bool_]


def extract_answer(
    index: SearchIndex,
    query: str,
    asked: Asked,
    hits: Sequence[Hit],
    weights: Mapping[str, float],
    numbers: Numbers,
    together: Together | Told | None = None,
) -> tuple[tuple[Sentence, ...], tuple[Citation, ...]]:
    """At most four quotes of the best hits, each with its citation; none if no hit has one that would answer.

    `weights` are the terms of the query in all its readings, by how much they say; `together` is what a piece must be
    about all at once.
    """
    chosen = quotable(hits)
    units = read_units(chosen, asked, weights)
    if _WORKS.search(query):
        units = [unit for unit in units if not unit.piece.is_code]
    if asked is Asked.FORMULA:
        units += captions(chosen, units)
    units = units if together is None else together.best_of(units)
    if not units:
        return (), ()
    scored = score_units(index, query, asked, units, weights)
    best_first = np.argsort(-scored.worth, kind="stable").tolist()
    is_told = isinstance(together, Told)  # what answers has been judged
    order = [i for i in best_first if is_told or scored.kinds[i] > 0 or asked not in _NEED_KIND]
    suffices = bool(order) and asked is Asked.DEFINITION and scored.kinds[order[0]] > 0
    picked = _pick(units, scored.worth, order, _MIN_OF_DEFINITION if suffices else _MIN_OF_BEST)
    if not is_told and not any(scored.speaks[i] and scored.worth[i] >= LEAST for i in picked):
        return (), ()
    chosen_units = [units[i] for i in picked]
    chosen_units[0] = _at_length(chosen_units[0], chosen_units[1:])
    shown = pictured(query, chosen_units, weights) if asked is Asked.FORMULA else None
    if asked is Asked.FORMULA:
        chosen_units = with_picture_first(chosen_units, shown)
    return cite(chosen_units, numbers, shown)


def cite(
    units: Iterable[Unit], numbers: Numbers, shown: Unit | None = None
) -> tuple[tuple[Sentence, ...], tuple[Citation, ...]]:
    """Pieces as sentences that quote them, each with its citation; of `shown` the page's picture is shown."""
    quoted = [(unit, opened_at(unit)) for unit in units]
    citations = tuple(
        Citation(numbers.take(hit), unit.quote, hit, pictured=unit is shown, code=unit.piece.is_code)
        for unit, hit in quoted
    )
    return tuple(Sentence(" ".join(c.quote.split()), (c.number,)) for c in citations), citations


def quotable(hits: Iterable[Hit]) -> list[Hit]:
    """The best hits that say something: no programme, no plan of a lecture, no older edition."""
    return [hit for hit in hits if hit.twin_of is None and _says_something(hit.passage)][:_PASSAGES]


def read_units(hits: Sequence[Hit], asked: Asked, weights: Mapping[str, float]) -> list[Unit]:
    """The pieces of hits that can be quoted, each with the place of its hit among these as its rank."""
    names, code = asked in _NAMES, asked in _CODED
    units = (unit for rank, hit in enumerate(hits) for unit in units_of(hit, rank, names=names, code=code))
    return [unit for unit in units if _news(unit, weights) and not (asked in _EXPLAINED and unit.is_label)]


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


@lru_cache(maxsize=1_000)
def _terms_of_title(title: str) -> frozenset[str]:
    return frozenset(term for word in words(title) for term in terms_of(word)[:1])


def _pick(units: Sequence[Unit], scores: NDArray[np.float64], order: Sequence[int], least: float) -> list[int]:
    """The best pieces, of different words, worth at least such a share of the best; of one page at most two, and those
    in its order."""
    picked: list[int] = []
    said: set[int] = set()  # passages that say what another one has been quoted with: the rest of them is around that
    for i in order:
        unit = units[i]
        if len(picked) == _MOST_SENTENCES or scores[i] < least * scores[order[0]]:
            break
        beside = [units[j] for j in picked if units[j].rank == unit.rank]
        if unit.rank in said or len(beside) == _OF_ONE_PAGE or any(overlap(unit, other) for other in beside):
            continue
        if not _says_again(unit, (units[j] for j in picked)):
            picked.append(i)
        elif not beside:
            said.add(unit.rank)
    best = {units[i].rank: number for number, i in reversed(list(enumerate(picked)))}
    return sorted(picked, key=lambda i: (best[units[i].rank], units[i].start))


def _says_again(unit: Unit, others: Iterable[Unit]) -> bool:
    """Whether most words of a piece stand in another one, or the other way round."""
    own = set(plain(unit.text).split())
    said = (set(plain(other.text).split()) for other in others)
    return any(len(own & other) >= 0.6 * min(len(own), len(other)) for other in said)


def _at_length(first: Unit, others: Iterable[Unit]) -> Unit:
    """The first quote as long as it is worth, up to the next one of its minute."""
    later = [other.start for other in others if other.rank == first.rank and other.start > first.start]
    return at_length(first, _FIRST_CHARS, min(later, default=None))


def overlap(one: Unit, other: Unit) -> bool:
    return one.start < other.start + len(other.text) and other.start < one.start + len(one.text)


def score_units(
    index: SearchIndex,
    query: str,
    asked: Asked,
    units: Sequence[Unit],
    weights: Mapping[str, float],
    meant: str = "",
) -> Scored:
    """What each piece is worth as an answer. What pieces mean is compared for the best of them, with the query or with
    what is `meant` by it: the question that it is a part of, whose language is preferred."""
    meant = meant or query
    russian = speaks_russian(meant)
    total = sum(weights.values()) or 1.0
    own = {term for word in words(query) for term in terms_of(word) if term in weights}
    whole = sum(weights[term] for term in own) or total
    names = names_of_code(query)
    top = max(unit.hit.score for unit in units) or 1.0
    worth, kinds, speaks = np.zeros(len(units)), np.zeros(len(units)), np.zeros(len(units), bool)
    read: dict[int, tuple[list[Token], set[str], float]] = {}
    for i, unit in enumerate(units):
        if unit.rank not in read:
            read[unit.rank] = _spoken_of(unit.hit.passage, weights, names)
        in_passage, titled, title = read[unit.rank]
        tokens = unit.inside(in_passage)
        said = {token.term for token in tokens}
        held = sum(weights[term] for term in said) + 0.5 * sum(weights[term] for term in titled - said)
        speaks[i] = (held >= _LEAST_HELD * total and names.said_in(in_passage)) or title >= _TITLED
        if not speaks[i] and not names.said_in(in_passage):
            worth[i] = -np.inf  # a name of code is that very thing
            continue
        named_in_title = min(1.0, sum(weights[term] for term in titled) / whole)
        named = asked not in _NAMES or sum(weights[term] for term in said | titled) >= _LEAST_NAMED * whole
        if named:
            # a title makes no year and no name of what stands under it
            titled_kind = 0.5 * (title >= _TITLED and asked not in _NAMES)
            kinds[i] = max(_put(asked, unit, tokens, weights, whole), titled_kind)
            if asked is Asked.DEFINITION and title >= _TITLED and unit.piece.place == 0:
                kinds[i] = max(kinds[i], float(continues_title(unit.text, unit.hit.passage.text)))
        worth[i] = (
            _HIT * unit.hit.score / top
            + _PLACE / (1 + unit.rank)
            + _WORDS * min(1.0, held / whole)
            + (_KIND_WHAT if asked is Asked.DEFINITION else _KIND) * kinds[i]
            + _TITLE * min(1.0, title) ** 2 * (1 - _OF_QUESTION * (1 - named_in_title))
            + (_EARLY / (1 + unit.piece.place) if unit.hit.passage.time is None else _SPOKEN_EARLY)
            - _loss(asked, unit, russian=russian)
            - _spoken_loss(asked, unit, tokens, float(kinds[i]))
        )
    near = np.argsort(-worth, kind="stable")[:_COMPARED].tolist()
    similar = index.similarities(meant, [units[i].text for i in near], [units[i].hit.passage for i in near])
    for i, value in zip(near, similar, strict=True):
        worth[i] += _MEANING * value
    return Scored(worth, kinds, speaks)


def _put(asked: Asked, unit: Unit, tokens: list[Token], weights: Mapping[str, float], whole: float) -> float:
    """How far a piece is put as such an answer."""
    if unit.piece.is_code:
        return 1.0
    if asked is Asked.DEFINITION:
        return defines(unit.text, tokens, weights, whole)
    if asked is Asked.COMPARISON:
        return max(_CONTRAST * suits(asked, unit.text), defines(unit.text, tokens, weights, whole))
    if asked is Asked.FORMULA and unit.hit.passage.page is not None:
        if unit.piece.is_equation:
            return _EQUATION_WORTH
        return min(1.0, formula_lines(unit.hit.passage.text) / FORMULA_LINES)
    return suits(asked, unit.text)


def _spoken_of(
    passage: IndexedPassage, weights: Mapping[str, float], names: Names
) -> tuple[list[Token], set[str], float]:
    """The words of the question in a passage, those in its title, and which share of the title they are."""
    language = latin_language(passage)
    found = names.without_pieces(find_terms(passage.title, weights, language), passage.title)
    title = max(_share_of_title(part, weights, language) for part in {passage.title, _ASIDE.sub("", passage.title)})
    tokens = names.without_pieces(find_terms(passage.text, weights, language), passage.text)
    return tokens, {token.term for token in found}, title


def _share_of_title(title: str, weights: Mapping[str, float], language: str) -> float:
    parts = sum(len(parts_of(word)) for word in words(title) if not is_stop_word(word))
    found = find_terms(title, weights, language)
    said = {token.term: _parts_said(title[token.start : token.end], token.term, language) for token in found}
    return sum(said.values()) / max(1, parts)


def _parts_said(word: str, term: str, language: str) -> int:
    """How many parts of a joined word a term stands for: "VAE" for one of "VQ-VAE-2", "self-attention" for all."""
    return len(parts_of(word)) if terms_of(word, language)[0] == term else 1


def _spoken_loss(asked: Asked, unit: Unit, tokens: Sequence[Token], kind: float) -> float:
    """What makes a piece of speech a poor quote. A name may come late: "this and that: it is called so"."""
    if unit.hit.passage.time is None:
        return 0.0
    late = asked is not Asked.DEFINITION and bool(tokens) and tokens[0].start > unit.piece.first
    return _LATE_LOSS * late + _SHORT_LOSS * (kind < _DEFINED and len(unit.text) < _SHORT_CHARS)


def _loss(asked: Asked, unit: Unit, *, russian: bool) -> float:
    """What makes a piece a poor quote: it names a publication, is in another language than was asked in, is code."""
    lost = 0.0
    piece = unit.piece
    if piece.is_code:
        return lost
    if unit.hit.passage.time is None and piece.is_strewn:
        lost += _STREWN_LOSS
    if piece.announces:
        lost += _PLAN_LOSS
    if asked not in _NAMES and piece.is_reference:
        lost += _REFERENCE_LOSS
    if piece.is_russian is not russian:
        lost += _FOREIGN_LOSS
    if asked is not Asked.FACT and unit.hit.passage.time is None and piece.holds_code:
        lost += _CODE_LOSS
    return lost
