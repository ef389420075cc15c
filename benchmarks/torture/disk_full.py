"""Row 4: a disk that grows by 4 KiB from one try to the next: the old state serves, the command says what is wrong, and
with room enough the same command works.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.torture.lane import Lane, lanes_in
from benchmarks.torture.progress import Progress
from benchmarks.torture.result import Result, in_lanes, lanes_for, merged
from benchmarks.torture.shim import NO_COMPILER, Fault, compiled

_STEP = 4096


def run(size: int, seed: int, folder: Path, progress: Progress) -> Result:  # noqa: ARG001  (nothing here is left to chance)
    """`size` disks, each 4 KiB larger than the one before it, or fewer larger steps up to what an ingest writes."""
    shim = compiled(folder)
    if shim is None:
        return Result(0, missing=NO_COMPILER)
    lanes = lanes_in(folder, shim, lanes_for(size))
    try:
        _, whole = lanes[0].counted()
        step = max(_STEP, whole // size // _STEP * _STEP)
        budgets = list(range(0, whole + step, step))
        progress.expect(len(budgets))
        parts = in_lanes(len(lanes), lambda number: _try_all(lanes[number], budgets[number :: len(lanes)], progress))
    finally:
        for lane in lanes:
            lane.close()
    found = merged(parts)
    return Result(found.tried, found.wrong, f"{len(budgets)} disks, {step >> 10} KiB apart, up to {whole >> 10} KiB")


def _try_all(lane: Lane, budgets: list[int], progress: Progress) -> Result:
    wrong = []
    for budget in budgets:
        fault = Fault(str(lane.zygote.data), budget=budget)
        faults = lane.try_one(fault)
        wrong += [f"{budget >> 10} KiB free: {found}" for found in faults]
        progress.add(bool(faults))
    return Result(len(budgets), wrong)
