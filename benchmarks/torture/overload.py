"""Row 10: four times as many clients as the service can answer, an ingest beside them, slow and idle connections: what
is answered stays at nine tenths of the peak, what is refused is refused in one shape, and it recovers at once.
"""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from contextlib import ExitStack, suppress
from pathlib import Path

from benchmarks.processes import anonymous_mb
from benchmarks.torture.courses import ingest_arguments, write_spoken
from benchmarks.torture.progress import Progress
from benchmarks.torture.result import Result
from benchmarks.torture.searching import ask_fully, search_path, start_service
from benchmarks.torture.zygote import Zygote

_USUAL_CLIENTS = 16
_TIMES = 4
_SLOW_CLIENTS = 50
_GOODPUT = 0.9
_RECOVERY_SECONDS = 5.0
_GROWTH_MB = 64.0
# shorter than this says nothing about rates: then only what is answered is looked at
_MEASURED_FROM_SECONDS = 10


def run(size: int, seed: int, folder: Path, progress: Progress) -> Result:  # noqa: ARG001  (nothing here is left to chance)
    """`size` seconds of peak, and as many of overload."""
    progress.expect(2 * size)
    wrong: list[str] = []
    with Zygote(folder / "data") as zygote:
        zygote.lectures(*ingest_arguments(write_spoken(folder / "good", "good", 0), "good"))
        child, port = start_service(zygote)
        peak = _load(port, _USUAL_CLIENTS, size)
        progress.reach(size)
        memory = anonymous_mb(child.pid)
        with ExitStack() as slow:
            idle = _connections(port, 20 * _SLOW_CLIENTS if size >= _MEASURED_FROM_SECONDS else _SLOW_CLIENTS, slow)
            dripping = [_dripping(port, slow) for _ in range(_SLOW_CLIENTS)]
            ingest = zygote.start(ingest_arguments(write_spoken(folder / "new", "new", 1, minutes=60), "new"))
            over = _load(port, _USUAL_CLIENTS * _TIMES, size)
            ended = ingest.end(120)
        recovery = _seconds_to_answer(port)
        grown = anonymous_mb(child.pid) - memory
        child.end(0)
    for found in (peak, over):
        wrong += [f"{count} answers were {what}" for what, count in found.items() if what not in ("200", "refused")]
    if ended.code:
        wrong.append(f"the ingest beside ended with {ended.code}: {ended.err[-200:]}")
    goodput = over["200"] / max(1, peak["200"])
    if size >= _MEASURED_FROM_SECONDS:
        wrong += [f"{goodput:.2f} of the peak was answered"] if goodput < _GOODPUT else []
        wrong += [f"the first answer after it took {recovery:.1f} s"] if recovery > _RECOVERY_SECONDS else []
        wrong += [f"the service grew by {grown:.0f} MB"] if grown > _GROWTH_MB else []
    figure = (
        f"{peak['200'] / size:.0f} a second at the peak, {over['200'] / size:.0f} at {_TIMES} times the clients, "
        f"{over['refused']} refused; {len(idle)} idle and {len(dripping)} dripping connections, "
        f"recovered in {recovery:.1f} s, {grown:+.0f} MB"
    )
    return Result(sum(peak.values()) + sum(over.values()), wrong, figure)


def _load(port: int, clients: int, seconds: float) -> Counter[str]:
    """How often so many clients were answered what."""
    found: Counter[str] = Counter()
    until = time.monotonic() + seconds

    def ask_on() -> None:
        own: Counter[str] = Counter()
        number = 0
        while time.monotonic() < until:
            number += 1
            status, headers, body = ask_fully(port, search_path(f"gradients minute {number % 40}"), seconds=30)
            polite = status in (429, 503) and "retry-after" in headers
            own["refused" if polite else str(status) if status else body.decode()[:80]] += 1
        with lock:
            found.update(own)

    lock = threading.Lock()
    threads = [threading.Thread(target=ask_on, daemon=True) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds + 60)
    return found


def _connections(port: int, count: int, stack: ExitStack) -> list[socket.socket]:
    """Connections on which nothing is sent; those that are refused count too."""
    found = []
    for _ in range(count):
        with suppress(OSError):
            found.append(stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5)))
    return found


def _dripping(port: int, stack: ExitStack) -> threading.Thread:
    """A client that sends a byte of a request every second."""
    ended = threading.Event()
    stack.callback(ended.set)

    def drip() -> None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            for byte in b"POST /api/answers HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n" + b" " * 900:
                connection.sendall(bytes([byte]))
                if ended.wait(1):
                    return

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    return thread


def _seconds_to_answer(port: int) -> float:
    started = time.monotonic()
    while time.monotonic() - started < 4 * _RECOVERY_SECONDS:
        if ask_fully(port, search_path("gradients"))[0] == 200:
            break
        time.sleep(0.05)
    return time.monotonic() - started
