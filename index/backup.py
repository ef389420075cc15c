"""An installation → one file that holds it: the rows as they are at one moment, and the originals they refer to.

The file is a zip: `rows/<table>.jsonl`, `files/<hash><suffix>`, and `manifest.json` with the size and SHA-256 of each;
the zip's comment is the SHA-256 of the manifest. The index is not in it: it is made from the rows.
"""

from __future__ import annotations

import base64
import datetime as dt
import errno
import hashlib
import json
import os
import shutil
import tempfile
import time
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from index.damage import damaged_files, row_damage
from index.errors import StorageError
from index.files import replacing
from index.library import Library
from index.store.known import course_slugs, stored_hashes
from index.store.rows import largest_ids
from index.store.tables import SCHEMA_REVISION, metadata

FORMAT = 1
MANIFEST = "manifest.json"
# made anew (generations, ids that were given away), or over with the installation that they were of
LEFT_OUT = frozenset({"generations", "last_ids", "sessions"})
_TRIES = 5
_BATCH = 500
_BLOCK = 1 << 20
_LEFT_OVER_SECONDS = 24 * 3600
_PREFIX = ".backup-"
# what a file system says that has no links, or none to where the originals lie
_NO_LINK = frozenset(
    {errno.EPERM, errno.EACCES, errno.EXDEV, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
)

Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup holds; `problems` are sentences on what is not in it, or is in it as damaged as it is here."""

    courses: int
    rows: int
    files: int
    size: int
    problems: tuple[str, ...]


def write_backup(library: Library, target: Path) -> Backup:
    """Write the installation into one file, whole or not at all, while others read and write.

    StorageError if the disk or the database refuses.
    """
    problems = [sentence for sentence in (row_damage(library, slug) for slug in _slugs(library)) if sentence]
    if not target.absolute().parent.is_dir():
        raise StorageError(f"There is no folder {target.absolute().parent}; make it, or name another place.")
    with _snapshot(library, target) as (connection, held, missing), replacing(target, _PREFIX) as file:
        entries: dict[str, Entry] = {}
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for table in metadata.sorted_tables:
                if table.name not in LEFT_OUT:
                    name = f"rows/{table.name}.jsonl"
                    entries[name] = _write(archive, name, _lines(connection, table), zipfile.ZIP_DEFLATED)
            for path in sorted(held.iterdir()):
                name = f"files/{path.name}"
                entries[name] = _write(archive, name, _blocks(path), zipfile.ZIP_STORED)
                if entries[name]["sha256"] != path.name.split(".")[0]:
                    missing.add(path.name.split(".")[0])
                    del entries[name]
            manifest = {
                "format": FORMAT,
                "schema": SCHEMA_REVISION,
                "created_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
                "last_ids": largest_ids(connection),
                "entries": entries,
            }
            content = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
            archive.writestr(MANIFEST, content)
            archive.comment = hashlib.sha256(content).hexdigest().encode()
        courses = entries["rows/courses.jsonl"]["rows"]
    problems += damaged_files(library, missing, ", and not in the backup")
    return Backup(
        courses,
        sum(entry["rows"] for name, entry in entries.items() if name.startswith("rows/")),
        sum(name.startswith("files/") for name in entries),
        target.stat().st_size,
        tuple(problems),
    )


def _slugs(library: Library) -> list[str]:
    with library.database.reading() as connection:
        return course_slugs(connection)


@contextmanager
def _snapshot(library: Library, target: Path) -> Iterator[tuple[Connection, Path, set[str]]]:
    """A view of the rows that stays, a folder with links to the files they refer to, and the hashes that have none.

    A writer may delete a file between the view and the link: then another view is taken. Where the data folder can only
    be read, the files are held beside the backup: a writer elsewhere may delete them as well.
    """
    beside = library.data_dir
    if os.access(beside, os.W_OK):
        _sweep(library)
    else:
        beside = target.absolute().parent
    held = _held_folder(beside)
    try:
        for tries_left in reversed(range(_TRIES)):
            with library.database.snapshot() as connection:
                wanted = stored_hashes(connection)
                missing = {sha256 for sha256, paths in library.files.named(wanted) if not _hold(paths, held)}
                if tries_left == 0 or missing == _still_wanted(library, missing):
                    for path in held.iterdir():
                        if path.name.split(".")[0] not in wanted:
                            path.unlink()
                    yield connection, held, missing
                    return
    except OSError as error:
        raise StorageError(f"The backup cannot be written ({error.strerror}); free some space.") from error
    finally:
        shutil.rmtree(held, ignore_errors=True)


def _held_folder(beside: Path) -> Path:
    try:
        return Path(tempfile.mkdtemp(prefix=_PREFIX, dir=beside))
    except OSError as error:
        raise StorageError(f"The backup cannot be written into {beside} ({error.strerror}).") from error


def _still_wanted(library: Library, wanted: set[str]) -> set[str]:
    """Which of these hashes rows refer to by now."""
    with library.database.reading() as connection:
        return wanted & stored_hashes(connection)


def _hold(paths: Sequence[Path], held: Path) -> bool:
    """Link these files into a folder; False if there is none of them."""
    found = False
    for path in paths:
        with suppress(FileNotFoundError):  # a writer has just deleted it
            try:
                os.link(path, held / path.name)
            except FileExistsError:
                pass
            except OSError as error:
                if error.errno not in _NO_LINK:
                    raise
                shutil.copyfile(path, held / path.name)
            found = True
    return found


def _sweep(library: Library) -> None:
    """Take away what a backup left that was killed; a younger one may be at work."""
    for path in library.data_dir.glob(f"{_PREFIX}*"):
        with suppress(FileNotFoundError):  # another backup has just ended
            if time.time() - path.stat().st_mtime > _LEFT_OVER_SECONDS:
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink()


def _write(archive: zipfile.ZipFile, name: str, blocks: Iterable[bytes], how: int) -> Entry:
    digest, size, rows = hashlib.sha256(), 0, 0
    info = zipfile.ZipInfo(name)
    info.compress_type = how
    with archive.open(info, "w", force_zip64=True) as file:
        for block in blocks:
            digest.update(block)
            size += len(block)
            rows += 1
            file.write(block)
    entry: Entry = {"sha256": digest.hexdigest(), "size": size}
    return {**entry, "rows": rows} if name.startswith("rows/") else entry


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block


def _lines(connection: Connection, table: sa.Table) -> Iterator[bytes]:
    """The rows of a table, one as JSON a line."""
    query = sa.select(table).order_by(*table.primary_key).execution_options(yield_per=_BATCH)
    for row in connection.execute(query):
        values = {name: _as_json(value) for name, value in row._mapping.items()}
        yield json.dumps(values, ensure_ascii=False).encode() + b"\n"


def _as_json(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return (value.astimezone(dt.UTC) if value.tzinfo else value.replace(tzinfo=dt.UTC)).isoformat()
    if isinstance(value, (bytes, memoryview)):
        return base64.b64encode(bytes(value)).decode("ascii")
    return value
