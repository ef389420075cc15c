"""Row 1: SIGKILL at random moments of ingest, change, removal and reindex, by command and by worker, and of a service
that takes orders.

While another service over the same folder answers searches. After each kill a reader that mends nothing must find each
course in its old or its new state, whole; the same change run to its end must give the new state, with nothing left
over. What a service acknowledged before it was killed is there when it has been started again, which takes no time.
"""

from __future__ import annotations

import random
import signal
from pathlib import Path

from benchmarks.torture.courses import ingest_arguments, write_spoken
from benchmarks.torture.lane import neither
from benchmarks.torture.ordering import kill_service, make_key
from benchmarks.torture.progress import Progress
from benchmarks.torture.result import Result, in_lanes, lanes_for, merged
from benchmarks.torture.searching import Searching
from benchmarks.torture.zygote import HELD, KILLED, SETTLED, Zygote

_SLUGS = ("first", "second")
_CHANGES = ("change", "remove", "reindex", "worker")
_SERVICE = "service"
_USE_SECONDS = 0.6  # in which a service takes some ten orders
_TIMED_FROM = 100  # kills in a lane: fewer are tried on busy machines, which say nothing of times
_SEARCH_PAUSE_SECONDS = 0.1


def run(size: int, seed: int, folder: Path, progress: Progress) -> Result:
    lanes = lanes_for(size)
    shares = [size // lanes + (lane < size % lanes) for lane in range(lanes)]
    parts = in_lanes(lanes, lambda lane: _lane(shares[lane], 1000 * seed + lane, folder / str(lane), progress))
    found = merged([part for part, _, _ in parts])
    killed, asked = sum(killed for _, killed, _ in parts), sum(asked for _, _, asked in parts)
    wrong = [*found.wrong, *([] if killed else ["nothing was killed: the moments are chosen wrongly"])]
    return Result(found.tried, wrong, f"{killed} killed, {size - killed} over before; {asked} searches meanwhile")


def _lane(size: int, seed: int, folder: Path, progress: Progress) -> tuple[Result, int, int]:
    """(what was found, how many were killed, how many searches were made) in one installation."""
    chance = random.Random(seed)
    wrong: list[str] = []
    killed = 0
    with Zygote(folder / "data") as zygote:
        for slug in _SLUGS:
            zygote.lectures(*ingest_arguments(write_spoken(folder / slug, slug, 0), slug))
        usual = {what: _seconds(zygote, folder, what) for what in _CHANGES}
        key = make_key(zygote)
        with Searching(zygote, "gradients", pause_seconds=_SEARCH_PAUSE_SECONDS) as searching:
            for number in range(2, size + 2):
                what = chance.choice((*_CHANGES, _SERVICE))
                moment = chance.random() * usual.get(what, _USE_SECONDS)
                if what == _SERVICE:
                    ended, faults = kill_service(zygote, folder, number, moment, key, timed=size >= _TIMED_FROM)
                else:
                    ended, faults = _round(zygote, folder, number, what, chance.choice(_SLUGS), moment)
                killed += ended == KILLED
                wrong += [f"round {number} (seed {seed}), {what}: {fault}" for fault in faults]
                progress.add(bool(faults))
        wrong += searching.wrong
    return Result(size, wrong), killed, searching.asked


def _seconds(zygote: Zygote, folder: Path, what: str) -> float:
    """How long a change takes if nobody kills it."""
    slug = _SLUGS[0]
    took = zygote.lectures(*_command(zygote, folder, slug, what, 1)).seconds
    if what == "remove":
        zygote.lectures(*ingest_arguments(folder / slug, slug))
    return took


def _round(zygote: Zygote, folder: Path, number: int, what: str, slug: str, seconds: float) -> tuple[int, list[str]]:
    """One change that is killed, looked at, and made again; how it ended, and what was wrong."""
    data = str(zygote.data)
    before = zygote.call(HELD, data)
    command = _command(zygote, folder, slug, what, number)
    child = zygote.start(command)
    if not child.is_over_in(seconds):
        child.signal(signal.SIGKILL)
    ended = child.end()
    between = zygote.call(HELD, data)
    # a worker's job waits for its lease to run out: the same change is made by the command
    rerun = zygote.start(ingest_arguments(folder / slug, slug) if what == "worker" else command).end()
    after = zygote.call(SETTLED, data)
    wrong = [f"after the kill: {fault}" for fault in between["wrong"]]
    # a removal that was finished before the kill has nothing left to remove
    if rerun.code and "There is no course" not in rerun.err:
        wrong.append(f"the rerun ended with {rerun.code}: {rerun.err[-300:]}")
    wrong += neither(before, between, after)
    if after["served"] != after["rows"] or after["wrong"]:
        wrong.append(f"after the rerun the rows are not what is served {after['wrong']}")
    wrong += [f"after the rerun: {fault}" for fault in after["leftovers"]]
    if what == "remove":
        zygote.lectures(*ingest_arguments(folder / slug, slug))
    return ended.code, wrong


def _command(zygote: Zygote, folder: Path, slug: str, what: str, number: int) -> list[str]:
    if what == "reindex":
        return ["reindex"]
    if what == "remove":
        return ["remove", slug]
    write_spoken(folder / slug, slug, number)
    if what == "change":
        return ingest_arguments(folder / slug, slug)
    zygote.lectures(*ingest_arguments(folder / slug, slug), "--queue")
    return ["worker", "--once"]
