"""A hit → the pieces of it that can be quoted, opened where they are said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from index.search.moments import at
from index.text.moments import hear, second_of
from index.text.symbols import Token
from index.types import Hit
from service.answers.code import BULLET
from service.answers.pieces import Piece, pieces_of


@dataclass(frozen=True, slots=True)
class Unit:
    """A piece of a hit; `rank` is the place of the hit among those that were read."""

    hit: Hit
    rank: int
    piece: Piece

    @property
    def text(self) -> str:
        return self.piece.text

    @property
    def start(self) -> int:
        return self.piece.start

    @property
    def is_label(self) -> bool:
        """Whether it is what stands under a picture or beside an axis: a name, of which nothing is said."""
        return self.piece.is_alone and not self.piece.says_something

    @property
    def quote(self) -> str:
        return self.text if self.piece.is_code else BULLET.sub("", self.text)

    def inside(self, tokens: Sequence[Token]) -> list[Token]:
        """Those words of its passage that stand in it, as places of the piece."""
        start, end = self.start, self.piece.end
        own = (token for token in tokens if start <= token.start and token.end <= end)
        return [token._replace(start=token.start - start, end=token.end - start) for token in own]


def units_of(hit: Hit, rank: int, *, names: bool = False, code: bool = False) -> list[Unit]:
    """What can be quoted of a hit, in its order (`pieces_of`)."""
    return [Unit(hit, rank, piece) for piece in pieces_of(hit.passage, names=names, code=code)]


def opened_at(unit: Unit) -> Hit:
    """The hit, opened where a piece of it is said."""
    place = unit.hit.passage.time
    if place is None or not unit.hit.passage.times:
        return unit.hit
    times, _ = hear(unit.hit.passage.text, unit.hit.passage.times, place.start_seconds)
    moved = at(place, second_of(unit.start, times) - 0.5)
    return replace(unit.hit, passage=replace(unit.hit.passage, place=moved))
