"""Durable jobs → ingested courses: take one, keep its lease alive, run the pipeline, write down how it ended."""

from __future__ import annotations

import threading
from dataclasses import asdict
from typing import Any

import structlog

from index.embed.protocol import Embedder
from index.errors import LecturesError, StorageError
from index.library import Library
from index.store.jobs import (
    LEASE_SECONDS,
    LONGEST_PAUSE_SECONDS,
    Job,
    claim_job,
    finish_job,
    has_job,
    release_job,
    renew_lease,
    retry_job,
)
from index.types import JobState
from ingest.order import Means, Order, carry_out
from ingest.pipeline import IngestReport, Progress
from ingest.web import FetchError

_log = structlog.get_logger("lectures")
_IDLE_SECONDS = 2.0
_TELL_SECONDS = 1.0
_BLOCKED = frozenset({"youtube_blocked"})


class _Stopped(Exception):
    """The job was cancelled, another worker has it by now, or this worker was told to stop."""


def work(
    library: Library, embedder: Embedder | None, means: Means, stop: threading.Event, *, once: bool = False
) -> int:
    """Run jobs until `stop` is set (with `once`: until none waits); how many were run. A database that is away is
    waited for; a job that runs when `stop` is set is given back at its next step."""
    done = 0
    while not stop.is_set():
        try:
            job = _next_job(library)
        except StorageError as error:
            _log.error("worker_waits_for_database", reason=str(error))
            stop.wait(_IDLE_SECONDS)
            continue
        if job is None:
            if once:
                break
            stop.wait(_IDLE_SECONDS)
            continue
        _Run(job, library, embedder, means, stop).run()
        done += 1
    return done


def _next_job(library: Library) -> Job | None:
    with library.database.reading() as connection:
        if not has_job(connection):
            return None
    with library.database.writing() as connection:
        return claim_job(connection)


class _Run:
    def __init__(
        self, job: Job, library: Library, embedder: Embedder | None, means: Means, stop: threading.Event
    ) -> None:
        self._stop = stop
        self._job, self._library, self._embedder, self._means = job, library, embedder, means
        self._finished = threading.Event()
        self._stopped = threading.Event()
        self._progress: dict[str, Any] | None = None

    def run(self) -> None:
        _log.info("job_started", job=self._job.id, attempt=self._job.attempt)
        keeper = threading.Thread(target=self._keep, daemon=True)
        keeper.start()
        report: IngestReport | None = None
        problem, passing, given_back = "", False, False
        try:
            order = Order.of(self._job.source, self._job.options)
            report = carry_out(order, self._library, self._embedder, self._means, self._told)
        except _Stopped:
            given_back = True
        except LecturesError as error:
            problem = str(error)
            passing = isinstance(error, StorageError) or (isinstance(error, FetchError) and error.passing)
        except Exception as error:  # a fault of ours must not take the worker down with it
            _log.error("job_crashed", job=self._job.id, exc_info=error)
            problem = f"An unexpected error ({type(error).__name__}); the worker's log has it."
        finally:
            self._finished.set()
            keeper.join()
        try:
            self._write_down(report, problem, passing=passing, given_back=given_back)
        except StorageError as error:  # its lease runs out, and it is taken again
            _log.error("job_not_written_down", job=self._job.id, reason=str(error))
        _log.info("job_finished", job=self._job.id, problem=problem or None)

    def _write_down(
        self, report: IngestReport | None, problem: str, *, passing: bool = False, given_back: bool = False
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
                retry_job(
                    connection, job, "YouTube refuses for now; the rest is fetched later.", found, LONGEST_PAUSE_SECONDS
                )
            else:
                finish_job(connection, job, JobState.DONE, report=found)

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
        except StorageError as error:
            _log.warning("lease_not_renewed", reason=str(error))
            return False
        return True
