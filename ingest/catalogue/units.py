"""The tree of a course → its lectures: the level of each family of siblings into which the material falls best."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from index.addresses import has_scheme
from ingest.catalogue.blocks import OVER, BlockKind
from ingest.catalogue.folder import Target
from ingest.catalogue.nodes import Node, all_links
from ingest.catalogue.roles import Found
from ingest.catalogue.words import Rank, Role, is_bare_label, mark_of, names_programme, role_of

_MATERIAL = frozenset({"deck", "notes", "video", "page", "notebook"})
_OWN = frozenset({"deck", "notes", "video"})
_LIST = 3.0
_MANY = 1.5  # units below a sibling, on average: fewer are parts of one lecture, not a group


@dataclass(slots=True)
class Unit:
    """A lecture: the node that is one, with all below it. `trail` is what it stands under, outermost first."""

    node: Node
    links: list[tuple[Node, Found]] = field(default_factory=list)
    trail: list[tuple[BlockKind, str]] = field(default_factory=list)
    inner: list[Unit] = field(default_factory=list)
    family: int = 0
    beside: int = 0  # siblings that are no lectures
    blank: bool = False

    def whats(self) -> frozenset[str]:
        return frozenset(link.what for _, link in self.links if link.what in _MATERIAL)


@dataclass(slots=True)
class Outcome:
    """What some siblings come to: lectures in order, material that is nobody's, and how it was decided."""

    units: list[Unit] = field(default_factory=list)
    loose: list[Unit] = field(default_factory=list)
    why: list[str] = field(default_factory=list)


def choose_units(nodes: Sequence[Node]) -> Outcome:
    """The lectures among these siblings and below them."""
    below = {id(node): Outcome() if node.aside else choose_units(node.children) for node in nodes}
    families: dict[str, list[Node]] = {}
    for node in nodes:
        if not node.aside:
            families.setdefault(node.shape or str(node.kind), []).append(node)
    found = Outcome()
    decided: dict[int, bool] = {}
    for family in families.values():
        _planned(family, below)
        here, why = _decide(family, below)
        differs = _is_group if here else _is_single
        decided.update({id(node): here != differs(node, below[id(node)]) for node in family})
        found.why += [why] if why else []
    kept = {id(node) for family in families.values() for node in _blanks(family, below, decided)}
    for node in nodes:
        if node.aside:
            continue
        outcome = below[id(node)]
        number = id(families[node.shape or str(node.kind)])
        _settle(node, outcome, decided[id(node)], number, found)
        if id(node) in kept:
            found.units.append(Unit(node, family=number, blank=True))
    made = Counter(unit.family for unit in found.units)
    for family in families.values():
        for unit in found.units:
            if unit.family == id(family):
                unit.beside = len(family) - made[id(family)]
    return found


def _settle(node: Node, outcome: Outcome, here: bool, family: int, found: Outcome) -> None:
    """Make a node a lecture, or hand on what is below it."""
    material = any(link.what in _MATERIAL for link in node.links)
    something = material or outcome.loose or any(not unit.blank for unit in outcome.units)
    if (here or not outcome.units) and _may_be(node) and something:
        # what was thought of the parts of a lecture explains nothing
        found.units.append(Unit(node, _links_below(node), [], [*outcome.loose, *outcome.units], family))
        return
    found.why += outcome.why
    # of "**Trees.** What they are for" the first words name the section
    name = node.title if node.kind is BlockKind.ITEM and node.title and node.text else node.name
    step = [(node.kind, name.rstrip("."))] if node.kind is not BlockKind.PARAGRAPH and name else []
    for unit in [*outcome.units, *outcome.loose]:
        unit.trail = step + unit.trail
    found.units += outcome.units
    found.loose += outcome.loose
    if material:
        found.loose.append(Unit(node, [(node, link) for link in node.links], [], [], family))


def _may_be(node: Node) -> bool:
    """Whether a node can be a lecture: it has a title, or is numbered as one."""
    if node.kind is BlockKind.PARAGRAPH:
        return (bool(node.title) and node.mark.rank is not Rank.NONE) or (node.mark.rank is Rank.LECTURE and _own(node))
    if node.kind in OVER and not node.mark.rank and names_programme(node.name):
        return False
    if node.kind in (BlockKind.FILE, BlockKind.ROW):
        return bool(node.title) or node.mark.rank is not Rank.NONE
    return bool(node.title) or node.mark.rank >= Rank.WEEK


def _links_below(node: Node) -> list[tuple[Node, Found]]:
    """The links of a lecture as they stand on the page; those of its reading lists and homework are links only."""
    found: list[tuple[Node, Found]] = []
    waiting = [node]
    while waiting:
        at = waiting.pop()
        found += [(at, link._replace(what="") if at.aside else link) for link in at.links]
        waiting.extend(reversed(at.children))
    return found


# --- the level -------------------------------------------------------------------------------------------


def _decide(family: Sequence[Node], below: dict[int, Outcome]) -> tuple[bool, str]:
    """(whether these siblings are lectures themselves, why); else what is below them is."""
    carrying = [
        node
        for node in family
        if below[id(node)].units or below[id(node)].loose or any(link.what in _MATERIAL for link in node.links)
    ]
    over = [node for node in carrying if below[id(node)].units]
    units = [unit for node in over for unit in below[id(node)].units]
    if not over or _is_one_with_exercises(carrying, over, units):
        return True, _told(carrying, "each has its own material") if len(carrying) > 1 else ""
    can_be = [node for node in carrying if _may_be(node)]
    if 2 * len(can_be) < len(carrying):
        return False, ""
    many = len(units) / len(over)
    here = _rank([node.mark.rank for node in carrying])
    there = _rank([unit.node.mark.rank for unit in units if not _is_practice(unit)] or [Rank.NONE])
    titled = 2 * sum(bool(node.title) for node in can_be) >= len(can_be)
    alike = _alike(over, below)
    lectures = [unit for unit in units if unit.node.title and not _is_practice(unit)]
    if family[0].shape == "page" and _are_weeks(carrying, units):
        reason = "they list days or are named by numbers alone, what stands in them has titles"
        return False, _told(carrying, reason, no=True)
    if family[0].shape == "page" and (there < Rank.BARE or (there < Rank.WEEK and (many < _LIST or not alike))):
        return True, ""  # a page is a lesson, unless it is the list of them
    if there is Rank.LECTURE and here < Rank.WEEK and 2 * len(lectures) >= len(units) and family[0].shape != "page":
        return False, _told(over, f"what stands below them is numbered as lectures ({len(units)})", no=True)
    if there > here and many >= _MANY:
        return False, _told(over, f"what stands below them is numbered as lectures ({len(units)})", no=True)
    if not titled and here < Rank.LECTURE and len(lectures) >= _MANY * len(over):
        return False, _told(over, f"they have no titles, what stands below them has ({len(lectures)})", no=True)
    if 2 * sum(map(_own, carrying)) >= len(carrying):
        return True, _told(carrying, "they name their material in their own line")
    listed = many >= _LIST and alike and len(lectures) >= _LIST * len(over)
    if here is Rank.BARE and listed and not any(_own(node) for node in over):
        return False, _told(over, f"what stands below them has titles and material of its own ({len(units)})", no=True)
    if here > there and (here > Rank.MODULE or not alike) and (titled or here is Rank.LECTURE or not alike):
        return True, _told(carrying, "they are numbered, what stands below them is not")
    if many < _MANY and (len(over) > 1 or family[0].kind not in OVER):
        return True, _told(carrying, "each holds one lecture")
    if alike or len(over) == 1:
        return False, _told(over, f"what stands below them repeats its shape ({len(units)})", no=True)
    return True, _told(carrying, "what stands below them are parts of one lecture")


def _are_weeks(pages: Sequence[Node], units: Sequence[Unit]) -> bool:
    """Whether pages hold several lectures each that have titles: they are named by numbers alone, or list days."""
    bare = [page for page in pages if page.mark.rank >= Rank.MODULE and is_bare_label(mark_of(page.name)[1])]
    titled = [unit for unit in units if unit.node.title and (unit.blank or not _is_practice(unit))]
    days = bool(units) and all(unit.node.shape == "term" and unit.node.title for unit in units)
    return (days or len(bare) == len(pages)) and len(pages) > 1 and len(titled) >= _MANY * len(pages)


def _is_one_with_exercises(carrying: Sequence[Node], over: Sequence[Node], units: Sequence[Unit]) -> bool:
    """Whether of several lectures with slides or videos one has notebooks below it, and no more."""
    beside = [node for node in carrying if node not in over]
    if len(over) != 1 or not all(map(_is_practice, units)):
        return False
    return any(link.what in _OWN for link in all_links(beside))


def _rank(ranks: Sequence[Rank]) -> Rank:
    """The highest rank that two in five reach: lists are numbered with gaps ("Recap", "Guest lecture")."""
    return max(rank for rank in Rank if 5 * sum(other >= rank for other in ranks) >= 2 * len(ranks))


def _own(node: Node) -> bool:
    return any(link.what in _OWN and link.sure for link in node.links)


def _is_group(node: Node, outcome: Outcome) -> bool:
    """Whether a node among lectures stands over several itself: no number, nothing of its own, equals below it."""
    full = [unit for unit in outcome.units if unit.node.kind in (BlockKind.ITEM, BlockKind.ROW) and unit.node.title]
    if node.kind is not BlockKind.ITEM or node.mark.rank or node.links or len(full) < 2 or outcome.loose:
        return False
    return max(Counter(unit.whats() for unit in full).values()) > 1


def _is_single(node: Node, outcome: Outcome) -> bool:
    """Whether a heading among groups is a lecture: all that is below it are a page and slides that are not named."""
    pages = [unit for unit in outcome.units if unit.node.shape == "page"]
    return node.kind in OVER and bool(outcome.loose) and len(pages) == len(outcome.units) == 1 and _may_be(node)


def _is_practice(unit: Unit) -> bool:
    """Whether a unit is the seminar or the homework beside a lecture."""
    first = " ".join(unit.node.name.split()[:2])
    return role_of(first) in (Role.SEMINAR, Role.HOMEWORK) or unit.whats() <= {"notebook"}


def _alike(over: Sequence[Node], below: dict[int, Outcome]) -> bool:
    """Whether most of these hold several units with the same kinds of material: a group, not the parts of a lecture."""
    groups = 0
    for node in over:
        kinds = Counter(what for unit in below[id(node)].units for what in unit.whats())
        groups += max(kinds.values(), default=0) > 1
    return 2 * groups >= len(over)


def _told(nodes: Sequence[Node], reason: str, *, no: bool = False) -> str:
    if len(nodes) < 2:
        return ""
    names = [node.name or node.title for node in nodes]
    some = f"“{names[0][:50]}” … “{names[-1][:50]}”"
    what = {"item": "list items", "row": "table rows", "folder": "folders", "file": "files", "page": "pages"}
    kind = next((name for start, name in what.items() if nodes[0].shape.startswith(start)), f"{nodes[0].kind}s")
    taken = "are groups of lectures" if no else "are lectures"
    return f"{len(nodes)} {kind} ({some}) {taken}: {reason}."


def _blanks(family: Sequence[Node], below: dict[int, Outcome], decided: dict[int, bool]) -> list[Node]:
    """Siblings of lectures that are lectures of which there is nothing yet."""
    if not decided[id(family[0])]:
        return []
    empty = [
        node
        for node in family
        if not below[id(node)].units
        and not below[id(node)].loose
        and not any(link.what in _MATERIAL for link in node.links)
        and (node.title or node.mark.rank >= Rank.WEEK)
    ]
    if not empty or family[0].kind is BlockKind.PARAGRAPH:
        return []
    full = len(family) - len(empty)
    if family[0].kind is BlockKind.ROW:
        return empty  # whether such a table is one of lectures is seen from the others
    if family[0].kind is BlockKind.HEADING and full > 1 and 3 * full >= len(family):
        # a title between others, and nothing below it yet
        return [node for node in empty if node.mark.rank >= Rank.WEEK or not node.children]
    if family[0].kind in OVER or family[0].kind is BlockKind.FOLDER:
        return [node for node in empty if node.mark.rank >= Rank.WEEK] if full and 2 * full >= len(family) else []
    ranked = [node for node in empty if node.mark.rank > Rank.NONE or not any(map(_leads_somewhere, node.links))]
    if full and 2 * full >= len(family):
        return ranked
    # a numbered list goes on where there is nothing yet
    counted = full and all(node.mark.rank > Rank.NONE and (node not in empty or not node.links) for node in family)
    return ranked if counted else []


def _leads_somewhere(link: Found) -> bool:
    """Whether a link has an end: a path of the course where nothing lies has none."""
    return link.place.local or link.place.target is not Target.OTHER or has_scheme(link.place.place)


def _planned(family: Sequence[Node], below: dict[int, Outcome]) -> None:
    """Give headings and items numbered as those over lectures their items, where nothing in them has material yet."""
    if family[0].kind not in (*OVER, BlockKind.ITEM):
        return
    full = [node for node in family if below[id(node)].units and node.mark.rank is not Rank.NONE]
    items = [unit for node in full for unit in below[id(node)].units]
    if not items or any(unit.node.kind is not BlockKind.ITEM for unit in items):
        return
    for node in family:
        outcome = below[id(node)]
        if node.aside or node.mark.rank is not full[0].mark.rank or outcome.units or outcome.loose:
            continue
        named = [child for child in node.children if child.kind is BlockKind.ITEM and child.title and not child.aside]
        if all(child.mark.rank > Rank.NONE and not child.links for child in named):
            outcome.units = [Unit(child, family=items[0].family, blank=True) for child in named]


def _numbered_headings(nodes: Sequence[Node], trail: tuple[tuple[BlockKind, str], ...]) -> list[Unit]:
    """The headings numbered as lectures or weeks, also those that stand below another by their height alone."""
    found: list[Unit] = []
    for node in nodes:
        if node.aside or (node.kind not in OVER and node.shape != "title"):
            continue
        numbered = node.mark.rank >= Rank.WEEK and bool(node.title)
        if numbered:
            own = [child for child in node.children if child.kind not in OVER]
            links = [(node, link) for link in [*node.links, *all_links(own)]]
            found.append(Unit(node, links, list(trail), family=id(nodes), blank=True))
        found += _numbered_headings(node.children, trail if numbered else (*trail, (node.kind, node.name)))
    return found


def programme_units(nodes: Sequence[Node], trail: tuple[tuple[BlockKind, str], ...] = ()) -> list[Unit]:
    """The items below a heading that announces a programme, where no lecture has any material yet.

    Where three or more headings are numbered as lectures, they are the programme.
    """
    found = [] if trail else _numbered_headings(nodes, ())
    if len(found) >= _LIST:
        return found
    found = []
    announced = any(kind in OVER and names_programme(name) for kind, name in trail)
    for node in nodes:
        if node.aside:
            continue
        if announced and node.kind is BlockKind.ITEM and node.title and not node.links:
            found.append(Unit(node, trail=list(trail), family=id(nodes), blank=True))
        elif node.kind in OVER or node.shape == "title":
            found += programme_units(node.children, (*trail, (node.kind, node.name)))
    return found
