"""What requests count (searches in vain, calls of the language model) → rows, written by one thread beside them.

A request never waits for a writer: it counts in memory. What a crash, or a database that stays locked to the end, keeps
from being written is lost; that is some seconds of counts in the ordinary case.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter

import structlog

from index.errors import StorageError
from index.store.budget import add_model_calls, model_calls_made
from index.store.database import Database
from index.store.missed import count_missed, missed_key

_log = structlog.get_logger("lectures")
_WRITE_SECONDS = 1.0  # between two writes: what is counted is shown to the lecturer about as soon
_CLOSING_SECONDS = 5.0  # how long the end of the service waits for the last counts
_MAX_WAITING = 1_000  # different searches that wait to be written; beyond that new ones are not counted


class Counters:
    """Shared by all requests of a process; `start` it, and `close` it to write what is left."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._missed: Counter[tuple[str, str, dt.date]] = Counter()
        self._calls: Counter[dt.date] = Counter()
        self._lock = threading.Lock()
        self._spending = threading.Lock()  # apart: who counts a search must not wait until calls were read
        self._stop = threading.Event()
        self._writer: threading.Thread | None = None

    def start(self) -> None:
        """Write from now on, in a thread of its own."""
        self._writer = threading.Thread(target=self._write_on, name="counters", daemon=True)
        self._writer.start()

    def missed(self, course: str, query: str, day: dt.date) -> None:
        """One more search that found nothing."""
        key = (*missed_key(course, query), day)
        with self._lock:
            if key in self._missed or len(self._missed) < _MAX_WAITING:
                self._missed[key] += 1

    def model_calls(self, day: dt.date) -> int:
        """How many calls of this day are known. StorageError if the database is away."""
        with self._lock:  # first, as in `model_call`
            waiting = self._calls[day]
        with self._database.reading() as connection:
            return model_calls_made(connection, day) + waiting

    def model_call(self, day: dt.date, limit: int) -> bool:
        """Count one more call of this day, if the limit allows it. StorageError if it is not known how many were made.

        Calls of other processes are known once they are written: together they may make a second's calls too many.
        """
        with self._spending:
            with self._lock:  # first: what is written meanwhile counts twice for a moment, rather than not at all
                waiting = self._calls[day]
            with self._database.reading() as connection:
                allowed = model_calls_made(connection, day) + waiting < limit
            with self._lock:
                self._calls[day] += allowed
        return allowed

    def write(self) -> None:
        """Write what was counted; StorageError leaves it to be written another time."""
        with self._lock:
            missed, calls = dict(self._missed), dict(+self._calls)
        if not missed and not calls:
            return
        with self._database.writing() as connection:
            for (course, query, day), times in sorted(missed.items()):  # in one order: nobody waits for each other
                count_missed(connection, course, query, day, times)
            for day, times in calls.items():
                add_model_calls(connection, day, times)
        with self._lock:  # only now: a call that is being written counts for the limit all the while (`model_call`)
            self._missed.subtract(missed)
            self._calls.subtract(calls)
            self._missed, self._calls = +self._missed, +self._calls

    def close(self) -> None:
        """Write what is left, waiting a few seconds at most if somebody else is writing."""
        self._stop.set()
        last = self._writer or threading.Thread(target=self._try, name="counters", daemon=True)
        if self._writer is None:
            last.start()
        last.join(timeout=_CLOSING_SECONDS)
        if last.is_alive():
            _log.warning("counts_lost", reason="The database was locked until the end.")

    def _write_on(self) -> None:
        while not self._stop.wait(_WRITE_SECONDS):
            self._try()
        self._try()

    def _try(self) -> None:
        try:
            self.write()
        except StorageError as error:
            _log.warning("counts_not_written", reason=str(error))
