"""Pieces of what was found → what each is worth as an answer.

Most of them cannot be among the best whatever else is looked at, and what takes longest is looked at last: how a piece
is put, and what makes a poor quote of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import heappush, heappushpop

import numpy as np
from numpy.typing import NDArray

from index.engine.build import latin_language
from index.search.search import SearchIndex
from index.text.analysis import find_terms
from index.text.symbols import Token
from index.types import IndexedPassage
from service.answers.definitions import comes_late, continues_title, defines
from service.answers.facets import Facet, facet_of, says
from service.answers.formulas import FORMULA_LINES, formula_lines
from service.answers.identifiers import Names, names_of_code
from service.answers.kinds import suits
from service.answers.named import Name, name_in, other_words, share_of_title
from service.answers.questions import speaks_russian
from service.answers.stated import points_elsewhere, states, subject_terms
from service.answers.types import Asked
from service.answers.units import Unit

# A piece this much weaker than the best adds nothing.
MIN_OF_BEST = 0.6
NAMES = frozenset({Asked.PERSON, Asked.WHEN})
NEED_KIND = frozenset({Asked.REASON, Asked.WHEN, Asked.PERSON})
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
# Of a definition: standing under a title that is the name alone, less further down, and being the first to do so.
_IS_NAME, _FIRST_STATEMENT = 0.3, 0.8
# And of a sentence that is put as one, with the name as its subject; what only points to where it is said loses.
STATED, _POINTING_LOSS = 0.6, 0.4
_KIND_OF_FACET = 0.35  # of an example, or of where a thing is used: what names the thing alone is no answer
_KIND_WHAT = 0.25  # of a definition: a page that has one is preferred to those that only stand under the name
_ASIDE = re.compile(r"\([^()\d]*\)")  # of a title: another name of the same
_CONTRAST = 0.4  # of a piece that sets something against something, beside one that says what it is


@dataclass(frozen=True, slots=True)
class Scored:
    """Of each piece: what it is worth, how far it is put as such an answer, and whether it speaks of what was asked, by
    its words or by its title. Of one that cannot be worth `MIN_OF_BEST` of the best: at most what it is worth, and how
    it is put is left out. `alike` is how near it is in meaning, 0 where that was not compared."""

    worth: NDArray[np.float64]
    kinds: NDArray[np.float64]
    speaks: NDArray[np.bool_]
    stated: NDArray[np.float64]
    alike: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked, and the weights of its words: `total` is all of them, those of the `name` as they were typed."""

    query: str
    asked: Asked
    weights: Mapping[str, float]
    total: float
    name: Name
    names: Names
    russian: bool
    subject: frozenset[str]
    facet: Facet | None = None

    @property
    def whole(self) -> float:
        return self.name.whole

    @property
    def kind_worth(self) -> float:
        if self.facet is not None:
            return _KIND_OF_FACET
        return _KIND_WHAT if self.asked is Asked.DEFINITION else _KIND

    @property
    def best_kind(self) -> float:
        """The most that a piece can be put as such an answer."""
        return _EQUATION_WORTH if self.asked is Asked.FORMULA else 1.0


@dataclass(frozen=True, slots=True)
class _Read:
    """The words of the question in a passage, those in its title, and which share of the title they are; of a
    definition how far the title `is_name`, and the places of words that are `others` of the same stem."""

    tokens: list[Token]
    titled: set[str]
    title: float
    is_name: float
    others: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class _Piece:
    """A piece with what is soon known of it: the words of the question in it, what its hit and they are worth
    (`found`), and what its title and its place are; `named`: it says enough of what it is asked who or when of."""

    unit: Unit
    tokens: list[Token]
    title: float
    is_name: float
    found: float
    under: float
    early: float
    speaks: bool
    named: bool
    stated: bool


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
    total = sum(weights.values()) or 1.0
    name = name_in(query, weights)
    subject = subject_terms(query, weights, name.own) if asked is Asked.DEFINITION else frozenset[str]()
    names, facet = names_of_code(query, weights), facet_of(query) if asked is Asked.FACT else None
    question = _Question(query, asked, weights, total, name, names, speaks_russian(meant), subject, facet)
    pieces = _read_pieces(question, units)
    worth = np.array([-np.inf if piece is None else _at_most(question, piece) for piece in pieces])
    kinds, speaks = np.zeros(len(units)), np.array([piece is not None and piece.speaks for piece in pieces])
    left = np.argsort(-worth, kind="stable").tolist()

    def settle(i: int) -> float:
        if (piece := pieces[i]) is not None:
            kinds[i] = _kind(question, piece)
            worth[i] = _worth(question, piece, kinds[i])
        return float(worth[i])

    settled = _settle_best(left, worth, settle)
    near = np.argsort(-worth, kind="stable")[:_COMPARED].tolist()
    similar = index.similarities(meant, [units[i].text for i in near], [units[i].hit.passage for i in near])
    alike = np.zeros(len(units))
    alike[near] = similar
    worth += _MEANING * alike
    answers = [i for i in left[:settled] if speaks[i] and (kinds[i] > 0 or asked not in NEED_KIND)]
    least = MIN_OF_BEST * max(worth[answers], default=-np.inf)
    for i in left[settled:]:
        if worth[i] < least > 0:
            break
        settle(i)
    stated = np.array([float(piece is not None and piece.stated) for piece in pieces])
    return Scored(worth, kinds, speaks, stated, alike)


def _settle_best(left: Sequence[int], worth: NDArray[np.float64], settle: Callable[[int], float]) -> int:
    """Find out what pieces are worth, from the one that may be worth most on, until none of the others can be among
    those that are compared in meaning; how many that took."""
    best: list[float] = []
    for number, i in enumerate(left):
        if len(best) == _COMPARED and worth[i] < best[0]:
            return number
        if len(best) < _COMPARED:
            heappush(best, settle(i))
        else:
            heappushpop(best, settle(i))
    return len(left)


def _read_pieces(question: _Question, units: Sequence[Unit]) -> list[_Piece | None]:
    """What is soon known of each piece; None of one without a name of code that was asked for: that is that very
    thing."""
    top = max(unit.hit.score for unit in units) or 1.0
    passages = {unit.rank: unit.hit.passage for unit in units}
    read = {rank: _read(passage, question) for rank, passage in passages.items()}
    if question.asked is Asked.DEFINITION:
        said = {rank: (passages[rank].text, words.tokens) for rank, words in read.items()}
        others = other_words(question.query, question.weights, said)
        read = {rank: replace(words, others=others[rank]) for rank, words in read.items()}
    counted = _counted_ranks(passages, read)
    return [_piece(question, unit, read[unit.rank], top, counted[unit.rank]) for unit in units]


def _counted_ranks(passages: Mapping[int, IndexedPassage], read: Mapping[int, _Read]) -> dict[int, int]:
    """As which place among the hits each of them counts. Of the pages of one deck whose title is the name that is asked
    for the first one counts as the best of them: it says what it is, whichever has more of the words."""
    counted = {rank: rank for rank in passages}
    titled: dict[tuple[int, str], list[tuple[int, int]]] = {}
    for rank, passage in passages.items():
        if passage.page is not None and read[rank].is_name:
            titled.setdefault((passage.page.deck_id, passage.title), []).append((passage.page.page_number, rank))
    for pages in titled.values():
        counted[min(pages)[1]] = min(rank for _, rank in pages)
    return counted


def _piece(question: _Question, unit: Unit, passage: _Read, top: float, rank: int) -> _Piece | None:
    weights, whole, title = question.weights, question.whole, passage.title
    tokens = unit.inside([token for token in passage.tokens if token.start not in passage.others])
    said = {token.term for token in tokens}
    alike = {token.term for token in unit.inside(passage.tokens)} - said if passage.others else set[str]()
    in_part = (passage.titled | alike) - said
    held = sum(weights[term] for term in said) + 0.5 * sum(weights[term] for term in in_part)
    is_there = question.names.said_in(passage.tokens)
    speaks = (held >= _LEAST_HELD * question.total and is_there) or title >= _TITLED
    if not speaks and not is_there:
        return None
    named_in_title = min(1.0, sum(weights[term] for term in passage.titled) / whole)
    named = question.asked not in NAMES or sum(weights[term] for term in said | passage.titled) >= _LEAST_NAMED * whole
    return _Piece(
        unit,
        tokens,
        title,
        passage.is_name,
        _HIT * unit.hit.score / top + _PLACE / (1 + rank) + _WORDS * min(1.0, held / whole),
        _TITLE * min(1.0, title) ** 2 * (1 - _OF_QUESTION * (1 - named_in_title))
        + _IS_NAME * passage.is_name / (1 + unit.piece.place),
        _EARLY / (1 + unit.piece.place) if unit.hit.passage.time is None else _SPOKEN_EARLY,
        speaks,
        named,
        bool(question.subject) and states(unit.text[: unit.piece.first], tokens, weights, question.subject),
    )


def _at_most(question: _Question, piece: _Piece) -> float:
    """What a piece is worth if it is put as well as can be, and nothing makes a poor quote of it."""
    kind = question.kind_worth * (question.best_kind * piece.named)
    return piece.found + kind + piece.under + piece.early + STATED * piece.stated


def _worth(question: _Question, piece: _Piece, kind: float) -> float:
    return (
        piece.found
        + question.kind_worth * kind
        + piece.under
        + piece.early
        + STATED * piece.stated
        - _POINTING_LOSS * (bool(question.subject) and points_elsewhere(piece.unit.text[: piece.unit.piece.first]))
        - _loss(question.asked, piece.unit, russian=question.russian)
        - _spoken_loss(question, piece, kind)
    )


def _kind(question: _Question, piece: _Piece) -> float:
    """How far a piece is put as such an answer, or stands under a title that it goes on with."""
    asked, unit = question.asked, piece.unit
    if not piece.named:
        return 0.0
    # a title makes no year and no name of what stands under it
    titled = 0.5 * (piece.title >= _TITLED and asked not in NAMES)
    if unit.piece.place == 0:
        titled = max(titled, _FIRST_STATEMENT * piece.is_name)
    if question.facet is not None:
        return says(question.facet, unit.text, is_code=unit.piece.is_code)
    kind = max(_put(asked, unit, piece.tokens, question.weights, question.whole), titled)
    if asked is Asked.DEFINITION and piece.title >= _TITLED and unit.piece.place == 0:
        return max(kind, float(continues_title(unit.text, unit.hit.passage.text)))
    return kind


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


def _read(passage: IndexedPassage, question: _Question) -> _Read:
    language, weights, names = latin_language(passage), question.weights, question.names
    found = names.without_pieces(find_terms(passage.title, weights, language), passage.title)
    title = max(share_of_title(part, weights, language) for part in {passage.title, _ASIDE.sub("", passage.title)})
    tokens = names.without_pieces(find_terms(passage.text, weights, language), passage.text)
    is_name = 0.0
    if question.asked is Asked.DEFINITION and passage.time is None:
        is_name = question.name.titles(passage.title, language)
        title = max(title, is_name)
    return _Read(tokens, {token.term for token in found}, title, is_name)


def _spoken_loss(question: _Question, piece: _Piece, kind: float) -> float:
    """What makes a piece of speech a poor quote."""
    unit, tokens, first = piece.unit, piece.tokens, piece.unit.piece.first
    if unit.hit.passage.time is None:
        return 0.0
    if question.asked is Asked.DEFINITION:
        late = comes_late(unit.text, tokens, question.weights, question.whole, first)
    else:
        late = bool(tokens) and tokens[0].start > first
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
    if asked not in NAMES and piece.is_reference:
        lost += _REFERENCE_LOSS
    if piece.is_russian is not russian:
        lost += _FOREIGN_LOSS
    if asked is not Asked.FACT and unit.hit.passage.time is None and piece.holds_code:
        lost += _CODE_LOSS
    return lost
