"""Answers of a cluster → what is wrong with them: searches that failed or are of two generations, services that do not
say what is away, answers that one process would not give.
"""

from __future__ import annotations

import json
import random
import re
import signal
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.torture.machines import Cluster, Replica
from benchmarks.torture.searching import ask_fully, search_path, start_service

GENERATIONS = "benchmarks.torture.seen:generations"
SETTLE_SECONDS = 30.0  # after the last publish all services serve it by then
_NOTICE_SECONDS = 10.0  # from then on all say what is away: drivers try again for a while
_ANSWER_SECONDS = 5.0  # who asks whether a service is ready does not wait for what is away, but for a busy machine
_ALIKE = 1e-6  # of scores
_VERSION = re.compile(r"(\w+) minute \d+ of version (\d+)")


class Clients:
    """Clients that ask nginx without a pause; `seen` are the answers: the generation, and what is shown of it."""

    def __init__(self, port: int, questions: list[str], count: int, seed: int) -> None:
        self._port, self._questions, self._count, self._seed = port, questions, count, seed
        self._lock = threading.Lock()
        self.put_off = self.found = 0
        self.took: list[float] = []
        self.seen: set[tuple[int, frozenset[str]]] = set()
        self.wrong: list[str] = []

    @property
    def asked(self) -> int:
        return len(self.took)

    def figure(self) -> str:
        generations = len({number for number, _ in self.seen})
        quantiles = statistics.quantiles(self.took, n=100)
        return (
            f"{self.asked} searches of {generations} generations by {self._count} clients, {self.put_off} put off, "
            f"p50 {quantiles[49]:.0f} ms, p99 {quantiles[98]:.0f} ms, slowest {max(self.took):.0f} ms"
        )

    def ask_on(self, number: int, stop: threading.Event) -> None:
        chance = random.Random(self._seed + number)
        while not stop.wait(0.02):
            path = search_path(chance.choice(self._questions), text="true", limit="50")
            began = time.monotonic()
            status, headers, body = ask_fully(self._port, path)
            took = 1000 * (time.monotonic() - began)
            with self._lock:
                if status == 503 and json.loads(body).get("code") == "overloaded" and "retry-after" in headers:
                    self.put_off += 1  # more is asked than this machine can answer
                    continue
                self.took.append(took)
                if status != 200:
                    self.wrong.append(f"a search was answered {status} after {took:.0f} ms: {body[:300]!r}")
                    continue
                found = json.loads(body)
                self.found += bool(found["hits"])
                shown = (mark for hit in found["hits"] for mark in _marks(hit["id"], hit["text"]))
                self.seen.add((found["generation"], frozenset(shown)))


def mixed(seen: set[tuple[int, frozenset[str]]], held: Mapping[int, frozenset[str]]) -> list[str]:
    """Answers that show what the generation which they name does not hold."""
    wrong = []
    for generation, shown in sorted(seen, key=lambda answer: answer[0]):
        if generation not in held:
            wrong.append(f"an answer names generation {generation}, which nobody published")
        elif not shown <= held[generation]:
            wrong.append(
                f"an answer of generation {generation} shows {sorted(shown - held[generation])[:3]} of another"
            )
    return wrong


def _marks(key: str, text: str) -> set[str]:
    """What a generation shows by a passage: its id, and the versions of courses that its text names."""
    return {key, *(f"{course} {version}" for course, version in _VERSION.findall(text))}


@dataclass
class Watcher:
    """Asks each service whether it is ready."""

    replicas: tuple[Replica, ...]
    most_behind: float = 0.0
    slow: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    said: Counter[str] = field(default_factory=Counter)
    silent: Counter[str] = field(default_factory=Counter)
    seen_away: set[str] = field(default_factory=set)
    began: tuple[str, float] = ("", 0.0)

    def look(self, away: Callable[[], str]) -> None:
        """Ask each; `away` says what is away just now."""
        for replica in self.replicas:
            with replica.lock:
                ended = replica.ended()
            if ended is not None:
                self.ended.append(f"{replica.host} ended by itself: {ended}")
            before, began = away(), time.monotonic()
            if before != self.began[0]:
                self.began = (before, began)
            status, body = replica.ask("/readyz")
            took = time.monotonic() - began
            if status and took > _ANSWER_SECONDS:
                self.slow.append(f"/readyz of {replica.host} took {took:.1f} s ({before or 'nothing'} away)")
            if status == 200 and away() == before:  # else it may have come back while this one answered
                self._note(json.loads(body), before, began - self.began[1])

    def _note(self, ready: dict[str, Any], away: str, since: float) -> None:
        behind = ready["shared_storage"]["seconds_behind"]
        self.most_behind = max(self.most_behind, behind)
        if not away:
            return
        self.seen_away.add(away)
        word = "shared storage" if away == "storage" else "database"
        if any(word in reason for reason in ready["degraded"]) and (away != "storage" or behind > 0):
            self.said[away] += 1
        elif since > _NOTICE_SECONDS:
            self.silent[away] += 1

    def wrong(self) -> list[str]:
        silent = [f"{count} times nothing was said of what was away ({away})" for away, count in self.silent.items()]
        never = [f"nobody ever said what was away ({away})" for away in self.seen_away if not self.said[away]]
        return [*self.ended, *self.slow, *silent, *never]


def empty(clients: Clients) -> list[str]:
    """That most searches found nothing, if it is so: then nothing was seen of what is served."""
    return [] if clients.found > clients.asked / 2 else [f"only {clients.found} of {clients.asked} searches had hits"]


def settled(replicas: tuple[Replica, ...], newest: int) -> list[str]:
    """Services that do not serve the newest generation in time, with nothing wrong."""
    deadline, wrong = time.monotonic() + SETTLE_SECONDS, []
    for replica in replicas:
        while True:
            with replica.lock:
                replica.ended()  # it may have been killed last while the database was away
            status, body = replica.ask("/readyz")
            ready = json.loads(body) if status else {}
            if status == 200 and (ready["generation"], ready["status"]) == (newest, "ready"):
                break
            if time.monotonic() > deadline:
                wrong.append(f"{replica.host} does not serve generation {newest}: {status} {body[:300]!r}")
                break
            time.sleep(0.1)
    return wrong


def unlike_one(machines: Cluster, questions: list[str]) -> list[str]:
    """Questions that one process, which knows no shared storage, answers otherwise than one of the three."""
    # an encoder loads its model with the first question
    patient = {"LECTURES_ENCODER_DEADLINE_MS": "60000"}
    alone = {"LECTURES_STORAGE_URL": "", "LECTURES_DATA_DIR": str(machines.publisher), **patient}
    child, port = start_service(machines.zygote, alone)
    wrong = []
    for question in questions:
        path = search_path(question, limit="50")
        wanted = _scores(ask_fully(port, path)[2])
        for replica in machines.replicas:
            found = _scores(replica.ask(path)[1])
            if [key for key, _ in found] != [key for key, _ in wanted] or any(
                abs(one - other) > _ALIKE for (_, one), (_, other) in zip(found, wanted, strict=True)
            ):
                wrong.append(f"{replica.host} answers {question!r} otherwise than one process")
    child.signal(signal.SIGTERM)
    child.end(30)
    return wrong


def _scores(body: bytes) -> list[tuple[str, float]]:
    return [(hit["id"], hit["score"]) for hit in json.loads(body)["hits"]]


# --- in children of the zygote ----------------------------------------------------------------------------------


def generations(data: str) -> dict[int, list[str]]:
    """What each generation in this data folder can show."""
    from index.engine.generation import open_generation  # noqa: PLC0415
    from index.engine.manifest import generation_numbers, read_generation  # noqa: PLC0415

    root = Path(data) / "index"
    found = {}
    for number in generation_numbers(root):
        generation = open_generation(root, read_generation(root, number)[0])
        passages = generation.passages(list(range(generation.count)))
        found[number] = sorted({mark for passage in passages for mark in _marks(passage.id, passage.text)})
    return found
