"""Files, and what starts a reader of them → what is read of each, several at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from queue import Queue
from typing import Protocol, TypeVar

_AT_MOST = 4  # each reader is a process of its own


class _Closing(Protocol):
    def close(self) -> None:
        """End its process."""


File = TypeVar("File")
Own = TypeVar("Own", bound=_Closing)
Read = TypeVar("Read")


@contextmanager
def side_by_side(
    files: Sequence[File], reader: Callable[[], Own], read: Callable[[File, Own], Read]
) -> Iterator[Iterator[Read]]:
    """What is read of each of the files, in their order. Whoever stops in the middle waits for what has begun; nothing
    else is begun any more."""
    workers = min(os.cpu_count() or 1, _AT_MOST, max(1, len(files)))
    readers: Queue[Own] = Queue()
    for _ in range(workers):
        readers.put(reader())

    def read_one(file: File) -> Read:
        own = readers.get()
        try:
            return read(file, own)
        finally:
            readers.put(own)

    pool = ThreadPoolExecutor(workers)
    try:
        yield pool.map(read_one, files)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        while not readers.empty():
            readers.get().close()
