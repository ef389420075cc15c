"""How an installation is run: what a key may do, what became of a job, what was searched in vain, what is unread."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class AccessScope(StrEnum):
    """What a key may do."""

    SEARCH = "search"
    ANSWER = "answer"
    ADMIN = "admin"


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    QUARANTINED = "quarantined"  # its worker died each time that it was tried


# Slugs of the courses that somebody may read; None for all.
Readable = frozenset[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """A job as all see it.

    `options`, `progress`, `report` and `plan` are JSON objects of whoever ordered and ran it, kept as they were
    written; `not_before` is in seconds since the epoch: before them a job that failed is not tried again.
    """

    id: str
    source: str
    options: dict[str, object]
    state: JobState
    attempts: int
    progress: dict[str, object] | None
    report: dict[str, object] | None
    plan: dict[str, object] | None
    problem: str | None
    problem_code: str | None
    not_before: float
    cancel_asked: bool
    created_at: dt.datetime
    updated_at: dt.datetime


@dataclass(frozen=True, slots=True)
class WorkerRecord:
    """A worker that reads the queue, and since when."""

    id: str
    started_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedSearch:
    """Words that were searched in vain, how often, and the day of the last time; `course` is None for all courses."""

    course: str | None
    query: str
    count: int
    last_day: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What a reader in the background made of a passage; empty if that is nothing, or could not be, for the reason in
    `refused`."""

    content: bytes
    refused: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """What a reader in the background has not read of a course: so many passages that it cannot read, for this reason;
    with None all of the course, which it could not until now."""

    course: str
    reader: str
    passages: int | None
    reason: str
