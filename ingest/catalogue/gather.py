"""A lecture of the tree → its plan: title, section, programme, decks, videos and links; and what no lecture has."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from index.addresses import has_scheme, is_web_address
from index.types import DeckKind, Host
from ingest.catalogue.blocks import BlockKind, tidy
from ingest.catalogue.folder import Target
from ingest.catalogue.nodes import Node, all_links
from ingest.catalogue.roles import Found
from ingest.catalogue.units import Unit
from ingest.catalogue.words import YEAR, Role, aside_path, is_bare_label, is_course_paper, spelled, without_addresses
from ingest.planned import PlannedDeck, PlannedLecture, PlannedVideo

_REASONS = {
    Role.READING: "It is in a reading list or a list of further material",
    Role.HOMEWORK: "It is homework, an exam or a project",
    Role.ABOUT: "It is about the course, not of a lecture",
}
_GIVEN = frozenset({"deck", "notes", "page", "notebook"})
_DECKS = frozenset({"deck", "notes"})
_MATERIAL = frozenset({"deck", "notes", "video", "page"})
_MAX_PROGRAMME = 4_000
_FEW_WORDS = 3  # beside a link: with more, a sentence speaks of it
_MAX_LINE = 90  # a longer paragraph is no title
_LETTER = re.compile(r"[^\W\d_]")


class LeftOut(NamedTuple):
    """A link or file that is in no lecture, and why."""

    label: str
    place: str
    reason: str


def planned_lecture(unit: Unit, used: set[str]) -> PlannedLecture:
    """The plan of one lecture; what it names is added to `used`."""
    decks: dict[str, PlannedDeck] = {}
    videos: dict[str, PlannedVideo] = {}
    links: dict[str, str] = {}
    title, from_deck = _title(unit)
    sure = {link.what for _, link in unit.links if link.sure}
    weak = 0
    for at, link in unit.links:
        place, label = link.place.place, "" if tidy(link.label) == title else link.label
        if link.place.target is Target.ANCHOR or (link.what == "folder" and place not in used and not label):
            continue
        weak += not link.sure
        what = link.what
        if link.place.target is Target.SITE_FILE and link.role is None and decks:
            what = "video"  # "lecture" beside slides, on a site that does not say what its files are
        if what in _GIVEN and (link.sure or (weak == 1 and not sure & (_DECKS if at is unit.node else _MATERIAL))):
            notes = what != "deck"
            decks.setdefault(place, PlannedDeck(place, label, link.remark, DeckKind.NOTES if notes else None))
        elif what == "video":
            videos.setdefault(place, PlannedVideo(place, _host(link), label, link.remark))
        elif link.place.target is not Target.FOLDER and not _is_foreign(place):
            address = f"https://youtu.be/{place}" if link.place.target is Target.YOUTUBE else place
            links.setdefault(address, label or address)
        if not _is_foreign(place):
            used.add(place)
    used.update(link.place.place for _, link in unit.links if not _is_foreign(link.place.place))
    node = unit.node
    remarks = [*node.remarks, *(link.remark for at, link in unit.links if link.remark and at is node)]
    return PlannedLecture(
        section_of(unit),
        title,
        _programme(node),
        tuple(dict.fromkeys(remarks)),
        tuple(sorted(decks.values(), key=lambda deck: deck.kind is DeckKind.NOTES)),
        tuple(videos.values()),
        tuple((label, at) for at, label in links.items() if at not in decks and at.rpartition("/")[2] not in videos),
        from_deck and bool(decks),
    )


def _is_foreign(place: str) -> bool:
    """Whether a link is neither of the web nor of the course: `chrome://settings`, `mailto:…`."""
    return not is_web_address(place) and has_scheme(place)


def _host(link: Found) -> Host:
    if link.place.target is Target.YOUTUBE:
        return Host.YOUTUBE
    return Host.FILE if link.place.local else Host.WEB


def _title(unit: Unit) -> tuple[str, bool]:
    """(title, whether nobody but its deck names it)."""
    node = unit.node
    if node.kind is BlockKind.FILE and node.shape == "file":
        return node.title or PurePosixPath(node.path).stem, True
    numbered = node.kind is BlockKind.FOLDER and not _LETTER.search(node.title)
    decks = [at for at, link in unit.links if link.what == "deck" and at.shape == "file"]
    if numbered and decks:
        return decks[0].title or PurePosixPath(decks[0].path).stem, True  # a folder "03": what its deck is called
    if node.title:
        return node.title, False
    for inner in unit.inner:
        if inner.node.title and inner.node.kind is not BlockKind.FOLDER:
            return inner.node.title, False
    waiting = list(node.children)
    while waiting:
        child = waiting.pop(0)
        prose = child.kind is BlockKind.PARAGRAPH and (len(child.name) > _MAX_LINE or ". " in child.name)
        if child.title and not child.aside and not prose and child.kind is not BlockKind.FOLDER:
            return child.title, False
        waiting = child.children + waiting
    from_deck = bool(unit.links) and unit.links[0][1].what == "deck"  # "Lecture 5" and no more: the deck may say it
    name = node.name
    for link in node.links:
        name = name.replace(link.label, "", 1)
    return tidy(name.strip(" /|,;:–—-")) or node.name or PurePosixPath(node.path or node.page).stem, from_deck


def section_of(unit: Unit) -> str:
    """The nearest heading above a lecture; before it the edition (a folder's year) if it does not say so itself."""
    folders = [
        name for kind, name in unit.trail if kind is BlockKind.FOLDER and (YEAR.search(name) or not is_bare_label(name))
    ]
    names = [name for kind, name in unit.trail if kind is not BlockKind.FOLDER and name]
    if names and names[-1] == unit.node.title:
        names.pop()  # a chapter stands before its sections, below its own name
    nearest = names[-1] if names else ""
    edition = folders[0] if folders else ""
    if len(names) > 1 and is_bare_label(nearest):  # "Lectures" below "2023"
        edition = edition or next((name for name in reversed(names[:-1]) if YEAR.search(name)), "")
    if not nearest:
        return " › ".join(folders[:3])
    return f"{edition} › {nearest}" if edition and edition not in nearest else nearest


def _programme(node: Node) -> str:
    """The text of a lecture that is not its title: a column, what follows in its line, what is nested below."""
    parts = [node.programme or node.text]
    if node.kind in (BlockKind.FOLDER, BlockKind.FILE):
        return without_addresses(parts[0])  # what its page says is notes, not a programme
    waiting = [child for child in node.children if child.kind not in (BlockKind.FOLDER, BlockKind.FILE)]
    while waiting:
        child = waiting.pop(0)
        if child.aside:
            continue
        text = child.text if child.kind is BlockKind.ROW else child.name
        if text and not is_bare_label(text) and not any(link.what for link in child.links):
            parts.append(text)
        waiting = [grandchild for grandchild in child.children if grandchild.kind is not BlockKind.FOLDER] + waiting
    kept = [part for part in parts if part]
    text = kept[0] if len(kept) == 1 else ". ".join(part.rstrip(".") for part in kept)
    return without_addresses(text)[:_MAX_PROGRAMME]


def links_of(unit: Unit, used: set[str], course_links: list[tuple[str, str]]) -> list[PlannedLecture]:
    """What a line links that is in no lecture: decks are notes of their own, playlists belong to the course."""
    found = []
    for _, link in unit.links:
        place = link.place.place
        if place in used:
            continue
        if link.place.target is Target.PLAYLIST:
            course_links.append((link.label or place, place))
            used.add(place)
        elif link.what in _DECKS and is_course_paper(link.label or spelled(place)):
            used.add(place)
            course_links.append((link.label or place, place))
        elif link.place.local and aside_path(place):
            continue  # told with the files that are no lectures
        elif link.what in ("deck", "notes") and link.place.target is not Target.SITE_FILE:
            used.add(place)
            in_prose = len(unit.node.name.split()) > len(link.label.split()) + _FEW_WORDS
            if unit.node.kind is BlockKind.PARAGRAPH and in_prose and not link.place.local and not link.place.known:
                course_links.append((link.label or place, place))  # a sentence speaks of another's file
                continue
            bare = not link.label or is_bare_label(link.label)
            title = PurePosixPath(place).stem if bare else link.label
            deck = PlannedDeck(place, "", link.remark, DeckKind.NOTES)
            found.append(PlannedLecture(section_of(unit), title, decks=(deck,), title_from_deck=bare))
    return found


def unused_links(
    nodes: Sequence[Node], used: set[str], opened: set[str], course_links: list[tuple[str, str]]
) -> list[LeftOut]:
    """Every link that is in no lecture, once, with its reason; `opened` are folders that were looked into."""
    found: dict[str, LeftOut] = {}
    waiting = list(reversed(nodes))
    while waiting:
        node = waiting.pop()
        for link in node.links:
            place = link.place.place
            if place in used or place in found or link.place.target is Target.ANCHOR or place in opened:
                continue
            if place == node.path and any(below.place.place in used for below in all_links(node.children)):
                continue  # a page that lists lectures, which are read
            if link.place.target is Target.PLAYLIST and not node.aside:
                course_links.append((link.label or place, place))
                used.add(place)
                continue
            found[place] = LeftOut(link.label, place, _reason(node, link))
        waiting.extend(reversed(node.children))
    return list(found.values())


def _reason(node: Node, link: Found) -> str:
    where = f" (“{node.name[:60]}”)" if node.name else ""
    if node.aside:
        return f"{_REASONS[node.aside]}{where}."
    if link.what in ("", "folder"):
        return f"It is no slides, video or notes, and its line{where} is no lecture."
    return f"Its line{where} is no lecture: it has no title or number, and no lecture is beside it."
