"""The written words of courses, by spelling and by sound: what an unknown word may be a slip of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA, JaroWinkler

from index.engine.container import Arrays, Texts, open_texts, pack_texts
from index.remember import Remembered
from index.text.analysis import fold, one_script, stem, strip_accents, words
from index.text.hashing import Hashes, hash_texts
from index.text.layout import is_cyrillic
from index.text.phonetics import possible_sounds
from index.types import IndexedPassage

Alike = tuple[tuple[str, float], ...]

# Optimal string alignment similarity of a misspelling, and Jaro–Winkler similarity of two sounds (retrieval research).
_MIN_TYPO, _MIN_SOUND = 0.72, 0.88
_MAX_LONGER = 3  # letters by which a sound may be longer or shorter
_MIN_SOUND_CHARS = 3
_REMEMBERED = 5_000  # words whose likes are kept, a few hundred bytes each
_MASK_LETTERS = {letter: i for i, letter in enumerate("abcdefghijklmnopqrstuvwxyzабвгдежзийклмнопрстуфхцчшщъыьэюя0123")}


class ShardWords:
    """The words of one shard (folded), by ascending hash, and their sounds. Views of mapped arrays.

    Sound i is `sounds[i]`, "fine/coarse", of the word `owners[i]`.
    """

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self.words = open_texts(arrays, "words.texts")
        self.hashes: Hashes = arrays["words.hashes"]
        self.counts: NDArray[np.uint32] = arrays["words.counts"]
        self.masks: NDArray[np.uint64] = arrays["words.masks"]
        self.lengths: NDArray[np.uint8] = arrays["words.lengths"]
        self.sounds = open_texts(arrays, "sounds.texts")
        self.owners: NDArray[np.uint32] = arrays["sounds.owners"]
        self.sound_masks: NDArray[np.uint64] = arrays["sounds.masks"]
        self.sound_lengths: NDArray[np.uint8] = arrays["sounds.lengths"]
        self.sound_cyrillic: NDArray[np.bool_] = arrays["sounds.cyrillic"]


class Vocabulary:
    """The distinct words of some shards, for finding those that are like a given one."""

    def __init__(self, shards: Sequence[ShardWords]) -> None:
        self._shards = [(own.words, own.sounds) for own in shards]
        if len(shards) == 1:
            own = shards[0]
            self._of_one(own)
        else:
            self._merge(shards)
        # the same words are asked again and again
        self._spelled: Remembered[str, Alike] = Remembered(_REMEMBERED)
        self._sounding: Remembered[str, Alike] = Remembered(_REMEMBERED)

    def _of_one(self, own: ShardWords) -> None:
        count, sounds = len(own.words), len(own.sounds)
        self.counts: NDArray[np.int64] = own.counts.astype(np.int64)
        self._masks, self._lengths = own.masks, own.lengths
        self._shard = np.zeros(count, np.uint16)
        self._place = np.arange(count, dtype=np.uint32)
        self._sound_owner = own.owners
        self._sound_masks, self._sound_lengths = own.sound_masks, own.sound_lengths
        self._sound_cyrillic = own.sound_cyrillic
        self._sound_place = np.arange(sounds, dtype=np.uint32)

    def _merge(self, shards: Sequence[ShardWords]) -> None:
        """Each word once, as its first shard has it, with the passages of all that hold it."""
        hashes = np.concatenate([*(own.hashes for own in shards), np.zeros(0, np.uint64)])
        order = np.argsort(hashes, kind="stable")
        sorted_hashes = hashes[order]
        new = np.concatenate([[True], sorted_hashes[1:] != sorted_hashes[:-1]]) if len(order) else np.zeros(0, np.bool_)
        group = np.cumsum(new) - 1
        first = order[new]
        starts = np.cumsum([0, *(len(own.words) for own in shards)])

        def joined(arrays: Iterable[NDArray[Any]], kind: type[np.generic]) -> NDArray[Any]:
            return np.concatenate([*arrays, np.zeros(0, kind)])

        counts = joined((own.counts for own in shards), np.uint32)
        self.counts = np.bincount(group, weights=counts[order], minlength=len(first)).astype(np.int64)
        self._masks = joined((own.masks for own in shards), np.uint64)[first]
        self._lengths = joined((own.lengths for own in shards), np.uint8)[first]
        self._shard = (np.searchsorted(starts, first, side="right") - 1).astype(np.uint16)
        self._place = (first - starts[self._shard]).astype(np.uint32)
        # the sounds of a word are those that its first shard has
        number = np.full(len(hashes), -1, np.int64)
        number[first] = np.arange(len(first))
        owner = joined((number[starts[s] + own.owners] for s, own in enumerate(shards)), np.int64)
        chosen = np.flatnonzero(owner >= 0)
        self._sound_owner = owner[chosen].astype(np.uint32)
        self._sound_masks = joined((own.sound_masks for own in shards), np.uint64)[chosen]
        self._sound_lengths = joined((own.sound_lengths for own in shards), np.uint8)[chosen]
        self._sound_cyrillic = joined((own.sound_cyrillic for own in shards), np.bool_)[chosen]
        self._sound_place = joined((np.arange(len(own.sounds), dtype=np.uint32) for own in shards), np.uint32)[chosen]

    def spelled_like(self, word: str) -> Alike:
        """(word, similarity) of the words that are a few slips away, best first."""
        return self._spelled.get(word, self._spelled_like)

    def sounding_like(self, word: str) -> Alike:
        """(word, similarity) of the words of the other alphabet that sound alike, best first."""
        return self._sounding.get(word, self._sounding_like)

    def word(self, number: int) -> str:
        """A word as it lies here."""
        texts: Texts = self._shards[self._shard[number]][0]
        return str(texts[int(self._place[number])])

    def _sound(self, number: int) -> tuple[str, str]:
        """(fine, coarse) code of a sound."""
        texts = self._shards[self._shard[self._sound_owner[number]]][1]
        fine, coarse = str(texts[int(self._sound_place[number])]).split("/")
        return fine, coarse

    def _spelled_like(self, word: str) -> Alike:
        bare = strip_accents(word)
        slips = int(len(bare) * (1 - _MIN_TYPO) + 1e-9) or 1
        near = np.abs(self._lengths.astype(np.int16) - len(bare)) <= slips
        # each slip changes at most two letters of the set
        near &= np.bitwise_count(self._masks ^ _mask(bare)) <= 2 * slips
        found = []
        for i in np.flatnonzero(near).tolist():
            other = self.word(i)
            similarity = OSA.normalized_similarity(bare, strip_accents(other), score_cutoff=_MIN_TYPO)
            if similarity:
                found.append((other, similarity + 0.01 * float(np.log10(self.counts[i] + 1))))
        return tuple(sorted(found, key=lambda item: (-item[1], item[0])))

    def _sounding_like(self, word: str) -> Alike:
        cyrillic = is_cyrillic(word)
        best: dict[str, float] = {}
        for code in possible_sounds(stem(word) if cyrillic else word):
            if len(code.coarse) < _MIN_SOUND_CHARS:
                continue
            near = np.flatnonzero(
                (self._sound_cyrillic != cyrillic)
                & (np.abs(self._sound_lengths.astype(np.int16) - len(code.coarse)) <= _MAX_LONGER)
                & (np.bitwise_count(self._sound_masks ^ _mask(code.coarse.lower())) <= 2 + len(code.coarse) // 5)
            ).tolist()
            codes = [self._sound(i) for i in near]
            coarse = [code for _, code in codes]
            alike = process.cdist([code.coarse], coarse, scorer=JaroWinkler.similarity, score_cutoff=_MIN_SOUND)[0]
            for place in np.flatnonzero(alike):
                exact = OSA.normalized_similarity(code.fine, codes[place][0])
                owner = int(self._sound_owner[near[place]])
                score = 0.6 * float(alike[place]) + 0.4 * exact + 0.01 * float(np.log10(self.counts[owner] + 1))
                other = self.word(owner)
                best[other] = max(best.get(other, 0.0), score)
        return tuple(sorted(best.items(), key=lambda item: (-item[1], item[0])))


def build_words(passages: Iterable[IndexedPassage]) -> Arrays:
    """The arrays of `ShardWords`: every plain word of two letters and more, with the passages that hold it."""
    counts: Counter[str] = Counter()
    for passage in passages:
        written = set(words(f"{passage.title}\n{passage.text}"))
        counts.update({plain for word in written if (plain := _plain_form(word))})
    names = sorted(counts)
    hashes = hash_texts(names)
    order = np.argsort(hashes)
    names = [names[i] for i in order]
    sounds = [possible_sounds(stem(word) if is_cyrillic(word) else word) for word in names]
    owners = np.repeat(np.arange(len(names)), [len(own) for own in sounds])
    flat = [sound for own in sounds for sound in own]
    cyrillic = np.array([is_cyrillic(word) for word in names], np.bool_)
    return {
        **pack_texts("words.texts", names),
        "words.hashes": hashes[order],
        "words.counts": np.array([counts[word] for word in names], np.uint32),
        "words.masks": _masks([strip_accents(word) for word in names]),
        "words.lengths": _lengths([strip_accents(word) for word in names]),
        **pack_texts("sounds.texts", [f"{sound.fine}/{sound.coarse}" for sound in flat]),
        "sounds.owners": owners.astype(np.uint32),
        "sounds.masks": _masks([sound.coarse.lower() for sound in flat]),
        "sounds.lengths": _lengths([sound.coarse for sound in flat]),
        "sounds.cyrillic": cyrillic[owners] if flat else np.zeros(0, np.bool_),
    }


@lru_cache(maxsize=50_000)
def _plain_form(word: str) -> str:
    """A written word as it lies in the vocabulary; empty if it does not belong there."""
    folded = one_script(fold(word))
    return folded if len(folded) > 1 and is_plain(folded) else ""


def is_plain(word: str) -> bool:
    """A word of one alphabet without dots: not `softmax-слой` or `z.backward`, which nobody means by one word."""
    cyrillic, latin = is_cyrillic(word), any("a" <= letter <= "z" for letter in strip_accents(word))
    return cyrillic != latin and "." not in word and "_" not in word


def _mask(word: str) -> np.uint64:
    mask = 0
    for letter in word:
        bit = _MASK_LETTERS.get(letter)
        if bit is not None:
            mask |= 1 << bit
    return np.uint64(mask)


def _masks(texts: Sequence[str]) -> NDArray[np.uint64]:
    return np.array([_mask(text) for text in texts], np.uint64)


def _lengths(texts: Sequence[str]) -> NDArray[np.uint8]:
    return np.array([min(len(text), 255) for text in texts], np.uint8)
