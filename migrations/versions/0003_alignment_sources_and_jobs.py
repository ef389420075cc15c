"""alignment, what was fetched, progress of jobs, searches that found nothing"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.keeping import refuse_to_lose

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alignments",
        sa.Column("video_id", sa.Integer(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("deck_id", sa.Integer(), nullable=False),
        sa.Column("page_number", sa.Integer(), nullable=False),
        sa.Column("start_seconds", sa.Float(), nullable=False),
        sa.Column("end_seconds", sa.Float(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deck_id"], ["decks.id"], name=op.f("fk_alignments_deck_id_decks"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["video_id"], ["videos.id"], name=op.f("fk_alignments_video_id_videos"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("video_id", "ordinal", name=op.f("pk_alignments")),
    )
    op.create_table(
        "moments",
        sa.Column("deck_id", sa.Integer(), nullable=False),
        sa.Column("page_number", sa.Integer(), nullable=False),
        sa.Column("video_id", sa.Integer(), nullable=False),
        sa.Column("jump_seconds", sa.Float(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["deck_id"], ["decks.id"], name=op.f("fk_moments_deck_id_decks"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["video_id"], ["videos.id"], name=op.f("fk_moments_video_id_videos"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("deck_id", "page_number", name=op.f("pk_moments")),
    )
    op.create_table(
        "fetched",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("suffix", sa.String(length=8), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_fetched")),
    )
    op.create_table(
        "missed_searches",
        sa.Column("course", sa.String(length=80), nullable=False),
        sa.Column("query", sa.String(length=200), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_day", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("course", "query", name=op.f("pk_missed_searches")),
    )
    with op.batch_alter_table("courses") as batch_op:
        batch_op.add_column(sa.Column("links", sa.JSON(), nullable=False, server_default="[]"))
    with op.batch_alter_table("lectures") as batch_op:
        batch_op.add_column(sa.Column("alignment_key", sa.String(length=64)))
        batch_op.create_index(batch_op.f("ix_lectures_alignment_key"), ["alignment_key"], unique=False)
    with op.batch_alter_table("decks") as batch_op:
        batch_op.add_column(sa.Column("outline", sa.JSON(), nullable=False, server_default="[]"))
    with op.batch_alter_table("pages") as batch_op:
        batch_op.add_column(sa.Column("ocr", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("transcripts") as batch_op:
        batch_op.add_column(sa.Column("made_by", sa.String(length=16), nullable=False, server_default="file"))
        batch_op.add_column(sa.Column("asked", sa.JSON(), nullable=False, server_default="[]"))
    with op.batch_alter_table("jobs") as batch_op:
        batch_op.add_column(sa.Column("progress", sa.JSON()))
        batch_op.add_column(sa.Column("idempotency_key", sa.String(length=80)))
        batch_op.add_column(sa.Column("not_before", sa.Float(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("cancel_asked", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.create_unique_constraint(batch_op.f("uq_jobs_idempotency_key"), ["idempotency_key"])


def downgrade() -> None:
    refuse_to_lose("the alignment of pages and speech", "alignments", "0002")
    refuse_to_lose("what was fetched from elsewhere", "fetched", "0002")
    with op.batch_alter_table("jobs") as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_jobs_idempotency_key"), type_="unique")
        for name in ("cancel_asked", "not_before", "idempotency_key", "progress"):
            batch_op.drop_column(name)
    with op.batch_alter_table("transcripts") as batch_op:
        batch_op.drop_column("asked")
        batch_op.drop_column("made_by")
    with op.batch_alter_table("pages") as batch_op:
        batch_op.drop_column("ocr")
    with op.batch_alter_table("decks") as batch_op:
        batch_op.drop_column("outline")
    with op.batch_alter_table("lectures") as batch_op:
        batch_op.drop_index(batch_op.f("ix_lectures_alignment_key"))
        batch_op.drop_column("alignment_key")
    with op.batch_alter_table("courses") as batch_op:
        batch_op.drop_column("links")
    for table in ("missed_searches", "fetched", "moments", "alignments"):
        op.drop_table(table)
