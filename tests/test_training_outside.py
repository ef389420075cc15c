"""What no lecture answers: from lines of text to the weights that the application reads."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from support import CountingEmbedder

from index.embed.outside import FILE, read_outside
from index.embed.protocol import Vectors
from training import outside
from training.outside import NEGATIVES, OUTSIDE, learn_outside
from training.sentences.texts import ASKED, AskedPassage


class Sides(CountingEmbedder):
    """The first number of a question's vector says whether it is of life."""

    def embed_query(self, text: str) -> Vectors:
        number = float(text.rsplit(maxsplit=1)[-1]) / 100
        return np.array([1.0 if text.startswith("life") else -1.0, number, 0.0, 0.0], np.float32)


def test_what_no_lecture_answers_is_learned_and_measured_on_what_was_not_learned_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [AskedPassage(f"lecture {n // 2}", "text", (f"lecture question {n}",) * 5) for n in range(20)]
    monkeypatch.setattr(outside, "read_asked", lambda _: asked)
    monkeypatch.setattr(outside, "read_outside_lines", lambda: [f"life {n}" for n in range(10)])
    said: list[str] = []
    path = tmp_path / "outside.json"
    learn_outside(Sides(), said.append, path)
    assert said[:2] == [
        "100 questions of 10 lectures, 10 that none of them answers",
        "above 0: 0.0000 of lectures, 1.000 outside",
    ]
    found = read_outside(Sides().fingerprint, path)
    assert found.odds(Sides().embed_query("life 3")) > 0 > found.odds(Sides().embed_query("lecture question 3"))


def test_the_bundled_weights_are_those_of_the_texts_that_are_kept() -> None:
    record = json.loads(FILE.read_text("utf-8"))["data_sha256"]
    assert record == {own.name: hashlib.sha256(own.read_bytes()).hexdigest() for own in (ASKED, OUTSIDE, NEGATIVES)}
