"""Durability: rows and generations in step, damage noticed, on SQLite and PostgreSQL."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory
from support import EXAMPLES, CountingEmbedder, ingest, write_pdf

from index.engine.generation import folder_of, generation_numbers
from index.errors import CorruptIndex, IndexMismatch, IndexUnavailable, StorageError
from index.library import Library, find_damage, open_served, reindex
from index.search.search import SearchIndex
from index.store.jobs import MAX_ATTEMPTS, add_job, claim_job, count_jobs, finish_job, read_job
from index.store.tables import SCHEMA_REVISION, embeddings, jobs, metadata, passages
from index.types import JobState


def _count(library: Library, table: sa.Table) -> int:
    with library.database.reading() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def _pages_found(library: Library, embedder: CountingEmbedder, query: str) -> list[tuple[str | None, int | None]]:
    index = SearchIndex(open_served(library, embedder)[0], embedder)
    pages = [hit.passage.page for hit in index.search(query).hits]
    return [(page.deck, page.page_number) if page else (None, None) for page in pages]


def test_the_migrations_make_the_tables(library: Library) -> None:
    assert library.database.revision() == SCHEMA_REVISION
    with library.database.reading() as connection:
        found = set(sa.inspect(connection).get_table_names())
    assert found == {*metadata.tables, "alembic_version"}


def test_the_newest_migration_is_the_one_that_the_program_expects() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parents[1] / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == SCHEMA_REVISION


def test_a_newer_schema_is_refused(library: Library) -> None:
    with library.database.writing() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StorageError, match="newer"):
        library.database.migrate()


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


@pytest.mark.parametrize(
    "name", ["passages.db", "lexical.safetensors", "vectors.faiss", "suggest.json", "manifest.json"]
)
def test_damage_is_noticed_and_the_older_generation_serves(
    sqlite_library: Library, course_folder: Path, embedder: CountingEmbedder, name: str
) -> None:
    ingest(course_folder, sqlite_library, embedder)
    write_pdf(course_folder / "one.pdf", ["Dropout\nanother page"])
    number = ingest(course_folder, sqlite_library, embedder).generation
    assert number == 2
    path = folder_of(sqlite_library.index_root, number) / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    if name == "manifest.json" and find_damage(sqlite_library, embedder) == []:
        pytest.fail("a changed manifest was not noticed")
    if name != "manifest.json":
        generation, degraded = open_served(sqlite_library, embedder)
        assert (generation.manifest.number, len(degraded)) == (1, 1)
        assert name in degraded[0]
    assert find_damage(sqlite_library, embedder)
    reindex(sqlite_library, embedder)
    assert find_damage(sqlite_library, embedder) == []


def test_a_single_damaged_generation_is_refused(
    sqlite_library: Library, course_folder: Path, embedder: CountingEmbedder
) -> None:
    number = ingest(course_folder, sqlite_library, embedder).generation or 0
    (folder_of(sqlite_library.index_root, number) / "vectors.faiss").write_bytes(b"")
    with pytest.raises(CorruptIndex, match=r"vectors\.faiss"):
        open_served(sqlite_library, embedder)


def test_nothing_indexed_and_another_embedder_are_said(
    sqlite_library: Library, course_folder: Path, embedder: CountingEmbedder
) -> None:
    with pytest.raises(IndexUnavailable, match="lectures ingest"):
        open_served(sqlite_library, embedder)
    ingest(course_folder, sqlite_library, embedder)
    with pytest.raises(IndexMismatch, match="lectures reindex"):
        open_served(sqlite_library, None)


def test_two_generations_are_kept(sqlite_library: Library, course_folder: Path, embedder: CountingEmbedder) -> None:
    for text in ("a", "b", "c", "d"):
        write_pdf(course_folder / "one.pdf", [f"Dropout\n{text}"])
        ingest(course_folder, sqlite_library, embedder)
    assert generation_numbers(sqlite_library.index_root) == [3, 4]


def test_a_generation_that_was_committed_but_not_pointed_at_is_taken_up(
    sqlite_library: Library, course_folder: Path, embedder: CountingEmbedder
) -> None:
    ingest(course_folder, sqlite_library, embedder)
    write_pdf(course_folder / "one.pdf", ["Dropout\nanother page"])
    ingest(course_folder, sqlite_library, embedder)
    (sqlite_library.index_root / "CURRENT").write_text("1\n")  # as if killed just before the pointer moved
    sqlite_library.recover()
    assert sqlite_library.served_number() == 2


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
        from index.embed.models import load_embedder  # noqa: PLC0415

        generation, degraded = open_served(library, load_embedder("builtin"))
        assert degraded == ()
        assert generation.manifest.passages in (52, 62)
    subprocess.run(command, env=environment, check=True, capture_output=True)
    generation, _ = open_served(library, load_embedder("builtin"))
    assert generation.manifest.passages == _count(library, passages) == 62
    assert find_damage(library, load_embedder("builtin")) == []
    library.close()


def test_a_job_is_claimed_once_and_finished(library: Library) -> None:
    with library.database.writing() as connection:
        job_id = add_job(connection, "course", {"linked_only": True})
    with library.database.writing() as connection:
        job = claim_job(connection)
        assert job is not None
        assert (job.id, job.options, job.attempt) == (job_id, {"linked_only": True}, 1)
        assert claim_job(connection) is None
    with library.database.writing() as connection:
        finish_job(connection, job, JobState.DONE, report={"pages": 3})
        assert (read_job(connection, job_id).state, read_job(connection, job_id).report) == ("done", {"pages": 3})


def test_a_job_whose_worker_died_is_taken_again_but_not_for_ever(library: Library) -> None:
    with library.database.writing() as connection:
        job_id = add_job(connection, "course", {})
    for attempt in range(1, MAX_ATTEMPTS + 1):
        with library.database.writing() as connection:
            job = claim_job(connection)
            assert job is not None
            assert job.attempt == attempt
            connection.execute(sa.update(jobs).values(leased_until=0.0))
    with library.database.writing() as connection:
        assert claim_job(connection) is None
        assert "died 3 times" in (read_job(connection, job_id).problem or "")
        assert count_jobs(connection) == {"quarantined": 1}
