"""Where the shards of one generation can be asked, and how rows of answers become rows of the generation."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from index.engine.generation import Generation
from index.engine.manifest import GenerationManifest, ListedShard
from index.errors import ShardsAway
from index.search.scope import Rows
from index.spread.asking import Piece
from index.spread.wire import Part

AWAY = "No node of the cluster answers for course {}; it is searched again when one does."


@dataclass(frozen=True, slots=True)
class Routes:
    """`copies` are the nodes that hold each shard, by place, the first of them first; `groups` are the shards that a
    node is asked for together, in the order of the generation."""

    listed: Mapping[str, ListedShard]  # by place
    copies: Mapping[str, tuple[str, ...]]
    groups: Mapping[str, tuple[str, ...]]
    places: Mapping[str, str] = field(default_factory=dict)  # by the name of a shard

    def pieces(self, places: Sequence[str], avoid: Collection[str], turn: int) -> list[Piece]:
        """These shards by the nodes that are to be asked; one alone is asked of its copies in turn."""
        if len(places) == 1:
            copies = self.copies[places[0]]
            there = [node for node in copies if node not in avoid] or copies
            if not there:
                raise self.away(places)
            return [Piece(there[turn % len(there)], tuple(places))]
        return self.elsewhere(places, frozenset(), avoid)

    def elsewhere(self, places: Sequence[str], tried: Collection[str], avoid: Collection[str]) -> list[Piece]:
        """These shards by the first nodes that hold them and were not tried; rather by those not to be avoided."""
        chosen: dict[str, list[str]] = {}
        lost = []
        for place in places:
            left = [node for node in self.copies[place] if node not in tried]
            if left:
                node = next((node for node in left if node not in avoid), left[0])
                chosen.setdefault(node, []).append(place)
            else:
                lost.append(place)
        if lost:
            raise self.away(lost)
        return [Piece(node, tuple(own)) for node, own in chosen.items()]

    def away(self, places: Sequence[str]) -> ShardsAway:
        """None of those that hold these shards answers."""
        courses = [self.listed[place].course for place in places]
        return ShardsAway({course: AWAY.format(course) for course in courses})

    def part(self, piece: Piece) -> Part:
        """What a node is asked: some shards of the group that it has side by side, else these alone."""
        group = self.groups.get(piece.node, ())
        at = {place: number for number, place in enumerate(group)}
        if len(piece.places) > 1 and all(place in at for place in piece.places):
            return Part(group, tuple(at[place] for place in piece.places))
        return Part(piece.places, tuple(range(len(piece.places))))


def routes_of(manifest: GenerationManifest, copies: Mapping[str, tuple[str, ...]]) -> Routes:
    """Routes to the copies that are open; each shard is asked together with others of its first node."""
    groups: dict[str, list[str]] = {}
    for shard in manifest.shards:
        if copies[shard.place]:
            groups.setdefault(copies[shard.place][0], []).append(shard.place)
    return Routes(
        {shard.place: shard for shard in manifest.shards},
        copies,
        {node: tuple(own) for node, own in groups.items()},
        {shard.name: shard.place for shard in manifest.shards},
    )


class Numbering:
    """Rows of a part ↔ rows of a generation."""

    def __init__(self, part: Part, routes: Routes, generation: Generation) -> None:
        counts = [routes.listed[place].passages for place in part.group]
        self._starts: NDArray[np.int64] = np.cumsum([0, *counts])
        self._shift = np.zeros(len(counts), np.int64)
        self._generation = generation
        self._shift_of: dict[int, int] = {}
        for position in part.chosen:
            number = generation.number_of[routes.listed[part.group[position]].course]
            shift = int(generation.starts[number] - self._starts[position])
            self._shift[position] = self._shift_of[number] = shift

    def outward(self, rows: Rows) -> Rows:
        """Rows of the generation."""
        found: Rows = rows + self._shift[np.searchsorted(self._starts, rows, side="right") - 1]
        return found

    def inward(self, rows: Rows) -> Rows:
        """Those of these rows that are in the part, as rows of it."""
        owners = self._generation.shards_of(rows)
        inside = np.isin(owners, list(self._shift_of))
        shifts = np.array([self._shift_of[number] for number in owners[inside].tolist()], np.int64)
        found: Rows = rows[inside] - shifts
        return found
