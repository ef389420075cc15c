"""Row 12: three workers on one queue, killed, stopped past their lease, their clocks set back: each job is done, once
and in the order of the orders.

Leases last two seconds here instead of a minute. The jobs of a course are versions of it: what is served in the end is
the last that was ordered, and no job is left.
"""

from __future__ import annotations

import json
import random
import signal
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from benchmarks.torture.courses import ingest_arguments, write_spoken
from benchmarks.torture.progress import Progress
from benchmarks.torture.result import Result
from benchmarks.torture.zygote import SETTLED, Child, Zygote

_WORKERS = 3
_SLUGS = ("first", "second", "third")
_LEASE_SECONDS = 2.0
_JOB_SECONDS = 10.0  # so long may one job take on the average, with all that is done to the workers
_CLOCKS = (0.0, 0.0, -3600.0, 3600.0)


def run(size: int, seed: int, folder: Path, progress: Progress) -> Result:
    """`size` jobs."""
    chance = random.Random(seed)
    with Zygote(folder / "data") as zygote:
        wanted = _order(zygote, folder, size)
        crew = [_hire(zygote, 0.0) for _ in range(_WORKERS)]
        done = {"killed": 0, "stopped": 0, "clocks changed": 0}
        deadline = time.monotonic() + 60 + _JOB_SECONDS * size
        while (states := zygote.call(_JOBS, str(zygote.data))) and time.monotonic() < deadline:
            if all(job["state"] == "done" for job in states):
                break
            progress.reach(sum(job["state"] == "done" for job in states))
            _disturb(zygote, crew, done, chance)
            time.sleep(chance.random())
        for worker in crew:
            worker.signal(signal.SIGCONT)
        time.sleep(1)  # one that was stopped to the last moment may still do harm
        for worker in crew:
            worker.signal(signal.SIGTERM)
            worker.end(60)
        wrong = _unlike(states)
        for slug, course in wanted.items():
            # what is served already is not taken up again: another state was served, if this changes anything
            ended = zygote.lectures(*ingest_arguments(course, slug), "--json")
            if json.loads(ended.out)["changed"]:
                wrong.append(f"{slug} is not what was ordered last")
        found = zygote.call(SETTLED, str(zygote.data))
        wrong += [*found["wrong"], *found["leftovers"]]
    return Result(size, wrong, ", ".join(f"{count} {what}" for what, count in done.items()))


_JOBS = "benchmarks.torture.workers:jobs"


def _order(zygote: Zygote, folder: Path, size: int) -> dict[str, Path]:
    """Order so many versions of the courses; the folder of the last version of each."""
    wanted = {}
    for number in range(size):
        slug = _SLUGS[number % len(_SLUGS)]
        wanted[slug] = write_spoken(folder / str(number) / slug, slug, 1 + number // len(_SLUGS), minutes=4)
        zygote.lectures(*ingest_arguments(wanted[slug], slug), "--queue")
    return wanted


def _hire(zygote: Zygote, clock_seconds: float) -> Child:
    return zygote.start_call("benchmarks.torture.workers:work_hastily", clock_seconds)


def _disturb(zygote: Zygote, crew: list[Child], done: dict[str, int], chance: random.Random) -> None:
    """Do something to one of the workers, or let them work."""
    number = chance.randrange(len(crew))
    what = chance.choice(("kill", "stop", "clock", "rest", "rest", "rest"))
    if what == "stop":
        crew[number].signal(signal.SIGSTOP)
        time.sleep(1.5 * _LEASE_SECONDS)
        crew[number].signal(signal.SIGCONT)
        done["stopped"] += 1
    elif what in ("kill", "clock"):
        crew[number].signal(signal.SIGKILL)
        crew[number].end()
        done["killed"] += 1
        clock = chance.choice(_CLOCKS) if what == "clock" else 0.0
        done["clocks changed"] += clock != 0.0
        crew[number] = _hire(zygote, clock)


def _unlike(states: list[dict[str, Any]]) -> list[str]:
    """Jobs that are not done."""
    return [
        f"the job of {job['course']}, ordered as number {number}, is {job['state']}: {job['problem']}"
        for number, job in enumerate(states)
        if job["state"] != "done"
    ]


# --- in children of the zygote ------------------------------------------------------------------------------


def work_hastily(clock_seconds: float) -> int:
    """A worker whose leases are short, whose clock is so far off, and that is never set aside for dying."""
    import sys  # noqa: PLC0415

    from index.store import jobs as queue  # noqa: PLC0415
    from ingest import worker  # noqa: PLC0415
    from service.cli import main  # noqa: PLC0415

    for module in (queue, worker):
        vars(module).update(LEASE_SECONDS=_LEASE_SECONDS, _IDLE_SECONDS=0.1, _TELL_SECONDS=0.2, _BACK_OFF_SECONDS=0.1)
    vars(queue).update(MAX_ATTEMPTS=1_000, time=SimpleNamespace(time=lambda: time.time() + clock_seconds))
    sys.argv = ["lectures", "worker"]
    main()
    return 0


def jobs(data: str) -> list[dict[str, Any]]:
    """Every job, in the order of the orders."""
    from benchmarks.torture.checks import opened  # noqa: PLC0415
    from index.store.jobs import list_jobs  # noqa: PLC0415

    with opened(data) as library, library.database.reading() as connection:
        found = sorted(list_jobs(connection, 10_000), key=lambda job: job.created_at)
    return [{"state": str(job.state), "course": job.options.get("course"), "problem": job.problem} for job in found]
