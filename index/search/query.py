"""Query text → phrases: what each of its words may mean in this course, weighted.

Typed words count by how much they say (words that only join others say little); a word that the course does not know is
also read as what it may be a slip of; terms of the glossary are also read as their counterparts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from index.engine.glossary import Glossary, key_of
from index.search.rewrite import Candidate, Rewriter
from index.text.analysis import STOP_WEIGHT, fold, one_script, parts_of, terms_of, word_weight, words
from index.types import TYPED, Phrase, Reading, Reason, Rewrite, Word

_GLOSSARY_WEIGHT, _GENERAL_WEIGHT = 0.7, 0.6
_KNOWN_WEIGHT = 0.6  # of another reading of a word that the course knows as typed
_TRUSTED = 0.75  # of a rewrite that is looked up in the glossaries
_MAX_WORDS = 60  # of a query are read in other ways: what is longer is a pasted text


@dataclass(frozen=True, slots=True)
class Reader:
    """What reading a query needs of one generation."""

    rewriter: Rewriter
    glossary: Glossary
    general: Glossary
    languages: tuple[str, ...]

    def read(
        self, query: str, frequency: Callable[[str], int], courses: frozenset[str] | None = None
    ) -> tuple[Phrase, ...]:
        """The phrases of a query. `frequency(term)` counts the searched passages that hold a term."""

        def known(word: str) -> bool:
            return any(frequency(terms_of(word, language)[0]) > 0 for language in self.languages if terms_of(word))

        typed: list[Word] = []
        for token in query.split():
            meant = self.rewriter.relayout(token, known) if len(typed) < _MAX_WORDS else None
            for written in words(meant or token):
                # a compound that the course does not write is what its parts are: "LSTM-ячейка"
                parts = parts_of(written)
                for word in [written] if len(parts) == 1 or known(written) else parts:
                    deep = len(typed) < _MAX_WORDS
                    typed.append(self._word(word, known, layout=meant is not None, source=token, deep=deep))
        return tuple(self._phrases(typed, known, frequency, courses))

    def _word(self, text: str, known: Callable[[str], bool], *, layout: bool, source: str, deep: bool) -> Word:
        reason = Reason.LAYOUT if layout else Reason.TYPED
        readings = [self._reading((text,), 1.0, reason, language) for language in self.languages]
        readings = list({reading.terms: reading for reading in readings if reading.terms}.values())
        if not readings:
            readings = [Reading(((fold(text), 1.0),), 1.0, reason, text)]
        weight = word_weight(text, self.languages)
        if deep and weight > STOP_WEIGHT:
            folded = one_script(fold(text))
            there = known(folded)
            for candidate in self.rewriter.candidates(folded, known, there=there):
                trust = candidate.weight * (_KNOWN_WEIGHT if there else 1.0)
                readings.append(self._candidate(candidate, trust))
        return Word(source if layout else text, weight, tuple(readings))

    def _candidate(self, candidate: Candidate, weight: float) -> Reading:
        reading = self._reading(candidate.words, weight, candidate.reason, self.languages[0])
        return replace(reading, text=" ".join(candidate.words))

    def _reading(self, written: Sequence[str], weight: float, reason: Reason, language: str) -> Reading:
        shares: dict[str, float] = {}
        for word in written:
            found = terms_of(word, language)
            for position, term in enumerate(found):
                # the pieces of a compound share one word's weight: nn.Conv2d does not outweigh padding
                share = 1.0 if position == 0 else 1.0 / (len(found) - 1)
                shares[term] = max(shares.get(term, 0.0), share)
        return Reading(tuple(shares.items()), weight, reason, " ".join(written))

    def _phrases(
        self,
        typed: list[Word],
        known: Callable[[str], bool],
        frequency: Callable[[str], int],
        courses: frozenset[str] | None,
    ) -> Iterable[Phrase]:
        position = 0
        while position < len(typed):
            length, readings = self._longest(typed, position, known, frequency, courses)
            if not readings and position + 1 < len(typed):
                pair = typed[position : position + 2]
                joined = self._joined(pair, known)
                if joined:
                    length, readings = 2, joined
            yield Phrase(tuple(typed[position : position + length]), tuple(readings))
            position += length

    def _longest(
        self,
        typed: list[Word],
        position: int,
        known: Callable[[str], bool],
        frequency: Callable[[str], int],
        courses: frozenset[str] | None,
    ) -> tuple[int, list[Reading]]:
        """The longest stretch from here that a glossary knows, with its readings; one word without any if none."""
        longest = min(max(self.glossary.longest, self.general.longest), len(typed) - position, 6)
        for length in range(longest, 0, -1):
            stretch = typed[position : position + length]
            if stretch[0].weight <= STOP_WEIGHT or stretch[-1].weight <= STOP_WEIGHT:
                continue
            stems = [stem for word in stretch if word.weight > STOP_WEIGHT for stem in key_of(_best(word, known))]
            readings: dict[tuple[tuple[str, float], ...], Reading] = {}
            for glossary, trust in ((self.glossary, _GLOSSARY_WEIGHT), (self.general, _GENERAL_WEIGHT)):
                for term in glossary.readings(stems, courses)[:4]:
                    reading = self._reading(words(term.counterpart), trust, term.reason, self.languages[0])
                    if all(frequency(t) > 0 for t, share in reading.terms if share == 1.0):
                        readings.setdefault(reading.terms, reading)
            if readings:
                return length, list(readings.values())
        return 1, []

    def _joined(self, pair: Sequence[Word], known: Callable[[str], bool]) -> list[Reading]:
        first, second = (one_script(fold(word.text)) for word in pair)
        if min(pair[0].weight, pair[1].weight) <= STOP_WEIGHT or (known(first) and known(second)):
            return []
        return [self._candidate(c, c.weight) for c in self.rewriter.together(first, second, known)]


def _best(word: Word, known: Callable[[str], bool]) -> str:
    """What a word is most likely to be: itself where it is known, else its best rewrite."""
    first = word.readings[0]
    others = [reading for reading in word.readings[1:] if reading.reason not in TYPED]
    if not others or known(first.text) or max(reading.weight for reading in others) < _TRUSTED:
        return first.text
    return max(others, key=lambda reading: reading.weight).text


def rewrites_of(phrases: Iterable[Phrase]) -> tuple[Rewrite, ...]:
    """What a query was also read as, for showing: the best of each word or phrase and reason."""
    found: dict[tuple[str, str], Rewrite] = {}
    for phrase in phrases:
        sources = [(phrase.text, phrase.readings), *((word.text, word.readings) for word in phrase.words)]
        for source, readings in sources:
            for reading in readings:
                if reading.reason is not Reason.TYPED and fold(reading.text) != fold(source):
                    found.setdefault(
                        (source, fold(reading.text)),
                        Rewrite(source, reading.text, reading.reason, round(reading.weight, 3)),
                    )
    return tuple(found.values())


def meaning_of(phrases: Iterable[Phrase], frequency: Callable[[str], int]) -> str:
    """What is embedded for a query: what was typed, and what words that the searched passages lack may mean."""
    texts: list[str] = []
    for phrase in phrases:
        for word in phrase.words:
            texts.append(word.readings[0].text)
            typed = [r for r in word.readings if r.reason in TYPED]
            if not any(frequency(term) > 0 for reading in typed for term, _ in reading.terms):
                texts += [r.text for r in word.readings if r not in typed and r.weight >= _TRUSTED]
    return " ".join(texts)


def as_typed(phrases: tuple[Phrase, ...]) -> tuple[Phrase, ...]:
    """The query without what it may also mean."""
    return tuple(
        Phrase(
            tuple(
                replace(word, readings=tuple(r for r in word.readings if r.reason is Reason.TYPED) or word.readings[:1])
                for word in phrase.words
            )
        )
        for phrase in phrases
    )
