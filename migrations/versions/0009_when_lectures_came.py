"""when each lecture came, for feeds of new ones; those that are there came with the last ingest of their course"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lectures", sa.Column("added_at", sa.DateTime(timezone=True)))
    op.execute("UPDATE lectures SET added_at = (SELECT ingested_at FROM courses WHERE courses.id = lectures.course_id)")


def downgrade() -> None:
    op.drop_column("lectures", "added_at")
