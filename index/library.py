"""One installation: its database, files and generations, and the publish that keeps them in step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
from sqlalchemy.engine import Connection

from index.embed.models import Embedder, passage_views
from index.embed.table import (
    Adaptation,
    TableEmbedder,
    Vectors,
    adapt,
    basis_of,
    is_near,
    pair_similarities,
    read_adaptation,
)
from index.engine.generation import (
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
from index.errors import CorruptIndex, EmbedderError, IndexMismatch, IndexUnavailable, NotFound
from index.files import FileStore
from index.store.courses import course_hash, remove_course, stored_hashes
from index.store.database import Database, writer_lock
from index.store.passages import (
    add_embeddings,
    add_generation,
    drop_unused_embeddings,
    latest_generation,
    missing_embeddings,
    read_embeddings,
    read_passages,
)
from index.text.analysis import ANALYSIS_VERSION
from index.types import Passage, Role

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
            and fits(embedder, latest.fingerprint)
            and latest.analysis == ANALYSIS_VERSION
            and latest.number == self.served_number()
            and (folder_of(self.index_root, latest.number) / "manifest.json").is_file()
        )

    def tidy_up(self, plan: Plan) -> None:
        """Forget vectors and files that nothing refers to any more (for writers)."""
        with self.database.writing() as connection:
            drop_unused_embeddings(connection, {embedder.fingerprint for embedder in plan.embedders.values()})
            used = stored_hashes(connection)
            self.files.sweep(used)
        for path in self._pictures.glob("??/*"):
            if path.name.split("-")[0] not in used:
                path.unlink(missing_ok=True)


def fingerprint_of(embedder: Embedder | None) -> str:
    return embedder.fingerprint if embedder else NO_EMBEDDER


def fits(embedder: Embedder | None, fingerprint: str) -> bool:
    """Whether an index of this fingerprint can be searched with an embedder."""
    return fingerprint == fingerprint_of(embedder)


# What the embedder learned of a course is kept until this share of its passages is new or gone.
_ADAPT_AFTER = 0.2


@dataclass(frozen=True, slots=True)
class Plan:
    """What an index will hold: by course the embedder of its passages, and their (title, text) by content hash."""

    embedder: Embedder | None
    embedders: dict[str, Embedder]
    contents: dict[str, dict[str, tuple[str, str]]]


def plan_index(
    library: Library, embedder: Embedder | None, course: str | None, passages: Sequence[Passage], *, anew: bool = False
) -> Plan:
    """The plan of an index that will hold `passages` as `course`, and every other course as it is.

    The built-in embedder adapts to each course, by what that course alone says, so that the order of ingests does not
    matter. What it learned of a course is kept while little of the course has changed (unless `anew`), so that a small
    change embeds little.
    """
    contents: dict[str, dict[str, tuple[str, str]]] = {}
    if course is not None and passages:
        contents[course] = {passage.content_hash: (passage.title, passage.text) for passage in passages}
    with library.database.reading() as connection:
        for found in read_passages(connection):
            if found.course_slug != course:
                contents.setdefault(found.course_slug, {})[found.content_hash] = (found.title, found.text)
    if embedder is None:
        return Plan(None, {}, contents)
    if not isinstance(embedder, TableEmbedder):
        return Plan(embedder, dict.fromkeys(contents, embedder), contents)
    kept = {} if anew else _served_adaptations(library, embedder)
    return Plan(
        embedder, {slug: _adapted(embedder, kept.get(slug), content) for slug, content in contents.items()}, contents
    )


def _adapted(
    embedder: TableEmbedder, kept: Adaptation | None, contents: Mapping[str, tuple[str, str]]
) -> TableEmbedder:
    basis = basis_of(contents)
    if kept is not None and is_near(kept.basis, basis, _ADAPT_AFTER):
        return embedder.with_adaptation(kept)
    whole = [passage_views(title, text, split=False)[0][1] for title, text in contents.values()]
    return embedder.with_adaptation(adapt(embedder, whole, basis))


def _served_adaptations(library: Library, embedder: TableEmbedder) -> dict[str, Adaptation]:
    try:
        number = current_number(library.index_root)
        generation = None if number is None else open_generation(library.index_root, number)
        if generation is None or not fits(embedder, generation.manifest.fingerprint):
            return {}
        return {slug: read_adaptation(blob, embedder.dimension) for slug, blob in generation.adaptations.items()}
    except (CorruptIndex, IndexUnavailable, EmbedderError):
        return {}  # they are learned anew


def embed_missing(
    library: Library, plan: Plan, progress: Callable[[int, int], None] = lambda _done, _total: None
) -> int:
    """Make the vectors that are not stored yet, batch by durable batch; how many passages were embedded."""
    todo: list[tuple[Embedder, str, tuple[str, str]]] = []
    for course, embedder in plan.embedders.items():
        contents = plan.contents[course]
        with library.database.reading() as connection:
            missing = missing_embeddings(connection, embedder.fingerprint, contents)
        todo += [(embedder, key, content) for key, content in contents.items() if key in missing]
    done = 0
    for embedder, group in groupby(todo, key=lambda item: item[0]):
        items = list(group)
        for start in range(0, len(items), _EMBED_BATCH):
            batch = {key: content for _, key, content in items[start : start + _EMBED_BATCH]}
            vectors = _embed(embedder, batch)
            with library.database.writing() as connection:
                add_embeddings(connection, embedder.fingerprint, vectors)
            done += len(batch)
            progress(done, len(todo))
    return len(todo)


def _embed(embedder: Embedder, batch: Mapping[str, tuple[str, str]]) -> list[tuple[str, list[Role], Vectors]]:
    """(content hash, roles, vectors) of each content."""
    views = [passage_views(title, text, split=embedder.splits_passages) for title, text in batch.values()]
    vectors = embedder.embed_passages([text for view in views for _, text in view])
    if vectors.shape != (sum(map(len, views)), embedder.dimension) or not np.isfinite(vectors).all():
        raise EmbedderError(f"The embedder {embedder.fingerprint} gave unusable vectors; choose another.")
    items, row = [], 0
    for key, view in zip(batch, views, strict=True):
        items.append((key, [role for role, _ in view], vectors[row : row + len(view)]))
        row += len(view)
    return items


def publish(library: Library, plan: Plan, change: Callable[[Connection], object]) -> int:
    """Change the rows and make the generation that shows them, both or neither; its number.

    The generation is on disk and checked before the rows are committed, and is pointed at after. A crash between the
    two is finished by `Library.recover`.
    """
    root = library.index_root
    fingerprint = fingerprint_of(plan.embedder)
    with library.database.writing() as connection:
        change(connection)
        latest = latest_generation(connection)
        numbers = [*generation_numbers(root), latest.number if latest else 0, library.served_number() or 0]
        number = max(numbers) + 1
        stored = {
            own: {key: (roles, vectors) for key, roles, vectors in read_embeddings(connection, own)}
            for own in {embedder.fingerprint for embedder in plan.embedders.values()}
        }
        manifest = build_generation(
            root,
            number,
            read_passages(connection),
            {course: stored[embedder.fingerprint] for course, embedder in plan.embedders.items()},
            fingerprint,
            plan.embedder.dimension if plan.embedder else 0,
            _adaptations(plan),
            pair_similarities,
        )
        _, manifest_sha256 = read_manifest(root, number)
        add_generation(connection, number, fingerprint, ANALYSIS_VERSION, manifest.passages, manifest_sha256)
    point_to(root, number)
    sweep(root, number)
    return number


def forget_course(
    library: Library, embedder: Embedder | None, slug: str, on_wait: Callable[[], None] | None = None
) -> int:
    """Remove a course and all that hangs on it; the generation without it. NotFound if it is not there.

    `on_wait` is called before another writer is waited for; it may raise.
    """
    with writer_lock(library.database, library.data_dir, on_wait):
        with library.database.reading() as connection:
            if course_hash(connection, slug) is None:
                raise NotFound(f"There is no course {slug!r:.80}.")
        plan = plan_index(library, embedder, slug, [])
        embed_missing(library, plan)
        number = publish(library, plan, lambda connection: remove_course(connection, slug))
        library.tidy_up(plan)
    return number


def reindex(
    library: Library,
    embedder: Embedder | None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> int:
    """Build a new generation from the rows alone: after a change of embedder, or damage; its number."""
    plan = plan_index(library, embedder, None, [], anew=True)
    embed_missing(library, plan, progress)
    number = publish(library, plan, lambda _: None)
    library.tidy_up(plan)
    return number


def _adaptations(plan: Plan) -> dict[str, bytes]:
    """What the embedder learned of each course, to be kept in the generation."""
    return {
        course: embedder.adaptation.blob
        for course, embedder in plan.embedders.items()
        if isinstance(embedder, TableEmbedder) and embedder.adaptation is not None
    }


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
    except (CorruptIndex, IndexMismatch, IndexUnavailable, NotFound) as error:
        damage.append(str(error))
    with library.database.reading() as connection:
        damage += [
            f"The stored file {sha256} is missing or damaged; ingest its course again."
            for sha256 in sorted(stored_hashes(connection) - library.files.intact_hashes())
        ]
    return damage


def _checked(generation: Generation, embedder: Embedder | None) -> Generation:
    manifest = generation.manifest
    if not fits(embedder, manifest.fingerprint):
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
