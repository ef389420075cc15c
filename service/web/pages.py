"""The pages: a search box, its hits, and what they lead to. Server-rendered; everything works without JavaScript."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Request, Response
from fastapi import Path as PathParameter
from fastapi import Query as Parameter
from sqlalchemy.engine import Connection

from index.errors import LecturesError
from index.store.catalogue import (
    course_details,
    deck_details,
    deck_pages,
    lecture_details,
    list_courses,
    material_lengths,
    video_details,
    video_segments,
)
from index.store.timeline import sure_moments
from index.types import CourseSummary, Coverage, Filters, Host, Query, Readable
from service.access import Caller, Reader, Searcher
from service.answers.answering import quoted_answer
from service.answers.questions import standalone, what_is_asked
from service.answers.types import Asked, Turn
from service.deps import State
from service.errors import status_of
from service.finding import read_kinds
from service.schemas import AnswerOut, TermOut, answer_out, terms_out
from service.state import ServiceState
from service.web.looking import look_at
from service.web.place import Place, read_open
from service.web.results import PAGE_SIZE, ResultsView, results_view
from service.web.showing import PageRoute, show_page

router = APIRouter(route_class=PageRoute)
_MAX_OFFSET = 450
_CARDS_WITH_GAPS = 12

Id = Annotated[int, PathParameter(ge=1, le=2**31 - 1)]
Text = Annotated[str, Parameter(max_length=4_000)]
Short = Annotated[str, Parameter(max_length=80)]


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseCard:
    """A course at a glance: what there is of it, and how much is missing."""

    slug: str
    title: str
    lectures: int
    pages: int
    minutes: int
    gaps: int


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
    place = Place(
        "/",
        q=q.strip(),
        course=course,
        kind=kind,
        lecture=lecture,
        offset=offset,
        literal=literal,
        prev=prev.strip(),
        open=open,
        lang=lang,
    )
    values: dict[str, object] = {"size": PAGE_SIZE, "max_offset": _MAX_OFFSET}
    lengths: dict[tuple[str, int], float] = {}
    try:
        with state.library.database.reading() as connection:
            values |= _courses_and_look(connection, caller, place)
            lengths = material_lengths(connection) if place.q else {}
    except LecturesError as error:
        values["problem"] = str(error)
    if not place.q:
        return show_page(request, "home.html", place, values)
    try:
        view, answer = _search(state, caller, place, lengths)
        values |= {"view": view, "answer": answer, "has_model": state.has_model}
        if view.missed:
            background.add_task(state.note_missed, place.course, place.q)
    except LecturesError as error:
        return show_page(request, "home.html", place, {**values, "problem": str(error)}, status_of(error))
    return show_page(request, "home.html", place, values)


def _courses_and_look(connection: Connection, caller: Caller, place: Place) -> dict[str, object]:
    """The courses to choose from, where nothing is searched with what there is of them; and what is looked at."""
    courses = list_courses(connection, caller.courses)
    cards = [] if place.q else [_card(connection, item, caller.courses) for item in courses[:_CARDS_WITH_GAPS]]
    return {"courses": courses, "cards": cards, **_look(connection, caller, place)}


def _search(
    state: ServiceState, caller: Caller, place: Place, lengths: Mapping[tuple[str, int], float]
) -> tuple[ResultsView, AnswerOut | None]:
    """What the page shows of a search; on its first page also the quoted answer to what was a question, unless the
    course says nothing of it."""
    number = int(place.lecture) if place.lecture.isascii() and place.lecture.isdigit() else None
    filters = Filters(place.course or None, number, read_kinds([place.kind]), caller.courses)
    history = (Turn("user", place.prev),) if place.prev else ()
    index, started = state.index(), perf_counter()
    everywhere = Filters(course=place.course or None, courses=caller.courses)
    found = state.find(Query(standalone(place.q, history), everywhere, literal=bool(place.literal)), index)
    view = results_view(found, place, filters, lengths, started)
    asks = what_is_asked(place.q) is not Asked.NOTHING
    if not asks or place.offset or found.coverage is Coverage.ABSENT:
        return view, None
    return view, answer_out(quoted_answer(index, place.q, found), 0.0)


def _card(connection: Connection, item: CourseSummary, readable: Readable) -> CourseCard:
    details = course_details(connection, item.slug, readable)
    return CourseCard(
        slug=item.slug,
        title=item.title,
        lectures=item.lectures,
        pages=sum(deck.page_count for lecture in details.lectures for deck in lecture.decks + lecture.notes),
        minutes=round(
            sum(video.duration_seconds or 0 for lecture in details.lectures for video in lecture.videos) / 60
        ),
        gaps=len(details.gaps),
    )


@router.get("/courses/{slug}")
def course(
    request: Request, state: State, caller: Reader, slug: str, lang: Annotated[str, Parameter(max_length=2)] = ""
) -> Response:
    """A course: its lectures and what is missing."""
    with state.library.database.reading() as connection:
        found = course_details(connection, slug, caller.courses)
    return show_page(request, "course.html", Place(f"/courses/{slug}", lang=lang), {"course": found})


@router.get("/courses/{slug}/terms")
def terms(
    request: Request, state: State, caller: Reader, slug: str, lang: Annotated[str, Parameter(max_length=2)] = ""
) -> Response:
    """The terms of a course, alphabetical, each with the place where it is first explained."""
    with state.library.database.reading() as connection:
        title = course_details(connection, slug, caller.courses).title
    groups: dict[str, list[TermOut]] = defaultdict(list)
    for term in terms_out(slug, state.terms(slug)).terms:
        groups[term.text[:1].upper()].append(term)
    values = {"course": {"slug": slug, "title": title}, "groups": sorted(groups.items())}
    return show_page(request, "terms.html", Place(f"/courses/{slug}/terms", lang=lang), values)


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
    values: dict[str, object] = {}
    with state.library.database.reading() as connection:
        found = lecture_details(connection, lecture_id, caller.courses)
        moments = sure_moments(connection, lecture_id)
        values |= _look(connection, caller, place)
        values["strips"] = [(deck, deck_pages(connection, deck)) for deck in found.decks + found.notes]
        values["talks"] = [(video, video_segments(connection, video)) for video in found.videos]
    values |= {
        "lecture": found,
        "moments": moments,
        "moment_of": {(moment.deck_id, moment.page_number): moment for moment in moments},
    }
    if found.programme:
        try:
            values["programme"] = state.programme(found.course.slug, lecture_id, found.programme)
        except LecturesError as error:
            values["problem"] = str(error)
    return show_page(request, "lecture.html", place, values)


@router.get("/decks/{deck_id}")
def deck(
    request: Request, state: State, caller: Reader, deck_id: Id, lang: Annotated[str, Parameter(max_length=2)] = ""
) -> Response:
    """The pages of a deck, each with the anchor `#page=N` that hits link to."""
    with state.library.database.reading() as connection:
        found = deck_details(connection, deck_id, caller.courses)
        values = {"deck": found, "pages": deck_pages(connection, found)}
    return show_page(request, "deck.html", Place(f"/decks/{deck_id}", lang=lang), values)


@router.get("/videos/{video_id}")
def video(
    request: Request, state: State, caller: Reader, video_id: Id, lang: Annotated[str, Parameter(max_length=2)] = ""
) -> Response:
    """A video beside its transcript, each segment with the anchor `#t=SECONDS` that hits link to."""
    with state.library.database.reading() as connection:
        found = video_details(connection, video_id, caller.courses)
        spoken = video_segments(connection, found)
    values = {"video": found, "segments": spoken, "local": found.host is Host.FILE}
    return show_page(request, "video.html", Place(f"/videos/{video_id}", lang=lang), values)


@router.get("/teach")
def teach(
    request: Request, state: State, caller: Reader, lang: Annotated[str, Parameter(max_length=2)] = ""
) -> Response:
    """For the lecturer: gaps of the courses; ingests and searches in vain are shown to keys with the scope admin."""
    with state.library.database.reading() as connection:
        courses = [
            course_details(connection, item.slug, caller.courses) for item in list_courses(connection, caller.courses)
        ]
    values = {"courses": courses, "counts_missed": state.settings.count_missed_searches}
    return show_page(request, "teach.html", Place("/teach", lang=lang), values)


@router.get("/docs")
def docs(request: Request, lang: Annotated[str, Parameter(max_length=2)] = "") -> Response:
    """The API, from its own description: readable offline, without scripts from elsewhere."""
    return show_page(request, "docs.html", Place("/docs", lang=lang), {"api": request.app.openapi()})


def _look(connection: Connection, caller: Caller, place: Place) -> dict[str, object]:
    """What is looked at beside the page; a place that is no more is said, and the page is shown without it."""
    try:
        spot = read_open(place.open)
        return {"look": None if spot is None else look_at(connection, caller.courses, spot, place)}
    except LecturesError:
        return {"lost": True}
