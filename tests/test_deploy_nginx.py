"""deploy/nginx.conf before the real service: nginx reads it, passes requests on, and holds the limits it names."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import Request
from fastapi.responses import StreamingResponse
from proxying import NO_NGINX, free_port, nginx, nginx_path
from support import bare_app, serve

from service.settings import Settings

_READ = threading.Event()  # the client has the first piece of a stream
_SECOND = "data: in time\n\n"
_CLAIMED = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}  # by a client, which is not believed
_FILE = Path(__file__).parents[1] / "deploy" / "nginx.conf"


@pytest.fixture(scope="module")
def proxy(example_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of nginx with our file, without TLS, before an application that tells what it is asked."""
    if nginx_path() is None:
        pytest.skip(NO_NGINX)
    app = bare_app()

    @app.get("/who")
    def who(request: Request) -> dict[str, object]:
        assert request.client is not None
        return {"client": request.client.host, "scheme": request.url.scheme, "host": request.headers["host"]}

    @app.post("/api/answers")
    def answer(request: Request, length: bool = False) -> StreamingResponse:
        assert request.client is not None
        first = f"data: {request.client.host} {request.url.scheme}\n\n"

        def pieces() -> Iterator[str]:
            yield first
            yield _SECOND if _READ.wait(10) else "data: late\n\n".rjust(len(_SECOND), "\n")

        headers = {"Content-Length": str(len(first + _SECOND))} if length else {}
        return StreamingResponse(pieces(), media_type="text/event-stream", headers=headers)

    @app.get("/metrics")
    def metrics() -> str:
        return "of the service"

    port = free_port("127.0.0.1")
    text = _FILE.read_text("utf-8").replace("listen 443 ssl", f"listen 127.0.0.1:{port}")
    text = re.sub(r"^\s*ssl_.*$", "", text, flags=re.MULTILINE).replace("rate=50r/s", "rate=1r/m")
    text = text.replace("burst=200", "burst=20")
    with serve(example_settings, app) as service:
        text = text.replace("127.0.0.1:8000", service.removeprefix("http://"))
        with nginx(tmp_path_factory.mktemp("nginx"), text, port) as address:
            yield address


def test_requests_are_passed_on_with_the_address_of_who_asks(proxy: str) -> None:
    headers = {**_CLAIMED, "Host": "lectures.example.org"}
    found = httpx.get(f"{proxy}/who", headers=headers).json()
    assert found == {"client": "127.0.0.1", "scheme": "http", "host": "lectures.example.org"}


@pytest.mark.parametrize("length", [False, True])
def test_streams_pass_piece_by_piece(proxy: str, length: bool) -> None:
    """What is sent in chunks nginx passes on even where it buffers; what has a length only where it does not."""
    _READ.clear()
    address = f"{proxy}/api/answers?length={length}"
    with httpx.stream("POST", address, json={}, headers=_CLAIMED, timeout=20) as response:
        assert ("content-length" in response.headers) == length
        lines = response.iter_lines()
        assert next(lines) == "data: 127.0.0.1 http"
        _READ.set()
        assert [line for line in lines if line] == [_SECOND.strip()]


def test_what_is_too_large_does_not_pass(proxy: str) -> None:
    assert httpx.post(f"{proxy}/api/answers", content=b"x" * (2 << 20)).status_code == 413
    assert httpx.get(f"{proxy}/who", headers={"X-Large": "x" * 20_000}).status_code == 400


def test_metrics_are_not_for_everybody(proxy: str) -> None:
    assert httpx.get(f"{proxy}/metrics").status_code == 404


def test_who_asks_far_too_often_is_told(proxy: str) -> None:
    statuses = [httpx.get(f"{proxy}/who").status_code for _ in range(30)]
    assert (statuses[-1], set(statuses) <= {200, 429}) == (429, True)
