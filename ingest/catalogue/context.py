"""What stands before, below and above a line → its title, and what it is instead of a lecture."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile

from ingest.catalogue.blocks import Block, BlockKind, plain, walk
from ingest.catalogue.nodes import Node
from ingest.catalogue.titles import title_of, title_of_path
from ingest.catalogue.words import Rank, Role, aside_of

_WORDS = re.compile(r"[^\W_]+")
_FEW_WORDS = 3


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


def in_order(node: Node) -> Iterator[Node]:
    """What stands below a node and is of the lectures, as on the page."""
    for child in node.children:
        if not child.aside:
            yield child
            yield from in_order(child)
