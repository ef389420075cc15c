"""A course's passages → what its shard will hold: the embedder as it reads this course, and the vectors it gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy.engine import Connection

from index.embed.adaptation import Adaptation, basis_of, is_near
from index.embed.protocol import Embedder, passage_views
from index.embed.table import pair_similarities
from index.engine.build import Made
from index.engine.encoded import name_of_vectors
from index.engine.foreseen import PREFIX as QUESTIONS
from index.engine.foreseen import name_of_questions
from index.engine.manifest import GenerationManifest, read_generation
from index.engine.shard import open_shard
from index.errors import CorruptIndex, EmbedderError, IndexMismatch, IndexUnavailable, StorageError
from index.library import Library, name_of
from index.served import check_made_with
from index.store.embeddings import add_embeddings, missing_embeddings, read_embeddings
from index.store.generations import latest_generation
from index.types import ROLES, IndexedPassage, Passage

_EMBED_BATCH = 256  # passages whose vectors are made, and made durable, together
# What the embedder learned of a course is kept until this share of its passages is new or gone.
_ADAPT_AFTER = 0.2

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a shard will hold: the embedder as it reads this course, and (title, text) by content hash; with
    `readers`, what the encoder and the language model of these fingerprints made as well."""

    course: str
    embedder: Embedder | None
    contents: Mapping[str, tuple[str, str]]
    readers: tuple[str, ...] = ()


def plan_course(
    library: Library,
    embedder: Embedder | None,
    course: str,
    passages: Sequence[Passage | IndexedPassage],
    *,
    anew: bool = False,
) -> Plan:
    """The plan of a course's shard. IndexMismatch if the index of the other courses was made with another embedder.

    The built-in embedder adapts to each course, by what that course alone says, so that the order of ingests does not
    matter. What it learned is kept while little of the course has changed (unless `anew`), so that a small change
    embeds little.
    """
    contents = {passage.content_hash: (passage.title, passage.text) for passage in passages}
    if embedder is None or not contents:
        return Plan(course, embedder, contents)
    basis = basis_of(contents)
    kept = None if anew else _learned_before(library, embedder, course)
    if kept is not None and is_near(kept.basis, basis, _ADAPT_AFTER):
        return Plan(course, embedder.with_adaptation(kept), contents)
    whole = [passage_views(title, text, split=False)[0][1] for title, text in contents.values()]
    return Plan(course, embedder.adapted_to(whole, basis), contents)


def embed_missing(library: Library, plan: Plan, progress: Progress = lambda _done, _total: None) -> int:
    """Make the vectors that are not stored yet, batch by durable batch; how many passages were embedded."""
    if plan.embedder is None:
        return 0
    with library.database.reading() as connection:
        missing = missing_embeddings(connection, plan.embedder.fingerprint, plan.contents)
    todo = [key for key in plan.contents if key in missing]
    for start in range(0, len(todo), _EMBED_BATCH):
        batch = {key: plan.contents[key] for key in todo[start : start + _EMBED_BATCH]}
        vectors = _embed(plan.embedder, batch)
        with library.database.writing() as connection:
            add_embeddings(connection, plan.embedder.fingerprint, vectors)
        progress(start + len(batch), len(todo))
    return len(todo)


def latest_manifest(library: Library, connection: Connection) -> GenerationManifest:
    latest = latest_generation(connection)
    if latest is None:
        raise IndexMismatch("There are courses that no index holds; run `lectures reindex`.")
    try:
        manifest, sha256 = read_generation(library.index_root, latest.number)
    except IndexUnavailable as error:
        if library.shared is None:
            raise
        raise StorageError(
            f"Another machine published generation {latest.number} just now; try again in a moment."
        ) from error
    if sha256 != latest.manifest_sha256:
        raise CorruptIndex(f"Generation {latest.number} is not the one in the database; run `lectures reindex`.")
    return manifest


def _learned_before(library: Library, embedder: Embedder, course: str) -> Adaptation | None:
    """What the embedder learned of a course the last time, if that can still be used."""
    try:
        with library.database.reading() as connection:
            manifest = check_made_with(latest_manifest(library, connection), embedder)
        listed = manifest.shard_of(course)
        return None if listed is None else open_shard(library.index_root, listed).adaptation
    except (CorruptIndex, IndexUnavailable, IndexMismatch, EmbedderError, StorageError):
        return None  # it is learned anew


def made_of(connection: Connection, plan: Plan) -> Made:
    """What makes the vectors of a shard, with those that are stored."""
    made = _made_by(connection, plan.embedder, plan)
    for reader in plan.readers:
        kept = {key: content for key, _, content in read_embeddings(connection, reader, plan.contents)}
        if reader.startswith(QUESTIONS):
            made = replace(made, questions=name_of_questions(reader, kept), foreseen=kept)
        else:
            made = replace(made, encoder=name_of_vectors(reader, kept), encoded=kept)
    return made


def _made_by(connection: Connection, embedder: Embedder | None, plan: Plan) -> Made:
    if embedder is None:
        return Made(name_of(None), name_of(None), 0, None, {}, pair_similarities)
    stored = {
        key: (roles, vectors)
        for key, roles, vectors in read_embeddings(connection, embedder.fingerprint, plan.contents)
    }
    return Made(embedder.name, embedder.fingerprint, embedder.dimension, embedder.adaptation, stored, pair_similarities)


def _embed(embedder: Embedder, batch: Mapping[str, tuple[str, str]]) -> list[tuple[str, bytes, bytes]]:
    """(content hash, roles, vectors) of each content, as they are stored."""
    views = [passage_views(title, text, split=embedder.splits_passages) for title, text in batch.values()]
    vectors = embedder.embed_passages([text for view in views for _, text in view])
    if vectors.shape != (sum(map(len, views)), embedder.dimension) or not np.isfinite(vectors).all():
        raise EmbedderError(f"The embedder {embedder.fingerprint} gave unusable vectors; choose another.")
    items, row = [], 0
    for key, view in zip(batch, views, strict=True):
        own = vectors[row : row + len(view)].astype("<f4")
        items.append((key, bytes(ROLES.index(role) for role, _ in view), own.tobytes()))
        row += len(view)
    return items
