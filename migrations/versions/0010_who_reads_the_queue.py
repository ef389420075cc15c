"""workers that read the queue, the code of why a job failed, and how a course is understood"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "workers",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
    )
    op.add_column("jobs", sa.Column("problem_code", sa.String(length=40)))
    op.add_column("jobs", sa.Column("plan", sa.JSON()))


def downgrade() -> None:
    op.drop_column("jobs", "plan")
    op.drop_column("jobs", "problem_code")
    op.drop_table("workers")
