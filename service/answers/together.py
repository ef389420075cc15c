"""A question for an attribute of a thing → which pieces speak of that attribute, and of that thing.

What must stand together is told by how the question is built (`service/answers/qualified.py`): the loss of one thing is
no answer to a question for the loss of another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from index.search.found import Found
from index.text.analysis import fold, parts_of, words
from index.types import Hit, IndexedPassage
from service.answers.held import Wanted, share_held, terms_said, wanted_of
from service.answers.qualified import qualified
from service.answers.questions import what_is_asked
from service.answers.types import Asked
from service.answers.units import Unit

# What is asked for so: of "what is attention in transformers" the second only says in which field.
_MET = frozenset({Asked.FACT, Asked.FORMULA, Asked.LIST, Asked.NOTHING})
_OWN = _MET | {Asked.DEFINITION}
_BOTH, _THING, _BOTH_INSIDE, _THING_INSIDE, _FAR = range(5)  # how near a passage is to an attribute of a thing
_NAMED, _ASKED = 0.7, 0.75  # of the thing, and of the attribute, must be there by the weight of their words
_BEFORE_CHARS = 300  # of a page before a piece, in which the thing may have been named
_BROAD = 0.6  # a thing whose words say less than this share of what the attribute's say is the field


@dataclass(frozen=True, slots=True)
class Together:
    """What must be said in one place, with the weights of the terms by which it is found. `shown`: a formula is asked
    for, which the picture of a page shows, wherever it stands there."""

    attribute: tuple[Wanted, ...]
    thing: tuple[Wanted, ...]
    weights: Mapping[str, float]
    shown: bool = False

    def best_of(self, units: Sequence[Unit]) -> list[Unit]:
        return [unit for unit in units if self.holds(unit)]

    def holds(self, unit: Unit) -> bool:
        """Whether a piece says the attribute, or stands under a title that does, and is about the thing: by its title,
        by its own words or those shortly before, in speech by those of its minute."""
        passage = unit.hit.passage
        title = self._said(passage.title, passage)
        asked_in = passage.text if self.shown and passage.page is not None else unit.text
        if share_held(self.attribute, self._said(asked_in, passage) | title) < _ASKED:
            return False
        return self._names(title) or self._names(self._said(_around(unit), passage))

    def may_hold(self, passage: IndexedPassage) -> bool:
        """Whether a passage speaks of the thing and of the attribute at all."""
        return self._distance(passage) in {_BOTH, _BOTH_INSIDE}

    def best_places(self, hits: Sequence[Hit]) -> tuple[Hit, ...]:
        """The hits that speak of the thing: first those under its name that say the attribute too, then those under its
        name, then those that say both, then those that say its name."""
        near = [(self._distance(hit.passage), number) for number, hit in enumerate(hits)]
        return tuple(hits[number] for distance, number in sorted(near) if distance < _FAR)

    def _distance(self, passage: IndexedPassage) -> int:
        title, text = self._said(passage.title, passage), self._said(passage.text, passage)
        asked = share_held(self.attribute, title | text) >= _ASKED
        if self._names(title):
            return _BOTH if asked else _THING
        if self._names(title | text):
            return _BOTH_INSIDE if asked else _THING_INSIDE
        return _FAR

    def _names(self, said: Collection[str]) -> bool:
        return share_held(self.thing, said) >= _NAMED

    def _said(self, text: str, passage: IndexedPassage) -> frozenset[str]:
        return terms_said(text, passage, self.weights)


def may_be_answered(question: str) -> bool:
    """Whether something may be quoted: for a question, and for an attribute of a thing without a question's words."""
    return what_is_asked(question) is not Asked.NOTHING or qualified(question) is not None


def wanted_together(question: str, asked: Asked, found: Found) -> Together | None:
    """What a question wants together in one place; None where it does not ask for an attribute of a thing."""
    named = qualified(question)
    if named is None or asked not in (_OWN if named.owned else _MET):
        return None
    wanted = wanted_of(found.words.phrases, found.weights)
    attribute, thing = _named_in(wanted, named.said), _named_in(wanted, named.name)
    if not thing or (not named.owned and _most(thing) < _BROAD * _most(attribute)):
        return None
    return Together(attribute, thing, found.weights, shown=asked is Asked.FORMULA)


def _named_in(wanted: Iterable[Wanted], part: str) -> tuple[Wanted, ...]:
    said = {fold(piece) for word in words(part) for piece in (word, *parts_of(word))}
    return tuple(word for word in wanted if word.text in said)


def _most(wanted: Iterable[Wanted]) -> float:
    return max((word.weight for word in wanted), default=0.0)


def _around(unit: Unit) -> str:
    """A piece with what was said shortly before; of speech the whole minute."""
    text = unit.hit.passage.text
    if unit.hit.passage.time is not None:
        return text
    return text[max(0, unit.start - _BEFORE_CHARS) : unit.start + len(unit.text)]
