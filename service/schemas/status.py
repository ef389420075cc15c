"""The shape of `lectures status --json`."""

from __future__ import annotations

from pydantic import Field

from index.types import JobState
from service.schemas.courses import CourseSummaryOut, GapOut
from service.schemas.shape import Shape, Timestamp


class JobSummaryOut(Shape):
    id: str
    source: str
    state: JobState
    attempts: int
    progress: dict[str, object] | None
    problem: str | None
    updated_at: Timestamp


class UnreadOut(Shape):
    course: str
    reader: str = Field(description="The fingerprint of an encoder or a language model")
    passages: int | None = Field(description="How many it cannot read; null: it has not read the course yet")
    reason: str


class StatusOut(Shape):
    """`jobs` counts them by state; `gaps` are those of each course, by its slug; `unread` is what encoder and language
    model have not read."""

    data_dir: str
    database: str
    schema_revision: str | None = Field(serialization_alias="schema")  # pydantic has a method `schema`
    generation: int | None
    current: bool
    embedder: str
    disk_bytes: int
    courses: list[CourseSummaryOut]
    jobs: dict[str, int]
    newest_jobs: list[JobSummaryOut]
    gaps: dict[str, list[GapOut]]
    unread: list[UnreadOut]
