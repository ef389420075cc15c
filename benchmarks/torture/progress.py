"""How far a row is → a file that who waits for it reads."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

_TELL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Reached:
    """`done` of `total` tries, or of seconds; `wrong` of them ended otherwise than promised."""

    done: int = 0
    total: int = 0
    wrong: int = 0


class Progress:
    """Counts what a row has done; `file` is written at most twice a second, if there is one. Safe between threads."""

    def __init__(self, total: int, file: Path | None = None) -> None:
        self._reached, self._file = Reached(0, total), file
        self._told = 0.0
        self._lock = threading.Lock()

    def expect(self, total: int) -> None:
        """There is so much to do, which is not what was asked for: all that there is, for instance."""
        with self._lock:
            self._tell(Reached(self._reached.done, total, self._reached.wrong))

    def add(self, wrong: int, tried: int = 1) -> None:
        """So much more was tried, and so much of it was wrong."""
        with self._lock:
            before = self._reached
            self._tell(Reached(before.done + tried, before.total, before.wrong + wrong))

    def reach(self, done: float, wrong: int = 0) -> None:
        """So much is done by now, and so much of it was wrong."""
        with self._lock:
            self._tell(Reached(int(done), self._reached.total, wrong))

    def _tell(self, reached: Reached) -> None:
        self._reached = reached
        if self._file is not None and time.monotonic() - self._told > _TELL_SECONDS:
            self._told = time.monotonic()
            new = self._file.with_suffix(".new")
            new.write_text(json.dumps(asdict(reached)), "utf-8")
            new.replace(self._file)


def read_progress(file: Path) -> Reached:
    """What was told last; nothing done if nothing was told yet."""
    return Reached(**json.loads(file.read_text("utf-8"))) if file.exists() else Reached()
