"""Row 3: power is cut at a random moment: what was not told to be durable is gone. Every such disk opens, and verifies.

The shim writes down every change of a file, with its bytes. The log is replayed up to a moment: what a file was given
since its last fsync is dropped, and so are names that were made, moved or removed since their folder was last told to
be durable, all of it or a part: a disk writes what it likes first.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.torture.lane import Lane, lanes_in
from benchmarks.torture.progress import Progress
from benchmarks.torture.result import Result, in_lanes, lanes_for, merged
from benchmarks.torture.shim import NO_COMPILER, Fault, compiled


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the log; `place` is an offset or a length."""

    what: str
    place: int
    path: str
    other: str
    data: bytes


def run(size: int, seed: int, folder: Path, progress: Progress) -> Result:
    """`size` moments at which power is cut."""
    shim = compiled(folder)
    if shim is None:
        return Result(0, missing=NO_COMPILER)
    lanes = lanes_in(folder, shim, lanes_for(size))
    try:
        parts = in_lanes(
            len(lanes), lambda number: _cut_all(lanes[number], range(number, size, len(lanes)), seed, progress)
        )
    finally:
        for lane in lanes:
            lane.close()
    found = merged(parts)
    return Result(found.tried, found.wrong, parts[0].figure)


def _cut_all(lane: Lane, numbers: range, seed: int, progress: Progress) -> Result:
    log = lane.folder / "log"
    lane.fresh()
    ended = lane.zygote.start(lane.command, Fault(str(lane.zygote.data), log=str(log))).end()
    changes = list(read_log(log))
    wrong = [] if ended.code == 0 and changes else [f"the ingest ended with {ended.code}, {len(changes)} changes"]
    for number in numbers:
        chance = random.Random(f"{seed} {number}")
        # the last moment is after the command has said that all is well: then the new state must be there
        moment = len(changes) if number % 10 == 0 else chance.randrange(len(changes) + 1)
        part = chance.choice((0.0, 0.0, 0.5, 0.9))
        lane.fresh()
        cut_power(changes[:moment], lane.zygote.data, chance, part)
        found = [*lane.looked_at(acknowledged=moment == len(changes)), *lane.made_again()]
        cut = f"power cut after change {moment} of {len(changes)} (number {number}, seed {seed})"
        wrong += [f"{cut}: {fault}" for fault in found]
        progress.add(bool(found))
    return Result(len(numbers), wrong, f"{len(changes)} changes of files in an ingest")


def read_log(path: Path) -> Iterator[Change]:
    """The changes of a log, in their order."""
    content = path.read_bytes()
    at = 0
    while at < len(content):
        end = content.index(b"\n", at)
        what, place, size, name, other = content[at:end].decode().split("\t")
        at = end + 1 + int(size)
        yield Change(what, int(place), name, other, content[end + 1 : at])


@dataclass(slots=True)
class _File:
    """A file as the programs see it, and as the disk has it."""

    seen: bytearray
    durable: bytes
    # changes since the last fsync: a part of them may have reached the disk
    pending: list[Change] = field(default_factory=list)

    def change(self, change: Change) -> None:
        _apply(self.seen, change)
        self.pending.append(change)

    def after_power(self, chance: random.Random, part: float) -> bytes:
        content = bytearray(self.durable)
        for change in self.pending:
            if chance.random() < part:
                _apply(content, change)
        return bytes(content)


Names = dict[str, _File | None]  # None is a folder


class _Disk:
    """What lies below a folder by name: as the programs see it, and what of it is durable."""

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self.seen: Names = {}
        for path in root.rglob("*"):
            content = path.read_bytes() if path.is_file() else None
            self.seen[str(path)] = None if content is None else _File(bytearray(content), content)
        self.durable = dict(self.seen)
        self._pending: list[tuple[Change, _File | None]] = []

    def make(self, change: Change) -> None:
        file = self.seen.get(change.path)
        if change.what in ("write", "truncate", "empty"):
            if file is not None:  # one that has no name any more is nobody's
                file.change(change)
        elif change.what == "fsync" and file is not None:
            file.durable, file.pending = bytes(file.seen), []
        elif change.what == "fsync":
            self._keep_names(change.path)
        else:
            # a file that is given another name is that file, whether or not its first name was ever durable
            made = _File(bytearray(), b"") if change.what == "create" else file
            _name(self.seen, change, made)
            if change.what == "rename" and made is not None and Path(change.path).parent != Path(change.other).parent:
                # two folders are changed, and each is told to be durable by itself
                self._pending.append((replace(change, what="create", path=change.other, other=""), made))
                self._pending.append((replace(change, what="unlink", other=""), None))
            else:
                self._pending.append((change, made))

    def after_power(self, chance: random.Random, part: float) -> dict[str, bytes]:
        """The files that are found. Names reach a disk in their order, up to some point."""
        names = dict(self.durable)
        for change, made in self._pending:
            if chance.random() >= part:
                break
            _name(names, change, made)
        found = {}
        for path, file in names.items():
            folders = [str(folder) for folder in Path(path).parents if str(folder).startswith(f"{self._root}/")]
            if file is not None and all(folder in names for folder in folders):
                found[path] = file.after_power(chance, part)
        return found

    def _keep_names(self, folder: str) -> None:
        """A folder was told to be durable: the names in it are."""
        later = []
        for change, made in self._pending:
            if str(Path(change.other or change.path).parent) == folder:
                _name(self.durable, change, made)
            else:
                later.append((change, made))
        self._pending = later


def _name(names: Names, change: Change, made: _File | None) -> None:
    if change.what in ("create", "mkdir"):
        names[change.path] = made
    elif change.what == "unlink":
        names.pop(change.path, None)
    elif change.what == "rename" and made is not None:
        names.pop(change.path, None)
        names[change.other] = made
    elif change.what == "rename":  # of a folder, with the names in it that are durable
        old, new = change.path, change.other
        names[new] = None
        for path in [path for path in names if path == old or path.startswith(f"{old}/")]:
            names[new + path[len(old) :]] = names.pop(path)


def _apply(content: bytearray, change: Change) -> None:
    if change.what == "empty":
        del content[:]
        return
    content.extend(bytes(max(0, change.place - len(content))))
    if change.what == "write":
        content[change.place : change.place + len(change.data)] = change.data
    else:
        del content[change.place :]


def cut_power(changes: list[Change], root: Path, chance: random.Random, part: float) -> None:
    """Leave in `root`, which holds what was there before, what a disk holds if power goes after these changes.

    `part` is how likely each change that was not made durable has reached the disk all the same.
    """
    disk = _Disk(root)
    for change in changes:
        disk.make(change)
    found = disk.after_power(chance, part)
    shutil.rmtree(root)
    root.mkdir()
    for name, content in found.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(content)
