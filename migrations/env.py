"""Alembic's entry: migrates the connection it is given, or LECTURES_DATABASE_URL's database."""

from __future__ import annotations

from alembic import context
from sqlalchemy.engine import Connection

from index.store.database import Database
from index.store.tables import metadata


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        compare_type=True,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    from service.settings import read_settings

    with Database(read_settings().resolved_database_url).migrating() as opened:
        run(opened)
