"""What stands before, below and above a line → its title, and what it is instead of a lecture."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile

from ingest.catalogue.blocks import OVER, Block, BlockKind, plain, walk
from ingest.catalogue.folder import Target
from ingest.catalogue.nodes import Node, all_links
from ingest.catalogue.roles import file_host, role_of_label
from ingest.catalogue.titles import title_of, title_of_path
from ingest.catalogue.words import Rank, Role, aside_of, is_course_paper, role_of

_WORDS = re.compile(r"[^\W_]+")
_NUMBERED = re.compile(r"\W{0,3}([^\W\d_]{2,20}) ?[№#]?\d")
_FEW_WORDS = 3
_LABEL_WORDS = 4  # of a heading that only says what is listed below it
_FEW = 3
_GIVES = {Role.VIDEO: "video", Role.SLIDES: "deck", Role.NOTES: "notes"}


def lists_days(page: Block) -> bool:
    """Whether a page has definitions of days: what is linked below them is of those days."""
    terms = (title_of(block.line) for block in walk(page) if block.kind is BlockKind.TERM)
    return any(not title and mark.rank is Rank.BARE for title, mark, _ in terms)


def aside_of_its_lead(block: Block) -> Role | None:
    """What a paragraph is instead of a lecture by the words set in bold before it: "**Further reading:** …"."""
    bold = tuple(takewhile(lambda piece: piece.bold or not piece.text.strip(), block.line))
    lead = plain(bold)
    after = plain(block.line[len(bold) : len(bold) + 1])
    if block.kind not in (BlockKind.PARAGRAPH, BlockKind.BOLD) or not (lead.endswith(":") or after.startswith(":")):
        return None
    return aside_of(lead.rstrip(":"), whole=True) if len(_WORDS.findall(lead)) <= _FEW_WORDS else None


def is_only_about_the_course(node: Node) -> bool:
    """Whether an item is the syllabus, and what it links names nothing of the lectures itself."""
    within = [link for child in node.children for link in all_links(child.children)]
    films = any(link.what == "video" for link in node.links)
    return not node.mark.rank and is_course_paper(node.name) and not films and not any(link.what for link in within)


def not_of_it(node: Node) -> list[Node]:
    """Take the programme out of a section about the course: "Topics" may stand below "Installing"."""
    out = [child for child in node.children if child.kind is BlockKind.HEADING and node.aside and not child.aside]
    node.children = [child for child in node.children if child not in out] if out else node.children
    return out


def name_by_its_page(node: Node) -> None:
    """Give an item that is nothing but a link, as in the contents of a site, the title of the page that it links."""
    page = next((child for child in node.children if child.shape == "page"), None)
    place = node.links[0].place
    node.title = page.title if page else title_of_path(place.place)[0] if place.local else ""
    node.name = node.title
    node.aside = node.aside or aside_of(node.title, whole=True)
    node.children.sort(key=lambda child: child.shape != "page")  # the chapter before its sections


def below_their_titles(nodes: list[Node]) -> list[Node]:
    """Siblings with what follows a paragraph "Lecture 1: Trees" below it: some write each link apart."""
    titles = [node for node in nodes if _is_numbered_title(node)]
    if len(titles) < 2 or not any(node.links or node.children for node in nodes):
        return nodes
    found: list[Node] = []
    above: Node | None = None
    for node in nodes:
        if node in titles:
            above = node
        elif (
            above
            and node.kind in (BlockKind.PARAGRAPH, BlockKind.ITEM)
            and node.mark.rank < max(Rank.WEEK, above.mark.rank)
        ):
            above.kind, above.shape = BlockKind.LEAD, "lead"
            above.children.append(node)
            continue
        else:
            above = None
        found.append(node)
    return found


def _is_numbered_title(node: Node) -> bool:
    """Whether a paragraph that links no material begins a lecture, or the practice between two: "Lab 2: Trees"."""
    if node.kind is not BlockKind.PARAGRAPH or node.aside or any(link.what for link in node.links):
        return False
    practice = _NUMBERED.match(node.name)
    return node.mark.rank >= Rank.WEEK or (practice is not None and role_of(practice[1]) is Role.SEMINAR)


def told_by_their_host(node: Node) -> None:
    """Make recordings, or slides, of what a heading lists as such, where three or more lie on one site."""
    role = role_of(node.name) if len(_WORDS.findall(node.name)) <= _LABEL_WORDS else None
    given = _GIVES.get(role or Role.ABOUT)
    if given is None or node.kind not in OVER or node.aside:
        return
    listed: dict[str, list[Node]] = {}
    for child in node.children:
        if child.kind is BlockKind.ITEM and not child.aside and len(child.links) == 1:
            link = child.links[0]
            if link.place.target is Target.OTHER and not link.what and role_of_label(link.label) in (None, role):
                listed.setdefault(file_host(link.place.place), []).append(child)
    for host, items in listed.items():
        if host and len(items) >= _FEW:
            for item in items:
                item.links = [item.links[0]._replace(what=given, role=role)]
                item.title = item.title or item.name  # "Chapter 3" is all that is said of it


def in_order(node: Node) -> Iterator[Node]:
    """What stands below a node and is of the lectures, as on the page."""
    for child in node.children:
        if not child.aside:
            yield child
            yield from in_order(child)
