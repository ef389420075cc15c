"""Where in a course something stands."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from index.types import IndexedPassage, Kind, PagePlace, Place, TimePlace, Unit
from service.links import hit_url, kept_url, lecture_url
from service.schemas.shape import Shape


class CourseRef(Shape):
    slug: str
    title: str


class LectureRef(Shape):
    id: int
    position: int
    title: str
    url: str = Field(description="Its page; goes on working when the course is taken up anew")


class PageLocatorOut(Shape):
    type: Literal["page"] = "page"
    deck: str
    deck_id: int
    page_number: int = Field(description="Page of the file, from 1")
    page_label: str | None = Field(description="The number printed on the page")
    unit: Unit = Field(description="What it is called: page (of a PDF), slide, section, cell, part")


class TimeLocatorOut(Shape):
    type: Literal["time"] = "time"
    video: str
    video_id: int
    start_seconds: float
    end_seconds: float


class ProgrammeLocatorOut(Shape):
    type: Literal["programme"] = "programme"


class PlaceOut(Shape):
    id: str
    kind: Kind
    lecture: LectureRef
    locator: PageLocatorOut | TimeLocatorOut | ProgrammeLocatorOut = Field(discriminator="type")
    title: str
    url: str
    place: str


def place_out(passage: IndexedPassage) -> PlaceOut:
    """A passage as a place to go to."""
    return PlaceOut(
        id=passage.id,
        kind=passage.kind,
        lecture=lecture_ref(passage),
        locator=locator_out(passage.place),
        title=passage.title or passage.lecture_title,
        url=hit_url(passage),
        place=kept_url(passage),
    )


def lecture_ref(passage: IndexedPassage) -> LectureRef:
    """The lecture that a passage belongs to."""
    return LectureRef(
        id=passage.lecture_id,
        position=passage.lecture_position,
        title=passage.lecture_title,
        url=lecture_url(passage.course_slug, passage.lecture_position, passage.lecture_mark),
    )


def locator_out(place: Place | None) -> PageLocatorOut | TimeLocatorOut | ProgrammeLocatorOut:
    """A page, a stretch of video, or for a line of the programme only that it is one."""
    match place:
        case PagePlace():
            return PageLocatorOut.model_validate(place)
        case TimePlace():
            return TimeLocatorOut.model_validate(place)
        case None:
            return ProgrammeLocatorOut()
