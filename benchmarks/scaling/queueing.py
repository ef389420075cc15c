"""Searches that arrive over time, at nodes that hold parts of the index → when each is answered: events, one by one.

What is asked goes to parts. A part is held by several stations, its copies; a station computes so many searches at once
and lets the others wait in their order. Of two copies chosen at random the one with less to do is asked. What takes
longer than `hedge_after` is asked of another copy too, and the first answer counts; at most a tenth of all is, so that
asking twice does not make a busy cluster busier still. A node may die: what its stations held and are sent is silent
until that is noticed, and is then asked of other copies. Seconds everywhere.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from math import inf
from typing import Any

HEDGED = 0.1  # of all that is asked, at most


@dataclass(frozen=True, slots=True)
class Places:
    """Where parts lie: `stations[part]` are its copies, `node_of[station]` is their node; each computes `servers`."""

    stations: Sequence[Sequence[int]]
    node_of: Sequence[int]
    servers: int


@dataclass(frozen=True, slots=True)
class Loss:
    """A node that dies, when that is noticed, and when it serves again, as seconds from the start."""

    node: int
    at: float
    noticed: float
    back: float = inf


@dataclass(slots=True)
class Ask:
    """One search: the parts that it asks in each step, the seconds that each takes there, and what it takes beside."""

    arrives: float
    steps: Sequence[tuple[Sequence[int], Sequence[float]]]
    beside: float = 0.0
    over_all: bool = False  # for whoever counts
    answered: float = inf
    lost: bool = False
    step: int = 0
    missing: int = 0

    @property
    def seconds(self) -> float:
        return self.answered - self.arrives


@dataclass(slots=True)
class _Part:
    """What one search wants of one part in one step; `waits_at` are the stations that were asked."""

    ask: Ask
    part: int
    seconds: float
    began: float
    step: int
    waits_at: list[int] = field(default_factory=list)
    done: bool = False


@dataclass(slots=True)
class _Station:
    node: int
    busy: int = 0
    alive: bool = True
    life: int = 0  # grows when it dies, so that what it had begun ends nowhere
    queue: deque[_Part] = field(default_factory=deque)
    worked: float = 0.0

    @property
    def load(self) -> int:
        return self.busy + len(self.queue)


class Simulation:
    """One run. `part_seconds` are what parts took, waiting included."""

    def __init__(self, places: Places, seed: int, hedge_after: float = inf, loss: Loss | None = None) -> None:
        self._places = places
        self.stations = [_Station(node) for node in places.node_of]
        self._hedge_after = hedge_after
        self._loss = loss
        self._known_dead: set[int] = set()
        self._silent: list[_Part] = []
        self._chance = random.Random(seed)
        self._events: list[tuple[float, int, Callable[[Any], None], Any]] = []
        self._count = 0
        self.now = 0.0
        self.part_seconds: list[float] = []
        self.asked = self.hedged = 0

    def run(self, asks: Sequence[Ask]) -> None:
        """Let all of them arrive, and go on until nothing is left to do."""
        for ask in asks:
            self._later(ask.arrives, self._begin, ask)
        if self._loss is not None:
            self._later(self._loss.at, self._die, self._loss.node)
            self._later(self._loss.noticed, self._notice, self._loss.node)
            if self._loss.back < inf:
                self._later(self._loss.back, self._return, self._loss.node)
        while self._events:
            self.now, _, happen, what = heappop(self._events)
            happen(what)
        for ask in asks:
            ask.lost = ask.answered == inf

    def busy_share(self) -> float:
        """How much of all servers' time was worked."""
        return sum(station.worked for station in self.stations) / (
            len(self.stations) * self._places.servers * max(self.now, 1e-12)
        )

    def _later(self, when: float, happen: Callable[[Any], None], what: object) -> None:
        self._count += 1
        heappush(self._events, (when, self._count, happen, what))

    def _begin(self, ask: Ask) -> None:
        if ask.step == len(ask.steps):
            ask.answered = self.now + ask.beside
            return
        parts, seconds = ask.steps[ask.step]
        ask.missing = len(parts)
        self.asked += len(parts)
        for part, own in zip(parts, seconds, strict=True):
            self._send(_Part(ask, part, own, self.now, ask.step))

    def _send(self, part: _Part) -> None:
        """To the less busy of two copies that were not asked yet; with none, it waits for one that comes back."""
        left = [
            number
            for number in self._places.stations[part.part]
            if number not in part.waits_at and self.stations[number].node not in self._known_dead
        ]
        if not left:
            if not part.waits_at:
                self._silent.append(part)
            return
        chosen = self._chance.sample(left, 2) if len(left) > 2 else left
        number = min(chosen, key=lambda one: (self.stations[one].load, self._chance.random()))
        part.waits_at.append(number)
        station = self.stations[number]
        if not station.alive:
            self._silent.append(part)
        elif station.busy < self._places.servers:
            self._work(station, part)
        else:
            station.queue.append(part)
        if self._hedge_after < inf and len(part.waits_at) == 1:
            self._later(self.now + self._hedge_after, self._hedge, part)

    def _hedge(self, part: _Part) -> None:
        if not part.done and len(part.waits_at) == 1 and self.hedged < HEDGED * self.asked:
            self._send(part)
            self.hedged += len(part.waits_at) - 1  # there may be no other copy

    def _work(self, station: _Station, part: _Part) -> None:
        station.busy += 1
        self._later(self.now + part.seconds, self._end, (station, station.life, part, self.now))

    def _end(self, what: tuple[_Station, int, _Part, float]) -> None:
        station, life, part, since = what
        if station.life != life:
            return  # it died meanwhile
        station.busy -= 1
        station.worked += self.now - since
        while station.queue and station.busy < self._places.servers:
            following = station.queue.popleft()
            if not following.done:  # another copy may have answered
                self._work(station, following)
        if part.done:
            return
        part.done = True
        self.part_seconds.append(self.now - part.began)
        part.ask.missing -= 1
        if part.ask.missing == 0:
            part.ask.step += 1
            self._begin(part.ask)

    def _of(self, node: int) -> list[tuple[int, _Station]]:
        return [(number, station) for number, station in enumerate(self.stations) if station.node == node]

    def _die(self, node: int) -> None:
        working = [what[2] for _, _, happen, what in self._events if happen == self._end and what[0].node == node]
        for _, station in self._of(node):
            self._silent += [*station.queue]
            station.queue.clear()
            station.alive, station.busy = False, 0
            station.life += 1
        self._silent += working

    def _notice(self, node: int) -> None:
        """What was asked of the node is asked of others."""
        self._known_dead.add(node)
        self._ask_again(node)

    def _return(self, node: int) -> None:
        self._known_dead.discard(node)
        for _, station in self._of(node):
            station.alive = True
        self._ask_again(node)

    def _ask_again(self, node: int) -> None:
        waiting, self._silent = self._silent, []
        dead = {number for number, _ in self._of(node)}
        for part in waiting:
            part.waits_at = [number for number in part.waits_at if number not in dead]
            if not part.done and not part.waits_at:
                self._send(part)
