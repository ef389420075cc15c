"""The index in the shared storage: what one machine publishes, all others fetch, check and serve from their own disk.

index/shards/<name>-<hash>/    a shard as it lies in the index folder; the hash is that of its manifest
index/gen-000042-<hash>.json   the manifest of a generation, with its hash
index/published/000042-<hash>  a mark: this generation, with a manifest of this hash, was committed

A generation is served once its mark is there. Marks are only added, each by the writer whose rows were committed under
that number. So a listing tells the newest, no pointer is ever replaced, and a writer that comes late with an older one
changes nothing. Everything else is checked by its hash when it is fetched.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from index.depot import Depot, ObjectMissing
from index.engine.manifest import (
    DATA,
    GenerationManifest,
    ListedShard,
    generation_file,
    parse_generation,
    read_shard_manifest,
    shard_folder,
)
from index.engine.shard import open_shard
from index.errors import CorruptIndex, IndexMismatch
from index.files import fsync_folder, make_folder, write_durably

_log = logging.getLogger(__name__)
_MARK = re.compile(r"(\d{6,9})-([0-9a-f]{64})")
_FILES = (DATA, "manifest.json")  # of a shard
_AT_ONCE = 8  # shards on their way
_KEPT = 10  # generations, so that who is slow to fetch one still finds it
_FETCHING = ".fetching-"
_TRIES = 2


@dataclass(frozen=True, slots=True, order=True)
class Published:
    """A generation that was committed, and the SHA-256 of its manifest."""

    number: int
    sha256: str


class SharedIndex:
    """Every method raises DepotAway if the shared storage does not answer."""

    def __init__(self, depot: Depot, root: Path) -> None:
        """`root` is the index folder of this machine."""
        self.depot = depot
        self._root = root

    def newest(self) -> Published | None:
        """The newest generation that was published, or None."""
        return max(self._published(), default=None)

    def push(self, published: Published, manifest: GenerationManifest, *, anew: bool = False) -> None:
        """Store a generation of this machine, and those of its shards that are new; nobody serves it yet. With `anew`
        every shard is stored: what is there may be damaged."""
        newest = None if anew else self.newest()
        known = set() if newest is None else self._places(newest)
        todo = [shard for shard in manifest.shards if _place(shard) not in known]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(lambda shard: self._push_shard(shard, anew=anew), todo))
        self.depot.put(_manifest_key(published), generation_file(self._root, published.number))

    def announce(self, published: Published) -> None:
        """Let everybody serve a generation that was pushed, and whose rows are committed."""
        self.depot.put_bytes(_mark_key(published), b"")

    def pull(self, published: Published, *, thorough: bool = False) -> None:
        """Bring a generation to this machine, whole and checked; what is here is not fetched again, unless it is to be
        looked at `thorough`ly and turns out to be damaged.

        ObjectMissing if it is not there any more, CorruptIndex if it is damaged there.
        """
        content, manifest = self._listing(published)
        make_folder(self._root / "shards")
        for left_over in self._root.glob(f"{_FETCHING}*"):
            shutil.rmtree(left_over, ignore_errors=True)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(lambda shard: self._pull_shard(shard, thorough=thorough), manifest.shards))
        write_durably(generation_file(self._root, published.number), content)  # last: who sees it finds its shards

    def pull_shard(self, shard: ListedShard) -> None:
        """Bring one shard to this machine, checked; errors as those of `pull`."""
        make_folder(self._root / "shards")
        self._pull_shard(shard, thorough=True)

    def keep_only(self, names: Collection[str]) -> None:
        """Remove all other shards from this machine."""
        for path in (self._root / "shards").glob("*"):
            if path.name not in names:
                shutil.rmtree(path, ignore_errors=True)

    def pull_manifest(self, published: Published) -> None:
        """Bring only the list of a generation's shards to this machine: others hold them."""
        content, _ = self._listing(published)
        make_folder(self._root)
        write_durably(generation_file(self._root, published.number), content)

    def sweep(self) -> None:
        """Remove all but the newest generations, and shards that none of these lists (for writers)."""
        published = sorted(self._published())
        kept, old = published[-_KEPT:], published[:-_KEPT]
        try:
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                listed = {place for places in pool.map(self._places, kept) for place in places}
        except (CorruptIndex, IndexMismatch, ObjectMissing) as error:  # which shards are needed is not known: none goes
            _log.warning("The shared storage is not swept: %s", error)
            return
        self.depot.remove(_mark_key(one) for one in old)
        self.depot.remove(_manifest_key(one) for one in old)
        gone = [place for place in self.depot.names("index/shards") if place not in listed]
        self.depot.remove(_shard_key(place, file) for place in gone for file in _FILES)

    def faults(self, published: Published) -> list[str]:
        """What the shared storage lacks of the generation that the database names, a sentence each; the bytes of
        shards are not read."""
        newest = self.newest()
        if newest != published:
            said = "nothing" if newest is None else f"generation {newest.number}"
            return [
                f"The shared storage names {said} as the newest, the database generation {published.number}; the next "
                "ingest or `lectures reindex` puts it right."
            ]
        try:
            _, manifest = self._listing(published, from_copy=False)
        except (CorruptIndex, IndexMismatch, ObjectMissing) as error:
            return [str(error)]
        there = set(self.depot.names("index/shards"))
        return [
            f"The index of course {shard.course} is not in the shared storage; run `lectures reindex`."
            for shard in manifest.shards
            if _place(shard) not in there
        ]

    def _published(self) -> list[Published]:
        marks = (_MARK.fullmatch(name) for name in self.depot.names("index/published"))
        return [Published(int(mark[1]), mark[2]) for mark in marks if mark]

    def _listing(self, published: Published, *, from_copy: bool = True) -> tuple[bytes, GenerationManifest]:
        """The manifest of a generation, as bytes too; from this machine if it is here, unless the storage is asked."""
        if from_copy and self.is_listed_here(published):
            content = generation_file(self._root, published.number).read_bytes()
        else:
            content = self.depot.read(_manifest_key(published))
        place = f"{self.depot.shown}/{_manifest_key(published)}"
        if _hash(content) != published.sha256:
            raise CorruptIndex(f"The manifest {place} is damaged; run `lectures reindex`.")
        return content, parse_generation(content, published.number, place)

    def _places(self, published: Published) -> set[str]:
        return {_place(shard) for shard in self._listing(published)[1].shards}

    def is_listed_here(self, published: Published) -> bool:
        """Whether the manifest of a generation is on this machine."""
        path = generation_file(self._root, published.number)
        return path.is_file() and _hash(path.read_bytes()) == published.sha256

    def _push_shard(self, shard: ListedShard, *, anew: bool) -> None:
        folder = shard_folder(self._root, shard.name)
        for file in _FILES:
            key = _shard_key(_place(shard), file)
            if anew or self.depot.size(key) != (folder / file).stat().st_size:
                self.depot.put(key, folder / file)

    def _pull_shard(self, shard: ListedShard, *, thorough: bool) -> None:
        """A shard that is not here, or another one; what broke off on its way is asked for once more."""
        if self._is_here(shard, thorough=thorough):
            return
        for attempt in range(_TRIES):
            fetched = Path(tempfile.mkdtemp(prefix=_FETCHING, dir=self._root))
            try:
                folder = shard_folder(fetched, shard.name)
                folder.mkdir(parents=True)
                for file in _FILES:
                    self.depot.fetch(_shard_key(_place(shard), file), folder / file)
                open_shard(fetched, shard)  # every byte is checked
                self._take(folder, shard_folder(self._root, shard.name), fetched)
                return
            except CorruptIndex:
                if attempt == _TRIES - 1:
                    raise
            finally:
                shutil.rmtree(fetched, ignore_errors=True)

    def _is_here(self, shard: ListedShard, *, thorough: bool) -> bool:
        try:
            if thorough:
                open_shard(self._root, shard)
                return True
            manifest = read_shard_manifest(self._root, shard)
            return (shard_folder(self._root, shard.name) / DATA).stat().st_size == manifest.size
        except (CorruptIndex, OSError):
            return False

    @staticmethod
    def _take(folder: Path, target: Path, scratch: Path) -> None:
        """Make a fetched folder durable and put it in its place; what was there is damaged, or another's."""
        for file in _FILES:
            with (folder / file).open("rb") as written:
                os.fsync(written.fileno())
        fsync_folder(folder)
        if target.exists():
            target.rename(scratch / "before")
        folder.rename(target)
        fsync_folder(target.parent)


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _place(shard: ListedShard) -> str:
    """Where a shard lies. Not by its name alone: two machines may round differently, and what was fetched stays."""
    return shard.place


def _shard_key(place: str, file: str) -> str:
    return f"index/shards/{place}/{file}"


def _manifest_key(published: Published) -> str:
    """By its hash too: of two writers that give the same number to theirs only one commits, and its own stays."""
    return f"index/gen-{published.number:06d}-{published.sha256[:16]}.json"


def _mark_key(published: Published) -> str:
    return f"index/published/{published.number:06d}-{published.sha256}"
