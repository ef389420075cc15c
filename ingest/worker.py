"""Durable jobs → ingested courses: take one, keep its lease alive, run the pipeline, write down how it ended."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import structlog
from sqlalchemy.engine import Connection

from index.embed.protocol import Embedder
from index.encoding import Reader, Stopped, publish_all_read, reason_of
from index.errors import LecturesError, StorageError, StorageUnreachable
from index.library import Library
from index.store.generations import latest_generation
from index.store.jobs import (
    LEASE_SECONDS,
    LONGEST_PAUSE_SECONDS,
    Job,
    claim_job,
    finish_job,
    has_job,
    is_held,
    release_job,
    renew_lease,
    retry_job,
)
from index.store.workers import add_worker, remove_worker, see_worker
from index.types import JobState, Problem
from ingest.carrying import Means, carry_out, look
from ingest.gathering import Progress
from ingest.order import Order
from ingest.outline import Outline
from ingest.pipeline import IngestReport
from ingest.web import FetchError

_log = structlog.get_logger("lectures")
_IDLE_SECONDS = 2.0
_TELL_SECONDS = 1.0
# A model that is away, whose calls of the day are spent or that fails, a disk that is full: it is tried again after so
# long, and ever more rarely while nothing is read. Each try costs a call of the day.
_AWAY_SECONDS, _AWAY_AT_MOST_SECONDS = 300.0, 3600.0
_BLOCKED = frozenset({"youtube_blocked"})


class _Stopped(Exception):
    """The job was cancelled, another worker has it by now, or this worker was told to stop."""


def work(
    library: Library,
    embedder: Embedder | None,
    means: Means,
    stop: threading.Event,
    *,
    once: bool = False,
    readers: Sequence[Reader] = (),
) -> int:
    """Run jobs until `stop` is set (with `once`: until none waits); how many were run. A database that is away is
    waited for; a job that runs when `stop` is set is given back at its next step. While none waits, `readers`
    read what they have not read."""
    done, presence = 0, _Presence(library)
    readings = [_Reading(library, embedder, reader, stop, presence) for reader in readers]
    while not stop.is_set():
        try:
            presence.tell()
            job = _next_job(library)
        except StorageError as error:
            _log.error("worker_waits_for_database", reason=str(error))
            stop.wait(_IDLE_SECONDS)
            continue
        if job is None:
            if not all(reading.go_on() for reading in readings):
                continue
            if once:
                break
            stop.wait(_IDLE_SECONDS)
            continue
        _Run(job, library, embedder, means, stop, presence, readers).run()
        done += 1
    presence.end()
    return done


class _Presence:
    """That a worker reads the queue, written down so that whoever orders something knows: told often enough while it
    waits and while it works."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._worker = ""
        self._next = 0.0

    def tell(self) -> None:
        """Say that it is there; StorageError if the database is away."""
        if time.monotonic() < self._next:
            return
        with self._library.database.writing() as connection:
            if not self._worker or not see_worker(connection, self._worker):
                self._worker = add_worker(connection)
        self._next = time.monotonic() + LEASE_SECONDS / 4

    def end(self) -> None:
        """Say that it stops; what the database does not hear it finds out by itself."""
        if self._worker:
            with suppress(StorageError), self._library.database.writing() as connection:
                remove_worker(connection, self._worker)


class _Reading:
    """What an encoder or a language model has not read is read while no job waits; a job that comes is run first."""

    def __init__(
        self,
        library: Library,
        embedder: Embedder | None,
        reader: Reader,
        stop: threading.Event,
        presence: _Presence,
    ) -> None:
        self._library, self._embedder, self._reader = library, embedder, reader
        self._stop, self._presence = stop, presence
        self._not_before, self._pause = 0.0, _AWAY_SECONDS
        self._done: int | None = None  # the generation of which all was read that can be

    def go_on(self) -> bool:
        """Read on; False if there is something else to do first."""
        if time.monotonic() < self._not_before:
            return True
        try:
            newest = self._newest()  # before: what another process publishes meanwhile is read next
            if newest == self._done:
                return True
            found = publish_all_read(self._library, self._embedder, self._reader, self._told)
            if found.published or not found.waiting:
                self._pause = _AWAY_SECONDS
            for course, error in found.waiting.items():
                self._tell(error, course=course)
            if found.waiting:
                self._wait()
            else:
                self._done = newest
        except Stopped:
            return False
        except Exception as error:  # a database that is away, an index of another embedder
            self._tell(error)
            self._wait()
        return True

    def _tell(self, error: Exception, **where: str) -> None:
        event = "reader_waits" if isinstance(error, LecturesError) else "reader_failed"
        _log.error(event, reader=self._reader.fingerprint, reason=reason_of(error), **where)

    def _wait(self) -> None:
        """Leave it for a while, for longer each time."""
        self._not_before = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, _AWAY_AT_MOST_SECONDS)

    def _newest(self) -> int | None:
        with self._library.database.reading() as connection:
            latest = latest_generation(connection)
        return latest.number if latest else None

    def _told(self, course: str, done: int, total: int) -> None:
        _log.debug("reader_reads", reader=self._reader.fingerprint, course=course, done=done, total=total)
        self._presence.tell()
        with self._library.database.reading() as connection:
            if self._stop.is_set() or has_job(connection):
                raise Stopped


def _next_job(library: Library) -> Job | None:
    with library.database.reading() as connection:
        if not has_job(connection):
            return None
    with library.database.writing() as connection:
        return claim_job(connection)


class _Run:
    def __init__(
        self,
        job: Job,
        library: Library,
        embedder: Embedder | None,
        means: Means,
        stop: threading.Event,
        presence: _Presence,
        readers: Sequence[Reader] = (),
    ) -> None:
        self._stop, self._presence, self._readers = stop, presence, readers
        self._job, self._library, self._embedder, self._means = job, library, embedder, means
        self._finished = threading.Event()
        self._stopped = threading.Event()
        self._progress: dict[str, Any] | None = None

    def run(self) -> None:
        _log.info("job_started", job=self._job.id, attempt=self._job.attempt)
        keeper = threading.Thread(target=self._keep, daemon=True)
        keeper.start()
        report: IngestReport | None = None
        outline: Outline | None = None
        problem: Problem | None = None
        passing = given_back = False
        try:
            order = Order.of(self._job.source, self._job.options)
            if order.dry_run:
                report, outline = look(order, self._library.data_dir, self._means, self._told)
            else:
                report = carry_out(
                    order, self._library, self._embedder, self._means, self._told, self._check, self._readers
                )
        except _Stopped:
            given_back = True
        except LecturesError as error:
            problem = Problem(error.code, str(error))
            passing = isinstance(error, StorageError) or (isinstance(error, FetchError) and error.passing)
        except Exception as error:  # a fault of ours must not take the worker down with it
            _log.error("job_crashed", job=self._job.id, exc_info=error)
            problem = Problem("internal", f"An unexpected error ({type(error).__name__}); the worker's log has it.")
        finally:
            self._finished.set()
            keeper.join()
        self._when_possible(lambda: self._write_down(report, problem, outline, passing=passing, given_back=given_back))
        _log.info("job_finished", job=self._job.id, problem=problem.detail if problem else None)

    def _when_possible(self, write: Callable[[], None]) -> None:
        """Write down how it ended. A database that is away is waited for: it may be written however late, since by then
        the job is this worker's or it is not. What is not written is found out when the lease runs out."""
        while True:
            try:
                write()
            except StorageError as error:
                _log.error("job_not_written_down", job=self._job.id, reason=str(error))
                if isinstance(error, StorageUnreachable) and not self._stop.wait(_IDLE_SECONDS):
                    continue
            return

    def _check(self, connection: Connection) -> None:
        """Refuse to publish what another worker has taken over meanwhile: this one was stopped for longer than its
        lease, and what was ordered later may be published already."""
        if not is_held(connection, self._job):
            raise _Stopped

    def _write_down(
        self,
        report: IngestReport | None,
        problem: Problem | None,
        outline: Outline | None = None,
        *,
        passing: bool = False,
        given_back: bool = False,
    ) -> None:
        job = self._job
        found = asdict(report) if report else None
        with self._library.database.writing() as connection:
            if given_back and self._stopped.is_set():
                finish_job(connection, job, JobState.CANCELLED)
            elif given_back:
                release_job(connection, job)
            elif problem and passing and not job.is_last_attempt:
                retry_job(connection, job, problem)
            elif problem:
                finish_job(connection, job, JobState.FAILED, problem=problem)
            elif report and not job.is_last_attempt and any(gap["code"] in _BLOCKED for gap in report.gaps):
                # what was got is kept and served; the rest is asked for when YouTube may answer again
                later = Problem("youtube_blocked", "YouTube refuses for now; the rest is fetched later.")
                retry_job(connection, job, later, found, LONGEST_PAUSE_SECONDS)
            else:
                finish_job(connection, job, JobState.DONE, report=found, plan=asdict(outline) if outline else None)

    def _told(self, at: Progress) -> None:
        is_first = self._progress is None
        self._progress = asdict(at)
        if is_first:  # where a job that ends or dies within the first second was is known too
            self._tell(self._progress)
        published = at.step == "publishing" and at.done > 0  # too late: it is done, and is written down as that
        if not published and (self._stopped.is_set() or self._stop.is_set()):
            raise _Stopped

    def _keep(self) -> None:
        told, waited = None, LEASE_SECONDS
        while not self._finished.wait(_TELL_SECONDS):
            waited += _TELL_SECONDS
            progress = self._progress
            if progress == told and waited < LEASE_SECONDS / 4:
                continue
            if self._tell(progress):
                told, waited = progress, 0.0

    def _tell(self, progress: dict[str, Any] | None) -> bool:
        """Renew the lease and say how far the job is; False if the database is away. Notes if it is to end."""
        try:
            with self._library.database.writing() as connection:
                if not renew_lease(connection, self._job, progress):
                    self._stopped.set()
            self._presence.tell()
        except StorageError as error:
            _log.warning("lease_not_renewed", reason=str(error))
            return False
        return True
