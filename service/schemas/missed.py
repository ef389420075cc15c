"""The shape of searches in vain."""

from __future__ import annotations

from pydantic import Field

from service.schemas.shape import Shape


class MissedSearchOut(Shape):
    course: str | None = Field(description="Where it was searched; null for all courses")
    query: str
    count: int
    last_day: str
