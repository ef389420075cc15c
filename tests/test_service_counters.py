"""Counts: a request only adds to them in memory; one thread writes them, and waits for other writers alone."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient
from support import ingest, until, write_course

from index.errors import StorageError
from index.library import Library
from index.store.budget import model_calls_made
from index.store.missed import list_missed
from index.store.tables import courses
from service.app import create_app
from service.counters import Counters
from service.settings import Settings

_DAY = dt.date(2030, 1, 1)


def _missed(library: Library) -> dict[tuple[str | None, str], int]:
    with library.database.reading() as connection:
        return {(missed.course, missed.query): missed.count for missed in list_missed(connection, None)}


def _calls(library: Library, day: dt.date = _DAY) -> int:
    with library.database.reading() as connection:
        return model_calls_made(connection, day)


@contextmanager
def _locked(library: Library) -> Iterator[None]:
    """Somebody else writes all the while, as a long publish does."""
    with library.database.writing() as connection:
        connection.execute(sa.delete(courses).where(courses.c.id == -1))
        if connection.dialect.name == "postgresql":  # where writers wait for rows; this one has all that are counted
            connection.execute(sa.text("LOCK TABLE missed_searches IN EXCLUSIVE MODE"))
        yield


@pytest.fixture
def counters(library: Library) -> Counters:
    return Counters(library.database)


def test_what_was_counted_is_written_as_one_row_for_the_same_words(counters: Counters, library: Library) -> None:
    for query in ("Zeppelin", "zeppelin ", "hindenburg"):
        counters.missed("", query, _DAY)
    counters.missed("first", "zeppelin", _DAY)
    counters.write()
    counters.missed("", "ZEPPELIN", _DAY)
    counters.write()
    counters.write()
    assert _missed(library) == {(None, "zeppelin"): 3, (None, "hindenburg"): 1, ("first", "zeppelin"): 1}


def test_searches_in_vain_and_readiness_do_not_wait_for_a_writer_and_are_counted_after_it(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", embedder="none", count_missed_searches=True)
    library = Library(settings.resolved_database_url, settings.data_dir)
    library.database.migrate()
    ingest(write_course(tmp_path / "course", "Course", ["Dropout\nabout dropout"]), library, None)
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        with _locked(library):
            # each of them would take the whole time that a writer waits for another, and the last would find no thread
            for _ in range(60):
                assert client.get("/api/search", params={"q": "zeppelin"}).json()["coverage"] == "absent"
            assert client.get("/?q=zeppelin").status_code == 200
            assert client.get("/readyz").json()["status"] == "ready"
            assert _missed(library) == {}
        until(lambda: _missed(library) == {(None, "zeppelin"): 61})
    library.close()


def test_different_searches_are_kept_in_bounded_memory(counters: Counters, library: Library) -> None:
    for number in range(3_000):
        counters.missed("", f"word {number}", _DAY)
    counters.missed("", "word 7", _DAY)  # one that waits already is counted on
    counters.write()
    found = _missed(library)
    with library.database.reading() as connection:
        everything = list_missed(connection, None, limit=10_000)
    assert (len(everything), found[(None, "word 7")]) == (1_000, 2)


def test_what_could_not_be_written_is_written_later_and_once(
    counters: Counters, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    counters.missed("", "zeppelin", _DAY)
    assert counters.model_call(_DAY, 5)
    with monkeypatch.context() as patched:

        def broken(*_: Any) -> None:
            counters.missed("", "zeppelin", _DAY)  # while the rest is being written
            raise StorageError("The database cannot be used: disk I/O error")

        patched.setattr("service.counters.add_model_calls", broken)
        with pytest.raises(StorageError):
            counters.write()
    assert _missed(library) == {}
    counters.write()
    counters.write()
    assert (_missed(library), _calls(library)) == ({(None, "zeppelin"): 2}, 1)


def test_the_daily_limit_counts_what_is_written_and_what_waits(counters: Counters, library: Library) -> None:
    assert [counters.model_call(_DAY, 2) for _ in range(2)] == [True, True]
    assert not counters.model_call(_DAY, 2)
    counters.write()
    assert [counters.model_call(_DAY, limit) for limit in (2, 3, 3)] == [False, True, False]
    assert not counters.model_call(dt.date(2030, 1, 2), 0)
    counters.write()
    assert _calls(library) == 3
    other = Counters(library.database)  # of another process
    assert not other.model_call(_DAY, 3)


def test_a_call_that_is_being_written_counts_all_the_while(counters: Counters, monkeypatch: pytest.MonkeyPatch) -> None:
    allowed = [counters.model_call(_DAY, 1)]

    def asked_meanwhile(*_: Any) -> None:
        allowed.append(counters.model_call(_DAY, 1))

    monkeypatch.setattr("service.counters.add_model_calls", asked_meanwhile)
    counters.write()
    assert allowed == [True, False]


def test_calls_of_threads_that_ask_together_keep_to_the_limit(counters: Counters, library: Library) -> None:
    together = threading.Barrier(8)

    def call() -> bool:
        together.wait(20)
        return counters.model_call(_DAY, 6)

    with ThreadPoolExecutor(8) as pool:
        allowed = [done.result() for done in [pool.submit(call) for _ in range(8)]]
    counters.write()
    assert (sum(allowed), _calls(library)) == (6, 6)


def test_processes_that_write_the_first_call_of_a_day_together_lose_none(library: Library) -> None:
    together = threading.Barrier(4)
    each = [Counters(library.database) for _ in range(4)]
    assert all(counters.model_call(_DAY, 9) for counters in each)

    def write(counters: Counters) -> None:
        together.wait(20)
        counters.write()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, each))
    assert _calls(library) == 4


def test_a_call_that_is_being_written_counts_for_the_limit(
    counters: Counters, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert all(counters.model_call(_DAY, 5) for _ in range(5))
    made = model_calls_made

    def written_meanwhile(*arguments: Any) -> int:
        found = made(*arguments)
        counters.write()
        return found

    monkeypatch.setattr("service.counters.model_calls_made", written_meanwhile)
    assert not counters.model_call(_DAY, 5)
    assert _calls(library) == 5


def test_the_end_of_the_service_writes_what_is_left(counters: Counters, library: Library) -> None:
    counters.missed("", "zeppelin", _DAY)
    counters.start()
    counters.close()
    assert _missed(library) == {(None, "zeppelin"): 1}


def test_the_end_of_the_service_waits_for_nobody_for_long(
    counters: Counters, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()
    monkeypatch.setattr("service.counters._CLOSING_SECONDS", 0.05)
    monkeypatch.setattr(Counters, "write", lambda _: released.wait(20))
    counters.start()
    counters.close()  # comes back, although the writing thread is still held up
    assert not released.is_set()
    released.set()
    del library
