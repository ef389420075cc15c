"""A course that changed → its rows, its shard, and the generation that lists it: all of it or nothing.

Nothing here reads the rows, texts or vectors of another course, except to build the whole index anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.engine import Connection

from index.damage import row_damage
from index.embed.protocol import Embedder
from index.engine.build import build_shard
from index.engine.manifest import (
    ListedShard,
    generation_numbers,
    read_generation,
    write_generation,
)
from index.engine.shard import open_shard
from index.errors import CorruptIndex, IndexMismatch, IndexUnavailable, StorageError, no_course
from index.library import READERS, Library, name_of, replaced
from index.plan import Plan, embed_missing, latest_manifest, made_of, plan_course
from index.served import check_made_with
from index.store.courses import remove_course
from index.store.database import RESTORE
from index.store.embeddings import (
    drop_embeddings,
    drop_fingerprints,
    drop_vectors,
    embedded_fingerprints,
)
from index.store.generations import StoredGeneration, add_generation, latest_generation
from index.store.integrity import (
    adopt_rows,
    damaged_embeddings,
    drop_rows_of_vectors,
    file_faults,
    forget_read,
    record_rows,
)
from index.store.known import course_files, course_hash, course_slugs
from index.store.passages import content_hashes, read_passages
from index.store.readers import note_read
from index.text.analysis import ANALYSIS_VERSION
from index.types import IndexedPassage


def check_fits(library: Library, embedder: Embedder | None, course: str) -> None:
    """IndexMismatch, before anything expensive is done, if a course cannot be added to the index as it is."""
    with library.database.reading() as connection:
        _other_shards(library, connection, embedder, course)


def publish(library: Library, plan: Plan, change: Callable[[Connection], object], *, distrusted: bool = False) -> int:
    """Change the rows of a course and make the generation that shows them, both or neither; its number.

    The shard and the manifest are on disk and checked before the rows are committed, and are pointed at after. A crash
    between the two is finished by `Library.recover`. Where the rows that are there are `distrusted`, they are first
    forgotten, and what they may have referred to is swept by a walk through all.
    """
    with library.database.publishing() as connection:
        if distrusted:
            forget_read(connection, plan.course)
        before = _Held.by(connection, plan.course)
        others = _other_shards(library, connection, plan.embedder, plan.course)
        change(connection)
        own = []
        if course_hash(connection, plan.course) is not None:
            record_rows(connection, plan.course)
            passages = list(read_passages(connection, plan.course))
            own = [build_shard(library.index_root, plan.course, passages, made_of(connection, plan))]
        number = _add_generation(library, connection, plan.embedder, [*others, *own])
        after = _Held.by(connection, plan.course)
    library.serve(number)
    with library.sweeping():
        if distrusted:
            library.sweep_all()
        else:
            _forget(library, plan, before, after, [*others, *own])
    return number


def forget_course(
    library: Library, embedder: Embedder | None, slug: str, on_wait: Callable[[], None] | None = None
) -> int:
    """Remove a course and all that hangs on it; the generation without it. NotFound if it is not there.

    `on_wait` is called before another writer is waited for; it may raise.
    """
    number = None
    with library.writer(on_wait):
        with library.database.reading() as connection:
            known = course_hash(connection, slug) is not None
        if known:
            distrusted = row_damage(library, slug) is not None
            plan = Plan(slug, embedder, {})
            number = publish(library, plan, lambda connection: remove_course(connection, slug), distrusted=distrusted)
    if number is None:  # said after the block: what a writer that died left over is swept at its end
        raise no_course(slug)
    return number


# passages of a course → the fingerprints of the encoder and the language model that have read them
ReadBy = Callable[[Sequence[IndexedPassage]], tuple[str, ...]]


def reindex(
    library: Library,
    embedder: Embedder | None,
    progress: Callable[[int, int, str], None] = lambda _d, _t, _w: None,
    read_by: ReadBy = lambda _: (),
) -> int:
    """Build every shard anew from the rows, as `reindex_intact`; StorageError, when that is done, if rows are damaged.

    The number of the new generation. For writers."""
    number, refused = reindex_intact(library, embedder, progress, read_by)
    if refused:
        raise StorageError(f"Generation {number} is served; not all of it is new. {' '.join(refused)}")
    return number


def reindex_intact(
    library: Library,
    embedder: Embedder | None,
    progress: Callable[[int, int, str], None],
    read_by: ReadBy = lambda _: (),
) -> tuple[int, list[str]]:
    """Build every shard anew from the rows alone, course by course: after a change of embedder, or damage.

    The number of the new generation, and a sentence for each course whose rows are not those that were written: they
    enter no index; what is served of their course stays, or goes if it is of no use. What those that have read a
    course (`read_by`) made is in its shard at once. For writers.
    """
    with library.database.reading() as connection:
        built_on = latest_generation(connection)
        slugs = course_slugs(connection)
        faults = file_faults(connection)
        damaged_vectors = damaged_embeddings(connection)
    if faults:
        raise StorageError(f"The database is damaged: {faults[0]}. {RESTORE}")
    if damaged_vectors:
        with library.database.writing() as connection:
            drop_rows_of_vectors(connection, damaged_vectors)
    shards: list[ListedShard] = []
    refused: list[str] = []
    for done, slug in enumerate(slugs):
        progress(done, len(slugs), slug)
        damage = row_damage(library, slug)
        if damage:
            refused.append(damage)
            shards += _shard_before(library, embedder, slug)
        else:
            shards.append(_built_anew(library, embedder, slug, read_by))
    with library.database.publishing() as connection:
        if latest_generation(connection) != built_on:
            raise StorageError("Another machine published meanwhile; run `lectures reindex` again.")
        for slug in slugs:
            adopt_rows(connection, slug)
        for shard in shards:
            for fingerprint in shard.readers:
                note_read(connection, shard.course, fingerprint)
        number = _add_generation(library, connection, embedder, shards, anew=True)
    library.serve(number)
    with library.sweeping():
        library.sweep_all()
    progress(len(slugs), len(slugs), "")
    return number, refused


def _built_anew(library: Library, embedder: Embedder | None, slug: str, read_by: ReadBy) -> ListedShard:
    with library.database.reading() as connection:
        passages = list(read_passages(connection, slug))
    plan = plan_course(library, embedder, slug, passages, anew=True)
    embed_missing(library, plan)
    plan = replace(plan, readers=read_by(passages))
    with library.database.reading() as connection:
        made = made_of(connection, plan)
    return build_shard(library.index_root, slug, passages, made)


def _shard_before(library: Library, embedder: Embedder | None, slug: str) -> list[ListedShard]:
    """The shard that is served of a course, which its damaged rows cannot make again; none if it is of no use."""
    try:
        with library.database.reading() as connection:
            manifest = check_made_with(latest_manifest(library, connection), embedder)
        listed = manifest.shard_of(slug)
        return [] if listed is None or open_shard(library.index_root, listed).course != slug else [listed]
    except (CorruptIndex, IndexUnavailable, IndexMismatch):
        return []


@dataclass(frozen=True, slots=True)
class _Held:
    """What the rows of a course refer to: contents that have vectors, and stored files."""

    contents: set[str]
    files: set[str]

    @classmethod
    def by(cls, connection: Connection, course: str) -> _Held:
        return cls(content_hashes(connection, course), course_files(connection, course))


def _forget(library: Library, plan: Plan, before: _Held, after: _Held, shards: Sequence[ListedShard]) -> None:
    """Let go of what only this course held and does not hold any more; `shards` are those that are listed now."""
    course, unadapted = plan.course, name_of(plan.embedder)
    used = {shard.fingerprint for shard in shards}
    with library.database.writing() as connection:
        previous = _listed_before(library, connection)
        # vectors are found by their fingerprint first: by contents alone everything would be walked through
        own = {shard.fingerprint for shard in previous if shard.course == course} & used
        # an encoder's vectors may lie there before a shard lists them, and while a course that changed waits for it
        for fingerprint in own.union(*(embedded_fingerprints(connection, kind) for kind in READERS)):
            drop_embeddings(connection, fingerprint, before.contents - after.contents)
        # what the course learned before is another's alone now: its contents go, whether it has them still or not
        for fingerprint in own - {unadapted} - {shard.fingerprint for shard in shards if shard.course == course}:
            others = [shard.course for shard in shards if shard.fingerprint == fingerprint]
            kept = set[str]().union(*(content_hashes(connection, other) for other in others))
            drop_vectors(connection, fingerprint, before.contents - kept)
        drop_fingerprints(connection, {shard.fingerprint for shard in previous} - used)
        drop_fingerprints(connection, replaced(_readers(previous), _readers(shards)))
    library.forget_files(before.files - after.files)


def _readers(shards: Iterable[ListedShard]) -> set[str]:
    return {name for shard in shards for name in shard.readers}


def _listed_before(library: Library, connection: Connection) -> tuple[ListedShard, ...]:
    """The shards of the generation before the newest; none if that cannot be read."""
    latest = latest_generation(connection)
    numbers = [n for n in generation_numbers(library.index_root) if latest is not None and n < latest.number]
    try:
        return read_generation(library.index_root, numbers[-1])[0].shards if numbers else ()
    except (CorruptIndex, IndexMismatch, IndexUnavailable):
        return ()


def _other_shards(
    library: Library, connection: Connection, embedder: Embedder | None, course: str
) -> tuple[ListedShard, ...]:
    """The shards of all other courses, which the next generation goes on listing."""
    slugs = {slug for slug in course_slugs(connection) if slug != course}
    if not slugs:
        return ()
    manifest = check_made_with(latest_manifest(library, connection), embedder)
    listed = {shard.course: shard for shard in manifest.shards}
    # a course whose rows are damaged was left out by `reindex`, and does not keep others from being mended
    missing = [slug for slug in sorted(slugs - listed.keys()) if row_damage(library, slug) is None]
    if missing:
        raise IndexMismatch(f"The index lacks {', '.join(missing)}; ingest what is lacking, or run `lectures reindex`.")
    return tuple(listed[slug] for slug in sorted(slugs & listed.keys()))


def _add_generation(
    library: Library,
    connection: Connection,
    embedder: Embedder | None,
    shards: Sequence[ListedShard],
    *,
    anew: bool = False,
) -> int:
    """Write the manifest that lists these shards, and record it; its number."""
    root = library.index_root
    latest = latest_generation(connection)
    number = max(library.newest_number(), latest.number if latest else 0) + 1
    sha256 = write_generation(root, number, ANALYSIS_VERSION, name_of(embedder), shards)
    library.share(number, anew=anew)
    count = sum(shard.passages for shard in shards)
    add_generation(connection, StoredGeneration(number, name_of(embedder), ANALYSIS_VERSION, count, sha256))
    return number
