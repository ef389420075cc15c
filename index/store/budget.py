"""How often the language model was asked on a day: what its daily budget is held against."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from index.store.tables import model_calls


def model_calls_made(connection: Connection, day: dt.date) -> int:
    """How many calls of this day are written."""
    return connection.scalar(sa.select(model_calls.c.calls).where(model_calls.c.day == day.isoformat())) or 0


def add_model_calls(connection: Connection, day: dt.date, calls: int) -> None:
    """So many more calls of this day."""
    name = day.isoformat()
    counted = sa.update(model_calls).where(model_calls.c.day == name).values(calls=model_calls.c.calls + calls)
    if connection.execute(counted).rowcount:
        return
    try:
        with connection.begin_nested():
            connection.execute(sa.insert(model_calls).values(day=name, calls=calls))
    except sa.exc.IntegrityError:  # another process was the day's first a moment ago
        connection.execute(counted)
