"""Courses that the encoder has not read → their shards, published anew with its vectors inside.

A course is published at once, without them: reading it takes minutes. What was read is kept batch by batch, so that
whoever goes on, here or on another machine, goes on from there. Several that read at once share a course without
knowing of each other: each takes what is still missing in an order of its own.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from index.damage import row_damage
from index.embed.encoder import Encoder
from index.embed.protocol import Embedder
from index.library import Library
from index.plan import embed_missing, latest_manifest, plan_course
from index.publish import publish
from index.served import check_made_with
from index.store.embeddings import add_embeddings, missing_embeddings
from index.store.generations import latest_generation
from index.store.passages import read_passages
from index.types import ROLES, IndexedPassage, Role

_BATCH = 16  # passages, some seconds: as often it is asked whether to go on
_WHOLE = bytes([ROLES.index(Role.WHOLE)])

# (course, passages that are read, all of them); what it raises ends the reading, and loses nothing
Progress = Callable[[str, int, int], None]


def courses_to_encode(library: Library, embedder: Embedder | None, encoder: Encoder) -> list[str]:
    """The courses whose shards lack the encoder's vectors. IndexMismatch if another embedder made the index."""
    with library.database.reading() as connection:
        if latest_generation(connection) is None:
            return []
        manifest = check_made_with(latest_manifest(library, connection), embedder)
    return [shard.course for shard in manifest.shards if shard.passages and shard.encoder != encoder.fingerprint]


def encode_course(
    library: Library, embedder: Embedder | None, encoder: Encoder, course: str, progress: Progress
) -> int | None:
    """Have the encoder read a course, and publish that; the number of the generation, or None where there is nothing to
    publish: the course is gone meanwhile, or its rows are damaged, which `lectures verify` tells of.
    """
    while True:
        if not _read(library, encoder, course, progress):
            return None
        with library.writer(lambda: progress(course, 0, 0)):
            passages = _passages(library, course)
            if not passages or row_damage(library, course) is not None:
                return None
            if _missing(library, encoder, passages):
                continue  # it changed while it was read
            if course not in courses_to_encode(library, embedder, encoder):
                return None  # another one was quicker
            plan = plan_course(library, embedder, course, passages)
            embed_missing(library, plan)
            return publish(library, replace(plan, encoder=encoder.fingerprint), lambda _: None)


def encode_courses(library: Library, embedder: Embedder | None, encoder: Encoder, progress: Progress) -> int:
    """Have the encoder read what it has not read yet; how many courses were published."""
    published = 0
    for course in courses_to_encode(library, embedder, encoder):
        published += encode_course(library, embedder, encoder, course, progress) is not None
    return published


def _read(library: Library, encoder: Encoder, course: str, progress: Progress) -> bool:
    """Make what is missing of the encoder's vectors; False for a course that has no passages."""
    passages = _passages(library, course)
    contents = {passage.content_hash: (passage.title, passage.text) for passage in passages}
    while missing := sorted(_missing(library, encoder, passages)):
        progress(course, len(contents) - len(missing), len(contents))
        batch = random.sample(missing, min(_BATCH, len(missing)))
        vectors = encoder.read([contents[key] for key in batch]).astype("<f4")
        items = [(key, _WHOLE, vector.tobytes()) for key, vector in zip(batch, vectors, strict=True)]
        with library.database.writing() as connection:
            add_embeddings(connection, encoder.fingerprint, items)
    progress(course, len(contents), len(contents))
    return bool(passages)


def _passages(library: Library, course: str) -> list[IndexedPassage]:
    with library.database.reading() as connection:
        return list(read_passages(connection, course))


def _missing(library: Library, encoder: Encoder, passages: list[IndexedPassage]) -> set[str]:
    with library.database.reading() as connection:
        return missing_embeddings(connection, encoder.fingerprint, {passage.content_hash for passage in passages})
