"""A course's folder → what is in it, and what a link in one of its pages points at."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import takewhile
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from ingest.links import VIDEO_TYPES, is_playlist, repository_place, youtube_id
from ingest.sound import is_file_path

_MAX_FILES = 50_000
_MAX_BAD_NAMES = 100
_MAX_PLACES = 8  # folders of a site above a course
_NO_COURSE = frozenset({"node_modules", "__pycache__", "__MACOSX", "venv", "site-packages"})
DECKS = frozenset({".pdf", ".pptx"})
PAGES = frozenset({".md", ".markdown", ".html", ".htm", ".qmd", ".rmd"})
# sites that hold slides or videos and nothing else; whoever has an account may publish there
_SLIDE_SITES = (
    "slideshare.net", "speakerdeck.com", "slides.com", "prezi.com", "docs.google.com/presentation", "overleaf.com/read",
)  # fmt: skip
_VIDEO_SITES = (
    "vimeo.com", "rutube.ru", "vk.com/video", "vkvideo.ru", "dailymotion.com/video", "lektorium.tv", "twitch.tv/videos",
    "bilibili.com/video", "panopto.", "zoom.us/rec", "loom.com/share",
)  # fmt: skip
_FILE_SITES = (
    "drive.google.com/file", "drive.google.com/open", "drive.google.com/uc", "disk.yandex", "yadi.sk", "dropbox.com/s",
    "1drv.ms", "onedrive.live.com", "cloud.mail.ru/public",
)  # fmt: skip
_PAPER_SITES = (
    "arxiv.org", "aclweb.org", "aclanthology", "openreview.net", "proceedings.", "papers.nips", "papers.neurips",
    "jmlr.org", "openaccess.thecvf", "ieee.org", "acm.org", "springer", "nature.com", "sciencedirect", "doi.org",
    "semanticscholar", "researchgate", "citeseer", "biorxiv.org", "ncbi.nlm", "jstor.org", "wiley.com", "aaai.org",
)  # fmt: skip


_SHOWN_AT = tuple(
    f"https://{host}/github/"
    for host in ("nbviewer.org", "nbviewer.jupyter.org", "nbviewer.ipython.org", "colab.research.google.com")
)
# sites that are made of a repository's own files
_REPOSITORY_SITES = (".github.io", ".gitlab.io", ".pages.dev", ".readthedocs.io")


class Target(StrEnum):
    DECK = "deck"  # a file of slides or notes
    YOUTUBE = "youtube"
    VIDEO = "video"  # a recording beside the course or on another site
    PAGE = "page"
    NOTEBOOK = "notebook"
    TEXT = "text"
    FOLDER = "folder"
    SITE_FILE = "site_file"  # a file on a site that does not say what it is
    PLAYLIST = "playlist"
    PAPER = "paper"
    ANCHOR = "anchor"
    OTHER = "other"


class Place(NamedTuple):
    """What a link points at: `place` is a path in the course where `local`, a YouTube id, or an address."""

    target: Target
    place: str
    local: bool = False
    known: bool = False  # named by its address alone as slides or a video


@dataclass(slots=True)
class CourseFolder:
    """Files of a course by their paths; hidden folders, links and what programs install are no course."""

    root: Path
    files: list[str] = field(default_factory=list)
    folders: dict[str, list[str]] = field(default_factory=dict)
    inner: dict[str, list[str]] = field(default_factory=dict)
    known: frozenset[str] = frozenset()
    tails: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def published(self, path: str) -> str | None:
        """The page whose place on the course's own site this may be: its last parts are those of one file's path."""
        parts = _parts(path)
        found = self.tails.get((parts[-2], parts[-1]), []) if len(parts) > 1 else []
        ranked = sorted(((_common(parts, _parts(page)), page) for page in found), reverse=True)
        if not ranked or (len(ranked) > 1 and ranked[0][0] == ranked[1][0]):
            return None
        return ranked[0][1]

    def below(self, folder: str) -> list[str]:
        """The folders in a folder, in order."""
        return self.inner.get(folder, [])

    def readme(self, folder: str) -> str | None:
        """The page that speaks for a folder."""
        pages = {PurePosixPath(path).name.lower(): path for path in self.folders.get(folder, ())}
        names = ("readme.md", "readme.markdown", "index.md", "readme.html", "index.html", "_index.md")
        return next((pages[name] for name in names if name in pages), None)


def _walk(root: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    """`os.walk` through what is material of the course: no hidden folders, no links, nothing that programs install."""
    for place, names, found in os.walk(root):
        names[:] = sorted(name for name in names if not name.startswith(".") and name not in _NO_COURSE)
        names[:] = [name for name in names if not _is_elsewhere(f"{place}/{name}")]
        yield place, names, [name for name in found if not _leads_out(root, f"{place}/{name}")]


def _is_elsewhere(folder: str) -> bool:
    """Whether a folder is a link, or the data of an installation that was put beside the course."""
    return os.path.islink(folder) or os.path.exists(f"{folder}/writer.lock")  # noqa: PTH110, PTH114  (os.walk's text)


def _leads_out(root: Path, file: str) -> bool:
    return os.path.islink(file) and not Path(file).resolve().is_relative_to(root.resolve())  # noqa: PTH114


def files_named(root: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """What lies in a course and ends so, in order."""
    ends = tuple(suffix.lower() for suffix in suffixes)
    found = (Path(place, name) for place, _, names in _walk(root) for name in names if name.lower().endswith(ends))
    return sorted(path for path in found if is_file_path(path.relative_to(root).as_posix()))


def unreadable_names(root: Path) -> list[str]:
    """Files and folders of a course that are left out because their names are no text, as far as they can be shown."""
    bad = [name for _, names, found in _walk(root) for name in [*names, *found] if not is_file_path(name)]
    return [os.fsencode(name).decode("utf-8", "replace") for name in sorted(bad)[:_MAX_BAD_NAMES]]


def open_folder(root: Path) -> CourseFolder:
    files: list[str] = []
    folders: dict[str, list[str]] = {}
    inner: dict[str, list[str]] = {}
    for place, names, found in _walk(root):
        names[:] = [name for name in names if is_file_path(name)]
        relative = os.path.relpath(place, root).replace(os.sep, "/")
        relative = "" if relative == "." else relative
        folders[relative] = []
        inner[relative] = [f"{relative}/{name}" if relative else name for name in names]
        for name in sorted(found):
            if name.startswith(".") or not is_file_path(name) or len(files) >= _MAX_FILES:
                continue
            path = f"{relative}/{name}" if relative else name
            files.append(path)
            folders[relative].append(path)
    files.sort()
    course = CourseFolder(root, files, folders, inner, frozenset(files))
    for path in files:
        parts = _parts(path)
        if PurePosixPath(path).suffix.lower() in PAGES and len(parts) > 1 and not path.lower().endswith("readme.md"):
            course.tails.setdefault((parts[-2], parts[-1]), []).append(path)
    return course


def _parts(path: str) -> tuple[str, ...]:
    """The parts of a path without the ending of its page; a folder's index stands for the folder."""
    parts = [part for part in unquote(path).casefold().split("/") if part]
    if parts:
        parts[-1] = PurePosixPath(parts[-1]).stem if PurePosixPath(parts[-1]).suffix in PAGES else parts[-1]
    return tuple(parts[:-1] if parts[-1:] == ["index"] else parts)


def _common(first: Sequence[str], second: Sequence[str]) -> int:
    """How many parts two paths share at their ends."""
    return sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(reversed(first), reversed(second), strict=False))
    )


def locate(folder: CourseFolder, page: str, href: str) -> Place:
    """What a link on a page (its path in the course) points at."""
    href = href.strip()
    if "{{" in href or "{%" in href:  # what a site's builder puts there is not known
        return Place(Target.ANCHOR, href)
    if href.startswith("//"):  # an address in the scheme of its page
        href = f"https:{href}"
    try:
        parts = urlsplit(href)
        host = (parts.hostname or "").lower()
    except ValueError:
        return Place(Target.OTHER, href)
    if href.startswith("#") or (not parts.path and not parts.netloc and not parts.query):
        return Place(Target.ANCHOR, href)
    found = youtube_id(href)
    if found:
        return Place(Target.YOUTUBE, found, known=True)
    if parts.scheme in ("http", "https"):
        return _elsewhere(folder, href, f"{host}{parts.path}".removeprefix("www."), parts.query)
    if parts.scheme:
        return Place(Target.OTHER, href)
    path = _joined(page, unquote(parts.path))
    return _here(folder, _below_base(folder, path) if parts.path.startswith("/") else path, href)


def _below_base(folder: CourseFolder, path: str | None) -> str | None:
    """A path from the top of a site; where nothing lies there, it may begin with the place of the course itself."""
    if path is None or _lies(folder, path):
        return path
    parts = path.split("/")
    # deeper in the site than one folder, the name of a file alone says too little
    tails = ["/".join(parts[1:]), *("/".join(parts[at:]) for at in range(2, len(parts) - 1))]
    return next((tail for tail in tails[:_MAX_PLACES] if tail and _lies(folder, tail)), path)


def _lies(folder: CourseFolder, path: str) -> bool:
    return path in folder.folders or path in folder.known or any(page in folder.known for page in _pages_of(path))


def _pages_of(path: str) -> tuple[str, ...]:
    """The files that a site may show at a place: its address has no ending, or that of what is made of them."""
    stem, dot, ending = path.rpartition(".")
    if dot and ending.lower() in ("html", "htm"):
        return (f"{stem}.md", f"{stem}.qmd", f"{stem}.ipynb")
    return (f"{path}.md", f"{path}.html", f"{path}/index.md")


def _joined(page: str, path: str) -> str | None:
    """The path in the course, or None if it leads out of it; a path from the root may be from the site's."""
    pieces: list[str] = [] if path.startswith("/") else list(PurePosixPath(page).parent.parts)
    for piece in path.split("/"):
        if piece in ("", "."):
            continue
        if piece == "..":
            if not pieces:
                return None
            pieces.pop()
        else:
            pieces.append(piece)
    return "/".join(pieces)


def _here(folder: CourseFolder, path: str | None, href: str) -> Place:
    if path is None:
        return Place(Target.OTHER, href)
    if path in folder.folders:
        return Place(Target.FOLDER, path, local=True)
    suffix = PurePosixPath(path).suffix.lower()
    if suffix in DECKS:
        return Place(Target.DECK, path, local=True)
    if suffix in VIDEO_TYPES:
        return Place(Target.VIDEO, path, local=True, known=True)
    if path not in folder.known:
        path = next((page for page in _pages_of(path) if page in folder.known), path)
        suffix = PurePosixPath(path).suffix.lower()
    if path not in folder.known:
        return Place(Target.OTHER, href)
    if suffix in PAGES:
        return Place(Target.PAGE, path, local=True)
    if suffix == ".ipynb":
        return Place(Target.NOTEBOOK, path, local=True)
    if suffix == ".txt":
        return Place(Target.TEXT, path, local=True)
    return Place(Target.OTHER, href, local=True)


def host_of(place: str) -> str:
    """The host of an address that is written without its scheme."""
    return place.partition("/")[0]


def _on_own_pages(folder: CourseFolder, host: str, path: str) -> str | None:
    """The file of the course that stands at an address of a site made from a repository, which is named before it."""
    if not host.endswith(_REPOSITORY_SITES):
        return None
    parts = [part for part in unquote(path).split("/") if part]
    return next((place for place in ("/".join(parts), "/".join(parts[1:])) if place in folder.known), None)


def _elsewhere(folder: CourseFolder, href: str, place: str, query: str) -> Place:
    # sites that show the notebooks of a repository name it in their own address
    shown = next((href.replace(site, "https://github.com/", 1) for site in _SHOWN_AT if href.startswith(site)), href)
    found = repository_place(shown)
    if found is not None:
        here = _here(folder, found.path, href)
        if here.local and (here.place in folder.known or here.place in folder.folders):
            return here
        if PurePosixPath(found.path).suffix.lower() in DECKS and shown == href:
            return Place(Target.DECK, found.raw)
        return Place(Target.NOTEBOOK if found.path.endswith(".ipynb") else Target.OTHER, href)
    lower = place.lower()
    if is_playlist(href) or ("youtube.com/" in lower and "list" in parse_qs(query)):
        return Place(Target.PLAYLIST, href)
    suffix = PurePosixPath(unquote(lower)).suffix
    if any(site in lower for site in _PAPER_SITES):
        return Place(Target.PAPER, href)
    if any(site in lower for site in _SLIDE_SITES):
        return Place(Target.DECK, href, known=True)
    if any(site in lower for site in _VIDEO_SITES) or suffix in VIDEO_TYPES:
        return Place(Target.VIDEO, href, known=True)
    if any(site in lower for site in _FILE_SITES):
        return Place(Target.SITE_FILE, href)
    if suffix in DECKS or suffix == ".ppt":
        own = _on_own_pages(folder, host_of(lower), urlsplit(href).path)
        return Place(Target.DECK, own, local=True) if own else Place(Target.DECK, href)
    page = folder.published(urlsplit(href).path)
    if page is not None:
        return Place(Target.PAGE, page, local=True)
    if suffix in (".html", ".htm") and any(part in ("slides", "presentations") for part in lower.split("/")[1:-1]):
        return Place(Target.DECK, href, known=True)
    if suffix == ".ipynb" or "colab.research.google.com" in lower or "nbviewer" in lower:
        return Place(Target.NOTEBOOK, href)
    return Place(Target.OTHER, href)
