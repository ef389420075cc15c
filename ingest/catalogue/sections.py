"""HTML → the text of a page under its headings, or of each slide of a reveal.js deck."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from index.text.fences import fenced
from ingest.catalogue.html import BLOCKS, HEADINGS, SILENT, parse_html, tag_of
from ingest.catalogue.written import Line, Stretch, bare, line_of, picture_text

_INDENT = "  "
_TAB = 4
# Sentences that are set as they were typed: words in each line, a sign at the end of one, and none that code has.
_WORDED = re.compile(r"(?<!\S)[\"'(«“]?[^\W\d_]+(?:['’-][^\W\d_]+)*[\"')»”]?[,.;:!?…]*(?!\S)")
_CODE_SIGN = re.compile(r"[{}=<>$#|\\`_@/\[\]*+]|\w\(|\w\.\w|(?<!\S)--?\w|;$")
_WORDS_OF_PROSE, _LEAST_WORDS = 4, 5
_ENDS_OF_PROSE = (".", ",", "!", "?", "…")
_LISTS = frozenset({"ul", "ol", "dl"})


def read_sections(text: str) -> list[tuple[str, str]]:
    """(heading, text below it) of a page, in order; slides of reveal.js are sections of their own.

    Code stands between fences, items of lists keep their numbers and stand two spaces further in than what holds them.
    """
    root = parse_html(text)
    if root is None:
        return []
    slides = [found for found in root.iter("section") if "reveal" in _classes_above(found)]
    if slides:
        leaves = [slide for slide in slides if slide.find("section") is None]
        return [_slide(_lines_of(slide)) for slide in leaves]
    sections: list[tuple[str, list[Line]]] = [("", [])]
    for line in _lines_of(root):
        if line.level:
            sections.append((line.text, []))
        else:
            sections[-1][1].append(line)
    # one in which nothing is worth reading keeps its number
    return [(heading, _text_of(lines)) for heading, lines in sections if heading or lines]


def _text_of(lines: Sequence[Line]) -> str:
    """The lines that say something; nothing where all of them only lead to what stands beside the page."""
    if all(line.leads_beside or line.says_nothing for line in lines):
        return ""
    return "\n".join(line.text for line in lines if not line.says_nothing)


def _classes_above(element: Any) -> set[str]:
    above = [*zip(range(4), element.iterancestors(), strict=False)]
    return {name for _, found in above for name in (found.get("class") or "").split()}


def _slide(lines: Sequence[Line]) -> tuple[str, str]:
    heading = next((line.text for line in lines if line.level), "")
    return heading, "\n".join(line.text for line in lines if not line.level and not line.says_nothing)


def _lines_of(root: Any) -> list[Line]:
    """Each block of a page that holds text itself, in order."""
    writer = _Writer()
    for event, element in _events(root):
        writer.read(event, element, is_root=element is root)
    writer.end()
    return _without_doubles(writer.lines)


def _events(root: Any) -> Iterator[tuple[str, Any]]:
    """Starts and ends of elements in order; scripts and styles are passed over, code is one event."""
    waiting: list[tuple[str, Any]] = [("start", root)]
    while waiting:
        event, element = waiting.pop()
        silent = tag_of(element) in SILENT or not tag_of(element)
        if event == "start" and tag_of(element) == "pre":
            yield "code", element
            yield "end", element
        elif event == "start" and not silent:
            yield event, element
            waiting.append(("end", element))
            waiting.extend(("start", child) for child in reversed(element))
        else:
            yield "end", element


class _Writer:
    """Puts lines together from what is read, element by element."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self._stretches: list[Stretch] = []
        self._level = 0
        self._lists: list[int | None] = []  # of each list that is open the number of its next item, if it has numbers
        self._mark = ""
        self._links: list[str] = []

    def read(self, event: str, element: Any, *, is_root: bool) -> None:
        tag = tag_of(element)
        if tag in BLOCKS or tag in ("br", "textarea"):
            self.end()
            self._level = HEADINGS.get(tag, 0) if event == "start" else 0
        if tag in _LISTS or tag == "li":
            self._list(event, tag, element)
        if tag == "a" and element.get("href") and (event == "start" or self._links):
            self._links.append(element.get("href")) if event == "start" else self._links.pop()
        if event == "code":
            lines = _code_lines(element)
            if _is_prose(element, lines):
                self.lines += [Line(0, line) for line in lines if line]
            else:
                self.lines += [Line(0, line, is_code=True) for line in fenced(lines)]
        elif event == "start" and tag == "img":
            self._say(f" {picture_text(element.get('alt') or '', element.get('src') or '')} ", is_picture=True)
        elif event == "start":
            self._say(element.text)
        elif not is_root:
            self._say(f" {element.tail}" if tag in ("td", "th") and element.tail else element.tail)
            self._say(" " if tag in ("td", "th") else "")

    def end(self) -> None:
        """The line that was begun ends here."""
        depth = max(0, len(self._lists) - 1) if not self._level else 0
        line = line_of(self._level, self._stretches, self._mark if not self._level else "", _INDENT * depth)
        if line is not None:
            self.lines.append(line)
            self._mark = ""
        self._stretches = []

    def _say(self, text: str | None, *, is_picture: bool = False) -> None:
        if text:
            self._stretches.append(Stretch(text, self._links[-1] if self._links else None, is_picture))

    def _list(self, event: str, tag: str, element: Any) -> None:
        if tag == "li" and event == "start":
            number = self._lists[-1] if self._lists else None
            self._mark = "" if number is None else f"{number}. "
            if number is not None:
                self._lists[-1] = number + 1
        elif tag != "li" and event == "start":
            self._lists.append(_first_number(element) if tag == "ol" else None)
        elif tag != "li" and self._lists:
            self._lists.pop()
        elif event == "end":
            self._mark = ""


def _first_number(element: Any) -> int:
    start = element.get("start") or ""
    return int(start) if start.isascii() and start.isdigit() and len(start) < 10 else 1


def _code_lines(element: Any) -> list[str]:
    """The lines of code as far in as they are written, but for what all of them are; none of them are line numbers."""
    for found in element.iter("br"):
        found.tail = "\n" + (found.tail or "")
    lines = [line.rstrip().expandtabs(_TAB) for line in "".join(element.itertext()).replace("\r", "").split("\n")]
    written = [line for line in lines if line]
    if all(line.strip().isdecimal() for line in written):
        return []
    shared = min(len(line) - len(line.lstrip(" ")) for line in written)
    return [line[shared:] for line in written]


def _is_prose(element: Any, lines: Sequence[str]) -> bool:
    """Whether what is set as it was typed is sentences or verse, and nothing calls it code: a poem, a letter, a
    paragraph that is far in."""
    parent = element.getparent()
    if parent is not None and parent.get("class"):
        return False
    if any(found.get("class") or tag_of(found) == "code" for found in element.iter()):
        return False
    written = [line for line in lines if line]
    words = sum(len(_WORDED.findall(line)) for line in written)
    return (
        words >= max(_WORDS_OF_PROSE * len(written), _LEAST_WORDS)
        and any(line.endswith(_ENDS_OF_PROSE) for line in written)
        and not any(_CODE_SIGN.search(line) for line in written)
    )


def _without_doubles(lines: Iterable[Line]) -> list[Line]:
    """The lines without what a picture is called where the line before or after it says the same."""
    found = [*lines]
    said = [bare(line.text) if not line.is_code else "" for line in found]

    def is_double(i: int) -> bool:
        beside = [said[j] for j in (i - 1, i + 1) if 0 <= j < len(found) and not found[j].is_picture]
        return found[i].is_picture and any(said[i] in other for other in beside)

    return [line._replace(says_nothing=line.says_nothing or is_double(i)) for i, line in enumerate(found)]
