"""deploy/nginx.conf before the real service: nginx reads it, passes requests on, and holds the limits it names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import Request
from fastapi.responses import StreamingResponse
from proxying import NO_NGINX, free_port, nginx, nginx_path
from support import bare_app, serve

from service.settings import Settings

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
    def answer() -> StreamingResponse:
        return StreamingResponse(iter(["data: one\n\n", "data: two\n\n"]), media_type="text/event-stream")

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
    headers = {"X-Forwarded-For": "203.0.113.7", "Host": "lectures.example.org"}
    found = httpx.get(f"{proxy}/who", headers=headers).json()
    assert found == {"client": "127.0.0.1", "scheme": "http", "host": "lectures.example.org"}


def test_streams_pass_and_large_bodies_do_not(proxy: str) -> None:
    assert httpx.post(f"{proxy}/api/answers", json={}).text == "data: one\n\ndata: two\n\n"
    assert httpx.post(f"{proxy}/api/answers", content=b"x" * (2 << 20)).status_code == 413
    assert httpx.get(f"{proxy}/who", headers={"X-Large": "x" * 20_000}).status_code == 400


def test_metrics_are_not_for_everybody(proxy: str) -> None:
    assert httpx.get(f"{proxy}/metrics").status_code == 404


def test_who_asks_far_too_often_is_told(proxy: str) -> None:
    statuses = [httpx.get(f"{proxy}/who").status_code for _ in range(30)]
    assert (statuses[-1], set(statuses) <= {200, 429}) == (429, True)
