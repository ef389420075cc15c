"""Networks → how well they find passages and concepts that they have not been taught, by the kind of the question."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.sentences.network import Floats, Network, embed
from training.sentences.texts import QUESTIONS, Described, Material

_HELD_CONCEPTS = 200
KINDS = ("everyday words", "other language", "how or why", "in trouble", "short query")


@dataclass(frozen=True, slots=True)
class Split:
    """Lectures by the rows of their passages, and concepts: those that are taught, and a tenth (of the concepts two
    hundred) that is held out. Of what is held out the student still sees the texts, but never which belong together."""

    taught: tuple[tuple[int, ...], ...]
    held: tuple[tuple[int, ...], ...]
    taught_concepts: tuple[Described, ...]
    held_concepts: tuple[Described, ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """Mean reciprocal ranks: of the right passage among all passages by the kind of the question, and for all kinds
    together; of the right concept's first name, among all, for a description."""

    by_kind: tuple[float, ...]
    passages: float
    concepts: float

    def __str__(self) -> str:
        kinds = ", ".join(f"{name} {rank:.3f}" for name, rank in zip(KINDS, self.by_kind, strict=True))
        return f"{kinds}; all {self.passages:.3f}; concepts {self.concepts:.3f}"


def split_material(material: Material) -> Split:
    """The same lectures and concepts are held out for the same files."""
    lectures: dict[str, list[int]] = {}
    for row, asked in enumerate(material.asked):
        lectures.setdefault(asked.lecture, []).append(row)
    names = sorted(lectures)
    random.Random(7).shuffle(names)  # noqa: S311
    cut = max(1, len(names) // 10)
    groups = [tuple(lectures[name]) for name in names]
    concepts = list(material.described)
    random.Random(3).shuffle(concepts)  # noqa: S311
    held = min(_HELD_CONCEPTS, len(concepts) // 4)
    return Split(tuple(groups[cut:]), tuple(groups[:cut]), tuple(concepts[held:]), tuple(concepts[:held]))


def measure(network: Network, material: Material, split: Split) -> Measured:
    """With the network as it is, and what `split` holds out."""
    rows = [row for lecture in split.held for row in lecture]
    passages = embed(network, [asked.passage for asked in material.asked])
    questions = embed(network, [question for row in rows for question in material.asked[row].questions])
    ranks = _reciprocal_ranks(questions, passages, np.repeat(rows, QUESTIONS)).reshape(-1, QUESTIONS)
    concepts = [*split.held_concepts, *split.taught_concepts]
    names = embed(network, [concept.names[0] for concept in concepts])
    described = embed(network, [concept.asked[-1] for concept in split.held_concepts])
    found = _reciprocal_ranks(described, names, np.arange(len(described)))
    return Measured(tuple(map(float, ranks.mean(0))), float(ranks.mean()), float(found.mean()))


def _reciprocal_ranks(asked: Floats, among: Floats, right: NDArray[np.int64]) -> Floats:
    scores = asked @ among.T
    own = scores[np.arange(len(asked)), right]
    ranks: Floats = (1 / (1 + (scores > own[:, None]).sum(1))).astype(np.float32)
    return ranks
