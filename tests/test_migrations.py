"""Migrations with real data, forwards and back: what both schemas hold stays, what one cannot hold is refused."""

from __future__ import annotations

from argparse import Namespace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from support import CountingEmbedder, ingest, open_index

from index.damage import find_damage
from index.library import Library
from index.publish import reindex
from index.store.embeddings import add_embeddings, missing_embeddings
from index.store.jobs import add_job
from index.store.keys import create_key
from index.store.readers import add_refusals
from index.store.tables import SCHEMA_REVISION, metadata
from index.types import AccessScope, Query

_MIGRATIONS = Path(__file__).parents[1] / "migrations"


def _config(*, lose: bool = False) -> Config:
    config = Config(cmd_opts=Namespace(x=["lose=yes"] if lose else None))
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config


def _steps() -> list[str]:
    """All revisions, newest first."""
    return [script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()]


def _go(library: Library, revision: str, *, lose: bool = False) -> None:
    config = _config(lose=lose)
    go = command.upgrade if revision == "head" else command.downgrade
    with library.database.migrating() as connection:
        config.attributes["connection"] = connection
        go(config, revision)


def _contents(library: Library) -> dict[str, dict[str, list[Any]]]:
    """By table and column all values, in an order of their own."""
    found: dict[str, dict[str, list[Any]]] = {}
    with library.database.reading() as connection:
        inspector = sa.inspect(connection)
        for table in inspector.get_table_names():
            columns: list[sa.ColumnClause[Any]] = [sa.column(column["name"]) for column in inspector.get_columns(table)]
            rows = connection.execute(sa.select(*columns).select_from(sa.table(table))).all()
            found[table] = {column.name: sorted(str(row[i]) for row in rows) for i, column in enumerate(columns)}
    return found


def _kept(before: dict[str, dict[str, list[Any]]], after: dict[str, dict[str, list[Any]]]) -> None:
    for table in before.keys() & after.keys() - {"alembic_version"}:
        for column in before[table].keys() & after[table].keys():
            assert before[table][column] == after[table][column], (table, column)


@pytest.fixture
def full(library: Library, course_folder: Path, embedder: CountingEmbedder) -> Library:
    """An installation with a course of slides and aligned speech, times of words, a job and a key."""
    (course_folder / "transcripts" / "abcdefghijk.en.vtt").write_text(
        "WEBVTT\n\n00:00:01.000 --> 00:00:40.000\nDropout randomly<00:00:09.000> sets activations to zero.\n\n"
        "00:00:40.000 --> 00:01:30.000\nGradient descent follows the gradient of the loss.\n",
        "utf-8",
    )
    ingest(course_folder, library, embedder)
    with library.database.writing() as connection:
        add_job(connection, "somewhere", {"course": "course"})
        create_key(connection, "teacher", [AccessScope.SEARCH], None, None)
        connection.execute(sa.text("UPDATE decks SET first_sha256 = 'another' WHERE path = 'one.pdf'"))
    return library


def test_each_step_back_is_refused_where_it_would_lose_something_and_else_loses_nothing(full: Library) -> None:
    lossy = {"0001", "0002", "0003", "0004"}
    for revision in _steps()[1:]:
        before = _contents(full)
        if revision in lossy:
            with pytest.raises(CommandError, match=f"Schema {revision} has no place .*lose=yes downgrade {revision}`"):
                _go(full, revision)
            assert _contents(full) == before
        _go(full, revision, lose=revision in lossy)
        after = _contents(full)
        _kept(before, after)
        assert full.database.revision() == revision
        counted = [len(after[name]["id"]) for name in ("courses", "lectures", "decks", "videos", "passages")]
        assert counted == [1, 2, 2, 1, 6]


def test_what_went_back_and_forth_is_served_as_before(full: Library, embedder: CountingEmbedder) -> None:
    def top() -> list[tuple[str, float]]:
        return [(hit.passage.id, hit.score) for hit in open_index(full, embedder).find(Query("gradient")).hits()]

    found, before = top(), _contents(full)
    _go(full, "0001", lose=True)
    _go(full, "head")
    assert full.database.revision() == SCHEMA_REVISION
    _kept(
        {
            table: {column: values for column, values in own.items() if table in ("courses", "lectures", "pages")}
            for table, own in before.items()
        },
        {
            table: {
                column: values for column, values in own.items() if column in ("id", "title", "text", "slug", "mark")
            }
            for table, own in _contents(full).items()
        },
    )
    with full.writer():
        reindex(full, embedder)
    assert top() == found
    assert find_damage(full, embedder) == []
    with full.database.reading() as connection:
        assert set(sa.inspect(connection).get_table_names()) == {*metadata.tables, "alembic_version"}


def test_a_step_back_has_what_was_refused_asked_again(library: Library) -> None:
    """An older program would take what is kept of it for a vector."""
    with library.database.writing() as connection:
        add_embeddings(connection, "encoder:x", [("a" * 64, b"\0", b""), ("b" * 64, b"\0", b"1234")])
        add_refusals(connection, "encoder:x", {"a" * 64: "out of range"})
    _go(library, "0011")
    with library.database.reading() as connection:
        assert missing_embeddings(connection, "encoder:x", ["a" * 64, "b" * 64]) == {"a" * 64}


# The versions before these were never served side by side: several machines came after them.
_FIRST_BESIDE = "0007"


def _columns(library: Library) -> dict[tuple[str, str], str]:
    """By table and column what must be written there: `needed`, or nothing where an insert may leave it out."""
    with library.database.reading() as connection:
        inspector = sa.inspect(connection)
        return {
            (table, column["name"]): "" if column["nullable"] or column["default"] is not None else "needed"
            for table in inspector.get_table_names()
            for column in inspector.get_columns(table)
        }


def test_an_older_version_goes_on_with_the_schema_of_the_next(library: Library) -> None:
    """What was there stays, and what an older program does not know of need not be written; but where the first two
    digits change: what used it is refused then."""
    for step, older in pairwise(_steps()):
        if step < _FIRST_BESIDE:
            break
        after = _columns(library)
        _go(library, "-1", lose=True)
        if step[:2] != older[:2]:
            continue
        before = _columns(library)
        assert {name: after.get(name) for name in before} == before, step
        tables = {table for table, _ in before}
        assert [name for name in after.keys() - before.keys() if name[0] in tables and after[name]] == [], step
    _go(library, "head")
