"""Files that were hashed ↔ how they looked then, kept beside the index: what did not change need not be hashed again.

verified.json is a hint and nothing more. Where it is missing, unreadable or wrong, everything is hashed before it is
served; what was opened because of it is hashed afterwards. Times are those of the file system that the files lie in:
two clocks need not agree.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from index.errors import StorageError
from index.files import file_lock, replacing, temporary_file

# path below the folder of the index, what it should be (`Entry.sha256`), how it looks → whether that is known
IsKnownFile = Callable[[str, str, os.stat_result], bool]

_FILE, _LOCK = "verified.json", "verified.lock"
_FORMAT = 1
# What was written to within one tick of the clock looks as before. FAT counts in steps of two seconds, which is the
# longest of what Linux mounts; a change as young as that when it was looked at is not trusted.
_TICK_NS = 2_000_000_000


class Stamp(NamedTuple):
    """How a file looks. What is written to gets another `status_ns`, whatever is done to the time of its content; what
    is copied or restored gets another inode or device."""

    device: int
    inode: int
    size: int
    content_ns: int
    status_ns: int

    @classmethod
    def of(cls, found: os.stat_result) -> Stamp:
        return cls(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)

    def settled(self, now_ns: int) -> bool:
        """Whether it is old enough, at this time, for every later change to show."""
        return max(self.content_ns, self.status_ns) + _TICK_NS < now_ns


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of this stamp was found to hold what `sha256` stands for, by whoever began to hash it at this time."""

    sha256: str
    stamp: Stamp
    verified_ns: int

    def vouches_for(self, sha256: str, stamp: Stamp, now_ns: int) -> bool:
        """Whether a file that looks so now is taken for that. A time that is yet to come is of a clock that jumped."""
        same = self.sha256 == sha256 and self.stamp == stamp
        return same and self.verified_ns <= now_ns and stamp.settled(self.verified_ns)


def time_of_files(root: Path) -> int | None:
    """What time it is where the files lie, in nanoseconds; None where nothing can be written."""
    try:
        with temporary_file(root) as (file, _):
            return os.fstat(file.fileno()).st_ctime_ns
    except (OSError, StorageError):
        return None


def read_verified(root: Path) -> dict[str, Entry]:
    """What was hashed, by path below the folder of the index; empty where that cannot be read."""
    try:
        content = json.loads((root / _FILE).read_bytes())
        if content["format"] != _FORMAT:
            return {}
        return {name: _entry(*values) for name, values in content["files"].items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}


def verified_stamp(root: Path) -> Stamp | None:
    """What the file of `read_verified` looks like; None if there is none."""
    try:
        return Stamp.of((root / _FILE).stat())
    except OSError:
        return None


def note_verified(root: Path, found: Mapping[str, Entry], damaged: Collection[str] = ()) -> None:
    """Add to what is known to be hashed, and forget what is damaged or gone; nothing happens where nothing can be
    written."""
    with suppress(OSError, StorageError), file_lock(root / _LOCK):
        before = read_verified(root)
        both = before | dict(found)
        after = {name: own for name, own in both.items() if name not in damaged and (root / name).exists()}
        if after == before:
            return
        files = {name: [own.sha256, *own.stamp, own.verified_ns] for name, own in sorted(after.items())}
        with replacing(root / _FILE) as file:
            file.write(json.dumps({"format": _FORMAT, "files": files}, indent=0).encode())


def forget_verified(root: Path) -> None:
    """Have everything hashed by who opens it next, where this can be written."""
    with suppress(OSError):
        (root / _FILE).unlink()


def _entry(sha256: str, *numbers: int) -> Entry:
    if type(sha256) is not str or not all(type(number) is int for number in numbers):
        raise TypeError("no entry")
    *stamp, verified_ns = numbers
    return Entry(sha256, Stamp(*stamp), verified_ns)
