"""The shapes of ingests as jobs."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field, StrictBool

from index.types import JobState
from service.schemas.shape import Shape, Timestamp


class IngestIn(BaseModel):
    source: str = Field(
        min_length=1,
        max_length=2_000,
        description="Folder or .zip on the server, or an address",
        examples=["https://github.com/owner/course"],
    )
    course: str | None = Field(None, max_length=80, description="Slug to keep it under; default: by its name")
    languages: list[Annotated[str, Field(pattern="^[a-z]{2,3}$")]] = Field(
        [], max_length=10, description="Caption languages, best first"
    )
    linked_only: StrictBool = Field(False, description="Only the PDFs that a lecture names")
    dry_run: StrictBool = Field(
        False, description="Only say how the course is understood; nothing that is served changes"
    )


class IngestQueuedOut(Shape):
    id: str


class IngestOut(Shape):
    id: str
    source: str
    state: JobState
    attempts: int
    progress: dict[str, object] | None = Field(description="step, done, total, what: what it is doing just now")
    report: dict[str, object] | None = Field(description="What it did, with the gaps of the course")
    plan: dict[str, object] | None = Field(
        None, description="Of a dry run: lectures, why, problems, left_out, yaml (a course.yaml); null in lists"
    )
    problem: str | None
    created_at: Timestamp
    updated_at: Timestamp
