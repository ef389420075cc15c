"""One installation: its database, files and generations, and the publish that keeps them in step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from sqlalchemy.engine import Connection

from index.analysis import ANALYSIS_VERSION
from index.database import Database
from index.embed import Embedder, passage_views
from index.errors import CorruptIndex, EmbedderError, IndexMismatch, IndexUnavailable
from index.files import FileStore
from index.generation import (
    Generation,
    build_generation,
    current_number,
    folder_of,
    generation_numbers,
    open_generation,
    point_to,
    read_manifest,
    sweep,
)
from index.store import (
    add_embeddings,
    add_generation,
    drop_unused_embeddings,
    latest_generation,
    missing_embeddings,
    read_embeddings,
    read_passages,
    stored_hashes,
)
from index.types import Passage

NO_EMBEDDER = "none"
_EMBED_BATCH = 256  # passages whose vectors are made, and made durable, together


class Library:
    """`data_dir` holds the original files and the generations; the database may be elsewhere."""

    def __init__(self, database_url: str, data_dir: Path) -> None:
        self.data_dir = data_dir.absolute()
        self.database = Database(database_url)
        self.files = FileStore(self.data_dir / "files")
        self._pictures = self.data_dir / "pictures"
        self.index_root = self.data_dir / "index"

    def close(self) -> None:
        self.database.close()

    def picture(self, sha256: str, page_number: int, width: int) -> Path:
        """Where the picture of a page of this file is kept, `width` pixels wide."""
        return self._pictures / sha256[:2] / f"{sha256}-{page_number}-{width}.webp"

    def recover(self) -> None:
        """Finish what a crash left half done (for writers): a committed generation that nothing points at yet."""
        with self.database.reading() as connection:
            latest = latest_generation(connection)
        if latest is None or not folder_of(self.index_root, latest.number).is_dir():
            return
        if self.served_number() != latest.number:
            point_to(self.index_root, latest.number)
        sweep(self.index_root, latest.number)

    def served_number(self) -> int | None:
        """The generation that readers use, or None."""
        try:
            return current_number(self.index_root)
        except CorruptIndex:
            return None

    def is_current(self, embedder: Embedder | None) -> bool:
        """Whether the served generation shows what the rows say, made with this embedder and analysis."""
        with self.database.reading() as connection:
            latest = latest_generation(connection)
        return (
            latest is not None
            and latest.fingerprint == fingerprint_of(embedder)
            and latest.analysis == ANALYSIS_VERSION
            and latest.number == self.served_number()
            and (folder_of(self.index_root, latest.number) / "manifest.json").is_file()
        )

    def tidy_up(self, embedder: Embedder | None) -> None:
        """Forget vectors and files that nothing refers to any more (for writers)."""
        with self.database.writing() as connection:
            drop_unused_embeddings(connection, fingerprint_of(embedder))
            used = stored_hashes(connection)
            self.files.sweep(used)
        for path in self._pictures.glob("??/*"):
            if path.name.split("-")[0] not in used:
                path.unlink(missing_ok=True)


def fingerprint_of(embedder: Embedder | None) -> str:
    return embedder.fingerprint if embedder else NO_EMBEDDER


def embed_missing(
    library: Library,
    embedder: Embedder | None,
    passages: Iterable[Passage],
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> int:
    """Make the vectors that are not stored yet, batch by durable batch; how many passages were embedded."""
    if embedder is None:
        return 0
    contents = {passage.content_hash: (passage.title, passage.text) for passage in passages}
    with library.database.reading() as connection:
        missing = missing_embeddings(connection, embedder.fingerprint, contents)
    todo = [content_hash for content_hash in contents if content_hash in missing]
    for start in range(0, len(todo), _EMBED_BATCH):
        batch = todo[start : start + _EMBED_BATCH]
        views = [passage_views(*contents[key], split=embedder.splits_passages) for key in batch]
        vectors = embedder.embed_passages([text for view in views for _, text in view])
        if vectors.shape != (sum(map(len, views)), embedder.dimension) or not np.isfinite(vectors).all():
            raise EmbedderError(f"The embedder {embedder.fingerprint} gave unusable vectors; choose another.")
        items, row = [], 0
        for key, view in zip(batch, views, strict=True):
            items.append((key, [role for role, _ in view], vectors[row : row + len(view)]))
            row += len(view)
        with library.database.writing() as connection:
            add_embeddings(connection, embedder.fingerprint, items)
        progress(min(start + _EMBED_BATCH, len(todo)), len(todo))
    return len(todo)


def publish(library: Library, embedder: Embedder | None, change: Callable[[Connection], object]) -> int:
    """Change the rows and make the generation that shows them, both or neither; its number.

    The generation is on disk and checked before the rows are committed, and is pointed at after. A crash between the
    two is finished by `Library.recover`.
    """
    root = library.index_root
    fingerprint = fingerprint_of(embedder)
    with library.database.writing() as connection:
        change(connection)
        latest = latest_generation(connection)
        numbers = [*generation_numbers(root), latest.number if latest else 0, library.served_number() or 0]
        number = max(numbers) + 1
        embeddings = {
            content_hash: (roles, vectors) for content_hash, roles, vectors in read_embeddings(connection, fingerprint)
        }
        manifest = build_generation(
            root,
            number,
            read_passages(connection),
            embeddings,
            fingerprint,
            embedder.dimension if embedder else 0,
        )
        _, manifest_sha256 = read_manifest(root, number)
        add_generation(connection, number, fingerprint, ANALYSIS_VERSION, manifest.passages, manifest_sha256)
    point_to(root, number)
    sweep(root, number)
    return number


def reindex(
    library: Library,
    embedder: Embedder | None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> int:
    """Build a new generation from the rows alone: after a change of embedder, or damage; its number."""
    with library.database.reading() as connection:
        passages = [
            Passage(found.id, found.kind, "", 0, None, found.title, found.text, found.content_hash)
            for found in read_passages(connection)
        ]
    embed_missing(library, embedder, passages, progress)
    return publish(library, embedder, lambda _: None)


def open_served(library: Library, embedder: Embedder | None) -> tuple[Generation, tuple[str, ...]]:
    """The generation to serve, and what is degraded about it.

    IndexUnavailable if nothing was ever published; IndexMismatch if it was made with another embedder or analysis. If
    the newest is damaged, the one before it serves.
    """
    number = current_number(library.index_root)
    if number is None:
        raise IndexUnavailable("Nothing is indexed yet; run `lectures ingest PATH` first.")
    try:
        return _checked(open_generation(library.index_root, number), embedder), ()
    except (CorruptIndex, IndexUnavailable) as error:
        for older in reversed([n for n in generation_numbers(library.index_root) if n < number]):
            try:
                generation = _checked(open_generation(library.index_root, older), embedder)
            except (CorruptIndex, IndexUnavailable):
                continue
            return generation, (f"generation {number} is damaged ({error}); generation {older} serves",)
        raise


def find_damage(library: Library, embedder: Embedder | None) -> list[str]:
    """What is wrong with the served generation and the stored files, a sentence each; empty if all is well."""
    damage = []
    try:
        number = current_number(library.index_root)
        if number is not None:
            _checked(open_generation(library.index_root, number), embedder)
            with library.database.reading() as connection:
                latest = latest_generation(connection)
            _, sha256 = read_manifest(library.index_root, number)
            if latest is None or (latest.number, latest.manifest_sha256) != (number, sha256):
                damage.append(f"Generation {number} is not the one in the database; run `lectures reindex`.")
    except (CorruptIndex, IndexMismatch, IndexUnavailable) as error:
        damage.append(str(error))
    with library.database.reading() as connection:
        damage += [
            f"The stored file {sha256} is missing or damaged; ingest its course again."
            for sha256 in sorted(stored_hashes(connection) - library.files.intact_hashes())
        ]
    return damage


def _checked(generation: Generation, embedder: Embedder | None) -> Generation:
    manifest = generation.manifest
    if manifest.fingerprint != fingerprint_of(embedder):
        raise IndexMismatch(
            f"The index was made with embedder {manifest.fingerprint}, but {fingerprint_of(embedder)} is set; run "
            "`lectures reindex`, or set LECTURES_EMBEDDER back."
        )
    if manifest.analysis != ANALYSIS_VERSION:
        raise IndexMismatch(
            f"The index was made with text analysis {manifest.analysis}, this program has {ANALYSIS_VERSION}; run "
            "`lectures reindex`."
        )
    return generation
