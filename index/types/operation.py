"""How an installation is run: what a key may do, what became of a job."""

from __future__ import annotations

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
