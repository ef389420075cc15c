"""Objects by key in a place that several machines share: a folder, or an object store by an fsspec URL.

One machine writes at a time (`Library.writer`), all others read. A key, once written, always holds the same bytes, so
that what was fetched never has to be asked for again.
"""

from __future__ import annotations

import logging
import re
import shutil
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from index.errors import StorageError
from index.files import NEW_PREFIX, fsync_folder, replacing

_log = logging.getLogger(__name__)
_WITH_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(//|:)")
_LEFT_OVER_SECONDS = 24 * 3600
_TRIES = 2  # beside those of the drivers
_PAUSE_SECONDS = 0.3
# A store that hangs is as good as away. s3fs tries again by itself, for some two seconds; botocore need not as well.
_S3_OPTIONS = {"config_kwargs": {"connect_timeout": 5, "read_timeout": 15, "retries": {"total_max_attempts": 1}}}

Result = TypeVar("Result")


class DepotAway(StorageError):
    """The shared storage does not answer, or refuses."""


class ObjectMissing(StorageError):
    """There is nothing of this name in the shared storage."""


class Depot(Protocol):
    """Each method raises DepotAway if the place cannot be reached or refuses."""

    @property
    def shown(self) -> str:
        """The address, without what is secret in it."""
        ...

    def size(self, key: str) -> int | None:
        """Bytes of an object; None if there is none."""
        ...

    def names(self, folder: str) -> list[str]:
        """The last parts of the keys that begin with `folder/`, one level deep, sorted."""
        ...

    def read(self, key: str) -> bytes:
        """A small object. ObjectMissing if there is none."""
        ...

    def fetch(self, key: str, target: Path) -> None:
        """Copy an object into a file. ObjectMissing if there is none."""
        ...

    def put(self, key: str, source: Path) -> None:
        """Copy a file into an object: all of it is there afterwards, or nothing that a reader takes for it."""
        ...

    def put_bytes(self, key: str, content: bytes) -> None:
        """The same of a small object."""
        ...

    def remove(self, keys: Iterable[str]) -> None:
        """Delete objects; those that are not there are no error."""
        ...

    def sweep(self) -> None:
        """Delete what writers that were killed left half written, a day later: a walk through all."""
        ...


def open_depot(url: str) -> Depot:
    """The place at this address. StorageError if its kind is not known here, or what it needs is not installed."""
    scheme = _WITH_SCHEME.match(url)
    if scheme is None:
        return _Folder(Path(url).absolute())
    if scheme[2] == ":":
        raise StorageError(
            f"The shared storage {scheme[1]}:… is a chain of places; name one, such as s3://BUCKET/PREFIX."
        )
    if scheme[1].lower() == "file":
        return _Folder(Path(url[len("file://") :]))
    return _Objects(scheme[1].lower() + url[scheme.end(1) :])


class _Folder:
    """A folder that all machines see (NFS, a volume): written by renames, so that no reader sees half a file."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.shown = str(root)

    def size(self, key: str) -> int | None:
        return self._tried(lambda: path.stat().st_size if (path := self._root / key).is_file() else None)

    def names(self, folder: str) -> list[str]:
        self._check_root()
        path = self._root / folder
        return self._tried(
            lambda: sorted(found.name for found in path.iterdir() if found.name[0] != ".") if path.is_dir() else []
        )

    def read(self, key: str) -> bytes:
        return self._tried((self._root / key).read_bytes, key)

    def fetch(self, key: str, target: Path) -> None:
        self._tried(lambda: shutil.copyfile(self._root / key, target), key)

    def put(self, key: str, source: Path) -> None:
        def copied() -> None:
            self._make_folder_of(key)
            with source.open("rb") as original, replacing(self._root / key) as copy:
                shutil.copyfileobj(original, copy)

        self._tried(copied)

    def put_bytes(self, key: str, content: bytes) -> None:
        def written() -> None:
            self._make_folder_of(key)
            with replacing(self._root / key) as copy:
                copy.write(content)

        self._tried(written)

    def remove(self, keys: Iterable[str]) -> None:
        for path in (self._root / key for key in keys):
            self._tried(partial(path.unlink, missing_ok=True))
            with suppress(OSError):  # it holds others still
                path.parent.rmdir()

    def sweep(self) -> None:
        def swept() -> None:
            for path in self._root.rglob(f"{NEW_PREFIX}*"):
                with suppress(FileNotFoundError):  # it was finished this moment
                    if time.time() - path.stat().st_mtime > _LEFT_OVER_SECONDS:
                        path.unlink()

        self._tried(swept)

    def _make_folder_of(self, key: str) -> None:
        """Below a root that is there: what is written where a volume should be would be hidden by it."""
        self._check_root()
        for parent in reversed(Path(key).parents[:-1]):
            folder = self._root / parent
            if not folder.is_dir():
                folder.mkdir(exist_ok=True)
                fsync_folder(folder.parent)

    def _check_root(self) -> None:
        """A volume that is not mounted is no empty one."""
        if not self._root.is_dir():
            raise DepotAway(f"The shared storage {self.shown} is not there.")

    def _tried(self, action: Callable[[], Result], key: str = "") -> Result:
        try:
            return action()
        except FileNotFoundError as error:
            self._check_root()
            raise ObjectMissing(f"The shared storage {self.shown} holds no {key}.") from error
        except OSError as error:
            raise DepotAway(f"The shared storage {self.shown} refused ({error.strerror or error}).") from error


def _remove_object(key: str, system: Any, root: str) -> None:
    system.rm_file(f"{root}/{key}")


class _Objects:
    """An object store through fsspec; its credentials and endpoint come from the environment, where all tools look."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self.shown = re.sub(r"//.*@", "//", self._url)  # a password may hold anything
        try:
            self._system()
        except (ImportError, ValueError) as error:
            raise StorageError(
                f"The shared storage {self.shown} needs a package that is not installed ({error}); for s3:// run: "
                "pip install '.[storage]'."
            ) from error
        except Exception as error:  # a driver that connects at once: what is here is served meanwhile
            _log.warning("The shared storage %s does not answer yet: %s.", self.shown, type(error).__name__)

    def size(self, key: str) -> int | None:
        try:
            found = self._tried(lambda fs, root: fs.info(f"{root}/{key}", refresh=True))
        except ObjectMissing:
            return None
        return int(found["size"]) if found["type"] == "file" else None

    def names(self, folder: str) -> list[str]:
        try:
            found = self._tried(lambda fs, root: fs.ls(f"{root}/{folder}", detail=False, refresh=True))
        except ObjectMissing:
            return []
        return sorted({str(path).rstrip("/").rsplit("/", 1)[-1] for path in found} - {folder.rsplit("/", 1)[-1], ""})

    def read(self, key: str) -> bytes:
        return bytes(self._tried(lambda fs, root: fs.cat_file(f"{root}/{key}")))

    def fetch(self, key: str, target: Path) -> None:
        self._tried(lambda fs, root: fs.get_file(f"{root}/{key}", str(target)))

    def put(self, key: str, source: Path) -> None:
        self._tried(lambda fs, root: fs.put_file(str(source), f"{root}/{key}"))
        self._check_size(key, source.stat().st_size)

    def put_bytes(self, key: str, content: bytes) -> None:
        self._tried(lambda fs, root: fs.pipe_file(f"{root}/{key}", content))
        self._check_size(key, len(content))

    def remove(self, keys: Iterable[str]) -> None:
        for key in keys:
            with suppress(ObjectMissing):
                self._tried(partial(_remove_object, key))

    def sweep(self) -> None:
        """An object is there whole or not at all; parts of uploads are the store's to expire."""

    def _check_size(self, key: str, size: int) -> None:
        if self.size(key) != size:
            raise DepotAway(f"The shared storage {self.shown} does not hold all of {key} that was written.")

    def _system(self) -> tuple[Any, str]:
        """The file system and where we are in it. fsspec keeps one for each process, thread and address."""
        from fsspec.core import url_to_fs  # noqa: PLC0415

        options: dict[str, Any] = _S3_OPTIONS if self._url.startswith(("s3:", "s3a:")) else {}
        system, root = url_to_fs(self._url, use_listings_cache=False, **options)
        return system, str(root).rstrip("/")

    def _tried(self, action: Callable[[Any, str], Result]) -> Result:
        """What an action gives, tried again once: connections break, and stores say that they are busy."""
        for attempt in range(_TRIES):
            try:
                return action(*self._system())
            except FileNotFoundError as error:
                raise ObjectMissing(f"The shared storage {self.shown} holds no {error.args[0]!s:.200}.") from error
            except Exception as error:  # drivers raise what they like
                if attempt == _TRIES - 1 or isinstance(error, PermissionError):
                    said = " ".join(str(error).replace(self._url, self.shown).split())[:200]
                    raise DepotAway(
                        f"The shared storage {self.shown} refused or does not answer ({type(error).__name__}: {said})."
                    ) from error
                _log.info("The shared storage is asked again: %s.", type(error).__name__)
            time.sleep(_PAUSE_SECONDS)
        raise AssertionError("unreachable")
