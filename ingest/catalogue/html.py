"""HTML → blocks, through lxml: headings hold what follows them, items what is nested in them, rows their cells.

The only module that imports lxml. It runs in a child process (`ingest.catalogue.reader`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from ingest.catalogue.blocks import Block, BlockKind, Cell, Piece, plain

HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BOLD_LEVEL, _LEAD_LEVEL = 7, 8
_CONTAINERS = frozenset(
    "html body div section article main center blockquote header figure span font nav form fieldset".split()
)
BLOCKS = HEADINGS.keys() | frozenset("p ul ol table details pre hr dl li dt dd tr".split()) | _CONTAINERS
SILENT = frozenset("script style template noscript head title svg button select input".split())
_MAX_SPAN, _MAX_CELLS, _MAX_DEPTH = 200, 20_000, 120
_LEAD_CHARS, _BOLD_CHARS = 120, 220
# GitHub makes links of bare addresses; a closing bracket or full stop is not part of one
_ADDRESS = re.compile(r"https?://[^\s<>\"'()]{3,500}(?<![.,;:!?])")
_WORD = re.compile(r"[^\W_]")
_SPACES = re.compile(r"\s+")


def parse_html(text: str) -> Any:
    """The root element of a page, or None if nothing is in it."""
    from lxml import etree  # noqa: PLC0415

    parser = etree.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    return etree.fromstring(text.replace("\0", "").encode("utf-8", "ignore") or b"<p></p>", parser)


def read_html(text: str) -> Block:
    """The blocks of a page; its `<title>` is in `meta`."""
    root = parse_html(text)
    if root is None:
        return Block(BlockKind.ROOT)
    title = root.findtext(".//head/title")
    found = Block(BlockKind.ROOT, children=_nested(_flow(root, 0)))
    if title and title.strip():
        found.meta["title"] = " ".join(title.split())[:300]
    return found


def tag_of(element: Any) -> str:
    return element.tag.lower() if isinstance(element.tag, str) else ""


def _flow(element: Any, depth: int) -> list[Block]:
    """The blocks of an element one after another; text beside them makes paragraphs."""
    blocks: list[Block] = []
    pending: list[Piece] = []

    def flush() -> None:
        if plain(pending) or any(piece.href for piece in pending):
            blocks.extend(_paragraphs(pending))
        pending.clear()

    if element.text:
        pending.extend(_addresses(element.text))
    for child in element:
        tag = tag_of(child)
        if depth < _MAX_DEPTH and tag in BLOCKS and (tag != "span" or _has_blocks(child)):
            flush()
            blocks.extend(_block(child, tag, depth + 1))
        else:
            pending.extend(_inline(child, depth + 1))
        if child.tail:
            pending.extend(_addresses(child.tail))
    flush()
    return blocks


def _has_blocks(element: Any) -> bool:
    return any(tag_of(child) in BLOCKS for child in element)


def _block(element: Any, tag: str, depth: int) -> list[Block]:
    if tag in HEADINGS:
        return [Block(BlockKind.HEADING, tuple(_inline_children(element, depth)), level=HEADINGS[tag])]
    if tag == "p":
        return _paragraphs(_inline_children(element, depth)) if not _has_blocks(element) else _flow(element, depth)
    if tag in ("ul", "ol", "dl"):
        return _items(element, tag, depth)
    if tag in ("li", "dt", "dd"):
        return [_item(element, None, depth)]
    if tag == "table":
        return [_table(element, depth)]
    if tag == "details":
        summary = next((child for child in element if tag_of(child) == "summary"), None)
        line = tuple(_inline_children(summary, depth)) if summary is not None else ()
        if summary is not None:
            tail = summary.tail
            element.remove(summary)
            element.text = (element.text or "") + (tail or "")
        return [Block(BlockKind.DETAILS, line, _nested(_flow(element, depth)))]
    if tag in ("pre", "hr"):
        return []
    return _flow(element, depth)


def _items(element: Any, tag: str, depth: int) -> list[Block]:
    number = _number(element.get("start")) or 1
    found: list[Block] = []
    for child in element:
        if tag_of(child) == "dd" and found:  # what is said of a term stands below it
            found[-1].kind = BlockKind.TERM
            found[-1].children.append(_item(child, None, depth + 1))
        elif tag_of(child) in ("li", "dt", "dd"):
            found.append(_item(child, number if tag == "ol" else None, depth + 1))
            number += 1
        elif tag_of(child) in ("ul", "ol") and found:  # nested without an item of its own, as some write it
            found[-1].children += _items(child, tag_of(child), depth + 1)
    return found


def _item(element: Any, number: int | None, depth: int) -> Block:
    """An item: its first line, and what is nested in it."""
    below = _flow(element, depth)
    line: tuple[Piece, ...] = ()
    if below and below[0].kind in (BlockKind.PARAGRAPH, BlockKind.BOLD, BlockKind.LEAD, BlockKind.HEADING):
        line = below.pop(0).line
    children = _nested(below, plainly=True)
    return Block(BlockKind.ITEM, line, children, number=number)


# --- text ------------------------------------------------------------------------------------------------


def _paragraphs(pieces: Sequence[Piece]) -> list[Block]:
    """A paragraph; each of its lines where it is broken by hand."""
    lines: list[list[Piece]] = [[]]
    for piece in pieces:
        if piece.text == "\n" and not piece.href:
            lines.append([])
        else:
            lines[-1].append(piece)
    kept = [tuple(line) for line in lines if plain(line) or any(piece.href for piece in line)]
    return [Block(_paragraph_kind(line), line) for line in kept]


def _paragraph_kind(line: tuple[Piece, ...]) -> BlockKind:
    text = plain(line)
    first = next((piece for piece in line if _WORD.search(piece.text)), None)
    if first is not None and first.bold and not first.struck and len(text) < _BOLD_CHARS:
        rest = "".join(piece.text for piece in line if not piece.bold and not piece.href)
        if len(rest) < 80:
            return BlockKind.BOLD
    if text.endswith(":") and len(text) < _LEAD_CHARS:
        return BlockKind.LEAD
    return BlockKind.PARAGRAPH


def _inline_children(element: Any, depth: int) -> list[Piece]:
    pieces = list(_addresses(element.text or ""))
    for child in element:
        pieces += _inline(child, depth + 1)
        pieces += _addresses(child.tail or "")
    return pieces


def _inline(element: Any, depth: int) -> list[Piece]:
    tag = tag_of(element)
    if tag == "br":
        return [Piece("\n")]
    if tag == "img":
        return [Piece(element.get("alt") or "")]
    if tag in ("iframe", "video", "source", "embed") and element.get("src"):
        return [Piece("", element.get("src")), *(_inline_children(element, depth) if tag == "video" else [])]
    if tag in SILENT or depth > _MAX_DEPTH:
        return []
    inner = _inline_children(element, depth)
    if tag == "a" and element.get("href"):
        bold = any(piece.bold for piece in inner)
        worded = [piece for piece in inner if piece.text.strip()]
        struck = bool(worded) and all(piece.struck for piece in worded)
        return [Piece(" ".join("".join(piece.text for piece in inner).split()), element.get("href"), bold, struck)]
    if tag in ("b", "strong"):
        return [piece._replace(bold=True) for piece in inner]
    if tag in ("s", "del", "strike"):
        return [piece._replace(struck=True) for piece in inner]
    if tag in BLOCKS:
        return [Piece(" "), *inner, Piece(" ")]
    return inner


def _addresses(text: str) -> Iterator[Piece]:
    """Text with its bare addresses as links."""
    text = _SPACES.sub(" ", text)
    end = 0
    for found in _ADDRESS.finditer(text):
        if found.start() > end:
            yield Piece(text[end : found.start()])
        yield Piece(found.group(), found.group())
        end = found.end()
    if end < len(text):
        yield Piece(text[end:])


# --- structure -------------------------------------------------------------------------------------------


def _nested(blocks: Sequence[Block], *, plainly: bool = False) -> list[Block]:
    """Each heading, bold line or announcement with what follows it below it, up to the next of its height."""
    top: list[Block] = []
    open_: list[tuple[int, Block]] = []
    for block in blocks:
        level = block.level
        if block.kind is BlockKind.BOLD and not plainly:
            level = _BOLD_LEVEL
        elif block.kind is BlockKind.LEAD:
            level = _LEAD_LEVEL
        if level:
            while open_ and open_[-1][0] >= level:
                open_.pop()
        elif (
            block.kind is BlockKind.PARAGRAPH
            and open_
            and open_[-1][1].kind is BlockKind.LEAD
            and open_[-1][1].children
        ):
            open_.pop()  # what was announced has come
        (open_[-1][1].children if open_ else top).append(block)
        if level:
            open_.append((level, block))
    return top


def _table(element: Any, depth: int) -> Block:
    """A table: rows as wide as what their cells span; rows of heads only become the header or stand over others."""
    table = Block(BlockKind.TABLE)
    hanging: dict[int, tuple[int, Cell]] = {}  # column → rows still to come, cell
    made = 0
    rows = [row for row in element.iter("tr") if next(row.iterancestors("table"), None) is element]
    for row in rows:
        cells: list[Cell] = []
        waiting = [child for child in row if tag_of(child) in ("td", "th")]
        while waiting or any(column >= len(cells) for column in hanging):
            column = len(cells)
            if column in hanging:
                left, cell = hanging.pop(column)
                cells.append(cell._replace(continued=True))
                if left > 1:
                    hanging[column] = (left - 1, cell)
            elif waiting:
                raw = waiting.pop(0)
                cell = Cell(tuple(_inline_children(raw, depth)), tag_of(raw) == "th")
                for _ in range(_span(raw.get("colspan"))):
                    if _span(raw.get("rowspan")) > 1:
                        hanging[len(cells)] = (_span(raw.get("rowspan")) - 1, cell)
                    cells.append(cell)
                    cell = Cell((), cell.heading)
            else:
                cells.append(Cell(()))
            made += 1
            if made > _MAX_CELLS:
                return table
        _add_row(table, tuple(cells))
    return table


def _add_row(table: Block, cells: tuple[Cell, ...]) -> None:
    linked = any(piece.href for cell in cells for piece in cell.pieces)
    if cells and all(cell.heading for cell in cells) and not table.children and not table.header:
        table.header = cells
    elif any(plain(cell.pieces) for cell in cells) or linked:
        line: list[Piece] = []
        for cell in cells:
            line += [] if cell.continued else [*cell.pieces, Piece(" ")]
        table.children.append(Block(BlockKind.ROW, tuple(line), cells=cells))


def _span(value: str | None) -> int:
    return min(_number(value) or 1, _MAX_SPAN)


def _number(value: str | None) -> int | None:
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 10 else None
