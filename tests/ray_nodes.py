"""A Ray cluster in a process of its own, for a test."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# a token that somebody keeps for clusters of their own is none of ours
QUIET = {
    "RAY_DISABLE_IMPORT_WARNING": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DEDUP_LOGS": "0",
    "RAY_AUTH_MODE": "disabled",
}
_TRIES = 3  # Ray waits thirty seconds for a node, which a machine that is busy may take
_ROOT = Path(__file__).parents[1]


@dataclass
class Nodes:
    """A cluster; node N keeps its data in `folder`/node-N. `client_port` is on the host of the address."""

    process: subprocess.Popen[str]
    address: str
    client_port: int
    folder: Path

    @property
    def host(self) -> str:
        return self.address.rpartition(":")[0]

    def kill(self, number: int) -> None:
        self._tell(f"kill {number}", "killed")

    def add(self) -> None:
        self._tell("add", "added")

    def _tell(self, said: str, done: str) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{said}\n")
        self.process.stdin.flush()
        while self.process.stdout.readline().strip() != done:
            assert self.process.poll() is None


@contextmanager
def started(folder: Path, count: int) -> Iterator[Nodes]:
    """A cluster of so many nodes, until the block ends."""
    for _ in range(_TRIES):
        process = _start(folder, count)
        assert process.stdout is not None
        address = ""
        while ":" not in address and process.poll() is None:
            address = process.stdout.readline().strip()
        if process.poll() is None:
            break
    else:
        raise AssertionError((folder / "log").read_text("utf-8"))
    try:
        head, port = address.split()
        yield Nodes(process, head, int(port), folder)
    finally:
        process.communicate("", timeout=60)


def _start(folder: Path, count: int) -> subprocess.Popen[str]:
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("ray_cluster.py")), str(folder), str(count)],
            cwd=_ROOT, env={**os.environ, **QUIET}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip
