"""A Ray cluster → nodes that hold shards: an actor on each. Where this program connects to Ray."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from index.depot import open_depot
from index.errors import InvalidRequest
from index.spread.holder import LEASE_SECONDS, Holder

_CONNECT_SECONDS = 10.0
_THREADS = 16  # of a holder: what takes long there, fetching, has threads of its own


def connect(address: str) -> Any:
    """Ray, connected to the cluster at this address (`auto`, HOST:PORT or ray://HOST:PORT). InvalidRequest if there is
    no Ray here or there."""
    try:
        import ray  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise InvalidRequest("A cluster needs Ray; run: pip install '.[ray]'.") from error
    try:
        host, _, port = address.removeprefix("ray://").rpartition(":")
        if host:  # Ray itself would try for many minutes
            socket.create_connection((host.strip("[]"), int(port)), _CONNECT_SECONDS).close()
        ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    except (ValueError, RuntimeError, OSError) as error:
        said = " ".join(str(error).split())[:200]
        raise InvalidRequest(f"No cluster answers at {address} ({said}); `ray start --head` starts one.") from error
    return ray


@dataclass(frozen=True, slots=True)
class Installed:
    """What a node must know of the installation. `data_dir` is used on nodes on which the environment variable
    `data_variable` names no other folder."""

    storage_url: str
    data_dir: Path
    data_variable: str

    @property
    def name(self) -> str:
        """Other installations, and other versions of the program, have holders of their own."""
        said = f"{version('lecture-search')}\n{self.storage_url}"
        return f"lectures-{hashlib.sha256(said.encode()).hexdigest()[:16]}"


class RayNodes:
    """The nodes of a cluster that have processors. Services of one installation share the holders, which outlive them
    by some minutes."""

    def __init__(self, ray: Any, installed: Installed) -> None:
        """`ray` is connected already."""
        self._ray, self._installed = ray, installed
        self._actors: dict[str, Any] = {}

    def there(self) -> list[str]:
        found = self._ray.nodes()
        nodes = [node["NodeID"] for node in found if node["Alive"] and node["Resources"].get("CPU", 0) > 0]
        self._actors = {node: self._actors.get(node) or self._holder(node) for node in nodes}
        return nodes

    def call(self, node: str, method: str, *arguments: Any) -> Future[Any]:
        actor = self._actors[node]
        future: Future[Any] = actor.do.remote(method, arguments).future()
        if method == "hold":
            future.add_done_callback(lambda done: self._forget_if_dead(node, actor, done))
        return future

    def close(self) -> None:
        self._ray.shutdown()

    def _holder(self, node: str) -> Any:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy  # noqa: PLC0415

        return (
            self._ray.remote(_Actor)
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

    def _forget_if_dead(self, node: str, actor: Any, done: Future[Any]) -> None:
        """Another holder is started in place of one that died while its node lives."""
        error = done.exception()
        is_dead = isinstance(error, self._ray.exceptions.ActorDiedError)
        if is_dead and self._actors.get(node) is actor:
            self._actors.pop(node, None)


class _Actor:
    """A holder in a process of its own; it ends when nobody has wanted anything for a while."""

    def __init__(self, installed: Installed) -> None:
        folder = Path(os.environ.get(installed.data_variable) or installed.data_dir) / "spread" / installed.name
        folder.mkdir(parents=True, exist_ok=True)
        self._holder = Holder(open_depot(installed.storage_url), folder)
        threading.Thread(target=self._end, name="end", daemon=True).start()

    def do(self, method: str, arguments: tuple[Any, ...]) -> Any:
        """A method of the holder."""
        return getattr(self._holder, method)(*arguments)

    def _end(self) -> None:
        while time.monotonic() - self._holder.asked_at < LEASE_SECONDS:
            time.sleep(LEASE_SECONDS / 10)
        os._exit(0)  # a thread cannot end an actor otherwise; all that it has is on the disk
