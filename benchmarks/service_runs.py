"""A real `lectures serve` → seconds until it is ready, cost of searches over HTTP, memory of its processes."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

from benchmarks.processes import ROOT, anonymous_mb, cpu_seconds, environment, private_mb, report_of, tree_of

_READY_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Service:
    pid: int
    port: int
    ready_seconds: float


def knows_workers() -> bool:
    """Whether this version of the program serves with several processes."""
    command = [sys.executable, "-m", "service.cli", "serve", "--help"]
    done = subprocess.run(command, cwd=ROOT, env=environment(Path()), capture_output=True, text=True, check=False)
    return "--workers" in done.stdout


@contextmanager
def running(data: Path, workers: int = 1) -> Iterator[Service]:
    """The service over an installation, on a free port; all its processes are gone afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "service.cli", "serve", "--port", str(port)]
    command += ["--workers", str(workers)] if workers > 1 else []
    with tempfile.TemporaryFile() as said:
        started = perf_counter()
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment(data), stdout=said, stderr=said, start_new_session=True
        )
        try:
            while not _is_ready(port):
                if process.poll() is not None or perf_counter() - started > _READY_SECONDS:
                    said.seek(0)
                    raise SystemExit(f"lectures serve did not become ready: {said.read()[-2_000:].decode()}")
                sleep(0.01)
            yield Service(process.pid, port, perf_counter() - started)
        finally:
            _stop(process)


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its session is its own: workers that outlive it go with it
        process.wait()


def load(service: Service, paths: Sequence[str], clients: int) -> dict[str, Any]:
    """What the load generator reports, with the processor time of the service for each request (`cpu`, ms)."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(list(paths), file)
        file.flush()
        before = {pid: cpu_seconds(pid) for pid in tree_of(service.pid)}
        found = report_of("load", [service.port, file.name, "--clients", clients], Path())
    spent = [cpu_seconds(pid) - cpu for pid, cpu in before.items()]
    found["cpu"] = 1000 * sum(spent) / found["requests"]
    found["busiest_share"] = max(spent) / max(sum(spent), 1e-9)
    return found


def memory(service: Service) -> dict[str, float]:
    """Of all its processes together, MB."""
    processes = tree_of(service.pid)
    return {"anonymous": sum(map(anonymous_mb, processes)), "private": sum(map(private_mb, processes))}


def workers_memory(service: Service, workers: int) -> list[float]:
    """What each of its worker processes shares with no other one, MB: what one more would cost."""
    return sorted(map(private_mb, tree_of(service.pid)[1:]))[-workers:]
