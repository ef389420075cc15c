"""A design, a number of passages and the unit costs → nodes, memory, and what ends first."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from benchmarks.scaling.unit_costs import Costs, Floats


class Design(StrEnum):
    """What is compared. Only the first two exist."""

    ONE = "one machine"
    REPLICAS = "replicas"
    SPREAD = "spread"


@dataclass(frozen=True, slots=True)
class Machine:
    """What a node is assumed to be: a common server. Its processor is taken to be as fast as the measured one."""

    cores: int = 16
    memory_gb: float = 128
    usable: float = 0.8  # of memory; the rest is for the system and what comes and goes
    network_gbit: float = 10
    disk_gb_per_second: float = 2
    disk_read_ms: float = 0.1  # one place of a file that is not in memory, from NVMe
    round_trip_ms: float = 0.5  # between two nodes
    in_memory: float = 1.0  # this share of the mapped files is; for the rest the disk is read

    @property
    def memory(self) -> float:
        return self.memory_gb * 1e9 * self.usable


@dataclass(frozen=True, slots=True)
class Load:
    """What is assumed of those who ask, at the busiest time of a day."""

    per_course: float = 0.05  # searches a second for each course that there is
    share_all: float = 0.05  # of searches go over all courses, the others over one
    skew: float = 0.7  # Zipf's exponent of how often each course is searched
    changes_per_day: float = 0.2  # of a course: one lecture a week, in working days
    utilisation: float = 0.6  # of processors, for which there are enough nodes
    busiest: float = 0.9  # of the processors that are left when a node is lost
    fresh_seconds: float = 60  # after which a published course should be found
    slow_seconds: float = 1.0  # a search over all that takes longer is none
    all_over: float = 1.0  # this share of the courses is what "all" means


# What the program itself allows: `index/engine/directory.py` numbers shards with 16 bits, and each shard is a mapping,
# of which Linux gives a process 65,530 (vm.max_map_count) unless told otherwise.
MOST_SHARDS = 65_530


@dataclass(frozen=True, slots=True)
class Layout:
    """So many nodes, each with `parts` parts of the index (of `part_passages`) in `servers` processes each; all parts
    lie on `copies` nodes. Bytes are of one node: mapped files, those of them
    that are in memory, and what is no file."""

    design: Design
    passages: float
    nodes: int
    copies: int
    parts: int
    part_passages: float
    servers: int
    mapped: float
    resident: float
    heap: float

    @property
    def groups(self) -> int:
        """Parts that together hold every course."""
        return max(1, self.nodes * self.parts // self.copies)

    @property
    def memory(self) -> float:
        return self.resident + self.heap


@dataclass(frozen=True, slots=True)
class Searches:
    """Seconds by quantile: a search over one course; over all of a part, in the first and in the second step."""

    one: Floats
    counting: Floats
    searching: Floats


def courses(costs: Costs, passages: float) -> float:
    return passages / costs.passages_of_shard


def searches(costs: Costs, machine: Machine, load: Load, part_passages: float, *, two_steps: bool) -> Searches:
    """In two steps the first reads the query and counts its words; each call costs what an empty request costs.

    Where not all files are in memory, those of the courses that are searched most are.
    """
    largest = costs.largest
    one, everything = costs.one_ms + largest.http_ms, costs.all_ms(part_passages * load.all_over)
    # of Zipf's law with an exponent below 1, the most frequent share x has x^(1 - exponent) of all
    one = one + (1 - machine.in_memory ** (1 - load.skew)) * largest.touched_one * machine.disk_read_ms
    touched = costs.touched_all.at(part_passages * load.all_over)
    missed = max(0.0, 1 - machine.in_memory / load.all_over) * touched * machine.disk_read_ms
    if not two_steps:
        return Searches(one / 1000, 0 * everything, (everything + missed + largest.http_ms) / 1000)
    reading, call = largest.steps_ms["read"] / largest.quantile("all", 0.5), largest.livez_ms
    return Searches(
        (one + call) / 1000, (reading * everything + call) / 1000, ((1 - reading) * everything + missed + call) / 1000
    )


def heap(costs: Costs, part_passages: float, servers: int) -> float:
    """Bytes that are not mapped, of processes that share one part; while a generation is swapped, it is there twice."""
    shared, further = costs.heap, costs.further
    return shared.at(part_passages) + shared.each * part_passages + further.at(part_passages) * (servers - 1)


def whole(costs: Costs, machine: Machine, load: Load, design: Design, passages: float) -> Layout:
    """Every node holds everything. One machine is one, whatever it is asked."""
    own = searches(costs, machine, load, passages, two_steps=False)
    mean = load.share_all * own.searching.mean() + (1 - load.share_all) * own.one.mean()
    work = load.per_course * courses(costs, passages) * mean
    needed = _enough(work / machine.cores, load, 2)
    nodes = 1 if design is Design.ONE else needed
    mapped = costs.mapped_bytes * passages
    return Layout(
        design, passages, nodes, nodes, 1, passages, machine.cores, mapped, mapped * machine.in_memory,
        heap(costs, passages, machine.cores),
    )  # fmt: skip


def _enough(work: float, load: Load, least: int) -> int:
    """Copies that share so much work, in copies that do nothing else, and carry it when one of them is lost."""
    return max(least, math.ceil(work / load.utilisation), 1 + math.ceil(work / load.busiest))


def spread(costs: Costs, machine: Machine, load: Load, passages: float, least_copies: int = 2) -> Layout:
    """Parts over nodes, each on at least so many: as few nodes as memory, processors and a fresh index allow; of
    layouts with as many nodes the one with the most and smallest parts, which answer soonest."""
    found = [
        _spread(costs, machine, load, passages, least_copies, parts)
        for parts in (1, 2, 4, 8, 16)
        if parts <= machine.cores
    ]
    return min(found, key=lambda own: (swap_seconds(costs, own) > load.fresh_seconds, own.nodes, -own.parts))


def _spread(costs: Costs, machine: Machine, load: Load, passages: float, copies: int, parts: int) -> Layout:
    servers = machine.cores // parts
    holders = 1  # nodes that together hold everything once
    while _bytes(costs, machine, passages / (holders * parts), servers) * parts > machine.memory:
        holders = math.ceil(holders * 1.02) if holders > 50 else holders + 1
    part = passages / (holders * parts)
    own = searches(costs, machine, load, part, two_steps=True)
    over_all = load.share_all * holders * parts * (own.counting.mean() + own.searching.mean())
    work = load.per_course * courses(costs, passages) * (over_all + (1 - load.share_all) * own.one.mean())
    copies = _enough(work / (holders * machine.cores), load, copies)
    mapped = costs.mapped_bytes * part * parts
    return Layout(
        Design.SPREAD, passages, holders * copies, copies, parts, part, servers, mapped, mapped * machine.in_memory,
        heap(costs, part, servers) * parts,
    )  # fmt: skip


def _bytes(costs: Costs, machine: Machine, part: float, servers: int) -> float:
    return costs.mapped_bytes * part * machine.in_memory + heap(costs, part, servers)


def layout(costs: Costs, machine: Machine, load: Load, design: Design, passages: float) -> Layout:
    if design is Design.SPREAD:
        return spread(costs, machine, load, passages)
    return whole(costs, machine, load, design, passages)


def swap_seconds(costs: Costs, layout: Layout) -> float:
    """Until a new generation is served by a process that holds one part; parts of a node do so side by side."""
    return costs.swap.at(layout.part_passages)


def refetch_seconds(costs: Costs, machine: Machine, layout: Layout) -> float:
    """Until a new node serves: what it holds over the network, or from its disk where there is but one machine,
    verified by all cores, put together."""
    alone = layout.design is Design.ONE
    fetched = layout.mapped / (machine.disk_gb_per_second * 1e9 if alone else machine.network_gbit * 1e9 / 8)
    verified = layout.mapped / (costs.largest.hash_bytes_per_second * machine.cores)
    return fetched + verified + swap_seconds(costs, layout)


@dataclass(frozen=True, slots=True)
class Limit:
    """What must hold for a design to be of use at a size; `used` is 1 where it just does."""

    name: str
    used: Callable[[float], float]


def limits(costs: Costs, machine: Machine, load: Load, design: Design) -> list[Limit]:
    """Of a node, for designs whose nodes hold everything or a part."""

    def laid(passages: float) -> Layout:
        return layout(costs, machine, load, design, passages)

    def slowest(passages: float) -> float:
        own = searches(costs, machine, load, laid(passages).part_passages, two_steps=design is Design.SPREAD)
        return float(np.quantile(own.counting + own.searching, 0.99))

    def work(passages: float) -> float:
        own = searches(costs, machine, load, passages, two_steps=False)
        mean = load.share_all * own.searching.mean() + (1 - load.share_all) * own.one.mean()
        return float(load.per_course * courses(costs, passages) * mean) / (machine.cores * load.utilisation)

    def merging(passages: float) -> float:
        return laid(passages).groups * (costs.largest.merge_ms + costs.largest.livez_ms) / 1000 / load.slow_seconds

    found = [
        Limit("memory, with all files in it", lambda n: laid(n).memory / machine.memory),
        Limit("memory that is not mapped", lambda n: laid(n).heap / machine.memory),
        Limit("a new generation within a minute", lambda n: swap_seconds(costs, laid(n)) / load.fresh_seconds),
        Limit("a search over all within a second", lambda n: slowest(n) / load.slow_seconds),
        Limit("shards of a process", lambda n: courses(costs, laid(n).part_passages) / MOST_SHARDS),
    ]
    if design is Design.ONE:
        found.append(Limit("processors", work))
    if design is Design.SPREAD:
        found.append(Limit("a thousand nodes", lambda n: laid(n).nodes / 1_000))
        found.append(Limit("merging in one place within a second", merging))
    return found


def ends_at(limit: Limit, most: float = 1e11) -> float:
    """The passages at which a limit is reached; infinite if it never is."""
    low, high = 1e3, most
    if limit.used(high) <= 1:
        return math.inf
    while high / low > 1.005:
        middle = math.sqrt(low * high)
        low, high = (middle, high) if limit.used(middle) <= 1 else (low, middle)
    return low


@dataclass(frozen=True, slots=True)
class Rebuild:
    """What it costs to make everything anew: hours of one core, and bytes that go over the network to all nodes."""

    from_rows_hours: float
    new_vectors_hours: float
    taken_up_hours: float
    moved: float


def rebuild(costs: Costs, layout: Layout) -> Rebuild:
    each = {name: ms / 1000 / 3600 for name, ms in costs.largest.building_ms.items()}
    rows = each["rebuilt"] * layout.passages
    return Rebuild(
        rows,
        rows + each["embedded"] * layout.passages,
        each["taken"] * layout.passages,
        layout.mapped * layout.nodes if layout.design is not Design.ONE else 0.0,
    )
