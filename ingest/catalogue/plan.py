"""A course's folder → the plan of its lectures, why it was read so, and what was left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from index.errors import SourceFileError
from ingest.catalogue.blocks import Block, BlockKind
from ingest.catalogue.contents import find_contents, is_settings, read_contents
from ingest.catalogue.first_pages import says_homework, with_first_pages
from ingest.catalogue.folder import DECKS, CourseFolder, open_folder
from ingest.catalogue.gather import LeftOut, links_of, planned_lecture, unused_links
from ingest.catalogue.nodes import Node, natural, only_announced
from ingest.catalogue.pairing import lend_decks, with_decks
from ingest.catalogue.reader import PageReader
from ingest.catalogue.sieve import files_last, joined, lectures_of, without_lists
from ingest.catalogue.titles import title_of_path
from ingest.catalogue.tree import TreeBuilder
from ingest.catalogue.units import Outcome, Unit, choose_units, programme_units
from ingest.catalogue.unlinked import folder_nodes
from ingest.catalogue.words import Rank, aside_path, is_course_paper, spelled
from ingest.planned import PlannedLecture

OTHER_MATERIALS = "Other materials"
_MAX_PAGES = 3_000
_LITTLE = 0.25
_FEW = 3  # lectures: with fewer, the folder is read too


@dataclass(slots=True)
class Catalogue:
    """`why` says why what was found was taken for lectures, `left_out` what was not, and why."""

    title: str = ""
    lectures: list[PlannedLecture] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    why: list[str] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


def read_catalogue(root: Path, *, linked_only: bool = False) -> Catalogue:
    """The lectures that a folder's README, its pages and its files come to."""
    folder = open_folder(root)
    reader = PageReader()
    problems: list[LeftOut] = []

    known: dict[str, Block | None] = {}

    def read(path: str) -> Block | None:
        if path not in known and len(known) >= _MAX_PAGES:
            return None
        if path not in known:
            try:
                known[path] = read_contents(folder, path) if is_settings(path) else reader.read(root / path)
            except (SourceFileError, OSError) as error:
                problems.append(LeftOut(path, path, f"The page cannot be read: {error}"))
                known[path] = None
        return known[path]

    try:
        catalogue = _read(folder, read, linked_only)
    finally:
        reader.close()
    catalogue.left_out = list({item.place: item for item in reversed([*catalogue.left_out, *problems])}.values())[::-1]
    return catalogue


def read_other_files(root: Path, used: set[str]) -> tuple[list[PlannedLecture], list[LeftOut]]:
    """The decks of a folder that a course.yaml does not name, and those that are no lectures."""
    catalogue = Catalogue()
    lectures = _other_files(TreeBuilder(open_folder(root), lambda _: None), set(used), catalogue)
    catalogue.lectures = lectures
    _name_by_first_pages(catalogue, root)
    return catalogue.lectures, catalogue.left_out


def _read(folder: CourseFolder, read: Callable[[str], Block | None], linked_only: bool) -> Catalogue:
    builder = TreeBuilder(folder, read)
    catalogue = Catalogue()
    nodes: list[Node] = []
    readme = folder.readme("")
    if readme is not None:
        root, nodes = builder.page(readme)
        nodes = _without_title(catalogue, root, nodes)
    outcome = choose_units(nodes)
    outcome.units = lectures_of(outcome, catalogue.left_out)
    outcome.units = files_last(joined(outcome.units)) or programme_units(nodes)
    named = bool(outcome.units)
    catalogue.why += outcome.why
    builder.named -= only_announced(nodes)
    builder, further, walked = _beyond_readme(builder, outcome, catalogue)
    used: set[str] = set()
    for unit in outcome.units:
        catalogue.lectures.append(planned_lecture(unit, used))
    for unit in outcome.loose:
        catalogue.lectures += links_of(unit, used, catalogue.links)
    if not linked_only and not walked:
        catalogue.lectures += _other_files(builder, used, catalogue)
    elif linked_only and not named:
        catalogue.lectures = [lecture for lecture in catalogue.lectures if not lecture.title_from_deck]
    _name_by_first_pages(catalogue, folder.root)
    catalogue.left_out += unused_links([*nodes, *further], used, {"", *builder.grafted}, catalogue.links)
    return catalogue


def _beyond_readme(
    builder: TreeBuilder, outcome: Outcome, catalogue: Catalogue
) -> tuple[TreeBuilder, list[Node], bool]:
    """Add to the lectures of the README those that it does not name: of the site's contents, else of the folders.

    Gives the builder after that, the nodes that were read, and whether every folder was walked through.
    """
    full = len([unit for unit in outcome.units if not unit.blank])
    aside = Catalogue()
    if full < _FEW or _says_little(builder, outcome):
        listed, contents, found = _by_contents(builder, aside)
        if contents and len(found.units) >= _FEW * max(full, 1):
            outcome.units = [unit for unit in outcome.units if not unit.blank] + found.units
            _take(catalogue, outcome, found, aside)
            outcome.units += _like_the_linked(listed, catalogue)
            return listed, contents, False
        aside = Catalogue()
        walked, found = _walk(builder, aside)
        if found.units and len(found.units) >= _FEW * full:
            # the README says little or nothing: the pages and files of the folders are the course
            blank = all(unit.blank for unit in outcome.units)
            outcome.units = with_decks(outcome.units, found.units) if blank else [*outcome.units, *found.units]
            _take(catalogue, outcome, found, aside)
            return builder, walked, True
        # a page in a folder that nobody links says more of its decks than their names
        listed_there = [unit for unit in found.units if unit.node.kind not in (BlockKind.FILE, BlockKind.FOLDER)]
        lent = lend_decks([unit for unit in outcome.units if not unit.blank], found.units)
        if lent:
            catalogue.why.append(
                f"{lent} lectures have the slides of the folders that are called or numbered as they are."
            )
        if len(listed_there) >= _FEW:
            outcome.units += listed_there
            catalogue.why += found.why
    outcome.units += _like_the_linked(builder, catalogue)
    return builder, [], False


def _take(catalogue: Catalogue, outcome: Outcome, found: Outcome, aside: Catalogue) -> None:
    """Keep what was learned where it was not sure that it would be taken."""
    outcome.loose += found.loose
    catalogue.why += found.why
    catalogue.left_out += aside.left_out
    catalogue.title = catalogue.title or aside.title


def _name_by_first_pages(catalogue: Catalogue, root: Path) -> None:
    """Titles for lectures that only their decks name; a deck whose cover says "Midterm" is none."""
    lectures = []
    for lecture in with_first_pages(catalogue.lectures, root):
        if lecture.title_from_deck and says_homework(lecture.title):
            reason = f"Its first page says that it is no lecture: “{lecture.title}”."
            catalogue.left_out += [LeftOut(deck.path, deck.path, reason) for deck in lecture.decks]
        else:
            lectures.append(lecture)
    catalogue.lectures = lectures


def _without_title(catalogue: Catalogue, root: Block | None, nodes: list[Node]) -> list[Node]:
    """The nodes without the heading that is the course's title: what stands below it stands for itself."""
    if root is not None:
        catalogue.title = root.meta.get("title", "")
    headings = [node for node in nodes if node.kind is BlockKind.HEADING]
    first = headings[0] if headings else None
    if first is None:
        return nodes
    over_all = len(headings) == 1 and any(child.kind is BlockKind.HEADING for child in first.children)
    if first.shape != "heading1" and not over_all:
        return nodes
    catalogue.title = catalogue.title or first.name
    if first.mark.rank > Rank.NONE and len(headings) > 1:
        return nodes
    first.title, first.name, first.aside, first.shape = "", "", None, "title"
    return nodes


# --- the folder ------------------------------------------------------------------------------------------


def _says_little(builder: TreeBuilder, outcome: Outcome) -> bool:
    """Whether the lectures of the README name few of the decks that lie in the folders."""
    decks = {
        path for path in builder.folder.files if PurePosixPath(path).suffix.lower() in DECKS and not aside_path(path)
    }
    named = {link.place.place for unit in outcome.units for _, link in unit.links} & decks
    return len(decks) >= _FEW and len(named) < _LITTLE * len(decks)


def _by_contents(builder: TreeBuilder, catalogue: Catalogue) -> tuple[TreeBuilder, list[Node], Outcome]:
    """(a builder that has read the contents that a site's builder keeps, their nodes, what they come to)."""
    path = find_contents(builder.folder)
    if path is None or path in builder.seen:
        return builder, [], Outcome()
    trial = builder.copy()
    root, nodes = trial.page(path)
    nodes = _without_title(catalogue, root, nodes)
    found = choose_units(nodes)
    alone = [node for node in nodes if node.mark.rank is Rank.NONE and node.links and not node.text]
    single = {
        node.links[0].place.place for node in alone if all(child.shape in ("page", "folder") for child in node.children)
    }
    beside = [unit for unit in found.units if unit.links and unit.links[0][1].place.place in single]
    if len(found.units) >= _FEW * len(beside) > 0:
        reason = f"In {path} it stands beside the groups of pages, in none of them: it is about the course."
        links = [link for unit in beside for _, link in unit.links[:1]]
        catalogue.left_out += [LeftOut(link.label, link.place.place, reason) for link in links]
        found.units = [unit for unit in found.units if unit not in beside]
    full = [unit for unit in found.units if not unit.blank]
    items = [unit for unit in found.units if not unit.blank or unit.node.kind is BlockKind.ITEM]
    found.units = items if 2 * len(full) >= len(items) else full
    found.why = [f"{path} lists the pages of the course, and the README does not.", *found.why]
    return trial, nodes, found


def _walk(builder: TreeBuilder, catalogue: Catalogue) -> tuple[list[Node], Outcome]:
    """What the folders hold; `builder` is as before where that comes to nothing."""
    trial = builder.copy()
    walked = folder_nodes(trial, "", catalogue.left_out)
    found = choose_units(walked)
    found.units = without_lists(lectures_of(found, catalogue.left_out), catalogue.left_out)
    return walked, found


def _like_the_linked(builder: TreeBuilder, catalogue: Catalogue) -> list[Unit]:
    """The lectures in folders numbered as those that the page links, and beside them, which it forgot."""
    parents: dict[str, list[str]] = {}
    for path in builder.grafted:
        if title_of_path(path)[1].rank > Rank.NONE:
            parents.setdefault(str(PurePosixPath(path).parent).removeprefix("."), []).append(path)
    found = []
    for parent, linked in parents.items():
        if len(linked) < _FEW:
            continue
        ranks = {title_of_path(path)[1].rank for path in linked}
        for name in sorted(builder.folder.below(parent), key=natural):
            if name not in builder.seen and not aside_path(f"{name}/") and title_of_path(name)[1].rank in ranks:
                found += [builder.folder_node(name, f"{name}/")]
    outcome = choose_units(found)
    catalogue.why += outcome.why
    return lectures_of(outcome, catalogue.left_out)


def _other_files(builder: TreeBuilder, used: set[str], catalogue: Catalogue) -> list[PlannedLecture]:
    """Decks that nobody names, each a lecture of its own, in the order of their paths."""
    found = []
    for path in builder.folder.files:
        if PurePosixPath(path).suffix.lower() not in DECKS or path in used:
            continue
        part = aside_path(path)
        if is_course_paper(spelled(path)):
            catalogue.left_out.append(LeftOut(path, path, "It is about the course, not of a lecture, by its name."))
            continue
        if any(str(parent) in builder.owned for parent in PurePosixPath(path).parents):
            reason = "It lies in the folder of a lecture whose page names other files."
            catalogue.left_out.append(LeftOut(path, path, reason))
            continue
        if part:
            catalogue.left_out.append(LeftOut(path, path, f"The file is no lecture by its place: “{part}”."))
            continue
        unit = Unit(builder.file_node(path))
        unit.links = [(unit.node, link) for link in unit.node.links]
        lecture = planned_lecture(unit, used)
        found.append(replace(lecture, section=OTHER_MATERIALS))
    return found
