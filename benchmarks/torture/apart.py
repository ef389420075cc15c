"""A row → its outcome, from a process of its own: what hangs or dies there takes no other row with it.

    python -m benchmarks.torture.apart NUMBER SIZE SEED FOLDER

The process says in files of its folder how far it is, and how it ended.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from time import monotonic

from benchmarks.processes import ROOT
from benchmarks.torture.progress import Progress, Reached, read_progress
from benchmarks.torture.result import Outcome, Result, Row, outcome_of, run_row
from benchmarks.torture.rows import ROWS

_PROGRESS, _OUTCOME, _SAID = "progress.json", "outcome.json", "said"
_PATIENCE = 4  # times what a row takes on two quiet cores
_SETTING_UP_SECONDS = 300.0  # and so much whatever its size
_ENDING_SECONDS = 20.0
_MEMORY = Path("/dev/shm")  # noqa: S108  (no name in it is foreseen: each row makes a folder of its own)
_ROOM_BYTES = 1 << 30


class RunningRow:
    """A row that runs. Everything that it starts is of its group of processes, and all that it writes in its folder."""

    def __init__(self, row: Row, size: int, seed: int) -> None:
        self.row, self.size, self._seed = row, size, seed
        self._place = tempfile.TemporaryDirectory(
            prefix=f"torture-{row.number}-", dir=_memory() if row.in_memory else None, ignore_cleanup_errors=True
        )
        self._folder = Path(self._place.name)
        (self._folder / "tmp").mkdir()
        self._began = monotonic()
        self._deadline_seconds = _SETTING_UP_SECONDS + _PATIENCE * self.expected_seconds
        with (self._folder / _SAID).open("wb") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.torture.apart", str(row.number), str(size), str(seed), self._folder],
                cwd=ROOT,
                env={**os.environ, "TMPDIR": str(self._folder / "tmp")},
                stdin=subprocess.PIPE,  # which says nothing, and ends when this process does
                stdout=said,
                stderr=said,
                start_new_session=True,
            )

    @property
    def expected_seconds(self) -> float:
        return expected_seconds(self.row, self.size)

    @property
    def seconds(self) -> float:
        """For how long it has run."""
        return monotonic() - self._began

    def reached(self) -> Reached:
        return read_progress(self._folder / _PROGRESS)

    def outcome(self) -> Outcome | None:
        """How it ended; None while it runs. A row that is past its deadline is ended."""
        if self._process.poll() is not None:
            otherwise = f"its process ended with {self._process.returncode} before it said what it found"
        elif self.seconds > self._deadline_seconds:
            otherwise = f"it was not over after {self._deadline_seconds:.0f} s, and was ended"
        else:
            return None
        self._stop()
        found = self._found(otherwise)
        self._place.cleanup()
        return found

    def end(self) -> None:
        """End it, with all that it started."""
        self._stop()
        self._place.cleanup()

    def _stop(self) -> None:
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_ENDING_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()

    def _found(self, otherwise: str) -> Outcome:
        """What it wrote as its outcome; a fault that says `otherwise`, and what was heard last, if it wrote none."""
        file = self._folder / _OUTCOME
        if file.exists():
            return Outcome(**json.loads(file.read_text("utf-8")))
        reached, last = self.reached(), (self._folder / _SAID).read_text("utf-8", "replace").strip()[-300:]
        fault = f"{otherwise} ({reached.done} of {reached.total} tried) {last}".rstrip()
        return outcome_of(self.row, self.size, self._seed, Result(reached.done, [fault]), self.seconds)


def _memory() -> Path | None:
    """The folder that Linux keeps in memory, where there is room in it."""
    usable = os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free >= _ROOM_BYTES
    return _MEMORY if usable else None


def expected_seconds(row: Row, size: int) -> float:
    """What this size takes, by what the long size took on two quiet cores."""
    return row.seconds * size / row.long


def _end_with_parent() -> None:
    """End all that this row has started when nobody waits for it any more."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.killpg(os.getpgrp(), signal.SIGKILL)


def main() -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    number, size, seed = map(int, sys.argv[1:4])
    folder = Path(sys.argv[4])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what the row has opened is closed
    row = next(row for row in ROWS if row.number == number)
    outcome = run_row(row, size, seed, folder / "row", Progress(size, folder / _PROGRESS))
    new = folder / f"{_OUTCOME}.new"
    new.write_text(json.dumps(asdict(outcome)), "utf-8")
    new.replace(folder / _OUTCOME)


if __name__ == "__main__":
    main()
