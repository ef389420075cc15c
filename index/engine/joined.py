"""What is put together over the shards of a generation ↔ one file that all processes map.

Whoever opens a generation first makes it, and the others wait for that one; whoever cannot write goes without. Its name
tells of which shards it is made, and the SHA-256 of its bytes. An installation of a few courses has none: there it
takes longer to write than to make.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.engine.container import Arrays, open_packed, write_packed
from index.engine.directory import Directory
from index.engine.manifest import JOINED, GenerationManifest
from index.engine.shard import Shard
from index.engine.verified import IsKnownFile
from index.engine.vocabulary import Vocabulary
from index.errors import CorruptIndex, StorageError
from index.files import file_lock, fsync_folder, make_folder, temporary_file

_log = logging.getLogger(__name__)
# Below, putting it together takes a tenth of a second and some 15 MB (docs/performance.md).
LEAST_PASSAGES = 50_000
_MAKING = ".making-"  # only who holds the lock has such a file
_NAME = re.compile(r"[0-9a-f]{32}-([0-9a-f]{64})\.safetensors")


@dataclass(frozen=True, slots=True)
class Joined:
    """The arrays of `join`, mapped, and the words as they are searched; where the file lies below the folder of the
    index, and its SHA-256."""

    arrays: Arrays
    words: Vocabulary
    path: str
    sha256: str


def join(shards: Sequence[Shard]) -> Arrays:
    """Columns by row, directories of terms and glossaries, and the words of all shards."""
    words = Vocabulary.of([shard.words for shard in shards])
    return {**columns_of(shards), **glossary_directory(shards).arrays("glossary"), **words.arrays()}


def columns_of(shards: Sequence[Shard]) -> Arrays:
    """The columns of shards by row, and the directory of their terms with what is known of each."""
    starts = np.cumsum([0, *(len(shard.passages) for shard in shards)])
    previous = _rows([shard.previous for shard in shards], starts)
    following = np.full(int(starts[-1]), -1, np.int32)
    following[previous[previous >= 0]] = np.flatnonzero(previous >= 0)
    terms = Directory.of([shard.postings.hashes for shard in shards])
    return {
        "kinds": _joined([shard.passages.kinds for shard in shards], np.uint8),
        "lectures": _joined([shard.passages.lectures for shard in shards], np.int64),
        "notes": _joined([shard.passages.notes for shard in shards], np.bool_),
        "outline": _joined([shard.outline for shard in shards], np.bool_),
        "title_terms": _joined([shard.postings.title_terms for shard in shards], np.uint16),
        "previous": previous,
        "twin": _rows([shard.twin for shard in shards], starts),
        "next": following,
        **terms.arrays("terms"),
        "terms.held": terms.aligned([np.diff(shard.postings.offsets) for shard in shards], np.uint32),
        "terms.said": terms.aligned([shard.postings.said for shard in shards], np.uint32),
        "terms.first": terms.aligned([shard.postings.offsets[:-1] for shard in shards], np.uint32),
    }


def glossary_directory(shards: Sequence[Shard]) -> Directory:
    """Which shards write a term side by side with another."""
    return Directory.of([shard.terms.hashes for shard in shards])


def open_joined(
    root: Path, manifest: GenerationManifest, shards: Sequence[Shard], is_known: IsKnownFile
) -> Joined | None:
    """What is put together over all shards of a generation, made if it is not there; None where it is small, or cannot
    be written."""
    if len(shards) < max(2, len(manifest.shards)) or manifest.passages < LEAST_PASSAGES:
        return None
    folder = root / JOINED
    try:
        found = _opened(folder, manifest, is_known)
        if found is not None:
            return found
        make_folder(folder)
        with file_lock(folder / "making.lock"):
            found = _opened(folder, manifest, is_known)  # by whom was waited for
            if found is None:
                _make(folder, manifest, shards)
                found = _opened(folder, manifest, is_known)
        return found
    except (OSError, StorageError) as error:
        _log.warning("What is put together over all courses is kept by each process in its own memory: %s", error)
        return None


def _make(folder: Path, manifest: GenerationManifest, shards: Sequence[Shard]) -> None:
    for left_over in folder.glob(f"{_MAKING}*"):
        left_over.unlink(missing_ok=True)
    with temporary_file(folder, _MAKING) as (file, path):
        sha256 = write_packed(file, join(shards))
        file.flush()
        os.fsync(file.fileno())
        path.replace(folder / f"{manifest.joined}-{sha256}.safetensors")
    fsync_folder(folder)


def _opened(folder: Path, manifest: GenerationManifest, is_known: IsKnownFile) -> Joined | None:
    """The file that is there, if its bytes are right; what is damaged is removed."""
    for path in sorted(folder.glob(f"{manifest.joined}-*")):
        named = _NAME.fullmatch(path.name)
        below = f"{JOINED}/{path.name}"
        if named is None:
            continue
        sha256 = named[1]
        try:
            arrays = open_packed(path, sha256, str(path), partial(is_known, below, sha256))
            if len(arrays["kinds"]) != manifest.passages:
                raise CorruptIndex("It is of other shards.")
            return Joined(arrays, Vocabulary.from_arrays(arrays), below, sha256)
        except (CorruptIndex, KeyError, ValueError):
            with suppress(OSError):
                path.unlink()
    return None


def _joined(columns: Sequence[NDArray[Any]], kind: type[np.generic]) -> NDArray[Any]:
    return columns[0] if len(columns) == 1 else np.concatenate([*columns, np.zeros(0, kind)])


def _rows(columns: Sequence[NDArray[np.int32]], starts: NDArray[np.int64]) -> NDArray[np.int32]:
    """A column of passage numbers as rows; -1 stays."""
    joined = _joined(columns, np.int32)
    shift = np.repeat(starts[:-1], np.diff(starts)).astype(np.int32)
    return np.where(joined >= 0, joined + shift, joined)
