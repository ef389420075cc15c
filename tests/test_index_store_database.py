"""The schema, on SQLite and PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory

from index.errors import StorageError
from index.library import Library
from index.store.tables import SCHEMA_REVISION, metadata


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
