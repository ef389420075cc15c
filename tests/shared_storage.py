"""A real S3 server for tests, and a proxy before it that fails as networks and object stores do."""

from __future__ import annotations

import http.client
import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest


@dataclass
class Faults:
    """What goes wrong with the next requests: `wrong` says how a request (method, path) fails, or None.

    "503": the store is busy. "cut": the connection breaks after half of the body. "short": half of the body, as if it
    were all of it. "slow": the answer takes a moment. "stale": the listing that was given the last time.
    """

    wrong: Callable[[str, str], str | None] = lambda _method, _path: None
    asked: list[tuple[str, str]] = field(default_factory=list)
    listings: dict[str, tuple[int, list[tuple[str, str]], bytes]] = field(default_factory=dict)


def _handler(target: str, faults: Faults) -> type[BaseHTTPRequestHandler]:
    place = urlsplit(target)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length) if length else self._chunks()
            faults.asked.append((self.command, self.path))
            wrong = faults.wrong(self.command, self.path)
            if wrong == "503":
                self._answer(503, [], b"<Error><Code>SlowDown</Code><Message>Please slow down.</Message></Error>")
                return
            is_listing = self.command == "GET" and "list-type=2" in self.path
            if wrong == "stale" and is_listing and self.path in faults.listings:
                self._answer(*faults.listings[self.path])
                return
            upstream = http.client.HTTPConnection(place.hostname or "", place.port or 80, timeout=20)
            headers = {
                k: v for k, v in self.headers.items() if k.lower() not in ("transfer-encoding", "content-length")
            }
            upstream.request(self.command, self.path, body, {**headers, "Content-Length": str(len(body))})
            response = upstream.getresponse()
            content, kept = response.read(), response.getheaders()
            upstream.close()
            if is_listing:
                faults.listings[self.path] = (response.status, kept, content)
            if wrong == "slow":
                time.sleep(0.05)
            if wrong == "cut":
                self._answer(response.status, kept, content, sent=len(content) // 2)
                self.close_connection = True
                return
            if wrong == "short":
                content = content[: len(content) // 2]
            self._answer(response.status, kept, content)

        def _chunks(self) -> bytes:
            if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                return b""
            found = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                found += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return found

        def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes, sent: int | None = None) -> None:
            self.send_response(status)
            empty = self.command == "HEAD" or status in (204, 304)
            for name, value in headers:
                if name.lower() not in ("connection", "transfer-encoding", "server", "date") and (
                    empty or name.lower() != "content-length"
                ):
                    self.send_header(name, value)
            if not empty:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if not empty:
                self.wfile.write(body[:sent])

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _pass_on

        def log_message(self, *_arguments: object) -> None:
            """Not on the screen."""

    return Handler


class _Proxy(ThreadingHTTPServer):
    def handle_error(self, *_arguments: object) -> None:
        """A client that went away is not told of on the screen."""


@contextmanager
def s3_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Faults]]:
    """A bucket's URL, and what goes wrong on the way to it; the environment says where the server is."""
    with object_store() as (url, environment, faults):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield url, faults


@contextmanager
def object_store() -> Iterator[tuple[str, dict[str, str], Faults]]:
    """A bucket's URL, the variables with which programs reach it, and what goes wrong on the way to it."""
    from moto.server import ThreadedMotoServer  # noqa: PLC0415  (a second)
    from s3fs import S3FileSystem  # noqa: PLC0415

    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # else every request is told
    store = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    store.start()
    host, port = store.get_host_and_port()
    faults = Faults()
    proxy = _Proxy(("127.0.0.1", 0), _handler(f"http://{host}:{port}", faults))
    thread = threading.Thread(target=proxy.serve_forever, daemon=True)
    thread.start()
    environment = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{proxy.server_address[1]}",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    try:
        connection = http.client.HTTPConnection(host, port)
        bucket = f"lectures-{uuid.uuid4().hex}"  # the server forgets nothing when it stops
        connection.request("PUT", f"/{bucket}")
        assert connection.getresponse().status == 200
        connection.close()
        yield f"s3://{bucket}/course-search", environment, faults
    finally:
        proxy.shutdown()
        proxy.server_close()
        thread.join()
        store.stop()
        S3FileSystem.clear_instance_cache()  # it knows the server that is gone
