"""The records of an exported course, a JSON object in each line; `record` says which it is."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, RootModel

from service.schemas.courses import CourseSummaryOut, GapOut, LectureOut, TimelineOut
from service.schemas.places import PlaceOut
from service.schemas.search import AlignedOut
from service.schemas.shape import Shape


class CourseRecord(Shape):
    """The first line. `generation` is what the passages are of."""

    record: Literal["course"] = "course"
    course: CourseSummaryOut
    gaps: list[GapOut]
    generation: int


class LectureRecord(Shape):
    """A lecture, in the order of the course."""

    record: Literal["lecture"] = "lecture"
    lecture: LectureOut


class AlignmentRecord(Shape):
    """When the pages of a lecture are discussed in its videos, all that is known, with how sure it is."""

    record: Literal["alignment"] = "alignment"
    alignment: TimelineOut


class PassageRecord(Shape):
    """A page, a stretch of speech or a programme, with its whole text and its other side."""

    record: Literal["passage"] = "passage"
    passage: PlaceOut
    text: str
    language: str
    source_url: str | None
    aligned: AlignedOut | None


class EndRecord(Shape):
    """The last line; without it the export was cut off."""

    record: Literal["end"] = "end"
    lectures: int
    passages: int


Record = CourseRecord | LectureRecord | AlignmentRecord | PassageRecord | EndRecord


class ExportRecord(RootModel[Annotated[Record, Field(discriminator="record")]]):
    """A line of an export."""
