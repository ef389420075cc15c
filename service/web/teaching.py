"""The lecturer's page: what is served, who reads the queue, imports as they run, what courses lack, searches in vain.

Everybody who may read a course sees what it lacks, in a lecturer's words. All else (files, jobs, what is technical)
is for who may administer: a person who is signed in, or whoever sends a key, as the page's script does.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi import Query as Parameter
from sqlalchemy.engine import Connection

from index.errors import LecturesError, NotFound
from index.store.catalogue import course_details, list_courses
from index.store.history import OVER
from index.store.jobs import count_jobs, list_jobs, read_job
from index.store.missed import list_missed
from index.store.workers import list_workers
from index.types import CourseSummary, JobRecord, JobState, MissedSearch, Problem, WorkerRecord
from service.access import Caller, PerhapsAdministrator, Reader
from service.deps import State
from service.state import ServiceState
from service.web.gaps import gaps_by_todo
from service.web.place import Place
from service.web.quality import quality_rows
from service.web.showing import PageRoute, show_page

router = APIRouter(route_class=PageRoute)

_NEWEST_JOBS = 10
_COUNTED = ("lectures", "decks", "pages", "videos", "segments")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """An import as its lecturer sees it. `state` names the words for it, `step` those for what it does just now;
    `counts` are what was found, `again_at` is when it is tried again. `is_look`: it was only looked at; `look` is the
    order that only looks at the same, empty while it is not over."""

    id: str
    title: str
    slug: str
    source: str
    state: str
    step: str
    what: str
    done: int
    total: int
    problem: Problem | None
    counts: dict[str, int]
    gaps: int
    ordered_at: dt.datetime
    ended_at: dt.datetime | None
    again_at: dt.datetime | None
    may_cancel: bool
    is_look: bool
    look: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedView:
    """Words that were searched in vain, with the address that searches them again; `course` is a title, or empty."""

    query: str
    url: str
    course: str
    count: int
    last_day: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What only who may administer sees. `courses` and `lectures` are how many are served, `waiting` how many
    imports wait; `troubles` is why part of the search does not work, `counts_missed` whether searches in vain are
    counted."""

    courses: int
    lectures: int
    troubles: tuple[str, ...]
    workers: list[WorkerRecord]
    waiting: int
    jobs: list[JobView]
    missed: list[MissedView]
    counts_missed: bool

    @property
    def is_busy(self) -> bool:
        """Whether something changes by itself soon."""
        return any(job.may_cancel for job in self.jobs)


@router.get("/teach")
def teach(
    request: Request,
    state: State,
    reader: Reader,
    administrator: PerhapsAdministrator,
    course: Annotated[str, Parameter(max_length=80)] = "",
    plan: Annotated[str, Parameter(max_length=40)] = "",
    part: Annotated[str, Parameter(max_length=1)] = "",
    lang: Annotated[str, Parameter(max_length=2)] = "",
) -> Response:
    """For the lecturer; the quality of `course` is looked at, and how the one of the job `plan` is understood.

    `part` is what changes while an import runs, alone."""
    caller = administrator or reader
    place = Place("/teach", lang=lang)
    with state.library.database.reading() as connection:
        listed = list_courses(connection, caller.courses)
        desk = _desk(state, connection, administrator, listed, lang) if administrator else None
        if part and desk:
            return show_page(request, "_jobs.html", place, {"desk": desk})
        courses = [course_details(connection, item.slug, caller.courses) for item in listed]
        chosen = next((found for found in courses if found.slug == course or len(courses) == 1), None)
        rows = quality_rows(connection, chosen) if administrator and chosen else []
        planned = _plan(connection, administrator, plan) if administrator and plan else None
    values = {
        "lacking": [(course, gaps_by_todo(course)) for course in courses],
        "desk": desk,
        "chosen": chosen,
        "rows": rows,
        "planned": planned,
    }
    return show_page(request, "teach.html", place, values)


def _desk(state: ServiceState, connection: Connection, caller: Caller, courses: list[CourseSummary], lang: str) -> Desk:
    titles = {course.slug: course.title for course in courses}
    waiting = count_jobs(connection).get(JobState.QUEUED, 0)
    return Desk(
        courses=len(courses),
        lectures=sum(course.lectures for course in courses),
        troubles=_troubles(state, caller),
        workers=list_workers(connection),
        waiting=waiting,
        jobs=[_job(job, titles) for job in list_jobs(connection, _NEWEST_JOBS, caller.courses)],
        missed=[_missed(search, titles, lang) for search in list_missed(connection, caller.courses)],
        counts_missed=state.settings.count_missed_searches,
    )


def _troubles(state: ServiceState, caller: Caller) -> tuple[str, ...]:
    """Why part of the search does not work; nothing while there is nothing to search."""
    try:
        return state.troubles(caller.courses)
    except LecturesError as error:
        return (str(error),) if state.library.served_number() is not None else ()


def _job(job: JobRecord, titles: dict[str, str]) -> JobView:
    report, progress = job.report or {}, job.progress or {}
    slug = str(report.get("course") or job.options.get("course") or "")
    now = dt.datetime.now(dt.UTC)
    again = dt.datetime.fromtimestamp(job.not_before, dt.UTC) if job.not_before else now
    is_again = job.state is JobState.QUEUED and again > now
    gaps = report.get("gaps")
    return JobView(
        id=job.id,
        title=str(report.get("title") or titles.get(slug) or ""),
        slug=slug if slug in titles else "",
        source=job.source,
        state=_state(job, is_again=is_again),
        step=str(progress.get("step", "")).replace(" ", "_") if job.state is JobState.RUNNING else "",
        what=str(progress.get("what", "")),
        done=_number(progress.get("done")),
        total=_number(progress.get("total")),
        problem=Problem(job.problem_code or "error", job.problem) if job.problem else None,
        counts={name: _number(report.get(name)) for name in _COUNTED if _number(report.get(name))},
        gaps=len(gaps) if isinstance(gaps, list) else 0,
        ordered_at=_aware(job.created_at),
        ended_at=_aware(job.updated_at) if job.state in OVER else None,
        again_at=again if is_again else None,
        may_cancel=job.state not in OVER,
        is_look=bool(job.options.get("dry_run")),
        look=_look(job) if job.state is JobState.DONE else "",
    )


def _missed(search: MissedSearch, titles: dict[str, str], lang: str) -> MissedView:
    slug = search.course if search.course in titles else ""
    return MissedView(
        query=search.query,
        url=Place("/", q=search.query, course=slug or "", lang=lang).url(),
        course=titles.get(slug or "", ""),
        count=search.count,
        last_day=search.last_day,
    )


def _look(job: JobRecord) -> str:
    kept = {name: job.options[name] for name in ("course", "languages", "linked_only") if job.options.get(name)}
    return json.dumps({**kept, "source": job.source, "dry_run": True})


def _plan(connection: Connection, caller: Caller, job_id: str) -> JobRecord | None:
    """The job whose plan is looked at, if it has one and is the caller's to see."""
    try:
        job = read_job(connection, job_id)
    except NotFound:
        return None
    may_see = caller.courses is None or job.options.get("course") in caller.courses
    return job if job.plan and may_see else None


def _state(job: JobRecord, *, is_again: bool) -> str:
    if is_again:
        return "again"
    return "stopping" if job.state is JobState.RUNNING and job.cancel_asked else job.state.value


def _number(value: object) -> int:
    """A number of what a worker wrote, which may be of another version."""
    return value if isinstance(value, int) else 0


def _aware(moment: dt.datetime) -> dt.datetime:
    """With its time zone, which SQLite does not keep."""
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
