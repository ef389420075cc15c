"""Where a page stands → where its search box can search: this lecture, this course, all courses or another one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from index.errors import InvalidRequest
from index.types import CourseDetails, CourseSummary, LectureEntry
from service.links import course_url, lecture_link
from service.web.place import Place, read_course, read_lecture
from service.web.words import Words

_OF_ITS_OWN = re.compile(r"^/c/[^/]+(?:/|$)")


@dataclass(frozen=True, slots=True)
class Scope:
    """What can be chosen beside the search box: an address, its name, and whether it is chosen."""

    address: str
    name: object
    chosen: bool


def read_scope(address: str) -> tuple[str, str]:
    """The course and the lecture's address that `in` names, either of them empty; InvalidRequest if it is neither."""
    if not address:
        return "", ""
    if lecture := read_lecture(address):
        return lecture.slug, address
    if course := read_course(address):
        return course, ""
    raise InvalidRequest(f"in: {address!r:.60} is no address of a course or lecture.")


def scopes(place: Place, values: Mapping[str, object], words: Words) -> list[Scope]:
    """What the box of a page offers, the nearest first; inside a lecture that lecture is chosen. None where there is
    nothing to choose."""
    courses = values.get("courses")
    known = [item for item in courses if isinstance(item, CourseSummary)] if isinstance(courses, Sequence) else []
    slug, lecture = _where(place, values)
    chosen = lecture or (course_url(slug) if slug else "")
    offered: list[tuple[str, object]] = [(lecture, words["in_lecture"])] if lecture else []
    if slug and slug not in {item.slug for item in known}:
        offered.append((course_url(slug), words["in_course"]))
    offered.append(("", words["all_courses"]))
    if len(known) > 1 or lecture:
        offered += [(course_url(item.slug), item.title) for item in known]
    return [Scope(address, name, address == chosen) for address, name in offered] if len(offered) > 1 else []


def _where(place: Place, values: Mapping[str, object]) -> tuple[str, str]:
    """The course that a page is in, and the address of its lecture."""
    if not _OF_ITS_OWN.match(place.path):
        return place.course, place.lecture
    lecture = getattr(values.get("look"), "lecture", None)
    if isinstance(lecture, LectureEntry):
        return lecture.course.slug, lecture_link(lecture.course.slug, lecture)
    match values.get("course"):
        case CourseDetails(slug=slug) | {"slug": str(slug)}:
            return slug, ""
    return place.course, ""
