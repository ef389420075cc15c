"""Searching and completing."""

from __future__ import annotations

from typing import Annotated

import structlog
from fastapi import APIRouter, Request, Response
from fastapi import Query as Parameter
from fastapi.openapi.models import Example
from pydantic import WithJsonSchema

from index.search.found import MAX_LIMIT, MAX_OFFSET
from index.search.search import MAX_QUERY_CHARS, clean_query
from index.types import Coverage, Filters, Mode, Query
from service.access import Searcher
from service.deps import State
from service.finding import check_lecture, read_kinds, search_json, timed_search
from service.schemas import SearchOut, SuggestOut, suggestion_out
from service.schemas.search import NOT_EMPTY
from service.validation import StrictRoute

router = APIRouter(tags=["search"], route_class=StrictRoute)
_EXAMPLES: dict[str, Example] = {
    "term": {"summary": "A term", "value": "dropout"},
    "question": {"summary": "A question in other words", "value": "как спуститься в долину в тумане"},
}
_log = structlog.get_logger("lectures")

# What is wrong with a query is said in our words, where it is read; here it is only described.
Text = Annotated[
    str,
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": MAX_QUERY_CHARS, "pattern": NOT_EMPTY}),
    Parameter(description="A word, a phrase or a question", openapi_examples=_EXAMPLES),
]
Course = Annotated[str | None, Parameter(max_length=80, description="Only this course (its slug)")]
_KIND = " *(page|segment|programme)? *"
Kinds = Annotated[
    list[Annotated[str, WithJsonSchema({"type": "string", "pattern": f"^{_KIND}(,{_KIND})*$"})]] | None,
    Parameter(description="page, segment, programme; several by comma"),
]


@router.get("/search", response_model=SearchOut)
def search(
    request: Request,
    state: State,
    caller: Searcher,
    q: Text,
    course: Course = None,
    lecture: Annotated[int | None, Parameter(ge=1, le=2**31 - 1, description="Only this lecture (its id)")] = None,
    kind: Kinds = None,
    mode: Mode = Mode.HYBRID,
    limit: Annotated[int, Parameter(ge=1, le=MAX_LIMIT, description="How many hits")] = 10,
    offset: Annotated[int, Parameter(ge=0, le=MAX_OFFSET, description="How many hits before them")] = 0,
    explain: bool = False,
    literal: Annotated[bool, Parameter(description="Only as it was typed: no other readings")] = False,
    text: Annotated[bool, Parameter(description="Give each hit the whole text of its passage")] = False,
) -> Response:
    """Slide pages, moments of video and programme lines that answer, best first."""
    filters = Filters(course or None, lecture, read_kinds(kind), caller.courses)
    if lecture is not None:
        check_lecture(state, filters, lecture)
    found = timed_search(state.find, Query(q, filters, mode, literal), limit, offset, explain=explain, text=text)
    asked = {"query": found.query} if state.settings.log_queries else {}
    _log.debug("search", coverage=found.coverage.value, total=found.total, took_ms=found.took_ms, **asked)
    request.app.state.metrics.coverage.labels(found.coverage.value).inc()
    if found.coverage is Coverage.ABSENT:
        state.note_missed(course or "", found.query)
    # the model is serialised once, here: returning it would validate and walk it a second time
    return Response(search_json(found), media_type="application/json")


@router.get("/suggest", response_model=SuggestOut)
def suggest(
    state: State,
    caller: Searcher,
    q: Text,
    course: Course = None,
    limit: Annotated[int, Parameter(ge=1, le=20)] = 8,
) -> SuggestOut:
    """Completions of what is being typed."""
    prefix = clean_query(q)
    found = state.index().suggest(prefix, limit, Filters(course=course or None, courses=caller.courses))
    return SuggestOut(query=prefix, suggestions=[suggestion_out(one) for one in found])
