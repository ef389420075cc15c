"""Two things and what a search of each found → the piece that sets them against each other, and one on each of them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from index.engine.build import latin_language
from index.search.search import SearchIndex
from index.text.analysis import find_terms
from index.text.symbols import Token
from index.types import Hit
from service.answers.definitions import defines, promises
from service.answers.extractive import LEAST, overlap, quotable, read_units
from service.answers.held import Wanted, share_held, terms_said, wanted_of
from service.answers.kinds import ranks, suits
from service.answers.lengths import at_length
from service.answers.scoring import MIN_OF_BEST, score_units
from service.answers.searching import Searched, Side
from service.answers.types import Asked
from service.answers.units import Unit

_NAMED = 0.7  # of a side's words by their weight, and all that tell it from the other, a piece must be about
_BREATH_CHARS = 12  # between two words of one name
_BEFORE_CHARS, _AFTER_CHARS = 60, 140  # around a name, in which speech says what it is, why, or unlike what
_LATE = 100  # characters after which a name that is explained should have been said
_DIFFERENCE = re.compile(r"отлич|различ|разниц|differ|compar|сравн|\bvs\b|versus", re.IGNORECASE)  # of a title
_JOINT = re.compile(r"[\s,/&-]*(?:(?:and|or|vs\.?|и|или)\s+)?", re.IGNORECASE)  # between what tells two things apart
_MOST = 4  # quotes
_SAME = 0.6  # of a piece's words that another one has too: it says nothing new


@dataclass(frozen=True, slots=True)
class _Thing:
    """A side, its words, and those of them that tell it from the other: none for the first of "autoencoder and
    variational autoencoder"."""

    side: Side
    words: tuple[Wanted, ...]
    own: tuple[Wanted, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """What can be quoted, in its order, and the sides of which nothing can."""

    units: tuple[Unit, ...]
    unquoted: tuple[Side, ...]


def compare(index: SearchIndex, question: str, searched: Searched) -> Compared:
    """The piece that sets both sides against each other first, if there is one; then the best piece on each side. A
    side that the course does not have is passed over, and so is what would compare with it."""
    one, other = _things(searched.sides)
    weights = {**one.side.found.weights, **other.side.found.weights}
    both: list[Unit] = []
    both_there = one.side.is_there and other.side.is_there
    if both_there:
        both = _comparing(index, question, searched, (one, other), weights)
    picked = list(both)
    unquoted: list[Side] = []
    for thing, against in ((one, other), (other, one)):
        if thing.side.is_there:
            found = _about(index, thing, against, question, weights, picked)
            picked += found
            if not found and not both:
                unquoted.append(thing.side)
    if both_there and picked:
        picked += _beside(index, question, searched, (one, other), picked)
    return Compared(tuple(at_length(_ranked(picked))), tuple(unquoted))


def _ranked(units: Sequence[Unit]) -> list[Unit]:
    """The same with one rank for each passage: they come from several searches, and each has counted its own hits."""
    places = list(dict.fromkeys(unit.hit.passage.id for unit in units))
    return [replace(unit, rank=places.index(unit.hit.passage.id)) for unit in units]


def _beside(
    index: SearchIndex,
    question: str,
    searched: Searched,
    things: tuple[_Thing, _Thing],
    picked: Sequence[Unit],
) -> list[Unit]:
    """What else answers the whole question, behind what was picked: what two things differ in is often said under the
    name of one of them, further on than where that is explained."""
    weights = searched.found.weights
    units = [unit for unit in _units_of(searched.hits, weights) if unit.piece.says_something]
    units = [unit for unit in units if any(_speaks_of(thing, unit) for thing in things)]
    if not units:
        return []
    scored = score_units(index, question, Asked.COMPARISON, units, weights)
    worth = np.where(scored.speaks, scored.worth, -np.inf)
    order = np.argsort(-worth, kind="stable").tolist()
    least = max(LEAST, MIN_OF_BEST * worth[order[0]])
    found: list[Unit] = []
    for i in order:
        if len(picked) + len(found) >= _MOST or worth[i] < least:
            break
        if not _again(units[i], [*picked, *found]):
            found.append(units[i])
    return found


def _speaks_of(thing: _Thing, unit: Unit) -> bool:
    """Whether a piece says the name of one side, or stands under a title that does."""
    passage, weights = unit.hit.passage, thing.side.found.weights
    return _holds(thing, terms_said(unit.text, passage, weights) | terms_said(passage.title, passage, weights))


def _things(sides: Sequence[Side]) -> tuple[_Thing, _Thing]:
    first, second = (wanted_of(side.found.words.phrases, side.found.weights) for side in sides)
    keys, others = {word.key for word in first}, {word.key for word in second}
    return (
        _Thing(sides[0], first, tuple(word for word in first if word.key not in others)),
        _Thing(sides[1], second, tuple(word for word in second if word.key not in keys)),
    )


def _comparing(
    index: SearchIndex,
    question: str,
    searched: Searched,
    things: tuple[_Thing, _Thing],
    weights: Mapping[str, float],
) -> list[Unit]:
    """The best piece that names both and is put as a comparison, or stands under a title that names both."""
    if not all(thing.own for thing in things):
        return []

    one, other = things

    def names_both(unit: Unit) -> bool:
        title = _titled(unit, weights)
        said = [_names_of(one, other, unit, weights), _names_of(other, one, unit, weights)]
        if _holds(one, title) and _holds(other, title):
            return unit.hit.passage.time is None or all(said)
        if all(said):
            return any(_is_set_against(unit, first, second) for first in said[0] for second in said[1])
        named = [names for names, thing in zip(said, things, strict=True) if not _holds(thing, title)]
        if len(named) != 1 or not named[0]:
            return False
        return _DIFFERENCE.search(unit.hit.passage.title) is not None or any(
            _is_set_against(unit, name, name) for name in named[0]
        )

    units = [unit for unit in _units_of(searched.hits, weights) if names_both(unit)]
    return _best(index, question, question, units, searched.found.weights)


def _is_set_against(unit: Unit, first: tuple[int, int], second: tuple[int, int]) -> bool:
    """Whether a piece is put as a comparison where it names both sides; a list of what comes next names both too."""
    start, end = min(first[0], second[0]), max(first[1], second[1])
    around = unit.text[max(0, start - _BEFORE_CHARS) : end + _AFTER_CHARS]
    near = end - start <= _BEFORE_CHARS + _AFTER_CHARS
    compares = suits(Asked.COMPARISON, around) > 0 or (first != second and ranks(around))
    return near and compares and not promises(around)


def _about(
    index: SearchIndex,
    thing: _Thing,
    against: _Thing,
    question: str,
    weights: Mapping[str, float],
    picked: Sequence[Unit],
) -> list[Unit]:
    """The best piece on one side that is no part of what was picked before."""
    found = thing.side.found
    units = [
        unit
        for unit in _units_of(thing.side.hits, found.weights)
        if _is_about(unit, thing, against, weights) and not _again(unit, picked)
    ]
    if not against.side.is_there:
        return _best(index, thing.side.name, "", units, found.weights)
    return _best(index, thing.side.name, question, units, found.weights)


def _units_of(hits: Sequence[Hit], weights: Mapping[str, float]) -> list[Unit]:
    return read_units(quotable(hits), Asked.COMPARISON, weights)


def _best(
    index: SearchIndex, query: str, question: str, units: Sequence[Unit], weights: Mapping[str, float]
) -> list[Unit]:
    """The best piece for a query that is a part of a question, or stands for itself alone."""
    if not units:
        return []
    asked = Asked.COMPARISON if question else Asked.DEFINITION
    scored = score_units(index, query, asked, units, weights, meant=question)
    worth = np.where(scored.speaks, scored.worth, -np.inf)
    best = int(np.argmax(worth))
    return [units[best]] if worth[best] >= LEAST else []


def _is_about(unit: Unit, thing: _Thing, against: _Thing, weights: Mapping[str, float]) -> bool:
    """Whether a piece speaks of one side, and does not stand under a title of the other."""
    title = _titled(unit, weights)
    if against.own and share_held(against.own, title) == 1 and (not thing.own or share_held(thing.own, title) < 1):
        return False
    names = _names_of(thing, against, unit, weights)
    if unit.hit.passage.time is None:
        return bool(names) or _holds(thing, title)
    return any(
        _is_told(unit, *name, thing.side.found.weights) for name in names if name[0] <= max(unit.piece.first, _LATE)
    )


def _is_told(unit: Unit, start: int, end: int, weights: Mapping[str, float]) -> bool:
    """Whether speech explains what it names here: a name that is dropped, or promised, explains nothing."""
    around = unit.text[max(0, start - _BEFORE_CHARS) : end + _AFTER_CHARS]
    if promises(around):
        return False
    tokens = [token for token in find_terms(unit.text, weights) if start <= token.start and token.end <= end]
    whole = sum(weights[token.term] for token in tokens)
    defined = whole > 0 and defines(unit.text, tokens, weights, whole) > 0
    return defined or any(suits(kind, around) > 0 for kind in (Asked.REASON, Asked.COMPARISON))


def _names_of(thing: _Thing, against: _Thing, unit: Unit, weights: Mapping[str, float]) -> list[tuple[int, int]]:
    """Where a piece says the name of one side in one breath: words beside each other, of which none tells the other
    side from it, as "batch" in "layers: batch normalization"."""
    run: list[Token] = []
    names: list[tuple[int, int]] = []
    for token in unit.inside(find_terms(unit.hit.passage.text, weights, latin_language(unit.hit.passage))):
        run = [*run, token] if run and token.start - run[-1].end <= _BREATH_CHARS else [token]
        for first in range(len(run) - 1, -1, -1):
            said = {part.term for part in run[first:]}
            if _holds(thing, said):  # the least that ends here and holds the name
                apart = not _mixed(thing, against, said) or _are_joined(thing, against, run[first:], unit.text)
                names += [(run[first].start, token.end)] if apart else []
                break
    return names


def _mixed(thing: _Thing, against: _Thing, said: Collection[str]) -> bool:
    """Whether words that both sides share may be said of the other one."""
    return len(thing.own) < len(thing.words) and any(word.stands_in(said) for word in against.own)


def _are_joined(thing: _Thing, against: _Thing, run: Sequence[Token], text: str) -> bool:
    """Whether both sides are named with the words that they share behind them: "single and double quotes"."""
    own, other = (
        [token for token in run if any(word.stands_in({token.term}) for word in one.own)] for one in (thing, against)
    )
    if not own or not other:
        return False
    first, last = sorted((own, other), key=lambda tokens: tokens[0].start)
    return _JOINT.fullmatch(text[first[-1].end : last[0].start]) is not None


def _holds(thing: _Thing, said: Collection[str]) -> bool:
    return share_held(thing.words, said) >= _NAMED and share_held(thing.own, said) == 1


def _titled(unit: Unit, weights: Mapping[str, float]) -> frozenset[str]:
    return terms_said(unit.hit.passage.title, unit.hit.passage, weights)


def _again(unit: Unit, picked: Sequence[Unit]) -> bool:
    """Whether a piece is a part of one that was picked, or says the same."""
    own = set(unit.text.casefold().split())
    for other in picked:
        if other.hit.passage.id == unit.hit.passage.id and overlap(unit, other):
            return True
        theirs = set(other.text.casefold().split())
        if len(own & theirs) >= _SAME * min(len(own), len(theirs)):
            return True
    return False
