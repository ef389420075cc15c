"""Orders → tasks of a Ray cluster, each on some node; models are actors of their own, on GPUs where there are.

Nodes share a PostgreSQL database and a storage, as machines that run `lectures worker` do: what a task publishes, it
publishes like any other writer. So a task can be repeated wherever its node died.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, redirect_stdout
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from index.depot import DepotAway
from index.embed.adaptation import Adaptation
from index.embed.models import load_embedder
from index.embed.protocol import Vectors
from index.errors import EmbedderError, InvalidRequest, LecturesError, StorageUnreachable
from index.library import Library
from index.spread.connecting import Cluster, connect
from ingest.carrying import Means, carry_out
from ingest.gathering import Progress
from ingest.order import Order

_SMALL = ("builtin", "none")  # embedders that every node loads for itself, in no time
_TRIES = 3  # after a node died, or the database or the storage was away
_MODEL_SECONDS = 900.0  # a model may have to be fetched first, or a GPU to become free
_PAUSE_SECONDS = 5.0  # before such a task is tried again
_LOOK_SECONDS = 0.3  # between two looks at how far the tasks are
_LOST_SECONDS = 20.0  # a head that is silent for longer is gone: Ray ends this program after a minute of it
_LOST = "The cluster at {} went away before this was done; run the same again when it is back, what is published stays."


@dataclass(frozen=True, slots=True)
class Installation:
    """What every node must know of the installation; `data_dir` is used on nodes whose LECTURES_DATA_DIR is not set."""

    database_url: str
    storage_url: str
    data_dir: Path
    cache_bytes: int
    embedder: str

    def open(self) -> Library:
        """The library, with this node's own copy of the storage."""
        folder = Path(os.environ.get("LECTURES_DATA_DIR") or self.data_dir)
        library = Library(self.database_url, folder, self.storage_url, self.cache_bytes)
        library.database.migrate()
        return library


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an order: the values of its report, or the sentence that says why there is none."""

    source: str
    report: Mapping[str, Any] | None
    problem: str | None
    node: str


def carry_out_on(
    address: str,
    orders: Sequence[Order],
    installation: Installation,
    means: Means,
    progress: Callable[[str, Progress], None] = lambda _source, _at: None,
) -> Iterator[Outcome]:
    """Carry orders out on the cluster at this address (`auto`, HOST:PORT or ray://HOST:PORT); outcomes as they come.

    InvalidRequest if there is no Ray here or there, or the installation cannot be shared by machines.
    """
    cluster = _connected(address, installation)
    ray = cluster.ray
    try:
        board = ray.remote(_Board).options(num_cpus=0, max_restarts=-1).remote()
        models = _models_of(ray, installation.embedder)
        task = ray.remote(_take_up).options(
            num_cpus=1, max_retries=_TRIES, retry_exceptions=[DepotAway, StorageUnreachable]
        )
        running = {
            task.remote(installation, order, means, board, models, version("lecture-search")): order for order in orders
        }
        answered = time.monotonic()
        while running:
            try:
                with redirect_stdout(sys.stderr):  # what Ray says of its nodes is no result of ours
                    done, _ = ray.wait(list(running), num_returns=1, timeout=_LOOK_SECONDS)
                    _tell(ray, board, progress)
                outcomes = [(reference, _outcome(ray, reference, running[reference])) for reference in done]
            except Exception as error:  # Ray raises whatever came of a connection that broke
                if isinstance(error, ConnectionError) or not cluster.answers():
                    break
                raise
            for reference, outcome in outcomes:
                del running[reference]
                yield outcome
            if cluster.answers():
                answered = time.monotonic()
            elif time.monotonic() - answered > _LOST_SECONDS:
                break
        for order in running.values():
            yield Outcome(order.source, None, _LOST.format(address), "")
    finally:
        cluster.close()


def _connected(address: str, installation: Installation) -> Cluster:
    """The cluster, if the installation is one that its nodes can share."""
    if installation.database_url.startswith("sqlite") or not installation.storage_url:
        raise InvalidRequest(
            "The nodes of a cluster share a PostgreSQL database and a storage: set LECTURES_DATABASE_URL and "
            "LECTURES_STORAGE_URL."
        )
    return connect(address)


def _outcome(ray: Any, reference: Any, order: Order) -> Outcome:
    try:
        found: Outcome = ray.get(reference)
        return found
    except ray.exceptions.RayTaskError as error:
        cause = error.cause
        said = str(cause) if isinstance(cause, LecturesError) else f"It failed unexpectedly ({type(cause).__name__})."
        return Outcome(order.source, None, said, "")
    except ray.exceptions.RayError as error:
        return Outcome(order.source, None, f"It was begun {_TRIES + 1} times ({type(error).__name__}).", "")


def _tell(ray: Any, board: Any, progress: Callable[[str, Progress], None]) -> None:
    try:
        news: dict[str, Progress] = ray.get(board.news.remote(), timeout=5)
    except ray.exceptions.RayError:  # its node died: it comes back empty
        return
    for source, at in news.items():
        progress(source, at)


def _take_up(
    installation: Installation, order: Order, means: Means, board: Any, models: _Models | None, program: str
) -> Outcome:
    """A task: one order, on whatever node it runs on. What may pass is raised, so that Ray tries again."""
    node = os.uname().nodename
    if version("lecture-search") != program:
        there = version("lecture-search")
        return Outcome(order.source, None, f"Node {node} has version {there} of this program, not {program}.", node)
    told_at = 0.0

    def tell(at: Progress) -> None:
        nonlocal told_at
        if at.done == at.total or time.monotonic() - told_at > _LOOK_SECONDS:
            told_at = time.monotonic()
            board.note.remote(order.source, at)

    try:
        with closing(installation.open()) as library:
            embedder = _OnActors(models) if models else load_embedder(installation.embedder)
            report = carry_out(order, library, embedder, means, tell)
            return Outcome(order.source, asdict(report), None, node)
    except (DepotAway, StorageUnreachable):
        time.sleep(_PAUSE_SECONDS)
        raise
    except LecturesError as error:
        return Outcome(order.source, None, str(error), node)


class _Board:
    """An actor to which tasks say how far they are."""

    def __init__(self) -> None:
        self._news: dict[str, Progress] = {}

    def note(self, source: str, at: Progress) -> None:
        self._news[source] = at

    def news(self) -> dict[str, Progress]:
        """What was noted since the last time."""
        news, self._news = self._news, {}
        return news


# --- models ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Made:
    """What an embedder says of itself."""

    name: str
    fingerprint: str
    dimension: int
    splits_passages: bool


class _Model:
    """An actor that holds a model."""

    def __init__(self, name: str) -> None:
        embedder = load_embedder(name)
        if embedder is None:
            raise EmbedderError("There is no embedder.")
        self._embedder = embedder

    def made(self) -> _Made:
        embedder = self._embedder
        return _Made(embedder.name, embedder.fingerprint, embedder.dimension, embedder.splits_passages)

    def embed(self, texts: Sequence[str], *, as_queries: bool) -> Vectors:
        if as_queries:
            return np.stack([self._embedder.embed_query(text) for text in texts])
        return self._embedder.embed_passages(texts)


@dataclass(frozen=True, slots=True)
class _Models:
    """Actors that hold the same model, and what it says of itself."""

    actors: Sequence[Any]
    made: _Made


def _models_of(ray: Any, embedder: str) -> _Models | None:
    """Actors that embed, one for each GPU of the cluster, else one for all; None for embedders that need none."""
    if embedder in _SMALL:
        return None
    gpus = int(ray.cluster_resources().get("GPU", 0))
    resources = {"num_gpus": 1} if gpus else {"num_cpus": 0}  # else it would keep a processor from the tasks for good
    actor = ray.remote(_Model).options(max_restarts=-1, max_task_retries=_TRIES, **resources)
    actors = [actor.remote(embedder) for _ in range(max(gpus, 1))]
    try:
        return _Models(actors, ray.get(actors[0].made.remote(), timeout=_MODEL_SECONDS))
    except ray.exceptions.RayError as error:
        said = str(getattr(error, "cause", None) or error).strip().splitlines()[-1][:300]
        raise EmbedderError(f"The embedder {embedder!r} cannot be loaded on the cluster: {said}") from error


class _OnActors:
    """An embedder whose model is on other nodes: batches go to its actors in turn."""

    learns = False
    adaptation = None

    def __init__(self, models: _Models) -> None:
        self._actors = list(models.actors)
        made = models.made
        self.name, self.fingerprint = made.name, made.fingerprint
        self.dimension, self.splits_passages = made.dimension, made.splits_passages

    def adapted_to(self, texts: Sequence[str], basis: NDArray[np.uint64]) -> Self:  # noqa: ARG002
        return self

    def with_adaptation(self, adaptation: Adaptation | None) -> Self:  # noqa: ARG002
        return self

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return self._embed(texts, as_queries=False)

    def embed_query(self, text: str) -> Vectors:
        vector: Vectors = self._embed([text], as_queries=True)[0]
        return vector

    def embed_query_in(self, text: str, adaptations: Sequence[Adaptation | None]) -> Vectors:
        return np.repeat(self._embed([text], as_queries=True), len(adaptations), axis=0)

    def _embed(self, texts: Sequence[str], *, as_queries: bool) -> Vectors:
        import ray  # noqa: PLC0415

        self._actors.append(self._actors.pop(0))
        vectors: Vectors = ray.get(self._actors[-1].embed.remote(list(texts), as_queries=as_queries))
        return vectors
