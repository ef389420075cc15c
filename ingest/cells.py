"""A cell, list item or paragraph of a README → its pieces (text and links), its title, its remarks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from ingest.links import Link, Target, read_link


@dataclass(slots=True)
class LinkedFile:
    """A deck or video as the README names it; `notes` marks prose: an essay, a question bank."""

    link: Link
    remark: str | None = None
    notes: bool = False


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
class Cell:
    """Pieces in the order of the page."""

    pieces: list[str | Link]

    @property
    def links(self) -> list[Link]:
        return [piece for piece in self.pieces if isinstance(piece, Link)]

    @property
    def text(self) -> str:
        return tidy("".join(piece.label if isinstance(piece, Link) else piece for piece in self.pieces))

    @property
    def has_material(self) -> bool:
        return any(link.target is not Target.OTHER for link in self.links)


_SPACES = re.compile(r"\s+")
WORD = re.compile(r"[^\W_]")
# GitHub makes links of bare addresses; a closing bracket or full stop is not part of one
_ADDRESS = re.compile(r"https?://[^\s<>\"'()]{3,500}(?<![.,;:!?])")
_REMARK = re.compile(r"^\s*[,;–—-]?\s*\(([^()]{2,120})\)")
_BRACKET = re.compile(r"\([^()]{0,200}\)")
# what the link to a material is called when it does not carry the title
_MATERIAL = re.compile(
    r"^\W*(?:слайд\w*|презентац\w*|видео\w*|запис\w*|конспект\w*|материал\w*|лекци\w*|част\w*|скачать|pdf|slides?|deck|"
    r"video|recording|notes?|lecture|part|download|youtube|link|ссылка)?\W*\d{0,3}\W*$",
    re.IGNORECASE,
)


def tidy(text: str) -> str:
    return _SPACES.sub(" ", text).strip(" ,;\t")


def parse_inline(markdown: MarkdownIt, text: str, references: Mapping[str, Any]) -> Cell:
    """Markdown of one line as a cell; `references` are the link definitions of the whole file."""
    return cell_of(markdown.parseInline(text, dict(references))[0])


def cell_of(inline: Token) -> Cell:
    """Markdown's inline tokens as text and links; all markup is dropped."""
    pieces: list[str | Link] = []
    href: str | None = None
    label = ""
    for token in inline.children or []:
        if token.type == "link_open":
            href, label = str(token.attrGet("href") or ""), ""
        elif token.type == "link_close" and href is not None:
            pieces.append(read_link(href, tidy(label)))
            href = None
        elif href is not None:
            label += _plain(token)
        else:
            add_text(pieces, _plain(token))
    return Cell(pieces)


def add_text(pieces: list[str | Link], text: str) -> None:
    """Append text, its bare addresses as links."""
    end = 0
    for found in _ADDRESS.finditer(text):
        _add(pieces, text[end : found.start()])
        pieces.append(read_link(found.group(), found.group()))
        end = found.end()
    _add(pieces, text[end:])


def _add(pieces: list[str | Link], text: str) -> None:
    if text and pieces and isinstance(pieces[-1], str):
        pieces[-1] += text
    elif text:
        pieces.append(text)


def title_of(cell: Cell) -> str:
    """The words before the first link; else the first link that is called more than "slides"; else the words after."""
    if not cell.links:
        return cell.text
    first = next(i for i, piece in enumerate(cell.pieces) if isinstance(piece, Link))
    before = tidy("".join(piece for piece in cell.pieces[:first] if isinstance(piece, str))).rstrip(" :–—-(")
    if WORD.search(before) and not is_material_label(before):
        return before
    named = next((link.label for link in cell.links if not is_material_label(link.label)), "")
    if named and named != cell.links[0].place:
        return tidy(named)
    after = _SPACES.sub(" ", "".join(piece for piece in cell.pieces[first:] if isinstance(piece, str)))
    after = _BRACKET.sub("", after.lstrip(" :–—.-,")).strip(" ,.;:–—-")
    if WORD.search(after) and not is_material_label(after):
        return tidy(after)
    return before or next((tidy(link.label) for link in cell.links if WORD.search(link.label)), "")


def is_material_label(label: str) -> bool:
    """Whether a link is only called what it is: "slides", "video 2", an emoji."""
    return bool(_MATERIAL.match(label))


def collect(cell: Cell, lecture: ReadmeLecture, *, after_title: bool) -> None:
    """Take up the links of a cell; a bracket right after a link is a remark on it."""
    for position, piece in enumerate(cell.pieces):
        if not isinstance(piece, Link):
            continue
        following = cell.pieces[position + 1] if position + 1 < len(cell.pieces) else ""
        found = _REMARK.match(following) if isinstance(following, str) else None
        remark = tidy(found.group(1)) if found else None
        if remark and remark not in lecture.remarks:
            lecture.remarks.append(remark)
        plain = piece.label.startswith(("http://", "https://")) or (after_title and tidy(piece.label) == lecture.title)
        named = piece._replace(label="" if plain and piece.target is not Target.OTHER else tidy(piece.label))
        if piece.target is Target.DECK:
            lecture.decks.append(LinkedFile(named, remark))
        elif piece.target is Target.OTHER:
            lecture.links.append(named)
        else:
            lecture.videos.append(LinkedFile(named, remark))


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


def first_inline(tokens: Sequence[Token]) -> Token | None:
    return next((token for token in tokens if token.type == "inline"), None)
