"""Durable jobs → ingested courses: take one, keep its lease alive, run the pipeline, write down how it ended."""

from __future__ import annotations

import threading
from dataclasses import asdict
from pathlib import Path

import structlog

from index.embed import Embedder
from index.errors import LecturesError, StorageError
from index.jobs import LEASE_SECONDS, Job, claim_job, finish_job, renew_lease
from index.library import Library
from ingest.course import read_course
from ingest.pipeline import ingest_course

_log = structlog.get_logger("lectures")
_IDLE_SECONDS = 2.0


def work(library: Library, embedder: Embedder | None, stop: threading.Event, *, once: bool = False) -> int:
    """Run jobs until `stop` is set (with `once`: until none waits); how many were run. A database that is away is
    waited for."""
    done = 0
    while not stop.is_set():
        try:
            with library.database.writing() as connection:
                job = claim_job(connection)
        except StorageError as error:
            _log.error("worker_waits_for_database", reason=str(error))
            stop.wait(_IDLE_SECONDS)
            continue
        if job is None:
            if once:
                break
            stop.wait(_IDLE_SECONDS)
            continue
        _run(job, library, embedder)
        done += 1
    return done


def _run(job: Job, library: Library, embedder: Embedder | None) -> None:
    _log.info("job_started", job=job.id, attempt=job.attempt)
    finished = threading.Event()
    keeper = threading.Thread(target=_keep_lease, args=(job, library, finished), daemon=True)
    keeper.start()
    report, problem = None, None
    try:
        options = job.options
        folder = Path(job.source)
        planned = read_course(
            folder,
            slug=options.get("course"),
            source_url=options.get("source_url"),
            language=next(iter(options.get("languages", ())), None),
            linked_only=bool(options.get("linked_only")),
        )
        report = asdict(
            ingest_course(
                planned,
                folder,
                library,
                embedder,
                languages=tuple(options.get("languages", ())),
                with_transcripts=bool(options.get("with_transcripts", True)),
            )
        )
    except LecturesError as error:
        problem = str(error)
    except Exception as error:  # a fault of ours must not take the worker down with it
        _log.error("job_crashed", job=job.id, exc_info=error)
        problem = f"An unexpected error ({type(error).__name__}); the worker's log has it."
    finally:
        finished.set()
        keeper.join()
    with library.database.writing() as connection:
        finish_job(connection, job, report=report, problem=problem)
    _log.info("job_finished", job=job.id, problem=problem)


def _keep_lease(job: Job, library: Library, finished: threading.Event) -> None:
    while not finished.wait(LEASE_SECONDS / 4):
        try:
            with library.database.writing() as connection:
                renew_lease(connection, job)
        except StorageError as error:
            _log.warning("lease_not_renewed", reason=str(error))
