"""A service over an installation that is being broken, and searches of it that must all be answered."""

from __future__ import annotations

import http.client
import json
import re
import signal
import threading
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from benchmarks.torture.zygote import Child, Zygote
from index.search.opinion import is_of_encoder

_HOST = "127.0.0.1"
_READY_SECONDS = 30.0


def start_service(zygote: Zygote, extra: Mapping[str, str] | None = None) -> tuple[Child, int]:
    """`lectures serve` on a free port that is ready to be asked; the child and its port."""
    child = zygote.start(["serve", "--port", "0"], extra=extra)
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        found = re.search(r"http://127\.0\.0\.1:(\d+)", child.err)
        if found and ask(int(found[1]), "/readyz")[0] == 200:
            return child, int(found[1])
        if child.is_over_in(0.02):
            break
    raise RuntimeError(f"The service did not get ready: {child.end(0).err[-800:]}")


def ask(
    port: int, path: str, body: Any = None, *, key: str = "", method: str = "", seconds: float = 20.0, host: str = _HOST
) -> tuple[int, bytes]:
    """(status, body) of one request on a connection of its own; (0, the reason) if there was no answer."""
    status, _, content = ask_fully(port, path, body, key=key, method=method, seconds=seconds, host=host)
    return status, content


def ask_fully(
    port: int, path: str, body: Any = None, *, key: str = "", method: str = "", seconds: float = 20.0, host: str = _HOST
) -> tuple[int, dict[str, str], bytes]:
    """(status, headers by their small names, body) of one request, as `ask`."""
    connection = http.client.HTTPConnection(host, port, timeout=seconds)
    headers = {"Content-Type": "application/json"} if body is not None else {}
    headers |= {"Authorization": f"Bearer {key}"} if key else {}
    content = json.dumps(body).encode() if body is not None else None
    try:
        connection.request(method or ("POST" if content else "GET"), path, content, headers)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    except (OSError, http.client.HTTPException) as error:
        return 0, {}, f"{type(error).__name__}: {error}".encode()
    finally:
        connection.close()


def search_path(query: str, **options: str) -> str:
    return f"/api/search?q={quote(query)}" + "".join(f"&{name}={quote(value)}" for name, value in options.items())


class Searching:
    """A service, and so many clients that search it from the start of the block to its end."""

    def __init__(self, zygote: Zygote, query: str, clients: int = 1, pause_seconds: float = 0.01) -> None:
        self._path, self._pause = search_path(query), pause_seconds
        self.asked = 0
        self.wrong: list[str] = []
        self.child, self.port = start_service(zygote)
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._search, daemon=True) for _ in range(clients)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)
        self.child.signal(signal.SIGTERM)
        ended = self.child.end(30)
        if ended.code not in (0, -signal.SIGTERM):
            self.wrong.append(f"the service ended with {ended.code}: {ended.err[-300:]}")

    def _search(self) -> None:
        while not self._stop.is_set():
            status, body = ask(self.port, self._path)
            fault = _fault(status, body)
            with self._lock:
                self.asked += 1
                if fault:
                    self.wrong.append(fault)
            self._stop.wait(self._pause)


def _fault(status: int, body: bytes) -> str:
    """What is wrong with the answer to a search, or nothing."""
    if status != 200:
        return f"a search was answered {status}: {body[:200]!r}"
    degraded = degraded_in(json.loads(body))
    return f"a search was degraded: {degraded}" if degraded else ""


def degraded_in(found: Mapping[str, Any]) -> list[str]:
    """What an answer says is degraded of it. That a second opinion is late on a machine that is being tortured, or has
    not read yet what was published just now, is no fault: the search is whole without it (docs/encoder.md)."""
    return [reason for reason in found["degraded"] if not is_of_encoder(reason)]
