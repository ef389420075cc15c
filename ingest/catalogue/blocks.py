"""The tree that a README, a page or a folder is read as: blocks with lines of text and links."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple


class BlockKind(StrEnum):
    ROOT = "root"
    HEADING = "heading"
    BOLD = "bold"  # a paragraph that begins in bold type stands over what follows
    LEAD = "lead"  # a short paragraph that ends in a colon announces what follows
    DETAILS = "details"
    ITEM = "item"
    TERM = "term"  # of a list of definitions; what is said of it stands below it
    TABLE = "table"
    ROW = "row"
    PARAGRAPH = "paragraph"
    FOLDER = "folder"
    FILE = "file"


# What stands over others, and may name a section
OVER = frozenset({BlockKind.HEADING, BlockKind.BOLD, BlockKind.LEAD, BlockKind.DETAILS})


class Piece(NamedTuple):
    """A stretch of text; a link where `href` is not empty. `struck`: crossed out."""

    text: str
    href: str = ""
    bold: bool = False
    struck: bool = False


class Cell(NamedTuple):
    """`heading`: set as the head of its row or column. `continued`: it began in a row above and reaches down."""

    pieces: tuple[Piece, ...]
    heading: bool = False
    continued: bool = False


@dataclass(slots=True)
class Block:
    """`level` is that of a heading (1–6); `number` that of an item in a numbered list; `cells` those of a row.

    `header` are the cells at the head of a table, `meta` the front matter at the head of a page.
    """

    kind: BlockKind
    line: tuple[Piece, ...] = ()
    children: list[Block] = field(default_factory=list)
    level: int = 0
    number: int | None = None
    cells: tuple[Cell, ...] = ()
    header: tuple[Cell, ...] = ()
    meta: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return plain(self.line)


_SPACES = re.compile(r"\s+")


def tidy(text: str) -> str:
    return _SPACES.sub(" ", text).strip(" ,;\t")


def plain(pieces: Sequence[Piece]) -> str:
    return tidy("".join(piece.text for piece in pieces))


def walk(block: Block) -> Iterator[Block]:
    """A block and all below it, in the order of the page."""
    waiting = [block]
    while waiting:
        found = waiting.pop()
        yield found
        waiting.extend(reversed(found.children))


def to_json(block: Block) -> list[Any]:
    """A block as lists, for a pipe."""

    def cells(found: Sequence[Cell]) -> list[Any]:
        return [[list(cell.pieces), cell.heading, cell.continued] for cell in found]

    return [
        str(block.kind),
        list(block.line),
        [to_json(child) for child in block.children],
        block.level,
        block.number,
        cells(block.cells),
        cells(block.header),
        block.meta,
    ]


def from_json(data: list[Any]) -> Block:
    def cells(found: list[Any]) -> tuple[Cell, ...]:
        return tuple(
            Cell(tuple(Piece(*piece) for piece in pieces), heading, continued) for pieces, heading, continued in found
        )

    kind, line, children, level, number, own, header, meta = data
    return Block(
        BlockKind(kind),
        tuple(Piece(*piece) for piece in line),
        [from_json(child) for child in children],
        level,
        number,
        cells(own),
        cells(header),
        meta,
    )
