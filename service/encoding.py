"""What encoder and language model have not read → read and published, with their progress on the screen; where none is
set nothing is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from service.console import err, progress_bar

if TYPE_CHECKING:
    from index.embed.protocol import Embedder
    from index.encoding import Reader
    from index.library import Library


def read_rest(library: Library, embedder: Embedder | None, readers: Sequence[Reader], *, quiet: bool) -> None:
    """Have every course read that is not read yet; what is published is searched meanwhile. One who cannot go on for a
    while fails nothing: the next ingest or the worker goes on."""
    for reader in readers:
        _read_rest(library, embedder, reader, quiet=quiet)


def _read_rest(library: Library, embedder: Embedder | None, reader: Reader, *, quiet: bool) -> None:
    from index.encoding import publish_all_read
    from index.errors import NotNow
    from service.foreseeing import Foreseeing

    waits = ""
    with progress_bar(quiet=quiet) as step:
        try:
            publish_all_read(
                library, embedder, reader, lambda course, done, total: step(f"{reader.verb} {course}", done, total, "")
            )
        except NotNow as error:
            waits = str(error)
    if isinstance(reader, Foreseeing) and reader.left_out:
        err.print(f"{reader.left_out} replies of the language model were of no use and left out.", markup=False)
    if waits:
        err.print(f"Not all courses were read: {waits}.", markup=False)
