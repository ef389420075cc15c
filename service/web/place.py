"""What a page shows ↔ its address: every state has one, so that it can be shared and the back button works."""

from __future__ import annotations

import re
from dataclasses import KW_ONLY, dataclass, fields, replace
from typing import Any
from urllib.parse import urlencode

from index.errors import InvalidRequest
from index.types import PagePlace, TimePlace

_OPEN = re.compile(r"^(page|time)-(\d{1,9})-(\d{1,7})$")


@dataclass(frozen=True, slots=True)
class PageSpot:
    """A page that is looked at."""

    deck_id: int
    page_number: int


@dataclass(frozen=True, slots=True)
class TimeSpot:
    """A second that is looked at."""

    video_id: int
    seconds: int


Spot = PageSpot | TimeSpot


@dataclass(frozen=True, slots=True)
class Place:
    """The path of a page and the parameters that say what it shows; empty ones are left out of the address.

    `open` is what is looked at beside it, `prev` the question that this one follows.
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
        query = urlencode({name: value for name, value in given.items() if value})
        return f"{changed.path}?{query}" if query else changed.path

    def plain(self, path: str, **changes: Any) -> str:
        """The address of another page in the same language."""
        return Place(path=path, lang=self.lang).url(**changes)

    def hidden(self, *names: str) -> list[tuple[str, str]]:
        """Parameters that a form carries on."""
        return [(name, str(getattr(self, name))) for name in names if getattr(self, name)]

    @property
    def results_key(self) -> str:
        """Equal for two states that show the same list, whatever is looked at beside it."""
        return self.url(open="")


def open_page(deck_id: int, page_number: int) -> str:
    return f"page-{deck_id}-{page_number}"


def open_time(video_id: int, seconds: float) -> str:
    return f"time-{video_id}-{int(seconds)}"


def open_place(place: PagePlace | TimePlace) -> str:
    """A place of a passage, looked at."""
    match place:
        case PagePlace():
            return open_page(place.deck_id, place.page_number)
        case TimePlace():
            return open_time(place.video_id, place.start_seconds)


def read_open(value: str) -> Spot | None:
    """What is looked at; InvalidRequest if the address was damaged."""
    if not value:
        return None
    found = _OPEN.match(value)
    if found is None:
        raise InvalidRequest(f"open: {value!r:.40} is no page or moment.")
    number, at = int(found.group(2)), int(found.group(3))
    if number > 2**31 - 1:
        raise InvalidRequest(f"open: {value!r:.40} is no page or moment.")
    return PageSpot(number, at) if found.group(1) == "page" else TimeSpot(number, at)
