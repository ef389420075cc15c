"""What processes cost: a quiet child and its report; processor time and memory of a tree of processes (/proc)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
_TICKS = os.sysconf("SC_CLK_TCK")


def environment(data: Path) -> dict[str, str]:
    """The environment of a child that works on the installation in `data`, with this very tree of the project."""
    own = {"LECTURES_DATA_DIR": str(data), "LECTURES_OFFLINE": "true", "LECTURES_LOG_LEVEL": "error"}
    # a benchmark asks more often than any student, and it is not the limit that is measured
    limits = {"LECTURES_SEARCHES_PER_MINUTE": "100000000"}
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    # The encoder has figures of its own (docs/encoder.md): it reads a hundred passages a second, and here are millions.
    own["LECTURES_ENCODER"] = os.environ.get("LECTURES_ENCODER", "")
    return {**os.environ, **own, **limits, "PYTHONPATH": path}


def report_of(module: str, arguments: Sequence[object], data: Path) -> dict[str, Any]:
    """What `python -m benchmarks.MODULE ARGUMENTS` prints as its last line, a JSON object; its stderr is ours."""
    command = [sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, env=environment(data), stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def lectures(arguments: Sequence[str], data: Path) -> tuple[float, str]:
    """Seconds of one `lectures …` from its start to its end, and what it printed."""
    command = [sys.executable, "-m", "service.cli", *arguments]
    started = perf_counter()
    done = subprocess.run(command, cwd=ROOT, env=environment(data), capture_output=True, text=True, check=False)
    took = perf_counter() - started
    if done.returncode:
        raise SystemExit(f"lectures {' '.join(arguments)} ended with {done.returncode}: {done.stderr[-2_000:]}")
    return took, done.stdout


def quickest(runs: Iterable[dict[str, Any]], by: str) -> dict[str, Any]:
    """The run that took least: what else a machine does only ever adds."""
    return min(runs, key=lambda run: float(run[by]))


def tree_of(root: int) -> list[int]:
    """This process and all that it started, oldest first."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            fields = _stat(int(entry.name))
            if fields:
                parents[int(entry.name)] = int(fields[1])
    found = [root]
    for pid in found:  # grows while it is walked
        found += sorted(child for child, parent in parents.items() if parent == pid)
    return found


def cpu_seconds(pid: int) -> float:
    """Processor time of all threads of a process so far, to a hundredth of a second; 0 if it is gone."""
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / _TICKS if fields else 0.0


def anonymous_mb(pid: int) -> float:
    """Resident memory that is no mapped file."""
    return _sum_of(Path(f"/proc/{pid}/status"), ("RssAnon",))


def private_mb(pid: int) -> float:
    """Resident memory that no other process shares, mapped files included."""
    return _sum_of(Path(f"/proc/{pid}/smaps_rollup"), ("Private_Dirty", "Private_Clean"))


def shared_out_mb(pid: int) -> float:
    """Resident memory that is no mapped file; what processes share is divided among them, so that sums are right."""
    return _sum_of(Path(f"/proc/{pid}/smaps_rollup"), ("Pss_Anon",))


def peak_mb() -> float:
    """The most that this process ever held resident; unlike ru_maxrss it knows nothing of the parent's memory."""
    return _sum_of(Path("/proc/self/status"), ("VmHWM",))


def _stat(pid: int) -> list[str]:
    """Fields of /proc/PID/stat from the state on (the name before it may hold spaces)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(") ")[2].split()
    except OSError:
        return []


def _sum_of(path: Path, names: Sequence[str]) -> float:
    lines = (line.partition(":") for line in path.read_text("utf-8").splitlines())
    return sum(int(value.split()[0]) for name, _, value in lines if name in names) / 1024
