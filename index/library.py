"""One installation: its database, its files and the index that is served, opened, checked and kept tidy."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from index.depot import ObjectMissing, open_depot
from index.embed.encoder import PREFIX as ENCODER
from index.embed.protocol import Embedder
from index.engine.foreseen import PREFIX as QUESTIONS
from index.engine.manifest import (
    GenerationManifest,
    current_number,
    generation_file,
    generation_numbers,
    point_to,
    read_generation,
    sweep,
)
from index.engine.shard import open_shard
from index.errors import CorruptIndex, IndexMismatch, IndexUnavailable, StorageError
from index.files import file_lock, make_folder, translated_disk, write_durably
from index.originals import FileStore
from index.sharing import Published, SharedIndex
from index.store.database import Database, writer_lock
from index.store.embeddings import drop_fingerprints, drop_unused_embeddings, embedded_fingerprints
from index.store.generations import latest_generation, manifest_of
from index.store.known import stored_hashes, unreferenced
from index.text.analysis import ANALYSIS_VERSION

_log = logging.getLogger(__name__)

NO_EMBEDDER = "none"
_PREPARING = "preparing-"
# How the fingerprints begin of what reads courses in the background.
READERS = (ENCODER, QUESTIONS)


class Library:
    """`data_dir` holds the original files and the index; the database may be elsewhere.

    With a shared storage (`index/depot.py`) what is published is stored there too, and `data_dir` is this machine's
    copy of it.
    """

    def __init__(
        self,
        database_url: str,
        data_dir: Path,
        storage_url: str = "",
        cache_bytes: int = 10 << 30,
        *,
        lists_only: bool = False,
    ) -> None:
        """`cache_bytes` is how much of the originals in the shared storage may lie here as well. With `lists_only`
        others hold the shards (`index/spread`): what is kept of generations lies apart from a whole index."""
        self.data_dir = data_dir.absolute()
        self.database = Database(database_url)
        depot = open_depot(storage_url) if storage_url else None
        self.files = FileStore(self.data_dir / "files", depot)
        self.cache_bytes = cache_bytes
        self._pictures = self.data_dir / "pictures"
        self.index_root = self.data_dir / ("lists" if lists_only else "index")
        self.shared = SharedIndex(depot, self.index_root) if depot else None
        self._used = self.data_dir / "shared-storage"  # which one was used here
        self._sweep_failed = False
        # there while somebody writes: found by the next writer, it tells of one that died
        self._unfinished = self.data_dir / "unfinished"

    def close(self) -> None:
        self.database.close()

    def picture(self, sha256: str, page_number: int, width: int) -> Path:
        """Where the picture of a page of this file is kept, `width` pixels wide."""
        return self._pictures / sha256[:2] / f"{sha256}-{page_number}-{width}.webp"

    @contextmanager
    def writer(self, on_wait: Callable[[], None] | None = None, *, anew: bool = False) -> Iterator[None]:
        """The right to write, one at a time; `on_wait` is called before another writer is waited for, and may raise.
        With `anew` the shared storage is taken over, whatever installation it is of.

        What a writer that died left half done is finished before the block. What it left over is swept after it, even
        if the block finds nothing to do: until then it may be of use. StorageError where the disk or the shared storage
        refuses, or that is of another installation.
        """
        with translated_disk(self.data_dir), writer_lock(self.database, self.data_dir, on_wait), self.fetching():
            self.recover(anew=anew)
            self._sweep_failed = False
            died = [self._unfinished, *self._dead_preparers()]
            leftovers = any(path.exists() for path in died) or any(self.data_dir.glob(".new-*"))
            write_durably(self._unfinished, b"")
            yield
            try:
                if leftovers:
                    self.sweep_all()
                if not self._sweep_failed:
                    for path in died:
                        path.unlink(missing_ok=True)
            except (OSError, StorageError) as error:  # what was written stands
                self._sweep_later(error)

    @contextmanager
    def sweeping(self) -> Iterator[None]:
        """What is swept after something was published: where that fails, what was published stands."""
        try:
            yield
        except (OSError, StorageError) as error:
            self._sweep_later(error)

    def _sweep_later(self, error: Exception) -> None:
        """Leave it to the next writer, who finds the mark of one that did not finish."""
        self._sweep_failed = True
        said = error.strerror if isinstance(error, OSError) else error
        _log.warning("What is not needed any more cannot be swept now: %s", said)

    @contextmanager
    def preparing(self) -> Iterator[None]:
        """Store files that no row refers to yet, before the right to write is asked for.

        A writer may sweep them meanwhile, so look again whether they are there. What one leaves that dies, fails or is
        stopped is swept by the next writer.
        """
        with translated_disk(self.data_dir):
            make_folder(self.data_dir)
            mark = self.data_dir / f"{_PREPARING}{uuid.uuid4().hex}"
            with file_lock(mark):
                yield
                mark.unlink(missing_ok=True)

    def _dead_preparers(self) -> list[Path]:
        """Marks of those that died while they prepared: nobody holds the lock of these."""
        dead = []
        for mark in self.data_dir.glob(f"{_PREPARING}*"):
            with suppress(FileNotFoundError), file_lock(mark, wait=False, make=False) as is_free:
                if is_free:
                    dead.append(mark)
        return dead

    @contextmanager
    def fetching(self) -> Iterator[None]:
        """Be the one process of this machine that changes its copy of the shared storage, waiting for another."""
        if self.shared is None:
            yield
            return
        make_folder(self.data_dir)
        with file_lock(self.data_dir / "fetching.lock"):
            yield

    def recover(self, *, anew: bool = False) -> None:
        """Finish what a crash left half done (for writers): a committed generation that nothing points at yet."""
        with self.database.reading() as connection:
            latest = latest_generation(connection)
        if self.shared is not None:
            committed = None if latest is None else Published(latest.number, latest.manifest_sha256)
            self._recover_shared(self.shared, committed, anew=anew)
        if latest is None or not generation_file(self.index_root, latest.number).is_file():
            return
        if self.served_number() != latest.number:
            point_to(self.index_root, latest.number)
        sweep(self.index_root, latest.number)

    def _recover_shared(self, shared: SharedIndex, latest: Published | None, *, anew: bool) -> None:
        """Have what was committed here and in the shared storage: another machine may have published it, or died
        before it could say so, or this one did, or had no shared storage until now."""
        newest = shared.newest()
        if not anew:
            self._check_owner(shared, newest, latest)
        if latest is None:
            return
        if not (self.served_number() == latest.number and shared.is_listed_here(latest)):
            try:
                shared.pull(latest)
            except (ObjectMissing, CorruptIndex, IndexMismatch) as error:
                if not generation_file(self.index_root, latest.number).is_file():
                    _log.warning("The index cannot be fetched: %s `lectures reindex` makes it anew.", error)
                    return
        if newest != latest:
            with self.database.reading() as connection:
                referenced = stored_hashes(connection)
            self.files.share_all(referenced)
            self.share(latest.number)
            shared.announce(latest)
        self._note_used(shared)

    def _check_owner(self, shared: SharedIndex, newest: Published | None, latest: Published | None) -> None:
        """StorageError if the shared storage is not that of the database, or is empty though it was not."""
        if newest is None:
            if latest is not None and self._used.is_file() and self._used.read_text("utf-8") == shared.depot.shown:
                raise StorageError(
                    f"The shared storage {shared.depot.shown} is empty, though this machine has used it before; see "
                    "whether it is mounted. `lectures reindex` fills it anew, but for originals that are not here."
                )
            return
        with self.database.reading() as connection:
            known = manifest_of(connection, newest.number)
        if known != newest.sha256:
            raise StorageError(
                f"The shared storage {shared.depot.shown} holds generation {newest.number}, which the database does "
                "not know: name the database or the storage that belongs to the other. `lectures reindex` or `lectures "
                "restore FILE --replace` put what this database holds in the place of what is there."
            )

    def _note_used(self, shared: SharedIndex) -> None:
        """Remember that the storage is not empty: a volume that is not mounted looks so."""
        if not self._used.is_file() or self._used.read_text("utf-8") != shared.depot.shown:
            write_durably(self._used, shared.depot.shown.encode())

    def share(self, number: int, *, anew: bool = False) -> None:
        """Store a generation of this machine in the shared storage, if there is one; nobody serves it yet. With `anew`
        its shards are stored again, whatever is there."""
        if self.shared is not None:
            self.shared.push(*self._read(number), anew=anew)

    def _read(self, number: int) -> tuple[Published, GenerationManifest]:
        manifest, sha256 = read_generation(self.index_root, number)
        return Published(number, sha256), manifest

    def serve(self, number: int) -> None:
        """Let everybody serve a generation whose rows are committed (for writers)."""
        if self.shared is not None:
            self.shared.announce(self._read(number)[0])
            self._note_used(self.shared)
        point_to(self.index_root, number)
        with self.sweeping():
            sweep(self.index_root, number)
            if self.shared is not None:
                self._sweep_shared(self.shared, number)

    def _sweep_shared(self, shared: SharedIndex, number: int) -> None:
        """Sweep the storage, unless another writer publishes by now: this one has lost its right without noticing."""
        if self.database.url.get_backend_name() == "sqlite":
            shared.sweep()
            return
        with self.database.publishing() as connection:
            latest = latest_generation(connection)
            if latest is not None and latest.number == number:
                shared.sweep()

    def newest_number(self) -> int:
        """The highest number that a generation ever had, as far as anything here or in the shared storage tells."""
        shared = self.shared.newest() if self.shared else None
        return max([*generation_numbers(self.index_root), self.served_number() or 0, shared.number if shared else 0])

    def served_number(self) -> int | None:
        """The generation that readers use, or None."""
        try:
            return current_number(self.index_root)
        except CorruptIndex:
            return None

    def is_current(self, embedder: Embedder | None, course: str | None = None) -> bool:
        """Whether the served generation shows what the rows say (of a course), made with this embedder and analysis."""
        with self.database.reading() as connection:
            latest = latest_generation(connection)
        if latest is None or latest.number != self.served_number():
            return False
        try:
            manifest, sha256 = read_generation(self.index_root, latest.number)
        except (CorruptIndex, IndexMismatch, IndexUnavailable):
            return False
        made = manifest.embedder == name_of(embedder) and manifest.analysis == ANALYSIS_VERSION
        return made and sha256 == latest.manifest_sha256 and (course is None or self._is_whole(manifest, course))

    def _is_whole(self, manifest: GenerationManifest, course: str) -> bool:
        """Whether the shard of a course is listed, and every byte of it is right: a damaged one is to be made anew."""
        listed = manifest.shard_of(course)
        try:
            return listed is not None and open_shard(self.index_root, listed).course == course
        except CorruptIndex:
            return False

    def forget_files(self, hashes: set[str]) -> None:
        """Delete those of these stored files, and the pictures of their pages, that no row refers to (for writers)."""
        with self.database.reading() as connection:
            gone = unreferenced(connection, hashes)
        self.files.remove(gone)
        for sha256 in gone:
            for path in (self._pictures / sha256[:2]).glob(f"{sha256}-*"):
                path.unlink(missing_ok=True)

    def sweep_all(self) -> None:
        """Forget every vector and file that nothing refers to, a walk through all (for writers)."""
        with self.database.writing() as connection:
            latest = latest_generation(connection)
            if latest is not None:
                try:
                    manifest, _ = read_generation(self.index_root, latest.number)
                    used = {shard.fingerprint for shard in manifest.shards}
                    readers = {name for shard in manifest.shards for name in shard.readers}
                    kept = set(embedded_fingerprints(connection)) - used - readers
                    # which readers are set is not known here, and what they made took minutes
                    gone = {name for name in kept if not name.startswith(READERS)} | replaced(kept, readers)
                    drop_fingerprints(connection, gone)
                except (CorruptIndex, IndexMismatch, IndexUnavailable):
                    pass  # which vectors are of use is not known; `lectures reindex` makes the index anew
            drop_unused_embeddings(connection)
            referenced = stored_hashes(connection)
        self.files.sweep(referenced)
        for path in self.data_dir.glob(".new-*"):
            path.unlink(missing_ok=True)
        self.sweep_pictures(referenced)

    def sweep_pictures(self, referenced: set[str]) -> None:
        """Delete pictures of pages of files that no row refers to."""
        for path in self._pictures.glob("??/*"):
            if path.name.split("-")[0] not in referenced:
                path.unlink(missing_ok=True)


def replaced(readers: Iterable[str], listed: Iterable[str]) -> set[str]:
    """Those of these fingerprints of encoders and language models in whose place another one of their kind is
    listed."""
    now = set(listed)
    kinds = tuple(kind for kind in READERS if any(name.startswith(kind) for name in now))
    return {name for name in readers if name not in now and name.startswith(kinds)}


def name_of(embedder: Embedder | None) -> str:
    """The identity of an embedder, as a generation names it."""
    return embedder.name if embedder else NO_EMBEDDER
