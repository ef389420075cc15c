"""Row 2: every write, fsync, rename, unlink of one ingest and publish, each once killed, refused with EIO, and met by a
full disk.

After each a reader that mends nothing finds the old or the new state; a command that failed said so in a sentence, with
an exit code; the same command without the fault gives the new state and leaves nothing over.
"""

from __future__ import annotations

import errno
import random
from pathlib import Path

from benchmarks.torture.lane import Lane, lanes_in
from benchmarks.torture.progress import Progress
from benchmarks.torture.result import Result, in_lanes, lanes_for, merged
from benchmarks.torture.shim import FAULTS, NO_COMPILER, Fault, compiled


def run(size: int, seed: int, folder: Path, progress: Progress) -> Result:
    """`size` of the sites and faults, chosen by the seed; all of them if there are fewer."""
    shim = compiled(folder)
    if shim is None:
        return Result(0, missing=NO_COMPILER)
    lanes = lanes_in(folder, shim, lanes_for(size))
    try:
        sites, _ = lanes[0].counted()
        every = [(name, site) for site in range(1, sites + 1) for name in FAULTS]
        chosen = random.Random(seed).sample(every, min(size, len(every)))
        progress.expect(len(chosen))
        parts = in_lanes(len(lanes), lambda number: _try_all(lanes[number], chosen[number :: len(lanes)], progress))
    finally:
        for lane in lanes:
            lane.close()
    found = merged(parts)
    return Result(found.tried, found.wrong, f"{len(chosen)} of {sites} sites × {len(FAULTS)} faults")


def _try_all(lane: Lane, chosen: list[tuple[str, int]], progress: Progress) -> Result:
    wrong = []
    for name, site in chosen:
        action = FAULTS[name]
        fault = Fault(str(lane.zygote.data), action, site, sticky=action == errno.ENOSPC)
        faults = lane.try_one(fault)
        wrong += [f"{name} at site {site}: {found}" for found in faults]
        progress.add(bool(faults))
    return Result(len(chosen), wrong)
