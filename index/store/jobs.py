"""Durable jobs: rows that say what is to be ingested, who has it, how far it is, and how it ended.

A worker holds a job by a lease that it renews; a lease that ran out means that the worker died, and the job is taken
again. A job whose worker died each time that it was tried is set aside: whatever kills workers must not go round. Of
jobs that are over a history is kept.
"""

from __future__ import annotations

import datetime as dt
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from index.errors import NotFound
from index.store.history import forget_old, is_look
from index.store.tables import jobs
from index.types import JobRecord, JobState, Problem, Readable

LEASE_SECONDS = 60.0
MAX_ATTEMPTS = 3
LONGEST_PAUSE_SECONDS = 3 * 3600.0  # before a job is tried again: YouTube forgets an address after some hours
CLOCKS_APART_SECONDS = 300.0  # of machines that share the jobs
_BACK_OFF_SECONDS = 30.0  # doubled twice with each attempt: 30 s, 2 min, 8 min

_PROBLEM = ("problem", "problem_code")


@dataclass(frozen=True, slots=True)
class Job:
    """A job as its worker sees it; `attempt` counts from 1, and tells this holder of it from a later one."""

    id: str
    source: str
    options: dict[str, object]
    attempt: int

    @property
    def is_last_attempt(self) -> bool:
        return self.attempt >= MAX_ATTEMPTS


def add_job(
    connection: Connection, source: str, options: Mapping[str, object], idempotency_key: str | None = None
) -> str:
    """Queue an ingest; its id. The same idempotency key again gives the job of the first time."""
    if known := ordered_before(connection, idempotency_key):
        return known
    job_id = f"j_{secrets.token_hex(8)}"
    now = dt.datetime.fromtimestamp(_now(connection), dt.UTC)
    values = {
        "id": job_id,
        "source": source,
        "options": dict(options),
        "state": JobState.QUEUED,
        "attempts": 0,
        "leased_until": 0.0,
        "idempotency_key": idempotency_key,
        "not_before": 0.0,
        "cancel_asked": False,
        "created_at": now,
        "updated_at": now,
    }
    try:
        with connection.begin_nested():
            connection.execute(sa.insert(jobs).values(values))
    except sa.exc.IntegrityError:  # the same was asked of another process a moment ago
        return str(ordered_before(connection, idempotency_key))
    return job_id


def ordered_before(connection: Connection, idempotency_key: str | None) -> str | None:
    """The job that was queued under this idempotency key, if one was."""
    if idempotency_key is None:
        return None
    return connection.scalar(sa.select(jobs.c.id).where(jobs.c.idempotency_key == idempotency_key))


def has_job(connection: Connection) -> bool:
    """Whether `claim_job` would have something to do: asked by reading alone, so that idle workers hold up nobody."""
    return connection.scalar(sa.select(jobs.c.id).where(_is_waiting(_now(connection))).limit(1)) is not None


def _is_waiting(now: float) -> sa.ColumnElement[bool]:
    """Is to be taken, and no ingest of the same course that was ordered before it runs or is due: what was ordered last
    must be what is published last. One that is tried again later holds up nothing, nor does a look."""
    lease = jobs.c.leased_until
    abandoned = sa.or_(lease < now, lease > now + LEASE_SECONDS + CLOCKS_APART_SECONDS)
    free = sa.or_(_is_due(jobs, now), sa.and_(jobs.c.state == JobState.RUNNING, abandoned))
    earlier = jobs.alias("earlier")
    still = sa.or_(_is_due(earlier, now), earlier.c.state == JobState.RUNNING)
    same = _course_of(earlier) == _course_of(jobs)
    before = sa.select(earlier.c.id).where(still, _is_before(earlier, jobs), same, ~is_look(earlier))
    return sa.and_(free, sa.or_(is_look(jobs), ~before.exists()))


def _is_due(rows: sa.FromClause, now: float) -> sa.ColumnElement[bool]:
    """Is queued, to be taken now. Dates that nobody gives today were given before a clock was set back."""
    due = rows.c.not_before
    is_time = sa.or_(due <= now, due > now + LONGEST_PAUSE_SECONDS + CLOCKS_APART_SECONDS)
    return sa.and_(rows.c.state == JobState.QUEUED, is_time)


def _is_before(rows: sa.FromClause, others: sa.FromClause) -> sa.ColumnElement[bool]:
    """Was ordered before another."""
    same_time = sa.and_(rows.c.created_at == others.c.created_at, rows.c.id < others.c.id)
    return sa.or_(rows.c.created_at < others.c.created_at, same_time)


def _course_of(rows: sa.FromClause) -> sa.ColumnElement[str]:
    """The course that a job is for; its source, where none is named."""
    return sa.func.coalesce(rows.c.options["course"].as_string(), rows.c.source)


def claim_job(connection: Connection) -> Job | None:
    """Take the oldest job that waits, or whose worker died; None if there is none. Two workers never get the same.

    On PostgreSQL a job that another worker is taking just now is passed over; in SQLite one writes at a time anyway.
    """
    now = _now(connection)
    oldest = sa.select(jobs).where(_is_waiting(now)).order_by(jobs.c.created_at, jobs.c.id).limit(1)
    while (row := connection.execute(oldest.with_for_update(skip_locked=True, of=jobs)).first()) is not None:
        if row.cancel_asked:
            _end(connection, row.id, state=JobState.CANCELLED)
            continue
        if row.attempts >= MAX_ATTEMPTS:
            at = (row.progress or {}).get("what")
            problem = (
                f"Set aside: the worker died {row.attempts} times on this course"
                f"{f', the last time after {at}' if at else ''}. Take out what it was reading and ingest again."
            )
            _end(connection, row.id, state=JobState.QUARANTINED, problem=problem, problem_code="worker_died")
            continue
        attempt = row.attempts + 1
        _update(connection, row.id, state=JobState.RUNNING, attempts=attempt, leased_until=now + LEASE_SECONDS)
        _cancel_before(connection, row.id)
        return Job(row.id, row.source, dict(row.options), attempt)
    return None


def _cancel_before(connection: Connection, job_id: str) -> None:
    """Cancel what waits to be tried again and was ordered before this ingest of the same course: it would publish an
    older state last."""
    taken = jobs.alias("taken")
    later = sa.select(taken.c.id).where(
        taken.c.id == job_id,
        ~is_look(taken),
        _course_of(taken) == _course_of(jobs),
        _is_before(jobs, taken),
    )
    given_up = connection.execute(
        sa.update(jobs)
        .where(jobs.c.state == JobState.QUEUED, ~is_look(jobs), later.exists())
        .values(state=JobState.CANCELLED, updated_at=dt.datetime.now(dt.UTC), **_said(None))
    )
    if given_up.rowcount:
        forget_old(connection)


def held_until(connection: Connection) -> list[tuple[str, str, dt.datetime]]:
    """(id, source, when it may be taken again) of the jobs that somebody runs, or ran and died."""
    query = sa.select(jobs).where(jobs.c.state == JobState.RUNNING).order_by(jobs.c.leased_until, jobs.c.id)
    return [
        (row.id, row.source, dt.datetime.fromtimestamp(row.leased_until, dt.UTC)) for row in connection.execute(query)
    ]


def is_held(connection: Connection, job: Job) -> bool:
    """Whether a job is still this worker's."""
    return connection.scalar(sa.select(jobs.c.id).where(_is_own(job))) is not None


def renew_lease(connection: Connection, job: Job, progress: Mapping[str, object] | None = None) -> bool:
    """Say that the worker is alive, and how far it is. False if it should stop: cancelled, or no longer its job."""
    values: dict[str, object] = {"leased_until": _now(connection) + LEASE_SECONDS}
    if progress is not None:
        values["progress"] = dict(progress)
    if not _update_own(connection, job, values):
        return False
    return not connection.scalar(sa.select(jobs.c.cancel_asked).where(jobs.c.id == job.id))


def finish_job(
    connection: Connection,
    job: Job,
    state: JobState,
    *,
    report: Mapping[str, object] | None = None,
    plan: Mapping[str, object] | None = None,
    problem: Problem | None = None,
) -> bool:
    """Write down how it ended; False if it is no longer this worker's."""
    ended = _update_own(connection, job, {"state": state, "report": report, "plan": plan, **_said(problem)})
    if ended:
        forget_old(connection)
    return ended


def retry_job(
    connection: Connection,
    job: Job,
    problem: Problem,
    report: Mapping[str, object] | None = None,
    wait_seconds: float | None = None,
) -> bool:
    """Queue it again, to be tried after a while; False if it is no longer this worker's."""
    wait = _BACK_OFF_SECONDS * 4 ** (job.attempt - 1) if wait_seconds is None else wait_seconds
    values = {"state": JobState.QUEUED, "report": report, "not_before": _now(connection) + wait, **_said(problem)}
    return _update_own(connection, job, values)


def _said(problem: Problem | None) -> dict[str, str | None]:
    return {"problem": problem.detail, "problem_code": problem.code} if problem else dict.fromkeys(_PROBLEM)


def release_job(connection: Connection, job: Job) -> bool:
    """Give it back as if it had not been taken: its worker was told to stop. False if it is no longer this worker's."""
    values = {"state": JobState.QUEUED, "attempts": job.attempt - 1, "leased_until": 0.0}
    return _update_own(connection, job, values)


def cancel_job(connection: Connection, job_id: str) -> None:
    """A job that waits is cancelled at once, one that runs as soon as its worker looks; one that is over stays."""
    # held, so that no worker takes it meanwhile
    connection.execute(sa.select(jobs.c.id).where(jobs.c.id == job_id).with_for_update())
    job = read_job(connection, job_id)
    if job.state is JobState.QUEUED:
        _end(connection, job_id, state=JobState.CANCELLED, cancel_asked=True)
    elif job.state is JobState.RUNNING:
        _update(connection, job_id, cancel_asked=True)


def read_job(connection: Connection, job_id: str) -> JobRecord:
    """A job; NotFound if it is not there."""
    found = _records(connection, sa.select(jobs).where(jobs.c.id == job_id))
    if not found:
        raise NotFound(f"There is no job {job_id!r:.40}.")
    return found[0]


def list_jobs(connection: Connection, limit: int = 20, readable: Readable = None) -> list[JobRecord]:
    """The newest jobs first, of those that name a course which may be read; plans, which are long, are left out."""
    columns = (column for column in jobs.c if column is not jobs.c.plan)
    query = sa.select(*columns, sa.null().label("plan")).order_by(jobs.c.created_at.desc(), jobs.c.id).limit(limit)
    if readable is not None:
        query = query.where(jobs.c.options["course"].as_string().in_(readable))
    return _records(connection, query)


def count_jobs(connection: Connection) -> dict[str, int]:
    """How many jobs are in each state."""
    query = sa.select(jobs.c.state, sa.func.count()).group_by(jobs.c.state)
    return {str(state): int(count) for state, count in connection.execute(query)}


def _records(connection: Connection, query: sa.Select[tuple[object, ...]]) -> list[JobRecord]:
    return [
        JobRecord(
            id=row.id,
            source=row.source,
            options=dict(row.options),
            state=JobState(row.state),
            attempts=row.attempts,
            progress=row.progress,
            report=row.report,
            plan=row.plan,
            problem=row.problem,
            problem_code=row.problem_code,
            not_before=row.not_before,
            cancel_asked=row.cancel_asked,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )
        for row in connection.execute(query)
    ]


def _update_own(connection: Connection, job: Job, values: Mapping[str, object]) -> bool:
    """Change a job while it is still this worker's: a worker that slept past its lease must not write over the next."""
    changed = connection.execute(
        sa.update(jobs).where(_is_own(job)).values(updated_at=dt.datetime.now(dt.UTC), **values)
    )
    return changed.rowcount > 0


def _is_own(job: Job) -> sa.ColumnElement[bool]:
    return sa.and_(jobs.c.id == job.id, jobs.c.state == JobState.RUNNING, jobs.c.attempts == job.attempt)


def _now(connection: Connection) -> float:
    """Seconds since the epoch by the one clock that all workers share: that of the server, or of the machine whose file
    it is."""
    if connection.dialect.name == "sqlite":
        return time.time()
    return float(connection.scalar(sa.select(sa.extract("epoch", sa.func.clock_timestamp()))) or 0)


def _update(connection: Connection, job_id: str, **values: object) -> None:
    values["updated_at"] = dt.datetime.now(dt.UTC)
    connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(values))


def _end(connection: Connection, job_id: str, **values: object) -> None:
    _update(connection, job_id, **values)
    forget_old(connection)
