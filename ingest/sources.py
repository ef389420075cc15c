"""What a lecturer names (a folder, a .zip, a git or GitHub address) → a local folder with the course."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from index.addresses import is_web_address
from index.errors import CourseError, NotAllowed
from index.files import translated_disk
from ingest.web import Limits, check_address, fetch, final_address

_TREE = re.compile(r"^(/[^/]+/[^/]+?)(?:\.git)?(?:/(?:-/)?tree/(.+?))?/?$")
_PERCENT = re.compile(r"(\w[\w ]+):\s+(\d{1,3})%")
_MAX_FILES = 20_000
_MAX_FILE_BYTES = 2 << 30
_LOOK_SECONDS = 0.2
_LEFT_OVER_SECONDS = 6 * 3600

# (step, done, total, what)
Report = Callable[[str, int, int, str], None]


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
    def web(self) -> Limits:
        return Limits(self.bytes, self.seconds, self.private)


def open_source(source: str, cache: Path, limits: SourceLimits, report: Report = lambda *_: None) -> Source:
    """The course that `source` names. What is fetched or unpacked is kept below `cache`, and brought up to date when
    it is asked for again. CourseError or FetchError say what is wrong with the source."""
    with translated_disk(cache):
        _sweep(cache)
        if "://" in source:
            return _from_address(source, cache, limits, report)
        path = Path(source)
        if path.suffix.lower() == ".zip" and path.is_file():
            return Source(_unpacked(path, cache, limits, report), None, path.stem)
        return Source(path, None, path.resolve().name)


def check_allowed(source: str, roots: Sequence[str], data_dir: Path) -> None:
    """NotAllowed unless a source that somebody elsewhere named is an address, or lies below one of these folders.

    Nothing of the installation itself is a course: its originals are those of every course, private ones too.
    """
    if "://" in source:
        if not is_web_address(source):
            raise NotAllowed(
                "Over HTTP courses are taken from https addresses or from folders that the operator named."
            )
        if "@" in urlsplit(source).netloc:
            # it would stand in the job's row for everybody who may see jobs, and is never fetched
            raise NotAllowed("A source must not hold a name or password; what needs one is ingested from a folder.")
        return
    allowed = [Path(root).resolve() for root in roots]
    try:
        place, data = Path(source).resolve(), data_dir.resolve()
    except (OSError, ValueError) as error:
        raise NotAllowed("This source can be no folder; give an address.") from error
    if not any(place.is_relative_to(root) for root in allowed):
        raise NotAllowed(
            "This folder is not among those that LECTURES_INGEST_ROOTS names, from which courses may be ordered over "
            "HTTP; give an address, or ask the operator to ingest it."
        )
    if place.is_relative_to(data) or data.is_relative_to(place):
        raise NotAllowed("This folder holds the installation's own data, which is no course; give the course's folder.")


def _sweep(cache: Path) -> None:
    """Take away what a killed fetch or unpacking left; what is younger may be another's that is at work."""
    for path in [*cache.glob(".new-*"), *cache.glob(".unpacking-*")]:
        with contextlib.suppress(FileNotFoundError):  # another has taken it away
            if time.time() - path.stat().st_mtime > _LEFT_OVER_SECONDS:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def _from_address(url: str, cache: Path, limits: SourceLimits, report: Report) -> Source:
    check_address(url, limits.web)
    parts = urlsplit(url)
    if parts.path.lower().endswith(".zip"):
        archive = fetch(url, cache, limits.web, lambda done, total: report("fetching", done >> 10, total >> 10, url))
        try:
            return Source(_unpacked(archive, cache, limits, report), None, PurePosixPath(unquote(parts.path)).stem)
        finally:
            archive.unlink(missing_ok=True)
    found = _TREE.match(unquote(parts.path))
    if found is None:
        # any other git server: the whole path is the repository
        repository, inner = url.rstrip("/"), ""
    else:
        repository, inner = f"{parts.scheme}://{parts.netloc}{found.group(1)}", found.group(2) or ""
    git = _Git(repository, cache, limits, report)
    ref, subfolder = git.split(inner)
    folder = git.bring(ref, subfolder)
    name = PurePosixPath(subfolder or urlsplit(repository).path).name
    return Source(folder, published_at(repository, ref, subfolder), name)


def published_at(repository: str, ref: str, subfolder: str) -> str | None:
    """Where a reader finds the files of a repository; None on servers whose addresses of files are not known."""
    if urlsplit(repository).hostname != "github.com":
        return None
    return f"{repository}/tree/{ref}/{subfolder}" if subfolder else repository


# --- git -------------------------------------------------------------------------------------------------


class _Git:
    """A shallow copy of one repository in the cache, made and renewed by the git command with all its freedoms off."""

    def __init__(self, repository: str, cache: Path, limits: SourceLimits, report: Report) -> None:
        self._limits, self._report = limits, report
        self._deadline = time.monotonic() + limits.seconds
        self._shown = repository
        probe = f"{repository}/info/refs?service=git-upload-pack"
        address = final_address(probe, limits.web)
        self._url = address.split("/info/refs?")[0]
        host, ip = check_address(self._url, limits.web)
        port = urlsplit(self._url).port or (80 if self._url.startswith("http:") else 443)
        self._folder = cache / f"git-{hashlib.sha256(repository.encode()).hexdigest()[:20]}"
        self._options = {
            "http.followRedirects": "false",
            "http.curloptResolve": f"{host}:{port}:[{ip}]" if ":" in ip else f"{host}:{port}:{ip}",
            "protocol.allow": "never",
            "protocol.https.allow": "always",
            "protocol.http.allow": "always" if limits.private else "never",
            "core.hooksPath": os.devnull,
            "core.symlinks": "false",
            "core.fsmonitor": "false",
            "core.protectNTFS": "true",
            "advice.detachedHead": "false",
        }

    def split(self, inner: str) -> tuple[str, str]:
        """`branch/sub/folder` as (branch, sub/folder). Branches may have slashes in their names: the server knows."""
        if not inner:
            return "HEAD", ""
        listed = self._run("ls-remote", "--heads", "--tags", "--", self._url)
        names = {line.split("\t")[1].split("/", 2)[2] for line in listed.splitlines() if line.count("/") > 1}
        pieces = inner.split("/")
        for count in range(len(pieces), 0, -1):
            if "/".join(pieces[:count]) in names:
                return "/".join(pieces[:count]), "/".join(pieces[count:])
        raise CourseError(f"{self._shown} has no branch {pieces[0]!r:.100}; copy the address from the browser again.")

    def bring(self, ref: str, subfolder: str) -> Path:
        """The folder with this branch as it is now. A copy that was cut off is taken up where it is."""
        if not (self._folder / ".git").is_dir():
            self._folder.mkdir(parents=True, exist_ok=True)
            self._run("init", "--quiet", str(self._folder))
        for lock in (self._folder / ".git").glob("*.lock"):  # left by a git that was killed; ours is the only one
            lock.unlink(missing_ok=True)
        self._run("-C", str(self._folder), "fetch", "--depth=1", "--no-tags", "--progress", "--", self._url, ref)
        self._run("-C", str(self._folder), "checkout", "--force", "--detach", "FETCH_HEAD")
        self._run("-C", str(self._folder), "clean", "-ffdxq")
        folder = self._folder / subfolder
        if not folder.is_dir() or not folder.resolve().is_relative_to(self._folder.resolve()):
            raise CourseError(f"{self._shown} has no folder {subfolder!r:.200} in its branch {ref:.100}.")
        return folder

    def _run(self, *arguments: str) -> str:
        options = [part for name, value in self._options.items() for part in ("-c", f"{name}={value}")]
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(self._folder),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "true",
            "LANG": "C.UTF-8",
        }
        try:
            child = subprocess.Popen(
                ["git", *options, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                env=environment,
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise CourseError("git is not installed here; install it, or give a folder or a .zip.") from error
        problem: list[str] = []
        said: list[str] = []
        with child:
            helpers = [
                threading.Thread(target=self._watch, args=(child, problem), daemon=True),
                threading.Thread(target=self._listen, args=(child, said), daemon=True),
            ]
            for helper in helpers:
                helper.start()
            output = child.stdout.read(32 << 20) if child.stdout else ""
            code = child.wait()
            for helper in helpers:
                helper.join()
        if problem:
            raise CourseError(problem[0])
        if code:
            reason = next((line for line in reversed(said) if line.startswith(("fatal:", "error:"))), "git failed")
            raise CourseError(f"{self._shown} cannot be copied: {reason[:300]}")
        return output

    def _listen(self, child: subprocess.Popen[str], said: list[str]) -> None:
        line = ""
        while child.stderr and (character := child.stderr.read(1)):
            if character not in "\r\n":
                line += character
                continue
            found = _PERCENT.match(line.removeprefix("remote: "))
            if found:
                self._report(found.group(1).lower(), int(found.group(2)), 100, self._shown)
            elif line:
                said.append(line)
                del said[:-50]
            line = ""

    def _watch(self, child: subprocess.Popen[str], problem: list[str]) -> None:
        """Stop a copy that takes too long or grows too large."""
        while child.poll() is None:
            if time.monotonic() > self._deadline:
                problem.append(f"{self._shown} did not arrive within {self._limits.seconds:.0f} s; ingest again.")
            elif self._folder.is_dir() and _size(self._folder) > self._limits.bytes:
                problem.append(
                    f"{self._shown} is larger than {self._limits.bytes >> 20} MB; ingest a folder with less of it."
                )
            if problem:
                with contextlib.suppress(ProcessLookupError):  # it ended a moment ago
                    os.killpg(child.pid, signal.SIGKILL)  # what it started too: that holds the connection and our pipes
                return
            time.sleep(_LOOK_SECONDS)


def _size(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(f"{place}/{name}").st_size
            except OSError:  # git renames its files as it goes
                continue
    return total


# --- archives --------------------------------------------------------------------------------------------


def _unpacked(archive: Path, cache: Path, limits: SourceLimits, report: Report) -> Path:
    """The folder that holds the archive's files; unpacked once for each content."""
    with archive.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    folder = cache / f"zip-{sha256[:20]}"
    if not folder.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=cache))
        try:
            _unpack(archive, temporary, limits, report)
            temporary.rename(folder)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, OSError) as error:
            raise CourseError(f"{archive.name} cannot be unpacked ({error}); make the archive again.") from error
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    inside = [path for path in folder.iterdir() if not path.name.startswith((".", "__MACOSX"))]
    return inside[0] if len(inside) == 1 and inside[0].is_dir() else folder


def _unpack(archive: Path, folder: Path, limits: SourceLimits, report: Report) -> None:
    with zipfile.ZipFile(archive) as opened:
        members = [member for member in opened.infolist() if not member.is_dir() and not _is_link(member)]
        if len(members) > _MAX_FILES:
            raise CourseError(f"{archive.name} holds {len(members):,} files; at most {_MAX_FILES:,} are taken.")
        left = limits.bytes
        for done, member in enumerate(members, 1):
            target = folder.joinpath(*_safe_parts(member, archive.name))
            target.parent.mkdir(parents=True, exist_ok=True)
            with opened.open(member) as source, target.open("wb") as copy:
                # counted as it comes: an archive may lie about its sizes
                while block := source.read(1 << 20):
                    left -= len(block)
                    if left < 0 or copy.tell() + len(block) > _MAX_FILE_BYTES:
                        raise CourseError(f"{archive.name} unpacks to more than {limits.bytes >> 20} MB; split it.")
                    copy.write(block)
            report("unpacking", done, len(members), member.filename)


def _safe_parts(member: zipfile.ZipInfo, archive: str) -> tuple[str, ...]:
    """The path inside the folder; CourseError if it leads out of it."""
    name = member.filename
    if not member.flag_bits & 0x800:  # not declared as UTF-8: Russian Windows packs in code page 866
        raw = name.encode("cp437", errors="replace")
        try:
            name = raw.decode("utf-8")
        except UnicodeDecodeError:
            name = raw.decode("cp866", errors="replace")
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or not path.parts or "\x00" in name or re.match(r"^[A-Za-z]:", name):
        raise CourseError(f"{archive} holds {name!r:.100}, a path that leads out of it; make the archive again.")
    return path.parts


def _is_link(member: zipfile.ZipInfo) -> bool:
    return (member.external_attr >> 16) & 0o170000 == 0o120000
