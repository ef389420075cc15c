"""How many search, answer and draw at once: every queue is bounded, and who cannot be served soon is told so."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from service.refusals import Overloaded

_WAIT_SECONDS = 0.5


class Gate:
    """Places for so many at once, of which `running` work and the others wait for their turn: threads of one process
    take turns at the interpreter, and more than a few that compute at the same time only hand it around."""

    def __init__(self, places: int, what: str, running: int | None = None) -> None:
        self._places = threading.BoundedSemaphore(places)
        self._running = threading.BoundedSemaphore(running or places)
        self._what = what

    @contextmanager
    def place(self, wait_seconds: float = _WAIT_SECONDS) -> Iterator[None]:
        """A place, kept to the end of the block. Overloaded if none is free in time."""
        if not self._places.acquire(timeout=wait_seconds):
            raise Overloaded(f"Too many {self._what} at once; try again in a second.")
        try:
            with self._running:  # the wait ends: those who work do so for milliseconds, and places are few
                yield
        finally:
            self._places.release()
