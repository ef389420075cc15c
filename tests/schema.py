"""The schema of databases of SQLite: made by the migrations once for the whole run, and copied from then on."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

import pytest

from index.store.database import Database


@contextmanager
def schema_copied(folder: Path) -> Iterator[None]:
    """In this process a file that is not there yet begins as a copy of one that the migrations made.

    All migrations one after the other take longer than most tests. A file that is there is migrated as ever, and so is
    every file in the processes that tests start.
    """
    made = folder / "with_schema.db"
    first = Database(f"sqlite:///{made}")
    first.migrate()
    first.close()
    migrate = Database.migrate

    def begin_with_a_copy(database: Database, *, only_serves: bool = False) -> None:
        if database.url.get_backend_name() == "sqlite" and database.url.database:
            _copy(made, Path(database.url.database))
        migrate(database, only_serves=only_serves)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Database, "migrate", begin_with_a_copy)
        yield


def _copy(made: Path, place: Path) -> None:
    """The file at its place, whole from the first moment; one that is there stays."""
    if not place.exists():
        whole = Path(mkdtemp(dir=made.parent)) / place.name
        shutil.copyfile(made, whole)
        with suppress(OSError):  # another thread was faster, or what is wrong with the place is found by migrating
            place.parent.mkdir(parents=True, exist_ok=True)
            os.link(whole, place)
