"""SQLite's file → connections to it, also where it can only be read; and why its place refuses, in a sentence."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

from sqlalchemy.engine import URL

BUSY_SECONDS = 30.0
_FULL_BYTES = 1 << 16  # with less than this free SQLite cannot make the file that readers share (32 kB)
# the first byte of its codes; the rest says where it was noticed
_FULL, _REFUSED = frozenset({sqlite3.SQLITE_FULL}), frozenset({sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN})
_NOT_WRITTEN = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM})


def file_of(url: URL) -> Path | None:
    """The file that this address names; None for a database elsewhere or in memory."""
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return None
    return Path(str(url.database)).absolute()


def is_read_only(file: Path) -> bool:
    """Whether a database is there whose folder cannot be written: a snapshot, a volume that is mounted read-only."""
    return file.exists() and not os.access(file.parent, os.W_OK)


def connect(file: Path) -> sqlite3.Connection:
    """A connection to the file, which is not made if it is not there.

    In a folder that cannot be written there is no place for the file that readers and writers share. Where a writer
    elsewhere has made it, it is read; where there is none, nothing is written either, and no lock is needed.
    """
    how = "mode=rw"
    if is_read_only(file):
        log = Path(f"{file}-wal")
        how = "mode=ro" if log.exists() and log.stat().st_size else "mode=ro&immutable=1"
    address = f"{file.as_uri()}?{how}"
    connection = sqlite3.connect(address, timeout=BUSY_SECONDS, check_same_thread=False, uri=True)
    connection.isolation_level = None  # SQLAlchemy begins; the driver's own habits would begin too late
    written = () if is_read_only(file) else ("journal_mode=WAL", "synchronous=FULL")
    try:
        for pragma in (*written, "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def trouble_with(file: Path, error: object) -> str | None:
    """What is wrong with the place of the file where SQLite says this; None if the place is not at fault."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _FULL or (code in _REFUSED and _free_bytes(file.parent) < _FULL_BYTES):
        return f"The disk that holds {file.parent} is full; free some space there."
    if not file.exists():
        return f"There is no database {file}; `lectures ingest PATH_OR_URL` makes one."
    if code in _NOT_WRITTEN and is_read_only(file):
        return f"The folder {file.parent} is read-only: what is in it can be searched and looked at, not changed."
    return None


def _free_bytes(folder: Path) -> int:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return _FULL_BYTES
