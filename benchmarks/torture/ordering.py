"""A service that is killed while it is searched and ingests are ordered → what of that was lost, or is late."""

from __future__ import annotations

import json
import signal
import threading
import time
from pathlib import Path

from benchmarks.torture.courses import write_spoken
from benchmarks.torture.lane import neither
from benchmarks.torture.searching import ask, degraded_in, search_path, start_service
from benchmarks.torture.zygote import HELD, KILLED, SETTLED, Zygote

COURSE = "ordered"  # of these orders alone: no worker that was killed holds it
_OPEN_SECONDS = 5.0
_ORDER_PAUSE_SECONDS = 0.05
_UNTAKEN = 0  # the status of a request to which nothing was said


def make_key(zygote: Zygote) -> str:
    """A key that may order ingests."""
    return str(json.loads(zygote.lectures("keys", "create", "teacher", "--json", "--scope", "admin").out)["key"])


def kill_service(
    zygote: Zygote, folder: Path, number: int, seconds: float, key: str, *, timed: bool
) -> tuple[int, list[str]]:
    """A service that is killed after so many seconds of use, and started again; how it ended, and what was wrong.

    With `timed` it is to be ready at once. Each order that was acknowledged is there afterwards, once, and is done when
    a worker has come.
    """
    data = str(zygote.data)
    before = zygote.call(HELD, data)
    source = write_spoken(folder / COURSE, COURSE, number)
    use = _Use(zygote, source, key)
    time.sleep(seconds)
    wrong = use.kill()
    between = zygote.call(HELD, data)
    wrong += [f"after the kill: {fault}" for fault in between["wrong"]]
    if (between["served"], between["rows"]) != (before["served"], before["rows"]):
        wrong.append("what is served was changed, and no worker was there")
    wrong += _there_again(zygote, use.acknowledged, key, _OPEN_SECONDS if timed else 30.0)
    worked = zygote.start(["worker", "--once"]).end()
    wrong += [f"the worker ended with {worked.code}: {worked.err[-300:]}"] if worked.code else []
    after = zygote.call(SETTLED, data)
    wrong += [*neither(before, between, after), *after["wrong"]]
    if use.acknowledged and after["served"].get(COURSE) == before["served"].get(COURSE):
        wrong.append("what was ordered is not served")
    if after["served"] != after["rows"]:
        wrong.append("after the worker the rows are not what is served")
    jobs = {job["id"]: job for job in zygote.call("benchmarks.torture.ordering:jobs", data)}
    for job in use.acknowledged:
        if jobs.get(job, {}).get("state") != "done":
            wrong.append(f"an order that was acknowledged is {jobs.get(job, 'lost')}")
    return use.ended, [*wrong, *(f"after the worker: {fault}" for fault in after["leftovers"])]


def _there_again(zygote: Zygote, acknowledged: list[str], key: str, seconds: float) -> list[str]:
    """The service once more: it opens in so many seconds, and knows what was acknowledged."""
    started = time.monotonic()
    child, port = start_service(zygote)
    took = time.monotonic() - started
    wrong = [f"it took {took:.1f} s to open again"] if took > seconds else []
    for job in acknowledged:
        status, body = ask(port, f"/api/ingests/{job}", key=key)
        if status != 200:
            wrong.append(f"an order that was acknowledged is answered {status}: {body[:200]!r}")
    status, body = ask(port, search_path("gradients"))
    if status != 200 or degraded_in(json.loads(body)):
        wrong.append(f"a search after the start was answered {status}: {body[:200]!r}")
    child.signal(signal.SIGTERM)
    child.end(30)
    return wrong


class _Use:
    """A service, one client that searches it and one that orders ingests of `source`, until it is killed."""

    def __init__(self, zygote: Zygote, source: Path, key: str) -> None:
        self.acknowledged: list[str] = []
        self.ended = 0
        self._wrong: list[str] = []
        self._source, self._key = source, key
        self._killed = threading.Event()
        self._child, self._port = start_service(zygote, {"LECTURES_INGEST_ROOTS": str(source.parent)})
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._search, self._order)]
        for thread in self._threads:
            thread.start()

    def kill(self) -> list[str]:
        """Kill it; what was wrong until then."""
        self._killed.set()
        self._child.signal(signal.SIGKILL)
        self.ended = self._child.end().code
        for thread in self._threads:
            thread.join(30)
        if self.ended != KILLED:
            self._wrong.append(f"it ended with {self.ended} before it was killed")
        return self._wrong

    def _search(self) -> None:
        while not self._killed.is_set():
            status, body = ask(self._port, search_path("gradients"))
            self._look(status, 200, body)

    def _order(self) -> None:
        order = {"source": str(self._source), "course": COURSE}
        while not self._killed.is_set():
            status, body = ask(self._port, "/api/ingests", order, key=self._key)
            if status == 202:
                self.acknowledged.append(json.loads(body)["id"])
            self._look(status, 202, body)
            self._killed.wait(_ORDER_PAUSE_SECONDS)

    def _look(self, status: int, expected: int, body: bytes) -> None:
        if status != expected and not (status == _UNTAKEN and self._killed.is_set()):
            self._wrong.append(f"a request was answered {status}: {body[:200]!r}")


# --- in children of the zygote ------------------------------------------------------------------------------


def jobs(data: str) -> list[dict[str, str]]:
    """Every job, by its id."""
    from benchmarks.torture.checks import opened  # noqa: PLC0415
    from index.store.jobs import list_jobs  # noqa: PLC0415

    with opened(data) as library, library.database.reading() as connection:
        return [
            {"id": job.id, "state": str(job.state), "problem": job.problem or ""}
            for job in list_jobs(connection, 10_000)
        ]
