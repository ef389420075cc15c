"""Durable jobs as rows: claimed once, finished, taken again if their worker died."""

from __future__ import annotations

import datetime as dt
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from postgres import waits_for_a_lock
from support import until

from index.library import Library
from index.store.jobs import (
    LONGEST_PAUSE_SECONDS,
    MAX_ATTEMPTS,
    Job,
    add_job,
    cancel_job,
    claim_job,
    count_jobs,
    finish_job,
    has_job,
    list_jobs,
    read_job,
    retry_job,
)
from index.store.missed import count_missed, list_missed
from index.store.tables import courses, jobs
from index.types import JobState, Problem


def test_a_job_is_claimed_once_and_finished(library: Library) -> None:
    with library.database.writing() as connection:
        job_id = add_job(connection, "course", {"linked_only": True})
    with library.database.writing() as connection:
        job = claim_job(connection)
        assert job is not None
        assert (job.id, job.options, job.attempt) == (job_id, {"linked_only": True}, 1)
        assert claim_job(connection) is None
    with library.database.writing() as connection:
        finish_job(connection, job, JobState.DONE, report={"pages": 3})
        assert (read_job(connection, job_id).state, read_job(connection, job_id).report) == ("done", {"pages": 3})


def test_a_job_whose_worker_died_is_taken_again_but_not_for_ever(library: Library) -> None:
    with library.database.writing() as connection:
        job_id = add_job(connection, "course", {})
    for attempt in range(1, MAX_ATTEMPTS + 1):
        with library.database.writing() as connection:
            job = claim_job(connection)
            assert job is not None
            assert job.attempt == attempt
            connection.execute(sa.update(jobs).values(leased_until=0.0))
    with library.database.writing() as connection:
        assert claim_job(connection) is None
        assert "died 3 times" in (read_job(connection, job_id).problem or "")
        assert count_jobs(connection) == {"quarantined": 1}


def test_whether_a_job_waits_is_known_by_reading(library: Library) -> None:
    def waits() -> bool:
        with library.database.reading() as connection:
            return has_job(connection)

    assert not waits()
    with library.database.writing() as connection:
        add_job(connection, "course", {})
    assert waits()
    with library.database.writing() as connection:
        claim_job(connection)
    assert not waits()


def test_jobs_of_one_course_are_done_in_the_order_in_which_they_were_ordered(library: Library) -> None:
    def claim() -> str | None:
        with library.database.writing() as connection:
            job = claim_job(connection)
        return job.id if job else None

    with library.database.writing() as connection:
        first = add_job(connection, "v1", {"course": "a"})
        second = add_job(connection, "v2", {"course": "a"})
        other = add_job(connection, "b", {"course": None})
        again = add_job(connection, "b", {})
    assert [claim(), claim(), claim()] == [first, other, None]
    with library.database.writing() as connection:  # the worker of the first dies
        connection.execute(sa.update(jobs).where(jobs.c.id == first).values(leased_until=0.0))
    assert [claim(), claim()] == [first, None]
    with library.database.writing() as connection:
        connection.execute(sa.update(jobs).where(jobs.c.id.in_((first, other))).values(state=JobState.DONE))
    assert {claim(), claim()} == {second, again}


def _claim(library: Library) -> Job | None:
    with library.database.writing() as connection:
        return claim_job(connection)


def test_what_is_tried_again_in_hours_holds_up_nothing_and_gives_way_to_a_later_order(library: Library) -> None:
    with library.database.writing() as connection:
        first = add_job(connection, "a", {"course": "a"})
        retried = claim_job(connection)
        assert retried is not None
        retry_job(connection, retried, Problem("youtube_blocked", "Later."), None, LONGEST_PAUSE_SECONDS)
        look = add_job(connection, "a", {"course": "a", "dry_run": True})
        other = add_job(connection, "b", {"course": "b"})
    assert [job.id if job else None for job in (_claim(library), _claim(library), _claim(library))] == [
        look,
        other,
        None,
    ]
    with library.database.writing() as connection:
        assert read_job(connection, first).state == JobState.QUEUED  # a look takes nothing's place
        second = add_job(connection, "a", {"course": "a", "dry_run": False})
    job = _claim(library)
    assert job is not None
    assert job.id == second
    with library.database.writing() as connection:
        given_up = read_job(connection, first)
        assert (given_up.state, given_up.problem) == (JobState.CANCELLED, None)  # nothing went wrong with it
        # what was ordered later, or for another course, goes on
        assert [read_job(connection, job_id).state for job_id in (second, other)] == [JobState.RUNNING] * 2


def test_a_look_neither_waits_for_an_ingest_nor_holds_one_up(library: Library) -> None:
    with library.database.writing() as connection:
        look = add_job(connection, "a", {"course": "a", "dry_run": True})
        ingest = add_job(connection, "a", {"course": "a"})
        again = add_job(connection, "a", {"course": "a", "dry_run": True})
        later = add_job(connection, "a", {"course": "a"})
    taken = [job.id for job in (_claim(library), _claim(library), _claim(library)) if job]
    assert taken == [look, ingest, again]
    assert _claim(library) is None
    with library.database.reading() as connection:
        assert read_job(connection, later).state == JobState.QUEUED


def test_a_lease_from_before_a_clock_was_set_back_is_taken_over(library: Library) -> None:
    with library.database.writing() as connection:
        job_id = add_job(connection, "course", {})
        assert claim_job(connection) is not None
        connection.execute(sa.update(jobs).values(leased_until=jobs.c.leased_until + 120))
        assert claim_job(connection) is None  # a machine whose clock is ahead may well have it
        connection.execute(sa.update(jobs).values(leased_until=jobs.c.leased_until + 3600))
        taken = claim_job(connection)
        assert taken is not None
        assert (taken.id, taken.attempt) == (job_id, 2)


def test_a_pause_from_before_a_clock_was_set_back_is_over(library: Library) -> None:
    with library.database.writing() as connection:
        add_job(connection, "course", {})
        connection.execute(sa.update(jobs).values(not_before=time.time() + LONGEST_PAUSE_SECONDS - 60))
        assert claim_job(connection) is None
        connection.execute(sa.update(jobs).values(not_before=time.time() + 10 * LONGEST_PAUSE_SECONDS))
        assert claim_job(connection) is not None


def _done(library: Library, source: str, course: str | None, *, look: bool = False, fails: bool = False) -> str:
    """The id of a job that was ordered, taken and is over; its report names its course."""
    with library.database.writing() as connection:
        add_job(connection, source, {"dry_run": look})
        job = claim_job(connection)
        assert job is not None
        state = JobState.FAILED if fails else JobState.DONE
        assert finish_job(connection, job, state, report=None if fails else {"course": course})
    return job.id


def _ids(library: Library) -> set[str]:
    with library.database.reading() as connection:
        return {job.id for job in list_jobs(connection, 1000)}


def test_of_jobs_that_are_over_the_newest_are_kept_and_the_last_of_each_course_that_is_there(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.store.history._KEPT", 3)
    with library.database.writing() as connection:
        for slug in ("a", "b"):
            values = {"slug": slug, "title": slug, "language": "en", "source": "x", "content_hash": ""}
            connection.execute(sa.insert(courses).values(**values, ingested_at=dt.datetime.now(dt.UTC)))
        waiting = add_job(connection, "later", {"course": "a"})
        connection.execute(sa.update(jobs).values(not_before=time.time() + 600.0))
    of_a = [_done(library, "x", "a") for _ in range(2)]
    of_b = _done(library, "y", "b")
    _done(library, "y", "b", look=True)  # changes nothing, so it is not what is asked about a course
    _done(library, "z", "removed since")
    newest = {_done(library, "nowhere", None, fails=True) for _ in range(3)}
    assert _ids(library) == {waiting, of_a[1], of_b, *newest}


def test_every_end_of_a_job_makes_room(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.store.history._KEPT", 1)

    def ordered(course: str) -> str:
        with library.database.writing() as connection:
            return add_job(connection, "x", {"course": course})

    done = _done(library, "x", "a")
    cancelled = ordered("a")
    with library.database.writing() as connection:
        cancel_job(connection, cancelled)
    assert _ids(library) == {cancelled} != {done}
    asked, killer = ordered("b"), ordered("c")
    with library.database.writing() as connection:
        connection.execute(sa.update(jobs).where(jobs.c.id == asked).values(cancel_asked=True))
        connection.execute(sa.update(jobs).where(jobs.c.id == killer).values(attempts=MAX_ATTEMPTS))
    assert _claim(library) is None
    assert _ids(library) == {killer}
    earlier, later = ordered("d"), ordered("d")
    with library.database.writing() as connection:
        connection.execute(sa.update(jobs).where(jobs.c.id == earlier).values(not_before=time.time() + 600.0))
    assert _claim(library) is not None
    assert _ids(library) == {earlier, later}  # given up, since what was ordered later is taken


on_postgres = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@on_postgres
def test_a_job_that_another_worker_is_taking_is_passed_over(library: Library) -> None:
    """Nobody waits for the other's transaction, and none of the same course is taken instead."""
    with library.database.writing() as connection:
        first = add_job(connection, "v1", {"course": "a"})
        add_job(connection, "v2", {"course": "a"})
        other = add_job(connection, "v1", {"course": "b"})
    with library.database.writing() as one, library.database.writing() as another:
        another.execute(sa.text("SET LOCAL lock_timeout = '5s'"))
        taken = [claim_job(one), claim_job(another), claim_job(another), claim_job(one)]
        assert [job and job.id for job in taken] == [first, other, None, None]


@on_postgres
def test_the_same_order_at_the_same_time_is_one_job(library: Library) -> None:
    """A client that tries again may reach another process while the first is not done."""
    with ThreadPoolExecutor(1) as pool:
        with library.database.writing() as connection:
            job_id = add_job(connection, "course", {}, "key")
            again = pool.submit(_ordered, library, "key")
            until(lambda: waits_for_a_lock(library.database))
        assert again.result(30) == job_id


@on_postgres
def test_the_first_of_a_search_in_vain_at_the_same_time_is_counted_twice(library: Library) -> None:
    today = dt.date(2026, 1, 2)

    def count() -> None:
        with library.database.writing() as connection:
            count_missed(connection, "a", "word", today)

    with ThreadPoolExecutor(1) as pool:
        with library.database.writing() as connection:
            count_missed(connection, "a", "word", today)
            again = pool.submit(count)
            until(lambda: waits_for_a_lock(library.database))
        again.result(30)
    with library.database.reading() as connection:
        assert [(found.query, found.count) for found in list_missed(connection, None)] == [("word", 2)]


def _ordered(library: Library, key: str) -> str:
    with library.database.writing() as connection:
        return add_job(connection, "course", {}, key)


@on_postgres
def test_who_ends_jobs_at_the_same_time_waits_for_nobody(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    for source in ("x", "y"):
        _done(library, source, None)
    with library.database.writing() as connection:
        ids = [add_job(connection, "z", {"course": course}) for course in ("a", "b")]
    monkeypatch.setattr("index.store.history._KEPT", 0)
    with library.database.writing() as one, library.database.writing() as another:
        another.execute(sa.text("SET LOCAL lock_timeout = '5s'"))
        for connection, job_id in zip((one, another), ids, strict=True):
            cancel_job(connection, job_id)
    assert _ids(library) == set()
