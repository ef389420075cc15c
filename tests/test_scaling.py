"""The simulator of installations that no machine here holds, against what can be worked out by hand."""

from __future__ import annotations

import math
import random
from collections import Counter
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.installation import fill
from benchmarks.made_courses import made_questions
from benchmarks.scaling.costs import show
from benchmarks.scaling.designs import Design, Load, Machine, ends_at, layout, limits, rebuild, refetch_seconds
from benchmarks.scaling.measure import measure_bytes, measure_search, measure_steps
from benchmarks.scaling.queueing import HEDGED, Ask, Loss, Places, Simulation
from benchmarks.scaling.simulate import layouts, next_stops, prices, stops
from benchmarks.scaling.traffic import Run, places, simulate
from benchmarks.scaling.unit_costs import Costs, Size, line_through, read_costs
from service.opening import open_index, open_library

ROOT = Path(__file__).resolve().parent.parent


def one_part(copies: int, servers: int) -> Places:
    return Places([list(range(copies))], list(range(copies)), servers)


def arrivals(count: int, per_second: float, seed: int) -> list[float]:
    chance = random.Random(seed)
    return list(accumulate(chance.expovariate(per_second) for _ in range(count)))


def erlang_c(servers: int, offered: float) -> float:
    """The share of arrivals that wait in M/M/c (Erlang 1917)."""
    last = offered**servers / math.factorial(servers) * servers / (servers - offered)
    return last / (sum(offered**k / math.factorial(k) for k in range(servers)) + last)


@pytest.mark.parametrize(("servers", "load"), [(1, 0.5), (4, 0.8), (16, 0.9)])
def test_waiting_is_that_of_erlang(servers: int, load: float) -> None:
    chance = random.Random(1)
    asks = [Ask(at, [([0], [chance.expovariate(1.0)])]) for at in arrivals(30_000, servers * load, 2)]
    simulation = Simulation(one_part(1, servers), seed=3)
    simulation.run(asks)
    waited = [ask.seconds - ask.steps[0][1][0] for ask in asks[3_000:]]
    share = erlang_c(servers, servers * load)
    assert np.mean([wait > 1e-9 for wait in waited]) == pytest.approx(share, rel=0.08)
    assert np.mean(waited) == pytest.approx(share / (servers * (1 - load)), rel=0.12)
    assert simulation.busy_share() == pytest.approx(load, rel=0.03)


def test_a_search_over_several_parts_takes_as_long_as_the_slowest() -> None:
    parts, chance = 16, random.Random(4)
    places = Places([[part] for part in range(parts)], list(range(parts)), 1)
    # so rarely that none meets another
    asks = [
        Ask(1000.0 * i, [(range(parts), [chance.expovariate(1.0) for _ in range(parts)])], beside=0.5)
        for i in range(3_000)
    ]
    Simulation(places, seed=5).run(asks)
    assert [ask.seconds for ask in asks] == pytest.approx([max(ask.steps[0][1]) + 0.5 for ask in asks])
    harmonic = sum(1 / k for k in range(1, parts + 1))  # the mean of the maximum of k exponentials
    assert np.mean([ask.seconds for ask in asks]) == pytest.approx(harmonic + 0.5, rel=0.03)


def test_steps_come_one_after_the_other() -> None:
    places = Places([[0], [1]], [0, 1], 1)
    ask = Ask(1.0, [([0, 1], [1.0, 2.0]), ([0, 1], [5.0, 3.0])])
    Simulation(places, seed=1).run([ask])
    assert ask.answered == 1.0 + 2.0 + 5.0


def test_a_second_copy_is_asked_when_the_first_takes_long() -> None:
    # part 0 lies on both stations, 1 and 2 on one each; the station with less to do is the slow one
    places = Places([[0, 1], [0], [1]], [0, 1], 1)

    def third(hedge_after: float) -> float:
        asks = [
            Ask(0.0, [([1], [100.0])]),
            Ask(0.0, [([2], [0.6])]),
            Ask(0.0, [([2], [0.6])]),
            Ask(0.1, [([0], [0.5])]),
        ]
        Simulation(places, 1, hedge_after).run(asks)
        return asks[-1].seconds

    assert third(math.inf) == pytest.approx(100.0 - 0.1 + 0.5)
    assert third(0.5) == pytest.approx(2 * 0.6 - 0.1 + 0.5)


def test_no_more_than_a_tenth_is_asked_twice() -> None:
    asks = [Ask(at, [([0], [1.0])]) for at in arrivals(2_000, 1.9, 12)]
    simulation = Simulation(one_part(2, 1), 13, hedge_after=0.1)  # all take longer than that
    simulation.run(asks)
    assert simulation.hedged == HEDGED * len(asks)
    assert not any(ask.lost for ask in asks)


def test_nothing_is_asked_twice_without_hedging_and_nothing_is_lost_without_a_loss() -> None:
    asks = [Ask(at, [([0], [0.5])]) for at in arrivals(2_000, 3.0, 6)]
    simulation = Simulation(one_part(2, 1), seed=7)
    simulation.run(asks)
    assert simulation.hedged == 0
    assert len(simulation.part_seconds) == len(asks)
    assert not any(ask.lost for ask in asks)


@pytest.mark.parametrize("hedge_after", [math.inf, 0.7])
def test_every_search_is_answered_or_counted_as_lost(hedge_after: float) -> None:
    parts, copies, chance = 6, 2, random.Random(8)
    stations = [[copies * part + copy for copy in range(copies)] for part in range(parts)]
    places = Places(stations, [(part + copy) % 3 for part in range(parts) for copy in range(copies)], 1)
    asks = [
        Ask(at, [(own := chance.sample(range(parts), chance.choice([1, parts])), [0.1] * len(own))])
        for at in arrivals(3_000, 2.0, 9)
    ]
    half = asks[1_500].arrives
    simulation = Simulation(places, 10, hedge_after, Loss(1, half, half + 5))
    simulation.run(asks)
    # the other copy of each part answers: nothing is lost, and what was silent waits until that is noticed or hedged
    assert [ask.lost for ask in asks] == [False] * len(asks)
    assert len(simulation.part_seconds) == sum(len(ask.steps[0][0]) for ask in asks)
    slowest = max(ask.seconds for ask in asks)
    assert slowest > 5 if hedge_after == math.inf else slowest < 5


def test_with_one_copy_a_dead_node_loses_what_it_held_until_it_is_back() -> None:
    def lost(back: float) -> list[bool]:
        asks = [Ask(float(at), [([at % 2], [0.5])]) for at in range(10)]
        Simulation(Places([[0], [1]], [0, 1], 1), 1, math.inf, Loss(1, 5.2, 6.0, back)).run(asks)
        return [ask.lost for ask in asks]

    assert lost(math.inf) == [False] * 5 + [True, False, True, False, True]
    assert lost(20.0) == [False] * 10


def test_the_same_seed_gives_the_same_run() -> None:
    def run(seed: int) -> list[float]:
        asks = [Ask(at, [([0], [0.9])]) for at in arrivals(500, 3.0, 11)]
        Simulation(one_part(5, 1), seed, 1.0).run(asks)
        return [ask.seconds for ask in asks]

    assert run(1) == run(1)
    assert run(1) != run(2)


# --- sizes and memory ------------------------------------------------------------------------------------


def made_size(passages: int, **changed: Any) -> Size:
    """One installation whose costs can be worked out by hand: each passage 100 bytes of files and 10 of memory."""
    values: dict[str, Any] = {
        "passages": passages,
        "shards": passages // 1_000,
        "shard_bytes": {"vectors": 60.0 * passages, "records": 40.0 * passages},
        "manifest_bytes": 0.3 * passages,
        "database_bytes": 50.0 * passages,
        "heap_mb": 0.0,
        "process_mb": 100 + 10 * passages / 2**20,
        "further_mb": 20.0,
        "open_seconds": 1.0,
        "swap_seconds": 1e-6 * passages,
        "hash_bytes_per_second": 1e9,
        "one_ms": np.full(10, 2.0),
        "all_ms": np.full(10, 2.0 + passages / 50_000),
        "noise": np.ones(3),
        "steps_ms": {"read": 0.5, "scan": passages / 100_000},
        "http_ms": 1.0,
        "livez_ms": 0.25,
        "merge_ms": 0.125,
        "answer_bytes": 1_000.0,
        "touched_one": 10.0,
        "touched_all": 50.0 + passages / 1_000,
        "building_ms": {"taken": 3.6, "embedded": 0.36, "rebuilt": 1.8},
    }
    return Size(**{**values, **changed})


COSTS = Costs((made_size(10_000), made_size(100_000), made_size(1_000_000)))
BARE = Machine(cores=4, memory_gb=10, usable=1.0, network_gbit=8, disk_gb_per_second=2)


def test_what_a_search_over_all_costs_lies_on_the_measured_points_and_on_the_line_beyond() -> None:
    assert COSTS.all_ms(100_000)[0] == pytest.approx(4.0)
    assert COSTS.all_ms(550_000)[0] == pytest.approx(13.0)
    assert COSTS.all_ms(10_000_000)[0] == pytest.approx(202.0)


def test_lines_go_through_what_was_measured() -> None:
    assert COSTS.heap.fixed == pytest.approx(100 * 2**20)
    assert COSTS.heap.each == pytest.approx(10)
    line = line_through([(1, 2), (2, 4), (4, 8)])
    assert (line.fixed, line.each) == pytest.approx((0, 2), abs=1e-9)
    # what would be less than nothing at the start is nothing
    assert line_through([(1, 0.5), (2, 4)]).fixed == 0


@pytest.mark.parametrize("design", list(Design))
def test_memory_of_all_nodes_adds_up(design: Design) -> None:
    own = layout(COSTS, BARE, Load(), design, 50e6)
    copies = own.copies if own.nodes > 1 else 1
    assert own.nodes * own.mapped == pytest.approx(copies * 100 * 50e6, rel=1e-9)
    assert own.groups * own.part_passages == pytest.approx(50e6, rel=1e-9)
    assert own.servers * own.parts == BARE.cores
    processes = own.parts * (100 * 2**20 + (own.servers - 1) * 20 * 2**20)
    # a generation that takes the place of another is there beside it for a while
    assert own.heap == pytest.approx(processes + own.parts * 2 * 10 * own.part_passages, rel=1e-6)


def test_spread_parts_fit_into_their_nodes_and_lie_on_different_ones() -> None:
    own = layout(COSTS, BARE, Load(), Design.SPREAD, 500e6)
    assert own.memory <= BARE.memory
    assert own.parts > 1
    where = places(Run(COSTS, BARE, Load(), own))
    for stations in where.stations:
        assert len({where.node_of[station] for station in stations}) == len(stations)
    assert set(Counter(where.node_of).values()) == {own.parts}


def test_what_is_left_of_a_layout_carries_the_loss_of_a_node() -> None:
    own = layout(COSTS, BARE, Load(), Design.SPREAD, 100e6)
    run = Run(COSTS, BARE, Load(), own)
    healthy = simulate(run)
    assert healthy.busy * own.copies / (own.copies - 1) <= Load().busiest + 0.05
    assert simulate(run, healthy.part_p95, lose_a_node=True).lost == 0


def test_a_limit_is_reached_where_it_is_used_up() -> None:
    found = {limit.name: ends_at(limit) for limit in limits(COSTS, BARE, Load(), Design.REPLICAS)}
    assert found["a new generation within a minute"] == pytest.approx(60e6, rel=0.01)
    assert found["shards of a process"] == pytest.approx(65_530 * 1_000, rel=0.01)
    # 100 bytes mapped, 20 not; four processes have 160 MB beside
    assert found["memory, with all files in it"] == pytest.approx((10e9 - 160 * 2**20) / 120, rel=0.01)


def test_prices_are_those_of_the_passages() -> None:
    own = layout(COSTS, BARE, Load(), Design.REPLICAS, 2e6)
    price = rebuild(COSTS, own)
    assert (price.from_rows_hours, price.new_vectors_hours, price.taken_up_hours) == pytest.approx((1.0, 1.2, 2.0))
    assert price.moved == pytest.approx(own.nodes * 200e6)
    assert refetch_seconds(COSTS, BARE, own) == pytest.approx(200e6 / 1e9 + 200e6 / 4e9 + 2.0)


def test_searches_of_an_idle_installation_take_what_was_measured() -> None:
    load = Load(per_course=1e-6)
    own = layout(COSTS, BARE, load, Design.ONE, 1e6)
    found = simulate(Run(COSTS, BARE, load, own))
    assert found.quantile("one", 0.99) == pytest.approx(2.0 + 1.0)
    assert found.quantile("all", 0.99) == pytest.approx(22.0 + 1.0)
    assert found.lost == 0


def test_the_tables_of_the_document_are_those_of_the_costs_that_are_kept() -> None:
    said = (ROOT / "docs" / "scaling.md").read_text("utf-8")
    costs = read_costs()
    for made in (show(costs), layouts(costs), stops(costs), prices(costs), next_stops(costs)):
        for line in made.splitlines():
            assert line in said


def test_an_installation_is_measured_and_its_bytes_are_those_of_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LECTURES_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("LECTURES_OFFLINE", "true")
    fill(tmp_path, 2, 40)
    index, library = open_index(), open_library()[1]
    found = measure_bytes(library, index)
    library.close()
    files = sorted((tmp_path / "index" / "shards").glob("*/shard.safetensors"))
    headers = [8 + int.from_bytes(path.read_bytes()[:8], "little") for path in files]
    assert sum(found["shards"].values()) == sum(path.stat().st_size for path in files) - sum(headers)
    # a float of four bytes for each number of each vector, 256 of them, and what faiss puts before them
    vectors = sum(shard.manifest.vectors for shard in index.generation.shards)
    assert found["shards"]["vectors"] == vectors * 256 * 4 + 2 * 64
    assert found["manifest"] == (tmp_path / "index" / "gen-000002.json").stat().st_size
    questions = made_questions(4, range(2))
    assert len(measure_search(index, questions, None)["cpu"]) == 4
    steps = measure_steps(index, questions)
    assert {name: len(steps[name]) for name in ("read", "counted", "words", "near")} == dict.fromkeys(
        ("read", "counted", "words", "near"), 4
    )
