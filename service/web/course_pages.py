"""The pages of a course, at addresses that last: the course, its lectures, decks, videos and terms.

An address leads to what it led to when it was made, wherever that is by now: a place that has moved is redirected to
(302, since it may move again), one that is gone is said to be (410).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated
from urllib.parse import unquote

from fastapi import APIRouter, Request, Response
from fastapi import Path as PathParameter
from fastapi import Query as Parameter
from fastapi.responses import RedirectResponse
from sqlalchemy.engine import Connection

from index.errors import LecturesError, NotFound
from index.marks import address_name
from index.store.catalogue import course_details, deck_details, deck_pages, lecture_details, video_segments
from index.store.places import find_lecture, moment_marks, page_marks
from index.store.timeline import sure_moments
from index.types import DeckEntry, LectureEntry, Page, Readable, TimelineMoment
from service.access import Reader
from service.deps import State
from service.links import course_url, deck_url, lecture_url, moment_url, page_url
from service.schemas import TermOut, terms_out
from service.web.looking import find, look_at, spoken_of
from service.web.place import MomentAddress, PageAddress, Place, read_open
from service.web.showing import PageRoute, show_page

router = APIRouter(route_class=PageRoute)

Slug = Annotated[str, PathParameter(max_length=80)]
Rest = Annotated[str, PathParameter(max_length=1_500)]
Lang = Annotated[str, Parameter(max_length=2)]
Flag = Annotated[str, Parameter(max_length=1)]
MarkText = Annotated[str, Parameter(max_length=40)]


@router.get("/c/{slug}")
def course(request: Request, state: State, caller: Reader, slug: Slug, lang: Lang = "") -> Response:
    """A course: its lectures and what is missing."""
    with state.library.database.reading() as connection:
        found = course_details(connection, slug, caller.courses)
    return show_page(request, "course.html", Place(course_url(slug), lang=lang), {"course": found})


@router.get("/c/{slug}/terms")
def terms(request: Request, state: State, caller: Reader, slug: Slug, lang: Lang = "") -> Response:
    """The terms of a course, alphabetical, each with the place where it is first explained."""
    with state.library.database.reading() as connection:
        title = course_details(connection, slug, caller.courses).title
    groups: dict[str, list[TermOut]] = defaultdict(list)
    for term in terms_out(slug, state.terms(slug)).terms:
        groups[term.text[:1].upper()].append(term)
    values = {"course": {"slug": slug, "title": title}, "groups": sorted(groups.items())}
    return show_page(request, "terms.html", Place(f"{course_url(slug)}/terms", lang=lang), values)


@router.get("/c/{slug}/l/{position}")
def lecture(
    request: Request,
    state: State,
    caller: Reader,
    slug: Slug,
    position: Annotated[int, PathParameter(ge=1, le=100_000)],
    m: MarkText = "",
    open: Annotated[str, Parameter(max_length=2_000)] = "",
    lang: Lang = "",
) -> Response:
    """A lecture: its programme with where each line is explained, slides, the videos and what is said in them."""
    values: dict[str, object] = {}
    with state.library.database.reading() as connection:
        at = find_lecture(connection, slug, position, m, caller.courses)
        place = Place(lecture_url(slug, at.position, at.mark), open=open, lang=lang)
        if (at.position, at.mark) != (position, m):
            return RedirectResponse(place.url(), 302)
        found = lecture_details(connection, at.lecture_id, caller.courses)
        moments = sure_moments(connection, at.lecture_id)
        values |= looked_at(connection, caller.courses, place)
        if "moved" in values:
            return RedirectResponse(str(values["moved"]), 302)
        decks = [(deck, shown_pages(connection, deck, place)) for deck in found.decks + found.notes]
        values["talks"] = [
            (video, spoken_of(connection, video, video_segments(connection, video), place)) for video in found.videos
        ]
        starts, shown = _seconds(connection, found, moments, place)
    looks = {(deck.id, page.page_number): look for deck, pages in decks for page, _, look in pages}
    values |= {
        "lecture": found,
        "strips": decks,
        "start_of": starts,
        "moments": shown,
        "moment_of": {(moment.deck_id, moment.page_number): (moment, url) for moment, url in shown},
        "look_of": looks,
    }
    if found.programme:
        try:
            values["programme"] = state.programme(found.course.slug, at.lecture_id, found.programme)
        except LecturesError as error:
            values["problem"] = str(error)
    return show_page(request, "lecture.html", place, values)


@router.get("/c/{slug}/d/{rest:path}")
def deck(
    request: Request,
    state: State,
    caller: Reader,
    slug: Slug,
    rest: Rest,
    m: MarkText = "",
    before: Flag = "",
    lang: Lang = "",
) -> Response:
    """A page of a deck with the others beside it; without a number all of them, each with the anchor `#page=N`."""
    asked = read_open(f"/c/{slug}/d/{rest}" + (f"?m={m}" if m else ""))
    if not isinstance(asked, PageAddress):
        raise NotFound(f"There is no deck {rest!r:.80} in course {slug}; search for it.")
    with state.library.database.reading() as connection:
        found = find(connection, caller.courses, asked)
        entry = deck_details(connection, found.at.deck_id, caller.courses)  # type: ignore[union-attr]  # of a page
        if asked.page_number is None:
            place = Place(deck_url(slug, entry.path), lang=lang)
            if address_name(entry.path) != asked.name:
                return RedirectResponse(place.url(), 302)
            values = {"deck": entry, "pages": shown_pages(connection, entry, place), "from_before": bool(before)}
            return show_page(request, "deck.html", place, values)
        place = Place(found.url, lang=lang)
        if found.moved:
            return RedirectResponse(place.url(), 302)
        values = {
            "deck": entry,
            "pages": shown_pages(connection, entry, place),
            "look": look_at(connection, caller.courses, found, place),
        }
    return show_page(request, "deck.html", place, values)


@router.get("/c/{slug}/v/{rest:path}")
def video(
    request: Request,
    state: State,
    caller: Reader,
    slug: Slug,
    rest: Rest,
    m: MarkText = "",
    before: Flag = "",
    lang: Lang = "",
) -> Response:
    """A video at a second, with what is said in it; without a second its beginning."""
    asked = read_open(f"/c/{slug}/v/{rest}" + (f"?m={m}" if m else ""))
    if not isinstance(asked, MomentAddress):
        raise NotFound(f"There is no video {rest!r:.80} in course {slug}; search for it.")
    with state.library.database.reading() as connection:
        found = find(connection, caller.courses, asked)
        place = Place(found.url, lang=lang)
        # an address without a second is one from before, whose second stands after the #
        if found.moved and asked.seconds is not None:
            return RedirectResponse(place.url(), 302)
        look = look_at(connection, caller.courses, found, place)
    return show_page(request, "video.html", place, {"look": look, "from_before": bool(before)})


def _seconds(
    connection: Connection, lecture: LectureEntry, moments: Sequence[TimelineMoment], place: Place
) -> tuple[dict[int, str], list[tuple[TimelineMoment, str]]]:
    """Where the beginning of each video of a lecture is looked at, by its id; and where each moment of a page is."""
    starts: dict[int, str] = {}
    looks: dict[TimelineMoment, str] = {}
    for video in lecture.videos:
        own = [moment for moment in moments if moment.video_id == video.id]
        seconds = [0.0, *(moment.jump_seconds for moment in own)]
        marks = moment_marks(connection, video.id, seconds)
        addresses = [
            place.look(moment_url(lecture.course.slug, video.video, second, mark))
            for second, mark in zip(seconds, marks, strict=True)
        ]
        starts[video.id] = addresses[0]
        looks |= zip(own, addresses[1:], strict=True)
    return starts, [(moment, looks[moment]) for moment in moments]


def looked_at(connection: Connection, readable: Readable, place: Place) -> dict[str, object]:
    """What is looked at beside a page: `look`, or `moved` to the address that says where it is now; a place that is no
    more is `lost`, and the page is shown without it."""
    try:
        address = read_open(place.open)
        if address is None:
            return {"look": None}
        found = find(connection, readable, address)
        if found.moved:
            return {"moved": place.url(open=unquote(found.url))}
        return {"look": look_at(connection, readable, found, place)}
    except LecturesError:
        return {"lost": True}


def shown_pages(connection: Connection, deck: DeckEntry, place: Place) -> list[tuple[Page, str, str]]:
    """The pages of a deck, each with its address and where it is looked at."""
    marks = page_marks(connection, deck.id)
    addresses = [
        (page, page_url(deck.course.slug, deck.path, page.page_number, marks.get(page.page_number, "")))
        for page in deck_pages(connection, deck)
    ]
    return [(page, address, place.look(address)) for page, address in addresses]
