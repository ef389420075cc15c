"""A Ray cluster → nodes that hold shards: an actor on each."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from index.depot import open_depot
from index.errors import InvalidRequest
from index.spread.connecting import Cluster, connect
from index.spread.holder import LEASE_SECONDS, Holder
from index.spread.wire import Holding

_log = logging.getLogger(__name__)
_AGAIN_SECONDS = 1.0  # between two looks for a cluster that is away
_OTHER = "Node {} of the cluster has version {} of this program, not {}; install the same there."
_THREADS = 16  # of a holder: what takes long there, fetching, has threads of its own


@dataclass(frozen=True, slots=True)
class Installed:
    """What a node must know of the installation. `data_dir` is used on nodes on which the environment variable
    `data_variable` names no other folder, `program` is the version of whoever serves."""

    storage_url: str
    data_dir: Path
    data_variable: str
    program: str = field(default_factory=lambda: version("lecture-search"))

    @property
    def name(self) -> str:
        """Other installations, and other versions of the program, have holders of their own."""
        said = f"{self.program}\n{self.storage_url}"
        return f"lectures-{hashlib.sha256(said.encode()).hexdigest()[:16]}"


class RayNodes:
    """The nodes of a cluster that have processors. Services of one installation share the holders, which outlive them
    by some minutes. A cluster that goes away has no nodes until it is back."""

    def __init__(self, address: str, installed: Installed) -> None:
        """InvalidRequest if no cluster answers at this address now."""
        # a connection that breaks is made anew by us: Ray has whoever asks wait while it tries that
        os.environ.setdefault("RAY_CLIENT_RECONNECT_GRACE_PERIOD", "0")
        self._address, self._installed = address, installed
        self._cluster: Cluster | None = connect(address)
        self._actors: dict[str, Any] = {}
        self._stop = threading.Event()

    def there(self) -> list[str]:
        cluster = self._cluster
        if cluster is None:
            return []
        try:
            if cluster.answers():
                return self._with_processors(cluster.ray)
            said = "nobody listens"
        except Exception as error:  # Ray raises whatever came of a connection that broke just now
            said = type(error).__name__
        _log.warning("The cluster at %s is away (%s); it is connected to when it is back.", self._address, said)
        self._cluster, self._actors = None, {}
        threading.Thread(target=self._come_back, args=(cluster,), name="cluster", daemon=True).start()
        return []

    def call(self, node: str, method: str, *arguments: Any) -> Future[Any]:
        actor = self._actors[node]
        try:
            future: Future[Any] = actor.do.remote(method, arguments).future()
        except Exception as error:
            self._forget_if_useless(node, actor, error)
            raise
        if method == "hold":
            future.add_done_callback(lambda done: self._forget_if_useless(node, actor, done.exception()))
        return future

    def close(self) -> None:
        self._stop.set()
        if self._cluster is not None:
            self._cluster.close()

    def _with_processors(self, ray: Any) -> list[str]:
        """The nodes that have some, with a holder for each."""
        nodes = [node["NodeID"] for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU", 0) > 0]
        self._actors = {node: self._actors.get(node) or self._holder(ray, node) for node in nodes}
        return nodes

    def _come_back(self, lost: Cluster) -> None:
        """Connect again, once the old connection is let go of, which may take a while: Ray has one at a time."""
        lost.close()
        while not self._stop.wait(_AGAIN_SECONDS):
            try:
                found = connect(self._address)
            except InvalidRequest as error:
                _log.debug("%s", error)
                continue
            if self._stop.is_set():
                found.close()
            else:
                self._cluster = found
            return

    def _holder(self, ray: Any, node: str) -> Any:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy  # noqa: PLC0415

        return (
            ray.remote(_Actor)
            .options(
                name=f"holder-{node}",
                namespace=self._installed.name,
                lifetime="detached",  # else it would end with the service that was first
                get_if_exists=True,
                num_cpus=0,  # ingest has the processors to itself as far as searches leave them
                max_concurrency=_THREADS,
                scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False),
            )
            .remote(self._installed)
        )

    def _forget_if_useless(self, node: str, actor: Any, error: BaseException | None) -> None:
        """The holder is asked for anew if this one died while its node lives, or never was: through a client server Ray
        gives one to each of two services that start it at once, and only one of these is there."""
        from ray.exceptions import ActorAlreadyExistsError, ActorDiedError  # noqa: PLC0415

        is_useless = isinstance(error, ActorDiedError | ActorAlreadyExistsError)
        if is_useless and self._actors.get(node) is actor:
            self._actors.pop(node, None)


class Serving:
    """A holder as it is asked over the network."""

    def __init__(self, installed: Installed) -> None:
        folder = Path(os.environ.get(installed.data_variable) or installed.data_dir) / "spread" / installed.name
        folder.mkdir(parents=True, exist_ok=True)
        self._holder = Holder(open_depot(installed.storage_url), folder)
        here = version("lecture-search")
        self._wrong = "" if here == installed.program else _OTHER.format(os.uname().nodename, here, installed.program)

    def do(self, method: str, arguments: tuple[Any, ...]) -> Any:
        """A method of the holder; one of another version holds nothing, and says why."""
        if self._wrong and method == "hold":
            return Holding(frozenset(), {listed.place: self._wrong for listed in arguments[1]})
        return getattr(self._holder, method)(*arguments)


class _Actor(Serving):
    """The same in a process of its own, which ends when nobody has wanted anything for a while."""

    def __init__(self, installed: Installed) -> None:
        super().__init__(installed)
        threading.Thread(target=self._end, name="end", daemon=True).start()

    def _end(self) -> None:
        while time.monotonic() - self._holder.asked_at < LEASE_SECONDS:
            time.sleep(LEASE_SECONDS / 10)
        os._exit(0)  # a thread cannot end an actor otherwise; all that it has is on the disk
