"""when the words of speech are spoken"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.keeping import refuse_to_lose

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("segments", "passages"):
        op.add_column(table, sa.Column("times", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    refuse_to_lose("the times of spoken words", "segments WHERE times <> ''", "0004")
    for table in ("passages", "segments"):
        op.drop_column(table, "times")
