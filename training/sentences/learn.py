"""Material → the teacher (all layers of the base, which learns what belongs together), then the student (half of them,
which learns the teacher's vectors).

What belongs together is drawn together against the rest of the batch (InfoNCE, van den Oord et al. 2018). The student
learns from vectors alone (Reimers and Gurevych 2020, "Making monolingual sentence embeddings multilingual"), and from
how alike the teacher finds texts (distillation, Hinton et al. 2015).
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from training.sentences.measure import Split
from training.sentences.network import Network, Numbers, build_network, embed
from training.sentences.pool import Pool
from training.sentences.steps import Plan, Say, apart, choose_device, contrast, descend, read_groups, unlike
from training.sentences.texts import Described, Material, join_passages
from training.sentences.weights import Sizes

Item = TypeVar("Item")
_OF_A_LECTURE = 5  # passages: a batch holds whole lectures, whose passages are hard to tell apart


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of a training run; by the clock, the bundled model took some 550 and 2,100 steps (docs/encoder.md)."""

    teacher_steps: int = 600
    student_steps: int = 2_100
    teacher_layers: int = 12
    layers: int = 6
    at_most: int = 1_000_000  # texts of each kind: fewer to try the command out
    teacher_rate: float = 7e-5
    student_rate: float = 3.5e-4
    temperature: float = 0.03
    dropout: float = 0.1  # of the teacher
    teacher_passages: int = 256  # of a batch, as the following
    teacher_concepts: int = 384
    teacher_pairs: int = 96
    teacher_single: int = 64
    student_passages: int = 125
    student_texts: int = 1_400
    seed: int = 1


def learn_teacher(
    weights: Mapping[str, Tensor], sizes: Sizes, material: Material, split: Split, options: Options, say: Say
) -> Network:
    """Learns from questions, descriptions and translations; single sentences should keep the vectors that the base
    gives them, so that it forgets nothing."""
    network = build_network(weights, sizes, options.teacher_layers).to(choose_device())
    wanted = torch.from_numpy(embed(network, material.single)).to(network.device)
    chance = random.Random(options.seed)  # noqa: S311

    def find_loss() -> Tensor:
        rows = _sample_passages(split, options.teacher_passages, chance)
        passages = [material.asked[row].passage for row in rows]
        asked = [chance.sample(material.asked[row].questions, 2) for row in rows]
        concepts = _sample(split.taught_concepts, options.teacher_concepts, chance)
        described = [_sample_description(concept, material.prefix, chance) for concept in concepts]
        pairs = _sample(material.pairs, options.teacher_pairs, chance)
        single = _sample(range(len(material.single)), options.teacher_single, chance)
        sides = [[*side] for both in (asked, described, pairs) for side in zip(*both, strict=True)]
        groups = [passages, *sides, [material.single[row] for row in single]]
        found, first, second, descriptions, names, english, russian, alone = read_groups(
            network, groups, options.dropout
        )
        heat = options.temperature
        loss = (contrast(first, found, heat) + contrast(second, found, heat)) / 2
        loss = loss + 0.5 * contrast(descriptions, names, heat) + 0.3 * contrast(english, russian, heat)
        return loss + 10 * apart(alone, wanted[single])

    descend(network, find_loss, Plan("teacher", options.teacher_steps, options.teacher_rate, 0.1, options.seed), say)
    return network


def learn_student(
    teacher: Network, pool: Pool, material: Material, split: Split, options: Options, say: Say
) -> Network:
    """Begins as some of the teacher's layers; a quarter of what it is shown are long texts."""
    state = {name: weight.detach().cpu() for name, weight in teacher.state_dict().items()}
    network = build_network(state, teacher.sizes, options.layers).to(teacher.device)
    chance = random.Random(options.seed)  # noqa: S311
    long = options.student_texts // 4

    def find_loss() -> Tensor:
        rows = _sample_passages(split, options.student_passages, chance)
        shown = _sample(range(pool.long), long, chance)
        shown += _sample(range(pool.long, len(pool.texts)), options.student_texts - long, chance)
        chance.shuffle(shown)
        groups = [
            [material.asked[row].passage for row in rows],
            [chance.choice(material.asked[row].questions) for row in rows],
            [pool.texts[i] for i in shown],
        ]
        passages, questions, found = read_groups(network, groups, 0.0)
        wanted = torch.from_numpy(pool.vectors[shown]).to(network.device).float()
        loss = 0.3 * contrast(questions, passages, options.temperature) + 20 * apart(found, wanted)
        return loss + unlike(found, wanted)

    descend(network, find_loss, Plan("student", options.student_steps, options.student_rate, 0.05, options.seed), say)
    return network


def _sample(items: Sequence[Item], size: int, chance: random.Random) -> list[Item]:
    return chance.sample(items, min(size, len(items)))


def _sample_passages(split: Split, size: int, chance: random.Random) -> list[int]:
    lectures = _sample(split.taught, size // _OF_A_LECTURE, chance)
    return [row for lecture in lectures for row in lecture][:size]


def _sample_description(concept: Described, prefix: int, chance: random.Random) -> tuple[Numbers, Numbers]:
    """A description, and what it should be near: a name, a name with another description, or only that."""
    asked, other = chance.sample(range(len(concept.asked)), 2)
    drawn = chance.random()
    if drawn < 0.4:
        return concept.asked[asked], chance.choice(concept.names)
    described = concept.descriptions[other]
    if drawn < 0.6:
        texts = (chance.choice(concept.names), described)
        return concept.asked[asked], join_passages(texts, prefix, sum(map(len, texts)))
    return concept.asked[asked], described
