"""A question's vector → how surely no lecture of any subject answers it: daily life, and how studies are run.

A logistic regression on the vectors of the bundled sentence model. It learned what students ask of lectures of many
subjects, and what people ask that none of them answers (`training/outside.py`, docs/encoder.md).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index.embed.protocol import Vectors
from index.errors import EmbedderError

FILE = Path(__file__).parents[1] / "builtin" / "outside-v1.json"


@dataclass(frozen=True, slots=True)
class Outside:
    """`weights` is (d,) float32, one for each number of a question's vector."""

    weights: Vectors
    constant: float

    def odds(self, vector: Vectors) -> float:
        """The log-odds that what a (d,) vector stands for is outside of all lectures."""
        return float(vector @ self.weights) + self.constant


def read_outside(fingerprint: str, path: Path = FILE) -> Outside:
    """What was learned for the model of this fingerprint. EmbedderError if it is not there, damaged, or another's."""
    try:
        record = json.loads(path.read_text("utf-8"))
        found = Outside(np.array(record["weights"], np.float32), float(record["constant"]))
        made_for = str(record["model"])
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise EmbedderError(f"{path.name} could not be read ({error}); install the application again.") from error
    if made_for != fingerprint or found.weights.ndim != 1:
        raise EmbedderError(
            f"{path.name} was made for the model {made_for}, and this is {fingerprint}; install the application again."
        )
    return found
