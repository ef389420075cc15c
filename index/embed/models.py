"""Text → unit vectors by sentence-transformers models; and the embedder that a setting names."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.embed.adaptation import Adaptation
from index.embed.protocol import VIEWS_VERSION, Embedder, Vectors
from index.embed.table import bundled_table
from index.errors import EmbedderError


class SentenceTransformerEmbedder:
    """Any sentence-transformers model by name or folder, with its own `query` and `passage` prompts."""

    splits_passages = False
    learns = False
    adaptation = None

    def __init__(self, name: str) -> None:
        try:
            from sentence_transformers import SentenceTransformer  # noqa: PLC0415
        except ImportError as error:
            raise needs_models(f"The embedder {name!r}") from error
        try:
            self._model = SentenceTransformer(
                name, trust_remote_code=False, device=None, model_kwargs={"use_safetensors": True}
            )
        except Exception as error:  # the library raises anything from OSError to its own hub errors
            raise EmbedderError(
                f"The embedder {name!r} could not be loaded ({type(error).__name__}: {in_a_line(error)}); "
                "give a folder with a sentence-transformers model, or use the embedder `builtin`."
            ) from error
        dimension = self._model.get_embedding_dimension()
        if dimension is None:
            raise EmbedderError(f"The embedder {name!r} does not say its dimension; use another model.")
        self.dimension = int(dimension)
        self._query_prompt, self._passage_prompt = _prompts_of(name, self._model.prompts)
        self.name = self.fingerprint = ":".join(
            [
                Path(name).name,
                _weights_digest(self._model),
                str(self.dimension),
                hashlib.sha256(f"{self._query_prompt}|{self._passage_prompt}".encode()).hexdigest()[:8],
                "f32",
                VIEWS_VERSION,
            ]
        )

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        vectors = self._model.encode(
            [self._passage_prompt + text for text in texts],
            batch_size=32,
            normalize_embeddings=True,
            show_progress_bar=False,
        )
        return np.ascontiguousarray(vectors, np.float32)

    def embed_query(self, text: str) -> Vectors:
        vectors = self._model.encode([self._query_prompt + text], normalize_embeddings=True, show_progress_bar=False)
        return np.ascontiguousarray(vectors[0], np.float32)

    def embed_query_in(self, text: str, adaptations: Sequence[Adaptation | None]) -> Vectors:
        return np.repeat(self.embed_query(text)[None, :], len(adaptations), axis=0)

    def adapted_to(self, texts: Sequence[str], basis: NDArray[np.uint64]) -> SentenceTransformerEmbedder:  # noqa: ARG002
        return self

    def with_adaptation(self, adaptation: Adaptation | None) -> SentenceTransformerEmbedder:  # noqa: ARG002
        return self


def _prompts_of(name: str, prompts: dict[str, str]) -> tuple[str, str]:
    """The model's own prompts; e5 models need theirs even when their files do not say so."""
    passage = prompts.get("passage") or prompts.get("document") or ""
    query = prompts.get("query") or ""
    if not query and "e5" in Path(name).name.lower():
        return "query: ", "passage: "
    return query, passage


def _weights_digest(model: object) -> str:
    """Identity of all the weights, a second for a gigabyte: a retrained model in the same folder is another one."""
    digest = hashlib.sha256()
    state = model.state_dict()  # type: ignore[attr-defined]
    for key in sorted(state):
        digest.update(key.encode())
        digest.update(state[key].detach().float().cpu().contiguous().numpy().data)
    return digest.hexdigest()[:12]


def needs_models(what: str) -> EmbedderError:
    """Said where a setting names a model and the libraries for models are not installed."""
    return EmbedderError(f"{what} needs the libraries for models; run: pip install '.[models]'")


def in_a_line(error: Exception) -> str:
    """The beginning of what a library said, in one line."""
    return " ".join(str(error).split())[:200]


def load_embedder(name: str) -> Embedder | None:
    """The embedder that a setting names: `builtin`, `none` (no vectors at all), or a model."""
    if name == "none":
        return None
    if name == "builtin":
        return bundled_table()
    return SentenceTransformerEmbedder(name)
