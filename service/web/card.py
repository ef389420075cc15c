"""A place of a course → a card for a frame on another page, and what editors ask to make one (oEmbed 1.0)."""

from __future__ import annotations

import re
from html import escape
from typing import Annotated
from urllib.parse import quote, unquote, urlsplit

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy.engine import Connection

from index.errors import InvalidRequest, NotFound
from index.store.catalogue import course_details, lecture_details
from index.store.places import PageAt, find_lecture
from index.types import Readable
from service.access import Reader
from service.base import base_of
from service.deps import State
from service.errors import problem, refusal_of
from service.links import clock, course_url, lecture_link
from service.web.looking import find, look_at
from service.web.place import PageAddress, Place, read_course, read_lecture, read_open
from service.web.showing import PageRoute, show_page

router = APIRouter(route_class=PageRoute)

_WIDTH, _HEIGHTS = 640, {"slide": 560, "moment": 460, "list": 400}

Address = Annotated[str, Query(max_length=2_000)]
Pixels = Annotated[int | None, Query(ge=1, le=10_000)]


@router.get("/card")
def card(
    request: Request,
    state: State,
    caller: Reader,
    open: Address,
    lang: Annotated[str, Query(max_length=2)] = "",
) -> Response:
    """A course, a lecture, a slide or a second of a video, small enough for a frame; links lead out of it."""
    place = Place("/card", open=open, lang=lang)
    with state.library.database.snapshot() as connection:
        values = _shown(connection, caller.courses, place)
    return show_page(request, "card.html", place, values)


@router.get("/api/oembed")
def oembed(
    request: Request,
    state: State,
    caller: Reader,
    url: Address,
    maxwidth: Pixels = None,
    maxheight: Pixels = None,
    format: Annotated[str, Query(max_length=20)] = "json",
) -> Response:
    """What to put into a page for an address of this service."""
    if format != "json":
        return problem(501, "Only format=json is spoken here.", "not_implemented")
    base = base_of(request.scope, state.settings)
    try:
        address = place_of_address(url, base)
        with state.library.database.snapshot() as connection:
            shown = _shown(connection, caller.courses, Place("/card", open=address))
    except InvalidRequest as error:
        return refusal_of(NotFound(str(error)))
    width = min(_WIDTH, maxwidth or _WIDTH)
    height = min(_HEIGHTS[str(shown["form"])], maxheight or 10_000)
    title = str(shown["title"])
    frame = card_frame(base, address, title, width, height)
    content = {"version": "1.0", "type": "rich", "title": title, "html": frame, "width": width, "height": height}
    return JSONResponse({**content, "provider_name": "Lecture Search", "provider_url": base, "cache_age": 300})


def card_frame(base: str, address: str, title: str, width: int = _WIDTH, height: int = 560) -> str:
    """The HTML that shows the card of a place on another page."""
    source = escape(f"{base}/card?open={quote(address, safe='/?=:~')}")
    return (
        f'<iframe src="{source}" title="{escape(title)}" width="{width}" height="{height}" style="border:0" '
        'loading="lazy" allowfullscreen></iframe>'
    )


def place_of_address(url: str, base: str) -> str:
    """The place that a full address of this service names, as a person would write it. NotFound for any other site."""
    try:
        parts, own = urlsplit(url), urlsplit(base)
    except ValueError as error:
        raise NotFound(f"{url!r:.100} is no address.") from error
    if (parts.scheme, parts.netloc) != (own.scheme, own.netloc):
        raise NotFound(f"{url!r:.100} is no address of this service, which is at {base}.")
    mark = re.search(r"(?:^|&)m=(\w{1,40})", parts.query)
    return unquote(parts.path) + (f"?m={mark.group(1)}" if mark else "")


def card_place(connection: Connection, readable: Readable, address: str) -> tuple[str, str]:
    """The title of a place and its address now. NotFound, Gone or InvalidRequest if that is nothing."""
    shown = _shown(connection, readable, Place("/card", open=address))
    return str(shown["title"]), str(shown["url"])


def _shown(connection: Connection, readable: Readable, place: Place) -> dict[str, object]:
    """What the card at `place.open` shows, and its title. NotFound, Gone or InvalidRequest if that is nothing."""
    if slug := read_course(place.open):
        course = course_details(connection, slug, readable)
        return {"form": "list", "course": course, "title": course.title, "url": course_url(course.slug)}
    if named := read_lecture(place.open):
        at = find_lecture(connection, named.slug, named.position, named.mark, readable)
        lecture = lecture_details(connection, at.lecture_id, readable)
        link = lecture_link(lecture.course.slug, lecture)
        return {"form": "list", "lecture": lecture, "title": f"{lecture.position}. {lecture.title}", "url": link}
    address = read_open(place.open)
    if address is None:
        raise InvalidRequest("open: name a place, such as /c/SLUG/l/1.")
    if isinstance(address, PageAddress) and address.page_number is None:
        address = PageAddress(address.slug, address.name, 1, "")
    found = find(connection, readable, address)
    look = look_at(connection, readable, found, place)
    if look.frame is not None and isinstance(found.at, PageAt):
        title = look.frame.page.title or f"{look.frame.deck.title} · {look.frame.page.page_number}"
        return {"form": "slide", "look": look, "title": title, "url": found.url}
    title = f"{look.lecture.title} · {clock(look.seconds)}"
    return {"form": "moment", "look": look, "title": title, "url": found.url}
