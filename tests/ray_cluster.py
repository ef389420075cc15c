"""A process that holds a Ray cluster of several nodes on this machine, and kills one when it is told to.

    python tests/ray_cluster.py FOLDER NODES     prints the address, and the port of the client server on the same host;
                                                 a line `kill N` kills a node, `add` adds one, the end of input ends all

Node N keeps its data in FOLDER/node-N, as another machine would. The head carries nothing out.
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import Any

from ray.cluster_utils import Cluster

_STORE_BYTES = 80 << 20  # of each node; the least that Ray takes is 75 MB


def main(folder: Path, count: int) -> None:
    with socket.create_server(("", 0)) as free:
        port = free.getsockname()[1]
    head = {
        "num_cpus": 0,
        "include_dashboard": False,
        "object_store_memory": _STORE_BYTES,
        "ray_client_server_port": port,
    }
    cluster = Cluster(initialize_head=True, head_node_args=head)

    def add(number: int) -> Any:
        return cluster.add_node(
            num_cpus=1,
            num_gpus=1 if number == 0 else 0,
            object_store_memory=_STORE_BYTES,
            env_vars={"LECTURES_DATA_DIR": str(folder / f"node-{number}")},
        )

    nodes = [add(number) for number in range(count)]
    cluster.wait_for_nodes()
    print(cluster.address, port, flush=True)
    for line in sys.stdin:
        if line.startswith("kill "):
            cluster.remove_node(nodes[int(line.split()[1])], allow_graceful=False)
            print("killed", flush=True)
        elif line.startswith("add"):
            nodes.append(add(len(nodes)))
            print("added", flush=True)
    cluster.shutdown()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
