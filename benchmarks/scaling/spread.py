"""An installation → searches a second and milliseconds of one process, one Ray node and three, on this machine.

    python -m benchmarks.scaling.spread DATA --questions 100

The nodes are processes of this machine: with two cores three of them cannot search more than one does. What they show
is what a call costs, and that all find the same; then that nobody's search fails when one of the three is killed.
With --client everything goes through the head's client server, as from a machine that is no part of the cluster.
"""

from __future__ import annotations

import argparse
import pickle
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.made_courses import made_questions
from benchmarks.scaling.clusters import cluster_of
from index.depot import open_depot
from index.embed.models import load_embedder
from index.engine.dictionary import load_dictionary
from index.engine.generation import open_generation
from index.engine.manifest import GenerationManifest, current_number, read_generation
from index.search.search import SearchIndex
from index.sharing import Published, SharedIndex
from index.spread.cluster import Installed, RayNodes
from index.spread.spread import Spread
from index.types import Filters, Query

_CLIENTS = 4


# ids of the hits that are shown, scores of all hits, what was degraded
Answer = tuple[list[str], NDArray[np.float32], tuple[str, ...]]


class _Counting(RayNodes):
    """Counts what is asked and how many bytes come back."""

    calls = 0
    received = 0

    def call(self, node: str, method: str, *arguments: Any) -> Future[Any]:
        future = super().call(node, method, *arguments)
        if method not in ("hold", "prepare", "heads"):
            self.calls += 1
            future.add_done_callback(self._count)
        return future

    def _count(self, done: Future[Any]) -> None:
        if done.exception() is None:
            self.received += len(pickle.dumps(done.result()))


def measure(index: SearchIndex, queries: Sequence[Query]) -> tuple[float, float, list[Answer]]:
    """(searches a second by some clients at once, median of one client in milliseconds, answers): of
    one half of the queries each, none of which was asked before."""
    found: list[Answer] = []
    took: list[float] = []
    half = len(queries) // 2
    for query in queries[:half]:
        began = time.perf_counter()
        answer = index.find(query)
        shown = [hit.passage.id for hit in answer.hits()]
        took.append(1000 * (time.perf_counter() - began))
        found.append((shown, answer.ranked.scores, answer.degraded))
    began = time.perf_counter()
    with ThreadPoolExecutor(_CLIENTS) as clients:
        list(clients.map(lambda query: index.find(query).hits(), queries[half:]))
    return (len(queries) - half) / (time.perf_counter() - began), statistics.median(took), found


def main(data: Path, questions: int, *, client: bool = False) -> None:
    """Print a line for each arrangement and scope."""
    root = data / "index"
    number = current_number(root)
    if number is None:
        raise SystemExit(f"Nothing is indexed in {data}; make it with `python -m benchmarks.installation`.")
    manifest, sha256 = read_generation(root, number)
    embedder, dictionary = load_embedder("builtin"), load_dictionary(["ml", "stats"])
    here = SearchIndex(open_generation(root, manifest), embedder, dictionary=dictionary)
    here.warm_up()
    with tempfile.TemporaryDirectory() as scratch:
        storage = Path(scratch) / "storage"
        storage.mkdir()
        SharedIndex(open_depot(str(storage)), root).push(Published(number, sha256), manifest)
        texts = made_questions(2 * questions, range(len(manifest.shards)))
        scopes = {
            "over one course": Filters(course=manifest.shards[len(manifest.shards) // 2].course),
            "over all": Filters(),
        }
        expected = {
            scope: _tell("one process", scope, here, [Query(text, filters) for text in texts], None)
            for scope, filters in scopes.items()
        }
        for count in (1, 3):
            with cluster_of(count, Path(scratch)) as found:
                installed = Installed(str(storage), Path(scratch), "LECTURES_DATA_DIR")
                nodes = _Counting(found.client_address if client else found.address, installed)
                spread, there = _opened(count, nodes, manifest, here)
                _compare(count, nodes, there, scopes, texts, expected)
                if count > 1:
                    _kill_one(found.kill, there, [Query(text) for text in texts], expected["over all"])
                spread.close()


def _opened(
    count: int, nodes: _Counting, manifest: GenerationManifest, here: SearchIndex
) -> tuple[Spread, SearchIndex]:
    spread = Spread(nodes)
    spread.start()
    began = time.perf_counter()
    generation = spread.open(Path(), manifest)
    print(f"{count} nodes: open after {time.perf_counter() - began:.1f} s")
    there = SearchIndex(generation, here.embedder, dictionary=here.dictionary, bodies=spread.bodies)
    there.warm_up()
    return spread, there


def _compare(
    count: int,
    nodes: _Counting,
    there: SearchIndex,
    scopes: dict[str, Filters],
    texts: Sequence[str],
    expected: dict[str, list[Answer]],
) -> None:
    for scope, filters in scopes.items():
        found = _tell(f"{count} nodes", scope, there, [Query(text, filters) for text in texts], nodes)
        differ = sum(not _alike(one, other) for one, other in zip(found, expected[scope], strict=True))
        away = sum(bool(one[2]) for one in found)
        print(f"{count} nodes, {scope}: {differ} of {len(found)} questions with other hits or scores than one process,")
        print(f"    {away} of which without a course whose nodes did not answer in time")


def _kill_one(
    kill: Callable[[], None], there: SearchIndex, queries: Sequence[Query], expected: Sequence[Answer]
) -> None:
    """All clients ask again, without what was remembered, while a node is killed."""
    fresh = there.saying(())
    took: list[float] = []

    def ask(number: int) -> bool:
        if number == len(queries) // 4:
            kill()
        began = time.perf_counter()
        answer = fresh.find(queries[number])
        shown = [hit.passage.id for hit in answer.hits()]
        took.append(time.perf_counter() - began)
        return _alike((shown, answer.ranked.scores, answer.degraded), expected[number]) and not answer.degraded

    with ThreadPoolExecutor(_CLIENTS) as clients:
        alike = list(clients.map(ask, range(len(expected))))
    print(f"one of 3 nodes killed: {alike.count(False)} of {len(alike)} searches failed, differ or lack a course;")
    print(f"    the slowest took {max(took):.1f} s")
    sys.stdout.flush()


def _alike(one: Answer, other: Answer) -> bool:
    """Whether the hits that are shown are the same, and all scores to 1e-6."""
    return (
        one[0] == other[0] and len(one[1]) == len(other[1]) and bool(np.allclose(one[1], other[1], rtol=0, atol=1e-6))
    )


def _tell(who: str, scope: str, index: SearchIndex, queries: list[Query], nodes: _Counting | None) -> list[Answer]:
    calls, received = (nodes.calls, nodes.received) if nodes else (0, 0)
    rate, median, found = measure(index, queries)
    said = f"{who}, {scope}: {rate:.1f} searches a second, p50 {median:.1f} ms"
    if nodes:
        asked = len(queries)
        calls, received = nodes.calls - calls, nodes.received - received
        said += f", {calls / asked:.1f} calls and {received / asked / 1024:.1f} KB back a search"
    print(said)
    sys.stdout.flush()
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--client", action="store_true", help="through the head's client server (ray://)")
    given = parser.parse_args()
    main(given.data, given.questions, client=given.client)
