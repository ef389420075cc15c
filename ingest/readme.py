"""README.md → the lectures that its tables and lists name. Nothing is invented: what a cell leaves out is empty."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token

from ingest.links import Link, Target, read_link


@dataclass(slots=True)
class LinkedFile:
    """A deck or video as the README names it."""

    link: Link
    remark: str | None = None


@dataclass(slots=True)
class ReadmeLecture:
    section: str
    title: str
    programme: str = ""
    remarks: list[str] = field(default_factory=list)
    decks: list[LinkedFile] = field(default_factory=list)
    videos: list[LinkedFile] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)


@dataclass(slots=True)
class Readme:
    title: str
    lectures: list[ReadmeLecture]


@dataclass(slots=True)
class _Cell:
    """A table cell or list item: its pieces in order, text or link."""

    pieces: list[str | Link]

    @property
    def links(self) -> list[Link]:
        return [piece for piece in self.pieces if isinstance(piece, Link)]

    @property
    def text(self) -> str:
        return _tidy("".join(piece.label if isinstance(piece, Link) else piece for piece in self.pieces))


_COLUMNS = {
    "topic": re.compile(r"тем[аы]|лекци|заняти|назван|topic|lecture|title|theme|subject|week", re.IGNORECASE),
    "video": re.compile(r"видео|запис|video|recording|youtube", re.IGNORECASE),
    "slides": re.compile(r"слайд|презентац|материал|конспект|slides?|deck|pdf|notes", re.IGNORECASE),
    "programme": re.compile(
        r"программ|содержан|план|описан|programme|program|syllabus|content|description|abstract|outline",
        re.IGNORECASE,
    ),
}
_REMARK = re.compile(r"^\s*[,;–—-]?\s*\(([^()]{2,120})\)")
# a closing bracket in a programme that speaks of the material, not of the subject
_PROGRAMME_REMARK = re.compile(
    r"(?:^|(?<=[.!?…\s]))\(([^()]*(?:слайд|видео|запис|верси|slides?|video|recording|version)[^()]*)\)\s*$",
    re.IGNORECASE,
)
_ABOUT_SLIDES = re.compile(r"слайд|презентац|slide|deck", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]")
_SPACES = re.compile(r"\s+")


def read_readme(text: str) -> Readme:
    """The course title and its lectures in order."""
    markdown = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    tokens = markdown.parse(text)
    lines = text.split("\n")
    title, section = "", ""
    lectures: list[ReadmeLecture] = []
    position = 0
    while position < len(tokens):
        token = tokens[position]
        if token.type == "heading_open":
            heading = _cell(tokens[position + 1]).text
            if token.tag == "h1" and not title:
                title = heading
            else:
                section = heading
        elif token.type == "paragraph_open" and token.level == 0:
            section = _section_of(_cell(tokens[position + 1]).text) or section
        elif token.type == "table_open" and token.map:
            lectures += _read_table(markdown, lines[token.map[0] : token.map[1]], section)
        elif token.type == "list_item_open":
            lecture = _read_item(tokens, position, section)
            if lecture is not None:
                lectures.append(lecture)
        position += 1
    return Readme(title, lectures)


def _section_of(paragraph: str) -> str:
    """A short paragraph that announces what follows ("Next lectures (no video yet):") names a section."""
    return paragraph.rstrip(": ") if paragraph.endswith(":") and len(paragraph) < 120 else ""


def _read_table(markdown: MarkdownIt, lines: Sequence[str], section: str) -> list[ReadmeLecture]:
    header = [_cell(markdown.parseInline(cell)[0]).text for cell in _split_row(lines[0])]
    columns = _name_columns(header)
    lectures = []
    for line in lines[2:]:
        raw_cells = _fit(_split_row(line), len(header), columns)
        cells = [_cell(markdown.parseInline(cell)[0]) for cell in raw_cells]
        lecture = _read_row(dict(zip(columns, cells, strict=True)), section)
        if lecture is not None:
            lectures.append(lecture)
    return lectures


def _name_columns(header: Sequence[str]) -> list[str]:
    """A name for each column; the unknown ones are numbered, and the first is the topic if none is named so."""
    names: list[str] = []
    for position, text in enumerate(header):
        known = next((name for name, words in _COLUMNS.items() if words.search(text) and name not in names), None)
        names.append(known or f"other{position}")
    if "topic" not in names and names:
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


def _read_row(cells: dict[str, _Cell], section: str) -> ReadmeLecture | None:
    topic = cells.get("topic")
    title = _title_of(topic) if topic else ""
    if not title:
        return None
    lecture = ReadmeLecture(section, title)
    for name, cell in cells.items():
        if name == "programme":
            _read_programme(cell, lecture)
        else:
            _collect(cell, lecture, after_title=name == "topic")
    return lecture


def _read_item(tokens: Sequence[Token], position: int, section: str) -> ReadmeLecture | None:
    """A list item is a lecture if it links a deck or a video."""
    inline = next((t for t in tokens[position + 1 : position + 4] if t.type == "inline"), None)
    if inline is None:
        return None
    cell = _cell(inline)
    if not any(link.target is not Target.OTHER for link in cell.links):
        return None
    lecture = ReadmeLecture(section, _title_of(cell))
    _collect(cell, lecture, after_title=True)
    return lecture if lecture.title else None


def _title_of(cell: _Cell) -> str:
    """The words before the first link, or the first link's own text when nothing stands before it."""
    if not cell.links:
        return cell.text
    before = ""
    for piece in cell.pieces:
        if isinstance(piece, Link):
            return _tidy(before).rstrip(" :–—-") if _WORD.search(before) else _tidy(piece.label)
        before += piece
    return _tidy(before)


def _collect(cell: _Cell, lecture: ReadmeLecture, *, after_title: bool) -> None:
    """Take up the links of a cell; a bracket right after a link is a remark on it."""
    for position, piece in enumerate(cell.pieces):
        if not isinstance(piece, Link):
            continue
        following = cell.pieces[position + 1] if position + 1 < len(cell.pieces) else ""
        found = _REMARK.match(following) if isinstance(following, str) else None
        remark = _tidy(found.group(1)) if found else None
        if remark:
            lecture.remarks.append(remark)
        label = "" if after_title and _tidy(piece.label) == lecture.title else _tidy(piece.label)
        named = piece._replace(label=label)
        if piece.target is Target.DECK:
            lecture.decks.append(LinkedFile(named, remark))
        elif piece.target is Target.OTHER:
            lecture.links.append(named)
        else:
            lecture.videos.append(LinkedFile(named, remark))


def _read_programme(cell: _Cell, lecture: ReadmeLecture) -> None:
    text = cell.text
    found = _PROGRAMME_REMARK.search(text)
    if found:
        remark = _tidy(found.group(1))
        lecture.remarks.append(remark)
        text = text[: found.start()].rstrip()
        if _ABOUT_SLIDES.search(remark):
            for deck in lecture.decks:
                deck.remark = deck.remark or remark
    if _WORD.search(text):
        lecture.programme = text
    for link in cell.links:
        if link.target is Target.OTHER:
            lecture.links.append(link)


def _cell(inline: Token) -> _Cell:
    """Markdown's inline tokens as text and links; all markup is dropped."""
    pieces: list[str | Link] = []
    href: str | None = None
    label = ""
    for token in inline.children or []:
        if token.type == "link_open":
            href, label = str(token.attrGet("href") or ""), ""
        elif token.type == "link_close" and href is not None:
            pieces.append(read_link(href, _tidy(label)))
            href = None
        else:
            text = _plain(token)
            if href is not None:
                label += text
            elif pieces and isinstance(pieces[-1], str):
                pieces[-1] += text
            else:
                pieces.append(text)
    return _Cell(pieces)


def _plain(token: Token) -> str:
    if token.type in ("text", "code_inline"):
        return token.content
    if token.type in ("softbreak", "hardbreak"):
        return " "
    if token.type == "html_inline":
        return " " if token.content.lower().startswith("<br") else ""
    if token.type == "image":
        return "".join(_plain(child) for child in token.children or [])
    return ""


def _tidy(text: str) -> str:
    return _SPACES.sub(" ", text).strip(" ,;\t")
