"""An installation that is changed by one ingest, again and again from the same state: where faults are tried."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from benchmarks.torture.courses import ingest_arguments, write_spoken
from benchmarks.torture.shim import Fault
from benchmarks.torture.zygote import DAMAGE, HELD, KILLED, SETTLED, Zygote

_SLUG = "changed"

Held = dict[str, Any]  # what checks.held says


def neither(before: Held, between: Held, after: Held) -> list[str]:
    """Courses that are, in what is served or in the rows, neither what they were nor what they become."""
    return [
        f"{kind} of {course} are neither what they were nor what they become"
        for kind in ("served", "rows")
        for course in sorted({*before[kind], *between[kind], *after[kind]})
        if between[kind].get(course) not in (before[kind].get(course), after[kind].get(course))
    ]


class Lane:
    """`command` makes the next version of a course; `before` and `after` are what is held before and after it."""

    def __init__(self, folder: Path, shim: Path) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.zygote = Zygote(folder / "data", shim=shim)
        self.command = ingest_arguments(folder / "course", _SLUG)
        self.zygote.lectures(*ingest_arguments(write_spoken(folder / "other", "other", 0), "other"))
        write_spoken(folder / "course", _SLUG, 0)
        self.zygote.lectures(*self.command)
        shutil.copytree(self.zygote.data, folder / "base")
        self.before = self.held()
        write_spoken(folder / "course", _SLUG, 1)
        self.zygote.lectures(*self.command)
        self.after = self.held()

    def close(self) -> None:
        self.zygote.__exit__()

    def fresh(self) -> None:
        """The installation as it was before the change."""
        shutil.rmtree(self.zygote.data)
        shutil.copytree(self.folder / "base", self.zygote.data)

    def held(self) -> Held:
        held: Held = self.zygote.call(HELD, str(self.zygote.data))
        return held

    def counted(self) -> tuple[int, int]:
        """How many changes of files the command makes, and how many bytes it writes."""
        self.fresh()
        counted = self.folder / "counted"
        self.zygote.start(self.command, Fault(str(self.zygote.data), counted=str(counted))).end()
        changes, size = map(int, counted.read_text("ascii").split())
        return changes, size

    def try_one(self, fault: Fault) -> list[str]:
        """The change with a fault, and again without; what was wrong."""
        self.fresh()
        ended = self.zygote.start(self.command, fault).end()
        wrong = self.looked_at(acknowledged=ended.code == 0)
        # a process that is killed says nothing
        if ended.code != KILLED and ("Traceback" in ended.err or (ended.code and not ended.err.strip())):
            wrong.append(f"ended with {ended.code} and no sentence: {ended.err.strip()[-200:]!r}")
        return wrong + self.made_again()

    def looked_at(self, *, acknowledged: bool) -> list[str]:
        """What is wrong as a reader finds it, who mends nothing."""
        between = self.held()
        wrong = [*between["wrong"], *neither(self.before, between, self.after)]
        if acknowledged and between["served"] != self.after["served"]:
            wrong.append("the command said that all was well, and the old state is served")
        if acknowledged:
            wrong += self.zygote.call(DAMAGE, str(self.zygote.data))
        return [f"found by a reader: {fault}" for fault in wrong]

    def made_again(self) -> list[str]:
        """What is wrong after the same command has run to its end."""
        rerun = self.zygote.start(self.command).end()
        wrong = [f"ended with {rerun.code}: {rerun.err[-200:]!r}"] if rerun.code else []
        found = self.zygote.call(SETTLED, str(self.zygote.data))
        if (found["served"], found["rows"], found["wrong"]) != (self.after["served"], self.after["rows"], []):
            wrong.append(f"not the new state {found['wrong']}")
        return [f"after the rerun: {fault}" for fault in [*wrong, *found["leftovers"]]]


def lanes_in(folder: Path, shim: Path, count: int) -> list[Lane]:
    return [Lane(folder / str(number), shim) for number in range(count)]
