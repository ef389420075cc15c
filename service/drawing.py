"""Pages that are to be drawn → pictures, one at a time in a child process; files take turns."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass

from ingest.pdf import PdfReader
from ingest.sandbox import Limits

_CLOSING_SECONDS = 3.0
WORDS = 0  # in place of a width


@dataclass(frozen=True, slots=True)
class Wanted:
    """A page of a stored file as a picture `width` pixels wide, or (WORDS) where its words stand."""

    sha256: str
    page_number: int
    width: int


class DrawingDesk:
    """A thread of its own, begun with the first page. `draw` is called there for each page, and never raises."""

    def __init__(self, name: str, seconds: float, most: int, draw: Callable[[PdfReader, Wanted], None]) -> None:
        """A page may take so many seconds; `most` pages wait at once."""
        self._painter = PdfReader(Limits(seconds=seconds, cpu_seconds=math.ceil(seconds)))
        self._most = most
        self._draw = draw
        self._waiting: OrderedDict[str, deque[Wanted]] = OrderedDict()
        self._changed = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    def add(self, wanted: Wanted) -> bool:
        """Whether there is room for one more page, which is drawn when its file has its turn."""
        with self._changed:
            if sum(map(len, self._waiting.values())) >= self._most:
                return False
            self._waiting.setdefault(wanted.sha256, deque()).append(wanted)
            if self._thread.ident is None:
                self._thread.start()
            self._changed.notify()
        return True

    def close(self) -> None:
        """Draw nothing more. What is being drawn is not waited for: its process ends by itself when its limit does."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join(timeout=_CLOSING_SECONDS)
        if not self._thread.is_alive():
            self._painter.close()

    def _work(self) -> None:
        while (wanted := self._next()) is not None:
            self._draw(self._painter, wanted)

    def _next(self) -> Wanted | None:
        with self._changed:
            while not self._waiting and not self._stopped:
                self._changed.wait()
            if self._stopped:
                return None
            sha256, pages = self._waiting.popitem(last=False)
            wanted = pages.popleft()
            if pages:
                self._waiting[sha256] = pages  # behind all other files
            return wanted
