"""A backup → the installation it was made of, in an empty data folder and database, or in place of what is there.

Every byte is checked before anything is changed; the rows come back in one transaction, the index is made from them.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from index.backup import FORMAT, LEFT_OUT, MANIFEST, Entry
from index.damage import find_damage
from index.embed.protocol import Embedder
from index.engine.manifest import point_to_none
from index.errors import InvalidRequest, StorageError
from index.library import Library
from index.publish import reindex_intact
from index.store.rows import keep_largest_ids
from index.store.tables import SCHEMA_REVISION, metadata

_MAX_MANIFEST_BYTES = 256 << 20
_MAX_LINE_BYTES = 256 << 20
_BLOCK = 1 << 20
_BATCH = 500
_ROWS = re.compile(r"rows/([a-z_]{1,40})\.jsonl")
_FILE = re.compile(r"files/([0-9a-f]{64})(\.[a-z0-9]{1,8}|)")

# what the standard library raises on a zip whose bytes were changed
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
    OverflowError,
)

Progress = Callable[[str, int, int, str], None]


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back; `problems` is what `verify` says of it."""

    courses: int
    files: int
    generation: int
    problems: tuple[str, ...]


def check_backup(source: Path) -> None:
    """StorageError if there is no backup, or one whose list of what is in it cannot be read; nothing is made."""
    with _opened(source):
        pass


def read_backup(
    library: Library,
    source: Path,
    embedder: Embedder | None,
    *,
    replace: bool = False,
    progress: Progress = lambda _step, _done, _total, _what: None,
) -> Restored:
    """Bring an installation back. InvalidRequest if there is one already (unless `replace`), StorageError if the
    backup is damaged or of a newer version, or the disk or the database refuses: rows and index are as before then,
    and the restore can be repeated. What fails once the rows are back leaves them to `lectures reindex`.
    """
    with _opened(source) as backup:
        backup.check(progress)
        with library.writer(anew=replace):
            if not replace and _holds_something(library):
                raise InvalidRequest(
                    f"There is an installation in {library.data_dir} already; restore into an empty folder and "
                    "database, or say --replace to have the backup in its place."
                )
            files = backup.bring_files(library, progress)
            with library.database.migrating() as connection:
                backup.bring_rows(library, connection)
                point_to_none(library.index_root)  # an index of other rows must not be served if this ends here
            # rows that were damaged when they were backed up are among the problems
            number, _ = reindex_intact(
                library, embedder, lambda done, total, what: progress("indexing", done, total, what)
            )
    return Restored(backup.entries["rows/courses.jsonl"]["rows"], files, number, tuple(find_damage(library, embedder)))


def _holds_something(library: Library) -> bool:
    if (library.index_root / "CURRENT").exists():  # files alone are those of a restore that was broken off
        return True
    with library.database.reading() as connection:
        return any(
            connection.execute(sa.select(table).limit(1)).first() is not None for table in metadata.sorted_tables
        )


@contextmanager
def _opened(source: Path) -> Iterator[_BackupFile]:
    if source.is_dir():
        raise StorageError(f"{source} is a folder; give the file that `lectures backup` wrote.")
    with ExitStack() as held:
        try:
            archive = held.enter_context(zipfile.ZipFile(source))
            manifest = _read_manifest(source.name, archive)
        except FileNotFoundError as error:
            raise StorageError(f"There is no backup {source}; give the file that `lectures backup` wrote.") from error
        except _ZIP_ERRORS as error:
            raise _damaged(source.name, str(error)) from error
        yield _BackupFile(source.name, archive, manifest)


def _damaged(name: str, why: str) -> StorageError:
    return StorageError(f"The backup {name} is damaged ({why[:200]}); take another one. Nothing was restored.")


def _read_manifest(name: str, archive: zipfile.ZipFile) -> dict[str, Any]:
    try:
        if archive.getinfo(MANIFEST).file_size > _MAX_MANIFEST_BYTES:
            raise _damaged(name, "its manifest is too large")
        content = archive.read(MANIFEST)
        if hashlib.sha256(content).hexdigest().encode() != archive.comment:
            raise _damaged(name, "its manifest is not the one that was written")
        manifest: dict[str, Any] = json.loads(content)
        entries = manifest["entries"]
        if manifest["format"] != FORMAT or manifest["schema"] > SCHEMA_REVISION:
            raise StorageError(f"The backup {name} was written by a newer version; install that version.")
        known = all(
            isinstance(entry["size"], int)
            and isinstance(entry["sha256"], str)
            and (isinstance(entry["rows"], int) if _ROWS.fullmatch(key) else _FILE.fullmatch(key))
            for key, entry in entries.items()
        )
        if not known or "rows/courses.jsonl" not in entries or not re.fullmatch(r"\d{4}", manifest["schema"]):
            raise _damaged(name, "its manifest lists what no backup holds")
        if not all(isinstance(number, int) for number in manifest["last_ids"].values()):
            raise _damaged(name, "its manifest lists ids that are none")
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(name, "it has no manifest that can be read") from error
    return manifest


@dataclass(frozen=True, slots=True)
class _BackupFile:
    """An open backup. Its entries are taken by the names that the manifest lists; what else is in it is never read."""

    name: str
    archive: zipfile.ZipFile
    manifest: dict[str, Any]

    @property
    def entries(self) -> dict[str, Entry]:
        found: dict[str, Entry] = self.manifest["entries"]
        return found

    def check(self, progress: Progress) -> None:
        """Read everything once; StorageError if a byte is not the one that was written."""
        for done, name in enumerate(self.entries, 1):
            for _ in self._blocks(name):
                pass
            progress("checking", done, len(self.entries), name)

    def bring_files(self, library: Library, progress: Progress) -> int:
        names = [found for found in map(_FILE.fullmatch, self.entries) if found]
        for done, found in enumerate(names, 1):
            library.files.add_blocks(self._blocks(found[0]), found[1], found[2])
            progress("files", done, len(names), found[1])
        return len(names)

    def bring_rows(self, library: Library, connection: Connection) -> None:
        """Make the tables anew as they were when the backup was written, fill them, bring them up to date."""
        ours = {*metadata.tables, "alembic_version"}
        there = sa.MetaData()
        there.reflect(connection, only=lambda name, _: name in ours)
        there.drop_all(connection)
        others = set(sa.inspect(connection).get_table_names())  # of whoever shares the database
        library.database.upgrade(connection, self.manifest["schema"])
        tables = sa.MetaData()
        tables.reflect(connection, only=lambda name, _: name not in others)
        for table in tables.sorted_tables:
            if f"rows/{table.name}.jsonl" in self.entries and table.name not in LEFT_OUT:
                self._fill(connection, table)
        library.database.upgrade(connection, "head")
        keep_largest_ids(connection, self.manifest["last_ids"])

    def _fill(self, connection: Connection, table: sa.Table) -> None:
        for column in table.columns:
            if isinstance(column.type, sa.JSON):
                column.type = sa.JSON(none_as_null=True)
        batch: list[dict[str, Any]] = []
        for line in self._lines(f"rows/{table.name}.jsonl"):
            batch.append(_row(self.name, table, line))
            if len(batch) == _BATCH:
                connection.execute(sa.insert(table), batch)
                batch = []
        if batch:
            connection.execute(sa.insert(table), batch)

    def _lines(self, name: str) -> Iterator[bytes]:
        rest = b""
        for block in self._blocks(name):
            *lines, rest = (rest + block).split(b"\n")
            if len(rest) > _MAX_LINE_BYTES:
                raise _damaged(self.name, f"a row of {name} has no end")
            yield from lines

    def _blocks(self, name: str) -> Iterator[bytes]:
        """The bytes of an entry; StorageError at their end, or before, if they are not those that were written."""
        entry, digest, size = self.entries[name], hashlib.sha256(), 0
        try:
            with self.archive.open(name) as file:
                while block := file.read(_BLOCK):
                    digest.update(block)
                    size += len(block)
                    if size > entry["size"]:
                        break
                    yield block
        except KeyError as error:
            raise _damaged(self.name, f"{name} is not in it") from error
        except _ZIP_ERRORS as error:
            raise _damaged(self.name, f"{name}: {error}") from error
        if size != entry["size"] or digest.hexdigest() != entry["sha256"]:
            raise _damaged(self.name, f"{name} is not what was written")


def _row(name: str, table: sa.Table, line: bytes) -> dict[str, Any]:
    """A row as it is inserted, every column of the table in it."""
    try:
        values = json.loads(line)
        return {column.name: _value(column, values[column.name]) for column in table.columns}
    except (ValueError, KeyError, TypeError, binascii.Error, RecursionError) as error:
        raise _damaged(name, f"a row of {table.name} cannot be read") from error


def _value(column: sa.Column[Any], value: Any) -> Any:
    if value is None or isinstance(column.type, sa.JSON):
        return value
    if isinstance(column.type, sa.DateTime):
        return dt.datetime.fromisoformat(value)
    if isinstance(column.type, sa.LargeBinary):
        return base64.b64decode(value, validate=True)
    if isinstance(column.type, sa.Boolean):
        return bool(value)
    return value
