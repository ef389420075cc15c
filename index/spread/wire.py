"""What a service and the holders of shards say to each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from index.engine.container import Arrays
from index.engine.manifest import ShardManifest
from index.errors import IndexUnavailable
from index.search.ground import Floats
from index.search.meaning import Near
from index.search.scope import Rows, Statistics
from index.types import Filters, Mode, Phrase


class NotHeld(IndexUnavailable):
    """A holder is asked for a shard that it does not hold."""


@dataclass(frozen=True, slots=True)
class Part:
    """Which shards of a holder are asked. They are the `chosen` ones of `group`, shards by place that lie side by side
    there: rows of an answer are numbered through the group."""

    group: tuple[str, ...]
    chosen: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A read query, with all that a part must know of the whole scope."""

    filters: Filters
    statistics: Statistics
    phrases: tuple[Phrase, ...]


@dataclass(frozen=True, slots=True)
class Meant:
    """What should be near in meaning: a text that each course reads in its own way, or a vector that is the same for
    all; neither where nothing is near."""

    text: str = ""
    vector: bytes | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """What a part has for a query: the best by words with their scores, the nearest in meaning, and the largest share
    of it that a passage holds: of what is no programme, and of programmes."""

    named: Rows
    scores: Floats
    near: Near | None
    matched: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a holder is asked to offer, from so many sketches that are near; with 0 every vector is looked at."""

    meant: Meant
    mode: Mode
    sketched: int


@dataclass(frozen=True, slots=True)
class Holding:
    """The shards that a holder has open, by place, and why others cannot be."""

    open: frozenset[str]
    failed: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Head:
    """What a service keeps of a shard itself: its words and how many passages hold them, kinds, lectures, neighbours.
    Some 700 of 9,000 bytes a passage."""

    manifest: ShardManifest
    arrays: Arrays
