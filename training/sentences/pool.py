"""Material and a teacher → texts with the teacher's vectors: what the student is shown."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.sentences.measure import Split
from training.sentences.network import Network, Numbers, embed
from training.sentences.texts import MOST_PIECES, Material, join_passages

_JOINED_SENTENCES, _JOINED_PASSAGES = 9_000, 12_000  # the first for each language
_OWN_TIMES = 3  # that each passage of the lectures stands among the long texts


@dataclass(frozen=True, slots=True)
class Pool:
    """`vectors` are (n, width) float16 unit rows; the first `long` texts are as long as passages are."""

    texts: list[Numbers]
    vectors: NDArray[np.float16]
    long: int


def make_pool(teacher: Network, material: Material, split: Split, at_most: int) -> Pool:
    """All texts, and longer ones put together of neighbours: what is read most in earnest are pages and minutes."""
    chance = random.Random(5)  # noqa: S311
    own = [asked.passage for asked in material.asked]
    long = own * _OWN_TIMES
    for language in dict.fromkeys(material.languages):
        spoken = [text for text, its in zip(material.single, material.languages, strict=True) if its == language]
        long += _join_sentences(spoken, material.prefix, min(_JOINED_SENTENCES, at_most), chance)
    lectures = [[own[row] for row in rows] for rows in (*split.held, *split.taught)]
    for _ in range(min(_JOINED_PASSAGES, at_most)):
        lecture = chance.choice(lectures)
        count = min(len(lecture), chance.choice((1, 1, 2, 3)))
        start = chance.randrange(len(lecture) - count + 1)
        long.append(join_passages(lecture[start : start + count], material.prefix, MOST_PIECES))
    short = [text for pair in material.pairs for text in pair] + list(material.single)
    short += [question for asked in material.asked for question in asked.questions]
    short += [description for concept in split.taught_concepts for description in concept.asked]
    short += [name for concept in split.taught_concepts for name in concept.names]
    texts = [*long, *short]
    return Pool(texts, embed(teacher, texts).astype(np.float16), len(long))


def _join_sentences(texts: Sequence[Numbers], prefix: int, count: int, chance: random.Random) -> list[Numbers]:
    joined = []
    for _ in range(count):
        neighbours = min(len(texts), chance.randint(2, 6))
        start = chance.randrange(len(texts) - neighbours + 1)
        most = chance.randint(90, MOST_PIECES)
        joined.append(join_passages(texts[start : start + neighbours], prefix, most))
    return joined
