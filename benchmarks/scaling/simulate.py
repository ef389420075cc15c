"""Unit costs → tables: nodes, memory, times and prices of three designs at three sizes, and where each design stops.

    python -m benchmarks.scaling.simulate                 all tables, from the costs that are kept beside this file
    python -m benchmarks.scaling.simulate --only layout,limits,next,searches,loss

The same costs give the same tables. What is assumed beside the costs is in `designs.Machine` and `designs.Load`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from math import inf, isinf
from pathlib import Path

import numpy as np

from benchmarks.scaling.designs import (
    Design,
    Load,
    Machine,
    courses,
    ends_at,
    layout,
    limits,
    rebuild,
    refetch_seconds,
    swap_seconds,
)
from benchmarks.scaling.tables import table
from benchmarks.scaling.traffic import Run, simulate
from benchmarks.scaling.unit_costs import MEASURED, Costs, Size, read_costs

SIZES = (1e6, 1e8, 1e9)
MACHINE, LOAD = Machine(), Load()


def layouts(costs: Costs) -> str:
    """What each design needs."""
    rows = []
    for passages in SIZES:
        for design in Design:
            own = layout(costs, MACHINE, LOAD, design, passages)
            fits = own.memory <= MACHINE.memory
            rows.append(
                [
                    _size(passages),
                    design.value,
                    f"{own.nodes:,}",
                    f"{own.copies:,}" if own.nodes > 1 else "1",
                    f"{own.parts} × {own.part_passages:,.0f}",
                    _bytes(own.resident),
                    _bytes(own.heap),
                    "yes" if fits else f"no: {own.memory / MACHINE.memory:,.0f} times too much",
                    _seconds(swap_seconds(costs, own)),
                ]
            )
    heads = ["passages", "design", "nodes", "copies", "parts of a node", "files of a node", "other memory", "fits"]
    return table([*heads, "a new generation"], rows)


def stops(costs: Costs) -> str:
    """At how many passages each design reaches which limit, the nearest first."""
    rows = []
    for design in Design:
        found = sorted((ends_at(limit), limit.name) for limit in limits(costs, MACHINE, LOAD, design))
        for passages, name in found:
            if not isinf(passages):
                rows.append([design.value, name, _rounded(passages), f"{courses(costs, passages):,.0f}"])
    return table(["design", "what ends", "at passages", "courses"], rows)


def prices(costs: Costs) -> str:
    """What making everything anew and losing a node cost."""
    rows = []
    for passages in SIZES:
        for design in Design:
            own = layout(costs, MACHINE, LOAD, design, passages)
            price = rebuild(costs, own)
            moved = own.mapped if own.nodes > 1 else 0.0
            rows.append(
                [
                    _size(passages),
                    design.value,
                    f"{price.from_rows_hours:,.1f}",
                    f"{price.new_vectors_hours:,.1f}",
                    f"{price.taken_up_hours:,.1f}",
                    _bytes(price.moved),
                    _bytes(moved),
                    _seconds(refetch_seconds(costs, MACHINE, own)),
                ]
            )
    heads = ["passages", "design", "from rows, core hours", "with new vectors", "words to shards", "moved to all nodes"]
    return table([*heads, "a lost node fetches", "until it serves"], rows)


def searched(costs: Costs) -> str:
    """Times of designs where they fit, without and with a second copy that is asked; and while a node is lost."""
    rows = []
    for passages in SIZES:
        for design in Design:
            own = layout(costs, MACHINE, LOAD, design, passages)
            if own.memory <= MACHINE.memory:
                rows.append([_size(passages), design.value, *_times(Run(costs, MACHINE, LOAD, own))])
            else:
                rows.append([_size(passages), design.value, "does not fit", *["–"] * 8])
    return table(["passages", "design", *_TIMES], rows)


_TIMES = [
    *("one p50", "one p99", "all p50", "all p99", "all p99, hedged", "busy"),
    *("p99 while a node is lost", "the same, hedged", "lost"),
]


def _times(run: Run) -> list[str]:
    plain = simulate(run)
    after = plain.part_p95 if run.copies > 1 else inf
    hedged = simulate(run, after)
    away = [simulate(run, wait, lose_a_node=True) for wait in (inf, after)]
    return [
        *(f"{plain.quantile(name, share):,.0f}" for name in ("one", "all") for share in (0.5, 0.99)),
        f"{hedged.quantile('all', 0.99):,.0f}",
        f"{plain.busy:.0%}",
        *(f"{own.quantile('away', 0.99):,.0f}" for own in away),
        f"{away[1].lost:,} of {away[1].arrived:,}",
    ]


def with_small_vectors(costs: Costs) -> Costs:
    """Vectors of one byte a number instead of four."""

    def smaller(size: Size) -> Size:
        return replace(size, shard_bytes={**size.shard_bytes, "vectors": size.shard_bytes["vectors"] / 4})

    return Costs(tuple(smaller(size) for size in costs.sizes))


_LOOKED_AT = 0.05  # of the sketches, by an inverted file that looks at the nearest cells


def with_inverted_file(costs: Costs) -> Costs:
    """The nearest cells of sketches instead of all."""

    def quicker(size: Size) -> Size:
        saved = (1 - _LOOKED_AT) * size.steps_ms.get("scan", 0.0)
        return replace(size, all_ms=size.all_ms - saved)

    return Costs(tuple(quicker(size) for size in costs.sizes))


_ANEW = 0.1  # of what is put together, where the rest is kept from one generation to the next


def with_kept_directory(costs: Costs) -> Costs:
    """What is put together over all courses lies in mapped files; at a publication a tenth of it is made anew."""
    base = costs.heap.fixed / 2**20

    def mapped(size: Size) -> Size:
        grown = max(0.0, size.process_mb - base) * 2**20
        return replace(
            size,
            shard_bytes={**size.shard_bytes, "together": grown},
            process_mb=min(base, size.process_mb),
            further_mb=costs.further.fixed / 2**20,
            swap_seconds=_ANEW * size.swap_seconds,
        )

    return Costs(tuple(mapped(size) for size in costs.sizes))


def with_all_of_it(costs: Costs) -> Costs:
    return with_inverted_file(with_small_vectors(with_kept_directory(costs)))


def unchanged(costs: Costs) -> Costs:
    return costs


_COLD = (replace(MACHINE, in_memory=0.1), replace(LOAD, all_over=0.1))
# What would come next, each on its own, against the design as it is; then what depends on how people search.
NEXT: Mapping[str, tuple[Callable[[Costs], Costs], Machine, Load]] = {
    "as it is": (unchanged, MACHINE, LOAD),
    "vectors of one byte a number": (with_small_vectors, MACHINE, LOAD),
    "an inverted file over sketches": (with_inverted_file, MACHINE, LOAD),
    "what is put together kept in files": (with_kept_directory, MACHINE, LOAD),
    "files on NVMe, a quarter in memory": (unchanged, replace(MACHINE, in_memory=0.25), LOAD),
    "cold courses on NVMe, all is a tenth": (unchanged, *_COLD),
    "small vectors, inverted file, kept files, cold courses": (with_all_of_it, *_COLD),
    "as it is, 1 % of searches over all": (unchanged, MACHINE, replace(LOAD, share_all=0.01)),
}


def following(costs: Costs) -> str:
    """What each step would change: in shards that are spread, and where nodes that hold everything end."""
    rows = []
    for passages in SIZES[1:]:
        for name, (change, machine, load) in NEXT.items():
            changed = change(costs)
            own = layout(changed, machine, load, Design.SPREAD, passages)
            found = simulate(Run(changed, machine, load, own))
            times = [f"{found.quantile(kind, share):,.0f}" for kind in ("one", "all") for share in (0.5, 0.99)]
            rows.append([_size(passages), name, f"{own.nodes:,}", f"{own.copies}", _bytes(own.memory), *times])
    heads = ["passages", "spread, with", "nodes", "copies", "memory of a node"]
    return table([*heads, "one p50", "one p99", "all p50", "all p99"], rows)


def next_stops(costs: Costs) -> str:
    """Where replicas would end with each step, and by what."""
    rows = []
    for name, (change, machine, load) in NEXT.items():
        found = limits(change(costs), machine, load, Design.REPLICAS)
        passages, by = min((ends_at(limit), limit.name) for limit in found)
        rows.append([name, _rounded(passages), by])
    return table(["replicas, with", "end at passages", "by"], rows)


def skewed(costs: Costs) -> str:
    """What it does to shards that are spread when few courses are searched most, and with more copies."""
    rows = []
    for passages in SIZES:
        for skew in (0.7, 1.0):
            load = replace(LOAD, skew=skew)
            own = layout(costs, MACHINE, load, Design.SPREAD, passages)
            found = simulate(Run(costs, MACHINE, load, own))
            rows.append(
                [
                    _size(passages),
                    f"{skew}",
                    f"{hottest(costs, load, passages):,.1f}",
                    *(f"{found.quantile('one', share):,.0f}" for share in (0.5, 0.99)),
                    f"{found.lost:,} of {found.arrived:,}",
                ]
            )
    return table(["passages", "Zipf", "searches a second of the busiest course", "one p50", "one p99", "lost"], rows)


def hottest(costs: Costs, load: Load, passages: float) -> float:
    """Searches a second of the course that is searched most."""
    number = round(courses(costs, passages))
    total = float((np.arange(1, number + 1) ** -load.skew).sum())
    return load.per_course * number * (1 - load.share_all) / total


TABLES: Mapping[str, Callable[[Costs], str]] = {
    "layout": layouts,
    "limits": stops,
    "prices": prices,
    "searches": searched,
    "skew": skewed,
    "next": following,
    "next-limits": next_stops,
}


def _size(passages: float) -> str:
    return f"{passages:,.0f}"


def _rounded(passages: float) -> str:
    """To two digits: more is not known."""
    return f"{float(f'{passages:.1e}'):,.0f}"


def _bytes(size: float) -> str:
    for unit, least in (("PB", 1e15), ("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if size >= least:
            return f"{size / least:.1f} {unit}"
    return "–"


def _seconds(seconds: float) -> str:
    return (
        f"{seconds:.1f} s"
        if seconds < 100
        else f"{seconds / 60:.0f} min"
        if seconds < 6_000
        else f"{seconds / 3600:.1f} h"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--costs", type=Path, default=MEASURED)
    parser.add_argument("--only", default=",".join(TABLES), help=f"some of {', '.join(TABLES)}, by comma")
    options = parser.parse_args()
    wanted = options.only.split(",")
    if set(wanted) - set(TABLES):
        parser.error(f"--only knows {', '.join(TABLES)}")
    costs = read_costs(options.costs)
    for name in wanted:
        sys.stdout.write(f"{TABLES[name](costs)}\n\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
