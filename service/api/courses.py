"""What the courses hold."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from index.store.catalogue import course_details, lecture_details, list_courses
from index.store.timeline import lecture_timeline
from service.access import Administrator, Reader
from service.deps import State
from service.openapi import ADMIN
from service.schemas import CourseOut, CourseSummaryOut, LectureDetailsOut, TermsOut, TimelineOut, terms_out
from service.validation import StrictRoute

router = APIRouter(tags=["courses"], route_class=StrictRoute)

Id = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get("/courses")
def courses(state: State, caller: Reader) -> list[CourseSummaryOut]:
    """All courses."""
    with state.library.database.reading() as connection:
        found = list_courses(connection, caller.courses)
    return [CourseSummaryOut.model_validate(course) for course in found]


@router.get("/courses/{slug}")
def course(state: State, caller: Reader, slug: Annotated[str, Path(max_length=80)]) -> CourseOut:
    """One course: its lectures in order, and what is missing from it, with reasons."""
    with state.library.database.reading() as connection:
        return CourseOut.model_validate(course_details(connection, slug, caller.courses))


@router.delete("/courses/{slug}", status_code=204, response_class=Response, openapi_extra=ADMIN)
def remove(state: State, caller: Administrator, slug: Annotated[str, Path(max_length=80)]) -> Response:
    """Forget a course and all that hangs on it."""
    caller.check_course(slug)
    state.forget(slug)
    return Response(status_code=204)


@router.get("/courses/{slug}/terms")
def terms(state: State, caller: Reader, slug: Annotated[str, Path(max_length=80)]) -> TermsOut:
    """The terms of a course in both languages, alphabetical, each with the place where it is first explained."""
    caller.check_course(slug)
    return terms_out(slug, state.terms(slug))


@router.get("/lectures/{lecture_id}")
def lecture(state: State, caller: Reader, lecture_id: Id) -> LectureDetailsOut:
    """One lecture."""
    with state.library.database.reading() as connection:
        return LectureDetailsOut.model_validate(lecture_details(connection, lecture_id, caller.courses))


@router.get("/lectures/{lecture_id}/timeline")
def timeline(
    state: State,
    caller: Reader,
    lecture_id: Id,
    min_confidence: Annotated[
        float | None, Query(ge=0, le=1, description="Show what is at least this sure; 0 shows all")
    ] = None,
) -> TimelineOut:
    """When each page of a lecture is discussed in its videos, worked out from the words alone."""
    with state.library.database.reading() as connection:
        lecture_details(connection, lecture_id, caller.courses)  # NotFound if there is none to read
        return TimelineOut.model_validate(lecture_timeline(connection, lecture_id, min_confidence))
