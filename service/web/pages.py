"""The page: a search box, its hits, and what they lead to. Server-rendered; everything works without JavaScript."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as PathParameter
from starlette.templating import Jinja2Templates

from index.catalogue import (
    course_details,
    deck_pages,
    deck_row,
    lecture_details,
    list_courses,
    video_row,
    video_segments,
)
from index.errors import LecturesError
from index.types import Filters, Host, Mode
from service.access import Reader, Searcher
from service.api.search import run_search
from service.deps import State
from service.errors import status_of
from service.finding import read_kinds
from service.links import clock

router = APIRouter()
_templates = Jinja2Templates(directory=Path(__file__).parent / "templates")
_PAGE_SIZE = 10

Id = Annotated[int, PathParameter(ge=1, le=2**31 - 1)]


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


_templates.env.filters |= {"clock": clock}
_templates.env.globals |= {"pieces": pieces}


@router.get("/")
def home(
    request: Request,
    state: State,
    caller: Searcher,
    q: str = "",
    course: str = "",
    kind: str = "",
    offset: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """The search box, and the hits of what was typed."""
    values: dict[str, Any] = {"q": q, "course": course, "kind": kind, "offset": offset, "size": _PAGE_SIZE}
    status = 200
    try:
        with state.library.database.reading() as connection:
            values["courses"] = [item for item in list_courses(connection) if caller.may_read(item["slug"])]
    except LecturesError as error:
        values |= {"courses": [], "problem": str(error)}
    if q.strip():
        try:
            filters = Filters(course or None, None, read_kinds([kind]), caller.courses)
            values["found"] = run_search(state, q, filters, Mode.HYBRID, _PAGE_SIZE, offset, explain=False)
        except LecturesError as error:
            values["problem"], status = str(error), status_of(error)
    return _page(request, "home.html", values, status)


@router.get("/courses/{slug}")
def course(request: Request, state: State, caller: Reader, slug: str) -> Response:
    """A course: its lectures and what is missing."""
    caller.check(slug, f"There is no course {slug!r:.80}; GET /api/courses lists those there are.")
    with state.library.database.reading() as connection:
        return _page(request, "course.html", {"course": course_details(connection, slug)})


@router.get("/lectures/{lecture_id}")
def lecture(request: Request, state: State, caller: Reader, lecture_id: Id) -> Response:
    """A lecture: programme, slides, videos."""
    with state.library.database.reading() as connection:
        found = lecture_details(connection, lecture_id)
    caller.check(found["course"]["slug"], f"There is no lecture {lecture_id}.")
    return _page(request, "lecture.html", {"lecture": found})


@router.get("/decks/{deck_id}")
def deck(request: Request, state: State, caller: Reader, deck_id: Id) -> Response:
    """The pages of a deck, each with the anchor `#page=N` that hits link to."""
    with state.library.database.reading() as connection:
        values: dict[str, Any] = {"deck": deck_row(connection, deck_id), "pages": deck_pages(connection, deck_id)}
    caller.check(values["deck"].slug, f"There is no deck {deck_id}.")
    return _page(request, "deck.html", values)


@router.get("/videos/{video_id}")
def video(request: Request, state: State, caller: Reader, video_id: Id) -> Response:
    """A video beside its transcript, each segment with the anchor `#t=SECONDS` that hits link to."""
    with state.library.database.reading() as connection:
        row = video_row(connection, video_id)
        caller.check(row.slug, f"There is no video {video_id}.")
        spoken = video_segments(connection, row.transcript_id) if row.transcript_id else []
    return _page(request, "video.html", {"video": row, "segments": spoken, "local": row.host == Host.FILE})


@router.get("/docs")
def docs(request: Request) -> Response:
    """The API, from its own description: readable offline, without scripts from elsewhere."""
    return _page(request, "docs.html", {"api": request.app.openapi()})


def _page(request: Request, name: str, values: dict[str, Any], status: int = 200) -> Response:
    return _templates.TemplateResponse(request, name, values, status_code=status)
