"""Slides and notes that are no PDF (PPTX, Markdown, HTML, notebooks, plain text) → pages, read in a sandbox.

The only module that imports python-pptx. `DocumentReader` is the parent's side; run as a program it is the child's.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from index.errors import SourceFileError
from index.text.fences import fenced, in_fences
from ingest.captions import decode
from ingest.catalogue.markdown import render_markdown, split_front_matter
from ingest.catalogue.sections import read_sections
from ingest.catalogue.templates import without_templates
from ingest.cutting import cut_text
from ingest.pdf import MAX_PAGES
from ingest.sandbox import Limits, Sandbox, serve

# Part of a deck's identity: change it when the same file would give other pages.
DOCUMENTS = "documents-3"
SUFFIXES = frozenset({".pptx", ".md", ".markdown", ".qmd", ".rmd", ".html", ".htm", ".ipynb", ".txt"})

_MAX_PAGE_CHARS = 20_000
_TEXT_PAGE_CHARS = 3_000
_MAX_FILE_BYTES = 64 << 20
_MAX_UNPACKED_BYTES = 1 << 30
_MAX_DEPTH = 20
_RULE = re.compile(r"^---\s*$", re.MULTILINE)
_SPACED_AT_WILL = frozenset({".pptx", ".txt"})
_REMARK_SOURCE = re.compile(r"<textarea[^>]{0,200}id=[\"']?source[\"']?[^>]{0,200}>", re.IGNORECASE)
_PARAGRAPH = re.compile(r"\n[ \t]*\n")


class DocumentPage(NamedTuple):
    """A slide, a section under a heading or a cell; `title` is its heading."""

    title: str
    text: str


class Document(NamedTuple):
    """`slides`: it is shown page by page, not read as prose. `is_cut`: only its first pages are here."""

    title: str
    slides: bool
    pages: tuple[DocumentPage, ...]
    is_cut: bool = False


class DocumentReader:
    """Reads documents in a child process; close it when done."""

    def __init__(self, limits: Limits = Limits()) -> None:  # noqa: B008  (frozen)
        self._sandbox = Sandbox("ingest.documents", limits)

    def read(self, path: Path, suffix: str) -> Document:
        """The pages of a file; SourceFileError if it is not what its suffix says."""
        head, _ = self._sandbox.call({"do": "read", "path": str(path), "suffix": suffix})
        pages = tuple(DocumentPage(*page) for page in head["pages"])
        return Document(head["title"], head["slides"], pages, head["is_cut"])

    def close(self) -> None:
        self._sandbox.close()


# --- the child's side ---------------------------------------------------------------------------------


def _read(path: str, suffix: str) -> tuple[dict[str, Any], bytes]:
    file = Path(path)
    size = file.stat().st_size
    if size == 0:
        raise SourceFileError("The file is empty; export it again.", code="empty_file")
    if size > _MAX_FILE_BYTES and suffix != ".pptx":
        raise SourceFileError(f"It is larger than {_MAX_FILE_BYTES >> 20} MB; split it.", code="too_large")
    if suffix == ".pptx":
        found = _read_pptx(file)
    elif suffix == ".ipynb":
        found = _read_notebook(decode(file.read_bytes()))
    elif suffix in (".html", ".htm"):
        found = _read_page(decode(file.read_bytes()))
    elif suffix == ".txt":
        found = _read_text(decode(file.read_bytes()))
    else:
        found = _read_markdown(decode(file.read_bytes()))
    clean = _unspaced if suffix in _SPACED_AT_WILL else _clean
    pages = [(title[:300], part) for title, text in found.pages for part in cut_text(clean(text), _MAX_PAGE_CHARS)]
    if not any(title or text for title, text in pages):
        raise SourceFileError("There is no text in it; export it again.", code="no_pages")
    head = {"title": found.title[:300], "slides": found.slides, "is_cut": len(pages) > MAX_PAGES}
    return {**head, "pages": pages[:MAX_PAGES]}, b""


def _unspaced(text: str) -> str:
    """The lines that have words, without any spaces but one between two of them."""
    lines = (" ".join(line.split()) for line in text.replace("\0", " ").split("\n"))
    return "\n".join(line for line in lines if line)


def _clean(text: str) -> str:
    """The same for text whose spaces mean something: at the beginning of lines, and in code."""
    lines = text.replace("\0", " ").replace("\r", "").split("\n")
    kept = []
    for line, is_code in zip(lines, in_fences(lines), strict=True):
        start = line[: len(line) - len(line.lstrip(" "))]
        said = line.rstrip() if is_code else start + " ".join(line.split())
        kept += [said] if said.strip() else []
    return "\n".join(kept)


def _read_pptx(file: Path) -> Document:
    from pptx import Presentation  # noqa: PLC0415

    if not zipfile.is_zipfile(file):
        raise SourceFileError(
            "It is named .pptx but is something else; put the real file in its place.", code="not_a_pptx"
        )
    try:
        with zipfile.ZipFile(file) as archive:
            if sum(member.file_size for member in archive.infolist()) > _MAX_UNPACKED_BYTES:
                raise SourceFileError("It unpacks to more than 1 GB; split it.", code="too_large")
        presentation = Presentation(str(file))
        pages = tuple(_slide_page(slide) for slide in presentation.slides)
        title = presentation.core_properties.title or ""
    except (SourceFileError, MemoryError):
        raise
    except Exception as error:  # python-pptx raises whatever a broken file makes it raise
        raise SourceFileError("It is damaged, or no presentation; export it again.", code="damaged") from error
    return Document(pages[0].title if pages and pages[0].title else str(title), True, pages)


def _slide_page(slide: Any) -> DocumentPage:
    head = slide.shapes.title
    title = " ".join(head.text_frame.text.split()) if head is not None and head.has_text_frame else ""
    lines = [
        line for shape in slide.shapes if head is None or shape.shape_id != head.shape_id for line in _texts(shape, 0)
    ]
    if not title and lines:
        title = lines[0] if len(lines[0]) <= 160 else ""
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        lines.append(slide.notes_slide.notes_text_frame.text)
    return DocumentPage(title, "\n".join(lines))


def _texts(shape: Any, depth: int) -> Iterator[str]:
    """The lines of a shape, a table or a group."""
    if depth > _MAX_DEPTH:
        return
    if getattr(shape, "has_text_frame", False) and shape.has_text_frame:
        yield from (line for line in shape.text_frame.text.replace("\v", "\n").split("\n") if line.strip())
    elif getattr(shape, "has_table", False) and shape.has_table:
        for row in shape.table.rows:
            yield " | ".join(cell.text for cell in row.cells)
    else:
        for inner in getattr(shape, "shapes", ()):
            yield from _texts(inner, depth + 1)


def _read_notebook(text: str) -> Document:
    """A page for each cell; cells of code stand under the heading above them."""
    try:
        cells = json.loads(text)["cells"]
        sources = [(cell.get("cell_type"), _joined(cell.get("source"))) for cell in cells]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SourceFileError("It is no Jupyter notebook of version 4; save it again.", code="damaged") from error
    pages: list[DocumentPage] = []
    heading = ""
    for kind, source in sources:
        if kind == "markdown":
            sections = read_sections(render_markdown(source))
            heading = next((title for title, _ in reversed(sections) if title), heading)
            first = next((title for title, _ in sections if title), heading)
            body = "\n".join(line for title, below in sections for line in (title, below) if line and line != first)
            pages.append(DocumentPage(first, body))
        else:
            lines = fenced(source.expandtabs(4).split("\n")) if kind == "code" else [source]
            pages.append(DocumentPage(heading, "\n".join(lines)))
    title = next((page.title for page in pages if page.title), "")
    return Document(title, False, tuple(pages))


def _joined(source: object) -> str:
    return "".join(map(str, source)) if isinstance(source, list) else str(source or "")


def _read_markdown(text: str) -> Document:
    text = text.replace("\r\n", "\n")
    meta, body = split_front_matter(text)
    is_marp = meta.get("marp", "").lower() == "true"
    # front matter is what a builder knows its pages by
    body = without_templates(body, is_built=len(body) < len(text) and not is_marp)
    if is_marp:
        return _slides([part for part in _RULE.split(body) if part.strip()], meta.get("title", ""))
    pages = _pages(read_sections(render_markdown(body)))
    return Document(meta.get("title") or _first_title(pages), False, pages)


def _read_page(text: str) -> Document:
    found = _REMARK_SOURCE.search(text)
    if found:
        source = text[found.end() :].partition("</textarea")[0]
        return _slides(_RULE.split(source), "")
    pages = _pages(read_sections(text))
    return Document(_first_title(pages), "reveal" in text and "<section" in text, pages)


def _slides(sources: Sequence[str], title: str) -> Document:
    pages = []
    for source in sources:
        sections = read_sections(render_markdown(source))
        head = next((heading for heading, _ in sections if heading), "")
        body = "\n".join(line for heading, below in sections for line in (heading, below) if line and line != head)
        pages.append(DocumentPage(head, body))
    return Document(title or _first_title(pages), True, tuple(pages))


def _read_text(text: str) -> Document:
    """Plain text: pages of some paragraphs, so that a place in it can be shown."""
    pages: list[DocumentPage] = []
    current = ""
    for paragraph in (part for whole in _PARAGRAPH.split(text) for part in cut_text(whole, _TEXT_PAGE_CHARS)):
        if current and len(current) + len(paragraph) > _TEXT_PAGE_CHARS:
            pages.append(DocumentPage("", current))
            current = ""
        current = f"{current}\n\n{paragraph}".strip()
    return Document("", False, (*pages, DocumentPage("", current)))


def _pages(sections: Sequence[tuple[str, str]]) -> tuple[DocumentPage, ...]:
    return tuple(DocumentPage(title, text) for title, text in sections)


def _first_title(pages: Sequence[DocumentPage]) -> str:
    return next((page.title for page in pages if page.title), "")


if __name__ == "__main__":
    serve({"read": _read})
