"""How often the language model was asked on a day: what its daily budget is held against."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from index.store.tables import model_calls


def count_model_call(connection: Connection, day: dt.date, limit: int) -> bool:
    """Count one more call of this day, if the limit allows it."""
    name = day.isoformat()
    counted = sa.update(model_calls).where(model_calls.c.day == name, model_calls.c.calls < limit)
    counted = counted.values(calls=model_calls.c.calls + 1)
    if connection.execute(counted).rowcount:
        return True
    if limit < 1:
        return False
    try:
        with connection.begin_nested():
            connection.execute(sa.insert(model_calls).values(day=name, calls=1))
    except sa.exc.IntegrityError:  # the limit is reached, or another process was the day's first a moment ago
        return connection.execute(counted).rowcount > 0
    return True
