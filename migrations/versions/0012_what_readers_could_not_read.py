"""passages that encoder or language model could not read, and why a course waits for them"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "refusals",
        sa.Column("fingerprint", sa.String(length=160), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["fingerprint", "content_hash"],
            ["embeddings.fingerprint", "embeddings.content_hash"],
            name=op.f("fk_refusals_fingerprint_embeddings"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("fingerprint", "content_hash", name=op.f("pk_refusals")),
    )
    op.create_table(
        "waiting",
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(length=160), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["course_id"], ["courses.id"], name=op.f("fk_waiting_course_id_courses"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("course_id", "fingerprint", name=op.f("pk_waiting")),
    )


def downgrade() -> None:
    # an older program takes what is kept of such a passage for a vector: it is to ask for it again
    op.execute(
        "DELETE FROM embeddings WHERE EXISTS (SELECT 1 FROM refusals "
        "WHERE refusals.fingerprint = embeddings.fingerprint AND refusals.content_hash = embeddings.content_hash)"
    )
    op.drop_table("waiting")
    op.drop_table("refusals")
