"""Vectors of contents, kept so that what is unchanged is never embedded again: bytes in, bytes out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from index.errors import StorageError
from index.store.integrity import vectors_sha256
from index.store.rows import batches, insert_missing
from index.store.tables import embeddings, passages


def missing_embeddings(connection: Connection, fingerprint: str, hashes: Iterable[str]) -> set[str]:
    """Which of these contents have no vectors of this embedder yet."""
    missing = set(hashes)
    for some in batches(sorted(missing)):
        query = sa.select(embeddings.c.content_hash).where(
            embeddings.c.fingerprint == fingerprint, embeddings.c.content_hash.in_(some)
        )
        missing.difference_update(connection.scalars(query))
    return missing


def add_embeddings(connection: Connection, fingerprint: str, items: Sequence[tuple[str, bytes, bytes]]) -> None:
    """Keep (content hash, a byte for the role of each vector, (n, d) vectors as little-endian float32); what another
    process has kept meanwhile stays."""
    insert_missing(
        connection,
        embeddings,
        [
            {
                "fingerprint": fingerprint,
                "content_hash": content_hash,
                "roles": roles,
                "vectors": vectors,
                "sha256": vectors_sha256(roles, vectors),
            }
            for content_hash, roles, vectors in sorted(items)
        ],
    )


def read_embeddings(
    connection: Connection, fingerprint: str, hashes: Iterable[str]
) -> Iterator[tuple[str, bytes, bytes]]:
    """(content hash, roles, vectors as stored) of those of these contents that this embedder has embedded.

    StorageError if they are not those that were stored.
    """
    for some in batches(sorted(set(hashes))):
        query = sa.select(embeddings).where(
            embeddings.c.fingerprint == fingerprint, embeddings.c.content_hash.in_(some)
        )
        for row in connection.execute(query):
            roles, vectors = bytes(row.roles), bytes(row.vectors)
            if row.sha256 not in (None, vectors_sha256(roles, vectors)):
                raise StorageError(
                    "Vectors in the database are damaged; run `lectures reindex`, which makes them anew."
                )
            yield row.content_hash, roles, vectors


def embedded_fingerprints(connection: Connection, prefix: str = "") -> list[str]:
    """Every fingerprint (that begins so) under which vectors are kept: one step in the index for each, however many
    vectors it has."""
    found: list[str] = []
    while True:
        query = sa.select(sa.func.min(embeddings.c.fingerprint))
        if prefix:
            query = query.where(embeddings.c.fingerprint.startswith(prefix, autoescape=True))
        following = connection.scalar(query.where(embeddings.c.fingerprint > found[-1]) if found else query)
        if following is None:
            return found
        found.append(str(following))


def drop_fingerprints(connection: Connection, fingerprints: Collection[str]) -> None:
    """Forget all vectors that were made under these fingerprints."""
    for fingerprint in fingerprints:
        connection.execute(sa.delete(embeddings).where(embeddings.c.fingerprint == fingerprint))


def drop_embeddings(connection: Connection, fingerprint: str, hashes: Iterable[str]) -> None:
    """Forget the vectors, made under this fingerprint, of those of these contents that no passage has any more."""
    for some in batches(sorted(set(hashes))):
        used = set(connection.scalars(sa.select(passages.c.content_hash).where(passages.c.content_hash.in_(some))))
        drop_vectors(connection, fingerprint, [content_hash for content_hash in some if content_hash not in used])


def drop_vectors(connection: Connection, fingerprint: str, hashes: Iterable[str]) -> None:
    """Forget the vectors of these contents that were made under this fingerprint."""
    for some in batches(sorted(set(hashes))):
        where = sa.and_(embeddings.c.fingerprint == fingerprint, embeddings.c.content_hash.in_(some))
        connection.execute(sa.delete(embeddings).where(where))


def drop_unused_embeddings(connection: Connection) -> None:
    """Forget the vectors of all contents that no passage has: a walk through everything, after a crash only."""
    used = sa.select(passages.c.content_hash)
    connection.execute(sa.delete(embeddings).where(embeddings.c.content_hash.not_in(used)))
