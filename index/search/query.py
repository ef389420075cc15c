"""Query text → phrases: what each of its words may mean in this course, weighted.

Typed words count by how much they say (words that only join others say little); a word that the course does not know is
also read as what it may be a slip of, and as what it is in the other alphabet; terms of the glossary are also read as
their counterparts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import chain, groupby, islice
from typing import NamedTuple

from index.embed.translations import translations_of
from index.engine.glossary import key_of, whole_key
from index.search.keywords import KEYWORD_WEIGHT, keywords_named
from index.search.lexicon import Lexicon
from index.search.rewrite import Candidate, Rewriter, is_ordinary
from index.search.typed_signs import MAX_SIGNS, Sign, read_signs, word_of
from index.text.analysis import (
    STOP_WEIGHT,
    bare_words,
    derived_stems,
    fold,
    is_compound,
    is_name,
    is_stop_word,
    one_of,
    one_script,
    other_stems,
    parts_of,
    terms_of,
    word_weight,
    words,
)
from index.text.language import tongue_of
from index.text.layout import in_meant_layout
from index.text.spelling import american_spelling, other_spellings
from index.text.symbols import is_symbol, symbol_terms
from index.types import TYPED, Phrase, Reading, Reason, Word

_GLOSSARY_WEIGHT, _GENERAL_WEIGHT, _NAMED_WEIGHT = 0.7, 0.6, 0.4
_FORM_WEIGHT = 0.9  # of a word in another form, as it is guessed from the one that was typed
_KNOWN_WEIGHT = 0.6  # of another reading of a word that the course knows as typed
_TRUSTED = 0.75  # of a rewrite that is looked up in the glossaries
MEANT = 0.3  # of what a question describes, to be part of its meaning
_MAX_COUNTERPARTS = 4  # of a term, from each glossary
# A translation by the table is worth this at a cosine of `_ALIKE` or more, and less below.
_TRANSLATED_WEIGHT, _ALIKE, _MAX_TRANSLATIONS = 0.8, 0.75, 3
_NUMBERED = re.compile(r"[a-z]\w*\d\w*s")
_MAX_WORDS = 60  # of a query are read in other ways: what is longer is a pasted text


class _Typed(NamedTuple):
    """A word as the course writes it, and the `source` of which it was made, in another keyboard layout or not; or what
    is typed with symbols (`sign`)."""

    text: str
    weight: float
    source: str
    layout: bool
    sign: Sign | None = None


class QueryReader:
    """Reads queries by what the searched courses know."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._rewriter = Rewriter(lexicon.vocabulary)
        self.languages = lexicon.languages
        self._known: dict[str, bool] = {}

    def read(
        self, query: str, *, literal: bool = False, say_meant: Callable[[str], None] = lambda _: None
    ) -> tuple[Phrase, ...]:
        """The phrases of a query; of a literal one the words stay those of the keyboard layout that was used.

        `say_meant` is told what is to be embedded for it (`meaning_of`) where that is clear long before all is read:
        where the courses know all of its words, it is these.
        """
        if self._lexicon.counts_together:
            self._lexicon.expect(self._likely_terms(query))
        typed = self._typed(query, literal=literal)
        if literal or all(self._knows(word.text) for word in typed):
            say_meant(" ".join(word.text for word in typed))
        return tuple(self._phrases([self._word(word, deep=place < _MAX_WORDS) for place, word in enumerate(typed)]))

    def _typed(self, query: str, *, literal: bool) -> list[_Typed]:
        """The words of a query as they were meant."""
        typed: list[_Typed] = []
        # words that only join others say nothing in whatever language a question is
        tongue = tongue_of(fold(word) for word in words(query))
        joining = (*self.languages, tongue) if tongue else self.languages
        tokens = query.split()
        for token, as_meant in zip(tokens, tokens if literal else in_meant_layout(query).split(), strict=True):
            tried = len(typed) < _MAX_WORDS and not literal
            meant = self._rewriter.relayout(token, self._knows) if tried else None
            if tried and as_meant != token and not self._knows(token):
                meant = as_meant
            signs, rest = self._signs(token, typed) if meant is None else ([], token)
            typed += [_Typed(sign.text, 1.0, token, layout=False, sign=sign) for sign in signs]
            said = rest if signs else meant or token
            for word in words(said) or bare_words(said):
                written = self._written(word, tongue)
                # a compound that the course does not write is what its parts are: "LSTM-ячейка"
                parts = parts_of(written)
                parts = [written] if len(parts) == 1 or self._knows(written) else [one_of(part) for part in parts]
                typed += [_Typed(part, word_weight(part, joining), token, meant is not None) for part in parts]
        named = keywords_named([fold(own.text) for own in typed])
        return [own._replace(weight=KEYWORD_WEIGHT) if i in named else own for i, own in enumerate(typed)]

    def _signs(self, token: str, before: Sequence[_Typed]) -> tuple[list[Sign], str]:
        """What a part of a query has that is typed with symbols, and what else it says."""
        left = MAX_SIGNS - sum(own.sign is not None for own in before)
        if token.isalnum() or not left:
            return [], token
        signs, rest = read_signs(token, self._lexicon.frequency, [own.text for own in before], left)
        self._known.update((sign.text, sign.known) for sign in signs)
        return signs, rest

    def _likely_terms(self, query: str) -> list[str]:
        """The terms of a query's words in their spellings and forms: most of what will be asked for."""
        spelled = [other for word in words(query) for other in (word, *other_spellings(fold(word)))]
        terms = [term for word in spelled for language in self.languages for term in terms_of(word, language)]
        terms += symbol_terms(query)
        return [*terms, *(other for term in terms for other in (*other_stems(term), *derived_stems(term)))]

    def _knows(self, word: str) -> bool:
        """Whether one of the searched passages holds a word."""
        known = self._known.get(word)
        if known is None:
            firsts = [terms_of(word, language)[:1] for language in self.languages]
            known = self._known[word] = any(self._lexicon.frequency(term) > 0 for first in firsts for term in first)
        return known

    def _written(self, word: str, tongue: str) -> str:
        """A word as the course writes it: an abbreviation without the s of its plural, CNN for CNNs, and a word of an
        English question as it is spelled on that side of the Atlantic, "color" for "colour"."""
        word = one_of(word)
        if self._knows(word):
            return word
        if _NUMBERED.fullmatch(word) and self._knows(word[:-1]):
            return word[:-1]  # where K8s is written, which looks like a plural, "k8s" is it
        if tongue or self.languages != ("en",):
            return word  # "Kreise" of a German course is no English word
        said = next(filter(self._knows, other_spellings(fold(word))), "")
        return said or american_spelling(word)  # where it says neither, glossaries have that

    def _word(self, typed: _Typed, *, deep: bool) -> Word:
        """A word with what it may mean; only of the first words of a query more than itself (`deep`)."""
        if typed.sign is not None:
            return word_of(typed.sign, self.languages[0])
        text, weight = typed.text, typed.weight
        reason = Reason.LAYOUT if typed.layout else Reason.TYPED
        readings = [self._reading((text,), 1.0, reason, language) for language in self.languages]
        readings = list({reading.terms: reading for reading in readings if reading.terms}.values())
        if not readings:
            readings = [Reading(((fold(text), 1.0),), 1.0, reason, text)]
        if deep and weight > STOP_WEIGHT:
            folded = one_script(fold(text))
            forms = [*self._forms(readings[0], reason), *self._spelled(folded, readings[0], reason)]
            readings += forms
            there = bool(forms) or self._knows(folded)
            for candidate in self._rewriter.candidates(folded, self._knows, there=there):
                trust = candidate.weight * (_KNOWN_WEIGHT if there else 1.0)
                readings.append(self._candidate(candidate, trust))
            if not there and not is_name(text):
                read = {reading.terms for reading in readings}
                others = (reading for reading in self._translated(text) if reading.terms not in read)
                # first what most passages say: that is sooner meant, and shown
                readings += sorted(islice(others, _MAX_TRANSLATIONS), key=lambda r: -self._how_often(r))
        return Word(typed.source if typed.layout else text, weight, tuple(readings))

    def _forms(self, own: Reading, reason: Reason) -> list[Reading]:
        """A word of one stem in the other numbers and cases that the searched passages hold."""
        (stem, _), *pieces = own.terms
        guessed = () if pieces else other_stems(stem)
        if not (pieces or self._lexicon.frequency(stem)):
            guessed += derived_stems(stem)  # of a word that is there they would only change how rare it is
        others = [other for other in guessed if self._lexicon.frequency(other)]
        return [Reading(((other, 1.0),), _FORM_WEIGHT, reason, own.text) for other in others]

    def _spelled(self, word: str, own: Reading, reason: Reason) -> list[Reading]:
        """A word in its other spellings that the searched passages hold, if these make other terms of it."""
        others = (self._reading((other,), _FORM_WEIGHT, reason, "en") for other in other_spellings(word))
        return [other for other in others if other.terms != own.terms and self._is_said(other)]

    def _translated(self, word: str) -> Iterable[Reading]:
        """What a word that no searched passage holds is in the other alphabet, as far as they say that."""
        for other, likeness in translations_of(word):
            weight = _TRANSLATED_WEIGHT * min(1.0, likeness / _ALIKE)
            reading = self._reading((other,), weight, Reason.TRANSLATION, self.languages[0])
            if self._is_said(reading) and not is_stop_word(other):
                yield reading

    def _candidate(self, candidate: Candidate, weight: float) -> Reading:
        reading = self._reading(candidate.words, weight, candidate.reason, self.languages[0])
        return replace(reading, text=" ".join(candidate.words))

    def _reading(self, written: Sequence[str], weight: float, reason: Reason, language: str) -> Reading:
        found = []
        for word in written:
            terms = terms_of(word, language)
            # what the course writes as one word is one: IoU is not "io"
            whole = is_compound(word) and self._lexicon.frequency(terms[0]) > 0
            found.append(terms[:1] if whole else terms)
        return Reading(_shared(found), weight, reason, " ".join(written))

    def name(self, name: str) -> Reading | None:
        """The reading of a name that a query may describe, if one of the searched passages holds all of it."""
        terms = terms_of_name(name, self.languages[0])
        whole = tuple(term for term, share in terms if share == 1.0)
        known = whole and self._lexicon.holds_together(whole)
        return Reading(terms, 1.0, Reason.DESCRIBED, name) if known else None

    def _phrases(self, typed: list[Word]) -> Iterable[Phrase]:
        """The phrases of words; what is typed with symbols is one by itself, and of no name."""
        for is_sign, some in groupby(typed, key=lambda word: is_symbol(word.readings[0].terms[0][0])):
            together = list(some)
            yield from (Phrase((word,)) for word in together) if is_sign else self._phrases_of_words(together)

    def _phrases_of_words(self, typed: list[Word]) -> Iterable[Phrase]:
        position = 0
        written = [word.readings[0].text for word in typed]
        likely = [self._best(word) if word.weight > STOP_WEIGHT else "" for word in typed]
        while position < len(typed):
            length, readings = self._longest(typed, position, written, likely)
            if not readings and position + 1 < len(typed):
                pair = typed[position : position + 2]
                joined = self._joined(pair)
                if joined:
                    length, readings = 2, joined
            yield Phrase(tuple(typed[position : position + length]), tuple(readings))
            position += length

    def _longest(
        self, typed: list[Word], position: int, written: Sequence[str], likely: Sequence[str]
    ) -> tuple[int, list[Reading]]:
        """The longest stretch from here that a glossary knows, with its readings; one word without any if none. Of each
        word there is how it is `written`, and what it is most `likely` to be."""
        longest = min(self._lexicon.longest, len(typed) - position, 6)
        telling = [n for n in range(position, position + longest) if typed[n].weight > STOP_WEIGHT]
        if telling[:1] != [position]:
            return 1, []
        while telling:  # each stretch ends with a word that says something
            # as it was typed first: a glossary knows words that the course does not
            for texts in dict.fromkeys(tuple(own[n] for n in telling) for own in (written, likely)):
                readings = self._counterparts(texts)
                if readings:
                    return telling[-1] + 1 - position, readings
            telling.pop()
        return 1, []

    def _counterparts(self, texts: Sequence[str]) -> list[Reading]:
        """What a term of these words is also called, as far as the searched passages say that."""
        readings: dict[tuple[tuple[str, float], ...], Reading] = {}
        key = tuple(chain.from_iterable(map(key_of, texts)))
        name = key if len(key) > 1 else whole_key(*texts)
        own = self._lexicon.own_terms(key)
        general = self._lexicon.general_terms(name)
        named = [] if own or general or self._is_itself(texts) else self._lexicon.pack_terms(name)
        if not (own or general or named):  # of most stretches of a query
            return []
        for terms, trust in ((own, _GLOSSARY_WEIGHT), (general, _GENERAL_WEIGHT), (named, _NAMED_WEIGHT)):
            called = (self._reading(words(t.counterpart), trust, t.reason, self.languages[0]) for t in terms)
            for reading in islice(filter(self._is_said, called), _MAX_COUNTERPARTS):
                readings.setdefault(reading.terms, reading)
        return list(readings.values())

    def _is_itself(self, texts: Sequence[str]) -> bool:
        """Whether a term is one everyday word that the course says: "react" there is no ReAct, an agent."""
        return len(texts) == 1 and not is_name(texts[0]) and is_ordinary(fold(texts[0])) and self._knows(texts[0])

    def _is_said(self, reading: Reading) -> bool:
        """Whether the searched passages hold each word of a reading."""
        return all(self._lexicon.frequency(term) > 0 for term, share in reading.terms if share == 1.0)

    def _how_often(self, reading: Reading) -> int:
        """How many passages hold the rarest word of a reading."""
        return min(self._lexicon.frequency(term) for term, share in reading.terms if share == 1.0)

    def _joined(self, pair: Sequence[Word]) -> list[Reading]:
        first, second = (one_script(fold(word.text)) for word in pair)
        if min(pair[0].weight, pair[1].weight) <= STOP_WEIGHT or (self._knows(first) and self._knows(second)):
            return []
        return [self._candidate(c, c.weight) for c in self._rewriter.together(first, second, self._knows)]

    def _best(self, word: Word) -> str:
        """What a word is most likely to be: itself where it is known, else its best rewrite; what is written as a name,
        "TensorRT", is no slip of another word."""
        first = word.readings[0]
        others = [reading for reading in word.readings[1:] if reading.reason not in TYPED]
        formed = any(reading.is_form for reading in word.readings)
        if not others or formed or is_name(word.text) or self._knows(first.text):
            return first.text
        best = max(others, key=lambda reading: reading.weight)
        return best.text if best.weight >= _TRUSTED else first.text


def _shared(words_terms: Iterable[Sequence[str]]) -> tuple[tuple[str, float], ...]:
    """The terms of some words, with their shares."""
    shares: dict[str, float] = {}
    for found in words_terms:
        for position, term in enumerate(found):
            # the pieces of a compound share one word's weight: nn.Conv2d does not outweigh padding
            share = 1.0 if position == 0 else 1.0 / (len(found) - 1)
            shares[term] = max(shares.get(term, 0.0), share)
    return tuple(shares.items())


@lru_cache(maxsize=20_000)  # the names of packs: they are asked for again and again
def terms_of_name(name: str, language: str) -> tuple[tuple[str, float], ...]:
    """The terms of a name with their shares, 1 for each word of it; `language` is that of Latin words."""
    said = [word for word in words(name) if not is_stop_word(word)]
    return _shared(terms_of(word, language)[: 1 if is_compound(word) else None] for word in said)


def meaning_of(phrases: Iterable[Phrase], frequency: Callable[[str], int]) -> str:
    """What is embedded for a query: what was typed, and what words that the searched passages lack may mean."""
    texts: list[str] = []
    for phrase in phrases:
        for word in phrase.words:
            texts.append(word.readings[0].text)
            typed = [r for r in word.readings if r.reason in TYPED]
            if not any(frequency(term) > 0 for reading in typed for term, _ in reading.terms):
                texts += [r.text for r in word.readings if r not in typed and r.weight >= _TRUSTED]
        texts += [r.text for r in phrase.readings if phrase.described and r.weight >= MEANT]
    return " ".join(texts)


def _is_typed(reading: Reading) -> bool:
    return reading.reason is Reason.TYPED and not reading.is_form


def as_typed(phrases: tuple[Phrase, ...]) -> tuple[Phrase, ...]:
    """The query without what it may also mean."""
    return tuple(
        Phrase(
            tuple(
                replace(word, readings=tuple(filter(_is_typed, word.readings)) or word.readings[:1])
                for word in phrase.words
            )
        )
        for phrase in phrases
    )
