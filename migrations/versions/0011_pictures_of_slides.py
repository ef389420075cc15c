"""the PDF that was made of slides that are none, for the pictures of their pages"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("decks", sa.Column("pictures_sha256", sa.String(length=64)))
    op.create_index(op.f("ix_decks_pictures_sha256"), "decks", ["pictures_sha256"])


def downgrade() -> None:
    op.drop_index(op.f("ix_decks_pictures_sha256"), "decks")
    op.drop_column("decks", "pictures_sha256")
