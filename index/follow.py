"""This machine's copy of the shared storage, brought up to what was published last."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from index.engine.manifest import point_to, sweep
from index.errors import StorageError
from index.files import file_lock, make_folder, translated_disk
from index.library import Library
from index.store.courses import stored_hashes

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Followed:
    """The newest generation in the shared storage, and the one that is pointed to here now."""

    newest: int | None
    here: int | None


def follow(
    library: Library, on_newer: Callable[[int], None] = lambda _number: None, *, thorough: bool = False
) -> Followed:
    """Fetch the newest generation, if it is not here or (`thorough`) damaged here, and point to it; nothing to do
    without a shared storage. `on_newer` is told of one that is about to be fetched.

    Originals that nobody asks for leave, as far as there is too much of them. If another process of this machine
    fetches already, it is left to that one. StorageError if the shared storage or the disk refuses, or if what is here
    is of another installation; CorruptIndex, IndexMismatch if what is there cannot be used. What is here stays then.
    """
    shared, here = library.shared, library.served_number()
    newest = shared.newest() if shared else None
    if shared is not None and newest is None and here is not None:
        raise StorageError(
            f"Generation {here} is in {library.data_dir}, but the shared storage {shared.depot.shown} holds none; is "
            "it mounted? If it is new, the next ingest or `lectures reindex` stores all there is."
        )
    if shared is None or newest is None or (newest.number == here and not thorough):
        return Followed(newest.number if newest else None, here)
    if here is not None and here > newest.number:
        raise StorageError(
            f"Generation {here} is in {library.data_dir}, but the shared storage {shared.depot.shown} knows none after "
            f"{newest.number}; give this machine an empty data folder, or the storage that belongs to it."
        )
    on_newer(newest.number)
    with translated_disk(library.data_dir):
        make_folder(library.data_dir)
        with file_lock(library.data_dir / "fetching.lock", wait=False) as alone:
            if alone:
                shared.pull(newest, thorough=thorough)
                point_to(library.index_root, newest.number)
                sweep(library.index_root, newest.number)
                _tidy(library)
    return Followed(newest.number, library.served_number())


def _tidy(library: Library) -> None:
    """Forget originals of courses that are gone, and those that were not asked for the longest."""
    try:
        with library.database.reading() as connection:
            referenced = stored_hashes(connection)
        library.files.sweep_here(referenced)
        library.files.trim(library.cache_bytes)
    except StorageError as error:  # they take room, no more
        _log.warning("Stored files that are not needed stay for now: %s", error)
