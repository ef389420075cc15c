"""The table of contents that the builder of a site keeps → blocks, as if it were a list on a page.

Read are the `nav` of MkDocs, the `_toc.yml` of Jupyter Book, the chapters of a Quarto book, the lists of docsify
(`_sidebar.md`), mdBook, GitBook and HonKit (`SUMMARY.md`), which are pages already, and the data from which templates
of Jekyll or Hugo write the list of lectures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from index.addresses import has_scheme
from ingest.catalogue.blocks import Block, BlockKind, Piece
from ingest.catalogue.folder import CourseFolder
from ingest.yaml_data import read_yaml_data

_NAMES = ("_toc.yml", "mkdocs.yml", "mkdocs.yaml", "_sidebar.md", "summary.md", "_quarto.yml", "_quarto.yaml")
_DATA_FOLDERS = ("_data", "data")
_DATA_NAMES = ("lectures", "lecture", "schedule", "syllabus", "weeks", "classes", "sessions", "modules")
# what an entry of such data calls its lecture
_TOPICS = ("title", "topic", "topics", "name", "subject", "week", "lecture", "session")
_ENDINGS = ("", ".md", ".ipynb", ".qmd", ".rmd", ".html", "/index.md")
# what an entry calls the page that it names, its own name, and what stands below it
_PAGES = ("file", "href", "path", "glob", "url")
_TITLES = ("title", "text", "caption", "part", "section", "name")
_BELOW = ("chapters", "sections", "contents", "children", "entries", "parts", "subtrees")
_MAX_PLACES = 3  # parts of the path of a contents file: a course in a repository of many is another course
_MAX_DEPTH = 12


def find_contents(folder: CourseFolder) -> str | None:
    """The contents file nearest to the top of a course."""
    ranked = []
    for path in folder.files:
        parts = PurePosixPath(path.lower()).parts
        if len(parts) <= _MAX_PLACES and parts[-1] in _NAMES:
            ranked.append((0, len(parts), _NAMES.index(parts[-1]), path))
        elif len(parts) <= _MAX_PLACES and _is_data(path):
            ranked.append((1, len(parts), _DATA_NAMES.index(PurePosixPath(parts[-1]).stem), path))
    return min(ranked)[-1] if ranked else None


def _is_data(path: str) -> bool:
    """Whether a file is data of which templates write the list of lectures."""
    parts = PurePosixPath(path.lower()).parts
    named = parts[-1].endswith((".yml", ".yaml")) and PurePosixPath(parts[-1]).stem in _DATA_NAMES
    return named and len(parts) > 1 and parts[-2] in _DATA_FOLDERS


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
    if _is_data(path):
        root.children = list(_lectures(folder, data, 0))
        return root
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


# --- data of templates ---------------------------------------------------------------------------------


def _lectures(folder: CourseFolder, data: Any, depth: int) -> Iterator[Block]:
    """The entries of such data that have a title, in order, each with the links that its other values are."""
    inner = data.values() if isinstance(data, Mapping) else data if isinstance(data, list) else ()
    for entry in inner if depth < _MAX_DEPTH else ():
        title = (
            next((_text(entry[key]) for key in _TOPICS if _text(entry.get(key))), "")
            if isinstance(entry, Mapping)
            else ""
        )
        if not title:
            yield from _lectures(folder, entry, depth + 1)
            continue
        line = [Piece(title, bold=True)]
        for key, value in entry.items():
            line += _links(folder, str(key), value, 0)
        yield Block(BlockKind.ITEM, tuple(line))


def _links(folder: CourseFolder, label: str, value: Any, depth: int) -> list[Piece]:
    """A value as links that are called by their keys: an address, or a place in the course."""
    if isinstance(value, str):
        href = value.strip() if has_scheme(value.strip()) else _found(folder, value.strip())
        return [Piece(" "), Piece(label.replace("_", " "), href)] if href else []
    if depth > _MAX_DEPTH:
        return []
    if isinstance(value, list):
        return [piece for inner in value for piece in _links(folder, label, inner, depth + 1)]
    if not isinstance(value, Mapping):
        return []
    below = [piece for key, inner in value.items() for piece in _links(folder, str(key), inner, depth + 1)]
    return [Piece(f" {label}: "), *below] if below else []  # below "readings" every key is the name of a paper


def _found(folder: CourseFolder, value: str) -> str:
    """The link to what a value names in the course, from its top or from a folder there; else nothing."""
    path = "/".join(part for part in value.split("/") if part not in ("", ".", ".."))
    places = ["", *(f"{inner}/" for inner in folder.below(""))]
    ends = (*_ENDINGS, ".pdf", ".pptx", "/index.html")
    found = (place + path + end for place in places for end in ends if place + path + end in folder.known)
    whole = (place + path for place in places if place + path in folder.folders)
    at = next(found, None) or next(whole, None) if path else None
    return "/" + quote(at) if at else ""


def _href(folder: CourseFolder, base: str, page: str) -> str:
    """A link from the top of the course to a page that is named from the builder's folder, often without its ending."""
    if has_scheme(page):
        return page
    path = "/".join(part for part in f"{base}/{page.partition('#')[0]}".split("/") if part not in ("", "."))
    found = next((path + ending for ending in _ENDINGS if path + ending in folder.known), path)
    return "/" + quote(found)


def _text(value: Any) -> str:
    return value.strip()[:300] if isinstance(value, str) else ""
