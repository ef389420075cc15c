"""A row of the torture → what it found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from time import perf_counter
from typing import TypeVar

from benchmarks.torture.progress import Progress

Found = TypeVar("Found")
LANES = 2  # installations that are broken side by side: as many as the cores of a small machine


@dataclass(frozen=True, slots=True)
class Result:
    """`tried` things were done; `wrong` says what happened where one ended otherwise than promised; `figure` is for the
    table. `missing` says what this machine lacks for the row: then nothing is claimed."""

    tried: int
    wrong: list[str] = field(default_factory=list)
    figure: str = ""
    missing: str = ""


class Beside(StrEnum):
    """What may run at the same time as a row."""

    ANOTHER = "another"
    NOTHING = "nothing"  # it measures what the whole machine can do
    EVERYTHING = "everything"  # it goes by the clock, and takes little


@dataclass(frozen=True, slots=True)
class Row:
    """One way of breaking: `module` has `run(size, seed, folder, progress)`; `short` is its size in the tests (0: it
    has no short form), `long` in the suite, where it takes some `seconds` beside another row on two quiet cores."""

    number: int
    module: str
    what: str
    short: int
    long: int
    seconds: int
    beside: Beside = Beside.ANOTHER
    in_memory: bool = False  # what reaches the disk is modelled there, or not at stake: nothing waits for one


@dataclass(frozen=True, slots=True)
class Outcome:
    """A row that was run, as it is printed and written."""

    row: int
    what: str
    size: int
    seed: int
    seconds: float
    processor_seconds: float
    tried: int
    wrong: int
    figure: str
    missing: str
    faults: list[str]

    @property
    def held(self) -> bool:
        return not self.wrong and not self.missing and self.tried > 0


def run_row(row: Row, size: int, seed: int, folder: Path, progress: Progress | None = None) -> Outcome:
    """Break what the row breaks, in a folder of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    started, used = perf_counter(), _processor_seconds()
    try:
        run: Callable[[int, int, Path, Progress], Result] = import_module(f"benchmarks.torture.{row.module}").run
        found = run(size, seed, folder, progress or Progress(size))
    except Exception as error:  # the other rows are to be run all the same
        found = Result(0, [f"the row itself ended in {type(error).__name__}: {error}"])
    return outcome_of(row, size, seed, found, perf_counter() - started, _processor_seconds() - used)


def outcome_of(row: Row, size: int, seed: int, found: Result, seconds: float, processor_seconds: float = 0) -> Outcome:
    """What was found, as it is printed and written."""
    return Outcome(
        row=row.number,
        what=row.what,
        size=size,
        seed=seed,
        seconds=round(seconds, 1),
        processor_seconds=round(processor_seconds, 1),
        tried=found.tried,
        wrong=len(found.wrong),
        figure=found.figure,
        missing=found.missing,
        faults=found.wrong,
    )


def _processor_seconds() -> float:
    """What this process and those it has waited for have used so far."""
    used = (getrusage(RUSAGE_SELF), getrusage(RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def lanes_for(size: int) -> int:
    """How many lanes so much work is worth: each costs some seconds before it begins."""
    return min(LANES, max(1, size // 20))


def in_lanes(lanes: int, work: Callable[[int], Found]) -> list[Found]:
    """What `work` gives for each lane, which are run side by side."""
    with ThreadPoolExecutor(lanes) as pool:
        return list(pool.map(work, range(lanes)))


def merged(parts: Sequence[Result]) -> Result:
    """The parts of a row as one."""
    return Result(
        sum(part.tried for part in parts),
        [fault for part in parts for fault in part.wrong],
        "; ".join(part.figure for part in parts if part.figure),
        next((part.missing for part in parts if part.missing), ""),
    )
