"""What a lecturer names (a folder, a .zip, a git or GitHub address) → a local folder with the course."""

from __future__ import annotations

import contextlib
import re
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from index.addresses import is_web_address
from index.errors import CourseError, NotAllowed
from index.files import translated_disk
from ingest.archives import unpacked
from ingest.git import Repository
from ingest.web import Report, WebLimits, check_address, fetch

_TREE = re.compile(r"^(/[^/]+/[^/]+?)(?:\.git)?(?:/(?:-/)?tree/(.+?))?/?$")
_LEFT_OVER_SECONDS = 6 * 3600
HEARING = ".hearing-"  # of the folder of a recording that is listened to
DRAWING = ".drawing-"  # of the folder in which slides are drawn


@dataclass(frozen=True, slots=True)
class Source:
    """A course on this machine: its folder, where it is published, and the name it goes by."""

    folder: Path
    url: str | None
    name: str


@dataclass(frozen=True, slots=True)
class SourceLimits:
    """What fetching a course may cost."""

    bytes: int = 4 << 30
    seconds: float = 1800.0
    private: bool = False

    @property
    def web(self) -> WebLimits:
        return WebLimits(self.bytes, self.seconds, self.private)


def open_source(
    source: str,
    cache: Path,
    limits: SourceLimits,
    report: Report = lambda *_: None,
    held: contextlib.ExitStack | None = None,
) -> Source:
    """The course that `source` names. What is fetched or unpacked is kept below `cache`, and brought up to date when
    it is asked for again. CourseError or FetchError say what is wrong with the source.

    The copy of a repository is this caller's alone until `held` ends; without it, until this returns."""
    with translated_disk(cache), contextlib.ExitStack() as own:
        _sweep(cache)
        if "://" in source:
            return _from_address(source, cache, limits, report, held or own)
        path = Path(source)
        if path.suffix.lower() == ".zip" and path.is_file():
            return Source(unpacked(path, cache, limits.bytes, report), None, path.stem)
        return Source(path, None, path.resolve().name)


def check_allowed(source: str, roots: Sequence[str], data_dir: Path) -> None:
    """NotAllowed unless a source that somebody elsewhere named is an address, or lies below one of these folders.

    Nothing of the installation itself is a course: its originals are those of every course, private ones too.
    """
    if "://" in source:
        if not is_web_address(source):
            raise NotAllowed(
                "Over HTTP courses are taken from https addresses or from folders that the operator named.",
                code="source_not_https",
            )
        if "@" in urlsplit(source).netloc:
            # it would stand in the job's row for everybody who may see jobs, and is never fetched
            raise NotAllowed(
                "A source must not hold a name or password; what needs one is ingested from a folder.",
                code="source_with_password",
            )
        return
    allowed = [Path(root).resolve() for root in roots]
    try:
        place, data = Path(source).resolve(), data_dir.resolve()
    except (OSError, ValueError) as error:
        raise NotAllowed("This source can be no folder; give an address.", code="folder_not_allowed") from error
    if not any(place.is_relative_to(root) for root in allowed):
        raise NotAllowed(
            "This folder is not among those that LECTURES_INGEST_ROOTS names, from which courses may be ordered over "
            "HTTP; give an address, or ask the operator to ingest it.",
            code="folder_not_allowed",
        )
    if place.is_relative_to(data) or data.is_relative_to(place):
        raise NotAllowed(
            "This folder holds the installation's own data, which is no course; give the course's folder.",
            code="folder_of_installation",
        )


def absolute_source(source: str) -> str:
    """A source as every process of this machine finds it: an address as it is, a folder or .zip by its whole path."""
    return source if "://" in source else str(Path(source).resolve())


def check_there(source: str) -> None:
    """CourseError if a source that may be ordered is neither an address nor a folder or .zip that is there."""
    path = Path(source)
    if "://" not in source and not path.is_dir() and not (path.suffix.lower() == ".zip" and path.is_file()):
        raise CourseError(
            f"There is no folder and no .zip at {source!r:.300}; correct the path, or put the course there first.",
            code="no_such_folder",
        )


def _sweep(cache: Path) -> None:
    """Take away what a killed process left half done here; what is younger may be another's that is at work."""
    for path in (path for prefix in (".new-", ".unpacking-", HEARING, DRAWING) for path in cache.glob(f"{prefix}*")):
        with contextlib.suppress(FileNotFoundError):  # another has taken it away
            if time.time() - path.stat().st_mtime > _LEFT_OVER_SECONDS:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def _from_address(url: str, cache: Path, limits: SourceLimits, report: Report, held: contextlib.ExitStack) -> Source:
    check_address(url, limits.web)
    parts = urlsplit(url)
    if parts.path.lower().endswith(".zip"):
        archive = fetch(url, cache, limits.web, lambda done, total: report("fetching", done >> 10, total >> 10, url))
        try:
            return Source(unpacked(archive, cache, limits.bytes, report), None, PurePosixPath(unquote(parts.path)).stem)
        finally:
            archive.unlink(missing_ok=True)
    found = _TREE.match(unquote(parts.path))
    if found is None:
        # any other git server: the whole path is the repository
        repository, inner = url.rstrip("/"), ""
    else:
        repository, inner = f"{parts.scheme}://{parts.netloc}{found.group(1)}", found.group(2) or ""
    git = Repository(repository, cache, limits.web, report)
    ref, subfolder = git.split(inner)
    folder = git.bring(ref, subfolder, held)
    name = PurePosixPath(subfolder or urlsplit(repository).path).name
    return Source(folder, published_at(repository, ref, subfolder), name)


def published_at(repository: str, ref: str, subfolder: str) -> str | None:
    """Where a reader finds the files of a repository; None on servers whose addresses of files are not known."""
    if urlsplit(repository).hostname != "github.com":
        return None
    return f"{repository}/tree/{ref}/{subfolder}" if subfolder else repository
