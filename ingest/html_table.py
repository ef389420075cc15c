"""An HTML table inside a README → a grid of cells, spans filled in."""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser

from ingest.cells import Cell, add_text, tidy
from ingest.links import Link, read_link

_MAX_SPAN = 200
_MAX_CELLS = 20_000


@dataclass(frozen=True, slots=True)
class GridCell:
    """`continued`: the cell began in a row above and reaches down into this one."""

    cell: Cell
    heading: bool = False
    continued: bool = False


def find_tables(text: str) -> list[tuple[int, int]]:
    """`[start, end)` of each `<table …>…</table>`, in order."""
    lower = text.lower()
    found: list[tuple[int, int]] = []
    at = 0
    while (start := lower.find("<table", at)) >= 0:
        end = lower.find("</table>", start)
        if end < 0:
            break
        at = end + len("</table>")
        found.append((start, at))
    return found


def read_html_table(html: str) -> list[list[GridCell]]:
    """The rows; all as wide as what their cells span."""
    reader = _TableReader()
    reader.feed(html)
    reader.close()
    grid: list[list[GridCell]] = []
    hanging: dict[int, tuple[int, GridCell]] = {}  # column → rows still to come, cell
    made = 0
    for row in reader.rows:
        cells: list[GridCell] = []
        waiting = list(row)
        while waiting or any(column >= len(cells) for column in hanging):
            column = len(cells)
            if column in hanging:
                left, cell = hanging.pop(column)
                cells.append(GridCell(cell.cell, cell.heading, continued=True))
                if left > 1:
                    hanging[column] = (left - 1, cell)
            elif waiting:
                raw = waiting.pop(0)
                cell = GridCell(Cell(raw.pieces), raw.heading)
                for _ in range(raw.columns):
                    if raw.rows > 1:
                        hanging[len(cells)] = (raw.rows - 1, cell)
                    cells.append(cell)
                    cell = GridCell(Cell([]), raw.heading)
            else:
                cells.append(GridCell(Cell([])))
            made += 1
            if made > _MAX_CELLS:
                return grid
        grid.append(cells)
    return grid


@dataclass(slots=True)
class _Raw:
    pieces: list[str | Link]
    rows: int
    columns: int
    heading: bool


class _TableReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[list[_Raw]] = []
        self._cell: _Raw | None = None
        self._href: str | None = None
        self._label = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "tr":
            self._end_cell()
            self.rows.append([])
        elif tag in ("td", "th"):
            self._end_cell()
            if not self.rows:
                self.rows.append([])
            self._cell = _Raw([], _span(given.get("rowspan")), _span(given.get("colspan")), tag == "th")
            self.rows[-1].append(self._cell)
        elif tag == "a" and given.get("href"):
            self._href, self._label = given["href"], ""
        elif tag in ("br", "p", "li", "div"):
            self._text(" ")
        elif tag == "img" and self._href is not None:
            self._label += given.get("alt") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._href is not None and self._cell is not None:
            self._cell.pieces.append(read_link(self._href, tidy(self._label)))
            self._href = None
        elif tag in ("td", "th", "tr", "table"):
            self._end_cell()

    def handle_data(self, data: str) -> None:
        self._text(data)

    def _text(self, text: str) -> None:
        if self._href is not None:
            self._label += text
        elif self._cell is not None:
            add_text(self._cell.pieces, text)

    def _end_cell(self) -> None:
        self._cell, self._href = None, None


def _span(value: str | None) -> int:
    return min(int(value), _MAX_SPAN) if value and value.isascii() and value.isdigit() and int(value) > 0 else 1
