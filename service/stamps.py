"""Files of shards → what they looked like when they were opened: what is written to them later is noticed, and what was
hashed before and looks as it did then is hashed afterwards."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from index.engine.generation import Generation, open_generation
from index.engine.manifest import DATA, GenerationManifest, ListedShard, shard_folder
from index.engine.shard import Shard
from index.engine.verified import Entry, Stamp, note_verified, read_verified, time_of_files
from index.search.search import SearchIndex

Stamps = Mapping[str, Stamp]  # by the name of the shard


def stamp_of(root: Path, name: str) -> Stamp | None:
    """What the file of a shard looks like now; None if there is none."""
    try:
        return Stamp.of((shard_folder(root, name) / DATA).stat())
    except OSError:
        return None


@dataclass(frozen=True, slots=True)
class Unproven:
    """A file that is served and is yet to be hashed: it looks as it did when that was last done, or was hashed so soon
    after it was written that a later change might not show."""

    course: str
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

        def is_known(listed: ListedShard, found: os.stat_result) -> bool:
            stamp = self.stamps[listed.name] = Stamp.of(found)
            entry = entries.get(_path(listed.name))
            if entry is None or stamp in self.distrusted:
                return False
            vouched = entry.vouches_for(listed.manifest_sha256, stamp, now_ns)
            if vouched:
                trusted.add(listed.name)
            return vouched

        generation = open_generation(root, manifest, known, is_known)
        self._note(root, generation, trusted, written_ns)
        return generation

    def _note(self, root: Path, generation: Generation, trusted: Collection[str], written_ns: int | None) -> None:
        proven: dict[str, Entry] = {}
        listed = {own.name: own for own in generation.manifest.shards}
        for shard in generation.shards:
            stamp, own = self.stamps.get(shard.name), listed[shard.name]
            if stamp is None:
                continue
            path = _path(shard.name)
            if shard.name in trusted or (written_ns is not None and not stamp.settled(written_ns)):
                self.unproven.append(Unproven(shard.course, path, shard.manifest.sha256, own.manifest_sha256, stamp))
            elif written_ns is not None:
                proven[path] = Entry(own.manifest_sha256, stamp, written_ns)
        damaged = {_path(own.name) for own in generation.manifest.shards if own.course in generation.damaged}
        if proven or damaged:
            note_verified(root, proven, damaged)


def _path(name: str) -> str:
    return f"shards/{name}/{DATA}"


@dataclass(frozen=True, slots=True)
class FirstIndex:
    """An index that was opened before who serves it was started, how its files looked, and which are to be hashed."""

    index: SearchIndex
    stamps: Stamps
    unproven: tuple[Unproven, ...] = ()
