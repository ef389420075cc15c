"""HTML → the text of a page under its headings, or of each slide of a reveal.js deck."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ingest.catalogue.html import BLOCKS, HEADINGS, SILENT, parse_html, tag_of


def read_sections(text: str) -> list[tuple[str, str]]:
    """(heading, text below it) of a page, in order; slides of reveal.js are sections of their own."""
    root = parse_html(text)
    if root is None:
        return []
    slides = [found for found in root.iter("section") if "reveal" in _classes_above(found)]
    if slides:
        leaves = [slide for slide in slides if slide.find("section") is None]
        return [_slide(_lines_of(slide)) for slide in leaves]
    sections: list[tuple[str, list[str]]] = [("", [])]
    for level, line in _lines_of(root):
        if level:
            sections.append((line, []))
        else:
            sections[-1][1].append(line)
    return [(heading, "\n".join(lines)) for heading, lines in sections if heading or lines]


def _classes_above(element: Any) -> set[str]:
    above = [*zip(range(4), element.iterancestors(), strict=False)]
    return {name for _, found in above for name in (found.get("class") or "").split()}


def _slide(lines: list[tuple[int, str]]) -> tuple[str, str]:
    heading = next((line for level, line in lines if level), "")
    return heading, "\n".join(line for level, line in lines if not level)


def _lines_of(root: Any) -> list[tuple[int, str]]:
    """(level of a heading or 0, text) of each block of a page that holds text itself."""
    lines: list[tuple[int, str]] = []
    current: list[str] = []
    level = 0

    def end(next_level: int) -> None:
        nonlocal level
        line = " ".join("".join(current).split())
        if line:
            lines.append((level, line))
        current.clear()
        level = next_level

    for event, element in _events(root):
        tag = tag_of(element)
        if tag in BLOCKS or tag in ("br", "textarea"):
            end(HEADINGS.get(tag, 0) if event == "start" else 0)
        if event == "start":
            current.append((element.text or "") if tag != "img" else f" {element.get('alt') or ''} ")
        elif element is not root:
            current.append(f" {element.tail}" if tag in ("td", "th") and element.tail else element.tail or "")
            current.append(" " if tag in ("td", "th") else "")
    end(0)
    return lines


def _events(root: Any) -> Iterator[tuple[str, Any]]:
    """Starts and ends of elements in order; scripts and styles are passed over."""
    waiting: list[tuple[str, Any]] = [("start", root)]
    while waiting:
        event, element = waiting.pop()
        silent = tag_of(element) in SILENT or not tag_of(element)
        if event == "start" and not silent:
            yield event, element
            waiting.append(("end", element))
            waiting.extend(("start", child) for child in reversed(element))
        else:
            yield "end", element
