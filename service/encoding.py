"""What encoder and language model have not read → read and published, with their progress on the screen; where none is
set nothing is done."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from service.console import counted, err, progress_bar

if TYPE_CHECKING:
    from index.embed.protocol import Embedder
    from index.encoding import Reader
    from index.library import Library

_NAMED = 5  # courses that wait for the same reason


def read_rest(
    library: Library,
    embedder: Embedder | None,
    readers: Sequence[Reader],
    *,
    quiet: bool,
    only: Collection[str] | None = None,
) -> None:
    """Have every course (or only some) read that is not read yet; what is published is searched meanwhile. One that
    cannot be read for now fails nothing: the next ingest or the worker goes on. How many others are left is said."""
    for reader in readers:
        _read_rest(library, embedder, reader, only, quiet=quiet)


def _read_rest(
    library: Library, embedder: Embedder | None, reader: Reader, only: Collection[str] | None, *, quiet: bool
) -> None:
    from index.encoding import publish_all_read, reason_of
    from service.foreseeing import Foreseeing

    waiting: dict[str, list[str]] = {}
    with progress_bar(quiet=quiet) as step:
        found = publish_all_read(
            library,
            embedder,
            reader,
            lambda course, done, total: step(f"{reader.verb} {course}", done, total, ""),
            only,
        )
    for course, error in found.waiting.items():
        waiting.setdefault(reason_of(error), []).append(course)
    if isinstance(reader, Foreseeing) and reader.left_out:
        err.print(f"{reader.left_out} replies of the language model were of no use and left out.", markup=False)
    if found.refused:
        err.print(
            f"{counted(found.refused, 'passage')} cannot be read by {reader.fingerprint}; `lectures status` says why.",
            markup=False,
        )
    for reason, courses in waiting.items():
        err.print(f"Not read yet: {_named(courses)} ({reason.rstrip('.')}).", markup=False)
    if found.left:
        err.print(
            f"{counted(found.left, 'other course')} not read by {reader.fingerprint} yet; `lectures worker --once` has "
            "it done.",
            markup=False,
        )


def _named(courses: Sequence[str]) -> str:
    more = len(courses) - _NAMED
    return ", ".join(courses[:_NAMED]) + (f" and {more} more" if more > 0 else "")
