"""A question for who or when → which pieces name somebody, or a year, near what was asked about.

A name beside another thing is no answer, however alike the rest of it is; where there is none, nothing is quoted.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import dropwhile

from index.engine.build import latin_language
from index.search.found import Found
from index.text.analysis import find_terms, fold, is_stop_word, parts_of, words
from index.types import Hit, IndexedPassage
from service.answers.held import Wanted, share_held, terms_said, wanted_of
from service.answers.named import FURTHER, SUBJECT_END
from service.answers.people import ORIGIN, Span, cited_in, credited_in, dated_in, named_in, quoted_in, years_in
from service.answers.questions import what_is_asked
from service.answers.types import Asked
from service.answers.units import Unit

_TOLD = frozenset({Asked.PERSON, Asked.WHEN})
# Of what was asked about this share must stand near, by weight; of a long description less, as it has other words.
_SHARE, _SHARE_OF_LONG, _LONG_WORDS = 0.7, 0.4, 3
_BEFORE_CHARS, _AFTER_CHARS = 160, 100  # around a name, in which stands what it is the name for
_CLOSE_CHARS = 40  # so near in speech nothing need say that somebody made it
# What asks, and what only says of which kind the thing is.
_ASKING = re.compile(
    r"кто|кем|кому|когда|как\w{2,3}|году?|год[ауы]?|кто-то|перв\w+|сначала|who|whose|when|which|what|years?|first|one|"
    r"c[ao]me|up|архитектур\w+|метод\w*|алгоритм\w*|модел\w+|подход\w*|стать\w+|терми\w+|architecture|"
    r"methods?|algorithms?|models?|approach|papers?|articles?|terms?"
)
_THEN = re.compile(
    r"(?:[,;.?]| и| and)\s(?:(?:в|на|за|in|for)\s)?(?:как\w+|когда|что|кто|зачем|почему|where|which|what|when|who|how|"
    r"was|is)\b",
    re.IGNORECASE,
)
_NONE, _NEAR, _UNDER_TITLE, _UNDER_NAME, _TITLED = range(5)  # how a piece answers, from worst to best


@dataclass(frozen=True, slots=True)
class Told:
    """Who or when is asked of `thing`; `weights` are the terms by which it is found. `made`: it is asked who made it,
    or when, else who did something else."""

    asked: Asked
    thing: tuple[Wanted, ...]
    weights: Mapping[str, float]
    made: bool

    def best_of(self, units: Sequence[Unit]) -> list[Unit]:
        """The pieces that answer: titles that do, with what says the same year below them, or else those under a title
        that is about the thing alone, or else those that name somebody, or a year, beside the thing."""
        ways = [self._way(unit) for unit in units]
        best = max(ways, default=_NONE)
        if best == _NONE:
            return []
        answers = [unit for unit, way in zip(units, ways, strict=True) if way == best]
        if best != _TITLED or self.asked is not Asked.WHEN:
            return answers
        years = {year for unit in answers for year in _years(unit)}
        return answers + [u for u, way in zip(units, ways, strict=True) if _NEAR < way < best and years & _years(u)]

    def _way(self, unit: Unit) -> int:
        passage = unit.hit.passage
        start, end = unit.start, unit.piece.end + 1
        own = [span for span in self._answers(passage) if start <= span[0] and span[1] <= end]
        if not own:
            return _NONE
        if passage.time is None and (way := self._titled(passage)) > _NEAR:
            return _TITLED if unit.piece.is_cited and start == 0 else way
        cites = unit.piece.is_cited and not any(start <= span[0] < end for span in quoted_in(passage.text))
        begin = 0 if cites else start  # what a publication without its title is cited for stands above it
        near = (self._stands(passage, max(begin, a - _BEFORE_CHARS), min(end, b + _AFTER_CHARS)) for a, b in own)
        return _NEAR if any(near) else _NONE

    def may_hold(self, passage: IndexedPassage) -> bool:
        """Whether a passage speaks of the thing at all, and names somebody or a year."""
        return bool(self._answers(passage)) and self._speaks(passage)

    def best_places(self, hits: Sequence[Hit]) -> tuple[Hit, ...]:
        """The hits that speak of the thing: first those that are about it alone."""
        speak = [hit for hit in hits if self._speaks(hit.passage)]
        return tuple(sorted(speak, key=lambda hit: -self._titled(hit.passage)))

    def _answers(self, passage: IndexedPassage) -> list[Span]:
        """Where a passage names somebody as who did it, or a year; the thing itself may look like a name."""
        text = passage.text
        if self.asked is Asked.WHEN:
            return list(dated_in(text) if self.made and passage.time is not None else years_in(text))
        if not self.made:
            spans = named_in(text) if passage.time is not None else (*named_in(text), *cited_in(text))
        elif passage.time is None:
            spans = (*cited_in(text), *credited_in(text))
        else:
            close = (span for span in named_in(text) if self._stands(passage, *_around(span, _CLOSE_CHARS)))
            spans = (*credited_in(text), *close)
        quoted = quoted_in(text)
        return [span for span in spans if not self._said(passage, *span) and not any(_inside(span, q) for q in quoted)]

    def _said(self, passage: IndexedPassage, start: int, end: int) -> set[str]:
        """The terms of the thing that stand between two places of a passage."""
        tokens = find_terms(passage.text, self.weights, latin_language(passage))
        own = [token for token in tokens if start <= token.start and token.end <= end and self._is_own(token.term)]
        others = [span for span in quoted_in(passage.text) if not self._is_all_of(passage.text[slice(*span)], passage)]
        return {token.term for token in own if not any(_inside((token.start, token.end), span) for span in others)}

    def _is_all_of(self, subject: str, passage: IndexedPassage) -> bool:
        """Whether a title is about the thing, and about nothing narrower: "Recurrent Dropout" is no dropout."""
        said = find_terms(subject, self.weights, latin_language(passage))
        own = [token for token in said if self._is_own(token.term)]
        return self._names({token.term for token in own}) and len(own) >= _worded(subject)

    def _is_own(self, term: str) -> bool:
        return any(term in reading for word in self.thing for reading in word.readings)

    def _stands(self, passage: IndexedPassage, start: int, end: int) -> bool:
        return self._names(self._said(passage, start, end))

    def _speaks(self, passage: IndexedPassage) -> bool:
        said = terms_said(passage.text, passage, self.weights) | terms_said(passage.title, passage, self.weights)
        return self._names(said)

    def _titled(self, passage: IndexedPassage) -> int:
        """How far a title is about the thing: it is its name, or says something of it behind the name."""
        subject = SUBJECT_END.split(passage.title, maxsplit=1)[0]
        if not self._is_all_of(subject, passage):
            return _NONE
        return _UNDER_TITLE if FURTHER.match(passage.title, len(subject)) else _UNDER_NAME

    def _names(self, said: Collection[str]) -> bool:
        share = _SHARE if len(self.thing) <= _LONG_WORDS else _SHARE_OF_LONG
        return share_held(self.thing, said) >= share


def wanted_told(question: str, asked: Asked, found: Found) -> Told | None:
    """What a question for who or when asks of; None for another question, and for one that names nothing."""
    if asked not in _TOLD:
        return None
    said = {fold(piece) for word in words(_clause(found.query)) for piece in (word, *parts_of(word))}
    wanted = [word for word in wanted_of(found.words.phrases, found.weights) if not _only_asks(word.text)]
    made = ORIGIN.search(question) is not None
    thing = tuple(word for word in wanted if word.text in said) or tuple(wanted)
    return Told(asked, thing, found.weights, made) if thing else None


def thing_told_of(question: str) -> str:
    """What a question for who made something, or when, names; empty for another one: how something is made."""
    clause = _clause(question)
    if ORIGIN.search(clause) is None or what_is_asked(question) not in _TOLD:
        return ""
    named = [word.strip("?.!,") for word in ORIGIN.sub(" ", clause).split()]
    told_of = dropwhile(is_stop_word, (word for word in named if word and not _only_asks(fold(word))))
    return " ".join(told_of)


def _clause(question: str) -> str:
    """The question without what else is asked behind it."""
    then = _THEN.search(question)
    if then is None or then.start() < 12:
        return question
    return question[: then.start()]


def _only_asks(word: str) -> bool:
    return _ASKING.fullmatch(word) is not None or ORIGIN.fullmatch(word) is not None


def _worded(text: str) -> int:
    return sum(not is_stop_word(word) and not _only_asks(fold(word)) for word in words(text))


def _years(unit: Unit) -> set[str]:
    return {unit.text[start:end] for start, end in years_in(unit.text)}


def _inside(span: Span, other: Span) -> bool:
    return other[0] <= span[0] and span[1] <= other[1]


def _around(span: Span, chars: int) -> Span:
    return max(0, span[0] - chars), span[1] + chars
