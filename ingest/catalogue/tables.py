"""A table → its rows: which column names the topic, which holds videos, slides or the programme."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from ingest.catalogue.blocks import Block, Cell, Piece, plain, tidy
from ingest.catalogue.columns import column_role, is_programme_column, lists_grades, lists_people, topic_column
from ingest.catalogue.folder import CourseFolder
from ingest.catalogue.roles import Found, find_links, remarks_of
from ingest.catalogue.titles import title_of
from ingest.catalogue.words import UNMARKED, Mark, Rank, Role, aside_of, is_no_lecture, mark_of

_ASIDE_WORDS = 4
_FEW_CELLS = 4
_MATERIAL = frozenset({"deck", "notes", "video"})
_WORD = re.compile(r"[^\W_]")
# a closing bracket in a programme that speaks of the material, not of the subject
_REMARK = re.compile(
    r"(?:^|(?<=[.!?…\s]))\(([^()]*(?:слайд|видео|запис|верси|slides?|video|recording|version)[^()]*)\)\s*$",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Row:
    """`section` is set where the row stands over those below it. `shape` is equal for rows of tables alike."""

    title: str
    mark: Mark = UNMARKED
    text: str = ""
    programme: str = ""
    section: str = ""
    shape: str = ""
    links: list[Found] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    aside: Role | None = None


@dataclass(frozen=True, slots=True)
class _Columns:
    topic: int
    programme: int | None
    roles: tuple[Role | None, ...]
    shape: str


def read_rows(folder: CourseFolder, page: str, table: Block, role: Role | None) -> Iterator[Row]:
    """The rows of a table in order; a topic that spans rows is one row with the material of all."""
    rows = list(table.children)
    header = table.header if any(plain(cell.pieces) for cell in table.header) else ()
    if not header and (grid := _grid(folder, page, rows)):
        plainly = _Columns(0, None, (None,), "grid")
        yield from (_row(folder, page, (cell,), plainly, role) for cell in grid)
        return
    if not header and len(rows) > 1 and _names_columns(rows[0].cells):
        header = rows.pop(0).cells
    heads = [plain(cell.pieces) for cell in header]
    aside = Role.ABOUT if lists_people(heads) else Role.HOMEWORK if lists_grades(heads) else None
    columns = _columns(heads, rows)
    last: Row | None = None
    topics = [row.cells[columns.topic] for row in rows if columns.topic < len(row.cells)]
    plainly_set = 2 * sum(map(_is_bold, topics)) < len(topics)
    for block in rows:
        filled = [cell for cell in block.cells if plain(cell.pieces) and not cell.continued]
        linked = any(piece.href for cell in block.cells for piece in cell.pieces)
        if len(block.cells) > 1 and not linked and (len(filled) == 1 or all(cell.heading for cell in block.cells)):
            if (
                len(filled) == 1
                and not block.cells[0].heading
                and block.cells[columns.topic : columns.topic + 1] == (filled[0],)
                and not (_is_bold(filled[0]) and plainly_set)
            ):
                pass  # a topic of which there is nothing yet
            else:
                yield Row("", section=next((plain(cell.pieces) for cell in filled), ""))
                last = None
                continue
        parts = _parts(folder, page, block.cells, columns)
        if parts:
            for cells in parts:
                last = _row(folder, page, cells, columns, role)
                last.aside = aside
                yield last
            continue
        row = _row(folder, page, block.cells, columns, role)
        named = plain(block.cells[columns.topic].pieces) if columns.topic < len(block.cells) else ""
        row.aside = aside or (aside_of(named, whole=True) if len(named.split()) <= _ASIDE_WORDS else None)
        if is_no_lecture(named) and not any(link.what in _MATERIAL for link in row.links):
            row.aside = Role.ABOUT
        topic = block.cells[columns.topic] if columns.topic < len(block.cells) else None
        if topic is not None and topic.continued and last is not None:
            last.links += row.links
            last.programme = f"{last.programme} {row.programme}".strip()
            continue
        last = row
        yield row


def _is_bold(cell: Cell) -> bool:
    worded = [piece for piece in cell.pieces if piece.text.strip()]
    return bool(worded) and all(piece.bold for piece in worded)


def _grid(folder: CourseFolder, page: str, rows: Sequence[Block]) -> list[Cell]:
    """The cells of a table without a head in which each is a lecture: a title of its own that is a link to material."""
    cells = [cell for block in rows for cell in block.cells if plain(cell.pieces)]
    titles = {title_of(cell.pieces)[0].casefold() for cell in cells}
    if len(cells) < _FEW_CELLS or len(cells) < 2 * len(rows) or "" in titles or len(titles) < len(cells):
        return []
    links = [find_links(folder, page, cell.pieces) for cell in cells]
    return cells if all(len(found) == 1 and found[0].what in _MATERIAL for found in links) else []


def _names_columns(cells: Sequence[Cell]) -> bool:
    texts = [plain(cell.pieces) for cell in cells]
    return not any(piece.href for cell in cells for piece in cell.pieces) and topic_column(texts) is not None


def _columns(header: list[str], rows: Sequence[Block]) -> _Columns:
    width = max([len(header), *(len(row.cells) for row in rows)], default=0)
    header = header + [""] * (width - len(header))
    topic = topic_column(header)
    roles = [None if position == topic else column_role(text) for position, text in enumerate(header)]
    programme = next(
        (i for i, text in enumerate(header) if i != topic and roles[i] is None and is_programme_column(text)), None
    )
    free = [i for i in range(width) if roles[i] is None and i != programme]
    scores = {i: _titleness(i, rows) for i in free}
    best = max(free, key=lambda i: scores[i], default=0)
    if topic is None or (topic in scores and scores[topic] < 0.34 and scores[best] > scores[topic]):
        topic = best
    return _Columns(topic, programme, tuple(roles), "|".join(tidy(text).casefold() for text in header))


def _titleness(column: int, rows: Sequence[Block]) -> float:
    """How well a column names things: the share of its cells that hold different, short titles."""
    titles = [title_of(row.cells[column].pieces)[0] for row in rows if column < len(row.cells)]
    named = [title for title in titles if title]
    if not named:
        return 0.0
    length = fmean(len(title) for title in named)
    return len({title.casefold() for title in named}) / max(1, len(rows)) * (1.0 if length < 90 else 0.5)


def _parts(folder: CourseFolder, page: str, cells: Sequence[Cell], columns: _Columns) -> list[tuple[Cell, ...]]:
    """The rows that one row stands for: lectures that share a date, each in a line of its own in one cell."""
    if columns.topic >= len(cells) or cells[columns.topic].continued:
        return []
    beside = [piece for i, cell in enumerate(cells) if i != columns.topic for piece in cell.pieces if piece.href]
    if any(link.what in _MATERIAL for link in find_links(folder, page, beside)):
        return []  # which of them it belongs to is not said
    lines: list[list[Piece]] = [[]]
    for piece in cells[columns.topic].pieces:
        if piece.text == "\n" and not piece.href:
            lines.append([])
        else:
            lines[-1].append(piece)
    lines = [line for line in lines if plain(line)]
    titled = [(title_of(line), find_links(folder, page, line)) for line in lines]
    if len(lines) < 2 or not all(title or mark.rank for (title, mark, _), _ in titled):
        return []
    numbered = [mark.rank >= Rank.BARE for (_, mark, _), _ in titled]
    full = [bool(title) and any(link.what in _MATERIAL for link in links) for (title, _, _), links in titled]
    if not all(numbered) and sum(full) < 2:
        return []
    kept = list(cells)
    found = []
    for line in lines:
        kept[columns.topic] = cells[columns.topic]._replace(pieces=tuple(line))
        found.append(tuple(kept))
        kept = [cell if i == columns.topic else Cell(()) for i, cell in enumerate(kept)]
    return found


def _row(folder: CourseFolder, page: str, cells: Sequence[Cell], columns: _Columns, role: Role | None) -> Row:
    pieces: tuple[Piece, ...] = cells[columns.topic].pieces if columns.topic < len(cells) else ()
    title, mark, text = title_of(pieces)
    row = Row(title, mark, text, shape=columns.shape, remarks=remarks_of(pieces))
    fallback = ""
    for position, cell in enumerate(cells):
        column = columns.roles[position] if position < len(columns.roles) else None
        if not cell.continued:
            row.links += find_links(folder, page, cell.pieces, role, column)
        if position == columns.programme and not cell.continued:
            _programme(row, plain(cell.pieces))
        elif position != columns.topic and column is not None and not row.title:
            worded = title_of([piece for piece in cell.pieces if not piece.href])[0] or title_of(cell.pieces)[0]
            fallback = fallback or worded
        elif position != columns.topic and column is None:
            own, number, _ = title_of(cell.pieces)
            if row.mark.rank is Rank.NONE:
                row.mark = _number(plain(cell.pieces), number)
            if not row.title:
                row.title = own
            elif own and own != row.title and not any(piece.href for piece in cell.pieces) and len(own) > 20:
                row.text = f"{row.text} {own}".strip()
    row.title = row.title or fallback
    return row


def _number(text: str, mark: Mark) -> Mark:
    """A cell that is a number or a date, and nothing else, numbers its row."""
    if mark.rank is not Rank.NONE:
        return mark
    found, rest = mark_of(f"{text} .")
    return found if rest.strip(" .") == "" else mark


def _programme(row: Row, text: str) -> None:
    found = _REMARK.search(text)
    if found:
        remark = tidy(found.group(1))
        row.remarks.append(remark)
        text = text[: found.start()].rstrip()
        if re.search(r"слайд|презентац|slide|deck", remark, re.IGNORECASE):
            row.links = [
                link._replace(remark=link.remark or remark) if link.what == "deck" else link for link in row.links
            ]
    if _WORD.search(text):
        row.programme = f"{row.programme} {text}".strip()
