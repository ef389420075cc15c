"""What lectures are asked, and what none of them answers → index/builtin/outside-v1.json: python -m training outside.

What 651 lectures of many subjects were asked is what the sentence model learned from (sentences/asked.jsonl.gz); what
is outside of them stands in outside.txt, written for this project (its head says by whom), and in
coverage_negatives.tsv.
Printed beside the fit: how it does on lectures and lines that it was not made from.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.embed.outside import FILE
from index.embed.protocol import Embedder, Vectors
from training.coverage import fit
from training.sentences.texts import ASKED, read_asked

HERE = Path(__file__).parent
OUTSIDE = HERE / "outside.txt"
NEGATIVES = HERE / "coverage_negatives.tsv"
_PARTS = 5
_RIDGE = 300.0  # of 30 to 10,000 as good as any at one error in a hundred, on lectures and lines that were held out

Floats = NDArray[np.float64]


def read_outside_lines() -> list[str]:
    """What no lecture answers."""
    own = [line for line in OUTSIDE.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    others = (line.split("\t") for line in NEGATIVES.read_text("utf-8").splitlines())
    return list(dict.fromkeys([*own, *(text[1] for text in others if text[0] in {"everyday", "organisation"})]))


def learn(inside: Floats, outside: Floats) -> tuple[Floats, float]:
    """(weights, constant) of a logistic regression on (n, d) and (m, d) vectors; both sides weigh the same, however
    many they are."""
    wanted = np.repeat([0.0, 1.0], [len(inside), len(outside)])
    weights = np.repeat([1.0, len(inside) / len(outside)], [len(inside), len(outside)])
    found = fit(np.concatenate([inside, outside]), wanted, weights, _RIDGE)
    return found[:-1], float(found[-1])


def held_out(lectures: Sequence[Floats], outside: Floats) -> tuple[Floats, Floats]:
    """The log-odds of each question and of each line by the fit on other lectures and other lines."""
    of_inside, of_outside = [np.zeros(len(own)) for own in lectures], np.zeros(len(outside))
    for part in range(_PARTS):
        others = np.concatenate([own for i, own in enumerate(lectures) if i % _PARTS != part])
        rest = np.arange(len(outside)) % _PARTS
        weights, constant = learn(others, outside[rest != part])
        for i in range(part, len(lectures), _PARTS):
            of_inside[i] = lectures[i] @ weights + constant
        of_outside[rest == part] = outside[rest == part] @ weights + constant
    return np.concatenate(of_inside), of_outside


def learn_outside(embedder: Embedder, say: Callable[[str], None], path: Path = FILE) -> None:
    """Fit, say how well it does, write the file."""

    def vectors(texts: Sequence[str]) -> Floats:
        read: list[Vectors] = [embedder.embed_query(text) for text in texts]
        return np.array(read, np.float64)

    asked: dict[str, list[str]] = {}
    for passage in read_asked(ASKED):
        asked.setdefault(passage.lecture, []).extend(passage.questions)
    lectures = [vectors(own) for own in asked.values()]
    outside = vectors(read_outside_lines())
    of_inside, of_outside = held_out(lectures, outside)
    say(f"{len(of_inside):,} questions of {len(lectures):,} lectures, {len(outside):,} that none of them answers")
    for bound in (0.0, 1.0, 2.0, 3.0, 4.0):
        wrong, right = np.mean(of_inside > bound), np.mean(of_outside > bound)
        say(f"above {bound:.0f}: {wrong:.4f} of lectures, {right:.3f} outside")
    weights, constant = learn(np.concatenate(lectures), outside)
    record = {
        "model": embedder.fingerprint,
        "data_sha256": {own.name: hashlib.sha256(own.read_bytes()).hexdigest() for own in (ASKED, OUTSIDE, NEGATIVES)},
        "constant": round(constant, 4),
        "weights": [round(float(weight), 4) for weight in weights],
    }
    path.write_text(json.dumps(record) + "\n", "utf-8")
