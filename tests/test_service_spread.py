"""A service whose index lies on a real Ray cluster of three nodes: it finds what one process finds, whatever happens to
the nodes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from cut_line import line_to
from ray_nodes import QUIET, Nodes, started
from starlette.testclient import TestClient
from support import EXAMPLES, ingest, open_index, serve_apart, until, write_course, write_pdf

from index.embed.models import load_embedder
from index.engine.dictionary import load_dictionary
from index.errors import InvalidRequest
from index.library import Library
from index.search.search import SearchIndex
from index.types import Filters, Kind, Mode, Query
from service.app import create_app
from service.settings import Settings, read_settings

_QUERIES = (
    Query("dropout"),
    Query("что такое градиентный спуск"),
    Query("dropuot regularizaton"),
    Query("наугад гасить часть нейронов во время обучения"),
    Query("attention heads", Filters(course="course-1")),
    Query("loss function", Filters(courses=frozenset({"course-1", "course-2", "neural-networks"}))),
    Query("softmax", Filters(kinds=frozenset({Kind.SEGMENT}))),
    Query("batch normalization", mode=Mode.LEXICAL),
    Query("ансамбль деревьев", mode=Mode.SEMANTIC),
)

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    with started(tmp_path_factory.mktemp("nodes"), 3) as found:
        yield found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("spread")


@pytest.fixture(scope="module")
def publisher(folder: Path) -> Iterator[Library]:
    """A machine that takes courses up and shares them."""
    (folder / "shared").mkdir()
    library = Library(f"sqlite:///{folder / 'lectures.db'}", folder / "publisher", str(folder / "shared"))
    library.database.migrate()
    ingest(EXAMPLES, library, load_embedder("builtin"))
    topics = ["Dropout\nzero activations", "Loss\nloss function of a model", "Attention\nheads look at words"]
    for number in range(4):
        pages = [f"{topic} {number} {page}" for page in range(3) for topic in topics]
        ingest(write_course(folder / f"course-{number}", f"Course {number}", pages), library, load_embedder("builtin"))
    yield library
    library.close()


@pytest.fixture(scope="module")
def client(folder: Path, publisher: Library, nodes: Nodes) -> Iterator[TestClient]:
    settings = Settings(
        data_dir=folder / "service",
        database_url=publisher.database.url.render_as_string(),
        storage_url=str(folder / "shared"),
        storage_seconds=0.1,
        search=nodes.address,
        searches_per_minute=100_000,
    )
    with TestClient(create_app(settings)) as found:
        until(lambda: found.get("/readyz").status_code == 200, 120)  # a machine that is busy takes its time
        yield found


def _index(client: TestClient) -> SearchIndex:
    found: SearchIndex = client.app.state.service.index()  # type: ignore[attr-defined]
    return found


class Searching:
    """Searches that go on, in two threads, until the block ends."""

    def __init__(self, client: TestClient) -> None:
        self._client = client
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(2)
        self.answers: list[dict[str, Any]] = []

    def __enter__(self) -> Searching:
        self._running = [self._pool.submit(self._search, query) for query in ("dropout", "loss function")]
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for running in self._running:
            running.result(60)
        self._pool.shutdown()

    def _search(self, query: str) -> None:
        while not self._stop.is_set():
            response = self._client.get("/api/search", params={"q": query, "limit": 50})
            assert response.status_code == 200, response.text
            self.answers.append(response.json())


def test_three_nodes_find_what_one_process_finds(
    client: TestClient, publisher: Library, nodes: Nodes, folder: Path
) -> None:
    here = open_index(publisher, load_embedder("builtin"), dictionary=load_dictionary(["ml", "stats"]))
    there = _index(client)
    assert there.generation.damaged == {}
    for query in _QUERIES:
        one, other = here.find(query), there.find(query)
        assert [hit.passage.id for hit in other.hits(20)] == [hit.passage.id for hit in one.hits(20)]
        np.testing.assert_allclose(other.ranked.scores, one.ranked.scores, rtol=0, atol=1e-6)
        assert (other.coverage, other.rewrites, other.total) == (one.coverage, one.rewrites, one.total)
    assert sorted(path.name for path in (folder / "service").glob("*/*")) == ["CURRENT", "gen-000005.json"]
    held = [len(list(node.glob("spread/*/shards/*"))) for node in sorted(nodes.folder.glob("node-*"))]
    assert sum(held) == 2 * 5


def test_processes_that_are_no_part_of_the_cluster_find_the_same_and_outlive_the_connection(
    client: TestClient, nodes: Nodes, folder: Path, publisher: Library
) -> None:
    expected = client.get("/api/search", params={"q": "dropout"}).json()["hits"]
    with line_to(nodes.host, nodes.client_port) as line:
        environment = QUIET | {
            "LECTURES_DATA_DIR": str(folder / "elsewhere"),
            "LECTURES_DATABASE_URL": publisher.database.url.render_as_string(),
            # the same place by another name: nobody has started actors for it, and both processes do so at once
            "LECTURES_STORAGE_URL": f"{folder}/./shared",
            "LECTURES_SEARCH": f"ray://127.0.0.1:{line.port}",
        }
        log = folder / "log"
        with serve_apart(log, environment, "--workers", "2") as (_, url), httpx.Client(base_url=url) as asking:

            def ready() -> Any:
                return asking.get("/readyz").json()

            def found() -> Any:
                return asking.get("/api/search", params={"q": "dropout"}).json()

            until(lambda: log.read_text("utf-8").count('"index_opened"') == 2, 120)
            assert (ready()["status"], found()["hits"]) == ("ready", expected)
            line.cut()
            said = "No node of the cluster answers; courses are searched again when one does."
            until(lambda: ready()["degraded"] == [said], 60)  # what was asked just then names some courses first
            assert (found()["degraded"], found()["hits"]) == ([said], [])
            line.mend()
            until(lambda: ready()["status"] == "ready", 120)
            assert (found()["degraded"], found()["hits"]) == ([], expected)


def test_a_new_generation_is_taken_up_while_searches_run_and_none_is_mixed(
    client: TestClient, publisher: Library, folder: Path
) -> None:
    with Searching(client) as searching:
        for round_ in range(2):
            before = _index(client).number
            write_pdf(folder / "course-1" / f"new-{round_}.pdf", [f"Dropout again\nloss of round {round_}"])
            ingest(folder / "course-1", publisher, load_embedder("builtin"))
            until(lambda before=before: _index(client).number > before)  # type: ignore[misc]
            time.sleep(0.2)
    seen: dict[tuple[int, str], list[list[Any]]] = {}
    for answer in searching.answers:
        assert answer["degraded"] == []
        hits = [[hit["id"], hit["score"]] for hit in answer["hits"]]
        assert seen.setdefault((answer["generation"], answer["query"]), hits) == hits
    assert len({number for number, _ in seen}) == 3


def test_a_node_that_is_killed_costs_no_search(client: TestClient, nodes: Nodes) -> None:
    expected = client.get("/api/search", params={"q": "dropout", "limit": 50}).json()["hits"]
    with Searching(client) as searching:
        until(lambda: len(searching.answers) > 4)
        nodes.kill(0)
        count = len(searching.answers)
        until(lambda: len(searching.answers) > count + 10, 60)
    assert [a["degraded"] for a in searching.answers if a["degraded"]] == []
    assert all(a["hits"] == expected for a in searching.answers if a["query"] == "dropout")


def test_a_node_that_joins_takes_its_share(client: TestClient, nodes: Nodes) -> None:
    nodes.add()
    until(lambda: len(list(nodes.folder.glob("node-3/spread/*/shards/*/shard.safetensors"))) > 0, 60)
    assert client.get("/api/search", params={"q": "dropout"}).json()["degraded"] == []


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("auto", "LECTURES_SEARCH is set and LECTURES_STORAGE_URL is not"),
        ("local", "LECTURES_SEARCH: 'local' is no address of a Ray cluster; give"),
    ],
)
def test_settings_that_nodes_cannot_follow_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, address: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LECTURES_SEARCH", address)
    with pytest.raises(InvalidRequest, match=said):
        read_settings()
