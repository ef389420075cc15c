"""Files of shards → what they looked like when they were opened: what is written to them later is noticed, and what was
hashed before and looks as it did then is hashed afterwards."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from index.engine.generation import Generation, open_generation
from index.engine.manifest import GenerationManifest, data_path
from index.engine.shard import Shard
from index.engine.verified import Entry, Stamp, note_verified, read_verified, time_of_files
from index.search.search import SearchIndex

Stamps = Mapping[str, Stamp]  # by path below the folder of the index


def stamp_of(root: Path, path: str) -> Stamp | None:
    """What a file looks like now; None if there is none."""
    try:
        return Stamp.of((root / path).stat())
    except OSError:
        return None


@dataclass(frozen=True, slots=True)
class Unproven:
    """A file that is served and is yet to be hashed: it looks as it did when that was last done, or was hashed so soon
    after it was written that a later change might not show."""

    course: str  # none where it is of all of them
    path: str  # below the folder of the index
    sha256: str
    stands_for: str  # the hash of the manifest that says so
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class Noting:
    """Opens generations, and notes how each file looked when it was opened, and which are yet to be hashed."""

    distrusted: Collection[Stamp] = ()  # of files that were found to be damaged, whatever is said of them
    stamps: dict[str, Stamp] = field(default_factory=dict)
    unproven: list[Unproven] = field(default_factory=list)

    def open(self, root: Path, manifest: GenerationManifest, known: Mapping[str, Shard] | None = None, /) -> Generation:
        """As `open_generation`, but that files that were hashed and look as they did then are not hashed now."""
        entries, written_ns = read_verified(root), time_of_files(root)
        now_ns = time.time_ns() if written_ns is None else written_ns
        trusted: set[str] = set()

        def is_known(path: str, stands_for: str, found: os.stat_result) -> bool:
            stamp = self.stamps[path] = Stamp.of(found)
            entry = entries.get(path)
            if entry is None or stamp in self.distrusted or not entry.vouches_for(stands_for, stamp, now_ns):
                return False
            trusted.add(path)
            return True

        generation = open_generation(root, manifest, known, is_known)
        proven: dict[str, Entry] = {}
        for own in self._opened(generation):
            if own.path in trusted or (written_ns is not None and not own.stamp.settled(written_ns)):
                self.unproven.append(own)
            elif written_ns is not None:
                proven[own.path] = Entry(own.stands_for, own.stamp, written_ns)
        damaged = {data_path(own.name) for own in generation.manifest.shards if own.course in generation.damaged}
        if proven or damaged:
            note_verified(root, proven, damaged)
        return generation

    def _opened(self, generation: Generation) -> Iterator[Unproven]:
        """The files of a generation that were opened here."""
        listed = {own.name: own.manifest_sha256 for own in generation.manifest.shards}
        for shard in generation.shards:
            path = data_path(shard.name)
            if path in self.stamps:
                yield Unproven(shard.course, path, shard.manifest.sha256, listed[shard.name], self.stamps[path])
        joined = generation.joined
        if joined is not None:
            yield Unproven("", joined.path, joined.sha256, joined.sha256, self.stamps[joined.path])


@dataclass(frozen=True, slots=True)
class FirstIndex:
    """An index that was opened before who serves it was started, how its files looked, and which are to be hashed."""

    index: SearchIndex
    stamps: Stamps
    unproven: tuple[Unproven, ...] = ()
