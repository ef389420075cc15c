"""This machine's copy of the shared storage, brought up to what was published last."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from index.engine.manifest import point_to, sweep
from index.errors import StorageError
from index.files import file_lock, make_folder, translated_disk
from index.library import Library
from index.sharing import Published
from index.store.generations import manifest_of
from index.store.known import stored_hashes

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Followed:
    """The newest generation in the shared storage, and the one that is pointed to here now."""

    newest: int | None
    here: int | None


def follow(
    library: Library,
    on_newer: Callable[[int], None] = lambda _number: None,
    *,
    thorough: bool = False,
    wait: bool = False,
    shards: bool = True,
) -> Followed:
    """Fetch the newest generation, if it is not here or (`thorough`) damaged here, and point to it; nothing to do
    without a shared storage. `on_newer` is told of one that is about to be fetched. Without `shards` only the list of
    them is fetched: others hold them (`index/spread`).

    If another process of this machine fetches already, it is left to that one, or waited for (`wait`). DepotAway or
    StorageError if the shared storage or the disk refuses, or if it does not belong to what is here or to the database;
    CorruptIndex, IndexMismatch if what is there cannot be used. What is here stays then.
    """
    shared, here = library.shared, library.served_number()
    if shared is None:
        return Followed(None, here)
    newest = shared.newest()
    if newest is None:
        if here is not None:
            raise StorageError(
                f"Generation {here} is in {library.data_dir}, but the shared storage {shared.depot.shown} holds none; "
                "is it mounted? If it is new, the next ingest or `lectures reindex` stores all there is."
            )
        return Followed(None, None)
    if newest.number == here and not thorough:
        return Followed(newest.number, here)
    if here is not None and here > newest.number:
        raise StorageError(
            f"Generation {here} is in {library.data_dir}, but the shared storage {shared.depot.shown} knows none after "
            f"{newest.number}: it is late, or was brought back from a backup, which `lectures reindex` puts right, or "
            "this data folder is another installation's."
        )
    _check_known(library, newest)
    on_newer(newest.number)
    with translated_disk(library.data_dir):
        make_folder(library.data_dir)
        with file_lock(library.data_dir / "fetching.lock", wait=wait) as alone:
            if alone and (thorough or (library.served_number() or 0) < newest.number):
                if shards:
                    shared.pull(newest, thorough=thorough)
                else:
                    shared.pull_manifest(newest)
                point_to(library.index_root, newest.number)
                sweep(library.index_root, newest.number)
    return Followed(newest.number, library.served_number())


def _check_known(library: Library, newest: Published) -> None:
    """StorageError if the database answers and does not know this generation: other rows would stand beside it."""
    try:
        with library.database.reading() as connection:
            known = manifest_of(connection, newest.number)
    except StorageError:
        return  # searching goes on without it
    if known != newest.sha256:
        raise StorageError(
            f"The shared storage holds generation {newest.number}, which the database does not know: a restore was "
            "broken off, or they are of two installations; `lectures reindex` makes the index that the database shows."
        )


def tidy(library: Library) -> None:
    """Forget originals and pictures of courses that are gone, and originals that were not asked for the longest, as far
    as there are too many; nothing to do without a shared storage. Where somebody writes it is left for later."""
    if library.shared is None:
        return
    try:
        with file_lock(library.data_dir / "fetching.lock", wait=False) as alone:
            if not alone:
                return
            with library.database.reading() as connection:
                referenced = stored_hashes(connection)
            library.files.sweep_here(referenced)
            library.sweep_pictures(referenced)
            library.files.trim(library.cache_bytes)
    except (OSError, StorageError) as error:  # they take room, no more
        _log.warning("Stored files that are not needed stay for now: %s", error)
