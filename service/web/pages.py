"""The pages: a search box, its hits, and what they lead to. Server-rendered; everything works without JavaScript."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi import Query as Parameter
from fastapi.responses import RedirectResponse
from sqlalchemy.engine import Connection

from index.errors import InvalidRequest, LecturesError, StorageError
from index.later import later
from index.store.catalogue import course_details, lecture_details, list_courses, material_lengths
from index.store.places import find_lecture
from index.types import CourseSummary, Coverage, Filters, Query, Readable
from service.access import Caller, Searcher, Visitor
from service.answers.types import Outcome, Turn
from service.deps import State
from service.errors import status_of
from service.finding import read_kinds
from service.links import lecture_link, lecture_url, with_quote
from service.schemas import AnswerOut, answer_out
from service.state import ServiceState
from service.web.course_pages import looked_at
from service.web.place import Place, read_lecture
from service.web.quoted import QuoteText, mark_quote
from service.web.results import Measure, ResultsView, results_view
from service.web.scope import read_scope
from service.web.showing import PageRoute, show_page
from service.web.study import Study, mark_found
from service.web.ways import Ways, first_terms, ways_on

if TYPE_CHECKING:
    from service.answers import answering, following, searching, together
else:
    answering = later("service.answers.answering", soon=True)
    following = later("service.answers.following", soon=True)
    searching = later("service.answers.searching", soon=True)
    together = later("service.answers.together", soon=True)

router = APIRouter(route_class=PageRoute)
_MAX_OFFSET = 450
_CARDS_AT_A_GLANCE = 12
_TOLD = frozenset({Outcome.ANSWERED, Outcome.ONE_SIDE})

Text = Annotated[str, Parameter(max_length=4_000)]
Short = Annotated[str, Parameter(max_length=80)]
Address = Annotated[str, Parameter(max_length=2_000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseCard:
    """A course at a glance, for those who learn in it. `without_slides` and `without_video` are lectures, where others
    of the course have them."""

    slug: str
    title: str
    lectures: int
    slides: int
    pages: int
    minutes: int
    hours: int
    without_slides: int
    without_video: int


async def _asked(
    q: Text = "",
    course: Short = "",
    kind: Short = "",
    lecture: Annotated[str, Parameter(max_length=200)] = "",
    offset: Annotated[int, Parameter(ge=0, le=_MAX_OFFSET)] = 0,
    literal: Annotated[str, Parameter(max_length=1)] = "",
    prev: Text = "",
    open: Address = "",
    lang: Annotated[str, Parameter(max_length=2)] = "",
) -> Place:
    return Place(
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


@router.get("/")
def home(
    request: Request,
    state: State,
    caller: Searcher,
    place: Annotated[Place, Depends(_asked)],
    within: Annotated[str, Parameter(alias="in", max_length=200)] = "",
    part: Annotated[str, Parameter(max_length=1)] = "",
    quote: QuoteText = "",
) -> Response:
    """The search box; of what was typed the hits, and an answer if it asks something. A `part` is of words that are
    still being typed: they ask nothing yet, and are not searched in vain."""
    values: dict[str, object] = {"max_offset": _MAX_OFFSET, "is_start": not place.q}
    try:
        if within:
            course, lecture = read_scope(within)
            place = replace(place, course=course, lecture=lecture)
        with state.library.database.snapshot() as connection:
            values |= _courses_and_look(connection, caller, place)
            values |= _lecture(connection, caller, place) if place.lecture else {}
            place = replace(place, lecture=str(values.get("lecture_address", place.lecture)))
    except LecturesError as error:
        status = status_of(error)
        values |= {"problem": str(error), "status": status}
        # without the database the search goes on, but never in more than was asked for
        if place.lecture or not isinstance(error, StorageError):
            return show_page(request, "home.html", replace(place, lecture=""), values, status)
    if "moved" in values:
        return RedirectResponse(with_quote(str(values["moved"]), quote), 302)
    try:
        values |= _results(state, caller, place, values, quote, part=bool(part)) if place.q else _tries(state, values)
    except LecturesError as error:
        status = status_of(error)
        return show_page(request, "home.html", place, {**values, "problem": str(error), "status": status}, status)
    return show_page(request, "home.html", place, values)


def _tries(state: ServiceState, values: Mapping[str, object]) -> dict[str, object]:
    """Terms to begin with. Without a database or an index the page says what there is, not what to try."""
    found = values.get("cards")
    cards = [card for card in found if isinstance(card, CourseCard)] if isinstance(found, list) else []
    with suppress(LecturesError):
        return {"tries": first_terms(state.index(), [card.slug for card in cards])}
    return {}


def _results(
    state: ServiceState, caller: Caller, place: Place, values: Mapping[str, object], quote: str, *, part: bool
) -> dict[str, object]:
    """What was found, what answers, and what is looked at with its words marked."""
    number, look = values.get("lecture_id"), values.get("look")
    measure = _unmeasured if "problem" in values else partial(_measure, state)
    lecture_id = number if isinstance(number, int) else None
    view, answer, ways = _search(state, caller, place, lecture_id, measure, answers=not part)
    if view.missed and not part:
        state.note_missed(place.course, place.q)
    found: dict[str, object] = {
        "view": view,
        "answer": answer,
        "ways": ways,
        "writes": state.has_model and answer is not None and answer.outcome in answering.WRITABLE,
    }
    return found | ({"look": mark_quote(mark_found(look, view.weights), quote)} if isinstance(look, Study) else {})


def _courses_and_look(connection: Connection, caller: Caller, place: Place) -> dict[str, object]:
    """The courses to choose from, where nothing is searched with what there is of them; and what is looked at."""
    courses = list_courses(connection, caller.courses)
    cards = [] if place.q else [_card(connection, item, caller.courses) for item in courses[:_CARDS_AT_A_GLANCE]]
    return {"courses": courses, "cards": cards, **looked_at(connection, caller.courses, place)}


def _lecture(connection: Connection, caller: Caller, place: Place) -> dict[str, object]:
    """The lecture that is searched, by its address; `moved` where it is named by a number, as it was before."""
    if place.lecture.isascii() and place.lecture.isdigit() and int(place.lecture) < 2**31:
        found = lecture_details(connection, int(place.lecture), caller.courses)
        return {"moved": place.url(lecture=lecture_link(found.course.slug, found))}
    named = read_lecture(place.lecture)
    if named is None:
        raise InvalidRequest(f"lecture: {place.lecture!r:.60} is no address of a lecture.")
    at = find_lecture(connection, named.slug, named.position, named.mark, caller.courses)
    return {"lecture_id": at.lecture_id, "lecture_address": lecture_url(named.slug, at.position, at.mark)}


def _search(
    state: ServiceState,
    caller: Caller,
    place: Place,
    lecture_id: int | None,
    measure: Measure,
    *,
    answers: bool,
) -> tuple[ResultsView, AnswerOut | None, Ways | None]:
    """What the page shows of a search, with ways on where it found too little; on its first page also the quoted answer
    to what was a question, if there is one."""
    filters = Filters(place.course or None, lecture_id, read_kinds([place.kind]), caller.courses)
    history = (Turn("user", place.prev),) if place.prev else ()
    index, started = state.index(), perf_counter()
    everywhere = Filters(course=place.course or None, courses=caller.courses)
    query = Query(following.standalone(place.q, history), everywhere, literal=bool(place.literal))
    searched = searching.find_asked(lambda query: state.find(query, index), query)
    found = searched.found
    view = results_view(found, place, filters, measure, started)
    ways = ways_on(state, index, caller.courses, place, view)
    asks = answers and (together.may_be_answered(place.q) or query.text != place.q)
    if not asks or place.offset or found.coverage is Coverage.ABSENT:
        return view, None, ways
    cited = answering.cited_before(index, lambda query: state.find(query, index), everywhere, history, replays=True)
    answer = answering.quoted_answer(index, place.q, searched, cited)
    # what only names a place says no more than the list does, unless a model writes from it or it follows a question
    told = answer.outcome in _TOLD or place.prev or (state.has_model and answer.outcome in answering.WRITABLE)
    return view, answer_out(answer, 0.0) if told else None, ways


def _measure(state: ServiceState, lecture_ids: Collection[int]) -> dict[tuple[str, int], float]:
    with state.library.database.reading() as connection:
        return material_lengths(connection, lecture_ids)


def _unmeasured(_lecture_ids: Collection[int]) -> dict[tuple[str, int], float]:
    """Without the database lectures are shown without rails."""
    return {}


def _card(connection: Connection, item: CourseSummary, readable: Readable) -> CourseCard:
    lectures = course_details(connection, item.slug, readable).lectures
    slides = [sum(deck.page_count for deck in lecture.decks) for lecture in lectures]
    seconds = sum(video.duration_seconds or 0 for lecture in lectures for video in lecture.videos)
    without_slides, without_video = slides.count(0), sum(not lecture.videos for lecture in lectures)
    return CourseCard(
        slug=item.slug,
        title=item.title,
        lectures=item.lectures,
        slides=sum(slides),
        pages=sum(deck.page_count for lecture in lectures for deck in lecture.notes),
        minutes=round(seconds / 60),
        hours=round(seconds / 3600) if seconds >= 5_400 else 0,
        without_slides=without_slides % len(lectures) if lectures else 0,
        without_video=without_video % len(lectures) if lectures else 0,
    )


@router.get("/docs")
def docs(request: Request, _visitor: Visitor, lang: Annotated[str, Parameter(max_length=2)] = "") -> Response:
    """The API, from its own description: readable offline, without scripts from elsewhere."""
    return show_page(request, "docs.html", Place("/docs", lang=lang), {"api": request.app.openapi()})
