"""Row 2: every write, fsync, rename, unlink of one ingest and publish, each once killed, refused with EIO, and met by a
full disk.

After each a reader that mends nothing finds the old or the new state; a command that failed said so in a sentence, with
an exit code; the same command without the fault gives the new state and leaves nothing over.
"""

from __future__ import annotations

import errno
import random
import shutil
from pathlib import Path

from benchmarks.torture.courses import ingest_arguments, write_spoken
from benchmarks.torture.kills import Held, neither
from benchmarks.torture.result import LANES, Result, in_lanes, merged
from benchmarks.torture.shim import FAULTS, NO_COMPILER, Fault, compiled
from benchmarks.torture.zygote import HELD, KILLED, LEFTOVERS, Zygote

_SLUG = "changed"


def run(size: int, seed: int, folder: Path) -> Result:
    """`size` of the sites and faults, chosen by the seed; all of them if there are fewer."""
    shim = compiled(folder)
    if shim is None:
        return Result(0, missing=NO_COMPILER)
    lanes = [Lane(folder / str(number), shim) for number in range(min(LANES, size))]
    try:
        sites = lanes[0].sites()
        every = [(name, site) for site in range(1, sites + 1) for name in FAULTS]
        chosen = random.Random(seed).sample(every, min(size, len(every)))
        parts = in_lanes(len(lanes), lambda number: lanes[number].try_all(chosen[number :: len(lanes)]))
    finally:
        for lane in lanes:
            lane.zygote.__exit__()
    found = merged(parts)
    return Result(found.tried, found.wrong, f"{len(chosen)} of {sites} sites × {len(FAULTS)} faults")


class Lane:
    """An installation with one version of a course, copied anew for every trial that makes the next version of it."""

    def __init__(self, folder: Path, shim: Path) -> None:
        folder.mkdir(parents=True)
        self._folder, self._base = folder, folder / "base"
        self.zygote = Zygote(folder / "data", shim=shim)
        self._command = ingest_arguments(folder / "course", _SLUG)
        self.zygote.lectures(*ingest_arguments(write_spoken(folder / "other", "other", 0), "other"))
        write_spoken(folder / "course", _SLUG, 0)
        self.zygote.lectures(*self._command)
        shutil.copytree(self.zygote.data, self._base)
        self._before = self._held()
        write_spoken(folder / "course", _SLUG, 1)
        self.zygote.lectures(*self._command)
        self._after = self._held()

    def fresh(self) -> None:
        """The installation as it was before the change."""
        shutil.rmtree(self.zygote.data)
        shutil.copytree(self._base, self.zygote.data)

    def sites(self) -> int:
        """How many changes of files the change of the course makes."""
        self.fresh()
        counted = self._folder / "counted"
        self.zygote.start(self._command, Fault(str(self.zygote.data), counted=str(counted))).end()
        return int(counted.read_text("ascii"))

    def try_all(self, chosen: list[tuple[str, int]]) -> Result:
        wrong = []
        for name, site in chosen:
            action = FAULTS[name]
            fault = Fault(str(self.zygote.data), action, site, sticky=action == errno.ENOSPC)
            wrong += [f"{name} at site {site}: {found}" for found in self.try_one(fault)]
        return Result(len(chosen), wrong)

    def try_one(self, fault: Fault) -> list[str]:
        """The change with a fault, and again without; what was wrong."""
        self.fresh()
        ended = self.zygote.start(self._command, fault).end()
        between = self._held()
        wrong = [f"after the fault: {found}" for found in between["wrong"]]
        wrong += neither(self._before, between, self._after)
        if ended.code == 0 and between["served"] != self._after["served"]:
            wrong.append("the command said that all was well, and the old state is served")
        # a process that is killed says nothing
        if ended.code != KILLED and ("Traceback" in ended.err or (ended.code and not ended.err.strip())):
            wrong.append(f"ended with {ended.code} and no sentence: {ended.err.strip()[-200:]!r}")
        rerun = self.zygote.start(self._command).end()
        if rerun.code:
            wrong.append(f"the rerun ended with {rerun.code}: {rerun.err[-200:]!r}")
        if self._held() != {**self._after, "served_number": self._held()["served_number"]}:
            wrong.append("the rerun did not give the new state")
        return wrong + [f"after the rerun: {found}" for found in self.zygote.call(LEFTOVERS, str(self.zygote.data))]

    def _held(self) -> Held:
        held: Held = self.zygote.call(HELD, str(self.zygote.data))
        return held
