"""Durable jobs: rows that say what is to be ingested, who has it, and how it ended.

A worker holds a job by a lease that it renews; a lease that ran out means that the worker died, and the job is taken
again, at most `MAX_ATTEMPTS` times.
"""

from __future__ import annotations

import datetime as dt
import secrets
import time
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from index.errors import NotFound
from index.tables import jobs
from index.types import JobState

LEASE_SECONDS = 60.0
MAX_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Job:
    """A job as its worker sees it; `attempt` counts from 1."""

    id: str
    source: str
    options: dict[str, Any]
    attempt: int


def add_job(connection: Connection, source: str, options: dict[str, Any]) -> str:
    """Queue an ingest; its id."""
    job_id = f"j_{secrets.token_hex(8)}"
    now = dt.datetime.now(dt.UTC)
    values = {
        "id": job_id,
        "source": source,
        "options": options,
        "state": JobState.QUEUED,
        "attempts": 0,
        "leased_until": 0.0,
        "created_at": now,
        "updated_at": now,
    }
    connection.execute(sa.insert(jobs).values(values))
    return job_id


def claim_job(connection: Connection) -> Job | None:
    """Take the oldest job that waits, or whose worker died; None if there is none. Two workers never get the same."""
    abandoned = sa.and_(jobs.c.state == JobState.RUNNING, jobs.c.leased_until < time.time())
    waiting = sa.or_(jobs.c.state == JobState.QUEUED, abandoned)
    for row in connection.execute(sa.select(jobs).where(waiting).order_by(jobs.c.created_at, jobs.c.id)).all():
        if row.attempts >= MAX_ATTEMPTS:
            problem = f"The worker died {row.attempts} times on this course; look for the file that it was reading."
            _update(connection, row.id, state=JobState.FAILED, problem=problem)
            continue
        taken = connection.execute(
            sa.update(jobs)
            .where(jobs.c.id == row.id, jobs.c.state == row.state, jobs.c.attempts == row.attempts)
            .values(
                state=JobState.RUNNING,
                attempts=row.attempts + 1,
                leased_until=time.time() + LEASE_SECONDS,
                updated_at=dt.datetime.now(dt.UTC),
            )
        )
        if taken.rowcount:
            return Job(row.id, row.source, dict(row.options), row.attempts + 1)
    return None


def renew_lease(connection: Connection, job: Job) -> None:
    """Say that the worker is alive."""
    _update(connection, job.id, leased_until=time.time() + LEASE_SECONDS)


def finish_job(connection: Connection, job: Job, *, report: dict[str, Any] | None, problem: str | None) -> None:
    """Done, or failed with a sentence that says why."""
    state = JobState.FAILED if problem else JobState.DONE
    _update(connection, job.id, state=state, report=report, problem=problem)


def read_job(connection: Connection, job_id: str) -> Row[Any]:
    """A job's row; NotFound if it is not there."""
    row = connection.execute(sa.select(jobs).where(jobs.c.id == job_id)).one_or_none()
    if row is None:
        raise NotFound(f"There is no job {job_id!r:.40}.")
    return row


def count_jobs(connection: Connection) -> dict[str, int]:
    """How many jobs are in each state."""
    query = sa.select(jobs.c.state, sa.func.count()).group_by(jobs.c.state)
    return {str(state): int(count) for state, count in connection.execute(query)}


def _update(connection: Connection, job_id: str, **values: Any) -> None:
    values["updated_at"] = dt.datetime.now(dt.UTC)
    connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(values))
