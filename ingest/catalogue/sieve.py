"""Units that may be lectures → those that are: with their like beside them, or where a programme says so."""

from __future__ import annotations

from collections import Counter

from ingest.catalogue.blocks import OVER, BlockKind
from ingest.catalogue.columns import is_programme_column, topic_column
from ingest.catalogue.gather import LeftOut
from ingest.catalogue.nodes import all_links
from ingest.catalogue.units import Outcome, Unit
from ingest.catalogue.words import Rank, is_bare_label, names_programme, role_of

_FEW = 3  # lectures of one kind: with fewer, they may be something else
_MANY = 6  # dated rows: with fewer, a table of topics may be of anything


def lectures_of(outcome: Outcome, told: list[LeftOut]) -> list[Unit]:
    """Units that are lectures: those without a like beside them, or without anything, only where others say so."""
    full = [unit for unit in outcome.units if not unit.blank]
    tables = [columns_of(unit.node.shape) for unit in full if unit.node.kind is BlockKind.ROW]
    sizes = Counter(unit.family for unit in full)
    cousins = Counter(_kin(unit) for unit in full)
    with_more = {unit.family for unit in full if not unit.whats() <= {"page", "notebook"}}
    numbered = Counter(unit.family for unit in outcome.units if unit.node.mark.rank >= Rank.BARE)
    kept: list[Unit] = []
    for unit in outcome.units:
        if unit.blank and not full:
            if _is_of_programme(unit, numbered[unit.family]):
                kept.append(unit)
            continue
        if unit.blank:
            columns = columns_of(unit.node.shape)
            beside = unit.node.kind is not BlockKind.ROW and sizes[unit.family]
            if beside or (unit.node.kind is BlockKind.ROW and any(columns <= table for table in tables)):
                kept.append(unit)  # a table like those of the lectures, or with fewer columns
            continue
        few = sizes[unit.family] < _FEW and (unit.beside >= sizes[unit.family] or cousins[_kin(unit)] < _FEW)
        alone = few and len(full) > _FEW and unit.node.mark.rank < Rank.WEEK
        here = any(link.place.local for _, link in unit.links if link.what in ("deck", "notes", "video"))
        few_pages = unit.family not in with_more and sizes[unit.family] < _FEW
        only_pages = few_pages and (cousins[_kin(unit)] < _FEW or (bool(with_more) and _is_of_the_rest(unit)))
        if (alone or (only_pages and unit.node.mark.rank < Rank.WEEK)) and not here:
            name = unit.node.name or unit.node.title
            told += [
                LeftOut(link.label, link.place.place, f"“{name[:80]}” stands alone; nothing like it is beside it.")
                for _, link in unit.links
            ]
            continue
        kept.append(unit)
    return kept


def without_lists(units: list[Unit], told: list[LeftOut]) -> list[Unit]:
    """The units without pages that do no more than lead to others which are lectures too: weeks beside their slides."""
    own = {unit.node.path: unit.family for unit in units if unit.node.shape == "page"}
    sizes = Counter(unit.family for unit in units)
    leading: Counter[int] = Counter()
    for unit in units if len(set(own.values())) > 1 else ():
        places = {link.place.place for link in all_links([unit.node])}
        leading[unit.family] += any(own.get(place, unit.family) != unit.family for place in places)
    lists = {family for family, count in leading.items() if count >= _FEW and 2 * count >= sizes[family]}
    reason = "It leads to pages that are lectures themselves."
    told += [LeftOut(unit.node.title, unit.node.path, reason) for unit in units if unit.family in lists]
    return [unit for unit in units if unit.family not in lists]


def _kin(unit: Unit) -> tuple[str, tuple[BlockKind, ...]]:
    """Equal for lectures of one shape at one depth, under whatever headings."""
    return unit.node.shape, tuple(kind for kind, _ in unit.trail)


def _is_of_the_rest(unit: Unit) -> bool:
    """Whether the heading above a unit says no more than that there are materials."""
    name = next((name for kind, name in reversed(unit.trail) if kind in OVER), "")
    return bool(name) and is_bare_label(name) and not role_of(name) and not names_programme(name)


def _is_of_programme(unit: Unit, numbered: int) -> bool:
    """Whether a row without any material is a lecture where nothing has any.

    Its table has topics and programmes, or topics and many rows that are `numbered` or dated: fewer do where the
    heading above calls it the programme.
    """
    columns = sorted(columns_of(unit.node.shape)) if unit.node.kind is BlockKind.ROW else []
    announced = any(kind in OVER and names_programme(name) for kind, name in unit.trail)
    many = numbered >= (_FEW if announced else _MANY) and unit.node.mark.rank >= Rank.BARE
    return topic_column(columns) is not None and (many or any(map(is_programme_column, columns)))


def files_last(units: list[Unit]) -> list[Unit]:
    """Lectures first, then the files of folders that the README links beside them: essays, question banks."""
    files = [unit for unit in units if unit.node.shape == "file"]
    if len(files) == len(units):
        return units
    for unit in files:
        unit.links = [(at, link._replace(what="notes") if link.what == "deck" else link) for at, link in unit.links]
    return [*(unit for unit in units if unit.node.shape != "file"), *files]


def joined(units: list[Unit]) -> list[Unit]:
    """Lectures of one title, once in a list of slides and once in a list of videos, as one."""
    first: dict[tuple[str, str], Unit] = {}
    kept: list[Unit] = []
    for unit in units:
        section = next((name for _, name in reversed(unit.trail) if name), "")
        key = (unit.node.title.casefold(), unit.node.mark.number)
        told = bool(unit.node.title) or unit.node.mark.rank > Rank.NONE
        known = first.get(key) if told and is_bare_label(section) and role_of(section) else None
        if known is not None and known.family != unit.family and not known.whats() & unit.whats():
            known.links += unit.links
            continue
        if is_bare_label(section) and role_of(section):
            first.setdefault(key, unit)
        kept.append(unit)
    return kept


def columns_of(shape: str) -> frozenset[str]:
    """The names of a table's columns, from the shape of its rows."""
    return frozenset(shape.removeprefix("row ").split("|"))
