"""A .zip → a folder with its files, each name and size checked."""

from __future__ import annotations

import errno
import hashlib
import re
import shutil
import struct
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from index.errors import CourseError
from ingest.web import Report

_MAX_FILES = 20_000
_MAX_FILE_BYTES = 2 << 30
# what the names in an archive, or its bytes, make the system say; anything else is the disk's
_OF_THE_ARCHIVE = frozenset({errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.EINVAL})
# what the standard library raises on a zip whose bytes were changed
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OverflowError,
    ValueError,
)


def unpacked(archive: Path, cache: Path, max_bytes: int, report: Report) -> Path:
    """The folder that holds the archive's files; unpacked once for each content.

    CourseError if the archive is broken, leads out of its folder, or holds more than is taken; what the disk refuses
    is raised as it comes.
    """
    with archive.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    folder = cache / f"zip-{sha256[:20]}"
    if not folder.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=cache))
        try:
            _unpack(archive, temporary, max_bytes, report)
            _put_in_place(temporary, folder)
        except (*_BROKEN, OSError) as error:
            if isinstance(error, OSError) and error.errno not in _OF_THE_ARCHIVE:
                raise
            raise CourseError(f"{archive.name} cannot be unpacked ({error}); make the archive again.") from error
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    inside = [path for path in folder.iterdir() if not path.name.startswith((".", "__MACOSX"))]
    return inside[0] if len(inside) == 1 and inside[0].is_dir() else folder


def _put_in_place(temporary: Path, folder: Path) -> None:
    """Give an unpacked folder its name, unless another order has just unpacked the same."""
    try:
        temporary.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise


def _unpack(archive: Path, folder: Path, max_bytes: int, report: Report) -> None:
    with zipfile.ZipFile(archive) as opened:
        members = [member for member in opened.infolist() if not member.is_dir() and not _is_link(member)]
        if len(members) > _MAX_FILES:
            raise CourseError(f"{archive.name} holds {len(members):,} files; at most {_MAX_FILES:,} are taken.")
        left = max_bytes
        for done, member in enumerate(members, 1):
            target = folder.joinpath(*_safe_parts(member, archive.name))
            target.parent.mkdir(parents=True, exist_ok=True)
            with opened.open(member) as source, target.open("wb") as copy:
                # counted as it comes: an archive may lie about its sizes
                while block := source.read(1 << 20):
                    left -= len(block)
                    if left < 0 or copy.tell() + len(block) > _MAX_FILE_BYTES:
                        raise CourseError(f"{archive.name} unpacks to more than {max_bytes >> 20} MB; split it.")
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
