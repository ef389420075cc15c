"""Files and names that survive a power cut: after a crash the old or the new is there, whole."""

from __future__ import annotations

import errno
import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from index.errors import StorageError

NEW_PREFIX = ".new-"  # of a file that is not whole yet


def write_durably(path: Path, content: bytes) -> None:
    """Replace a file's content: after a crash it holds the old or the new, whole."""
    with replacing(path) as copy:
        copy.write(content)


@contextmanager
def replacing(path: Path, prefix: str = NEW_PREFIX) -> Iterator[IO[bytes]]:
    """A new file that takes this place when the block ends: after a crash the old or the new is there, whole.

    If the block raises, the old one stays. Until then its name has this prefix: the usual one marks what the next
    writer takes away, so who is no writer gives another.
    """
    with temporary_file(path.parent, prefix) as (copy, temporary):
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


def folder_bytes(folder: Path) -> int:
    """How large the files below a folder are together; those that go while it is looked at are not counted."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError, NotADirectoryError):
                total += os.lstat(f"{place}/{name}").st_size
    return total


@contextmanager
def file_lock(path: Path, *, wait: bool = True, make: bool = True) -> Iterator[bool]:
    """Hold the lock that this file stands for; whether it is held, which is always so if it is waited for.

    FileNotFoundError if there is no such file and it is not to be made.
    """
    with path.open("ab" if make else "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True


@contextmanager
def temporary_file(folder: Path, prefix: str = NEW_PREFIX) -> Iterator[tuple[IO[bytes], Path]]:
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
            f"The disk refused {error.filename or folder} ({error.strerror or error}); {_what_to_do(error)}. What was "
            "served before is still served."
        ) from error


def _what_to_do(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "it is full: free some space"
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return "it can only be read: see to it that it can be written"
    return "free some space, or see to it that it can be written"
