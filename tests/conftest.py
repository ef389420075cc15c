"""What tests share: real PDFs, real databases, the example course ingested once, an embedder worked out by hand."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from postgres import ON_POSTGRES, PostgresServer, databases_on, run_postgres
from schema import schema_copied
from starlette.testclient import TestClient
from support import EXAMPLES, CountingEmbedder, Done, Run, open_index, own_database, serve, write_pdf

from index.embed.models import load_embedder
from index.library import Library
from index.search.search import SearchIndex
from ingest.course import read_course
from ingest.pipeline import ingest_course
from service.app import create_app
from service.cli import main
from service.settings import Settings

# What the encoder adds has tests of its own (tests/test_index_embed_sentences.py, test_service_start.py); all
# others look at what there is without it, and need not wait for it.
os.environ["LECTURES_ENCODER"] = ""


def pytest_configure() -> None:
    """A test that ends the process of all of them ends it as a failure: a suite that is cut short has not passed."""
    end, own = os._exit, os.getpid()

    def end_as_failure(status: int) -> None:
        if os.getpid() == own:
            sys.stderr.write(f"the process of the tests was ended with status {status}\n")
            status = status or 70
        end(status)

    os._exit = end_as_failure  # type: ignore[assignment]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where the whole suite must run (LECTURES_TEST_FORBID_SKIPS), a skipped test is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("LECTURES_TEST_FORBID_SKIPS") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where the suite runs on PostgreSQL, what is about SQLite's own file is left out: it runs everywhere else."""
    if ON_POSTGRES:
        left_out = [item for item in items if item.get_closest_marker("sqlite")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture
def embedder() -> CountingEmbedder:
    return CountingEmbedder()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    with run_postgres() as server:
        yield server


@pytest.fixture(scope="session", autouse=True)
def _schema(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The migrations run once for all databases of SQLite."""
    with schema_copied(tmp_path_factory.mktemp("schema")):
        yield


@pytest.fixture(scope="session", autouse=ON_POSTGRES)
def _databases(postgres_server: PostgresServer) -> Iterator[None]:
    """Where the whole suite runs on PostgreSQL, each data folder has a database there."""
    with databases_on(postgres_server):
        yield


@pytest.fixture(autouse=ON_POSTGRES)
def _forgotten(postgres_server: PostgresServer, tmp_path: Path) -> Iterator[None]:
    """The databases of a test go with it."""
    yield
    postgres_server.forget(tmp_path)


_KINDS = ["postgresql"] if ON_POSTGRES else ["sqlite", "postgresql"]


@pytest.fixture(params=_KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A new database of each kind; that of PostgreSQL has its schema already."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'lectures.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    yield server.new_database(tmp_path)
    server.forget(tmp_path)


@pytest.fixture(params=_KINDS)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of each kind without any schema."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'lectures.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    yield server.empty_database(tmp_path)
    server.forget(tmp_path)


@pytest.fixture
def library(database_url: str, tmp_path: Path) -> Iterator[Library]:
    opened = Library(database_url, tmp_path / "data")
    opened.database.migrate()
    yield opened
    opened.close()


@pytest.fixture
def sqlite_library(tmp_path: Path) -> Iterator[Library]:
    """On SQLite, or where the whole suite runs."""
    opened = Library(own_database(tmp_path / "data"), tmp_path / "data")
    opened.database.migrate()
    yield opened
    opened.close()


@pytest.fixture
def course_folder(tmp_path: Path) -> Path:
    """Two lectures: one with slides and captions, one with a deck that is not there."""
    folder = tmp_path / "course"
    write_pdf(
        folder / "one.pdf",
        ["Dropout\nrandomly zero activations dropout", "Gradient descent\nfollow the gradient", "Loss\nloss function"],
    )
    (folder / "course.yaml").write_text(
        "title: Networks\nlanguage: en\nlectures:\n"
        "  - title: Training\n    programme: Dropout, gradient, loss\n    decks: [one.pdf]\n"
        "    videos: [{youtube: abcdefghijk}]\n"
        "  - title: Attention\n    programme: Attention, transformers\n    decks: [missing.pdf]\n",
        "utf-8",
    )
    (folder / "transcripts").mkdir()
    (folder / "transcripts" / "abcdefghijk.en.vtt").write_text(
        "WEBVTT\n\n00:00:01.000 --> 00:00:04.000\nToday we talk about momentum.\n\n"
        "00:00:04.000 --> 00:00:09.000\nIt rolls downhill like a ball.\n",
        "utf-8",
    )
    return folder


@pytest.fixture
def editions(tmp_path: Path) -> Path:
    """Two editions of a slide; the older one names the words once more."""
    folder = tmp_path / "course"
    text = "Dropout\nzero out random activations of every hidden layer while the network is learning"
    write_pdf(folder / "2022" / "new.pdf", [text, "Convolution\nslide a small kernel over the picture"])
    write_pdf(folder / "2020" / "old.pdf", [f"{text} dropout", "Pooling\ntake the largest number of each window"])
    (folder / "course.yaml").write_text(
        "title: Nets\nlanguage: en\nlectures:\n"
        "  - {title: One, decks: [2020/old.pdf]}\n  - {title: Two, decks: [2022/new.pdf]}\n",
        "utf-8",
    )
    return folder


@pytest.fixture(scope="session")
def example_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The example course, ingested with the built-in embedder."""
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("examples"),
        database_url="",
        embedder="builtin",
        searches_per_minute=100_000,  # one test asks more than all students at once
        answers_per_minute=100_000,
    )
    library = Library(settings.resolved_database_url, settings.data_dir)
    library.database.migrate()
    ingest_course(read_course(EXAMPLES, slug="neural-networks"), EXAMPLES, library, load_embedder("builtin"))
    library.close()
    return settings


@pytest.fixture(scope="session")
def example_index(example_settings: Settings) -> Iterator[SearchIndex]:
    opened = Library(example_settings.resolved_database_url, example_settings.data_dir)
    yield open_index(opened, load_embedder("builtin"))
    opened.close()


@pytest.fixture(scope="session")
def live(example_settings: Settings) -> Iterator[str]:
    """The address of the real service over the example course, keys of its own and a page that may embed it."""
    with serve(example_settings.model_copy(update={"allowed_origins": "http://localhost:*"})) as url:
        yield url


@pytest.fixture(scope="session")
def client(example_settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(example_settings), raise_server_exceptions=False) as opened:
        yield opened


@pytest.fixture
def lectures(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Each command has its own variables, and takes none of what serving sets with it."""

    def command(*arguments: str, **environment: str) -> Done:
        with monkeypatch.context() as own:
            for name, value in {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", **environment}.items():
                own.setenv(name, value)
            own.setattr(sys, "argv", ["lectures", *arguments])
            with pytest.raises(SystemExit) as ended:
                main()
        said = capsys.readouterr()
        return Done(ended.value.code, said.out, said.err)

    return command


@pytest.fixture(scope="session")
def launch_browser() -> Iterator[Callable[..., Any]]:
    """Opens a Chromium with these arguments besides; one library for all, since it cannot be started twice."""
    executable = shutil.which("chromium")
    if executable is None:
        pytest.skip("Debian's chromium is not installed (apt-get install chromium)")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    usual = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking"]
    opened = []
    with sync_playwright() as playwright:

        def launch(*arguments: str) -> Any:
            opened.append(playwright.chromium.launch(executable_path=executable, args=[*usual, *arguments]))
            return opened[-1]

        yield launch
        for browser in opened:
            browser.close()


@pytest.fixture(scope="session")
def browser(launch_browser: Callable[..., Any]) -> Any:
    return launch_browser()
