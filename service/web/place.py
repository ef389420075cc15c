"""What a page shows ↔ its address: every state has one, so that it can be shared and the back button works."""

from __future__ import annotations

import re
from dataclasses import KW_ONLY, dataclass, fields, replace
from typing import Any
from urllib.parse import quote, unquote, urlencode

from index.errors import InvalidRequest

_KEPT = re.compile(r"^/c/([^/]{1,80})/([dv])/(.{1,1500}?)(?:/(\d{1,7}))?(?:\?m=([^?]{0,40}))?$")
_COURSE = re.compile(r"/c/([^/]{1,80})")
_LECTURE = re.compile(r"/c/([^/]{1,80})/l/(\d{1,6})(?:\?m=(\w{1,40}))?")
_FORMER = re.compile(r"^(page|time)-(\d{1,9})-(\d{1,7})$")
_PLACE_OF_ITS_OWN = re.compile(r"^/c/[^/]+/[dlv]/")


@dataclass(frozen=True, slots=True)
class LectureAddress:
    """A lecture by its position in the course and its mark, which may be empty."""

    slug: str
    position: int
    mark: str


@dataclass(frozen=True, slots=True)
class PageAddress:
    """A page by the path of its deck; without a number the deck."""

    slug: str
    name: str
    page_number: int | None
    mark: str


@dataclass(frozen=True, slots=True)
class MomentAddress:
    """A second of a video by the name of the video; without one its beginning."""

    slug: str
    name: str
    seconds: int | None
    mark: str


@dataclass(frozen=True, slots=True)
class FormerPage:
    """A page by the number of its deck's row, as addresses were before."""

    deck_id: int
    page_number: int


@dataclass(frozen=True, slots=True)
class FormerMoment:
    """A second by the number of its video's row."""

    video_id: int
    seconds: int


Address = PageAddress | MomentAddress | FormerPage | FormerMoment


@dataclass(frozen=True, slots=True)
class Place:
    """The path of a page and the parameters that say what it shows; empty ones are left out of the address.

    `open` is the address of what is looked at beside it, readable as a person would write it; `prev` the question that
    this one follows; `lecture` the address of the lecture that is searched.
    """

    path: str = "/"
    _: KW_ONLY
    q: str = ""
    course: str = ""
    kind: str = ""
    lecture: str = ""
    offset: int = 0
    literal: str = ""
    prev: str = ""
    open: str = ""
    lang: str = ""

    def url(self, **changes: Any) -> str:
        """The address with some of it changed."""
        changed = replace(self, **changes)
        given = {field.name: getattr(changed, field.name) for field in fields(changed) if field.name != "path"}
        places = {name: given.pop(name) for name in ("lecture", "open")}
        query = urlencode({name: value for name, value in given.items() if value and name != "lang"})
        # what is itself an address stays readable
        shown = "&".join(f"{name}={quote(value, safe='/?=:~')}" for name, value in places.items() if value)
        language = f"lang={quote(changed.lang)}" if changed.lang else ""
        query = "&".join(filter(None, (query, shown, language)))
        if not query:
            return changed.path
        return f"{changed.path}{'&' if '?' in changed.path else '?'}{query}"

    def plain(self, path: str, **changes: Any) -> str:
        """The address of another page in the same language."""
        return Place(path=path, lang=self.lang).url(**changes)

    def look(self, address: str) -> str:
        """Where a place is looked at: beside this page, or on a page of its own if this is one."""
        if _PLACE_OF_ITS_OWN.match(self.path):
            return self.plain(address)
        return self.url(open=unquote(address))

    def shows(self, address: str) -> bool:
        """Whether this is what is looked at."""
        return self.open == unquote(address) or self.path == address

    def hidden(self, *names: str) -> list[tuple[str, str]]:
        """Parameters that a form carries on."""
        return [(name, str(getattr(self, name))) for name in names if getattr(self, name)]

    @property
    def results_key(self) -> str:
        """Equal for two states that show the same list, whatever is looked at beside it."""
        return self.url(open="")


def read_course(value: str) -> str | None:
    """The slug of the course that an address names; None if it is not that of a course."""
    named = _COURSE.fullmatch(value)
    return named.group(1) if named else None


def read_lecture(value: str) -> LectureAddress | None:
    """The lecture that an address names; None if it is not that of a lecture."""
    named = _LECTURE.fullmatch(value)
    return LectureAddress(named.group(1), int(named.group(2)), named.group(3) or "") if named else None


def read_open(value: str) -> Address | None:
    """What is looked at; InvalidRequest if the address was damaged."""
    if not value:
        return None
    former = _FORMER.match(value)
    if former and int(former.group(2)) <= 2**31 - 1:
        number, at = int(former.group(2)), int(former.group(3))
        return FormerPage(number, at) if former.group(1) == "page" else FormerMoment(number, at)
    kept = _KEPT.match(value)
    if kept is None:
        raise InvalidRequest(f"open: {value!r:.40} is no page or moment.")
    slug, kind, name, number_text, mark = kept.groups(default="")
    at_number = int(number_text) if number_text else None
    return PageAddress(slug, name, at_number, mark) if kind == "d" else MomentAddress(slug, name, at_number, mark)
