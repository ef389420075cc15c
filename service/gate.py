"""Who comes in next: each kind of work has so many places, and behind them a short queue that is fair among callers.

Requests wait here, in the event loop, before they take a thread: there are more threads than places, so that nobody
waits for a thread, and health is told whatever waits. What is before other work goes first: while a search waits, the
kinds of work after it have one place each.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from time import perf_counter

from service.metrics import Metrics
from service.refusals import Overloaded


class Work(StrEnum):
    """What requests are for; what stands first goes first."""

    SEARCH = "search"
    ANSWER = "answer"
    EMBED = "embed"
    LOOK = "look"  # pages of courses, files
    PICTURE = "picture"
    SIGN_IN = "sign in"
    INGEST = "ingest"


@dataclass(slots=True)
class Lane:
    """The places of a kind of work, and who waits for one: by caller, in the order in which they get their turns."""

    places: int
    queue: int
    wait_seconds: float
    inside: int = 0
    waiting: OrderedDict[str, deque[asyncio.Future[bool]]] = field(default_factory=OrderedDict)

    @property
    def length(self) -> int:
        return sum(map(len, self.waiting.values()))

    def join(self, caller: str, turn: asyncio.Future[bool]) -> None:
        """Wait behind the others. Where that makes the queue too long, the caller who has most in it loses its last;
        `turn` is told whether it goes in."""
        self.waiting.setdefault(caller, deque()).append(turn)
        if self.length > self.queue:
            most = max(self.waiting, key=lambda other: (len(self.waiting[other]), other == caller))
            last = self.waiting[most][-1]
            self.leave(most, last)
            last.set_result(False)

    def leave(self, caller: str, turn: asyncio.Future[bool]) -> None:
        self.waiting[caller].remove(turn)
        if not self.waiting[caller]:
            del self.waiting[caller]

    def let_one_in(self) -> None:
        """The next turn of the caller who waits longest for one; its others come after everybody else's next."""
        caller = next(iter(self.waiting))
        turn = self.waiting[caller][0]
        self.leave(caller, turn)
        if caller in self.waiting:
            self.waiting.move_to_end(caller)
        self.inside += 1
        turn.set_result(True)


class Gate:
    """The lanes of one application, by what goes first. Used by its event loop alone."""

    def __init__(self, lanes: Mapping[Work, Lane], metrics: Metrics) -> None:
        self.lanes = dict(lanes)
        self._metrics = metrics

    @property
    def places(self) -> int:
        """How many requests may be inside at once."""
        return sum(lane.places for lane in self.lanes.values())

    @asynccontextmanager
    async def place(self, work: Work, caller: str) -> AsyncIterator[None]:
        """A place, kept to the end of the block. Overloaded if none is free in time, at once if too many wait."""
        lane = self.lanes[work]
        if not lane.waiting and lane.inside < self._places(work):
            lane.inside += 1
        else:
            await self._wait(work, lane, caller)
        self._metrics.crowd(work, lane.inside, lane.length)
        try:
            yield
        finally:
            self._give_back(lane)
            self._metrics.crowd(work, lane.inside, lane.length)

    async def _wait(self, work: Work, lane: Lane, caller: str) -> None:
        started = perf_counter()
        turn = asyncio.get_running_loop().create_future()
        lane.join(caller, turn)
        try:
            await asyncio.wait((turn,), timeout=lane.wait_seconds)
        except asyncio.CancelledError:  # the client went away
            if not turn.done():
                self._give_up(lane, caller, turn)
            elif turn.result():
                self._give_back(lane)
            raise
        if not turn.done():
            self._give_up(lane, caller, turn)
        elif turn.result():
            if work is Work.SEARCH:
                self._metrics.took("place", perf_counter() - started)
            return
        self._metrics.hit(f"places of {work}")
        raise Overloaded("More is asked at once than can be answered soon; try again in a second.")

    def _give_up(self, lane: Lane, caller: str, turn: asyncio.Future[bool]) -> None:
        lane.leave(caller, turn)
        self._let_in()  # those who gave way to it

    def _give_back(self, lane: Lane) -> None:
        lane.inside -= 1
        self._let_in()

    def _let_in(self) -> None:
        for work, lane in self.lanes.items():
            while lane.waiting and lane.inside < self._places(work):
                lane.let_one_in()

    def _places(self, work: Work) -> int:
        """How many may be inside now: one while a search waits, of any other kind."""
        gives_way = work is not Work.SEARCH and self.lanes[Work.SEARCH].waiting
        return 1 if gives_way else self.lanes[work].places
