"""Original files of courses, named by their SHA-256: in a folder here, and in the shared storage where there is one.

With a shared storage the folder is a cache of it: what is stored is there too before anybody refers to it, and what is
not here is fetched when it is read.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import IO

from index.depot import Depot, DepotAway, ObjectMissing
from index.errors import StorageError
from index.files import NEW_PREFIX, file_lock, fsync_folder, make_folder, temporary_file, translated_disk

_BLOCK = 1 << 20
_FOLDER = "files"  # in the shared storage
_DAMAGED = "damaged"  # there: hashes of files that turned out to be others
_FETCHED = ".fetched-"  # of a file that is on its way here
_LEFT_OVER_SECONDS = 24 * 3600


class FileStore:
    """Content-addressed files below one folder: `ab/abcdef….pdf`; a `depot` holds them too."""

    def __init__(self, root: Path, depot: Depot | None = None) -> None:
        self._root = root
        self._depot = depot

    def add(self, source: Path, suffix: str) -> str:
        """Take a copy of a file; its SHA-256. One that is there is only read, and put right if it is damaged."""
        known = sha256_of(source)
        if self._is_intact_here(known, suffix):
            self._share(known, suffix)
            return known
        digest = hashlib.sha256()
        self._make_root()
        with source.open("rb") as original, temporary_file(self._root) as (copy, temporary):
            while block := original.read(_BLOCK):
                digest.update(block)
                copy.write(block)
            # the hash of what was copied, not of what was read before: the source may have changed meanwhile
            sha256 = digest.hexdigest()
            self._publish(copy, temporary, self._local(sha256, suffix))
        self._share(sha256, suffix)
        return sha256

    def add_bytes(self, content: bytes, suffix: str) -> str:
        """Store bytes; their SHA-256."""
        sha256 = hashlib.sha256(content).hexdigest()
        if not self._is_intact_here(sha256, suffix):
            self._make_root()
            with temporary_file(self._root) as (copy, temporary):
                copy.write(content)
                self._publish(copy, temporary, self._local(sha256, suffix))
        self._share(sha256, suffix)
        return sha256

    def add_blocks(self, blocks: Iterable[bytes], sha256: str, suffix: str) -> None:
        """Store what is known to have this SHA-256; StorageError if it has another one."""
        digest = hashlib.sha256()
        self._make_root()
        with temporary_file(self._root) as (copy, temporary):
            for block in blocks:
                digest.update(block)
                copy.write(block)
            if digest.hexdigest() != sha256:
                raise StorageError(f"What should be the file {sha256} is another one; nothing was stored.")
            self._publish(copy, temporary, self._local(sha256, suffix))
        self._share(sha256, suffix)

    def named(self, hashes: Iterable[str]) -> Iterator[tuple[str, list[Path]]]:
        """The stored files with each of these hashes, whatever their suffix, all of them here by then. Those that are
        damaged in the shared storage are left out; DepotAway if that does not answer."""
        for folder, group in groupby(sorted(hashes), key=lambda sha256: sha256[:2]):
            there = self._there(folder)  # once for all of them
            for sha256 in group:
                names = {path.name for path in self._here(sha256)} | {
                    name for name in there if _hash_of(name) == sha256
                }
                paths = []
                for name in sorted(names):
                    try:
                        paths.append(self.path(*_parts_of(name)))
                    except DepotAway:
                        raise
                    except StorageError:
                        continue
                yield sha256, [path for path in paths if path.is_file()]

    def path(self, sha256: str, suffix: str) -> Path:
        """Where the file with this hash is, if there is one; it is fetched if it is in the shared storage alone.

        DepotAway if that does not answer, StorageError if what it holds is damaged.
        """
        path = self._local(sha256, suffix)
        if self._depot is not None:
            try:
                os.utime(path)  # those that were not asked for the longest go first (`trim`)
            except OSError:
                self._fetch(self._depot, sha256, suffix)
        return path

    def is_intact(self, sha256: str, suffix: str) -> bool:
        """Whether the file with this hash is there and its content still has it; the shared storage is believed."""
        if self._is_intact_here(sha256, suffix):
            return True
        if self._depot is None or self._depot.size(_key(sha256, suffix)) is None or self._is_said_damaged(sha256):
            return False
        self._local(sha256, suffix).unlink(missing_ok=True)  # damaged: it is fetched when it is read
        return True

    def keeps(self, sha256: str, suffix: str) -> bool:
        """Whether there is such a file wherever it has to be; its content is not read. One that another machine swept
        from the shared storage is stored there again."""
        here = self._local(sha256, suffix).is_file()
        if here:
            self._share(sha256, suffix)
        return here or (self._depot is not None and self._depot.size(_key(sha256, suffix)) is not None)

    def intact_hashes(self) -> set[str]:
        """SHA-256 of every stored file whose content still has it. What is in a shared storage is believed, unless a
        machine that fetched it says otherwise; damaged copies of it leave, and are fetched when they are read."""
        damaged = [path for path in self._all_here() if not self._is_intact_here(*_parts_of(path.name))]
        if self._depot is None:
            return {_hash_of(path.name) for path in self._all_here()} - {_hash_of(path.name) for path in damaged}
        there = {_hash_of(name) for folder in self._folders_there() for name in self._there(folder)}
        for path in damaged:
            if _hash_of(path.name) in there:
                path.unlink(missing_ok=True)
        return there - set(self._depot.names(_DAMAGED))

    def remove(self, hashes: Iterable[str]) -> None:
        """Delete the files with these hashes, whatever their suffix."""
        for sha256 in hashes:
            for path in self._here(sha256):
                path.unlink(missing_ok=True)
            self._remove_there(name for name in self._there(sha256[:2]) if _hash_of(name) == sha256)

    def sweep(self, referenced: set[str]) -> None:
        """Delete what no row refers to any more, and leftovers of crashes, here and in the shared storage."""
        self.sweep_here(referenced)
        for path in self._root.glob(f"{NEW_PREFIX}*"):
            path.unlink(missing_ok=True)
        if self._depot is not None:
            self._depot.sweep()
            self._depot.remove([f"{_DAMAGED}/{name}" for name in self._depot.names(_DAMAGED) if name not in referenced])
        for folder in self._folders_there():
            self._remove_there(name for name in self._there(folder) if _hash_of(name) not in referenced)

    def sweep_here(self, referenced: set[str]) -> None:
        """Delete what no row refers to any more from this machine."""
        for path in self._all_here():
            if _hash_of(path.name) not in referenced:
                path.unlink(missing_ok=True)

    def share_all(self, referenced: set[str]) -> None:
        """See to it that the shared storage has all of these that are here: it was named only now, or lost them."""
        for path in self._all_here():
            if _hash_of(path.name) in referenced:
                self._share(*_parts_of(path.name))

    def trim(self, most_bytes: int) -> None:
        """Delete files here that the shared storage has, those that were not asked for the longest first, until the
        others have at most this many bytes."""
        if self._depot is None:
            return
        for path in self._root.glob(f"{_FETCHED}*"):
            if time.time() - path.stat().st_mtime > _LEFT_OVER_SECONDS:
                path.unlink(missing_ok=True)
        stats = sorted((found.st_mtime, found.st_size, path) for path in self._all_here() if (found := path.stat()))
        held = sum(size for _, size, _ in stats)
        for _, size, path in stats:
            if held <= most_bytes:
                break
            if self._depot.size(_key(*_parts_of(path.name))) == size:
                path.unlink(missing_ok=True)
                held -= size

    # --- here -----------------------------------------------------------------------------------------------------

    def _local(self, sha256: str, suffix: str) -> Path:
        return self._root / sha256[:2] / f"{sha256}{suffix}"

    def _here(self, sha256: str) -> list[Path]:
        return sorted((self._root / sha256[:2]).glob(f"{sha256}*"))

    def _all_here(self) -> list[Path]:
        return sorted(self._root.glob("??/*"))

    def _is_intact_here(self, sha256: str, suffix: str) -> bool:
        try:
            return sha256_of(self._local(sha256, suffix)) == sha256
        except OSError:  # not there, or a disk that does not give it back
            return False

    # --- in the shared storage ------------------------------------------------------------------------------------

    def _there(self, folder: str) -> list[str]:
        return [] if self._depot is None else self._depot.names(f"{_FOLDER}/{folder}")

    def _folders_there(self) -> list[str]:
        return [] if self._depot is None else self._depot.names(_FOLDER)

    def _remove_there(self, names: Iterable[str]) -> None:
        if self._depot is not None:
            self._depot.remove([_key(*_parts_of(name)) for name in names])

    def _share(self, sha256: str, suffix: str) -> None:
        """Store a file that is here in the shared storage too, unless it is there."""
        if self._depot is None:
            return
        key, path = _key(sha256, suffix), self._local(sha256, suffix)
        said_damaged = self._is_said_damaged(sha256)
        if said_damaged or self._depot.size(key) != path.stat().st_size:
            self._depot.put(key, path)
        if said_damaged:
            self._depot.remove([f"{_DAMAGED}/{sha256}"])

    def _is_said_damaged(self, sha256: str) -> bool:
        """Whether a machine found that what the shared storage gives for this hash is something else."""
        return self._depot is not None and self._depot.size(f"{_DAMAGED}/{sha256}") is not None

    def _fetch(self, depot: Depot, sha256: str, suffix: str) -> None:
        """Bring a file here, if the shared storage has it. What broke off on the way is asked for once more."""
        self._make_root()
        # by one: others that ask for the same wait for it
        with file_lock(self._root / f".lock-{sha256[:2]}"):
            if self._local(sha256, suffix).is_file():
                return
            for _ in range(2):
                with temporary_file(self._root, _FETCHED) as (copy, temporary):
                    try:
                        depot.fetch(_key(sha256, suffix), temporary)
                    except ObjectMissing:
                        return
                    if sha256_of(temporary) == sha256:
                        self._publish(copy, temporary, self._local(sha256, suffix))
                        return
        with suppress(StorageError):  # so that who ingests its course again puts it right
            depot.put_bytes(f"{_DAMAGED}/{sha256}", b"")
        raise StorageError(
            f"The file {sha256} in the shared storage {depot.shown} is damaged; ingest its course again."
        )

    def _make_root(self) -> None:
        with translated_disk(self._root):
            make_folder(self._root)

    def _publish(self, copy: IO[bytes], temporary: Path, target: Path) -> None:
        copy.flush()
        os.fsync(copy.fileno())
        make_folder(target.parent)
        temporary.replace(target)
        fsync_folder(target.parent)
        fsync_folder(temporary.parent)  # else its first name may be there again after a power cut


def _key(sha256: str, suffix: str) -> str:
    return f"{_FOLDER}/{sha256[:2]}/{sha256}{suffix}"


def _hash_of(name: str) -> str:
    return name.split(".", maxsplit=1)[0]


def _suffix_of(name: str) -> str:
    return name.removeprefix(_hash_of(name))


def _parts_of(name: str) -> tuple[str, str]:
    return _hash_of(name), _suffix_of(name)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
