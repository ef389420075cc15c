"""Trained rows → the files that the application reads, and a record of what they were made from."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from index.embed.adaptation import quantise
from index.embed.table import VERSION
from training.data import Data
from training.teacher import TEACHER
from training.train import Options
from training.vocabulary import Vocabulary


def export(rows: NDArray[np.float32], vocabulary: Vocabulary, data: Data, options: Options, folder: Path) -> Path:
    """Write `table-*.safetensors` (one byte a number), `.terms.txt` and `.json`; the path of the first."""
    codes, scales = quantise(rows)
    blob = save({"vectors": codes, "scales": scales})
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"table-{VERSION}.safetensors"
    path.write_bytes(blob)
    (folder / f"table-{VERSION}.terms.txt").write_text("\n".join(vocabulary.stems) + "\n", "utf-8")
    record = {
        "table_sha256": hashlib.sha256(blob).hexdigest(),
        "teacher": TEACHER,
        "options": asdict(options),
        "stems": len(vocabulary.stems),
        "data_sha256": data.hashes,
    }
    (folder / f"table-{VERSION}.json").write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    return path
