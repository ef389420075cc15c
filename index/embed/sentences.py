"""Text → unit vectors by the bundled sentence model, which reads a text as a whole; with nothing to download.

Six layers of a transformer (Vaswani et al. 2017) that learned from multilingual-e5-small (Wang et al. 2024) and from
passages of lectures with what students ask of them: `training/sentences`, docs/encoder.md. The layers run in
onnxruntime, in 8 bit; the vectors of the pieces that they begin with are looked up here, in 4 bit.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from index.embed.adaptation import Adaptation
from index.embed.pieces import Pieces
from index.embed.protocol import Vectors
from index.errors import EmbedderError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

VERSION = "v1"
FOLDER = Path(__file__).parents[1] / "builtin"
_BLOCK = 32  # numbers that share a scale
_MOST_PIECES = 300  # of a text: a page of a book, or two minutes of speech
_MOST_CHARS = 6_000
_MOST_THREADS = 4  # each keeps some megabytes
_AGAIN = "install the application again."


@dataclass(frozen=True, slots=True)
class _Model:
    """What reads: the layers, how words are cut, and the vectors of pieces (packed) and of places in a text."""

    session: InferenceSession
    pieces: Pieces
    words: NDArray[np.uint8]
    positions: Vectors


class SentenceEmbedder:
    """Each text is read alone, so that its vector does not hang on what was read beside it.

    The record of the model is read at once, the rest with the first text: much that opens a model never asks it. Files
    that are not what the record says are refused then, with an EmbedderError.
    """

    splits_passages = False
    learns = False
    adaptation = None

    def __init__(self, folder: Path = FOLDER) -> None:
        try:
            record = json.loads((folder / f"sentences-{VERSION}.json").read_text("utf-8"))
            self._files: dict[str, str] = dict(record["files"])
            self.dimension = int(record["dimension"])
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise EmbedderError(
                f"The record of the bundled sentence model could not be read ({error}); install the application again."
            ) from error
        self._folder = folder
        self._lock = Lock()
        self._failed: EmbedderError | None = None
        digest = hashlib.sha256("".join(self._files.values()).encode()).hexdigest()[:12]
        self.name = self.fingerprint = f"sentences-{VERSION}:{digest}:{self.dimension}"

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """In several threads, a text in each: the library works outside the interpreter's lock."""
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        with ThreadPoolExecutor(min(_MOST_THREADS, os.cpu_count() or 1)) as threads:
            for row, vector in enumerate(threads.map(self._read, (f"passage: {text}" for text in texts))):
                vectors[row] = vector
        return vectors

    def embed_query(self, text: str) -> Vectors:
        return self._read(f"query: {text}")

    def embed_query_in(self, text: str, adaptations: Sequence[Adaptation | None]) -> Vectors:
        return np.repeat(self.embed_query(text)[None, :], len(adaptations), axis=0)

    def adapted_to(self, texts: Sequence[str], basis: NDArray[np.uint64]) -> SentenceEmbedder:  # noqa: ARG002
        return self

    def with_adaptation(self, adaptation: Adaptation | None) -> SentenceEmbedder:  # noqa: ARG002
        return self

    def _read(self, text: str) -> Vectors:
        model = self._loaded()
        numbers = model.pieces.numbers(text[:_MOST_CHARS], _MOST_PIECES)
        begun = unpack(model.words[numbers]) + model.positions[: len(numbers)]
        (found,) = model.session.run(None, {"begun": begun[None]})
        vector: Vectors = np.asarray(found, np.float32)[0]
        return vector

    def _loaded(self) -> _Model:
        """Loaded by the first thread that asks; what cannot be is not tried again."""
        with self._lock:
            if self._failed is not None:
                raise self._failed
            try:
                return self._model
            except EmbedderError as error:
                self._failed = error
                raise

    @cached_property
    def _model(self) -> _Model:
        from safetensors.numpy import load  # noqa: PLC0415

        layers, arrays_blob, pieces = (self._checked(kind) for kind in ("onnx", "safetensors", "pieces.txt"))
        try:
            session, arrays = _session(layers), load(arrays_blob)
            return _Model(
                session,
                Pieces(pieces.decode().split("\n"), arrays["scores"].tolist()),
                arrays["words"],
                arrays["positions"].astype(np.float32),
            )
        except Exception as error:  # the library is not there, or refuses this machine: it raises what it pleases
            raise EmbedderError(
                f"The bundled sentence model cannot be run ({type(error).__name__}: {error}); install the application "
                "again with all that it needs (`make`, or `pip install .`)."
            ) from error

    def _checked(self, kind: str) -> bytes:
        """A file of the model as it is recorded."""
        name = f"sentences-{VERSION}.{kind}"
        try:
            content = (self._folder / name).read_bytes()
        except OSError as error:
            raise EmbedderError(f"{name} of the bundled sentence model cannot be read ({error}); {_AGAIN}") from error
        if hashlib.sha256(content).hexdigest() != self._files.get(name):
            raise EmbedderError(f"{name} of the bundled sentence model is damaged; {_AGAIN}")
        return content


def unpack(packed: NDArray[np.uint8]) -> Vectors:
    """(n, d) float32 of (n, 18 d / 32) bytes: of each 32 numbers a scale (half precision), then 4 bits a number, of
    which the lower halves of the bytes are the first sixteen; 8 stands for 0. As ggml's Q4_0 has it."""
    blocks = packed.reshape(len(packed), -1, 2 + _BLOCK // 2)
    scales = np.ascontiguousarray(blocks[:, :, :2]).view("<f2").astype(np.float32)
    bits = blocks[:, :, 2:]
    whole = np.concatenate([bits & 15, bits >> 4], axis=2).astype(np.float32) - 8
    vectors: Vectors = (whole * scales).reshape(len(packed), -1)
    return vectors


def _session(model: bytes) -> InferenceSession:
    import onnxruntime  # noqa: PLC0415  (a tenth of a second, which only this needs)

    options = onnxruntime.SessionOptions()
    # one thread: of several, each would read a text of its own
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # else processors without instructions for 8-bit products (VNNI) cut the largest sums off: other vectors there
    options.add_session_config_entry("session.x64quantprecision", "1")
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
