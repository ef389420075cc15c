"""Query and passages → how well each answers, by a cross-encoder: slow, exact, off unless a setting names a model."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from index.embed.models import in_a_line, needs_models
from index.errors import EmbedderError

_BATCH = 4  # between batches the clock is looked at


class Reranker:
    """A sentence-transformers cross-encoder by name or folder."""

    def __init__(self, name: str, deadline_seconds: float) -> None:
        try:
            from sentence_transformers import CrossEncoder  # noqa: PLC0415
        except ImportError as error:
            raise needs_models(f"The reranker {name!r}") from error
        try:
            self._model = CrossEncoder(
                name, trust_remote_code=False, num_labels=1, model_kwargs={"use_safetensors": True}
            )
        except Exception as error:  # the library raises anything from OSError to its own hub errors
            raise EmbedderError(
                f"The reranker {name!r} could not be loaded ({type(error).__name__}: {in_a_line(error)}); give a "
                "folder with a cross-encoder, or name none."
            ) from error
        self._deadline_seconds = deadline_seconds

    def judge(self, query: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """(m,) float32 from 0 to 1 for the first m texts, as many as the deadline allows, higher is better."""
        import torch  # noqa: PLC0415  (loaded with the model)

        started = perf_counter()
        found: list[NDArray[np.float32]] = []
        for start in range(0, len(texts), _BATCH):
            if start and perf_counter() - started > self._deadline_seconds:
                break
            pairs = [(query, text) for text in texts[start : start + _BATCH]]
            logits = np.asarray(self._model.predict(pairs, show_progress_bar=False, activation_fn=torch.nn.Identity()))
            found.append((1 / (1 + np.exp(-logits.reshape(-1)))).astype(np.float32))
        return np.concatenate(found) if found else np.zeros(0, np.float32)


def load_reranker(name: str, deadline_ms: int) -> Reranker | None:
    """The reranker that a setting names, or None for an empty one. EmbedderError if it cannot be loaded."""
    return Reranker(name, deadline_ms / 1000) if name else None
