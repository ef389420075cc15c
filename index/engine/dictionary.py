"""Packs → a reverse dictionary: from a description in everyday words to the concepts that it may mean.

A description is compared by its meaning (the bundled table, whatever embedder is set) and by its words. Neither
is right alone: the table confuses what occurs in the same places, words miss what is said in other words or in another
language.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save_file

from index.embed.protocol import Vectors
from index.embed.table import bundled_table
from index.engine.container import Arrays
from index.engine.glossary import GeneralGlossary, Named, whole_key
from index.engine.packs import FOLDER, Concept, Pack, find_packs, read_pack
from index.engine.vectors import Sketches, sketches_of
from index.remember import MadeOnce
from index.text.analysis import ANALYSIS_VERSION, fold, one_script, stem, word_weight, words

Floats = NDArray[np.float32]

# Chosen on one half of our own descriptions, confirmed on the other (docs/ranking.md).
_MEANING_SHARE = 0.6
_BEST_SHARE = 0.7  # of the best description of a concept; the second has the rest
_K1 = 1.2
# Descriptions whose sketches are nearest, and what a cosine is at most by its sketch, which says too little: of the
# 3,833 concepts that 482 questions may describe these leave out none.
_NEAR, _SKETCH_SCALE, _SKETCH_MORE = 1_000, 1.25, 0.1


@dataclass(frozen=True, slots=True)
class Described:
    """A concept that a text may describe; `score` is how well, some .2 by chance, 1 for its very words."""

    concept: Concept
    score: float


class Dictionary:
    """The concepts of some packs. Immutable after opening; safe to share between threads."""

    def __init__(self, packs: Sequence[Pack]) -> None:
        self.concepts = tuple(concept for pack in packs for concept in pack.concepts)
        bundled = [_bundled(pack) for pack in packs]
        named = [_named(pack, own) for pack, own in zip(packs, bundled, strict=True)]
        self.names = GeneralGlossary(names for own in named for names in own)
        self._vectors = _vectors(packs, bundled)
        self._words = [
            PackWords(words_of_descriptions(pack) if own is None else own)
            for pack, own in zip(packs, bundled, strict=True)
        ]
        self._firsts = np.cumsum([0, *(len(pack.concepts) for pack in packs)]).tolist()
        self._sketches = Sketches([sketches_of(self._vectors)], bundled_table().dimension)
        self._counts = np.array([len(concept.descriptions) for concept in self.concepts], np.int64)
        self._starts = np.cumsum(self._counts) - self._counts
        self._concept_of = np.repeat(np.arange(len(self.concepts)), self._counts)

    def describe(self, text: str, least: float = 0.0) -> Iterator[Described]:
        """The concepts by how well a text describes them, best first, as long as the score is at least this."""
        query = bundled_table().embed_query(text)
        said = (1 - _MEANING_SHARE) * self._by_words(text)
        possible = np.flatnonzero(_MEANING_SHARE * self._at_most(query) + said >= least)
        scores = _MEANING_SHARE * self._by_meaning(query, possible) + said[possible]
        for place in np.argsort(-scores, kind="stable").tolist():
            if scores[place] < least:
                return
            yield Described(self.concepts[possible[place]], float(scores[place]))

    def _at_most(self, query: Vectors) -> Floats:
        """(concepts,) cosine of the nearest description of each, at most; 0 of those that are not near."""
        most = np.zeros(len(self.concepts), np.float32)
        if len(self._vectors) and query.any():
            rows, sketched = self._sketches.scored(query, _NEAR)
            np.maximum.at(most, self._concept_of[rows], _SKETCH_SCALE * sketched + _SKETCH_MORE)
        return most

    def _by_meaning(self, query: Vectors, concepts: NDArray[np.int64]) -> Floats:
        """(n,) of each of these concepts the cosine of the nearest description, and a little of the next."""
        scores = np.zeros(len(concepts), np.float32)
        described = np.flatnonzero(self._counts[concepts])
        if not len(described):
            return scores
        counts = self._counts[concepts[described]]
        starts = np.cumsum(counts) - counts
        rows = np.repeat(self._starts[concepts[described]] - starts, counts) + np.arange(counts.sum())
        near = np.maximum(self._vectors[rows] @ query, 0)
        best = np.maximum.reduceat(near, starts)
        near[near >= np.repeat(best, counts)] = 0
        second = np.maximum.reduceat(near, starts)
        scores[described] = np.float32(_BEST_SHARE) * best + np.float32(1 - _BEST_SHARE) * second
        return scores

    def _by_words(self, text: str) -> Floats:
        """(concepts,) the share of the text's words, by rarity, that the descriptions of each hold (BM25)."""
        scores = np.zeros(len(self.concepts), np.float32)
        total = 0.0
        for own, weight in {_stem(word): word_weight(word) for word in words(text)}.items():
            held = [pack.held(own) for pack in self._words]
            count = sum(len(numbers) for numbers, _ in held)
            rarity = math.log(1 + (len(self.concepts) - count + 0.5) / (count + 0.5)) * weight
            for first, (numbers, impacts) in zip(self._firsts, held, strict=False):
                if len(numbers):
                    scores[first + numbers] += np.float32(rarity) * impacts
            total += rarity
        return scores / np.float32(total) if total else scores


class PackWords:
    """Which concepts of a pack have a word in their descriptions, and in how many of them."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """`arrays` are those of `words_of_descriptions`."""
        stems = arrays["words.stems"].tobytes().decode().split("\n")
        self._starts: list[int] = arrays["words.starts"].tolist()
        # a pack without descriptions has no stems, which as lines are one that is empty
        self._place_of = {own: place for place, own in enumerate(stems[: len(self._starts) - 1])}
        self._concepts: NDArray[np.int64] = arrays["words.concepts"].astype(np.int64)
        frequencies = arrays["words.counts"].astype(np.float32)
        self._impacts: Floats = frequencies / (np.float32(_K1) + frequencies)

    def held(self, stem: str) -> tuple[NDArray[np.int64], Floats]:
        """(concepts by number, how much the word says of each: below 1)."""
        place = self._place_of.get(stem)
        entries = slice(0, 0) if place is None else slice(self._starts[place], self._starts[place + 1])
        return self._concepts[entries], self._impacts[entries]


def words_of_descriptions(pack: Pack) -> Arrays:
    """The stems of all words of its descriptions, a line each; for stem i `words.concepts[starts[i]:starts[i + 1]]`
    are the concepts that have it, and `words.counts` in how many descriptions."""
    held: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for number, concept in enumerate(pack.concepts):
        stems = Counter(own for text in concept.descriptions for own in set(_stems(text)))
        for own, count in stems.items():
            held[own].append((number, count))
    lists = [held[own] for own in sorted(held)]
    return {
        "words.stems": np.frombuffer("\n".join(sorted(held)).encode(), np.uint8),
        "words.starts": np.cumsum([0, *map(len, lists)], dtype=np.uint32),
        "words.concepts": _small([number for entries in lists for number, _ in entries]),
        "words.counts": _small([count for entries in lists for _, count in entries]),
    }


def _small(numbers: Sequence[int]) -> NDArray[Any]:
    """Numbers in as few bytes as the largest takes."""
    return np.array(numbers, np.min_scalar_type(max(numbers, default=0)))


def load_dictionary(chosen: Sequence[str]) -> Dictionary | None:
    """The dictionary of these packs, by name or path, once for the process; None without any.

    InvalidRequest for a pack that is not there or cannot be read.
    """
    return _load(tuple(chosen)) if chosen else None


@MadeOnce
def _load(chosen: tuple[str, ...]) -> Dictionary:
    return Dictionary([read_pack(path, _digest_of_bundled(path.stem)) for path in find_packs(chosen)])


def embed_descriptions(pack: Pack) -> Vectors:
    """(n, d) float32, unit rows: the descriptions of all concepts in their order, by the bundled table."""
    return bundled_table().embed_passages([text for concept in pack.concepts for text in concept.descriptions])


def write_read(pack: Pack, path: Path) -> None:
    """What `Dictionary` would else read at each start: vectors as int8 with a scale for each row, words, and the stems
    by which names are looked up, a line for each name."""
    if read_pack(path.with_suffix(".txt"), pack.digest) != pack:
        raise ValueError(f"{path} would be read otherwise at the start: write no name of words that only join.")
    vectors = embed_descriptions(pack)
    scales = np.abs(vectors).max(axis=1, initial=1e-9) / 127
    codes = np.round(vectors / scales[:, None]).astype(np.int8)
    arrays = {
        "codes": codes,
        "scales": scales.astype(np.float32),
        "names.keys": stems_of_names(pack),
        **words_of_descriptions(pack),
    }
    save_file(arrays, path, {"made_of": _made_of(pack)})


def stems_of_names(pack: Pack) -> NDArray[np.uint8]:
    """What the names of all concepts are looked up by, in their order, as UTF-8: a line each, its stems by blanks."""
    return np.frombuffer("\n".join(" ".join(whole_key(name)) for name in _names(pack)).encode(), np.uint8)


def _names(pack: Pack) -> Iterator[str]:
    return (name for concept in pack.concepts for name in concept.names)


def _named(pack: Pack, bundled: Arrays | None) -> Iterator[list[Named]]:
    """The names of each concept with what they are looked up by, as it is bundled where it is."""
    if bundled is None:
        keys = iter([whole_key(name) for name in _names(pack)])
    else:
        keys = iter([tuple(line.split()) for line in bundled["names.keys"].tobytes().decode().split("\n")])
    for concept in pack.concepts:
        yield list(zip(concept.names, islice(keys, len(concept.names)), strict=True))


def _vectors(packs: Sequence[Pack], bundled: Sequence[Arrays | None]) -> Vectors:
    """(n, d) the vectors of all descriptions, as they are bundled where they are."""
    known = [
        embed_descriptions(pack) if own is None else own["codes"].astype(np.float32) * own["scales"][:, None]
        for pack, own in zip(packs, bundled, strict=True)
    ]
    return np.concatenate([*known, np.zeros((0, bundled_table().dimension), np.float32)])


def _bundled(pack: Pack) -> Arrays | None:
    """What `write_read` wrote, if it was made of this text, this table and the way in which words are read now."""
    path = FOLDER / f"{pack.name}.safetensors"
    if not path.is_file():
        return None
    with safe_open(path, "numpy") as file:
        if file.metadata()["made_of"] != _made_of(pack):
            return None
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (no mapping)


def _made_of(pack: Pack) -> str:
    return f"{pack.digest}:{bundled_table().name}:{ANALYSIS_VERSION}"


def _digest_of_bundled(name: str) -> str:
    """Of the text of which the file beside a bundled pack was made; empty without one."""
    path = FOLDER / f"{name}.safetensors"
    if not path.is_file():
        return ""
    with safe_open(path, "numpy") as file:
        digest, _, rest = str(file.metadata()["made_of"]).partition(":")
    return digest if rest == f"{bundled_table().name}:{ANALYSIS_VERSION}" else ""


def _stems(text: str) -> list[str]:
    return [_stem(word) for word in words(text)]


def _stem(word: str) -> str:
    return stem(one_script(fold(word)))
