"""What an embedder learned of a course: stored, read back, and kept while little changes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from index.embed.adaptation import Adaptation, basis_of, is_near, make_adaptation, quantise
from index.engine.container import open_packed, pack
from index.errors import EmbedderError


def _learned() -> Adaptation:
    vectors = np.arange(12, dtype=np.float32).reshape(3, 4) - 5
    return make_adaptation(basis_of(["ab" * 32]), ["gate", "loss", "темп"], vectors, 2.5)


def test_an_adaptation_is_stored_and_read_back(tmp_path: Path) -> None:
    learned = _learned()
    content = pack(learned.arrays)
    (tmp_path / "file").write_bytes(content)
    again = Adaptation(open_packed(tmp_path / "file", hashlib.sha256(content).hexdigest(), "It"), 4)
    assert again.digest == learned.digest
    np.testing.assert_array_equal(again.vectors, learned.vectors)
    assert again.basis.tolist() == [int("ab" * 8, 16)]
    assert again.unseen_weight == 2.5
    found = again.vector("loss")
    assert found is not None
    np.testing.assert_allclose(found, [-1, 0, 1, 2], atol=0.02)
    assert again.vector("kernel") is None


def test_an_adaptation_of_another_table_is_refused() -> None:
    with pytest.raises(EmbedderError, match="another table"):
        Adaptation(_learned().arrays, 3)


def test_what_reads_every_text_alike_has_the_same_identity() -> None:
    learned = _learned()
    same = Adaptation({**learned.arrays, "basis": basis_of(["cd" * 32])}, 4)
    assert same.digest == learned.digest
    heavier = Adaptation({**learned.arrays, "unseen": np.array([3.0], np.float32)}, 4)
    assert heavier.digest != learned.digest


def test_little_change_keeps_what_was_learned() -> None:
    hashes = [f"{i:064x}"[::-1] for i in range(100)]
    assert is_near(basis_of(hashes), basis_of(hashes[:90]), 0.2)
    assert not is_near(basis_of(hashes), basis_of(hashes[:70]), 0.2)


def test_one_byte_a_number_is_near_enough() -> None:
    vectors = np.random.default_rng(1).standard_normal((5, 16)).astype(np.float32)
    codes, scales = quantise(vectors)
    np.testing.assert_allclose(codes * scales[:, None], vectors, atol=float(scales.max()))
