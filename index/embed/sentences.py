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


class SentenceEmbedder:
    """Each text is read alone, so that its vector does not hang on what was read beside it.

    The files are read and checked at once; onnxruntime is loaded with the first text, as much that opens a model never
    asks it.
    """

    splits_passages = False
    adaptation = None

    def __init__(self, folder: Path = FOLDER) -> None:
        from safetensors.numpy import load  # noqa: PLC0415

        named = [f"sentences-{VERSION}.{kind}" for kind in ("onnx", "safetensors", "pieces.txt")]
        try:
            wanted = json.loads((folder / f"sentences-{VERSION}.json").read_text("utf-8"))["files"]
            self._layers, blob, pieces = ((folder / name).read_bytes() for name in named)
            found = [hashlib.sha256(content).hexdigest() for content in (self._layers, blob, pieces)]
            if found != [wanted[name] for name in named]:
                raise EmbedderError("a file is not what it was")
            arrays = load(blob)
        except Exception as error:  # damaged files raise what their readers please
            raise EmbedderError(
                f"The bundled sentence model could not be read ({type(error).__name__}: {error}); install the "
                "application again."
            ) from error
        self._pieces_and_scores = pieces.decode(), arrays["scores"]
        self._words: NDArray[np.uint8] = arrays["words"]
        self._positions: Vectors = arrays["positions"].astype(np.float32)
        self._lock = Lock()
        self.dimension = int(self._positions.shape[1])
        digest = hashlib.sha256("".join(found).encode()).hexdigest()[:12]
        self.name = self.fingerprint = f"sentences-{VERSION}:{digest}:{self.dimension}"

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """On all cores: a thread for each, as the library works outside the interpreter's lock."""
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
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
        pieces, session = self._loaded
        numbers = pieces.numbers(text[:_MOST_CHARS], _MOST_PIECES)
        begun = unpack(self._words[numbers]) + self._positions[: len(numbers)]
        (found,) = session.run(None, {"begun": begun[None]})
        vector: Vectors = np.asarray(found, np.float32)[0]
        return vector

    @property
    def _loaded(self) -> tuple[Pieces, InferenceSession]:
        """What reads: put together by the first thread that asks for it."""
        with self._lock:
            return self._put_together

    @cached_property
    def _put_together(self) -> tuple[Pieces, InferenceSession]:
        pieces, scores = self._pieces_and_scores
        loaded = Pieces(pieces.split("\n"), scores.tolist()), _session(self._layers)
        self._pieces_and_scores, self._layers = ("", scores[:0]), b""  # what is put together has its own copy
        return loaded


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
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
