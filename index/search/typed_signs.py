"""Part of a query between blanks → what in it is typed with symbols, and means just that: `2>&1`, `$?`, `--amend`.

What the searched courses write so is looked for as it stands; its letters alone ("amend") say less. What they do not
write so is what its letters say, as far as that is a word of its own (".gitignore"); where it has none, or an everyday
word that a sign makes something else of ("@property"), and nothing before it says what is asked about, it is asked
about itself: a course that does not have it does not explain it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from index.search.asked import is_wanted_of
from index.search.rewrite import is_ordinary
from index.text.analysis import fold, parts_of, terms_of, words
from index.text.symbols import Token, find_symbols
from index.types import Reading, Reason, Word

MAX_SIGNS = 8  # of a query
_LETTERS_WEIGHT = 0.3  # of the letters of what a passage does not write with its signs
_LEAST_LETTERS = 3  # of a word that says something without its sign
_ENDS = "?!.,;:"  # of a sentence, or of what is typed: "what is &&?", "what is $?"
# An everyday word with one of these is something else than the word.
_OTHERWISE = ("@", "*", "-", ":", "%")
_KIND = re.compile(
    r"signs?|symbols?|characters?|operators?|flags?|options?|switch(?:es)?|keys?|shortcuts?|commands?|arguments?|"
    r"знак\w*|значок\w*|символ\w*|оператор\w*|флаг\w*|опци\w+|ключ\w*|команд\w*|аргумент\w*|сочетани\w+"
)


@dataclass(frozen=True, slots=True)
class Sign:
    """What is typed with symbols, as it is written, its term, and whether the searched courses write it so."""

    text: str
    term: str
    known: bool


def read_signs(
    token: str, frequency: Callable[[str], int], before: Sequence[str], most: int = MAX_SIGNS
) -> tuple[list[Sign], str]:
    """(at most so many signs in a part of a query, what else it says); `before` are the words that stand before it."""
    forms = dict.fromkeys((without_end(token), token))
    found = [(form, find_symbols(form)) for form in forms]
    known = ((form, own) for form, own in found if any(frequency(sign.term) for sign in own))
    form, signs = next(known, next((pair for pair in found if pair[1]), (token, [])))
    kept = [sign for sign in signs if frequency(sign.term) or _is_asked_about(sign, form, before)][:most]
    rest = form
    for sign in kept:
        rest = rest[: sign.start] + " " * (sign.end - sign.start) + rest[sign.end :]
    return [Sign(form[s.start : s.end], s.term, frequency(s.term) > 0) for s in kept], rest


def without_end(token: str) -> str:
    """A part of a query between blanks without the end of a sentence, where it may have one."""
    ends = token[-1:] in _ENDS and token[-2:-1] != token[-1:]  # "::" and "!!" are whole
    return token[:-1] if ends else token


def _is_asked_about(sign: Token, form: str, before: Sequence[str]) -> bool:
    """Whether what no course has is all that is asked about: it says nothing without its signs, nor does anything say
    something that stands before it."""
    if not all(is_wanted_of(word) or _KIND.fullmatch(fold(word)) for word in before):
        return False
    written = form[sign.start : sign.end]
    letters = _letters(written)
    return not letters or (written.startswith(_OTHERWISE) and all(is_ordinary(fold(word)) for word in letters))


def _letters(written: str) -> list[str]:
    """The words in a sign that say something without it."""
    parts = [part for word in words(written) for part in parts_of(word)]
    return [part for part in parts if len(part) >= _LEAST_LETTERS and not part.isdigit()]


def word_of(sign: Sign, language: str) -> Word:
    """A sign as a word of a query: itself, and less what its letters say."""
    readings = [Reading(((sign.term, 1.0),), 1.0, Reason.TYPED, sign.text)]
    letters = tuple((terms_of(word, language)[0], 1.0) for word in _letters(sign.text))
    if sign.known and letters:
        readings.append(Reading(letters, _LETTERS_WEIGHT, Reason.SPLIT, sign.text))
    return Word(sign.text, 1.0, tuple(readings))
