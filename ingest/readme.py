"""README.md → the lectures that its tables and lists name. Nothing is invented: what a cell leaves out is empty."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from ingest.cells import (
    WORD,
    Cell,
    LinkedFile,
    ReadmeLecture,
    cell_of,
    collect,
    first_inline,
    is_material_label,
    parse_inline,
    tidy,
    title_of,
)
from ingest.html_table import GridCell, find_tables, read_html_table
from ingest.links import Link, Target, is_playlist


@dataclass(slots=True)
class Readme:
    """`links` belong to the course as a whole; `folders` are (section, link) of what may be folders of notes.

    `notes` are prose that no lecture names, such as a question bank: they come after the lectures.
    """

    title: str
    lectures: list[ReadmeLecture] = field(default_factory=list)
    notes: list[ReadmeLecture] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    folders: list[tuple[str, Link]] = field(default_factory=list)


# the best of these names the topic: "Week | Topic" has its topics in the second column
_TOPICS = (
    re.compile(r"тем[аы]|назван|topic|title|theme|subject", re.IGNORECASE),
    re.compile(r"лекци|заняти|lecture|class|session", re.IGNORECASE),
    re.compile(r"недел|модул|week|module|unit", re.IGNORECASE),
)
_COLUMNS = {
    "video": re.compile(r"видео|запис|video|recording|youtube", re.IGNORECASE),
    "slides": re.compile(r"слайд|презентац|материал|конспект|slides?|deck|pdf|notes|material", re.IGNORECASE),
    "programme": re.compile(
        r"программ|содержан|план|описан|programme|program|syllabus|content|description|abstract|outline",
        re.IGNORECASE,
    ),
}
# a closing bracket in a programme that speaks of the material, not of the subject
_PROGRAMME_REMARK = re.compile(
    r"(?:^|(?<=[.!?…\s]))\(([^()]*(?:слайд|видео|запис|верси|slides?|video|recording|version)[^()]*)\)\s*$",
    re.IGNORECASE,
)
_ABOUT_SLIDES = re.compile(r"слайд|презентац|slide|deck", re.IGNORECASE)
_HTML_TABLE = "\ufdd0{}\ufdd1"  # noncharacters: no README writes them
_HTML_TABLE_MARK = re.compile("\ufdd0(\\d+)\ufdd1")


def read_readme(text: str) -> Readme:
    """The course title, its lectures in order, and what belongs to the course as a whole."""
    markdown = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    text, tables = _take_html_tables(text)
    references: dict[str, Any] = {}
    tokens = markdown.parse(text, references)
    lines = text.split("\n")
    readme, section, position = Readme(""), "", 0
    while position < len(tokens):
        token = tokens[position]
        if token.type == "heading_open":
            heading = cell_of(tokens[position + 1]).text
            if token.tag == "h1" and not readme.title:
                readme.title = heading
            else:
                section = heading
        elif token.type == "paragraph_open" and token.level == 0:
            cell = cell_of(tokens[position + 1])
            mark = _HTML_TABLE_MARK.fullmatch(cell.text)
            if mark:
                readme.lectures += _read_grid(tables[int(mark.group(1))], section)
            else:
                section = _section_of(cell.text) or section
                _read_paragraph(cell, section, readme)
        elif token.type == "table_open" and token.map:
            table = lines[token.map[0] : token.map[1]]
            readme.lectures += _read_table(markdown, table, section, references)
        elif token.type in ("bullet_list_open", "ordered_list_open") and token.level == 0:
            end = _closing(tokens, position)
            _read_list(tokens[position + 1 : end], section, readme)
            position = end
        position += 1
    return readme


def _take_html_tables(text: str) -> tuple[str, list[list[list[GridCell]]]]:
    """The text with a mark in the place of each HTML table, and the tables: blank lines would tear them apart."""
    tables: list[list[list[GridCell]]] = []
    pieces: list[str] = []
    at = 0
    for start, end in find_tables(text):
        pieces += [text[at:start], f"\n\n{_HTML_TABLE.format(len(tables))}\n\n"]
        tables.append(read_html_table(text[start:end]))
        at = end
    return "".join([*pieces, text[at:]]), tables


def _section_of(paragraph: str) -> str:
    """A short paragraph that announces what follows ("Next lectures (no video yet):") names a section."""
    return paragraph.rstrip(": ") if paragraph.endswith(":") and len(paragraph) < 120 else ""


def _read_paragraph(cell: Cell, section: str, readme: Readme) -> None:
    """PDFs that a paragraph links are notes (a question bank, an essay); its playlists belong to the course."""
    for link in cell.links:
        if link.target is Target.DECK:
            bare = link.label == link.place or not WORD.search(link.label)
            title = link.place.rsplit("/", 1)[-1].rsplit(".", 1)[0] if bare else tidy(link.label)
            note = ReadmeLecture(section, title, decks=[LinkedFile(link._replace(label=""), notes=True)])
            readme.notes.append(note)
        elif is_playlist(link.place):
            readme.links.append(link)
        elif link.target is Target.OTHER:
            readme.folders.append((section, link))


# --- lists -----------------------------------------------------------------------------------------------


def _closing(tokens: Sequence[Token], position: int) -> int:
    """Where what opens at `position` closes."""
    level = tokens[position].level
    return next(i for i in range(position + 1, len(tokens)) if tokens[i].level == level and tokens[i].nesting == -1)


def _items(tokens: Sequence[Token]) -> list[Sequence[Token]]:
    """The tokens of each item of a list."""
    items, position = [], 0
    while position < len(tokens):
        if tokens[position].type == "list_item_open":
            end = _closing(tokens, position)
            items.append(tokens[position + 1 : end])
            position = end
        position += 1
    return items


def _read_list(tokens: Sequence[Token], section: str, readme: Readme) -> None:
    """Items that link material are lectures; so are their neighbours without any, where most items have some."""
    items = _items(tokens)
    if not items:
        return
    found = [_read_item(item, section, readme) for item in items]
    lectures = [some for some, _ in found]
    if 2 * sum(bool(some) for some in lectures) < len(items):
        plain: list[str] = [""] * len(items)
    else:
        plain = [title for _, title in found]
    for some, title in zip(lectures, plain, strict=True):
        readme.lectures += some or ([ReadmeLecture(section, title)] if title else [])


def _read_item(item: Sequence[Token], section: str, readme: Readme) -> tuple[list[ReadmeLecture], str]:
    """The lectures of a list item, and its title if it has none: it may be a lecture of which there is nothing yet."""
    inline = first_inline(item)
    if inline is None:
        return [], ""
    cell = cell_of(inline)
    inner = next((i for i, token in enumerate(item) if token.type in ("bullet_list_open", "ordered_list_open")), None)
    nested = [] if inner is None else _items(item[inner + 1 : _closing(item, inner)])
    below = [cell_of(first) for first in map(first_inline, nested) if first is not None]
    title = title_of(cell)
    if any(child.has_material for child in below):
        labels = [link.label for child in below for link in child.links if link.target is not Target.OTHER]
        if cell.has_material or all(map(is_material_label, labels)):
            lecture = ReadmeLecture(section, title)
            for part in (cell, *below):
                collect(part, lecture, after_title=part is cell)
            return ([lecture] if title else []), ""
        within = Readme("")
        _read_list(item[inner + 1 : _closing(item, inner)] if inner is not None else [], title, within)
        return within.lectures, ""
    if cell.has_material:
        lecture = ReadmeLecture(section, title)
        collect(cell, lecture, after_title=True)
        lecture.programme = ". ".join(child.text.rstrip(".") for child in below if child.text)
        return ([lecture] if title else []), ""
    readme.links += [link for link in cell.links if is_playlist(link.place)]
    return [], "" if cell.links else title


# --- tables ----------------------------------------------------------------------------------------------


def _read_table(
    markdown: MarkdownIt, lines: Sequence[str], section: str, references: Mapping[str, Any]
) -> list[ReadmeLecture]:
    header = [parse_inline(markdown, cell, references).text for cell in _split_row(lines[0])]
    columns = _name_columns(header)
    lectures = []
    for line in lines[2:]:
        raw_cells = _fit(_split_row(line), len(header), columns)
        cells = [parse_inline(markdown, cell, references) for cell in raw_cells]
        lecture = _read_row(dict(zip(columns, cells, strict=True)), section)
        if lecture is not None:
            lectures.append(lecture)
    return lectures


def _read_grid(grid: Sequence[Sequence[GridCell]], section: str) -> list[ReadmeLecture]:
    """An HTML table. A topic that spans rows is one lecture with the material of all of them."""
    if not grid:
        return []
    header = [cell.cell.text for cell in grid[0]]
    named = all(cell.heading for cell in grid[0]) or bool(_topic_column(header) is not None and len(grid) > 1)
    columns = _name_columns(header if named else [""] * len(header))
    lectures: list[ReadmeLecture] = []
    for row in grid[1:] if named else grid:
        cells = dict(zip(columns, row, strict=False))
        topic = cells.get("topic")
        fresh = {name: grid_cell.cell for name, grid_cell in cells.items() if not grid_cell.continued}
        if topic is not None and topic.continued and lectures:
            for name, cell in fresh.items():
                _read_cell(name, cell, lectures[-1])
            continue
        if all(grid_cell.heading for grid_cell in row) and not any(cell.links for cell in fresh.values()):
            section = next((cell.text for cell in fresh.values() if cell.text), section)
            continue
        lecture = _read_row(fresh, section)
        if lecture is not None:
            lectures.append(lecture)
    return lectures


def _topic_column(header: Sequence[str]) -> int | None:
    for pattern in _TOPICS:
        for position, text in enumerate(header):
            if pattern.search(text):
                return position
    return None


def _name_columns(header: Sequence[str]) -> list[str]:
    """A name for each column; the unknown ones are numbered, and the first is the topic if none is named so."""
    topic = _topic_column(header)
    names: list[str] = []
    for position, text in enumerate(header):
        known = next((name for name, words in _COLUMNS.items() if words.search(text) and name not in names), None)
        names.append("topic" if position == topic else known or f"other{position}")
    if topic is None and names:
        unknown = next((i for i, name in enumerate(names) if name.startswith("other")), None)
        if unknown is not None:
            names[unknown] = "topic"
    return names


def _split_row(line: str) -> list[str]:
    """The cells of a table row. `\\|` and pipes in code do not separate."""
    cells = [""]
    in_code = False
    escaped = False
    for character in line.strip().removeprefix("|"):
        if escaped:
            cells[-1] += character if character == "|" else "\\" + character
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == "|" and not in_code:
            cells.append("")
        else:
            in_code ^= character == "`"
            cells[-1] += character
    if len(cells) > 1 and not cells[-1].strip():
        cells.pop()
    return [cell.strip() for cell in cells]


def _fit(cells: list[str], width: int, columns: Sequence[str]) -> list[str]:
    """As many cells as columns: too few are padded; the surplus of a stray pipe goes to the programme."""
    if len(cells) <= width:
        return cells + [""] * (width - len(cells))
    wide = columns.index("programme") if "programme" in columns else width - 1
    after = width - wide - 1
    end = len(cells) - after
    return [*cells[:wide], " | ".join(cells[wide:end]), *cells[end:]]


def _read_row(cells: Mapping[str, Cell], section: str) -> ReadmeLecture | None:
    topic = cells.get("topic")
    title = title_of(topic) if topic else ""
    if not title:
        return None
    lecture = ReadmeLecture(section, title)
    for name, cell in cells.items():
        _read_cell(name, cell, lecture)
    return lecture


def _read_cell(name: str, cell: Cell, lecture: ReadmeLecture) -> None:
    if name == "programme":
        _read_programme(cell, lecture)
    else:
        collect(cell, lecture, after_title=name == "topic")


def _read_programme(cell: Cell, lecture: ReadmeLecture) -> None:
    text = cell.text
    found = _PROGRAMME_REMARK.search(text)
    if found:
        remark = tidy(found.group(1))
        lecture.remarks.append(remark)
        text = text[: found.start()].rstrip()
        if _ABOUT_SLIDES.search(remark):
            for deck in lecture.decks:
                deck.remark = deck.remark or remark
    if WORD.search(text):
        lecture.programme = f"{lecture.programme} {text}".strip()
    for link in cell.links:
        if link.target is Target.OTHER:
            lecture.links.append(link)
