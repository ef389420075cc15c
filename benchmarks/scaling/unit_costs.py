"""What was measured at some sizes → what a passage, a shard and a search cost at any size."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

MEASURED = Path(__file__).with_name("costs.json")

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Size:
    """One installation, measured. `one_ms` and `all_ms` are times of the processor in ascending order."""

    passages: int
    shards: int
    shard_bytes: Mapping[str, float]
    manifest_bytes: float
    database_bytes: float
    heap_mb: float
    process_mb: float
    further_mb: float
    open_seconds: float
    swap_seconds: float
    hash_bytes_per_second: float
    one_ms: Floats
    all_ms: Floats
    noise: Floats
    steps_ms: Mapping[str, float]
    http_ms: float
    livez_ms: float
    merge_ms: float
    answer_bytes: float
    touched_one: float
    touched_all: float
    building_ms: Mapping[str, float]

    @property
    def mapped_bytes(self) -> float:
        return sum(self.shard_bytes.values())

    def quantile(self, name: str, share: float) -> float:
        return float(np.quantile(self.one_ms if name == "one" else self.all_ms, share))


@dataclass(frozen=True, slots=True)
class Line:
    """A cost that grows with passages: `fixed + each · passages`, neither of them below nothing."""

    fixed: float
    each: float

    def at(self, passages: float) -> float:
        return self.fixed + self.each * passages


@dataclass(frozen=True, slots=True)
class Costs:
    """Measured sizes, ascending, and the lines through them."""

    sizes: tuple[Size, ...]

    @property
    def largest(self) -> Size:
        return self.sizes[-1]

    @property
    def mapped_bytes(self) -> float:
        """By passage: what lies in files that are mapped."""
        return self.largest.mapped_bytes / self.largest.passages

    @property
    def passages_of_shard(self) -> float:
        return self.largest.passages / self.largest.shards

    @property
    def heap(self) -> Line:
        """Bytes of memory that are not mapped, of one process that serves."""
        return line_through([(size.passages, size.process_mb * 2**20) for size in self.sizes])

    @property
    def further(self) -> Line:
        """Bytes that a further process adds, which shares the open index with the first."""
        return line_through([(size.passages, size.further_mb * 2**20) for size in self.sizes])

    @property
    def swap(self) -> Line:
        """Seconds of the processor that a new generation costs each machine, whatever changed in it."""
        return line_through([(size.passages, size.swap_seconds) for size in self.sizes])

    @property
    def touched_all(self) -> Line:
        """Places of the files that a search over all reads."""
        return line_through([(size.passages, size.touched_all) for size in self.sizes])

    def all_ms(self, passages: float) -> Floats:
        """Quantiles of a search over all of so many passages: between sizes that were measured, and beyond them on the
        line through the last two. A quantile goes to the same quantile."""
        points = [(float(size.passages), quantiles(size.all_ms)) for size in self.sizes]
        if passages <= points[0][0]:
            first = quantiles(self.sizes[0].one_ms)  # of one shard: the smallest that there is
            points = [(self.passages_of_shard, np.minimum(first, points[0][1])), *points]
        places = [place for place, _ in points]
        after = min(max(int(np.searchsorted(places, passages)), 1), len(points) - 1)
        (left, low), (right, high) = points[after - 1], points[after]
        share = max(0.0, (passages - left) / (right - left))
        return np.maximum(low + (high - low) * share, low * min(1.0, passages / left))

    @property
    def one_ms(self) -> Floats:
        """Quantiles of a search over one course, among the most courses that were measured."""
        return quantiles(self.largest.one_ms)


_QUANTILES = np.linspace(0, 1, 201)


def quantiles(samples: Floats) -> Floats:
    """Samples as so many values at evenly spaced shares of them."""
    found: Floats = np.quantile(samples, _QUANTILES)
    return found


def line_through(points: Sequence[tuple[float, float]]) -> Line:
    """The line of least squares, by relative error so that small sizes count too, with no part below nothing."""
    x, y = np.array([place for place, _ in points], float), np.array([value for _, value in points], float)
    if len(points) == 1:
        return Line(0.0, max(0.0, float(y[0] / x[0])))
    weights = 1 / np.maximum(np.abs(y), 1e-12)
    each, fixed = np.polyfit(x, y, 1, w=weights)
    if fixed < 0:
        return Line(0.0, float(np.average(y / x, weights=weights * x)))
    return Line(float(fixed), max(0.0, float(each)))


def read_costs(path: Path = MEASURED) -> Costs:
    """What `costs.py` wrote."""
    content = json.loads(path.read_text("utf-8"))
    return Costs(tuple(_size(found) for found in content["sizes"]))


def _size(found: Mapping[str, Any]) -> Size:
    service = found["service"]
    one, everywhere = (np.sort(np.array(found[name]["cpu"], float)) for name in ("one", "all"))
    return Size(
        passages=found["passages"],
        shards=found["shards"],
        shard_bytes=found["bytes"]["shards"],
        manifest_bytes=found["bytes"]["manifest"],
        database_bytes=found["bytes"]["database"],
        heap_mb=found["heap_mb"],
        process_mb=service["process_mb"],
        further_mb=max(0.0, service["further_mb"]),
        open_seconds=found["open_seconds"]["cpu"],
        swap_seconds=found["swap_seconds"],
        hash_bytes_per_second=found["hash_bytes_per_second"],
        one_ms=one,
        all_ms=everywhere,
        noise=np.sort(np.array(found["noise"], float)),
        steps_ms={name: statistics.median(own) for name, own in found["steps"].items()},
        http_ms=max(0.0, service["one"] - float(one.mean())),
        livez_ms=service["livez"],
        merge_ms=service["merge_ms"],
        answer_bytes=service["answer_bytes"],
        touched_one=found["touched_one"],
        touched_all=found["touched_all"],
        building_ms=found["building_ms"],
    )


def rounded(value: Any) -> Any:
    """The same with four digits of each number, which is more than a measurement tells."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {name: rounded(own) for name, own in value.items()}
    return [rounded(own) for own in value] if isinstance(value, list) else value
