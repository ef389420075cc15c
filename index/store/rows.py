"""Rows of any table: made, changed, named in batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

_IN_LIMIT = 500  # values in one IN (…): SQLite allows some thousands, the planner likes fewer


def upsert(connection: Connection, table: sa.Table, key: Mapping[str, object], values: Mapping[str, object]) -> int:
    """Write `values` into the row that `key` names, or make that row; its id, which stays what it was."""
    where = sa.and_(*(table.c[name] == value for name, value in key.items()))
    found = connection.scalar(sa.select(table.c.id).where(where))
    if found is None:
        return new_id(connection, table, {**key, **values})
    connection.execute(sa.update(table).where(table.c.id == found).values(values))
    return int(found)


def new_id(connection: Connection, table: sa.Table, values: Mapping[str, object]) -> int:
    """A new row; its id."""
    key = connection.execute(sa.insert(table).values(values)).inserted_primary_key
    return int(key[0])  # type: ignore[index]  # never None after a single insert


def insert(connection: Connection, table: sa.Table, rows: Sequence[Mapping[str, object]]) -> None:
    """New rows, if there are any."""
    if rows:
        connection.execute(sa.insert(table), rows)


def batches(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """The values in batches, each of which one IN (…) takes."""
    for start in range(0, len(values), _IN_LIMIT):
        yield values[start : start + _IN_LIMIT]
