"""hashes by which damaged rows are noticed"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("courses", sa.Column("rows_sha256", sa.String(length=64)))
    op.add_column("embeddings", sa.Column("sha256", sa.String(length=64)))


def downgrade() -> None:
    op.drop_column("embeddings", "sha256")
    op.drop_column("courses", "rows_sha256")
