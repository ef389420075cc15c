"""What a step back would lose → a refusal that says so, unless it was said that it may be lost."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op
from alembic.util import CommandError


def refuse_to_lose(what: str, condition: str, back_to: str) -> None:
    """CommandError if a row fulfils this condition ("table WHERE …"): the schema before has no place for `what`."""
    if "lose" in context.get_x_argument(as_dictionary=True):
        return
    count = op.get_bind().scalar(sa.text(f"SELECT COUNT(*) FROM {condition}"))  # noqa: S608
    if count:
        raise CommandError(
            f"Schema {back_to} has no place for {what} ({count:,} rows). Nothing was changed. Keep a copy with "
            f"`lectures backup FILE`, then `alembic -x lose=yes downgrade {back_to}` goes back without them."
        )
