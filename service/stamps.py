"""Files of shards → what they looked like before their bytes were read: what is written to them later is noticed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from index.engine.generation import Generation, open_generation
from index.engine.manifest import DATA, GenerationManifest, shard_folder
from index.engine.shard import Shard
from index.search.search import SearchIndex

Stamp = tuple[int, int, int]  # of a file: inode, time of change, size
Stamps = Mapping[str, Stamp | None]  # by the name of the shard; None for a file that was not there


def stamp_of(root: Path, name: str) -> Stamp | None:
    """What the file of a shard looks like now; None if there is none."""
    try:
        found = (shard_folder(root, name) / DATA).stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


@dataclass(frozen=True, slots=True)
class Noting:
    """Opens generations, and notes how each file looked before it was read."""

    stamps: dict[str, Stamp | None] = field(default_factory=dict)

    def open(self, root: Path, manifest: GenerationManifest, known: Mapping[str, Shard] | None = None, /) -> Generation:
        """As `open_generation`."""
        for listed in manifest.shards:
            if listed.name not in (known or {}):
                self.stamps[listed.name] = stamp_of(root, listed.name)
        return open_generation(root, manifest, known)


@dataclass(frozen=True, slots=True)
class FirstIndex:
    """An index that was opened before who serves it was started, and how its files looked before that."""

    index: SearchIndex
    stamps: Stamps
