"""What is wrong with an installation: its database, what is served of it, its stored files, its shared storage."""

from __future__ import annotations

from index.embed.protocol import Embedder
from index.engine.build import shard_name
from index.engine.generation import open_generation
from index.engine.manifest import read_generation
from index.engine.passages import dump_passages
from index.errors import CorruptIndex, IndexMismatch, IndexUnavailable, StorageError
from index.library import Library
from index.served import NONE_NAMED, check_made_with, wanted_generations
from index.sharing import Published
from index.store.database import RESTORE
from index.store.generations import StoredGeneration, latest_generation
from index.store.integrity import are_as_written, damaged_embeddings, file_faults
from index.store.known import course_slugs, places_of, stored_hashes
from index.store.passages import read_passages

_LOOKS = 3  # while others publish


def find_damage(library: Library, embedder: Embedder | None) -> list[str]:
    """What is wrong with the database, what is served and the stored files, a sentence each; empty if all is well.

    Looked for again where somebody published meanwhile: what was read before and after is not of one state.
    """
    for _ in range(_LOOKS):
        before = _latest_number(library)
        damage = _damage_now(library, embedder)
        if not damage or _latest_number(library) == before:
            break
    return damage


def _latest_number(library: Library) -> int | None:
    try:
        with library.database.reading() as connection:
            latest = latest_generation(connection)
    except StorageError:
        return None
    return latest.number if latest else None


def _damage_now(library: Library, embedder: Embedder | None) -> list[str]:
    try:
        with library.database.reading() as connection:
            faults = [f"The database is damaged: {fault}. {RESTORE}" for fault in file_faults(connection)]
            latest, slugs = latest_generation(connection), course_slugs(connection)
            referenced = stored_hashes(connection)
        with library.database.reading() as connection:
            vectors = len(damaged_embeddings(connection))
    except StorageError as error:
        return [str(error) if RESTORE in str(error) else f"{error} {RESTORE}"]
    rows = [sentence for sentence in (row_damage(library, slug) for slug in slugs) if sentence]
    if vectors:
        rows.append(f"The vectors of {vectors} passages are damaged; `lectures reindex` makes them anew.")
    return [
        *faults,
        *rows,
        *_index_damage(library, embedder, latest, slugs),
        *damaged_files(library, referenced - library.files.intact_hashes()),
        *_shared_damage(library, latest),
    ]


def damaged_files(library: Library, hashes: set[str], beside: str = "") -> list[str]:
    """A sentence for each of these stored files, which are missing or damaged: of which course it is, and what it is
    called there. `beside` is what else is to be said of it."""
    if not hashes:
        return []
    with library.database.reading() as connection:
        places = places_of(connection, hashes)
    said = []
    for sha256 in sorted(hashes):
        own = places.get(sha256, [])
        named = ", ".join(dict.fromkeys(f"{name} of course {slug}" for slug, name in own))
        known = f" ({named})" if named else ""
        slugs = " and ".join(dict.fromkeys(slug for slug, _ in own)) or "its course"
        said.append(f"The stored file {sha256}{known} is missing or damaged{beside}; ingest {slugs} again.")
    return said


def _shared_damage(library: Library, latest: StoredGeneration | None) -> list[str]:
    if library.shared is None or latest is None:
        return []
    try:
        return library.shared.faults(Published(latest.number, latest.manifest_sha256))
    except StorageError as error:
        return [str(error)]


def row_damage(library: Library, slug: str) -> str | None:
    """The sentence that says that the rows of a course are not those that were written; None if they are."""
    try:
        with library.database.reading() as connection:
            if are_as_written(connection, slug):
                return None
    except StorageError:
        pass  # some of them cannot even be read
    return f"The rows of course {slug} are not those that were written; ingest it again, or `lectures remove {slug}`."


def _index_damage(
    library: Library, embedder: Embedder | None, latest: StoredGeneration | None, slugs: list[str]
) -> list[str]:
    damage = list(wanted_generations(library).problems)
    if latest is None:
        if slugs and NONE_NAMED not in damage:
            damage.append(NONE_NAMED)
        return damage
    try:
        manifest, sha256 = read_generation(library.index_root, latest.number)
        generation = open_generation(library.index_root, check_made_with(manifest, embedder))
    except (CorruptIndex, IndexMismatch, IndexUnavailable) as error:
        return [*damage, str(error)]
    damage += generation.damaged.values()
    if latest.manifest_sha256 != sha256:
        damage.append(f"Generation {latest.number} is not the one in the database; run `lectures reindex`.")
    if sorted(shard.course for shard in manifest.shards) != slugs:
        damage.append("The index and the database hold different courses; run `lectures reindex`.")
    for listed in manifest.shards:
        try:
            with library.database.reading() as connection:
                records, ids = dump_passages(read_passages(connection, listed.course))
        except StorageError:
            continue  # said of the rows already
        name = shard_name(listed.course, records, listed.fingerprint, listed.encoder, listed.questions)
        served = generation.shard(listed.course)
        same = name == listed.name and (served is None or served.passages.ids == ids)
        if listed.course in slugs and not same:
            damage.append(f"What is served of course {listed.course} is not what its rows say; run `lectures reindex`.")
    return damage
