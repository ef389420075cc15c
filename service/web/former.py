"""Addresses of before → where they led: by redirect while their numbers mean what they meant.

A number of a row is never given to another row (`index/store/rows.py`), so a deck, video or lecture that is found by
its number is the one that was meant. Which page was meant nobody can say once the deck's file has changed: browsers
keep `#page=31` to themselves, so such a redirect ends in a # of its own, and the page says so.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from fastapi import Path as PathParameter
from fastapi import Query as Parameter
from fastapi.responses import RedirectResponse

from index.store.catalogue import course_details, deck_details, lecture_details, video_details
from service.access import Reader
from service.deps import State
from service.links import course_url, deck_url, lecture_link, video_url
from service.web.place import Place
from service.web.showing import PageRoute

router = APIRouter(route_class=PageRoute)

Id = Annotated[int, PathParameter(ge=1, le=2**31 - 1)]
Slug = Annotated[str, PathParameter(max_length=80)]
Lang = Annotated[str, Parameter(max_length=2)]


@router.get("/courses/{slug}")
def course(state: State, caller: Reader, slug: Slug, lang: Lang = "") -> Response:
    """A course, at its address now."""
    with state.library.database.reading() as connection:
        course_details(connection, slug, caller.courses)
    return RedirectResponse(Place(course_url(slug), lang=lang).url(), 308)


@router.get("/courses/{slug}/terms")
def terms(state: State, caller: Reader, slug: Slug, lang: Lang = "") -> Response:
    """Its terms."""
    with state.library.database.reading() as connection:
        course_details(connection, slug, caller.courses)
    return RedirectResponse(Place(f"{course_url(slug)}/terms", lang=lang).url(), 308)


@router.get("/lectures/{lecture_id}")
def lecture(
    state: State,
    caller: Reader,
    lecture_id: Id,
    open: Annotated[str, Parameter(max_length=2_000)] = "",
    lang: Lang = "",
) -> Response:
    """A lecture by the number of its row; what was looked at beside it is found at the next address."""
    with state.library.database.reading() as connection:
        found = lecture_details(connection, lecture_id, caller.courses)
    return RedirectResponse(Place(lecture_link(found.course.slug, found), open=open, lang=lang).url(), 302)


@router.get("/decks/{deck_id}")
def deck(state: State, caller: Reader, deck_id: Id, lang: Lang = "") -> Response:
    """A deck by the number of its row; the browser keeps the page that stands after the #."""
    with state.library.database.reading() as connection:
        found = deck_details(connection, deck_id, caller.courses)
    return _to(deck_url(found.course.slug, found.path), lang, same=found.is_as_numbered)


@router.get("/videos/{video_id}")
def video(state: State, caller: Reader, video_id: Id, lang: Lang = "") -> Response:
    """A video by the number of its row; the browser keeps the second that stands after the #."""
    with state.library.database.reading() as connection:
        found = video_details(connection, video_id, caller.courses)
    return _to(video_url(found.course.slug, found.video), lang, same=found.is_as_numbered)


def _to(address: str, lang: str, *, same: bool) -> Response:
    url = Place(address if same else f"{address}?before=1", lang=lang).url()
    return RedirectResponse(url if same else f"{url}#changed", 302)
