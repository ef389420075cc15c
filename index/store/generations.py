"""Which generation of the index shows what the rows say."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from index.store.rows import insert
from index.store.tables import generations


@dataclass(frozen=True, slots=True)
class StoredGeneration:
    """A generation as the rows know it: its manifest has this hash, or it is another one."""

    number: int
    embedder: str
    analysis: str
    passages: int
    manifest_sha256: str


def add_generation(connection: Connection, generation: StoredGeneration) -> None:
    """Record that this generation shows what the rows say, in the transaction that makes them say it."""
    values = {
        "number": generation.number,
        "created_at": dt.datetime.now(dt.UTC),
        "fingerprint": generation.embedder,
        "analysis": generation.analysis,
        "passages": generation.passages,
        "manifest_sha256": generation.manifest_sha256,
    }
    insert(connection, generations, [values])


def manifest_of(connection: Connection, number: int) -> str | None:
    """The SHA-256 of the manifest of a generation, if it is known here."""
    found = connection.scalar(sa.select(generations.c.manifest_sha256).where(generations.c.number == number))
    return None if found is None else str(found)


def latest_generation(connection: Connection) -> StoredGeneration | None:
    """The newest generation: what should be served."""
    row = connection.execute(sa.select(generations).order_by(generations.c.number.desc()).limit(1)).one_or_none()
    if row is None:
        return None
    return StoredGeneration(row.number, row.fingerprint, row.analysis, row.passages, row.manifest_sha256)
