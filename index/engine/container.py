"""Named arrays ↔ one file that is mapped, not read: processes that serve the same shard share its memory.

The format is that of safetensors: a header in JSON, then the arrays. The library's own reader copies; ours does not.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from index.errors import CorruptIndex

Arrays = dict[str, NDArray[Any]]
IsKnown = Callable[[os.stat_result], bool]

_TYPES = {
    "BOOL": np.dtype(np.bool_),
    "U8": np.dtype(np.uint8),
    "I8": np.dtype(np.int8),
    "I16": np.dtype("<i2"),
    "U16": np.dtype("<u2"),
    "I32": np.dtype("<i4"),
    "U32": np.dtype("<u4"),
    "I64": np.dtype("<i8"),
    "U64": np.dtype("<u8"),
    "F32": np.dtype("<f4"),
}


def pack(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """The arrays as one file; equal arrays give equal bytes."""
    return bytes(save({name: np.ascontiguousarray(array) for name, array in arrays.items()}))


def write_packed(file: IO[bytes], arrays: Mapping[str, NDArray[Any]]) -> str:
    """Write what `pack` makes, one array after the other, so that they are not in memory twice; its SHA-256."""
    names = {kind: name for name, kind in _TYPES.items()}
    order = sorted(arrays, key=lambda name: (-arrays[name].dtype.itemsize, name))  # each begins where its type may lie
    header: dict[str, Any] = {}
    end = 0
    for name in order:
        own = arrays[name]
        header[name] = {"dtype": names[own.dtype], "shape": own.shape, "data_offsets": [end, end := end + own.nbytes]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    hashed = hashlib.sha256()
    pieces: list[bytes | memoryview] = [len(text).to_bytes(8, "little"), text]
    for content in (*pieces, *(_bytes_of(arrays[name]) for name in order)):
        hashed.update(content)
        file.write(content)
    return hashed.hexdigest()


def _bytes_of(array: NDArray[Any]) -> memoryview:
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data


def open_packed(path: Path, sha256: str, name: str, is_known: IsKnown = lambda _found: False) -> Arrays:
    """The arrays of a file, as read-only views of its mapped bytes, once their hash was seen to be right. `is_known`
    says of a file that looks so that this is known already.

    CorruptIndex, naming `name`, if the file is missing or its bytes have another SHA-256.
    """
    try:
        with path.open("rb") as file:
            # of the very file that is mapped, opened before: a file system of the network asks its server then
            known = is_known(os.fstat(file.fileno()))
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:  # an empty file cannot be mapped
        raise CorruptIndex(f"{name} cannot be read ({error}); run `lectures reindex`.") from error
    if not known and hashlib.sha256(mapped).hexdigest() != sha256:
        raise CorruptIndex(differs_from_manifest(name))
    try:
        start = 8 + int.from_bytes(mapped[:8], "little")
        header = json.loads(mapped[8:start])
        return {key: _view(mapped, start, entry) for key, entry in header.items() if key != "__metadata__"}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:  # it was not hashed
        raise CorruptIndex(differs_from_manifest(name)) from error


def differs_from_manifest(name: str) -> str:
    """The sentence that says so of a file."""
    return f"{name} differs from its manifest; run `lectures reindex`."


def _view(mapped: mmap.mmap, start: int, entry: Mapping[str, Any]) -> NDArray[Any]:
    kind = _TYPES[entry["dtype"]]
    first, last = entry["data_offsets"]
    flat = np.frombuffer(mapped, kind, (last - first) // kind.itemsize, start + first)
    return flat.reshape(entry["shape"])


class Texts(Sequence[str]):
    """Texts that lie one after the other in an array of bytes, read one at a time."""

    def __init__(self, content: NDArray[np.uint8], starts: NDArray[np.uint64]) -> None:
        """Text i is `content[starts[i]:starts[i + 1]]` in UTF-8."""
        self.content = content
        self.starts = starts
        self._bytes = memoryview(content.data)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return [self[i] for i in range(*place.indices(len(self)))]
        return str(self._bytes[int(self.starts[place]) : int(self.starts[place + 1])], "utf-8")


def pack_texts(name: str, texts: Sequence[str]) -> Arrays:
    """Texts as the arrays `name` and `name.starts`, for `open_texts`."""
    return pack_bytes(name, [text.encode() for text in texts])


def pack_bytes(name: str, pieces: Sequence[bytes]) -> Arrays:
    """The same of texts that are bytes already."""
    lengths = np.array([0, *map(len, pieces)], np.uint64)
    return {name: np.frombuffer(b"".join(pieces), np.uint8), f"{name}.starts": np.cumsum(lengths, dtype=np.uint64)}


def open_texts(arrays: Mapping[str, NDArray[Any]], name: str) -> Texts:
    """What `pack_texts` packed."""
    return Texts(arrays[name], arrays[f"{name}.starts"])
