"""The table of contents that the builder of a site keeps → blocks, as if it were a list on a page.

Read are the `nav` of MkDocs, the `_toc.yml` of Jupyter Book, the chapters of a Quarto book, and the lists of docsify
(`_sidebar.md`), mdBook, GitBook and HonKit (`SUMMARY.md`), which are pages already.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from index.addresses import has_scheme
from ingest.catalogue.blocks import Block, BlockKind, Piece
from ingest.catalogue.folder import CourseFolder
from ingest.yaml_data import read_yaml_data

_NAMES = ("_toc.yml", "mkdocs.yml", "mkdocs.yaml", "_sidebar.md", "summary.md", "_quarto.yml", "_quarto.yaml")
_ENDINGS = ("", ".md", ".ipynb", ".qmd", ".rmd", ".html", "/index.md")
# what an entry calls the page that it names, its own name, and what stands below it
_PAGES = ("file", "href", "path", "glob", "url")
_TITLES = ("title", "text", "caption", "part", "section", "name")
_BELOW = ("chapters", "sections", "contents", "children", "entries", "parts", "subtrees")
_MAX_PLACES = 3  # parts of the path of a contents file: a course in a repository of many is another course
_MAX_DEPTH = 12


def find_contents(folder: CourseFolder) -> str | None:
    """The contents file nearest to the top of a course."""
    found = [
        path
        for path in folder.files
        if PurePosixPath(path).name.lower() in _NAMES and len(PurePosixPath(path).parts) <= _MAX_PLACES
    ]
    return min(found, key=lambda path: (path.count("/"), _NAMES.index(PurePosixPath(path).name.lower())), default=None)


def is_settings(path: str) -> bool:
    """Whether a contents file is settings of a builder, no page."""
    return path.lower().endswith((".yml", ".yaml"))


def read_contents(folder: CourseFolder, path: str) -> Block:
    """The blocks that a builder's settings come to; SourceFileError if they cannot be read."""
    data = read_yaml_data(Path(folder.root / path), any_tags=True)
    base = str(PurePosixPath(path).parent).removeprefix(".")
    name = PurePosixPath(path).name.lower()
    root = Block(BlockKind.ROOT)
    if not isinstance(data, (Mapping, list)):
        return root
    entries: Any = data
    if name.startswith("mkdocs") and isinstance(data, Mapping):
        root.meta["title"] = _text(data.get("site_name"))
        base = f"{base}/{_text(data.get('docs_dir')) or 'docs'}".strip("/")
        entries = data.get("nav")
    elif name.startswith("_quarto"):
        book = data.get("book") if isinstance(data, Mapping) else None
        root.meta["title"] = _text(book.get("title")) if isinstance(book, Mapping) else ""
        entries = book.get("chapters") if isinstance(book, Mapping) else None
    elif isinstance(data, Mapping):
        entries = next((data[key] for key in _BELOW if key in data), None)
    root.children = _items(folder, base, entries, 0)
    return root


def _items(folder: CourseFolder, base: str, entries: Any, depth: int) -> list[Block]:
    if not isinstance(entries, list) or depth > _MAX_DEPTH:
        return []
    return [item for entry in entries if (item := _item(folder, base, entry, depth)) is not None]


def _item(folder: CourseFolder, base: str, entry: Any, depth: int) -> Block | None:
    """An entry as an item: a page by its path, `{title: path}`, `{title: [entries]}`, or keys that say what is what."""
    if isinstance(entry, str):
        return Block(BlockKind.ITEM, (Piece("", _href(folder, base, entry)),))
    if not isinstance(entry, Mapping):
        return None
    title = next((_text(entry[key]) for key in _TITLES if isinstance(entry.get(key), str)), "")
    page = next((_text(entry[key]) for key in _PAGES if isinstance(entry.get(key), str)), "")
    below = next((entry[key] for key in _BELOW if isinstance(entry.get(key), list)), None)
    if not page and below is None and len(entry) == 1:
        title, value = next(iter(entry.items()))
        page, below = (value, None) if isinstance(value, str) else ("", value)
    href = _href(folder, base, page) if page else ""
    if title and not href and below is not None and PurePosixPath(title).suffix:  # a part may be named by its page
        title, href = "", _href(folder, base, title)
    line = (Piece(title, href),) if title or href else ()
    return Block(BlockKind.ITEM, line, _items(folder, base, below, depth + 1))


def _href(folder: CourseFolder, base: str, page: str) -> str:
    """A link from the top of the course to a page that is named from the builder's folder, often without its ending."""
    if has_scheme(page):
        return page
    path = "/".join(part for part in f"{base}/{page.partition('#')[0]}".split("/") if part not in ("", "."))
    found = next((path + ending for ending in _ENDINGS if path + ending in folder.known), path)
    return "/" + quote(found)


def _text(value: Any) -> str:
    return value.strip()[:300] if isinstance(value, str) else ""
