"""Helpers of the tests: an embedder that can be worked out by hand, real PDFs, one ingest."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
import uvicorn
from fastapi import FastAPI
from fpdf import FPDF
from numpy.typing import NDArray
from starlette.testclient import TestClient

from index.embed.adaptation import Adaptation
from index.embed.protocol import Embedder, Vectors, normalise, passage_views
from index.engine.build import Made, build_shard
from index.engine.generation import Generation, open_generation
from index.engine.manifest import ListedShard, read_generation, write_generation
from index.library import Library, name_of
from index.search.search import SearchIndex
from index.served import open_served
from index.text.analysis import ANALYSIS_VERSION
from index.types import ROLES, DeckKind, Hit, IndexedPassage, Kind, PagePlace, Phrase, Reading, Reason, TimePlace, Word
from ingest.course import read_course
from ingest.pipeline import IngestReport, ingest_course
from service.app import create_app
from service.metrics import Metrics
from service.running import server_config
from service.settings import Settings

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"


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
    learns = False
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

    def adapted_to(self, texts: Sequence[str], basis: NDArray[np.uint64]) -> Self:  # noqa: ARG002
        return self

    def with_adaptation(self, adaptation: Adaptation | None) -> Self:  # noqa: ARG002
        return self

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        counts = [[text.lower().split().count(word) for word in self.words] for text in texts]
        return normalise(np.array(counts, np.float32).reshape(len(texts), 4))


def passage(text: str, row: int = 0, *, course: str = "c", **values: Any) -> IndexedPassage:
    """A page of the only lecture of a course; its title is part of its text, as in a shard."""
    title = values.pop("title", "")
    known: dict[str, Any] = {
        "id": f"{course}-p{row}",
        "kind": Kind.PAGE,
        "title": title,
        "text": f"{title}\n{text}" if title else text,
        "content_hash": hashlib.sha256(f"{title}\n{text}".encode()).hexdigest(),
        "course_slug": course,
        "course_title": course.upper(),
        "course_source_url": None,
        "language": "ru",
        "lecture_id": 1,
        "lecture_position": 1,
        "lecture_title": "L",
        "section": "",
        "remark": None,
        "place": PagePlace(1, "d", DeckKind.SLIDES, row + 1),
    }
    return IndexedPassage(**{**known, **values})


def made_by(embedder: Embedder | None, passages: Sequence[IndexedPassage]) -> Made:
    """What a shard of these passages is made with: their vectors, embedded here."""
    stored: dict[str, tuple[bytes, bytes]] = {}
    for own in passages if embedder else ():
        assert embedder is not None
        views = passage_views(own.title, own.text, split=embedder.splits_passages)
        vectors = embedder.embed_passages([text for _, text in views]).astype("<f4")
        stored[own.content_hash] = (bytes(ROLES.index(role) for role, _ in views), vectors.tobytes())

    def all_alike(left: Sequence[str], _: Sequence[str]) -> list[float]:
        return [1.0] * len(left)

    name = name_of(embedder)
    fingerprint = embedder.fingerprint if embedder else name
    adaptation = embedder.adaptation if embedder else None
    return Made(name, fingerprint, embedder.dimension if embedder else 0, adaptation, stored, all_alike)


def make_shards(
    root: Path, courses: Mapping[str, Sequence[IndexedPassage]], embedder: Embedder | None = None
) -> list[ListedShard]:
    """A shard of each course on disk."""
    return [build_shard(root, slug, own, made_by(embedder, own)) for slug, own in courses.items()]


def make_generation(
    root: Path, courses: Mapping[str, Sequence[IndexedPassage]], embedder: Embedder | None = None, number: int = 1
) -> Generation:
    """An open generation with a shard of each course."""
    write_generation(root, number, ANALYSIS_VERSION, name_of(embedder), make_shards(root, courses, embedder))
    return open_generation(root, read_generation(root, number)[0])


def open_index(library: Library, embedder: Embedder | None, **options: Any) -> SearchIndex:
    """What is served, opened for searching."""
    generation, degraded = open_served(library, embedder)
    return SearchIndex(generation, embedder, degraded, **options)


def word(term: str, *others: Reading, weight: float = 1.0) -> Phrase:
    """A word of a query that is one term, with other readings of it."""
    return Phrase((Word(term, weight, (Reading(((term, 1.0),), 1.0, Reason.TYPED, term), *others)),))


def write_course(folder: Path, title: str, pages: Sequence[str]) -> Path:
    """A course of one lecture with one deck."""
    write_pdf(folder / "deck.pdf", pages)
    (folder / "course.yaml").write_text(
        f"title: {title}\nlanguage: en\nlectures: [{{title: {title}, decks: [deck.pdf]}}]\n", "utf-8"
    )
    return folder


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


def own_database(data_dir: Path) -> str:
    """The address of the database of a data folder, where no other is named."""
    return Settings(data_dir=data_dir).resolved_database_url


def ingest(folder: Path, library: Library, embedder: Embedder | None) -> IngestReport:
    return ingest_course(read_course(folder), folder, library, embedder)


def bare_app() -> FastAPI:
    """An application with routes of a test, to be served as ours is."""
    app = FastAPI()
    app.state.metrics = Metrics()
    return app


@contextmanager
def serve(settings: Settings, app: FastAPI | None = None) -> Iterator[str]:
    """The real service on a free port of this machine, in a thread."""
    config = server_config(app or create_app(settings), settings, host="127.0.0.1", port=0, log_level="error")
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


@contextmanager
def serve_apart(
    log: Path, environment: Mapping[str, str], *arguments: str, start: Sequence[str] = ("-m", "service.cli")
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """`lectures serve` on a free port in a process of its own, and its address; all that it says is in the log."""
    command = [sys.executable, *start, "serve", "--port", "0", *arguments]
    with log.open("wb") as said:
        process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment}, stdout=said, stderr=said)
    try:
        until(lambda: "http://" in log.read_text("utf-8") or process.poll() is not None, 60)
        address = re.search(r"http://\S+", log.read_text("utf-8"))
        assert address, log.read_text("utf-8")
        yield process, address.group()
    finally:
        process.terminate()
        try:
            process.wait(timeout=40)
        finally:
            process.kill()


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended, and what it said."""

    code: object
    out: str
    err: str


class Run(Protocol):
    """Runs `lectures …` with these variables, in this process: to start one takes longer than most commands do."""

    def __call__(self, *arguments: str, **environment: str) -> Done: ...


def flip(path: Path, place: float = 0.5) -> None:
    """Change a bit of a file, at this share of its length."""
    content = bytearray(path.read_bytes())
    content[min(int(len(content) * place), len(content) - 1)] ^= 1
    path.write_bytes(content)


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until something is true; fails after a while."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def until_ready(client: TestClient) -> None:
    """Wait until the index is open: the service answers before."""
    until(lambda: client.get("/readyz").status_code == 200)


def run_async(what: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine returns; in a thread, since the browser's library keeps an event loop in the main one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, what).result()
