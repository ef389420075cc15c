"""Keys, passwords and questions are put through every path and failure, and are found in no log, metric, row or
response."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from postgres import everything_in
from support import ingest, own_database, serve_apart, until, write_course

from index.library import Library
from index.store.keys import create_key
from index.types import AccessScope
from service.settings import Settings

_ROOT = Path(__file__).parents[1]
_QUESTION = "canaryquestionzzz"
_LECTURE = "canarylecturezzz"  # a word of the course, which logs do not hold either
_MODEL_KEY, _PROXY, _OIDC = "canary-model-key", "canary-proxy-password", "canary-oidc-secret"
_FAILING = """
import sys
from index.search.search import SearchIndex
find = SearchIndex.find
def fails(index, query):
    if "explode" in query.text:
        raise RuntimeError(f"the query {query.text} cannot be read")
    return find(index, query)
SearchIndex.find = fails
from service.cli import main
main()
"""


@contextmanager
def _spiteful_model() -> Iterator[str]:
    """A model's endpoint that fails by turns, and tells in its error all that it was sent."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
            body = f'{{"error": {{"message": "{self.headers["Authorization"]} {sent[:50]!r:.60}"}}}}'.encode()
            self.send_response((401, 500, 400)[len(body) % 3])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()


class _Run:
    """A service that was asked everything, and a worker that failed: what they wrote and answered."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.course = write_course(folder / "course", "Course", [f"Dropout\nabout dropout and {_LECTURE}"])
        (self.course / "course.yaml").write_text(
            "title: Course\nlanguage: en\nlectures: [{title: One, decks: [deck.pdf], videos: [{youtube: abcdefghijk}]}]\n"
        )
        settings = Settings(data_dir=self.data, embedder="none")
        library = Library(settings.resolved_database_url, settings.data_dir)
        library.database.migrate()
        ingest(self.course, library, None)
        with library.database.writing() as connection:
            self.secret = create_key(connection, "me", [AccessScope.ADMIN])[1]
        library.close()
        self.log = folder / "log"
        self.answers: list[str] = []
        with _spiteful_model() as model:
            self.environment = {
                **os.environ,
                "LECTURES_DATA_DIR": str(self.data),
                "LECTURES_EMBEDDER": "none",
                "LECTURES_LOG_LEVEL": "debug",
                "LECTURES_LLM_URL": model,
                "LECTURES_LLM_MODEL": "spiteful",
                "LECTURES_LLM_KEY": _MODEL_KEY,
                "LECTURES_YOUTUBE_URL": "http://127.0.0.1:9",
                "LECTURES_YOUTUBE_PROXY": f"http://user:{_PROXY}@127.0.0.1:9",
                "LECTURES_OIDC_CLIENT_SECRET": _OIDC,
                "LECTURES_INGEST_ROOTS": str(self.course),
            }
            self._serve()
            self._work()
        self.metrics = next(answer for answer in self.answers if "lectures_requests_total" in answer)

    def _serve(self) -> None:
        with (
            serve_apart(self.log, self.environment, start=("-c", _FAILING)) as (_, address),
            httpx.Client(base_url=address, timeout=30) as client,
        ):
            until(lambda: client.get("/readyz").status_code == 200)
            for response in self._ask(client):
                self.answers.append(f"{response.headers}\n{response.text}")
            self.statuses = client.get("/metrics").text
            self.answers.append(self.statuses)

    def _ask(self, client: httpx.Client) -> Iterator[httpx.Response]:
        key = {"Authorization": f"Bearer {self.secret}"}
        for question in (_QUESTION, f"explode {_QUESTION}", "what is dropout?", f"{_QUESTION}\0"):
            yield client.get("/api/search", params={"q": question}, headers=key)
            yield client.get("/", params={"q": question}, headers={**key, "Accept": "text/html"})
            yield client.get("/api/suggest", params={"q": question}, headers={"X-API-Key": self.secret})
            yield client.post("/api/answers", json={"question": question}, headers=key)
            yield client.post("/api/answers", json={"question": question, "stream": True}, headers=key)
            body = {"messages": [{"role": "user", "content": question}], "model": "lectures"}
            yield client.post("/v1/chat/completions", json=body, headers=key)
        for path in client.get("/openapi.json").json()["paths"]:
            address = re.sub(r"\{.*?\}", _QUESTION, path)
            yield client.get(address, params={"q": _QUESTION, "course": _QUESTION}, headers=key)
            yield client.post(address, content=f"{_QUESTION}{{", headers={**key, "Content-Type": "application/json"})
        yield client.get(f"/{_QUESTION}", headers={"Cookie": f"x={self.secret}", "Referer": f"/?q={_QUESTION}"})
        yield client.get(f"/signin/link/{self.secret}")
        yield client.post("/api/ingests", json={"source": str(self.course)}, headers=key)
        for path in ("/api/ingests", "/api/missed-searches", "/readyz"):
            yield client.get(path, headers=key)
        yield client.get("/api/search", headers={"Authorization": f"Bearer {self.secret}x"})

    def _work(self) -> None:
        command = [sys.executable, "-m", "service.cli", "worker", "--once"]
        done = subprocess.run(command, cwd=_ROOT, env=self.environment, capture_output=True, text=True, check=False)
        self.worked = done.stdout + done.stderr

    def rows(self) -> bytes:
        """The file of SQLite, or what the rows of PostgreSQL say."""
        files = b"".join(path.read_bytes() for path in self.data.glob("lectures.db*"))
        return files or everything_in(own_database(self.data)).encode()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> _Run:
    return _Run(tmp_path_factory.mktemp("secrets"))


def test_logs_hold_no_secret_no_question_and_no_text_of_a_course(run: _Run) -> None:
    written = run.log.read_text("utf-8") + run.worked
    assert '"event": "unexpected_error"' in written  # all of this was tried
    assert "job_finished" in written
    for canary in (run.secret, _MODEL_KEY, _PROXY, _OIDC, _QUESTION, _LECTURE):
        assert canary not in written


def test_an_unexpected_error_is_logged_once_with_its_kind_and_place(run: _Run) -> None:
    lines = [line for line in run.log.read_text("utf-8").splitlines() if "unexpected_error" in line]
    assert len(lines) >= 4
    assert all('"error": "RuntimeError"' in line and "find" in line for line in lines)
    assert "Traceback" not in run.log.read_text("utf-8")


def test_metrics_hold_none_of_them(run: _Run) -> None:
    for canary in (run.secret, _MODEL_KEY, _PROXY, _OIDC, _QUESTION, _LECTURE):
        assert canary not in run.metrics


def test_rows_hold_no_secret_and_no_question(run: _Run) -> None:
    assert _LECTURE.encode() in run.rows()  # these are the rows
    for canary in (run.secret, _MODEL_KEY, _PROXY, _OIDC, _QUESTION):
        assert canary.encode() not in run.rows()


def test_responses_hold_no_secret(run: _Run) -> None:
    assert len(run.answers) > 60
    assert sum("the language model" in answer for answer in run.answers) >= 3  # it was asked, and told all it knew
    for answer in run.answers:
        for canary in (run.secret, _MODEL_KEY, _PROXY, _OIDC):
            assert canary not in answer


@pytest.mark.parametrize("command", [["status"], ["serve", "--port", "0"], ["ingest", "x"], ["worker", "--once"]])
def test_the_password_of_a_database_that_is_away_is_said_nowhere(command: list[str], tmp_path: Path) -> None:
    environment: dict[str, Any] = {
        **os.environ,
        "LECTURES_DATA_DIR": str(tmp_path),
        "LECTURES_DATABASE_URL": "postgresql://user:canary-database@127.0.0.1:9/lectures",
    }
    done = subprocess.run(
        [sys.executable, "-m", "service.cli", *command],
        cwd=_ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode != 0
    assert "canary-database" not in done.stdout + done.stderr
