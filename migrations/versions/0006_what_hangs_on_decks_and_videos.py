"""rows are found by the deck or video that they hang on: forgetting one walked through the rows of all courses"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_COLUMNS = (("passages", "deck_id"), ("passages", "video_id"), ("alignments", "deck_id"), ("moments", "video_id"))


def upgrade() -> None:
    for table, column in _COLUMNS:
        op.create_index(f"ix_{table}_{column}", table, [column])


def downgrade() -> None:
    for table, column in reversed(_COLUMNS):
        op.drop_index(f"ix_{table}_{column}", table)
