"""Text → terms: the words that the lexical index knows, with their places in the text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container
from functools import lru_cache
from typing import NamedTuple

import Stemmer

# Part of a generation's identity: change it when the same text would give other terms.
ANALYSIS_VERSION = "1"

# A run of letters and digits, with inner joints as in nn.Conv2d, seq2seq, self-attention, C++.
_WORD = re.compile(r"[^\W_]+(?:[._’'\-‑][^\W_]+)*[+#]{0,2}")
_JOINT = re.compile(r"[._’'\-‑]")
# conv2d → conv, 2, d; BatchNorm → Batch, Norm
_PIECES = re.compile(r"[A-ZА-ЯЁ]+(?![a-zа-яё])|[A-ZА-ЯЁ]?[a-zа-яё]+|\d+|[^\W\d_]+")
_CYRILLIC = re.compile(r"[а-я]")
_LATIN = re.compile(r"[a-z]")

# Function words of questions: they weigh little, so that "что такое X" asks for X.
_STOP_WORDS = frozenset(
    """
    а без более бы был была были было быть в вам вас весь во вот все всего всех вы где да даже для до его ее если есть еще
    же за зачем и из или им их к как какая какие каким какой какую когда кого кто ли либо между меня мне может можно мы на
    над надо не нее нет ни них но ну о об один однако он она они оно от отличается отличие очень по под почему при про
    работает работают с сам свой себя со так такая такие такое такой там тем то того тоже только том ты у уже чего чем что
    чтобы эта эти это этого этой этом этот я нужен нужна нужно нужны бывает бывают значит объясни расскажи покажи делать
    сделать такого
    a about am an and are as at be been being but by can could did do does doing for from had has have having he her here
    his how i if in into is it its me more most my no nor not of off on or our out over own same she should so some such
    than that the their them then there these they this those through to too under up very was we were what when where
    which while who whom why will with would you your work works explain tell show me mean means between difference
    """.split()
)
STOP_WEIGHT = 0.05


class Token(NamedTuple):
    """A term and the `[start, end)` characters of the text that it stands for."""

    term: str
    start: int
    end: int


@lru_cache(maxsize=1)
def _stemmers() -> tuple[Stemmer.Stemmer, Stemmer.Stemmer]:
    return Stemmer.Stemmer("russian"), Stemmer.Stemmer("english")


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """The Snowball stem of a lower-case word by its script: Russian for Cyrillic, English for Latin."""
    russian, english = _stemmers()
    if _CYRILLIC.search(word):
        return str(russian.stemWord(word))
    if _LATIN.search(word):
        return str(english.stemWord(word))
    return word


def fold(text: str) -> str:
    """Lower case, compatibility forms and ё = е: what two spellings of one word have in common."""
    return unicodedata.normalize("NFKC", text).lower().replace("ё", "е")


@lru_cache(maxsize=200_000)
def _terms_of(word: str) -> tuple[str, ...]:
    """All terms of one written word: its stem, and for identifiers the whole and the pieces."""
    whole = fold(word).rstrip("+#") if not word.endswith(("++", "#")) else fold(word)
    terms = [stem(whole)]
    parts = _JOINT.split(word)
    if len(parts) > 1:
        terms += [stem(fold(part)) for part in parts]
    for part in parts:
        pieces = _PIECES.findall(part)
        if len(pieces) > 1:
            terms += [stem(fold(piece)) for piece in pieces if len(piece) > 1]
    return tuple(dict.fromkeys(term for term in terms if term))


def find_terms(text: str, wanted: Container[str]) -> list[Token]:
    """Where in a text the wanted terms stand; a word that is several terms (`nn.Conv2d`) is found by the first."""
    distinct, written = _written(text)
    known: dict[str, str] = {}
    for word in distinct:
        for term in _terms_of(word):
            if term in wanted:
                known[word] = term
                break
    return [Token(known[word], start, end) for word, start, end in written if word in known] if known else []


@lru_cache(maxsize=1_000)  # the passages that are shown most; some 10 KB each
def _written(text: str) -> tuple[frozenset[str], tuple[tuple[str, int, int], ...]]:
    """The distinct words of a text, and each word with its place."""
    written = tuple((match.group(), match.start(), match.end()) for match in _WORD.finditer(text))
    return frozenset(word for word, _, _ in written), written


def terms(text: str) -> list[str]:
    """The terms of a text in order, without places."""
    return [term for match in _WORD.finditer(text) for term in _terms_of(match.group())]


def query_terms(query: str) -> dict[str, float]:
    """The distinct terms of a query with their weights: 1 for a word, little for a function word.

    The pieces of a compound share one word's weight, so that `nn.Conv2d` does not outweigh `padding`.
    """
    weights: dict[str, float] = {}
    for match in _WORD.finditer(query):
        word = match.group()
        found = _terms_of(word)
        weight = STOP_WEIGHT if fold(word) in _STOP_WORDS else 1.0
        for position, term in enumerate(found):
            share = weight if position == 0 else weight / (len(found) - 1 + 1e-9)
            weights[term] = max(weights.get(term, 0.0), min(share, weight))
    return weights


def is_stop_word(word: str) -> bool:
    """Whether a word only joins others: such words rank and highlight nothing."""
    return fold(word) in _STOP_WORDS
