"""What the encoder has not read → read and published, with its progress on the screen; where none is set nothing is
done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.console import progress_bar

if TYPE_CHECKING:
    from index.embed.encoder import Encoder
    from index.embed.protocol import Embedder
    from index.library import Library


def encode_rest(library: Library, embedder: Embedder | None, encoder: Encoder | None, *, quiet: bool) -> None:
    """Have the encoder read every course that it has not read; what is published is searched meanwhile."""
    if encoder is None:
        return
    from index.encoding import encode_courses

    with progress_bar(quiet=quiet) as step:
        encode_courses(
            library, embedder, encoder, lambda course, done, total: step(f"encoding {course}", done, total, "")
        )
