"""A read query and the words that stand somewhere → how much of what was asked stands there, in any of its readings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from index.engine.build import latin_language
from index.text.analysis import STOP_WEIGHT, find_terms, fold
from index.types import IndexedPassage, Phrase, Reading

_TRUSTED = 0.4  # of a reading that stands for what was typed: names of packs have it


@dataclass(frozen=True, slots=True)
class Wanted:
    """A word of a query: `text` as it was typed, folded, `key` its own term, `readings` are the sets of terms of which
    each stands for it, `weight` is how much it says."""

    text: str
    key: str
    readings: tuple[frozenset[str], ...]
    weight: float

    def stands_in(self, said: Collection[str]) -> bool:
        return any(reading.issubset(said) for reading in self.readings)


def wanted_of(phrases: Iterable[Phrase], weights: Mapping[str, float]) -> tuple[Wanted, ...]:
    """The words of a query that say something. A term that stands there by another name holds each of its words."""
    found: list[Wanted] = []
    for phrase in phrases:
        whole = _trusted(phrase.readings)
        for word in phrase.words:
            own = _trusted(word.readings)
            if word.weight <= STOP_WEIGHT or not own:
                continue
            weight = max((weights.get(term, 0.0) for reading in own for term in reading), default=0.0)
            found.append(Wanted(fold(word.text), word.readings[0].terms[0][0], (*own, *whole), weight))
    return tuple(found)


def _trusted(readings: Sequence[Reading]) -> tuple[frozenset[str], ...]:
    wholes = (
        frozenset(term for term, share in reading.terms if share == 1.0)
        for reading in readings
        if reading.weight >= _TRUSTED
    )
    return tuple(whole for whole in wholes if whole)


def share_held(wanted: Iterable[Wanted], said: Collection[str]) -> float:
    """How much of what is wanted stands among these terms, by weight: 0 to 1; 1 where nothing is wanted."""
    total = held = 0.0
    for word in wanted:
        total += word.weight
        held += word.weight * word.stands_in(said)
    return held / total if total else 1.0


def terms_said(text: str, passage: IndexedPassage, weights: Mapping[str, float]) -> frozenset[str]:
    """The terms of a query that a text says, which belongs to a passage."""
    return frozenset(token.term for token in find_terms(text, weights, latin_language(passage)))
