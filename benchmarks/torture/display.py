"""What runs, and what ended → lines for a person who waits."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Sequence
from typing import TextIO

from benchmarks.torture.result import Outcome
from benchmarks.torture.runner import Running

_SHOWN_FAULTS = 5
_LINE_SECONDS = 30.0  # between two lines where they are not written over each other
_REWRITE_SECONDS = 0.5


class Display:
    """On a terminal one line that is written again and again; elsewhere a line every half minute."""

    def __init__(self, rows: int, stream: TextIO = sys.stdout) -> None:
        self._rows, self._stream = rows, stream
        self._rewrites = stream.isatty()
        self._began = self._told = time.monotonic()
        self._outcomes: list[Outcome] = []

    def look(self, running: Sequence[Running], seconds_left: float) -> None:
        """Say what runs, if it is time to."""
        now = time.monotonic()
        if now - self._told < (_REWRITE_SECONDS if self._rewrites else _LINE_SECONDS):
            return
        self._told = now
        broken = sum(not outcome.held for outcome in self._outcomes)
        parts = [
            _clock(now - self._began),
            f"{len(self._outcomes)} of {self._rows} rows over" + (f", {broken} not held" if broken else ""),
            f"some {_clock(seconds_left)} to go",
            *map(_of_one, running),
        ]
        line = " · ".join(parts)
        if self._rewrites:
            self._stream.write(f"\r\x1b[K{line[: shutil.get_terminal_size().columns - 1]}")
        else:
            self._stream.write(f"    {line}\n")
        self._stream.flush()

    def show(self, outcome: Outcome) -> None:
        """A line of the table, and the first faults under it."""
        self._outcomes.append(outcome)
        state = "held" if outcome.held else "NOT RUN" if outcome.missing else "BROKEN"
        counts = f"{outcome.tried} tried, {outcome.wrong} wrong"
        figure = outcome.missing or outcome.figure
        self._stream.write("\r\x1b[K" if self._rewrites else "")
        self._stream.write(
            f"{outcome.row:>2}  {state:<7} {outcome.seconds:>6.1f} s  {outcome.what}: {counts}; {figure}\n"
        )
        for fault in outcome.faults[:_SHOWN_FAULTS]:
            self._stream.write(f"      - {fault[:400]}\n")
        if len(outcome.faults) > _SHOWN_FAULTS:
            self._stream.write(f"      … and {len(outcome.faults) - _SHOWN_FAULTS} more\n")
        self._stream.flush()

    def close(self) -> None:
        """The last line: how many rows held, and what all of it took."""
        held = sum(outcome.held for outcome in self._outcomes)
        used = sum(outcome.processor_seconds for outcome in self._outcomes)
        self._stream.write("\r\x1b[K" if self._rewrites else "")
        self._stream.write(
            f"{held} of {self._rows} rows held; {time.monotonic() - self._began:.0f} s from the beginning to the end, "
            f"{used:.0f} s of processors\n"
        )
        self._stream.flush()


def _of_one(one: Running) -> str:
    wrong = f", {one.reached.wrong} WRONG" if one.reached.wrong else ""
    return f"{one.row.number} {one.row.module} {one.reached.done}/{one.reached.total or one.row.long}{wrong}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}"
