"""The pages: a search box, its hits, and what they lead to. Server-rendered; everything works without JavaScript."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Request, Response
from fastapi import Path as PathParameter
from fastapi import Query as Parameter
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from sqlalchemy.engine import Connection
from starlette.templating import Jinja2Templates

from index.errors import LecturesError
from index.store.catalogue import (
    course_details,
    deck_pages,
    deck_row,
    lecture_details,
    list_courses,
    material_lengths,
    video_row,
    video_segments,
)
from index.store.timeline import sure_moments
from index.types import Coverage, Filters, Host, Query
from service.access import Caller, Reader, Searcher
from service.answers.answering import quoted_answer
from service.answers.questions import standalone, what_is_asked
from service.answers.types import Answer, Asked, Turn
from service.deps import State
from service.errors import refusal_of, status_of
from service.finding import read_kinds
from service.links import clock
from service.schemas import answer_out, terms_out
from service.state import ServiceState
from service.web.looking import Moment, Slide, look_at
from service.web.place import Place, open_page, open_place, open_time, read_open
from service.web.results import PAGE_SIZE, hit_place, results_view
from service.web.words import LANGUAGES, WORDS, choose_language, counted, words_of


class PageRoute(APIRoute):
    """What is wrong is said on a page where a browser asks, as people who follow a link expect."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def shown(request: Request) -> Response:
            # a program that asks for no HTML gets the problem details that every other route gives
            if "text/html" not in request.headers.get("accept", ""):
                return await handler(request)
            try:
                return await handler(request)
            except LecturesError as error:
                refused = refusal_of(error)
                response = _error_page(request, str(error), refused.status_code)
                for name in ("Retry-After", "WWW-Authenticate"):
                    if name in refused.headers:
                        response.headers[name] = refused.headers[name]
                return response
            except RequestValidationError as error:
                first = error.errors()[0]
                return _error_page(request, f"{first['loc'][-1]}: {first['msg']}.", 422)

        return shown


router = APIRouter(route_class=PageRoute)
_templates = Jinja2Templates(directory=Path(__file__).parent / "templates")
_MAX_OFFSET = 450
_CARDS_WITH_GAPS = 12

Id = Annotated[int, PathParameter(ge=1, le=2**31 - 1)]
Text = Annotated[str, Parameter(max_length=4_000)]
Short = Annotated[str, Parameter(max_length=80)]


def pieces(text: str, highlights: Iterable[tuple[int, int]]) -> list[tuple[str, bool]]:
    """A snippet cut at its highlights: (text, whether it is highlighted)."""
    cut: list[tuple[str, bool]] = []
    at = 0
    for start, end in highlights:
        if start < at:
            continue
        cut += [(text[at:start], False), (text[start:end], True)]
        at = end
    return [piece for piece in [*cut, (text[at:], False)] if piece[0]]


_templates.env.filters |= {"clock": clock, "counted": counted}
_templates.env.globals |= {
    "pieces": pieces,
    "open_page": open_page,
    "open_place": open_place,
    "open_time": open_time,
    "hit_place": hit_place,
}


@router.get("/")
def home(
    request: Request,
    state: State,
    caller: Searcher,
    background: BackgroundTasks,
    q: Text = "",
    course: Short = "",
    kind: Short = "",
    lecture: Annotated[str, Parameter(max_length=10)] = "",
    offset: Annotated[int, Parameter(ge=0, le=_MAX_OFFSET)] = 0,
    literal: Annotated[str, Parameter(max_length=1)] = "",
    prev: Text = "",
    open: Short = "",
    lang: Annotated[str, Parameter(max_length=2)] = "",
) -> Response:
    """The search box; of what was typed the hits, and an answer if it asks something."""
    place = Place("/", q.strip(), course, kind, lecture, offset, literal, prev.strip(), open, lang)
    values: dict[str, Any] = {"size": PAGE_SIZE, "max_offset": _MAX_OFFSET}
    status = 200
    try:
        with state.library.database.reading() as connection:
            readable = [item for item in list_courses(connection) if caller.may_read(item["slug"])]
            values["courses"] = readable
            values["look"] = _look(connection, caller, place, values)
            if place.q:
                values["lengths"] = material_lengths(connection)
            else:
                values["cards"] = [_card(connection, item) for item in readable[:_CARDS_WITH_GAPS]]
    except LecturesError as error:
        values |= {"courses": values.get("courses", []), "problem": str(error)}
    if place.q:
        try:
            _search(state, caller, place, values)
            if values["view"].missed:
                background.add_task(state.note_missed, place.course, place.q)
        except LecturesError as error:
            values["problem"], status = str(error), status_of(error)
    return _page(request, "home.html", place, values, status)


def _search(state: ServiceState, caller: Caller, place: Place, values: dict[str, Any]) -> None:
    number = int(place.lecture) if place.lecture.isascii() and place.lecture.isdigit() else None
    filters = Filters(place.course or None, number, read_kinds([place.kind]), caller.courses)
    history = (Turn("user", place.prev),) if place.prev else ()
    index, started = state.index(), perf_counter()
    everywhere = Filters(course=place.course or None, courses=caller.courses)
    query = Query(standalone(place.q, history), everywhere, literal=bool(place.literal))
    found = state.find(query, index)
    values["view"] = results_view(found, place, filters, values.get("lengths", {}), started)
    asks = what_is_asked(place.q) is not Asked.NOTHING
    if asks and not place.offset and found.coverage is not Coverage.ABSENT:
        values["answer"] = _answer(quoted_answer(index, place.q, found))
        values["has_model"] = state.has_model


def _answer(answer: Answer) -> Any:
    return answer_out(answer, 0.0)


def _card(connection: Connection, item: dict[str, Any]) -> dict[str, Any]:
    """A course at a glance: what there is of it, and how much is missing."""
    details = course_details(connection, item["slug"])
    decks = [deck for lecture in details["lectures"] for deck in lecture["decks"] + lecture["notes"]]
    videos = [video for lecture in details["lectures"] for video in lecture["videos"]]
    return {
        **item,
        "pages": sum(deck["pages"] for deck in decks),
        "minutes": round(sum(video["duration_seconds"] or 0 for video in videos) / 60),
        "gaps": len(details["gaps"]),
    }


@router.get("/courses/{slug}")
def course(
    request: Request, state: State, caller: Reader, slug: str, lang: Annotated[str, Parameter(max_length=2)] = ""
) -> Response:
    """A course: its lectures and what is missing."""
    caller.check(slug, f"There is no course {slug!r:.80}; GET /api/courses lists those there are.")
    with state.library.database.reading() as connection:
        found = course_details(connection, slug)
    return _page(request, "course.html", Place(f"/courses/{slug}", lang=lang), {"course": found})


@router.get("/courses/{slug}/terms")
def terms(
    request: Request, state: State, caller: Reader, slug: str, lang: Annotated[str, Parameter(max_length=2)] = ""
) -> Response:
    """The terms of a course, alphabetical, each with the place where it is first explained."""
    caller.check(slug, f"There is no course {slug!r:.80}; GET /api/courses lists those there are.")
    with state.library.database.reading() as connection:
        title = course_details(connection, slug)["title"]
    groups: dict[str, list[Any]] = defaultdict(list)
    for term in terms_out(slug, state.terms(slug)).terms:
        groups[term.text[:1].upper()].append(term)
    values = {"course": {"slug": slug, "title": title}, "groups": sorted(groups.items())}
    return _page(request, "terms.html", Place(f"/courses/{slug}/terms", lang=lang), values)


@router.get("/lectures/{lecture_id}")
def lecture(
    request: Request,
    state: State,
    caller: Reader,
    lecture_id: Id,
    open: Short = "",
    lang: Annotated[str, Parameter(max_length=2)] = "",
) -> Response:
    """A lecture: its programme with where each line is explained, slides, the videos and what is said in them."""
    place = Place(f"/lectures/{lecture_id}", open=open, lang=lang)
    values: dict[str, Any] = {}
    with state.library.database.reading() as connection:
        found = lecture_details(connection, lecture_id)
        caller.check(found["course"]["slug"], f"There is no lecture {lecture_id}.")
        moments = sure_moments(connection, lecture_id)
        values["look"] = _look(connection, caller, place, values)
        values["strips"] = [(deck, deck_pages(connection, deck["id"])) for deck in found["decks"] + found["notes"]]
        rows = [(video, video_row(connection, video["id"])) for video in found["videos"]]
        values["talks"] = [
            (video, video_segments(connection, row.transcript_id) if row.transcript_id else []) for video, row in rows
        ]
    values |= {
        "lecture": found,
        "moments": moments,
        "moment_of": {(moment.deck_id, moment.page_number): moment for moment in moments},
    }
    if found["programme"]:
        try:
            values["programme"] = state.programme(found["course"]["slug"], lecture_id, found["programme"])
        except LecturesError as error:
            values["problem"] = str(error)
    return _page(request, "lecture.html", place, values)


@router.get("/decks/{deck_id}")
def deck(
    request: Request, state: State, caller: Reader, deck_id: Id, lang: Annotated[str, Parameter(max_length=2)] = ""
) -> Response:
    """The pages of a deck, each with the anchor `#page=N` that hits link to."""
    with state.library.database.reading() as connection:
        values: dict[str, Any] = {"deck": deck_row(connection, deck_id), "pages": deck_pages(connection, deck_id)}
    caller.check(values["deck"].slug, f"There is no deck {deck_id}.")
    return _page(request, "deck.html", Place(f"/decks/{deck_id}", lang=lang), values)


@router.get("/videos/{video_id}")
def video(
    request: Request, state: State, caller: Reader, video_id: Id, lang: Annotated[str, Parameter(max_length=2)] = ""
) -> Response:
    """A video beside its transcript, each segment with the anchor `#t=SECONDS` that hits link to."""
    with state.library.database.reading() as connection:
        row = video_row(connection, video_id)
        caller.check(row.slug, f"There is no video {video_id}.")
        spoken = video_segments(connection, row.transcript_id) if row.transcript_id else []
    values = {"video": row, "segments": spoken, "local": row.host == Host.FILE}
    return _page(request, "video.html", Place(f"/videos/{video_id}", lang=lang), values)


@router.get("/teach")
def teach(
    request: Request, state: State, caller: Reader, lang: Annotated[str, Parameter(max_length=2)] = ""
) -> Response:
    """For the lecturer: gaps of the courses; ingests and searches in vain are shown to keys with the scope admin."""
    with state.library.database.reading() as connection:
        slugs = [item["slug"] for item in list_courses(connection) if caller.may_read(item["slug"])]
        courses = [course_details(connection, slug) for slug in slugs]
    values = {"courses": courses, "counts_missed": state.settings.count_missed_searches}
    return _page(request, "teach.html", Place("/teach", lang=lang), values)


@router.get("/docs")
def docs(request: Request, lang: Annotated[str, Parameter(max_length=2)] = "") -> Response:
    """The API, from its own description: readable offline, without scripts from elsewhere."""
    return _page(request, "docs.html", Place("/docs", lang=lang), {"api": request.app.openapi()})


def warm_up() -> None:
    """Compile the templates now, some 150 ms, instead of while the first student waits."""
    for name in _templates.env.list_templates():
        _templates.env.get_template(name)


def _error_page(request: Request, problem: str, status: int) -> Response:
    return _page(
        request,
        "error.html",
        Place(lang=request.query_params.get("lang", "")),
        {"problem": problem, "status": status},
        status,
    )


def _look(connection: Connection, caller: Caller, place: Place, values: dict[str, Any]) -> Slide | Moment | None:
    """What is looked at beside the page; a place that is no more is said, and the page is shown without it."""
    try:
        spot = read_open(place.open)
        return None if spot is None else look_at(connection, caller, spot, place)
    except LecturesError:
        values["lost"] = True
        return None


def _page(request: Request, name: str, place: Place, values: dict[str, Any], status: int = 200) -> Response:
    language = choose_language(place.lang, request.headers.get("accept-language", ""))
    known: dict[str, Any] = {"look": None, "courses": [], "place": place, "language": language, "t": words_of(language)}
    known |= {"languages": [(code, WORDS[code]["language"]) for code in LANGUAGES]}
    response = _templates.TemplateResponse(request, name, known | values, status_code=status)
    response.headers["Vary"] = "Accept-Language"
    response.headers["Cache-Control"] = "private, no-cache"
    return response
