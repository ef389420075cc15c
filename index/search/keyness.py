"""A word of a query and what it is read as → how surely it is that, and how much more the courses say it than everyday
language does."""

from __future__ import annotations

import math
from collections.abc import Sequence

from index.search.scope import Scope
from index.text.analysis import fold, is_name
from index.text.everyday import everyday_share
from index.types import TYPED, Reading, Reason

_PASSAGE_WORDS = 60.0  # of a slide or a minute of speech, about
_KEY_DECADES = 1.5  # a word said this many powers of ten more often than in everyday language is all of the subject
_CHANCE_MENTIONS = 0.7  # a word that is said once may be there by chance
# A word that is read as what it sounds like is trusted from the first weight on, and fully from the second: slips of
# one letter lie above .82, unknown terms that look like a word of the course ("проксимальный", "максимальный") below.
# Likewise one that the table translates: with less, coffee and buses are of every course.
_READ_AS = {
    Reason.TYPO: (0.7, 0.85),
    Reason.TRANSLITERATION: (0.8, 0.9),
    Reason.SPLIT: (0.6, 0.9),
    Reason.JOINED: (0.6, 0.9),
    Reason.TRANSLATION: (0.4, 0.7),
}
_LONG_NAME = 6  # letters
_DIGITS = "0123456789"
TERM_KEYNESS = 0.1  # from here on a word surely belongs to a term of the subject


def trust_in(reading: Reading, written: str) -> float:
    """How surely a word is what it is read as; what is written as a name, "UMAP", is no slip of another word, unless
    two of its letters changed places."""
    if reading.reason in TYPED:
        return 1.0
    if fold(written).rstrip(_DIGITS) == fold(reading.text):
        return 1.0  # "LeNet5" is a LeNet
    if reading.reason in _READ_AS and is_name(written):
        if not _is_swapped(fold(written), fold(reading.text)):
            return 0.0
        if len(written) >= _LONG_NAME:  # "GLEU" is no slip of GELU
            return 1.0
    if reading.reason in _READ_AS:
        none, full = _READ_AS[reading.reason]
        return min(1.0, max(0.0, (reading.weight - none) / (full - none)))
    return reading.weight


def _is_swapped(written: str, meant: str) -> bool:
    """Whether a word is another one with two neighbouring letters in each other's place: "ImgaeNet"."""
    differ = [i for i, (a, b) in enumerate(zip(written, meant, strict=False)) if a != b]
    same_letters = sorted(written) == sorted(meant)
    return same_letters and len(differ) == 2 and differ[1] == differ[0] + 1


def is_term(reading: Reading, scope: Scope, languages: tuple[str, ...]) -> float:
    """How far what sounds like a rare word is of the subject: "фаззинг" is no facing. 1 for what is read otherwise."""
    if reading.reason is not Reason.TRANSLITERATION:
        return 1.0
    return min(1.0, keyness_of(reading, scope, languages) / TERM_KEYNESS)


def keyness_as_read(chosen: Sequence[tuple[Reading, float]], scope: Scope, languages: tuple[str, ...]) -> float:
    """How far a word is of the subject by its readings, each with the trust in it. A word that is translated in several
    ways means but one of them: no more than what these are on average, since one of "change", "swap" and "shift" is
    nearly always a word of the course."""
    read = [(reading.reason, trust, keyness_of(reading, scope, languages)) for reading, trust in chosen if trust > 0]
    translated = [(trust, keyness) for reason, trust, keyness in read if reason is Reason.TRANSLATION]
    whole = sum(trust for trust, _ in translated)
    average = sum(trust * keyness for trust, keyness in translated) / whole if whole else 0.0
    return max(
        min(average, max((trust * keyness for trust, keyness in translated), default=0.0)),
        max((trust * keyness for reason, trust, keyness in read if reason is not Reason.TRANSLATION), default=0.0),
    )


def keyness_of(reading: Reading, scope: Scope, languages: tuple[str, ...]) -> float:
    """The least of its words: a term of two words is of the subject if both are."""
    values = []
    for term, share in reading.terms:
        if share == 1.0 and (count := scope.frequency(term)):
            ratio = count / max(scope.size, 1) / everyday_share(term, _PASSAGE_WORDS, languages)
            sure = count / (count + _CHANCE_MENTIONS)
            values.append(sure * min(1.0, max(0.0, math.log10(ratio) / _KEY_DECADES)))
    return min(values, default=0.0)
