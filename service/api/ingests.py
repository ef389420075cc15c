"""Ingests as durable jobs, for keys with the scope admin: order, watch, cancel."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from index.errors import InvalidRequest, LecturesError, NotFound
from index.later import later
from index.store.history import OVER
from index.store.jobs import add_job, cancel_job, count_jobs, list_jobs, ordered_before, read_job
from index.types import JobRecord, JobState
from ingest.order import Order
from service import sse
from service.access import Administrator
from service.deps import State
from service.openapi import ADMIN
from service.refusals import Overloaded
from service.schemas import IngestIn, IngestOut, IngestQueuedOut
from service.settings import listed
from service.state import ServiceState
from service.validation import StrictRoute

if TYPE_CHECKING:
    from ingest import sources
else:
    sources = later("ingest.sources")

router = APIRouter(tags=["ingests"], route_class=StrictRoute)

JobId = Annotated[str, Path(max_length=40)]
_LOOK_SECONDS = 0.5
_MAX_WATCHERS = 32
_MAX_WAITING = 100  # more orders than this are somebody's mistake


@router.post("/ingests", status_code=202, openapi_extra=ADMIN)
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
    roots = listed(state.settings.ingest_roots)
    sources.check_allowed(asked.source, roots, state.settings.data_dir)
    sources.check_there(asked.source)  # after what is allowed: nobody learns what else there is
    ordered = Order(
        source=sources.absolute_source(asked.source),  # a worker may have been started elsewhere
        course=asked.course,
        languages=tuple(asked.languages),
        linked_only=asked.linked_only,
        roots=tuple(roots),
        dry_run=asked.dry_run,
    )
    # hashed: two callers may choose the same key, and both parts together are longer than what is stored
    key = hashlib.sha256(f"{caller.name}:{idempotency_key}".encode()).hexdigest() if idempotency_key else None
    with state.library.database.writing() as connection:
        if known := ordered_before(connection, key):
            return IngestQueuedOut(id=known)
        if count_jobs(connection).get(JobState.QUEUED, 0) >= _MAX_WAITING:
            raise Overloaded(f"{_MAX_WAITING} ingests wait already; is a `lectures worker` running?")
        return IngestQueuedOut(id=add_job(connection, ordered.source, ordered.options(), key))


@router.get("/ingests", openapi_extra=ADMIN)
def jobs(state: State, caller: Administrator, limit: Annotated[int, Query(ge=1, le=100)] = 20) -> list[IngestOut]:
    """The newest ingests."""
    with state.library.database.reading() as connection:
        return [IngestOut.model_validate(found) for found in list_jobs(connection, limit, caller.courses)]


@router.get("/ingests/{job_id}", openapi_extra=ADMIN)
def job(state: State, caller: Administrator, job_id: JobId) -> IngestOut:
    """How far an ingest is, and how it ended."""
    return IngestOut.model_validate(_read(state, caller.courses, job_id))


@router.delete("/ingests/{job_id}", openapi_extra=ADMIN)
def cancel(state: State, caller: Administrator, job_id: JobId) -> IngestOut:
    """Cancel an ingest: at once if it waits, else at its next step. What is served stays as it was."""
    _read(state, caller.courses, job_id)
    with state.library.database.writing() as connection:
        cancel_job(connection, job_id)
        return IngestOut.model_validate(read_job(connection, job_id))


@router.get(
    "/ingests/{job_id}/events",
    response_class=Response,
    openapi_extra=ADMIN,
    responses={**sse.event_responses("`job` at each change, to its end")},
)
async def events(state: State, caller: Administrator, request: Request, job_id: JobId) -> Response:
    """The job at each change of it, as server-sent events, until it is over."""
    await run_in_threadpool(_read, state, caller.courses, job_id)
    watchers: asyncio.Semaphore = request.app.state.watchers
    too_many = Overloaded(f"{_MAX_WATCHERS} ingests are being watched already; ask GET /api/ingests/ID instead.")
    if watchers.locked():
        raise too_many

    async def stream() -> AsyncIterator[str]:
        last = None
        if watchers.locked():  # by one that was let in at the same moment
            yield _problem(too_many)
            return
        async with watchers:
            while True:
                try:
                    found = IngestOut.model_validate(await run_in_threadpool(_read, state, caller.courses, job_id))
                except LecturesError as error:
                    yield _problem(error)
                    return
                if found != last:
                    yield sse.write_event(found.model_dump_json(), "job")
                    last = found
                if found.state in OVER:
                    return
                await asyncio.sleep(_LOOK_SECONDS)

    return StreamingResponse(stream(), media_type=sse.MEDIA_TYPE, headers=sse.HEADERS)


def _problem(error: LecturesError) -> str:
    return sse.write_event(json.dumps({"detail": str(error), "code": error.code}), "problem")


def new_watchers() -> asyncio.Semaphore:
    """How many may watch an ingest at once."""
    return asyncio.Semaphore(_MAX_WATCHERS)


def _read(state: ServiceState, courses: frozenset[str] | None, job_id: str) -> JobRecord:
    with state.library.database.reading() as connection:
        found = read_job(connection, job_id)
    if not _may_see(courses, found):
        raise NotFound(f"There is no job {job_id!r:.40}.")
    return found


def _may_see(courses: frozenset[str] | None, job: JobRecord) -> bool:
    """Whether a key that is held to these courses (None: to none) may see a job."""
    return courses is None or job.options.get("course") in courses
