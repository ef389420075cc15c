"""The shared storage and the database of other machines, looked at beside the requests: what is newly published is
fetched, and how far behind we are, and what is away, is known."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable

import structlog

from index.errors import LecturesError
from index.follow import Followed, follow, tidy
from index.library import Library
from service.reaching import Reaching

_log = structlog.get_logger("lectures")
# between two looks at every byte, while something that is served is damaged
_THOROUGH_SECONDS, _THOROUGH_AT_MOST_SECONDS = 30.0, 3600.0
_TIDY_SECONDS = 60.0  # between two looks at what takes room


class Following:
    """One thread that looks every few seconds; an installation of one machine needs none."""

    def __init__(self, library: Library, reaching: Reaching, seconds: float, *, shards: bool = True) -> None:
        """Without `shards` only lists of them are fetched: others hold them."""
        self._library = library
        self._shards = shards
        self._reaching = reaching
        self._seconds = seconds
        self._found = Followed(None, None)
        self._problem: str | None = None
        self._database_problem: str | None = None
        self._database_is_elsewhere = library.database.url.get_backend_name() != "sqlite"
        self._current_at = time.time()  # when what is here was last known to be the newest
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def newest(self) -> int | None:
        """The newest generation that was seen in the shared storage."""
        return self._found.newest

    @property
    def is_coming(self) -> bool:
        """Whether the first generation is on its way here."""
        return self._problem is None and self._found.here is None and self._found.newest is not None

    def seconds_behind(self) -> float:
        """Since when something newer may be served elsewhere; 0 while what is here is known to be the newest."""
        if self._problem is None and self._found.newest == self._found.here:
            return 0.0
        return max(time.time() - self._current_at, 0.0)

    def reasons(self) -> tuple[str, ...]:
        """What is degraded: what is published is not fetched, the database is away."""
        return self.behind() if self._database_problem is None else (*self.behind(), self._database_problem)

    def behind(self) -> tuple[str, ...]:
        """Why what is published is not fetched, if it is not."""
        problem = self._problem
        if problem is None:
            return ()
        since = dt.datetime.fromtimestamp(self._current_at, dt.UTC).isoformat(timespec="seconds")
        return (f"What was published since {since} is not served here: {problem}",)

    def start(self, is_damaged: Callable[[], bool]) -> None:
        """Look from now on. While `is_damaged` says that something here is, it is fetched again."""
        if self._library.shared is not None or self._database_is_elsewhere:
            self._thread = threading.Thread(target=self._go_on, args=(is_damaged,), name="following", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        self._stop.set()  # a file that is on its way is left behind: nobody waits for it

    def look(self, *, thorough: bool = False) -> None:
        """Look now, and fetch what is new; what goes wrong is kept to be said."""
        try:
            before = self._found
            self._found = follow(self._library, self._noticed, thorough=thorough, shards=self._shards)
            if self._problem is not None:
                _log.info("shared_storage_back", newest=self._found.newest)
            self._problem = None
            if self._found.here == self._found.newest:
                self._current_at = time.time()
                if before.here != self._found.here:
                    _log.info("generation_fetched", generation=self._found.here)
        except LecturesError as error:
            self._fail(str(error))
        except Exception as error:  # the thread must live: the next look may succeed
            _log.error("unexpected_error", where="following", exc_info=error)
            self._fail(f"It cannot be fetched ({type(error).__name__}).")

    def _noticed(self, newest: int) -> None:
        """A generation is there that is not here: fetching it may take a while."""
        self._found = Followed(newest, self._found.here)

    def _fail(self, problem: str) -> None:
        if self._problem is None:
            _log.error("not_fetched", reason=problem)
        self._problem = problem

    def _go_on(self, is_damaged: Callable[[], bool]) -> None:
        looked_through = tidied = time.monotonic()
        pause = _THOROUGH_SECONDS
        while True:
            now = time.monotonic()
            damaged = is_damaged()
            thorough = damaged and now - looked_through > pause
            if thorough:  # what is damaged in the storage too is asked for ever more rarely
                looked_through, pause = now, min(2 * pause, _THOROUGH_AT_MOST_SECONDS)
            elif not damaged:
                pause = _THOROUGH_SECONDS
            if now - tidied > _TIDY_SECONDS:
                tidied = now
                tidy(self._library)
            if self._database_is_elsewhere:
                self._database_problem = self._reaching.problem()
            self.look(thorough=thorough)
            if self._stop.wait(self._seconds):
                return
