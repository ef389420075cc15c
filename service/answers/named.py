"""A name that is asked for → how far a title is it, and which words of a text only have its stem."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from index.text.analysis import find_terms, fold, is_stop_word, parts_of, terms_of, words
from index.text.symbols import Token, is_symbol

# Of a title: behind it stands what it says of its subject; or that, another name of it, or what it is one of.
FURTHER, SUBJECT_END = re.compile(r":|\s[–—-]\s"), re.compile(r"[:=(\[,]|\s[–—-]\s")
_BRACKETS = re.compile(r"\((?P<other>[^()]*)\)")
_SAME = re.compile(r"\s=\s")  # between two names of one thing
_SIGNS = re.compile(r"[\W_]+")
IS_NAME, IS_SUBJECT, IS_BEHIND = 1.0, 0.8, 0.5
_NAMED = 0.7  # of a name by its weight, in the words in which it was asked for
_READ = 0.35  # in others: those of a reading weigh less
_ALIKE = 0.6  # of two spellings of one word


@dataclass(frozen=True, slots=True)
class Name:
    """What is asked for: `own` are its terms as they were typed, `whole` is what they weigh."""

    weights: Mapping[str, float]
    own: frozenset[str]
    whole: float

    def titles(self, title: str, language: str) -> float:
        """How far it is a title: 1 where it is all of it, but for another name of it, or a year; less where more is
        said of it, or it is what comes of another thing; 0 where it is one of several things."""
        subject, *behind = FURTHER.split(title, maxsplit=1)
        if any(self._is(name, language) for name in _names_in(subject)):
            return IS_SUBJECT if behind else IS_NAME
        return IS_BEHIND * any(self._is(name, language) for part in behind for name in _names_in(part))

    def _is(self, text: str, language: str) -> bool:
        if share_of_title(text, self.weights, language) < 1.0:
            return False
        said = {token.term for token in find_terms(text, self.weights, language)}
        least = _NAMED if said & self.own else _READ
        return sum(self.weights[term] for term in said) >= least * self.whole


def name_in(query: str, weights: Mapping[str, float]) -> Name:
    """What a query names. Of a word that is a slip the best reading that is like it is its own: else a word beside it
    would be all that was asked for, "trick" of "reparametrization trick"."""
    typed = [(word, terms_of(word)) for word in words(query)]
    own = {term for _, terms in typed for term in terms if term in weights}
    own.update(filter(is_symbol, weights))
    others = sorted(weights.keys() - own, key=lambda term: -weights[term])
    for word, terms in typed:
        if terms and not is_stop_word(word) and not own.intersection(terms):
            own.update([term for term in others if _alike(term, terms[0])][:1])
    return Name(weights, frozenset(own), sum(weights[term] for term in own) or sum(weights.values()) or 1.0)


def share_of_title(title: str, weights: Mapping[str, float], language: str) -> float:
    """Which share of the words of a title are of a query."""
    parts = sum(len(parts_of(word)) for word in words(title) if not is_stop_word(word))
    found = find_terms(title, weights, language)
    said = {token.term: _parts_said(title[token.start : token.end], token.term, language) for token in found}
    return sum(said.values()) / max(1, parts)


def other_words(
    query: str, weights: Mapping[str, float], said: Mapping[int, tuple[str, Sequence[Token]]]
) -> dict[int, frozenset[int]]:
    """Of each text the places of words that only have the stem of a word of the query, as "transformation" that of
    "transformer"; none where no text has the word itself. Of Latin letters alone: Russian words have many forms."""
    forms = _forms_typed(query, weights)
    others: dict[int, dict[str, set[int]]] = {number: {} for number in said}
    typed = set[str]()
    for number, (text, tokens) in said.items():
        for token in tokens:
            if token.term in forms and _is_form(text[token.start : token.end], forms[token.term]):
                typed.add(token.term)
            elif token.term in forms:
                others[number].setdefault(token.term, set()).add(token.start)
    return {
        number: frozenset(start for term, starts in found.items() if term in typed for start in starts)
        for number, found in others.items()
    }


def _forms_typed(query: str, weights: Mapping[str, float]) -> dict[str, frozenset[str]]:
    """Of each term the words in which it was typed, in both numbers."""
    forms: dict[str, frozenset[str]] = {}
    for word in words(query):
        term = next(iter(terms_of(word)), "")
        if word.isascii() and term in weights:
            forms[term] = forms.get(term, frozenset()) | _numbers(_bare(word))
    return forms


def _is_form(written: str, forms: Collection[str]) -> bool:
    return any(_bare(part) in forms for part in (written, *parts_of(written)))


def _names_in(subject: str) -> Iterator[str]:
    """A subject and what stands in brackets: the other name of it."""
    yield from _SAME.split(_BRACKETS.sub("", subject))
    for found in _BRACKETS.finditer(subject):
        yield from _SAME.split(found["other"])


def _parts_said(word: str, term: str, language: str) -> int:
    """How many parts of a joined word a term stands for: "VAE" for one of "VQ-VAE-2", "self-attention" for all."""
    return len(parts_of(word)) if terms_of(word, language)[0] == term else 1


def _alike(one: str, other: str) -> bool:
    return SequenceMatcher(None, one, other).ratio() >= _ALIKE


def _bare(word: str) -> str:
    return _SIGNS.sub("", fold(word))


def _numbers(word: str) -> frozenset[str]:
    """A word in one number and in more."""
    one = {word, word.removesuffix("s"), word.removesuffix("es"), re.sub("ies$", "y", word)}
    more = (form[:-1] + "ies" for form in one if form.endswith("y"))
    return frozenset({*one, *more, *(f"{form}s" for form in one), *(f"{form}es" for form in one)})
