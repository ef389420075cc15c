"""PostgreSQL that is away for a while: what goes on, what is refused and in which words, what is made up for later."""

from __future__ import annotations

import datetime as dt
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from postgres import PostgresServer
from support import ingest, serve, until, write_course
from web_stub import web_site

from index.errors import StorageUnreachable
from index.library import Library
from index.store.database import Database
from index.store.jobs import add_job, read_job
from index.store.keys import create_key
from index.store.sessions import open_session
from index.store.tables import SCHEMA_REVISION
from index.types import AccessScope, JobState
from ingest.carrying import Means
from ingest.order import Order
from ingest.sources import SourceLimits
from ingest.worker import work
from service.cli import main
from service.settings import Settings

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def server(postgres_server: PostgresServer) -> Iterator[PostgresServer]:
    """The server, which is there again after the test."""
    yield postgres_server
    postgres_server.back()


@pytest.fixture
def settings(library: Library, tmp_path: Path) -> Settings:
    """An installation with one course, which only keys may ask."""
    ingest(
        write_course(
            tmp_path / "course", "Nets", ["Dropout\nDropout sets random activations to zero while the network learns."]
        ),
        library,
        None,
    )
    return Settings(
        data_dir=library.data_dir,
        database_url=library.database.url.render_as_string(hide_password=False),
        embedder="none",
        api_keys_required=True,
    )


def _key(library: Library, *scopes: AccessScope) -> dict[str, str]:
    with library.database.writing() as connection:
        return {"Authorization": f"Bearer {create_key(connection, 'test', scopes)[1]}"}


def test_searching_goes_on_and_writing_is_refused_until_it_is_back(
    library: Library, settings: Settings, server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who was let in before goes on, by a key or signed in; for a while."""
    monkeypatch.setattr("service.access._REMEMBERED_SECONDS", 0.0)
    reader, admin, unseen = (
        _key(library, AccessScope.SEARCH, AccessScope.ANSWER),
        _key(library, AccessScope.ADMIN),
        _key(library, AccessScope.SEARCH),
    )
    order = {"source": "https://example.org/course.git"}
    with library.database.writing() as connection:
        until_then = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
        person = {"Cookie": f"lectures={open_session(connection, 'Ada', None, rules='', until=until_then)}"}
    with serve(settings) as url, httpx.Client(base_url=url, timeout=30) as client:

        def search(headers: dict[str, str]) -> httpx.Response:
            return client.get("/api/search", params={"q": "dropout"}, headers=headers)

        until(lambda: client.get("/readyz").status_code == 200)
        assert client.get("/readyz").json()["status"] == "ready"
        found = search(reader).json()["hits"]
        assert search(person).json()["hits"] == found
        assert client.get("/api/ingests", headers=admin).json() == []
        completions = client.get("/api/suggest", params={"q": "dro"}, headers=reader).json()
        server.away()
        for _ in range(3):
            assert search(reader).json()["hits"] == search(person).json()["hits"] == found
        assert client.get("/api/suggest", params={"q": "dro"}, headers=reader).json() == completions
        assert client.post("/api/answers", json={"question": "dropout"}, headers=reader).status_code == 200
        page = client.get("/", params={"q": "dropout"}, headers=person)
        assert (page.status_code, "random activations" in page.text) == (200, True)
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
        assert "The database cannot be used" in ready.json()["degraded"][0]
        until(lambda: "The database cannot be used" in str(search(reader).json()["degraded"]))
        for refused in (
            search(unseen),
            client.get("/api/courses", headers=reader),
            client.get(found[0]["image_url"], headers=reader),
            client.post("/api/ingests", json=order, headers=admin),
        ):
            assert (refused.status_code, refused.json()["code"]) == (503, "storage")
            assert refused.headers["retry-after"] == "1"
            assert "The database cannot be used" in refused.json()["detail"]
        assert client.get("/livez").status_code == 200
        with monkeypatch.context() as later:
            later.setattr("service.known_secrets._AWAY_SECONDS", 0.0)
            assert [search(headers).status_code for headers in (reader, person)] == [503, 503]
        server.back()
        until(lambda: client.get("/readyz").json()["status"] == "ready")
        assert "database" not in str(search(reader).json()["degraded"])
        assert search(reader).json()["hits"] == search(unseen).json()["hits"] == found
        assert client.post("/api/ingests", json=order, headers=admin).status_code == 202
        assert len(client.get("/api/courses", headers=reader).json()) == 1


def test_commands_say_in_one_sentence_that_it_is_away_and_search_without_it(
    settings: Settings, server: PostgresServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LECTURES_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("LECTURES_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("LECTURES_EMBEDDER", "none")

    def command(*arguments: str) -> tuple[object, str, str]:
        monkeypatch.setattr(sys, "argv", ["lectures", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return ended.value.code, said.out, " ".join(said.err.split())

    assert "database" not in command("search", "dropout")[2]
    server.away()
    for arguments in (("courses",), ("ingest", "nowhere"), ("keys", "list")):
        code, out, said = command(*arguments)
        assert (code, out) == (1, "")
        assert said.startswith("The database cannot be used: ")
        assert said.endswith("LECTURES_DATABASE_URL say where it is.")
    code, out, said = command("search", "dropout")
    assert (code, "Dropout" in out) == (0, True)
    assert "degraded: The database cannot be used" in said


def test_a_service_that_starts_while_it_is_away_serves_what_is_indexed(
    settings: Settings, server: PostgresServer
) -> None:
    open_settings = settings.model_copy(update={"api_keys_required": False})
    server.away()
    with serve(open_settings) as url, httpx.Client(base_url=url, timeout=30) as client:
        assert client.get("/api/search", params={"q": "dropout"}).json()["total"] == 1
        until(lambda: client.get("/readyz").status_code == 200)
        assert client.get("/readyz").json()["status"] == "degraded"
        server.back()
        until(lambda: client.get("/readyz").json()["status"] == "ready")
        assert client.get("/api/courses").json()[0]["title"] == "Nets"


def test_a_schema_that_could_not_be_brought_up_to_date_at_the_start_is_when_it_is_back(
    settings: Settings, server: PostgresServer, tmp_path: Path
) -> None:
    database = Database(server.empty_database(tmp_path))
    environment = {
        **os.environ,
        "LECTURES_DATA_DIR": str(settings.data_dir),
        "LECTURES_DATABASE_URL": database.url.render_as_string(hide_password=False),
        "LECTURES_EMBEDDER": "none",
    }
    server.away()
    command = [sys.executable, "-m", "service.cli", "serve", "--port", "0"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            said = [process.stderr.readline(), ""]
            assert said[0].startswith("The database cannot be used: ")
            assert "Searching goes on without it" in said[0]
            while not (found := re.search(r"http://\S+", said[-1])):
                said.append(process.stderr.readline())
                assert process.poll() is None, said
            assert httpx.get(f"{found.group()}/api/search", params={"q": "dropout"}, timeout=30).json()["total"] == 1
            server.back()
            until(lambda: database.revision() == SCHEMA_REVISION)
        finally:
            process.kill()
    database.close()


def test_the_right_to_write_ends_without_an_error_of_the_driver(library: Library, server: PostgresServer) -> None:
    with library.writer():
        server.away()
        server.back()
    with library.writer():
        server.away()
    with pytest.raises(StorageUnreachable, match="The database cannot be used"), library.writer():
        pass


def test_a_worker_waits_for_it_and_writes_down_how_the_job_ended(
    library: Library, server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.worker._IDLE_SECONDS", 0.2)

    def job() -> Any:
        with library.database.reading() as connection:
            return read_job(connection, job_id)

    with web_site() as site:
        site.held["/deck.pdf"] = threading.Event()
        (tmp_path / "course").mkdir()
        (tmp_path / "course" / "course.yaml").write_text(
            f"title: Nets\nlectures: [{{title: One, programme: dropout, decks: ['{site.home}/deck.pdf']}}]\n", "utf-8"
        )
        order = Order(str(tmp_path / "course"))
        with library.database.writing() as connection:
            job_id = add_job(connection, order.source, order.options())
        means, stop = Means(limits=SourceLimits(private=True)), threading.Event()
        worker = threading.Thread(target=work, args=(library, None, means, stop), kwargs={"once": True})
        worker.start()
        until(lambda: bool(site.asked))
        server.away()
        site.held["/deck.pdf"].set()
        worker.join(1)
        assert worker.is_alive()
        server.back()
        worker.join(30)
        assert not worker.is_alive()
    assert (job().state, job().attempts, job().problem_code) == (JobState.QUEUED, 1, "storage")
