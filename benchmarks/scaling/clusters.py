"""A number → a Ray cluster of so many nodes on this machine, each with a data folder of its own."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_STORE_BYTES = 80 << 20  # of a node; the least that Ray takes is 75 MB


@dataclass(frozen=True, slots=True)
class Nodes:
    """The addresses of a cluster: of its head, and of the client server there. `kill` kills one of its nodes."""

    address: str
    client_address: str
    kill: Callable[[], None]


@contextmanager
def cluster_of(count: int, folder: Path, *, held: bool = False) -> Iterator[Nodes]:
    """So many nodes beside a head that carries nothing out, until the block ends. With `held` each node, and all that
    it starts, is held to one core of this machine, in turn."""
    os.environ.setdefault("RAY_AUTH_MODE", "disabled")  # a token that is kept here is of other clusters
    from ray.cluster_utils import Cluster  # noqa: PLC0415

    with socket.create_server(("", 0)) as free:
        port = free.getsockname()[1]
    head = {
        "num_cpus": 0,
        "include_dashboard": False,
        "object_store_memory": _STORE_BYTES,
        "ray_client_server_port": port,
    }
    cluster = Cluster(initialize_head=True, head_node_args=head)
    cores = sorted(os.sched_getaffinity(0))
    machines = []
    for number in range(count):
        own = {"LECTURES_DATA_DIR": str(folder / f"{count}-{number}")}
        if held:  # what is started takes it from who starts it
            os.sched_setaffinity(0, {cores[number % len(cores)]})
        machines.append(cluster.add_node(num_cpus=1, object_store_memory=_STORE_BYTES, env_vars=own))
    os.sched_setaffinity(0, cores)
    cluster.wait_for_nodes()
    host = cluster.address.rpartition(":")[0]
    try:
        yield Nodes(
            cluster.address,
            f"ray://{host}:{port}",
            lambda: cluster.remove_node(machines[0], allow_graceful=False),
        )
    finally:
        cluster.shutdown()
