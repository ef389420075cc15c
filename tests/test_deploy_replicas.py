"""deploy/nginx-replicas.conf before three processes: one that dies, stops or has no place left costs no request."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from proxying import NO_NGINX, free_port, name_server, nginx, nginx_path, replicas_site

_FILE = Path(__file__).parents[1] / "deploy" / "nginx-replicas.conf"
_HOSTS = ("127.0.0.2", "127.0.0.3", "127.0.0.4")
# A service that says who it is and what it was told; `busy` has no place left, `cut` dies of what it is sent.
_SERVICE = """
import http.server, json, sys
host, port, kind = sys.argv[1], int(sys.argv[2]), sys.argv[3]
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if kind == "cut":
            self.close_connection = True
            return
        body = json.dumps({**{name.lower(): value for name, value in self.headers.items()}, "service": host}).encode()
        self.send_response(503 if kind == "busy" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    do_POST = do_GET
    def log_message(self, *arguments): pass
class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128
with Server((host, port), Handler) as server:
    print("listens", flush=True)
    server.serve_forever()
"""


@dataclass(frozen=True)
class Front:
    """The proxy's address, and the processes behind it by their own."""

    url: str
    services: Mapping[str, subprocess.Popen[str]]


@pytest.fixture
def front(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Front]:
    """nginx before three services of these kinds."""
    if nginx_path() is None:
        pytest.skip(NO_NGINX)
    kinds = getattr(request, "param", ("well", "well", "well"))
    service_port, port = free_port(*_HOSTS), free_port("127.0.0.1")
    with ExitStack() as stack:
        services = {}
        for host, kind in zip(_HOSTS, kinds, strict=True):
            command = [sys.executable, "-c", _SERVICE, host, str(service_port), kind]
            services[host] = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
            stack.callback(services[host].kill)
        for service in services.values():
            assert service.stdout is not None
            assert service.stdout.readline() == "listens\n"
        names = stack.enter_context(name_server(_HOSTS))
        site = replicas_site(_FILE.read_text("utf-8"), names, service_port, port)
        yield Front(stack.enter_context(nginx(tmp_path / "nginx", site, port)), services)


def _ask(url: str, count: int, method: str = "GET") -> list[httpx.Response]:
    with ThreadPoolExecutor(8) as pool, httpx.Client(timeout=30) as client:
        return list(pool.map(lambda _: client.request(method, url), range(count)))


def test_requests_are_spread_and_one_service_that_is_killed_costs_none(front: Front) -> None:
    before = Counter(answer.json()["service"] for answer in _ask(f"{front.url}/api/search", 60))
    assert set(before) == set(_HOSTS)
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(_ask, f"{front.url}/api/search", 200)
        front.services["127.0.0.3"].kill()
        answers = asking.result()
    assert Counter(answer.status_code for answer in answers) == {200: 200}
    front.services["127.0.0.3"].wait()
    after = Counter(answer.json()["service"] for answer in _ask(f"{front.url}/api/search", 30))
    assert set(after) == {"127.0.0.2", "127.0.0.4"}


@pytest.mark.parametrize("front", [("busy", "well", "cut")], indirect=True)
def test_what_reads_is_asked_of_another_and_what_writes_only_where_it_did_not_arrive(front: Front) -> None:
    for method, path in (("GET", "/api/search"), ("POST", "/api/answers"), ("POST", "/v1/chat/completions")):
        answers = _ask(f"{front.url}{path}", 12, method)
        assert {(answer.status_code, answer.json()["service"]) for answer in answers} == {(200, "127.0.0.3")}
    assert {answer.status_code for answer in _ask(f"{front.url}/api/ingests", 12, "POST")} == {200, 502, 503}
    front.services["127.0.0.2"].kill()
    front.services["127.0.0.4"].kill()
    for host in ("127.0.0.2", "127.0.0.4"):
        front.services[host].wait()
    assert {answer.status_code for answer in _ask(f"{front.url}/api/ingests", 12, "POST")} == {200}


@pytest.mark.parametrize("front", [("busy", "busy", "busy")], indirect=True)
def test_where_all_are_busy_their_own_answer_is_given(front: Front) -> None:
    answers = _ask(f"{front.url}/api/search", 3)
    assert {answer.status_code for answer in answers} == {503}
    assert {json.loads(answer.text)["service"] for answer in answers} <= set(_HOSTS)


def test_who_asks_is_told_and_metrics_are_not(front: Front) -> None:
    told = httpx.get(f"{front.url}/who", headers={"Host": "lectures.example.org:8080"}).json()
    assert (told["host"], told["x-forwarded-for"]) == ("lectures.example.org:8080", "127.0.0.1")
    assert told["x-forwarded-proto"] == "http"
    said = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}  # by the proxy that does TLS
    told = httpx.get(f"{front.url}/who", headers=said).json()
    assert (told["x-forwarded-for"], told["x-forwarded-proto"]) == ("203.0.113.7", "https")
    assert httpx.get(f"{front.url}/metrics").status_code == 404
    assert httpx.post(f"{front.url}/api/answers", content=b"x" * (2 << 20)).status_code == 413
