"""Workers as rows: who reads the queue of jobs, since when, and whether it still does."""

from __future__ import annotations

import datetime as dt
import secrets
import time

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from index.store.jobs import CLOCKS_APART_SECONDS, LEASE_SECONDS
from index.store.tables import workers
from index.types import WorkerRecord


def add_worker(connection: Connection) -> str:
    """Write down that a worker reads the queue; its id. Those that died without a word are forgotten."""
    connection.execute(sa.delete(workers).where(~_is_alive()))
    worker_id = f"w_{secrets.token_hex(8)}"
    values = {"id": worker_id, "started_at": dt.datetime.now(dt.UTC), "seen_at": time.time()}
    connection.execute(sa.insert(workers).values(values))
    return worker_id


def see_worker(connection: Connection, worker_id: str) -> bool:
    """Say that a worker is alive; False if it was taken for dead and forgotten meanwhile."""
    seen = sa.update(workers).where(workers.c.id == worker_id).values(seen_at=time.time())
    return connection.execute(seen).rowcount > 0


def remove_worker(connection: Connection, worker_id: str) -> None:
    """Write down that a worker has stopped."""
    connection.execute(sa.delete(workers).where(workers.c.id == worker_id))


def list_workers(connection: Connection) -> list[WorkerRecord]:
    """The workers that read the queue, the one that has longest first."""
    query = sa.select(workers).where(_is_alive()).order_by(workers.c.started_at, workers.c.id)
    return [WorkerRecord(row.id, row.started_at) for row in connection.execute(query)]


def _is_alive() -> sa.ColumnElement[bool]:
    """Seen within the time of a lease. Dates that nobody gives today were given before a clock was set back."""
    now = time.time()
    return workers.c.seen_at.between(now - LEASE_SECONDS, now + CLOCKS_APART_SECONDS)
