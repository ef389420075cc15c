"""The nodes of a course's tree: each a block with its title, its links and their roles; and walks through them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from ingest.catalogue.blocks import BlockKind
from ingest.catalogue.roles import Found
from ingest.catalogue.words import UNMARKED, Mark, Role

_NUMBERS = re.compile(r"(\d+)")


@dataclass(slots=True)
class Node:
    """A block as it may be a lecture. `page` is the file that it stands in, `text` what it says besides its title.

    `aside`: what it is instead (a reading list, homework); `path`: the folder or file that it stands for.
    """

    kind: BlockKind
    page: str
    title: str = ""
    mark: Mark = UNMARKED
    text: str = ""
    name: str = ""
    links: list[Found] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)
    aside: Role | None = None
    path: str = ""
    shape: str = ""
    programme: str = ""
    remarks: list[str] = field(default_factory=list)


def all_below(node: Node) -> Iterator[Node]:
    """Every node below one, in no order."""
    waiting = list(node.children)
    while waiting:
        found = waiting.pop()
        yield found
        waiting.extend(found.children)


def all_links(nodes: Sequence[Node]) -> Iterator[Found]:
    """The links of these nodes and of all below them, in no order."""
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        yield from node.links
        waiting.extend(node.children)


def only_announced(nodes: Sequence[Node]) -> set[str]:
    """The files that nothing but news and what else is about the course links: no line says which lecture has them."""
    announced: set[str] = set()
    named: set[str] = set()
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        places = {link.place.place for link in node.links if link.place.local}
        (announced if node.aside is Role.ABOUT else named).update(places)
        waiting.extend(node.children)
    return announced - named


def natural(path: str) -> tuple[tuple[int, int, str], ...]:
    """A key by which 10 comes after 9."""
    parts = [part for part in _NUMBERS.split(path) if part]
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part.casefold()) for part in parts)


def merged(nodes: Sequence[Node]) -> list[Node]:
    """Files of one name but for their role ("02-knn__slides", "02-knn__notes") as one."""
    found: dict[tuple[str, ...], Node] = {}
    for node in nodes:
        numbers = _NUMBERS.findall(PurePosixPath(node.path).stem)
        key = (node.title.casefold(), *numbers) if node.title and node.shape == "file" else (node.path,)
        if key in found:
            found[key].links += node.links
        else:
            found[key] = node
    return list(found.values())
