"""A word that the course does not know → the words of the course that may be meant, each with weight and reason.

Keyboard layout, misspelling, the other alphabet, words written together or apart. Nothing here replaces what was typed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA, JaroWinkler

from index.embed.table import pair_similarities
from index.errors import CorruptIndex
from index.text.analysis import fold, is_stop_word, one_script, stem, strip_accents, terms_of, words
from index.text.language import ORDINARY_ZIPF, zipf
from index.text.phonetics import Sound, possible_sounds
from index.types import IndexedPassage, Reason

_RUSSIAN_KEYS = "йцукенгшщзхъфывапролджэячсмитьбю.ё"
_ENGLISH_KEYS = "qwertyuiop[]asdfghjkl;'zxcvbnm,./`"
_TO_ENGLISH_KEYS = str.maketrans(_RUSSIAN_KEYS, _ENGLISH_KEYS)
_TO_RUSSIAN_KEYS = str.maketrans(_ENGLISH_KEYS, _RUSSIAN_KEYS)

_MIN_CHARS = 4  # shorter words have too many neighbours
# Optimal string alignment similarity of a misspelling, and Jaro–Winkler similarity of two sounds (retrieval research).
_MIN_TYPO, _MIN_SOUND = 0.72, 0.88
# Both sounds together: coarse and fine. A word that is right as it stands needs an exact counterpart.
_MIN_SOUND_SCORE, _MIN_SURE_SOUND, _MIN_JOINED = 0.8, 0.95, 0.9
# An everyday word that sounds like one of the other language means the same ("модель": cosines from .56) or is a false
# friend ("слово" and "slow": up to .43); read by eye for the 1,500 most frequent Russian words of two courses.
_MIN_LIKENESS = 0.45
_MIN_JOINED_CHARS = 6
_MAX_LONGER = 3  # letters by which a sound may be longer or shorter
_MIN_SOUND_CHARS, _MIN_SURE_CHARS = 3, 5
_MARGIN = 0.02  # what the best must be ahead of an unrelated second
_MASK_LETTERS = {letter: i for i, letter in enumerate("abcdefghijklmnopqrstuvwxyzабвгдежзийклмнопрстуфхцчшщъыьэюя0123")}


@dataclass(frozen=True, slots=True)
class Candidate:
    """Words that may be meant instead of a typed word; `weight` is how much they count beside it, at most 1."""

    words: tuple[str, ...]
    weight: float
    reason: Reason


class Vocabulary:
    """The written words of an index (folded), with the number of passages that hold each."""

    def __init__(self, words: Sequence[str], codes: Sequence[Sound], arrays: Mapping[str, NDArray[np.generic]]) -> None:
        """`codes[j]` is a sound of `words[arrays["owner"][j]]`; other arrays as `build_vocabulary` makes them."""
        self.words = words
        self._number = {word: i for i, word in enumerate(words)}
        self._bare = [strip_accents(word) for word in words]
        self._sounds = codes
        try:
            self.counts = arrays["counts"].astype(np.int64)
            self._masks = arrays["masks"].astype(np.uint64)
            self._sound_owner = arrays["owner"].astype(np.int64)
            self._sound_masks = arrays["sound_masks"].astype(np.uint64)
        except KeyError as error:
            raise CorruptIndex(f"The vocabulary lacks its array {error}; run `lectures reindex`.") from error
        if not len(words) == len(self.counts) == len(self._masks) or len(codes) != len(self._sound_owner):
            raise CorruptIndex("The vocabulary and its arrays differ in length; run `lectures reindex`.")
        self._lengths = np.array([len(word) for word in self._bare], np.int64)
        # the same words are asked again and again; a few hundred bytes each
        self.spelled_like = lru_cache(maxsize=20_000)(self._spelled_like)
        self.sounding_like = lru_cache(maxsize=20_000)(self._sounding_like)
        cyrillic = np.array([_is_cyrillic(word) for word in words], np.bool_)
        self._sound_lengths = np.array([len(code.coarse) for code in codes], np.int64)
        self._sound_cyrillic = cyrillic[self._sound_owner] if len(codes) else np.zeros(0, np.bool_)

    def __contains__(self, word: str) -> bool:
        return word in self._number

    def _spelled_like(self, word: str) -> tuple[tuple[str, float], ...]:
        """(word, similarity) of the words that are a few slips away, best first."""
        bare = strip_accents(word)
        slips = int(len(bare) * (1 - _MIN_TYPO) + 1e-9) or 1
        near = np.abs(self._lengths - len(bare)) <= slips
        # each slip changes at most two letters of the set
        near &= np.bitwise_count(self._masks ^ _mask(bare)) <= 2 * slips
        found = []
        for i in np.flatnonzero(near).tolist():
            similarity = OSA.normalized_similarity(bare, self._bare[i], score_cutoff=_MIN_TYPO)
            if similarity:
                found.append((self.words[i], similarity + 0.01 * float(np.log10(self.counts[i] + 1))))
        return tuple(sorted(found, key=lambda item: (-item[1], item[0])))

    def _sounding_like(self, word: str) -> tuple[tuple[str, float], ...]:
        """(word, similarity) of the words of the other alphabet that sound alike, best first."""
        cyrillic = _is_cyrillic(word)
        best: dict[str, float] = {}
        for code in possible_sounds(stem(word) if cyrillic else word):
            if len(code.coarse) < _MIN_SOUND_CHARS:
                continue
            near = np.flatnonzero(
                (self._sound_cyrillic != cyrillic)
                & (np.abs(self._sound_lengths - len(code.coarse)) <= _MAX_LONGER)
                & (np.bitwise_count(self._sound_masks ^ _mask(code.coarse.lower())) <= 2 + len(code.coarse) // 5)
            )
            codes = [self._sounds[i].coarse for i in near.tolist()]
            alike = process.cdist([code.coarse], codes, scorer=JaroWinkler.similarity, score_cutoff=_MIN_SOUND)[0]
            for place in np.flatnonzero(alike):
                i = int(near[place])
                exact = OSA.normalized_similarity(code.fine, self._sounds[i].fine)
                owner = int(self._sound_owner[i])
                score = 0.6 * float(alike[place]) + 0.4 * exact + 0.01 * float(np.log10(self.counts[owner] + 1))
                best[self.words[owner]] = max(best.get(self.words[owner], 0.0), score)
        return tuple(sorted(best.items(), key=lambda item: (-item[1], item[0])))


def build_vocabulary(passages: Iterable[IndexedPassage]) -> tuple[str, dict[str, NDArray[np.generic]]]:
    """(a line a word: the word and its sounds; arrays) of every plain word of two letters and more, as stored."""
    counts: dict[str, int] = {}
    for passage in passages:
        distinct = {one_script(fold(word)) for word in words(f"{passage.title}\n{passage.text}")}
        for word in distinct:
            if len(word) > 1 and _is_plain(word):
                counts[word] = counts.get(word, 0) + 1
    lines: list[str] = []
    owners: list[int] = []
    codes: list[str] = []
    for i, word in enumerate(sorted(counts)):
        own = possible_sounds(stem(word) if _is_cyrillic(word) else word)
        lines.append(" ".join([word, *(f"{sound.fine}/{sound.coarse}" for sound in own)]))
        owners += [i] * len(own)
        codes += [sound.coarse.lower() for sound in own]
    arrays: dict[str, NDArray[np.generic]] = {
        "counts": np.array([counts[word] for word in sorted(counts)], np.int64),
        "masks": _masks([strip_accents(word) for word in sorted(counts)]),
        "owner": np.array(owners, np.int64),
        "sound_masks": _masks(codes),
    }
    return "\n".join(lines), arrays


def open_vocabulary(text: str, arrays: Mapping[str, NDArray[np.generic]]) -> Vocabulary:
    """What `build_vocabulary` made."""
    found: list[str] = []
    codes: list[Sound] = []
    for line in text.split("\n") if text else []:
        word, *own = line.split(" ")
        found.append(word)
        codes += [Sound(*sound.split("/")) for sound in own]
    return Vocabulary(found, codes, arrays)


class Rewriter:
    """Finds what unknown words may mean. Immutable after opening; safe to share between threads."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary

    def relayout(self, token: str, known: Callable[[str], bool]) -> str | None:
        """What was meant by a token typed in the other keyboard layout, if that is a word and the token is not."""
        folded = token.lower()
        typed = [fold(word) for word in words(token)]
        letters = sum(letter.isalpha() for letter in folded)
        if (
            letters < _MIN_CHARS
            or letters < 0.7 * len(folded)
            or any(known(word) or _is_ordinary(word) for word in typed if len(word) > 1)
        ):
            return None
        meant = fold(other_layout(folded)).strip(".,;!?/")
        others = words(meant)
        if len(meant) < _MIN_CHARS or any(len(word) < 2 for word in others):
            return None
        sure = all(known(word) or _is_ordinary(word) for word in others)
        if sure or (len(meant) >= 5 and self._close(meant)):
            return meant
        return None

    def candidates(self, word: str, known: Callable[[str], bool], *, there: bool) -> list[Candidate]:
        """What a folded word may mean, the best of each reason; one that is `there` only in the other alphabet."""
        if sum(letter.isalpha() for letter in word) < 3 or word[0].isdigit() or not _is_plain(word):
            return []
        sure = there or _is_ordinary(word)
        found: list[Candidate] = []
        if len(word) >= _MIN_CHARS and not sure:
            found += self._best(self.vocabulary.spelled_like(word), known, Reason.TYPO)
            found += self._apart(word, known)
        if sure and len(word) < _MIN_SURE_CHARS:
            return found  # "сеть" is no "set"
        least = _MIN_SURE_SOUND if sure else _MIN_SOUND_SCORE
        sounding = [(other, score) for other, score in self.vocabulary.sounding_like(word) if score >= least]
        if sounding and _is_ordinary(word):
            alike = pair_similarities([word] * len(sounding), [other for other, _ in sounding])
            sounding = [item for item, cosine in zip(sounding, alike, strict=True) if cosine >= _MIN_LIKENESS]
        found += self._best(sounding, known, Reason.TRANSLITERATION)
        return found

    def together(self, first: str, second: str, known: Callable[[str], bool]) -> list[Candidate]:
        """What two neighbouring words may mean as one ("бэк проп" → backprop)."""
        joined = first + second
        if not _is_plain(joined) or len(joined) < _MIN_JOINED_CHARS or (_is_ordinary(first) and _is_ordinary(second)):
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
        there = [(word, score) for word, score in ranked if known(word)][:8]
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

    def _close(self, word: str) -> bool:
        spelled = self.vocabulary.spelled_like(word)
        return bool(spelled) and spelled[0][1] >= 0.85


def other_layout(text: str) -> str:
    """The text as the same keys give it in the other keyboard layout, Russian or English."""
    lowered = text.lower()
    return lowered.translate(_TO_ENGLISH_KEYS if _is_cyrillic(lowered) else _TO_RUSSIAN_KEYS)


def _is_plain(word: str) -> bool:
    """A word of one alphabet without dots: not `softmax-слой` or `z.backward`, which nobody means by one word."""
    cyrillic, latin = _is_cyrillic(word), any("a" <= letter <= "z" for letter in strip_accents(word))
    return cyrillic != latin and "." not in word and "_" not in word


def _is_cyrillic(word: str) -> bool:
    return any("а" <= letter <= "я" or letter == "ё" for letter in word)


def _is_ordinary(word: str) -> bool:
    return max(zipf(word, "ru") if _is_cyrillic(word) else zipf(word, "en"), 0.0) >= ORDINARY_ZIPF


def _mask(word: str) -> np.uint64:
    mask = 0
    for letter in word:
        bit = _MASK_LETTERS.get(letter)
        if bit is not None:
            mask |= 1 << bit
    return np.uint64(mask)


def _masks(texts: Sequence[str]) -> NDArray[np.uint64]:
    return np.array([_mask(text) for text in texts], np.uint64)
