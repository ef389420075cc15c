"""A read query and a scope → what its words say of the subject: how much more the courses say them than everyday
language does, and which of them they do not know at all."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

from index.engine.build import latin_language
from index.search.asked import is_bare
from index.search.beside import in_one_breath, is_one_name, said_beside
from index.search.keyness import TERM_KEYNESS, is_term, keyness_as_read, trust_in
from index.search.organisation import is_organising
from index.search.scope import Scope
from index.search.tongues import is_in_tongue
from index.text.analysis import STOP_WEIGHT, find_terms, fold, one_script, stem
from index.text.everyday import everyday_frequency
from index.text.language import ORDINARY_ZIPF, STEMMERS, telltale_words, tongue_of, zipf
from index.text.layout import is_cyrillic
from index.types import TYPED, IndexedPassage, Phrase, Reading, Word

# An unknown word that everyday language says more often than the first (Zipf scale) is no sign of anything; one rarer
# than the second is a name of something.
_COMMON_ZIPF, _NAME_ZIPF = 4.6, 2.6
_FOREIGN_KEYNESS, _UNTRANSLATED = 0.3, 0.5
_ENGLISH_WORDS = 2  # ordinary ones that make a query English
_UNKNOWN_BELOW = 0.3
# The most words of a term, and the weight of a word that may be one of them: of a question everyday words are not.
_TERM_WORDS, _TELLING = 2, 0.8
_SENTENCE = 6  # words in which a query that asks for no name is a sentence
# A word in a language that the passages are not in is of their subject as far as they are near in meaning: not at all
# below the first similarity, fully from the second on.
_FAR, _CLOSE = 0.15, 0.4
_MEANS = 0.5  # of a word that is read as another, to be there
# How much two words of a term lack that only stand near each other; how much a passage that means the term forgives of
# its words that are no name here, and of those behind a joining word: it may mean one of them.
_LOOSE, _MEANT_MOST, _MEANT_BEHIND = 0.9, 0.3, 0.7
# Between two words of a term, those between them included; by which a word of a name may be longer where it is said.
_BREATH_CHARS, _FORM_CHARS = 30, 3


@dataclass(frozen=True, slots=True)
class Sign:
    """What one word says. `known`: 1 if it is there as itself, the trust in its reading if it is there otherwise, 0 if
    not. `keyness`: 0 for what everyday language says as often, 1 for a word of the subject. `name`: how surely a word
    that nobody knows is the name of something. `heard`: the searched passages are in its language. `place`: its number
    among the words of the query. `asked`: it is of the term that the query surely asks for; `bare`: the
    query is a few words without a question. `term`: the number of a term that it is a word of and that is there by
    another name; -1 if it is not."""

    text: str
    importance: float
    known: float
    keyness: float
    name: float
    heard: bool
    weight: float
    terms: frozenset[str] = frozenset()
    place: int = 0
    asked: bool = False
    bare: bool = False
    term: int = -1


def read_signs(phrases: Sequence[Phrase], term: Sequence[Word], scope: Scope, languages: tuple[str, ...]) -> list[Sign]:
    """A sign for each word that says something; of a query that surely asks for a term (`words_of_term`) only for those
    of the term: how it is asked for says nothing of the subject."""
    typed = [word for phrase in phrases for word in phrase.words]
    asked = {id(word) for word in term}
    said = [fold(word.text) for word in typed]
    tongue = tongue_of(said)
    mixed = any(map(is_cyrillic, said)) or (not tongue and _is_english(said))
    bare = is_bare(typed)
    sure = bool(asked) or bare
    wholes = [[reading for reading in phrase.readings if _is_said_whole(reading, scope)] for phrase in phrases]
    whole_of = [(n, whole) for n, (phrase, whole) in enumerate(zip(phrases, wholes, strict=True)) for _ in phrase.words]
    return [
        replace(
            _sign(word, whole, scope, languages, tongue, sure=sure, mixed=mixed),
            place=place,
            asked=id(word) in asked,
            bare=bare,
            term=number if whole else -1,
        )
        for place, (word, (number, whole)) in enumerate(zip(typed, whole_of, strict=True))
        if word.weight > STOP_WEIGHT and (not asked or id(word) in asked)
    ]


def _is_english(said: Sequence[str]) -> bool:
    """Whether some words are English, or names beside English words."""
    if not telltale_words("en").isdisjoint(said):
        return True
    others = (language for language in STEMMERS if language not in {"en", "ru"})
    ordinary = sum(zipf(word, "en") >= ORDINARY_ZIPF for word in said)
    return ordinary >= _ENGLISH_WORDS and all(telltale_words(language).isdisjoint(said) for language in others)


def _sign(
    word: Word,
    whole: Sequence[Reading],
    scope: Scope,
    languages: tuple[str, ...],
    tongue: str,
    *,
    sure: bool,
    mixed: bool,
) -> Sign:
    """`tongue` is the language that the query is surely in, if that is known. With `sure` it is a term, and what a
    glossary calls it is there as surely as the word itself. In a `mixed` query others are in Cyrillic letters or surely
    English: Latin ones are names and jargon, of no other language ("Gerrit" is no Dutch)."""
    folded = fold(word.text)
    name = _name(folded, (*languages, tongue) if tongue else languages)
    trusted = [(reading, trust_in(reading, word.text)) for reading in word.readings if _is_there(reading, scope)]
    if name >= 1:  # a term that is written in the other alphabet is none of its everyday words
        trusted = [(r, trust * is_term(r, scope, languages)) for r, trust in trusted]
    typed = [(reading, trust) for reading, trust in trusted if reading.reason in TYPED]
    chosen = [*(typed or trusted), *((reading, reading.weight) for reading in whole)]
    known = 1.0 if whole and sure else max((trust for _, trust in chosen), default=0.0)
    jargon = mixed and word.text.isascii()
    heard = known > (_UNKNOWN_BELOW if tongue else 0) or jargon or is_in_tongue(word, scope, tongue)
    if is_organising(_stem(folded)):
        keyness = 0.0
    elif heard:
        keyness = keyness_as_read(chosen, scope, languages)
    else:
        # nobody writes it there in this language: a name may be there in another, everyday words say nothing
        keyness = _FOREIGN_KEYNESS * name
    terms = frozenset(term for reading, trust in chosen if trust > 0 for term, share in reading.terms if share == 1.0)
    return Sign(word.text, scope.importance(word), known, keyness, name, heard, word.weight, terms)


def _name(folded: str, languages: tuple[str, ...]) -> float:
    common = max(zipf(folded, language) for language in ("ru", *languages))
    if common:
        common = max(common, math.log10(everyday_frequency(_stem(folded), languages)) + 9)
    return min(1.0, max(0.0, (_COMMON_ZIPF - common) / (_COMMON_ZIPF - _NAME_ZIPF)))


def _is_there(reading: Reading, scope: Scope) -> bool:
    """Whether a reading is there as itself: its words, all together, not pieces of them ("IoU" is not "io")."""
    return said_beside([term for term, share in reading.terms if share == 1.0], scope)


def _is_said_whole(reading: Reading, scope: Scope) -> bool:
    """Whether a term is there by another name, nothing between its words: "networks infer" is none."""
    own = [term for term, share in reading.terms if share == 1.0]
    return said_beside(own, scope, chars=len(reading.text) + _FORM_CHARS * len(own))


def _stem(folded: str) -> str:
    return stem(one_script(folded))


class Shares(NamedTuple):
    """Shares of a query's importance: of the subject, names that are not known, in a language that the searched
    passages are not in, and not there in the letters in which it was typed."""

    keyness: float
    lacking: float
    foreign: float
    across: float = 0.0


def shares_of(signs: Sequence[Sign], nearness: float) -> Shares:
    """`nearness` is the similarity of the nearest passages: what a word of another language is judged by."""
    total = sum(sign.importance for sign in signs)
    if not total:
        return Shares(0.0, 0.0, 0.0)
    meant = min(1.0, max(0.0, (nearness - _FAR) / (_CLOSE - _FAR)))
    return Shares(
        keyness=sum(sign.importance * sign.keyness * _heard(sign, meant) for sign in signs) / total,
        lacking=sum(sign.importance * sign.name * (1 - min(1, sign.known)) for sign in signs if sign.heard) / total,
        foreign=sum(sign.importance for sign in signs if not sign.heard) / total,
        across=sum(sign.importance for sign in signs if _is_across(sign)) / total,
    )


def _is_across(sign: Sign) -> bool:
    """Whether a word is there in other letters only, as its translation or sound, or may be if it is there at all."""
    typed = is_cyrillic(fold(sign.text))
    return all(is_cyrillic(term) != typed for term in sign.terms) if sign.terms else not sign.heard


def _heard(sign: Sign, meant: float) -> float:
    """How far a word says what it says: one of another language as far as what is near means the same, and half of that
    where it is asked for and no glossary knows what the course calls it."""
    return 1.0 if sign.heard else meant * (_UNTRANSLATED if sign.asked else 1.0)


def share_apart(signs: Sequence[Sign], scope: Scope, meant: float = 0.0) -> float:
    """Of a bare query of two or three words that the courses say each: the share of neighbours that they never say
    beside each other, as "decision trees" of a course that has decisions and trees; a neighbour that everyday
    language says as often, as the verb of "fight overfitting", is part of no term. 0 for any other query. `meant` is
    how surely a passage means what was asked, in whatever words: by so much it says nothing that words stand apart."""
    if len(signs) < 2 or not all(sign.bare and _known(sign) for sign in signs):
        return 0.0
    apart = [
        0.0 if _stand_together(first, second, scope) else min(1.0, min(first.keyness, second.keyness) / TERM_KEYNESS)
        for first, second in pairwise(signs)
    ]
    return (1 - meant) * sum(apart) / len(apart)


def _known(sign: Sign, least: float = 1.0) -> bool:
    """Whether a word is surely there, and written as words are: "1x1" stands on a slide in pieces."""
    return sign.known >= least and bool(sign.terms) and not any(letter.isdigit() for letter in sign.text)


def _stand_together(first: Sign, second: Sign, scope: Scope) -> bool:
    """Whether two neighbours are said beside each other, or their term is there by another name."""
    if first.term >= 0 and first.term == second.term:
        return True
    # a word and its translation are one ("свёртка (convolution)"); two words that are read as one are no term for that
    twice = first.text.isascii() != second.text.isascii() or stem(fold(first.text)) == stem(fold(second.text))
    return any(twice if a == b else in_one_breath((a, b), scope) for a in first.terms for b in second.terms)


def _apartness(first: Sign, second: Sign, scope: Scope) -> float:
    """How surely two neighbours of a term are no name here: 0 where they are said as one, 1 where they never stand
    beside each other; between them, where they do, and other words of the sentence with them."""
    if not _stand_together(first, second, scope):
        return 1.0
    if first.term >= 0 and first.term == second.term:
        return 0.0
    joined = stem(fold(first.text) + fold(second.text))
    if scope.frequency(joined) or any(a == b for a in first.terms for b in second.terms):
        return 0.0
    if any(is_one_name(a, b, scope) for a in first.terms for b in second.terms):
        return 0.0
    return _LOOSE


def share_missing(signs: Sequence[Sign], scope: Scope, meant: float = 0.0) -> float:
    """Of a query for a term the share that the courses do not know, even if it is no name, as "genetic" of "genetic
    algorithm". 0 for any other query, which may be a description in words of its own, and for a whole sentence that
    asks for no name, of how few telling words it may be: "only rebuild what has changed since the last time".

    Of a term that is surely asked for, neighbours that the courses never say beside each other are not known either,
    or less so if it is `meant` (see `share_apart`).
    In a bare query of two words an everyday word beside one that is all of the subject says less, as "fight" of "fight
    overfitting".
    """
    term = [sign for sign in signs if sign.asked]
    if term:
        # Where a passage surely means the whole, an everyday word is none of the term ("the derivative by a program"),
        # and a word of a language that the passages are not in may be there by another name.
        named = [sign.name if sign.heard else 0.0 for sign in term]
        lacking = [max(0.0, 1 - s.known) * (1 - meant * (1 - name)) for s, name in zip(term, named, strict=True)]
        if not any(sign.known for sign in term):
            # in another language the whole of it may be called otherwise; beside a word that is there it would be too
            lacking = [lack * sign.heard for lack, sign in zip(lacking, term, strict=True)]
        leading = True  # behind a joining word stands where it is met: "salt in password hashing"
        for i, (first, second) in enumerate(pairwise(term)):
            leading = leading and second.place == first.place + 1
            beside = second.place == first.place + 1 and _known(first, _MEANS) and _known(second, _MEANS)
            if beside and (apart := _apartness(first, second, scope)) > (0.0 if leading else _LOOSE):
                least = apart * (1 - (_MEANT_MOST if leading else _MEANT_BEHIND) * meant)
                lacking[i], lacking[i + 1] = max(lacking[i], least), max(lacking[i + 1], least)
        return _share(lacking, term, sum(sign.importance for sign in term))
    telling = [sign for sign in signs if sign.weight >= _TELLING]
    if len(telling) > _TERM_WORDS or (signs and signs[-1].place >= _SENTENCE - 1):
        return 0.0
    of_a_term = 1 - max((sign.keyness for sign in telling if sign.known), default=0.0)
    lacking = [max(sign.name, of_a_term) * max(0.0, 1 - sign.known) * sign.heard for sign in telling]
    return _share(lacking, telling, sum(sign.importance for sign in signs))


def _share(values: Sequence[float], signs: Sequence[Sign], total: float) -> float:
    weighed = sum(value * sign.importance for value, sign in zip(values, signs, strict=True))
    return weighed / total if total else 0.0


def unknown_words(signs: Iterable[Sign]) -> tuple[str, ...]:
    """The words of a question that the searched courses do not know, as they were typed."""
    return tuple(dict.fromkeys(s.text for s in signs if s.known < _UNKNOWN_BELOW and s.heard and s.name > 0.0))


def said_together(signs: Sequence[Sign], passages: Sequence[IndexedPassage]) -> float:
    """The largest share of a query's importance whose words one passage says beside what stands beside them in the
    query; a query of one word has it where it is said at all."""
    total = sum(sign.importance for sign in signs)
    wanted = frozenset(term for sign in signs for term in sign.terms)
    if not total or not wanted:
        return 0.0
    return max((_together(signs, passage, wanted) for passage in passages), default=0.0) / total


def _together(signs: Sequence[Sign], passage: IndexedPassage, wanted: frozenset[str]) -> float:
    places: dict[str, list[int]] = {}
    for token in find_terms(passage.text, wanted, latin_language(passage)):
        places.setdefault(token.term, []).append(token.start)
    at = [[place for term in sign.terms for place in places.get(term, ())] for sign in signs]
    if len(signs) == 1:
        return signs[0].importance if at[0] else 0.0
    joined = [any(abs(a - b) <= _BREATH_CHARS for a in first for b in second) for first, second in pairwise(at)]
    beside = [(i > 0 and joined[i - 1]) or (i < len(joined) and joined[i]) for i in range(len(signs))]
    return sum(sign.importance for sign, near in zip(signs, beside, strict=True) if near)
