"""Rows → their outcomes, as many side by side as the machine has room for."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

from benchmarks.torture.apart import RunningRow, expected_seconds
from benchmarks.torture.progress import Reached
from benchmarks.torture.result import LANES, Beside, Outcome, Row

_LOOK_SECONDS = 0.25
_GUESSED_FROM = 0.05  # of a row: before that what it took so far says nothing


@dataclass(frozen=True, slots=True)
class Sized:
    """A row that is to be run, at this size."""

    row: Row
    size: int

    @property
    def seconds(self) -> float:
        return expected_seconds(self.row, self.size)


@dataclass(frozen=True, slots=True)
class Running:
    """How far a row is that runs, and how many seconds it will need, at a guess."""

    row: Row
    reached: Reached
    seconds_left: float


def run_all(rows: Sequence[Sized], seed: int, look: Callable[[list[Running], float], None]) -> Generator[Outcome]:
    """Each outcome as soon as it is there. `look` is told several times a second what runs, and how many seconds the
    whole of it will need at a guess. What runs is ended when it is closed."""
    waiting = in_order(rows)
    running: list[RunningRow] = []
    try:
        while waiting or running:
            while waiting and may_start(waiting[0].row, [one.row for one in running]):
                chosen = waiting.pop(0)
                running.append(RunningRow(chosen.row, chosen.size, seed))
            time.sleep(_LOOK_SECONDS)
            for one in list(running):
                outcome = one.outcome()
                if outcome is not None:
                    running.remove(one)
                    yield outcome
            seen = [Running(one.row, one.reached(), _seconds_left(one)) for one in running]
            look(seen, seconds_left(seen, waiting))
    finally:
        for one in running:
            one.end()


def in_order(rows: Sequence[Sized]) -> list[Sized]:
    """What takes little of the machine for long comes first; then what wants all of it; then what takes longest."""
    rank = (Beside.EVERYTHING, Beside.NOTHING, Beside.ANOTHER).index
    return sorted(rows, key=lambda one: (rank(one.row.beside), -one.seconds))


def may_start(row: Row, running: Sequence[Row]) -> bool:
    """Whether this row may run beside those."""
    others = [other for other in running if other.beside is not Beside.EVERYTHING]
    if row.beside is Beside.EVERYTHING:
        return True
    if row.beside is Beside.NOTHING:
        return not others
    return len(others) < LANES and all(other.beside is Beside.ANOTHER for other in others)


def seconds_left(running: Sequence[Running], waiting: Sequence[Sized]) -> float:
    """How long the whole of it will need, at a guess."""
    left = [(one.row.beside, one.seconds_left) for one in running]
    left += [(one.row.beside, one.seconds) for one in waiting]

    def of(kind: Beside) -> list[float]:
        return [seconds for beside, seconds in left if beside is kind]

    in_lanes = max(sum(of(Beside.ANOTHER)) / LANES, *of(Beside.ANOTHER), 0.0)
    return max(in_lanes + sum(of(Beside.NOTHING)), *of(Beside.EVERYTHING), 0.0)


def _seconds_left(one: RunningRow) -> float:
    reached = one.reached()
    share = min(1.0, reached.done / reached.total) if reached.total else 0.0
    if share < _GUESSED_FROM:
        return max(0.0, one.expected_seconds - one.seconds)
    return one.seconds * (1 - share) / share
