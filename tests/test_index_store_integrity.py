"""Damage of the database: noticed wherever it is, kept out of the index, mended by ingesting the course again."""

from __future__ import annotations

import random
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from support import CountingEmbedder, ingest, open_index, write_course

from index.damage import find_damage
from index.errors import LecturesError, StorageError
from index.library import Library
from index.publish import forget_course, reindex
from index.store.integrity import _BESIDE, _tables, are_as_written, hash_rows
from index.store.passages import read_passages
from index.store.tables import courses, embeddings, metadata
from index.types import Query

_CHECKED = "courses lectures decks pages videos transcripts segments alignments moments passages embeddings".split()

_HASHED = {
    "courses": "id slug title language source source_url links content_hash ingested_at",
    "lectures": "id course_id key position section title programme remarks links alignment_key",
    "decks": "id lecture_id ordinal path kind title remark state problem_code problem source_url sha256 suffix "
    "first_sha256 extractor page_count outline",
    "pages": "deck_id page_number page_label title text ocr mark",
    "videos": "id lecture_id ordinal video host label remark state problem_code problem sha256 first_sha256 "
    "duration_seconds",
    "transcripts": "id video_id language origin sha256 vtt_sha256 parser made_by asked",
    "segments": "transcript_id ordinal start_seconds end_seconds text mark times",
    "alignments": "video_id ordinal deck_id page_number start_seconds end_seconds confidence",
    "moments": "deck_id page_number video_id jump_seconds confidence",
    "passages": "id lecture_id kind ordinal deck_id page_number video_id start_seconds end_seconds title text "
    "content_hash times",
}
_NOT_HASHED = {"courses": "rows_sha256", "lectures": "added_at", "decks": "pictures_sha256"}


def test_every_column_of_a_course_is_hashed_or_known_to_stand_beside() -> None:
    """Hashes that are stored are over these columns, in this order: with another one, whole rows would count as
    damaged. A new column goes to `_BESIDE`, or its migration forgets the hashes (`rows_sha256`) that it outdates.
    """
    found = {table.name: [column.name for column in table.c] for table, _ in _tables("course")}
    hashed = {name: [column for column in columns if column not in _BESIDE] for name, columns in found.items()}
    assert hashed == {name: columns.split() for name, columns in _HASHED.items()}
    beside = {name: " ".join(column for column in columns if column in _BESIDE) for name, columns in found.items()}
    assert {name: columns for name, columns in beside.items() if columns} == _NOT_HASHED


@pytest.fixture
def folders(tmp_path: Path, sqlite_library: Library, embedder: CountingEmbedder, course_folder: Path) -> list[Path]:
    """Two courses, one of them with speech."""
    other = write_course(tmp_path / "other", "Other", ["Attention\nattention heads", "Loss\nanother loss"])
    for folder in (course_folder, other):
        ingest(folder, sqlite_library, embedder)
    return [course_folder, other]


def _file(library: Library) -> Path:
    """The database in one file, nothing of it in a journal."""
    library.close()
    path = Path(str(library.database.url.database))
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path


def _contents(path: Path) -> dict[str, list[Any]] | None:
    """All rows that are checked, read past every index; None if SQLite cannot."""
    connection = sqlite3.connect(path)
    connection.text_factory = bytes
    try:
        return {name: connection.execute(f"SELECT * FROM {name} NOT INDEXED").fetchall() for name in _CHECKED}  # noqa: S608
    except sqlite3.DatabaseError:
        return None
    finally:
        connection.close()


def _top(library: Library, embedder: CountingEmbedder) -> list[tuple[str, float]]:
    return [(hit.passage.id, hit.score) for hit in open_index(library, embedder).find(Query("loss gradient")).hits(10)]


@pytest.mark.sqlite  # PostgreSQL checks its own files
@pytest.mark.usefixtures("folders")
def test_a_changed_byte_anywhere_is_noticed_or_changes_nothing_and_no_error_is_untyped(
    sqlite_library: Library, embedder: CountingEmbedder
) -> None:
    path = _file(sqlite_library)
    whole = path.read_bytes()
    before, top = _contents(path), _top(sqlite_library, embedder)
    noticed = 0
    places = random.Random(7).sample(range(len(whole)), 40)
    for place in [*places, 20, 40, 101]:
        sqlite_library.close()
        content = bytearray(whole)
        content[place] ^= 1 << (place % 7)
        path.write_bytes(content)
        damage = find_damage(sqlite_library, embedder)
        noticed += bool(damage)
        assert damage or _contents(path) == before, place
        assert not any("sqlalche.me" in sentence or "Background" in sentence for sentence in damage)
        sqlite_library.close()
        path.write_bytes(content)
        with suppress(LecturesError):  # said with an error of ours, or nothing else is found than before
            reindex(sqlite_library, embedder)
            assert _top(sqlite_library, embedder) == top, place
    assert noticed > 5


def _break(library: Library, statement: str) -> None:
    with library.database.writing() as connection:
        connection.exec_driver_sql(statement)


_DAMAGE = {
    "the text of a page": "UPDATE pages SET text = replace(text, 'gradient', 'gradjent')",
    "the text of a passage": "UPDATE passages SET text = replace(text, 'gradient', 'gradjent')",
    "what is said": "UPDATE segments SET text = replace(text, 'momentum', 'momentun')",
    "bytes that are no text": "UPDATE passages SET title = CAST(x'ff' AS TEXT) WHERE page_number = 1",
    "the title of a lecture": "UPDATE lectures SET title = 'Trainjng' WHERE title = 'Training'",
    "no JSON": "UPDATE lectures SET links = '[[' WHERE title = 'Training'",
    "no kind": "UPDATE passages SET kind = 'pagf' WHERE page_number = 2",
    "no time": "UPDATE courses SET ingested_at = 'yesterday' WHERE slug = 'course'",
    "text for a number": "UPDATE segments SET start_seconds = 'soon'",
    "a row that is gone": "DELETE FROM passages WHERE page_number = 1",
    "a page of another deck": "UPDATE pages SET page_number = 9 WHERE page_number = 3",
}
# PostgreSQL takes nothing into a column that is not of its type
_OF_SQLITE = ("bytes that are no text", "no JSON", "no time", "text for a number")


def _cases(*names: str) -> list[Any]:
    return [pytest.param(name, marks=[pytest.mark.sqlite] * (name in _OF_SQLITE)) for name in names]


@pytest.mark.parametrize("damage", _cases(*_DAMAGE))
def test_damaged_rows_are_kept_out_of_the_index_and_written_anew_by_ingesting_again(
    sqlite_library: Library, embedder: CountingEmbedder, folders: list[Path], damage: str
) -> None:
    top = _top(sqlite_library, embedder)
    with sqlite_library.database.reading() as connection:
        ids = connection.execute(sa.text("SELECT id, title FROM lectures ORDER BY id")).all()
    _break(sqlite_library, _DAMAGE[damage])
    said = [sentence for sentence in find_damage(sqlite_library, embedder) if "rows" in sentence]
    assert any("course course" in sentence and "ingest it again" in sentence for sentence in said), said
    with pytest.raises(StorageError, match="rows of course course are not those that were written"):
        reindex(sqlite_library, embedder)
    assert _top(sqlite_library, embedder) == top
    assert ingest(folders[0], sqlite_library, embedder).changed
    ingest(folders[1], sqlite_library, embedder)
    assert find_damage(sqlite_library, embedder) == []
    assert _top(sqlite_library, embedder) == top
    with sqlite_library.database.reading() as connection:
        assert connection.execute(sa.text("SELECT id, title FROM lectures ORDER BY id")).all() == ids


@pytest.mark.parametrize("damage", _cases("bytes that are no text", "no JSON", "a row that is gone"))
@pytest.mark.usefixtures("folders")
def test_a_course_whose_rows_are_damaged_can_be_removed(
    sqlite_library: Library, embedder: CountingEmbedder, damage: str
) -> None:
    _break(sqlite_library, _DAMAGE[damage])
    if damage == "bytes that are no text":
        _break(sqlite_library, "UPDATE passages SET content_hash = CAST(x'ff' AS TEXT) WHERE kind = 'segment'")
    for slug in ("course", "other"):
        forget_course(sqlite_library, embedder, slug)
    assert find_damage(sqlite_library, embedder) == []
    assert open_index(sqlite_library, embedder).find(Query("loss")).total == 0


def test_a_course_whose_rows_and_shard_are_damaged_is_left_out_until_it_is_ingested_again(
    sqlite_library: Library, embedder: CountingEmbedder, folders: list[Path]
) -> None:
    top = _top(sqlite_library, embedder)
    with sqlite_library.database.writing() as connection:
        connection.execute(sa.text("UPDATE pages SET text = 'other'"))
        connection.execute(sa.text("UPDATE passages SET text = 'other' WHERE page_number = 1"))
    for shard in (sqlite_library.index_root / "shards").glob("*/shard.safetensors"):
        shard.write_bytes(b"")
    with pytest.raises(StorageError, match=r"course course .*course other"):
        reindex(sqlite_library, embedder)
    for folder in folders:
        ingest(folder, sqlite_library, embedder)
    assert find_damage(sqlite_library, embedder) == []
    assert _top(sqlite_library, embedder) == top


@pytest.mark.usefixtures("folders")
def test_damaged_vectors_are_named_and_made_anew(sqlite_library: Library, embedder: CountingEmbedder) -> None:
    top = _top(sqlite_library, embedder)
    embedder.embedded.clear()
    with sqlite_library.database.writing() as connection:
        one = connection.scalar(sa.select(sa.func.min(embeddings.c.content_hash)))
        connection.execute(sa.update(embeddings).where(embeddings.c.content_hash == one).values(vectors=b"\0"))
    assert find_damage(sqlite_library, embedder) == [
        "The vectors of 1 passages are damaged; `lectures reindex` makes them anew."
    ]
    reindex(sqlite_library, embedder)
    assert find_damage(sqlite_library, embedder) == []
    assert _top(sqlite_library, embedder) == top
    assert 1 <= len(embedder.embedded) <= 2  # the passage and its title


@pytest.mark.usefixtures("folders")
def test_what_is_served_is_compared_with_the_rows(sqlite_library: Library, embedder: CountingEmbedder) -> None:
    with sqlite_library.database.writing() as connection:
        connection.execute(sa.text("UPDATE passages SET text = 'other' WHERE page_number = 1"))
        connection.execute(sa.update(courses).values(rows_sha256=None))  # as if written before there was a hash
    assert find_damage(sqlite_library, embedder) == [
        f"What is served of course {slug} is not what its rows say; run `lectures reindex`."
        for slug in ("course", "other")
    ]
    reindex(sqlite_library, embedder)
    assert find_damage(sqlite_library, embedder) == []


def test_equal_rows_have_the_same_hash_in_every_database(
    library: Library, sqlite_library: Library, course_folder: Path, embedder: CountingEmbedder
) -> None:
    ingest(course_folder, sqlite_library, embedder)
    rows = {}
    with sqlite_library.database.reading() as connection:
        for table in metadata.sorted_tables:
            rows[table] = [dict(row._mapping) for row in connection.execute(sa.select(table))]
    if library.database.url != sqlite_library.database.url:
        with library.database.writing() as connection:
            for table, values in rows.items():
                if values and table.name != "last_ids":
                    connection.execute(sa.insert(table), values)
    with library.database.reading() as connection, sqlite_library.database.reading() as other:
        assert are_as_written(connection, "course")
        assert hash_rows(connection, "course") == hash_rows(other, "course")
        assert len(list(read_passages(connection, "course"))) == 6
