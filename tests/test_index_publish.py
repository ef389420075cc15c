"""A course that changed → its rows, its shard and a generation: all or nothing, and nothing of other courses."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from support import EXAMPLES, CountingEmbedder, ingest, open_index, write_course, write_pdf

from index.embed.models import load_embedder
from index.engine.manifest import generation_numbers, read_generation, shard_folder
from index.errors import IndexMismatch, NotFound, StorageError
from index.library import Library, find_damage, open_served
from index.publish import check_fits, forget_course, plan_course, publish, reindex
from index.store.passages import read_passages
from index.store.tables import embeddings, generations, lectures, passages
from index.types import Filters, Query


def _count(library: Library, table: sa.Table) -> int:
    with library.database.reading() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def _pages_found(library: Library, embedder: CountingEmbedder, query: str) -> list[tuple[str | None, int | None]]:
    pages = [hit.passage.page for hit in open_index(library, embedder).find(Query(query)).hits()]
    return [(page.deck, page.page_number) if page else (None, None) for page in pages]


def test_a_course_is_found_and_its_gaps_are_reported(
    library: Library, course_folder: Path, embedder: CountingEmbedder
) -> None:
    report = ingest(course_folder, library, embedder)
    assert (report.lectures, report.decks, report.pages, report.videos) == (2, 2, 3, 1)
    assert [(gap["lecture"], gap["code"]) for gap in report.gaps] == [("Attention", "missing_file")]
    assert _pages_found(library, embedder, "gradient")[0] == ("one.pdf", 2)
    assert find_damage(library, embedder) == []


def test_an_unchanged_course_embeds_nothing_and_makes_no_generation(
    library: Library, course_folder: Path, embedder: CountingEmbedder
) -> None:
    first = ingest(course_folder, library, embedder)
    embedder.embedded.clear()
    second = ingest(course_folder, library, embedder)
    assert (second.changed, second.embedded, second.generation) == (False, 0, first.generation)
    assert embedder.embedded == []


def test_only_what_changed_is_embedded_and_ids_stay(
    library: Library, course_folder: Path, embedder: CountingEmbedder
) -> None:
    ingest(course_folder, library, embedder)
    with library.database.reading() as connection:
        before = dict(connection.execute(sa.select(passages.c.id, passages.c.content_hash)).all())
    embedder.embedded.clear()
    write_pdf(
        course_folder / "one.pdf",
        ["Dropout\nrandomly zero activations dropout", "Attention\nattention heads", "Loss\nloss function"],
    )
    ingest(course_folder, library, embedder)
    with library.database.reading() as connection:
        after = dict(connection.execute(sa.select(passages.c.id, passages.c.content_hash)).all())
    assert before.keys() == after.keys()
    assert len(embedder.embedded) == sum(before[key] != after[key] for key in before) == 1
    assert ("one.pdf", 2) not in _pages_found(library, embedder, "gradient descent follow")
    assert _count(library, embeddings) == len(set(after.values()))


def test_a_deck_that_was_removed_is_no_longer_found(
    library: Library, course_folder: Path, embedder: CountingEmbedder
) -> None:
    ingest(course_folder, library, embedder)
    (course_folder / "one.pdf").unlink()
    report = ingest(course_folder, library, embedder)
    assert "missing_file" in [gap["code"] for gap in report.gaps]
    assert [place for place in _pages_found(library, embedder, "gradient") if place[0]] == []


def test_one_bad_deck_is_a_gap_and_the_rest_is_found(
    library: Library, course_folder: Path, embedder: CountingEmbedder
) -> None:
    (course_folder / "missing.pdf").write_bytes(b"not a pdf at all")
    (course_folder / "transcripts" / "abcdefghijk.en.vtt").write_bytes(b"")
    report = ingest(course_folder, library, embedder)
    assert sorted(gap["code"] for gap in report.gaps) == ["empty_file", "not_a_pdf"]
    assert _pages_found(library, embedder, "dropout")[0] == ("one.pdf", 1)


def test_two_generations_are_kept(sqlite_library: Library, course_folder: Path, embedder: CountingEmbedder) -> None:
    for text in ("a", "b", "c", "d"):
        write_pdf(course_folder / "one.pdf", [f"Dropout\n{text}"])
        ingest(course_folder, sqlite_library, embedder)
    assert generation_numbers(sqlite_library.index_root) == [3, 4]
    kept = [read_generation(sqlite_library.index_root, number)[0] for number in (3, 4)]
    names = [manifest.shards[0].name for manifest in kept]
    assert len(set(names)) == 2
    assert sorted(path.name for path in (sqlite_library.index_root / "shards").iterdir()) == sorted(names)


def test_an_ingest_killed_at_any_moment_is_finished_by_the_next(tmp_path: Path) -> None:
    """Ten times kill -9, each a little later; what was served goes on being served, nothing is doubled."""
    environment = {**os.environ, "LECTURES_DATA_DIR": str(tmp_path / "data"), "LECTURES_EMBEDDER": "builtin"}
    command = [sys.executable, "-m", "service.cli", "ingest", str(EXAMPLES), "--course", "demo", "--json"]
    started = time.monotonic()
    subprocess.run([*command[:-1], "--no-transcripts", "--json"], env=environment, check=True, capture_output=True)
    whole = time.monotonic() - started
    library = Library(f"sqlite:///{tmp_path / 'data' / 'lectures.db'}", tmp_path / "data")
    assert library.served_number() == 1
    for moment in range(10):
        child = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(whole * (0.3 + 0.07 * moment))
        child.send_signal(signal.SIGKILL)
        child.communicate()
        generation, degraded = open_served(library, load_embedder("builtin"))
        assert degraded == ()
        assert generation.count in (52, 62)
    subprocess.run(command, env=environment, check=True, capture_output=True)
    generation, _ = open_served(library, load_embedder("builtin"))
    assert generation.count == _count(library, passages) == 62
    assert find_damage(library, load_embedder("builtin")) == []
    library.close()
