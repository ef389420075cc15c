"""A layout, a load and the unit costs → searches that arrive, and how long they take: as tables have it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from benchmarks.scaling.designs import Design, Layout, Load, Machine, courses, refetch_seconds, searches
from benchmarks.scaling.queueing import Ask, Loss, Places, Simulation
from benchmarks.scaling.unit_costs import Costs, Floats

# Copies beyond these are alike: fewer are simulated, with as much less to do. It lengthens waiting a little.
_COPIES = 4
_PARTS_ASKED = 400_000  # in one run, about: ten seconds
_FEWEST, _MOST = 2_000, 20_000
_WARM = 0.2  # of the searches, before which nobody had to wait
_PATIENCE_SECONDS = 5.0  # after which nobody waits any longer: such a search is lost
_NOTICED_SECONDS = 1.0  # until a node that is silent is left out


@dataclass(frozen=True, slots=True)
class Outcome:
    """Milliseconds, by kind of search, of those that were answered in time, and what happened to them. `away` are those
    that came while a node was lost."""

    arrived: int
    lost: int
    one: Floats
    everywhere: Floats
    away: Floats
    busy: float
    hedged: float
    part_p95: float

    def quantile(self, name: str, share: float) -> float:
        values = {"one": self.one, "all": self.everywhere, "away": self.away}[name]
        return float(np.quantile(values, share)) if len(values) else float("nan")


@dataclass(frozen=True, slots=True)
class Run:
    """What is simulated."""

    costs: Costs
    machine: Machine
    load: Load
    layout: Layout
    seed: int = 1

    @property
    def copies(self) -> int:
        return min(self.layout.copies, _COPIES)

    @property
    def per_second(self) -> float:
        """Searches for the copies that are simulated."""
        whole = self.load.per_course * courses(self.costs, self.layout.passages)
        return whole * self.copies / self.layout.copies

    @property
    def count(self) -> int:
        parts = 1 + self.load.share_all * 2 * self.layout.groups
        return int(min(_MOST, max(_FEWEST, _PARTS_ASKED / parts)))


def places(run: Run) -> Places:
    """Each set of nodes holds everything once; the parts of one node lie on different nodes of the other sets, so that
    what it leaves when it dies is shared."""
    groups, copies = run.layout.groups, run.copies
    holders = groups // run.layout.parts
    stations = [[group * copies + copy for copy in range(copies)] for group in range(groups)]
    node_of = [
        copy * holders + (group + copy * (group // holders)) % holders
        for group in range(groups)
        for copy in range(copies)
    ]
    return Places(stations, node_of, run.layout.servers)


def make_asks(run: Run) -> list[Ask]:
    """Searches that arrive at random, over one course or over all. A question that is hard is hard for every part; how
    one and the same differs from time to time was measured, and is drawn for each part."""
    chance = np.random.default_rng(run.seed)
    count, groups = run.count, run.layout.groups
    spread = run.layout.design is Design.SPREAD
    own = searches(run.costs, run.machine, run.load, run.layout.part_passages, two_steps=spread)
    noise = run.costs.largest.noise
    arrive = np.cumsum(chance.exponential(1 / run.per_second, count)).tolist()
    over_all = chance.random(count) < run.load.share_all
    hard = chance.random(count)
    places_of = _parts_of_courses(run, chance, count)
    everything = np.arange(groups)
    beside_one = 0.0 if run.layout.design is Design.ONE else run.machine.round_trip_ms / 1000
    merging = groups * run.costs.largest.merge_ms / 1000

    def seconds(values: Floats, question: int, parts: int) -> list[float]:
        whole = float(np.interp(hard[question], np.linspace(0, 1, len(values)), values))
        drawn: list[float] = (whole * chance.choice(noise, parts)).tolist()
        return drawn

    asks = []
    for i in range(count):
        if not over_all[i]:
            asks.append(Ask(arrive[i], [([int(places_of[i])], seconds(own.one, i, 1))], beside_one))
        elif spread:
            steps = [(everything.tolist(), seconds(part, i, groups)) for part in (own.counting, own.searching)]
            asks.append(Ask(arrive[i], steps, 2 * beside_one + merging, over_all=True))
        else:
            asks.append(Ask(arrive[i], [([0], seconds(own.searching, i, 1))], beside_one, over_all=True))
    return asks


def _parts_of_courses(run: Run, chance: np.random.Generator, count: int) -> NDArray[np.int64]:
    """The part that holds the course of each search; courses are searched by Zipf's law."""
    number = max(1, round(courses(run.costs, run.layout.passages)))
    weights = np.arange(1, number + 1, dtype=float) ** -run.load.skew
    edges = np.cumsum(weights) / weights.sum()
    chosen: NDArray[np.int64] = np.searchsorted(edges, chance.random(count)) % run.layout.groups
    return chosen


def simulate(run: Run, hedge_after: float = inf, *, lose_a_node: bool = False) -> Outcome:
    """One run; with a loss, the node dies in the middle and comes back when it has fetched what it held."""
    asks, where = make_asks(run), places(run)
    loss = None
    if lose_a_node:
        at = asks[len(asks) // 2].arrives
        back = at + _NOTICED_SECONDS + refetch_seconds(run.costs, run.machine, run.layout)
        loss = Loss(where.node_of[0], at, at + _NOTICED_SECONDS, back)
    simulation = Simulation(where, run.seed, hedge_after, loss)
    simulation.run(asks)
    counted = asks[int(_WARM * len(asks)) :]
    answered = [ask for ask in counted if ask.seconds <= _PATIENCE_SECONDS]
    away = [ask for ask in answered if loss is not None and loss.at <= ask.arrives < loss.back]
    lost = sum(ask.seconds > _PATIENCE_SECONDS for ask in asks)
    return Outcome(
        arrived=len(asks),
        lost=lost,
        one=_milliseconds([ask for ask in answered if not ask.over_all]),
        everywhere=_milliseconds([ask for ask in answered if ask.over_all]),
        away=_milliseconds(away),
        busy=simulation.busy_share(),
        hedged=simulation.hedged / max(1, len(simulation.part_seconds)),
        part_p95=float(np.quantile(simulation.part_seconds, 0.95)),
    )


def _milliseconds(asks: Sequence[Ask]) -> Floats:
    return np.array([1000 * ask.seconds for ask in asks], float)
