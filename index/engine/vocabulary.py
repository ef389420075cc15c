"""The written words of courses, by spelling and by sound: what an unknown word may be a slip of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA

from index.engine.container import Arrays, Texts, open_texts, pack_bytes, pack_texts
from index.engine.letters import coded, lengths_of, mask_of, masks_of
from index.engine.slices import Slices
from index.engine.sounds import Sounds, heads_of
from index.remember import Remembered
from index.text.accents import strip_accents
from index.text.analysis import fold, one_script, stem, terms_of, words
from index.text.hashing import Hashes, hash_texts
from index.text.layout import is_cyrillic
from index.text.phonetics import possible_sounds
from index.types import IndexedPassage

_PLAIN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_LATIN_1 = 0xC3  # with what ä, ö, ü and ß begin in UTF-8

Alike = tuple[tuple[str, float], ...]

_MIN_TYPO = 0.72  # optimal string alignment similarity of a misspelling (retrieval research)
_MIN_SOUND_CHARS = 3
# words whose likes are kept, a few hundred bytes each; fewer where there may be many vocabularies of parts
_REMEMBERED, _REMEMBERED_OF_PARTS = 5_000, 1_000
_LIKES_BYTES = 300
_NUMBERS = ("counts", "masks", "lengths", "stems")  # of `_Words`


class ShardWords:
    """The words of one shard (folded), by ascending hash, and their sounds. Views of mapped arrays.

    `codes` are the letters of each without accents (`letters.coded`), `stems` the hash of its stem. Sound i is
    `sounds[i]`, "fine/coarse", of the word `owners[i]`.
    """

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self.words = open_texts(arrays, "words.texts")
        self.hashes: Hashes = arrays["words.hashes"]
        self.counts: NDArray[np.uint32] = arrays["words.counts"]
        self.masks: NDArray[np.uint64] = arrays["words.masks"]
        self.lengths: NDArray[np.uint8] = arrays["words.lengths"]
        # None in shards of before these two were written down
        self.codes = open_texts(arrays, "words.codes") if "words.codes" in arrays else None
        self.stems: Hashes | None = arrays.get("words.stems")
        self.sounds = _in_codes(open_texts(arrays, "sounds.texts"))
        self.owners: NDArray[np.uint32] = arrays["sounds.owners"]
        self.sound_masks: NDArray[np.uint64] = arrays["sounds.masks"]
        self.sound_lengths: NDArray[np.uint8] = arrays["sounds.lengths"]
        self.sound_cyrillic: NDArray[np.bool_] = arrays["sounds.cyrillic"]


@dataclass(frozen=True, slots=True)
class _Words:
    """Distinct words by ascending hash: hash, text, its letters without accents as bytes, passages that hold it, its
    letters as a mask, length without accents, hash of its stem."""

    hashes: Hashes
    texts: Slices
    codes: Slices
    counts: NDArray[np.int64]
    masks: NDArray[np.uint64]
    lengths: NDArray[np.int16]
    stems: Hashes


class Vocabulary:
    """The distinct words of some shards, for finding those that are like a given one.

    The texts are kept in one piece of memory: comparing thousands of them takes less than reading them from the shards.
    """

    def __init__(self, words: _Words, sounds: Sounds, remembered: int = _REMEMBERED) -> None:
        self._words, self._sounds = words, sounds
        self._remembered = remembered
        # what a word is more likely to be meant the more passages hold it
        self._frequent: NDArray[np.float64] = 0.01 * np.log10(words.counts + 1)
        # the same words are asked again and again
        self._spelled: Remembered[str, Alike] = Remembered(remembered)
        self._sounding: Remembered[str, Alike] = Remembered(remembered)

    @classmethod
    def of(cls, shards: Sequence[ShardWords]) -> Vocabulary:
        """Each word once, as its first shard has it, with the passages of all that hold it."""
        hashes = _joined([own.hashes for own in shards], np.uint64)
        order = np.argsort(hashes, kind="stable")
        ordered = hashes[order]
        new = np.concatenate([[True], ordered[1:] != ordered[:-1]]) if len(order) else np.zeros(0, np.bool_)
        first = order[new]
        starts = np.cumsum([0, *(len(own.words) for own in shards)])
        counts = _joined([own.counts for own in shards], np.uint32)
        texts = Slices.gather([own.words for own in shards], first)
        codes = [own.codes for own in shards if own.codes is not None]
        stems = [own.stems for own in shards if own.stems is not None]
        known = len(codes) == len(shards) == len(stems)
        words = _Words(
            hashes[first],
            texts,
            Slices.gather(codes, first) if known else Slices.of(_codes(texts)),
            np.bincount(np.cumsum(new) - 1, weights=counts[order], minlength=len(first)).astype(np.int64),
            _joined([own.masks for own in shards], np.uint64)[first],
            _joined([own.lengths for own in shards], np.uint8)[first].astype(np.int16),
            _joined(stems, np.uint64)[first] if known else _stems(texts),
        )
        number = np.full(len(hashes), -1, np.int64)
        number[first] = np.arange(len(first))
        return cls(words, _sounds_of(shards, starts, number))

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Vocabulary:
        """What `arrays` gave. Texts are copied, a tenth of it: pieces are taken from bytes twice as fast."""
        texts, codes = (
            Slices.from_arrays(arrays, name, arrays[name].tobytes()) for name in ("words.texts", "words.codes")
        )
        numbers = (arrays[f"words.{name}"] for name in _NUMBERS)
        return cls(_Words(arrays["words.hashes"], texts, codes, *numbers), Sounds.from_arrays(arrays))

    def arrays(self) -> Arrays:
        """All of it as named arrays."""
        words = self._words
        return {
            "words.hashes": words.hashes,
            **{f"words.{name}": getattr(words, name) for name in _NUMBERS},
            "words.texts": np.frombuffer(words.texts.content, np.uint8),
            **words.texts.bounds("words.texts"),
            "words.codes": np.frombuffer(words.codes.content, np.uint8),
            **words.codes.bounds("words.codes"),
            **self._sounds.arrays(),
        }

    def part(self, stems: Hashes) -> Vocabulary:
        """Only the words whose stem is one of these."""
        order = np.argsort(self._words.stems, kind="stable")
        ordered = self._words.stems[order]
        firsts, lasts = np.searchsorted(ordered, stems, "left"), np.searchsorted(ordered, stems, "right")
        counts = lasts - firsts
        shift = firsts - np.concatenate([[0], np.cumsum(counts)[:-1]]) if len(counts) else firsts
        return self._only(np.sort(order[np.repeat(shift, counts) + np.arange(counts.sum())]), self._words.counts)

    def of_some(self, shards: Sequence[ShardWords]) -> Vocabulary:
        """What `of` says of some of its shards, whose texts are shared."""
        counts = np.zeros(len(self._words.texts), np.int64)
        for own in shards:
            counts[np.searchsorted(self._words.hashes, own.hashes)] += own.counts
        return self._only(np.flatnonzero(counts), counts)

    @property
    def part_bytes(self) -> int:
        """How much memory it takes as a part of another, whose texts it shares."""
        words, sounds = self._words, self._sounds
        arrays = (words.hashes, words.counts, words.masks, words.lengths, words.stems, self._frequent)
        texts = words.texts.size + words.codes.size + sounds.size
        return sum(own.nbytes for own in arrays) + texts + 2 * self._remembered * _LIKES_BYTES

    def _only(self, chosen: NDArray[np.int64], counts: NDArray[np.int64]) -> Vocabulary:
        """Some of its words by number, with the passages that hold them."""
        words, sounds = self._words, self._sounds
        number = np.full(len(words.texts), -1, np.int64)
        number[chosen] = np.arange(len(chosen))
        heard = np.flatnonzero(number[sounds.owners] >= 0)
        return Vocabulary(
            _Words(
                words.hashes[chosen],
                words.texts.only(chosen),
                words.codes.only(chosen),
                counts[chosen],
                words.masks[chosen],
                words.lengths[chosen],
                words.stems[chosen],
            ),
            sounds.only(heard, number[sounds.owners[heard]]),
            _REMEMBERED_OF_PARTS,
        )

    def words(self) -> dict[str, int]:
        """Every word, with how many passages hold it."""
        counts = self._words.counts.tolist()
        return dict(zip(self._words.texts, counts, strict=True))

    def written_otherwise(self, word: str) -> tuple[str, ...]:
        """The same word as German is written without its own letters, or with them: groesse and größe."""
        plain = without_umlauts(word)
        if not word.isascii():
            return (plain,) if plain != word and self.holds(plain) else ()
        return self._umlauts.get(word, ())

    @cached_property
    def _umlauts(self) -> dict[str, tuple[str, ...]]:
        """Words with German letters, by how they are written without."""
        found: dict[str, tuple[str, ...]] = {}
        for number in self._words.texts.holding(_LATIN_1).tolist():
            word = self._words.texts[number]
            if (plain := without_umlauts(word)) != word:
                found[plain] = (*found.get(plain, ()), word)
        return found

    def holds(self, word: str) -> bool:
        """Whether a folded word is written somewhere."""
        hashes, own = self._words.hashes, hash_texts([word])
        place = int(np.searchsorted(hashes, own[0]))
        return place < len(hashes) and bool(hashes[place] == own[0])

    def spelled_like(self, word: str) -> Alike:
        """(word, similarity) of the words that are a few slips away, best first."""
        return self._spelled.get(word, self._spelled_like)

    def sounding_like(self, word: str) -> Alike:
        """(word, similarity) of the words of the other alphabet that sound alike, best first."""
        return self._sounding.get(word, self._sounding_like)

    def _spelled_like(self, word: str) -> Alike:
        own = self._words
        bare = strip_accents(word)
        slips = int(len(bare) * (1 - _MIN_TYPO) + 1e-9) or 1
        near = np.abs(own.lengths - len(bare)) <= slips
        # each slip changes at most two letters of the set
        near &= np.bitwise_count(own.masks ^ mask_of(bare)) <= 2 * slips
        numbers = np.flatnonzero(near)
        similar = process.cdist(
            [coded(bare)],
            own.codes.some(numbers),
            scorer=OSA.normalized_similarity,
            score_cutoff=_MIN_TYPO,
            dtype=np.float64,
        )[0]
        alike = np.flatnonzero(similar)
        scores = (similar[alike] + self._frequent[numbers[alike]]).tolist()
        found = [(own.texts[number], score) for number, score in zip(numbers[alike].tolist(), scores, strict=True)]
        return tuple(sorted(found, key=lambda item: (-item[1], item[0])))

    def _sounding_like(self, word: str) -> Alike:
        own = self._sounds
        cyrillic = is_cyrillic(word)
        best: dict[str, float] = {}
        for code in possible_sounds(stem(word) if cyrillic else word):
            if len(code.coarse) < _MIN_SOUND_CHARS:
                continue
            fine = coded(code.fine)
            for place, alike in own.alike(code.coarse, cyrillic=not cyrillic):
                exact = OSA.normalized_similarity(fine, own.fine.piece(place))
                owner = int(own.owners[place])
                score = 0.6 * alike + 0.4 * exact + float(self._frequent[owner])
                other = self._words.texts[owner]
                best[other] = max(best.get(other, 0.0), score)
        return tuple(sorted(best.items(), key=lambda item: (-item[1], item[0])))


def without_umlauts(word: str) -> str:
    """A folded word as it is written where a keyboard has no German letters."""
    return word.translate(_PLAIN)


def _joined(arrays: Sequence[NDArray[Any]], kind: type[np.generic]) -> NDArray[Any]:
    return np.concatenate([*arrays, np.zeros(0, kind)])


def _sounds_of(shards: Sequence[ShardWords], starts: NDArray[np.int64], number: NDArray[np.int64]) -> Sounds:
    """The sounds of words as their first shard has them; `number` is the number of each word of each shard, or -1."""
    owner = _joined([number[starts[s] + own.owners] for s, own in enumerate(shards)], np.int64)
    alphabets = 256 * _joined([own.sound_cyrillic for own in shards], np.bool_).astype(np.int64)
    places = alphabets + _joined([own.sound_lengths for own in shards], np.uint8)
    chosen = np.flatnonzero(owner >= 0)
    chosen = chosen[np.argsort(places[chosen], kind="stable")]
    both = Slices.gather([own.sounds for own in shards], chosen)
    parted = np.flatnonzero(np.frombuffer(both.content, np.uint8) == ord("/"))  # one in each
    coarse = Slices(both.content, parted + 1, both.ends)
    return Sounds(
        Slices(both.content, both.starts, parted),
        coarse,
        owner[chosen],
        _joined([own.sound_masks for own in shards], np.uint64)[chosen],
        np.searchsorted(places[chosen], np.arange(513)),
        heads_of(coarse),
    )


def _codes(texts: Iterable[str]) -> list[bytes]:
    """The letters of words, without accents, as bytes."""
    return [coded(strip_accents(text)) for text in texts]


def _stems(texts: Iterable[str]) -> Hashes:
    """(n,) the hashes of the stems of words."""
    return hash_texts(terms_of(text)[0] for text in texts)


def _open_bytes(pieces: Sequence[bytes]) -> Texts:
    return open_texts(pack_bytes("", pieces), "")


def _in_codes(texts: Texts) -> Texts:
    """Texts with one byte for each letter: as they are, unless some have letters beyond ASCII."""
    if not len(texts.content) or int(texts.content.max()) < 0x80:
        return texts
    return _open_bytes([coded(text) for text in texts])


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
        "words.masks": masks_of([strip_accents(word) for word in names]),
        "words.lengths": lengths_of([strip_accents(word) for word in names]),
        **pack_bytes("words.codes", _codes(names)),
        "words.stems": _stems(names),
        **pack_texts("sounds.texts", [f"{sound.fine}/{sound.coarse}" for sound in flat]),
        "sounds.owners": owners.astype(np.uint32),
        "sounds.masks": masks_of([sound.coarse.lower() for sound in flat]),
        "sounds.lengths": lengths_of([sound.coarse for sound in flat]),
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
