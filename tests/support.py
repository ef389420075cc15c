"""Helpers of the tests: an embedder that can be worked out by hand, real PDFs, one ingest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from fpdf import FPDF

from index.embed import Vectors, normalise
from index.library import Library
from ingest.course import read_course
from ingest.pipeline import IngestReport, ingest_course

EXAMPLES = Path(__file__).parents[1] / "examples"


class CountingEmbedder:
    """Axis i of a vector counts the word `words[i]`; `embedded` holds every text that was ever embedded."""

    words = ("dropout", "gradient", "attention", "loss")
    fingerprint = "counting:4"
    dimension = 4
    splits_passages = False

    def __init__(self) -> None:
        self.embedded: list[str] = []

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        self.embedded += texts
        return self._vectors(texts)

    def embed_query(self, text: str) -> Vectors:
        vector: Vectors = self._vectors([text])[0]
        return vector

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        counts = [[text.lower().split().count(word) for word in self.words] for text in texts]
        return normalise(np.array(counts, np.float32).reshape(len(texts), 4))


def write_pdf(path: Path, pages: Sequence[str]) -> Path:
    """A real PDF: the first line of a page is set large, the others small."""
    pdf = FPDF(unit="mm", format=(254, 190))
    pdf.set_auto_page_break(auto=False)
    for text in pages:
        pdf.add_page()
        for number, line in enumerate(text.split("\n") if text else []):
            pdf.set_font("Helvetica", size=28 if number == 0 else 16)
            pdf.set_xy(20, 15 if number == 0 else 30 + 10 * number)
            pdf.cell(200, 10, line)
    path.parent.mkdir(parents=True, exist_ok=True)
    pdf.output(str(path))
    return path


def ingest(folder: Path, library: Library, embedder: CountingEmbedder | None) -> IngestReport:
    return ingest_course(read_course(folder), folder, library, embedder)
