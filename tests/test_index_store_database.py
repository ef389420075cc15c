"""The schema, on SQLite and PostgreSQL."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory

from index.errors import StorageError, StorageUnreachable
from index.library import Library
from index.store.database import Database
from index.store.jobs import add_job
from index.store.sqlite import trouble_with
from index.store.tables import SCHEMA_REVISION, jobs, metadata


def test_the_migrations_make_the_tables(library: Library) -> None:
    assert library.database.revision() == SCHEMA_REVISION
    with library.database.reading() as connection:
        found = set(sa.inspect(connection).get_table_names())
    assert found == {*metadata.tables, "alembic_version"}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_server_that_does_not_even_refuse_is_given_up_in_seconds(library: Library) -> None:
    with library.database.reading() as connection:
        raw: Any = connection.connection.dbapi_connection
        given = raw.info.get_parameters()
    assert (given["connect_timeout"], given["tcp_user_timeout"], given["keepalives_idle"]) == ("5", "10000", "10")


def test_the_newest_migration_is_the_one_that_the_program_expects() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parents[1] / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == SCHEMA_REVISION


def test_a_newer_schema_is_searched_where_it_only_holds_more_and_is_not_written(library: Library) -> None:
    def newer(revision: str) -> None:
        with library.database.writing() as connection:
            connection.execute(sa.text("UPDATE alembic_version SET version_num = :now"), {"now": revision})

    within, beyond = SCHEMA_REVISION[:2] + "99", f"{int(SCHEMA_REVISION[:2]) + 1:02}00"
    newer(within)
    library.database.migrate(only_serves=True)
    assert library.database.revision() == within
    with pytest.raises(StorageError, match=f"schema {within}, newer than this program's {SCHEMA_REVISION}"):
        library.database.migrate()
    newer(beyond)
    for only_serves in (True, False):
        with pytest.raises(StorageError, match=f"schema {beyond}, newer than this program's {SCHEMA_REVISION}"):
            library.database.migrate(only_serves=only_serves)


@pytest.mark.sqlite  # rows are locked one by one on PostgreSQL
def test_a_writer_that_reads_first_waits_for_another_instead_of_failing(sqlite_library: Library) -> None:
    """SQLite refuses, without any waiting, to let a transaction write whose first read is older than a commit."""
    other = Library(sqlite_library.database.url.render_as_string(), sqlite_library.data_dir)
    done = threading.Event()

    def write() -> None:
        with other.database.writing() as connection:
            add_job(connection, "other", {})
        done.set()

    with sqlite_library.database.writing() as connection:
        connection.execute(sa.select(jobs.c.id)).all()
        thread = threading.Thread(target=write)
        thread.start()
        assert not done.wait(0.3)
        add_job(connection, "first", {})
    thread.join(timeout=30)
    assert done.is_set()
    other.close()


@pytest.mark.sqlite
def test_a_disk_that_is_full_is_said_to_be(sqlite_library: Library) -> None:
    full = pytest.raises(StorageUnreachable, match=f"The disk that holds {sqlite_library.data_dir} is full; free some")
    with full, sqlite_library.database.writing() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=1")
        add_job(connection, "x" * 100_000, {})


@pytest.mark.parametrize(("free", "full"), [(0, True), (10_000_000, False)])
def test_an_error_of_the_disk_is_a_full_one_where_nothing_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, full: bool
) -> None:
    """Readers share a file as well: where that cannot be made, SQLite says no more than that the disk erred."""
    (tmp_path / "lectures.db").touch()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(free, free, free))
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_SHMSIZE
    said = trouble_with(tmp_path / "lectures.db", error)
    assert said == (f"The disk that holds {tmp_path} is full; free some space there." if full else None)


def test_a_database_that_is_not_there_is_not_made_by_looking(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'lectures.db'}")
    assert database.revision() is None
    with (
        pytest.raises(StorageUnreachable, match=r"There is no database .*lectures\.db"),
        database.reading() as connection,
    ):
        connection.execute(sa.select(jobs))
    assert list(tmp_path.iterdir()) == []


def test_processes_that_start_together_migrate_once(empty_database_url: str, tmp_path: Path) -> None:
    """Two by the program, one by Alembic's own command."""
    program = (
        "import sys; from index.store.database import Database; sys.stdin.read(1); Database(sys.argv[1]).migrate()"
    )
    alembic = "import sys; from alembic.config import main; sys.stdin.read(1); main(['upgrade', 'head'])"
    environment = {
        **os.environ,
        "LECTURES_DATABASE_URL": empty_database_url,
        "LECTURES_DATA_DIR": str(tmp_path / "data"),
    }
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, empty_database_url],
            stdin=subprocess.PIPE,
            cwd=Path(__file__).parents[1],
            env=environment,
        )
        for code in (program, program, alembic)
    ]
    for process in started:
        assert process.stdin is not None
        process.stdin.close()
    assert [process.wait(60) for process in started] == [0, 0, 0]
    database = Database(empty_database_url)
    assert database.revision() == SCHEMA_REVISION
    database.close()
