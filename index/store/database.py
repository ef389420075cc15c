"""A database URL → an engine, its schema, and transactions. The only module that commits."""

from __future__ import annotations

import fcntl
import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.pool import NullPool

from index.errors import StorageError, StorageUnreachable
from index.files import make_folder
from index.store.sqlite import connect, file_of, is_read_only, trouble_with
from index.store.tables import SCHEMA_REVISION

_log = logging.getLogger(__name__)
_MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
# With a server that does not even refuse: a machine or a network that is gone is noticed in seconds, not in the quarter
# of an hour after which the system gives up.
_PATIENCE = {
    "connect_timeout": 5,
    "tcp_user_timeout": 10_000,  # milliseconds
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
# Arbitrary constants that all our processes share: the keys of PostgreSQL's advisory locks.
_ADVISORY_KEY = 0x6C656374
_MIGRATION_KEY = _ADVISORY_KEY + 1
_PUBLISH_KEY = _ADVISORY_KEY + 2
# SQLite's answers that no other attempt changes: the bytes of its file are not those of a database
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
RESTORE = (
    "Stop what uses the database, move it aside (of SQLite the file, with its -wal and -shm), then run "
    "`lectures restore FILE --replace` or ingest the courses again."
)


class Database:
    """Transactions on one database. Reading never waits for the one writer (SQLite runs in WAL)."""

    def __init__(self, url: str) -> None:
        self.url = _parse(url)
        self.engine = _make_engine(self.url)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that is rolled back at its end; StorageError too where what is read of a row is damaged."""
        with _translated(self.url), reading_rows(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A reading transaction in which everything is as it was at its first query, whatever others write."""
        level = {} if self.url.get_backend_name() == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        with _translated(self.url), reading_rows(), self.engine.execution_options(**level).connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is committed at its end, or rolled back if the block raises.

        SQLite is told at once that it will write: one that reads first and then writes would be refused without any
        waiting if another writer committed in between.
        """
        with _translated(self.url), self.engine.execution_options(writes=True).begin() as connection:
            yield connection

    @contextmanager
    def publishing(self) -> Iterator[Connection]:
        """A writing transaction that sees all that was published before, and keeps others from publishing until it
        ends: a writer of another machine whose session was lost has lost its lock without noticing."""
        with self.writing() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_PUBLISH_KEY)))
            yield connection

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """A writing transaction in which tables may be made anew; StorageError if it leaves rows that belong to none.

        SQLite makes a table anew to change it, and would delete all that hangs on the one that is dropped for that.
        Whether it does is said outside of transactions. A file of SQLite that is not there is made.
        """
        self._make_file()
        with _translated(self.url), self.engine.execution_options(writes=True).connect() as connection:
            if connection.dialect.name != "sqlite":
                with connection.begin():  # of several that start together one migrates
                    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_KEY)))
                    yield connection
                return
            raw: Any = connection.connection.dbapi_connection
            raw.execute("PRAGMA foreign_keys=OFF")
            try:
                with connection.begin():
                    before = set(connection.exec_driver_sql("PRAGMA foreign_key_check").all())
                    yield connection
                    after = set(connection.exec_driver_sql("PRAGMA foreign_key_check").all())
                    if after - before:
                        raise StorageError("The change of the schema would lose rows; nothing was changed.")
            finally:
                raw.execute("PRAGMA foreign_keys=ON")

    def _make_file(self) -> None:
        file = file_of(self.url)
        if file is not None and not file.exists():
            make_usable(file.parent)
            file.touch()

    def revision(self) -> str | None:
        """The schema's revision, or None if there is no schema yet; nothing is made to find that out."""
        file = file_of(self.url)
        if file is not None and not file.exists():
            return None
        with _translated(self.url), self.engine.connect() as connection:
            if not sa.inspect(connection).has_table("alembic_version"):
                return None
            found = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
            return None if found is None else str(found)

    def migrate(self, *, only_serves: bool = False) -> None:
        """Bring the schema to the newest revision; StorageError if it is newer than this program.

        A program that `only_serves` goes on with a newer one that takes nothing away (`tables/schema.py` says which).
        """
        found = self.revision()
        if found == SCHEMA_REVISION:
            return
        if found is not None and found > SCHEMA_REVISION:
            if only_serves and found[:2] == SCHEMA_REVISION[:2]:
                _log.warning("The schema %s is newer than this program's %s; it serves on.", found, SCHEMA_REVISION)
                return
            raise StorageError(
                f"The database {self.url.render_as_string()} has schema {found}, newer than this program's "
                f"{SCHEMA_REVISION}; install the newer version."
            )
        file = file_of(self.url)
        if file is not None and is_read_only(file):
            raise StorageError(
                f"The database {file} has schema {found}, older than this program's {SCHEMA_REVISION}, and its folder "
                "is read-only; copy it to where it can be brought up to date."
            )
        with self.migrating() as connection:
            self.upgrade(connection, "head")

    def upgrade(self, connection: Connection, revision: str) -> None:
        """Bring the schema to this revision, in a transaction of `migrating`. StorageError if it never was one."""
        from alembic import command  # noqa: PLC0415  (only needed when the schema changes)
        from alembic.config import Config  # noqa: PLC0415
        from alembic.util import CommandError  # noqa: PLC0415

        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, revision)
        except CommandError as error:
            raise StorageError(f"The schema cannot be brought to {revision}: {error}.") from error

    def close(self) -> None:
        self.engine.dispose()


@contextmanager
def writer_lock(database: Database, data_dir: Path, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Be the one writer, waiting for another to finish (`on_wait` is called once before waiting).

    A file lock keeps writers on this machine apart; PostgreSQL's advisory lock those on other machines.
    """
    make_folder(data_dir)
    with (data_dir / "writer.lock").open("ab") as file:
        told = False
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            told = True
            if on_wait:
                on_wait()
            fcntl.flock(file, fcntl.LOCK_EX)
        if database.url.get_backend_name() != "postgresql":
            yield
            return
        with _translated(database.url):
            connection = database.engine.connect()
        with closing(connection):
            with _translated(database.url):
                if not connection.scalar(sa.select(sa.func.pg_try_advisory_lock(_ADVISORY_KEY))):
                    if on_wait and not told:
                        on_wait()
                    connection.execute(sa.select(sa.func.pg_advisory_lock(_ADVISORY_KEY)))
                connection.commit()
            try:
                yield
            finally:
                try:
                    connection.execute(sa.select(sa.func.pg_advisory_unlock(_ADVISORY_KEY)))
                except sa.exc.DBAPIError:  # the database was away, and the lock went with its session
                    connection.invalidate()


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except sa.exc.ArgumentError as error:
        raise StorageError(
            "The address of the database cannot be read; use sqlite:///PATH or postgresql://USER@HOST/NAME."
        ) from error
    if parsed.get_backend_name() in ("postgresql", "postgres"):  # libpq takes both
        parsed = parsed.set(drivername="postgresql+psycopg")  # the one driver that the extra brings
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise StorageError(f"The database {parsed.drivername} is not supported; use sqlite or postgresql.")
    return parsed


def _make_engine(url: URL) -> Engine:
    if url.get_backend_name() == "postgresql":
        try:
            return sa.create_engine(url, pool_pre_ping=True, connect_args=_PATIENCE)
        except ImportError as error:  # of the driver, or of the library that it stands on
            raise StorageError(
                "A PostgreSQL database needs its driver; run: pip install '.[postgres]', or use SQLite."
            ) from error
    file = file_of(url)
    if file is None:
        raise StorageError("The address of the database names no file; use sqlite:///PATH.")
    # where nobody can write here, how the file is to be opened is looked at anew each time: others may write elsewhere
    engine = sa.create_engine(url, poolclass=NullPool if is_read_only(file) else None)

    @event.listens_for(engine, "do_connect")
    def _connect(_dialect: Any, _record: Any, _arguments: Any, _options: Any) -> sqlite3.Connection:
        return connect(file)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def make_usable(folder: Path) -> None:
    """The folder of the database and the index, made and found writable; StorageError says why not."""
    try:
        make_folder(folder)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise StorageUnreachable(
            f"The data folder {folder} cannot be written ({error.strerror or error}); mend that, or name another."
        ) from error


@contextmanager
def _translated(url: URL) -> Iterator[None]:
    try:
        yield
    except sa.exc.OperationalError as error:
        trouble = _trouble(url, error)
        said = " ".join(str(error.orig).split())[:200]
        raise StorageUnreachable(trouble or f"The database cannot be used: {said}.") from error
    except sa.exc.SQLAlchemyError as error:
        cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error.args[0] if error.args else error
        said = " ".join(str(cause).split())[:200]
        if getattr(cause, "sqlite_errorcode", 0) & 0xFF in _DAMAGED:  # the rest of the code says where it was noticed
            raise StorageError(f"The database is damaged: {said}. {RESTORE}") from error
        raise StorageError(f"The database refused: {said}.") from error


def _trouble(url: URL, error: BaseException | None) -> str | None:
    """What is wrong with the place of the database; an error may only say what came of another one."""
    file = file_of(url)
    while file is not None and error is not None:
        trouble = trouble_with(file, error)
        if trouble is not None:
            return trouble
        error = error.__context__
    return None


@contextmanager
def reading_rows() -> Iterator[None]:
    """StorageError where a row holds what no row of ours does: no JSON, no known word, text where a number stands."""
    try:
        yield
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        _log.error("What was read of a row is nothing that is written there.", exc_info=error)  # or a fault of ours
        raise StorageError(
            f"The database holds a value that cannot be read ({str(error)[:200]}); `lectures verify` says of what."
        ) from error
