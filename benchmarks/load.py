"""Requests prepared beforehand → their times, from one process that costs next to nothing beside the server.

    python -m benchmarks.load PORT PATHS.json --clients 8

PATHS.json is a list of addresses such as `/api/search?q=…`. Each client keeps one connection and asks its next question
as soon as it has the whole answer; all are served by one epoll loop over plain sockets, and of an answer only its
status and Content-Length are read. Prints one JSON object; a status other than 200 ends the run.
"""

from __future__ import annotations

import argparse
import json
import select
import socket
import sys
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from service.evaluation import percentile

_TIMEOUT_SECONDS = 60


class Client:
    """One kept-alive connection with at most one request under way."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.began = 0.0
        self._head = b""
        self._left = -1  # bytes of the body that are still to come; -1 while the head is read

    def ask(self, request: bytes) -> None:
        self._head, self._left = b"", -1
        self.began = perf_counter()
        self.socket.sendall(request)

    def is_answered(self) -> bool:
        """Take what has come; whether that was the end of the answer."""
        data = self.socket.recv(1 << 18)
        if not data:
            raise SystemExit("The server closed a connection.")
        if self._left >= 0:
            self._left -= len(data)
            return self._left <= 0
        self._head += data
        end = self._head.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = self._head[:end].lower()
        if head[9:12] != b"200":
            raise SystemExit(f"The server answered {self._head[:300]!r}")
        length = head.partition(b"content-length:")[2].partition(b"\r")[0]
        self._left = int(length) - (len(self._head) - end - 4)
        return self._left <= 0


def run(port: int, paths: list[str], clients: int) -> dict[str, Any]:
    """Ask every path once, `clients` at a time; what it took and what it cost this process."""
    requests = [f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode() for path in reversed(paths)]
    with ExitStack() as stack:
        poll = stack.enter_context(select.epoll())
        by_number = {}
        for _ in range(min(clients, len(requests))):
            client = Client(port)
            stack.callback(client.socket.close)
            by_number[client.socket.fileno()] = client
            poll.register(client.socket, select.EPOLLIN)
        cpu, started = process_time(), perf_counter()
        times = _ask_all(requests, by_number, poll)
        took, cost = perf_counter() - started, process_time() - cpu
    shares = {name: percentile(times, share) for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))}
    return {"requests": len(times), "seconds": took, "own_cpu_ms": 1000 * cost / len(times), **shares}


def _ask_all(requests: list[bytes], clients: dict[int, Client], poll: select.epoll) -> list[float]:
    """Milliseconds of each request; the last of `requests` is asked first."""
    times: list[float] = []
    wanted = len(requests)
    for client in clients.values():
        client.ask(requests.pop())
    while len(times) < wanted:
        ready = poll.poll(_TIMEOUT_SECONDS)
        if not ready:
            raise SystemExit(f"The server was silent for {_TIMEOUT_SECONDS} seconds.")
        for number, _ in ready:
            client = clients[number]
            if client.is_answered():
                times.append((perf_counter() - client.began) * 1000)
                if requests:
                    client.ask(requests.pop())
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("port", type=int)
    parser.add_argument("paths", type=Path)
    parser.add_argument("--clients", type=int, default=1)
    options = parser.parse_args()
    found = run(options.port, json.loads(options.paths.read_text("utf-8")), options.clients)
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
