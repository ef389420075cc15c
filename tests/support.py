"""Helpers of the tests: an embedder that can be worked out by hand, real PDFs, one ingest."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import uvicorn
from fpdf import FPDF
from numpy.typing import NDArray

from index.embed.adaptation import Adaptation
from index.embed.protocol import Vectors, normalise
from index.library import Library
from index.types import Hit, PagePlace, TimePlace
from ingest.course import read_course
from ingest.pipeline import IngestReport, ingest_course
from service.app import create_app
from service.settings import Settings

EXAMPLES = Path(__file__).parents[1] / "examples"


def page_of(hit: Hit) -> PagePlace:
    """The page that a hit shows."""
    assert hit.passage.page is not None
    return hit.passage.page


def time_of(hit: Hit) -> TimePlace:
    """The stretch of a video that a hit shows."""
    assert hit.passage.time is not None
    return hit.passage.time


class CountingEmbedder:
    """Axis i of a vector counts the word `words[i]`; `embedded` holds every text that was ever embedded."""

    words = ("dropout", "gradient", "attention", "loss")
    name = fingerprint = "counting:4"
    dimension = 4
    splits_passages = False
    adaptation = None

    def __init__(self) -> None:
        self.embedded: list[str] = []

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        self.embedded += texts
        return self._vectors(texts)

    def embed_query(self, text: str) -> Vectors:
        vector: Vectors = self._vectors([text])[0]
        return vector

    def embed_query_in(self, text: str, adaptations: Sequence[Adaptation | None]) -> Vectors:
        return np.repeat(self._vectors([text]), len(adaptations), axis=0)

    def adapted_to(self, texts: Sequence[str], basis: NDArray[np.uint64]) -> CountingEmbedder:
        return self

    def with_adaptation(self, adaptation: Adaptation | None) -> CountingEmbedder:
        return self

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


@contextmanager
def serve(settings: Settings) -> Iterator[str]:
    """The real service on a free port of this machine, in a thread."""
    config = uvicorn.Config(create_app(settings), host="127.0.0.1", port=0, log_level="error", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started:
        if time.monotonic() > deadline or not thread.is_alive():
            raise AssertionError("the service did not start")
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=20)
