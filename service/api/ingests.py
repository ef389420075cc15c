"""Ingests as durable jobs, for keys with the scope admin: order, watch, cancel; and forgetting a course."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy.engine import Row
from starlette.concurrency import run_in_threadpool

from index.errors import InvalidRequest, LecturesError, NotFound
from index.store.jobs import OVER, add_job, cancel_job, count_jobs, list_jobs, read_job
from index.store.missed import list_missed
from index.types import JobState
from service.access import Administrator
from service.deps import State
from service.refusals import Overloaded
from service.schemas import IngestIn, IngestOut, IngestQueuedOut, MissedSearchOut
from service.state import ServiceState

router = APIRouter(tags=["ingests"])

JobId = Annotated[str, Path(max_length=40)]
_SSE = "text/event-stream"
_EVENT_SCHEMA = {"type": "object", "properties": {"event": {"type": "string"}, "data": {"type": "string"}}}
_LOOK_SECONDS = 0.5
_MAX_WATCHERS = 32
_MAX_WAITING = 100  # more orders than this are somebody's mistake


@router.post("/ingests", status_code=202)
def order(
    state: State,
    caller: Administrator,
    asked: IngestIn,
    idempotency_key: Annotated[
        str | None, Header(max_length=64, description="The same key again is answered with the same job")
    ] = None,
) -> IngestQueuedOut:
    """Queue the ingest of a course; a `lectures worker` takes it."""
    if "\0" in asked.source or (asked.course and "\0" in asked.course):
        raise InvalidRequest("source: it must not hold a NUL character.")
    if caller.courses is not None and asked.course not in caller.courses:
        raise InvalidRequest("course: this key may only ingest the courses that it is held to; name one of them.")
    options = {"course": asked.course, "languages": asked.languages, "linked_only": asked.linked_only}
    key = f"{caller.name}:{idempotency_key}" if idempotency_key else None
    with state.library.database.writing() as connection:
        if count_jobs(connection).get(JobState.QUEUED, 0) >= _MAX_WAITING:
            raise Overloaded(f"{_MAX_WAITING} ingests wait already; is a `lectures worker` running?")
        return IngestQueuedOut(id=add_job(connection, asked.source, options, key))


@router.get("/ingests")
def jobs(state: State, caller: Administrator, limit: Annotated[int, Query(ge=1, le=100)] = 20) -> list[IngestOut]:
    """The newest ingests."""
    with state.library.database.reading() as connection:
        rows = list_jobs(connection, limit)
    return [_job(row) for row in rows if caller.courses is None or row.options.get("course") in caller.courses]


@router.get("/ingests/{job_id}")
def job(state: State, caller: Administrator, job_id: JobId) -> IngestOut:
    """How far an ingest is, and how it ended."""
    return _job(_read(state, caller.courses, job_id))


@router.delete("/ingests/{job_id}")
def cancel(state: State, caller: Administrator, job_id: JobId) -> IngestOut:
    """Cancel an ingest: at once if it waits, else at its next step. What is served stays as it was."""
    _read(state, caller.courses, job_id)
    with state.library.database.writing() as connection:
        cancel_job(connection, job_id)
        return _job(read_job(connection, job_id))


@router.get(
    "/ingests/{job_id}/events",
    response_class=Response,
    responses={200: {"content": {_SSE: {"schema": _EVENT_SCHEMA}}, "description": "`job` at each change, to its end"}},
)
async def events(state: State, caller: Administrator, request: Request, job_id: JobId) -> Response:
    """The job at each change of it, as server-sent events, until it is over."""
    await run_in_threadpool(_read, state, caller.courses, job_id)
    watchers: asyncio.Semaphore = request.app.state.watchers
    if watchers.locked():
        raise Overloaded(f"{_MAX_WATCHERS} ingests are being watched already; ask GET /api/ingests/ID instead.")

    async def stream() -> AsyncIterator[str]:
        last = None
        async with watchers:
            while True:
                try:
                    found = _job(await run_in_threadpool(_read, state, caller.courses, job_id))
                except LecturesError as error:
                    yield f"event: problem\ndata: {json.dumps({'detail': str(error), 'code': error.code})}\n\n"
                    return
                if found != last:
                    yield f"event: job\ndata: {found.model_dump_json()}\n\n"
                    last = found
                if found.state in OVER:
                    return
                await asyncio.sleep(_LOOK_SECONDS)

    return StreamingResponse(stream(), media_type=_SSE, headers={"Cache-Control": "no-store"})


@router.get("/missed-searches")
def missed_searches(state: State, caller: Administrator) -> list[MissedSearchOut]:
    """Searches that found nothing, the most frequent first; empty unless LECTURES_COUNT_MISSED_SEARCHES is set."""
    with state.library.database.reading() as connection:
        rows = list_missed(connection)
    return [
        MissedSearchOut(course=row.course or None, query=row.query, count=row.count, last_day=row.last_day)
        for row in rows
        if caller.courses is None or row.course in caller.courses
    ]


@router.delete("/courses/{slug}", status_code=204, response_class=Response)
def remove(state: State, caller: Administrator, slug: Annotated[str, Path(max_length=80)]) -> Response:
    """Forget a course and all that hangs on it."""
    caller.check(slug, f"There is no course {slug!r:.80}; GET /api/courses lists those there are.")
    state.forget(slug)
    return Response(status_code=204)


def new_watchers() -> asyncio.Semaphore:
    """How many may watch an ingest at once."""
    return asyncio.Semaphore(_MAX_WATCHERS)


def _read(state: ServiceState, courses: frozenset[str] | None, job_id: str) -> Row[Any]:
    with state.library.database.reading() as connection:
        row = read_job(connection, job_id)
    if courses is not None and row.options.get("course") not in courses:
        raise NotFound(f"There is no job {job_id!r:.40}.")
    return row


def _job(row: Row[Any]) -> IngestOut:
    return IngestOut(
        id=row.id,
        source=row.source,
        state=row.state,
        attempts=row.attempts,
        progress=row.progress,
        report=row.report,
        problem=row.problem,
        created_at=row.created_at.isoformat(),
        updated_at=row.updated_at.isoformat(),
    )
