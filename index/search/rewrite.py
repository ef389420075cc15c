"""A word that the course does not know → the words of the course that may be meant, each with weight and reason.

Keyboard layout, misspelling, the other alphabet, words written together or apart. Nothing here replaces what was typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice, product

from index.embed.table import has_vector, pair_similarities
from index.engine.vocabulary import Vocabulary, is_plain
from index.text.analysis import fold, is_stop_word, terms_of, words
from index.text.language import ORDINARY_ZIPF, zipf
from index.text.layout import is_cyrillic, other_layout
from index.text.phonetics import sounds
from index.types import Reason

_MIN_CHARS = 4  # shorter words have too many neighbours
# Both sounds together: coarse and fine. A word that is right as it stands needs an exact counterpart.
_MIN_SOUND_SCORE, _MIN_SURE_SOUND, _MIN_JOINED = 0.8, 0.95, 0.9
# An everyday word that sounds like one of the other language means the same ("модель": cosines from .56) or is a false
# friend ("слово" and "slow": up to .43); read by eye for the 1,500 most frequent Russian words of two courses.
_MIN_LIKENESS = 0.45
# Of any other word of which the table knows what it means: of 600 of two courses that sound like an English one, true
# pairs begin here ("лосс" and "loss": .36), others end ("дисперсия" and "disappears": .14).
_LEAST_LIKENESS = 0.35
_MIN_JOINED_CHARS = 6
_MIN_SURE_CHARS = 5
_SAME_SOUND = 0.95  # similarity of words that are spelled alike and sound the same
_SLIPS_HEARD = 30  # of the words that are spelled alike
_DIGITS = re.compile(r"\d+")
# For which Latin letters a Cyrillic one stands in an abbreviation.
_LATIN_LETTERS = {
    "б": "b", "в": "vw", "г": "g", "д": "d", "ж": "j", "з": "z", "к": "kc", "л": "l", "м": "m", "н": "n", "п": "p",
    "р": "r", "с": "s", "т": "t", "ф": "f", "х": "hx", "ц": "c",
}  # fmt: skip
_ABBREVIATION = re.compile(f"[{''.join(_LATIN_LETTERS)}]{{3,5}}")
_MARGIN = 0.02  # what the best must be ahead of an unrelated second


@dataclass(frozen=True, slots=True)
class Candidate:
    """Words that may be meant instead of a typed word; `weight` is how much they count beside it, at most 1."""

    words: tuple[str, ...]
    weight: float
    reason: Reason


class Rewriter:
    """Finds what unknown words may mean. Immutable after opening; safe to share between threads."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary

    def relayout(self, token: str, known: Callable[[str], bool]) -> str | None:
        """What was meant by a token typed in the other keyboard layout, if that is a word and the token is not."""
        folded = token.lower()
        letters = sum(map(str.isalpha, folded))
        if letters < _MIN_CHARS or letters < 0.7 * len(folded):
            return None
        typed = [fold(word) for word in words(token)]
        if any(known(word) or is_ordinary(word) for word in typed if len(word) > 1):
            return None
        meant = fold(other_layout(folded)).strip(".,;!?/")
        others = words(meant)
        if len(meant) < _MIN_CHARS or any(len(word) < 2 for word in others):
            return None
        sure = all(known(word) or is_ordinary(word) for word in others)
        if sure or (len(meant) >= 5 and (self._close(meant) or self._heard(meant, known))):
            return meant
        return None

    def candidates(self, word: str, known: Callable[[str], bool], *, there: bool) -> list[Candidate]:
        """What a folded word may mean, the best of each reason; one that is `there` only in the other alphabet."""
        if sum(map(str.isalpha, word)) < 3 or word[0].isdigit() or not is_plain(word):
            return []
        written = [other for other in self.vocabulary.written_otherwise(word) if known(other)]
        found = [Candidate((other,), 1.0, Reason.TYPO) for other in written]
        if found and not there:  # groesse: no slip, and surely meant
            return found
        sure = there or is_ordinary(word)
        if not sure:
            written = [other for other in _in_latin_letters(word) if self.vocabulary.holds(other)]
            abbreviations = self._best([(other, 1.0) for other in written], known, Reason.TRANSLITERATION)
            if abbreviations:
                return abbreviations
        if len(word) >= _MIN_CHARS and not sure:
            near = islice(filter(lambda item: known(item[0]), self.vocabulary.spelled_like(word)), _SLIPS_HEARD)
            found += self._best(_meant_alike(word, _by_sound_too(word, near)), known, Reason.TYPO)
            found += self._apart(word, known)
        if sure and len(word) < _MIN_SURE_CHARS:
            return found  # "сеть" is no "set"
        least = _MIN_SURE_SOUND if sure else _MIN_SOUND_SCORE
        sounding = [
            (other, score)
            for other, score in self.vocabulary.sounding_like(word)
            if score >= least and not is_stop_word(other)  # "mIoU" is no "мы"
        ]
        found += self._best(_meant_alike(word, sounding), known, Reason.TRANSLITERATION)
        return found

    def together(self, first: str, second: str, known: Callable[[str], bool]) -> list[Candidate]:
        """What two neighbouring words may mean as one ("бэк проп" → backprop)."""
        joined = first + second
        if not is_plain(joined) or len(joined) < _MIN_JOINED_CHARS or (is_ordinary(first) and is_ordinary(second)):
            return []
        if known(joined):
            return [Candidate((joined,), 0.9, Reason.JOINED)]
        sounding = [(word, score) for word, score in self.vocabulary.sounding_like(joined) if score >= _MIN_JOINED]
        return [
            Candidate(candidate.words, candidate.weight * 0.9, Reason.JOINED)
            for candidate in self._best(sounding, known, Reason.TRANSLITERATION)
        ]

    def _apart(self, word: str, known: Callable[[str], bool]) -> list[Candidate]:
        """The word as two known ones, if there is one way only that is best."""
        best: tuple[int, tuple[str, str]] | None = None
        for cut in range(3, len(word) - 2):
            left, right = word[:cut], word[cut:]
            if known(left) and known(right) and not is_stop_word(left) and not is_stop_word(right):
                balance = min(len(left), len(right))
                if best is None or balance > best[0]:
                    best = (balance, (left, right))
        return [Candidate(best[1], 0.7, Reason.SPLIT)] if best else []

    def _best(
        self, ranked: Sequence[tuple[str, float]], known: Callable[[str], bool], reason: Reason
    ) -> list[Candidate]:
        """The best known candidate, with its equals of the same stem or nearly the same score."""
        there = list(islice(((word, score) for word, score in ranked if known(word)), 8))
        if not there:
            return []
        top = there[0][1]
        chosen: list[Candidate] = []
        seen: set[str] = set()
        for word, score in there:
            term = terms_of(word)[0]
            if score < top - _MARGIN or len(chosen) == 2:
                break
            if term not in seen:
                seen.add(term)
                chosen.append(Candidate((word,), min(score, 1.0), reason))
        # two readings that are equally good are each worth less
        return [Candidate(c.words, c.weight * (0.95 if len(chosen) == 1 else 0.7), reason) for c in chosen]

    def _heard(self, word: str, known: Callable[[str], bool]) -> bool:
        """Whether a word in Cyrillic letters sounds like one that is there in Latin ones: "софтмакс"."""
        sounding = self.vocabulary.sounding_like(word) if is_cyrillic(word) else ()
        return any(score >= _MIN_JOINED and known(other) for other, score in sounding)

    def _close(self, word: str) -> bool:
        spelled = self.vocabulary.spelled_like(word)
        return bool(spelled) and spelled[0][1] >= 0.85


def _meant_alike(word: str, others: Sequence[tuple[str, float]]) -> Sequence[tuple[str, float]]:
    """Those of other words that may mean the same, as far as the table knows what they and this one mean: a word that
    it knows is no slip of one that means something else, and seldom written in the other alphabet for one."""
    ordinary = is_ordinary(word)
    if not others or not (ordinary or has_vector(word)):
        return others
    least = _MIN_LIKENESS if ordinary else _LEAST_LIKENESS
    alike = pair_similarities([word] * len(others), [other for other, _ in others])
    return [
        item
        for item, cosine in zip(others, alike, strict=True)
        if cosine >= least or not (ordinary or has_vector(item[0]))
    ]


def _by_sound_too(word: str, spelled: Iterable[tuple[str, float]]) -> list[tuple[str, float]]:
    """Words that are spelled alike, surely meant where they sound the same: "softmaks" is softmax, "gpt11" no gpt1."""
    own = {sound.fine for sound in sounds(word) if sound.fine}
    digits = _DIGITS.findall(word)

    def score(other: str, alike: float) -> float:
        same = _DIGITS.findall(other) == digits and any(sound.fine in own for sound in sounds(other))
        return max(alike, _SAME_SOUND) if same else alike

    return sorted(((other, score(other, alike)) for other, alike in spelled), key=lambda item: (-item[1], item[0]))


def _in_latin_letters(word: str) -> list[str]:
    """What an abbreviation without vowels may be in Latin letters: "рнн" is RNN."""
    if not _ABBREVIATION.fullmatch(word):
        return []
    return ["".join(letters) for letters in product(*(_LATIN_LETTERS[letter] for letter in word))]


def is_ordinary(word: str) -> bool:
    """Whether everyday language uses a folded word."""
    return max(zipf(word, "ru") if is_cyrillic(word) else zipf(word, "en"), 0.0) >= ORDINARY_ZIPF
