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


class StatusOut(Shape):
    """`jobs` counts them by state; `gaps` are those of each course, by its slug."""

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
