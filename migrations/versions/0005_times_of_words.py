"""when the words of speech are spoken"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("segments", "passages"):
        op.add_column(table, sa.Column("times", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    for table in ("passages", "segments"):
        op.drop_column(table, "times")
