"""The pages of a course, at addresses that last: the course, its terms, and the study view of each lecture, slide and
second.

An address leads to what it led to when it was made, wherever that is by now: a place that has moved is redirected to
(302, since it may move again), one that is gone is said to be (410).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated
from urllib.parse import unquote

from fastapi import APIRouter, Request, Response
from fastapi import Path as PathParameter
from fastapi import Query as Parameter
from fastapi.responses import RedirectResponse
from sqlalchemy.engine import Connection

from index.errors import LecturesError, NotFound
from index.marks import address_name
from index.store.catalogue import course_details, deck_details, deck_page
from index.store.places import LectureAt, PageAt, find_lecture
from index.types import Filters, Kind, Query, Readable
from service.access import Reader, Searcher
from service.deps import State
from service.finding import search_out
from service.links import course_url, deck_url, lecture_url, with_quote
from service.programme import ProgrammeLine
from service.schemas import TermOut, terms_out
from service.state import ServiceState
from service.web.looking import find, look_at
from service.web.place import MomentAddress, PageAddress, Place, read_open
from service.web.quoted import QuoteText, mark_quote
from service.web.showing import PageRoute, show_page
from service.web.study import Study, mark_found, study_lecture

router = APIRouter(route_class=PageRoute)

Slug = Annotated[str, PathParameter(max_length=80)]
Rest = Annotated[str, PathParameter(max_length=1_500)]
Lang = Annotated[str, Parameter(max_length=2)]
Flag = Annotated[str, Parameter(max_length=1)]
MarkText = Annotated[str, Parameter(max_length=40)]
Position = Annotated[int, PathParameter(ge=1, le=100_000)]

_STUDIED = frozenset({Kind.PAGE, Kind.SEGMENT})
_FOUND_IN_LECTURE = 20
# A piece of a page that was fetched for what is shown already: kept as long as the pictures of slides are.
_PIECE_CACHE = "private, max-age=300"


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
    position: Position,
    m: MarkText = "",
    open: Annotated[str, Parameter(max_length=2_000)] = "",
    lang: Lang = "",
) -> Response:
    """A lecture at its beginning: slides, the video and what is said in it, the programme with where each line is
    explained. A place in it that is asked for has a page of its own."""
    with state.library.database.snapshot() as connection:
        at = find_lecture(connection, slug, position, m, caller.courses)
        place = Place(lecture_url(slug, at.position, at.mark), lang=lang)
        lost = False
        try:
            address = read_open(open)
            if address is not None:
                return RedirectResponse(place.plain(find(connection, caller.courses, address).url), 302)
        except LecturesError:
            lost = True
        if (at.position, at.mark) != (position, m):
            return RedirectResponse(place.url(open=open), 302)
        look = study_lecture(connection, caller.courses, at.lecture_id, None, place)
    return _show_study(request, state, place, look, {"lost": lost})


@router.get("/c/{slug}/l/{position}/find")
def find_in_lecture(
    request: Request,
    state: State,
    caller: Searcher,
    slug: Slug,
    position: Position,
    q: Annotated[str, Parameter(max_length=4_000)] = "",
    m: MarkText = "",
    part: Flag = "",
    lang: Lang = "",
) -> Response:
    """What was searched within a lecture, with every word of it that is said there marked; `part` is that alone."""
    with state.library.database.snapshot() as connection:
        at = find_lecture(connection, slug, position, m, caller.courses)
        place = _finding(slug, at, q, lang)
        if (at.position, at.mark) != (position, m):
            return RedirectResponse(place.url() + ("&part=1" if part else ""), 302)
        look = study_lecture(connection, caller.courses, at.lecture_id, None, place)
    if not place.q:
        return RedirectResponse(place.plain(lecture_url(slug, at.position, at.mark)), 302)
    found = state.find(Query(place.q, Filters(slug, at.lecture_id, _STUDIED, caller.courses)))
    hits = search_out(found, found.hits(_FOUND_IN_LECTURE), 0.0)
    look = mark_found(look, found.weights)
    if part:
        return show_page(request, "_found.html", place, {"look": look, "found": hits})
    return _show_study(request, state, place, look, {"found": hits})


@router.get("/c/{slug}/d/{rest:path}")
def deck(
    request: Request,
    state: State,
    caller: Reader,
    slug: Slug,
    rest: Rest,
    m: MarkText = "",
    before: Flag = "",
    part: Flag = "",
    quote: QuoteText = "",
    lang: Lang = "",
) -> Response:
    """A slide in its lecture; without a number the deck from its beginning, each page with the anchor `#page=N`.

    `part` is the slide alone, for a page that shows the rest already.
    """
    asked = read_open(f"/c/{slug}/d/{rest}" + (f"?m={m}" if m else ""))
    if not isinstance(asked, PageAddress):
        raise NotFound(f"There is no deck {rest!r:.80} in course {slug}; search for it.")
    with state.library.database.snapshot() as connection:
        found = find(connection, caller.courses, asked)
        place = Place(found.url, lang=lang)
        if asked.page_number is None:
            entry = deck_details(connection, found.at.deck_id, caller.courses)  # type: ignore[union-attr]  # of a page
            place = Place(deck_url(slug, entry.path), lang=lang)
            if address_name(entry.path) != asked.name:
                return RedirectResponse(place.url(), 302)
        elif found.moved:
            return RedirectResponse(with_quote(place.url() + ("&part=1" if part else ""), quote), 302)
        if part and isinstance(found.at, PageAt):
            entry = deck_details(connection, found.at.deck_id, caller.courses)
            values = {"deck": entry, "page": deck_page(connection, entry, found.at.page_number)}
            response = show_page(request, "_slide.html", place, values)
            response.headers["Cache-Control"] = _PIECE_CACHE
            return response
        look = mark_quote(look_at(connection, caller.courses, found, place), quote)
    return _show_study(request, state, place, look, {"from_before": bool(before)})


@router.get("/c/{slug}/v/{rest:path}")
def video(
    request: Request,
    state: State,
    caller: Reader,
    slug: Slug,
    rest: Rest,
    m: MarkText = "",
    before: Flag = "",
    quote: QuoteText = "",
    lang: Lang = "",
) -> Response:
    """A lecture at a second of its video; without a second its beginning."""
    asked = read_open(f"/c/{slug}/v/{rest}" + (f"?m={m}" if m else ""))
    if not isinstance(asked, MomentAddress):
        raise NotFound(f"There is no video {rest!r:.80} in course {slug}; search for it.")
    with state.library.database.snapshot() as connection:
        found = find(connection, caller.courses, asked)
        place = Place(found.url, lang=lang)
        # an address without a second is one from before, whose second stands after the #
        if found.moved and asked.seconds is not None:
            return RedirectResponse(with_quote(place.url(), quote), 302)
        look = mark_quote(look_at(connection, caller.courses, found, place), quote)
    return _show_study(request, state, place, look, {"from_before": bool(before)})


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


def _finding(slug: str, at: LectureAt, query: str, lang: str) -> Place:
    """Where a lecture is searched."""
    path, _, mark = lecture_url(slug, at.position, at.mark).partition("?")
    return Place(f"{path}/find?{mark}", q=query.strip(), lang=lang)


def _show_study(
    request: Request, state: ServiceState, place: Place, look: Study, values: Mapping[str, object]
) -> Response:
    """The page of a study view, with where each line of the programme is explained."""
    lecture, programme = look.lecture, tuple[ProgrammeLine, ...]()
    if lecture.programme:
        with suppress(LecturesError):  # without an index the programme is shown as it is written
            programme = state.programme(lecture.course.slug, lecture.id, lecture.programme)
    return show_page(request, "study.html", place, {"look": look, "programme": programme, **values})
