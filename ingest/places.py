"""A path that a course names → the file in its folder, and nowhere else."""

from __future__ import annotations

from pathlib import Path

from index.errors import SourceFileError
from ingest.sound import is_file_path

_LFS = b"version https://git-lfs"


class MissingFile(SourceFileError):
    """A file that the course names and that is not there."""


def find_file(place: str, root: Path, what: str) -> Path:
    """The file at `place` below `root`; MissingFile says why there is none."""
    path = root / place
    if not is_file_path(place):
        raise MissingFile(f"{what} {place!r:.80} cannot be the name of a file; rename it.", code="bad_name")
    if not path.resolve().is_relative_to(root.resolve()):
        raise MissingFile(f"{what} {place} leads out of the course folder; put a copy into it.", code="outside")
    try:
        if not path.is_file():
            raise MissingFile(
                f"{what} {place} is named by the course but is not in its folder; add the file and ingest again.",
                code="missing_file",
            )
        with path.open("rb") as file:
            start = file.read(len(_LFS))
    except OSError as error:
        raise MissingFile(
            f"{what} {place} cannot be read ({error.strerror}); mend that and ingest again.", code="damaged"
        ) from error
    if start == _LFS:
        raise MissingFile(
            f"{what} {place} is only a Git LFS pointer here; fetch the file (git lfs pull) and ingest again.",
            code="lfs_pointer",
        )
    return path
