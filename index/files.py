"""Bytes → files named by their SHA-256, written so that a crash leaves the whole file or none."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from index.errors import StorageError

_BLOCK = 1 << 20
_PREFIX = ".new-"  # of a file that is not whole yet


class FileStore:
    """Content-addressed files below one folder: `ab/abcdef….pdf`."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def add(self, source: Path, suffix: str) -> str:
        """Take a copy of a file; its SHA-256. One that is there is only read, and put right if it is damaged."""
        known = sha256_of(source)
        if self.is_intact(known, suffix):
            return known
        digest = hashlib.sha256()
        self._make_root()
        with source.open("rb") as original, _temporary(self._root) as (copy, temporary):
            while block := original.read(_BLOCK):
                digest.update(block)
                copy.write(block)
            # the hash of what was copied, not of what was read before: the source may have changed meanwhile
            sha256 = digest.hexdigest()
            self._publish(copy, temporary, self.path(sha256, suffix))
        return sha256

    def add_bytes(self, content: bytes, suffix: str) -> str:
        """Store bytes; their SHA-256."""
        sha256 = hashlib.sha256(content).hexdigest()
        if not self.is_intact(sha256, suffix):
            self._make_root()
            with _temporary(self._root) as (copy, temporary):
                copy.write(content)
                self._publish(copy, temporary, self.path(sha256, suffix))
        return sha256

    def add_blocks(self, blocks: Iterable[bytes], sha256: str, suffix: str) -> None:
        """Store what is known to have this SHA-256; StorageError if it has another one."""
        digest = hashlib.sha256()
        self._make_root()
        with _temporary(self._root) as (copy, temporary):
            for block in blocks:
                digest.update(block)
                copy.write(block)
            if digest.hexdigest() != sha256:
                raise StorageError(f"What should be the file {sha256} is another one; nothing was stored.")
            self._publish(copy, temporary, self.path(sha256, suffix))

    def named(self, sha256: str) -> list[Path]:
        """The stored files with this hash, whatever their suffix."""
        return sorted((self._root / sha256[:2]).glob(f"{sha256}*"))

    def path(self, sha256: str, suffix: str) -> Path:
        """Where the file with this hash is, or would be."""
        return self._root / sha256[:2] / f"{sha256}{suffix}"

    def is_intact(self, sha256: str, suffix: str) -> bool:
        """Whether the file with this hash is there and its content still has it."""
        try:
            return sha256_of(self.path(sha256, suffix)) == sha256
        except OSError:  # not there, or a disk that does not give it back
            return False

    def intact_hashes(self) -> set[str]:
        """SHA-256 of every stored file whose content still has it."""
        found = set()
        for path in self._root.glob("??/*"):
            name = path.name.split(".")[0]
            if self.is_intact(name, path.name.removeprefix(name)):
                found.add(name)
        return found

    def remove(self, hashes: Iterable[str]) -> None:
        """Delete the files with these hashes, whatever their suffix."""
        for sha256 in hashes:
            for path in self.named(sha256):
                path.unlink(missing_ok=True)

    def sweep(self, referenced: set[str]) -> int:
        """Delete what no row refers to any more, and leftovers of crashes; how many were deleted."""
        deleted = 0
        for path in [*self._root.glob("??/*"), *self._root.glob(f"{_PREFIX}*")]:
            if path.name.startswith(_PREFIX) or path.name.split(".")[0] not in referenced:
                path.unlink(missing_ok=True)
                deleted += 1
        return deleted

    def _make_root(self) -> None:
        with translated_disk(self._root):
            make_folder(self._root)

    def _publish(self, copy: IO[bytes], temporary: Path, target: Path) -> None:
        copy.flush()
        os.fsync(copy.fileno())
        make_folder(target.parent)
        temporary.replace(target)
        fsync_folder(target.parent)


def write_durably(path: Path, content: bytes) -> None:
    """Replace a file's content: after a crash it holds the old or the new, whole."""
    with replacing(path) as copy:
        copy.write(content)


@contextmanager
def replacing(path: Path, prefix: str = _PREFIX) -> Iterator[IO[bytes]]:
    """A new file that takes this place when the block ends: after a crash the old or the new is there, whole.

    If the block raises, the old one stays. Until then its name has this prefix: the usual one marks what the next
    writer takes away, so who is no writer gives another.
    """
    with _temporary(path.parent, prefix) as (copy, temporary):
        yield copy
        copy.flush()
        os.fsync(copy.fileno())
        temporary.replace(path)
    fsync_folder(path.parent)


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, so that their names survive a power cut."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for made in reversed(missing):
        made.mkdir(exist_ok=True)
        fsync_folder(made.parent)


def fsync_folder(folder: Path) -> None:
    """Make renames and new names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _temporary(folder: Path, prefix: str = _PREFIX) -> Iterator[tuple[IO[bytes], Path]]:
    """A new file beside where it is to be; it is gone after the block, if it was not renamed."""
    path: Path | None = None
    try:
        with translated_disk(folder):
            descriptor, name = tempfile.mkstemp(prefix=prefix, dir=folder)
            path = Path(name)
            with os.fdopen(descriptor, "wb") as file:
                yield file, path
    finally:
        if path is not None:
            with suppress(OSError):  # a disk that is read only by now; the next writer sweeps
                path.unlink(missing_ok=True)


@contextmanager
def translated_disk(folder: Path) -> Iterator[None]:
    """StorageError where the disk refuses something in the block; `folder` is named where the system names no file."""
    try:
        yield
    except BrokenPipeError:  # of whoever reads what we print
        raise
    except OSError as error:
        raise StorageError(
            f"The disk refused {error.filename or folder} ({error.strerror or error}); free some space, or see to it "
            "that it can be written. What was served before is still served."
        ) from error
