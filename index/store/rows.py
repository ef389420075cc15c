"""Rows of any table: made, changed, named in batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Connection

from index.later import later
from index.store.tables import last_ids, metadata

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql
else:
    postgresql = later("sqlalchemy.dialects.postgresql")

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
    """A new row; its id, which no row of the table ever had."""
    if connection.dialect.name == "sqlite":  # a sequence of PostgreSQL never gives a number twice
        values = {**values, "id": _unused_id(connection, table)}
    key = connection.execute(sa.insert(table).values(values)).inserted_primary_key
    return int(key[0])  # type: ignore[index]  # never None after a single insert


def _unused_id(connection: Connection, table: sa.Table) -> int:
    """An id above all that were ever given away. There is one writer at a time."""
    known = connection.scalar(sa.select(last_ids.c.last_id).where(last_ids.c.name == table.name))
    largest = connection.scalar(sa.select(sa.func.max(table.c.id)))
    number = max(known or 0, largest or 0) + 1
    if known is None:
        connection.execute(sa.insert(last_ids).values(name=table.name, last_id=number))
    else:
        connection.execute(sa.update(last_ids).where(last_ids.c.name == table.name).values(last_id=number))
    return number


def insert(connection: Connection, table: sa.Table, rows: Sequence[Mapping[str, object]]) -> None:
    """New rows, if there are any."""
    if rows:
        connection.execute(sa.insert(table), rows)


def insert_missing(connection: Connection, table: sa.Table, rows: Sequence[Mapping[str, object]]) -> None:
    """New rows, except those whose key is there already, or is just being written by another process. Who writes
    several gives them in the order of their keys: nobody waits for each other."""
    if rows:
        dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
        connection.execute(dialect.insert(table).on_conflict_do_nothing(), rows)


def batches(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """The values in batches, each of which one IN (…) takes."""
    for start in range(0, len(values), _IN_LIMIT):
        yield values[start : start + _IN_LIMIT]


def largest_ids(connection: Connection) -> dict[str, int]:
    """The largest id that each table whose rows are numbered ever gave away."""
    found = {}
    for table in _numbered():
        given = [connection.scalar(sa.select(sa.func.max(table.c.id)))]
        if connection.dialect.name == "sqlite":
            given.append(connection.scalar(sa.select(last_ids.c.last_id).where(last_ids.c.name == table.name)))
        else:
            sequence = connection.scalar(sa.select(sa.func.pg_get_serial_sequence(table.name, "id")))
            named = sa.cast(sequence, postgresql.REGCLASS)
            given.append(connection.scalar(sa.select(sa.func.pg_sequence_last_value(named))))
        found[table.name] = max((int(number) for number in given if number is not None), default=0)
    return found


def keep_largest_ids(connection: Connection, largest: Mapping[str, int]) -> None:
    """See to it that no id up to these is given away again."""
    for table in _numbered():
        number = max(largest.get(table.name, 0), connection.scalar(sa.select(sa.func.max(table.c.id))) or 0)
        if not number:
            continue
        if connection.dialect.name == "sqlite":
            connection.execute(sa.delete(last_ids).where(last_ids.c.name == table.name))
            connection.execute(sa.insert(last_ids).values(name=table.name, last_id=number))
        else:
            sequence = sa.func.pg_get_serial_sequence(table.name, "id")
            connection.execute(sa.select(sa.func.setval(sequence, number)))


def _numbered() -> Iterator[sa.Table]:
    for table in metadata.sorted_tables:
        if "id" in table.c and isinstance(table.c.id.type, sa.Integer):
            yield table
