"""One installation: what is served of it, what is damaged, and what a writer that died left behind."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import CountingEmbedder, ingest, write_pdf

from index.errors import IndexMismatch, IndexUnavailable
from index.library import Library, open_served


def test_nothing_indexed_and_another_embedder_are_said(
    sqlite_library: Library, course_folder: Path, embedder: CountingEmbedder
) -> None:
    with pytest.raises(IndexUnavailable, match="lectures ingest"):
        open_served(sqlite_library, embedder)
    ingest(course_folder, sqlite_library, embedder)
    with pytest.raises(IndexMismatch, match="lectures reindex"):
        open_served(sqlite_library, None)


def test_a_generation_that_was_committed_but_not_pointed_at_is_taken_up(
    sqlite_library: Library, course_folder: Path, embedder: CountingEmbedder
) -> None:
    ingest(course_folder, sqlite_library, embedder)
    write_pdf(course_folder / "one.pdf", ["Dropout\nanother page"])
    ingest(course_folder, sqlite_library, embedder)
    (sqlite_library.index_root / "CURRENT").write_text("1\n")  # as if killed just before the pointer moved
    sqlite_library.recover()
    assert sqlite_library.served_number() == 2
