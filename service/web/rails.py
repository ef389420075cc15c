"""The hits of a lecture, best first → where they lie on it: a rail of its slides, and one of its time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from index.types import IndexedPassage, PagePlace, TimePlace, Unit
from service.links import kept_url
from service.web.place import Place

# Marks nearer than this are one: a rail is some 300 pixels wide, and a finger needs 24.
_APART = 8.0


@dataclass(frozen=True, slots=True)
class Mark:
    """Places that lie close together: `at` and `ticks` are in percent of the rail, `url` leads to the best of them.

    `first` and `last` are numbers of pages, or seconds.
    """

    at: float
    ticks: tuple[float, ...]
    url: str
    first: float
    last: float


@dataclass(frozen=True, slots=True)
class Rail:
    """The pages of a lecture's decks, called by their unit, or (None) the time of its videos."""

    unit: Unit | None
    marks: list[Mark]


@dataclass(frozen=True, slots=True)
class _Spot:
    rank: int
    passage: IndexedPassage
    stretch: tuple[str, int]
    value: float


def rails_of(passages: Iterable[IndexedPassage], place: Place, lengths: Mapping[tuple[str, int], float]) -> list[Rail]:
    """The rails of one lecture: `lengths` are pages of decks (`page`, id) and seconds of videos (`time`, id); what has
    none is left out. Several decks lie one after the other."""
    spots = [spot for rank, own in enumerate(passages) if (spot := _spot(rank, own)) and lengths.get(spot.stretch)]
    rails = []
    for kind in ("page", "time"):
        own = [spot for spot in spots if spot.stretch[0] == kind]
        if own:
            page = own[0].passage.page
            rails.append(Rail(page.unit if page else None, _marks(own, place, lengths)))
    return rails


def _spot(rank: int, passage: IndexedPassage) -> _Spot | None:
    match passage.place:
        case PagePlace() as page:
            return _Spot(rank, passage, ("page", page.deck_id), page.page_number)
        case TimePlace() as time:
            return _Spot(rank, passage, ("time", time.video_id), time.at_seconds)
        case None:
            return None


def _marks(spots: Sequence[_Spot], place: Place, lengths: Mapping[tuple[str, int], float]) -> list[Mark]:
    begins: dict[tuple[str, int], float] = {}
    whole = 0.0
    for stretch in sorted({spot.stretch for spot in spots}):
        begins[stretch] = whole
        whole += lengths[stretch]

    def at(spot: _Spot) -> float:
        middle = spot.value - 0.5 if spot.stretch[0] == "page" else spot.value
        return round(min(max(100 * (begins[spot.stretch] + middle) / whole, 0.5), 99.5), 1)

    groups: list[list[_Spot]] = []
    for spot in sorted(spots, key=at):
        if groups and at(spot) - at(groups[-1][0]) < _APART and spot.stretch == groups[-1][0].stretch:
            groups[-1].append(spot)
        else:
            groups.append([spot])
    return [
        Mark(
            round((at(near[0]) + at(near[-1])) / 2, 1),
            tuple(dict.fromkeys(map(at, near))),
            place.look(kept_url(min(near, key=lambda spot: spot.rank).passage)),
            near[0].value,
            near[-1].value,
        )
        for near in groups
    ]
