"""marks of pages and segments, what a deck's file is, ids that are never given twice"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import sqlalchemy as sa
from alembic import op

from index.marks import place_marks
from migrations.keeping import refuse_to_lose

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_SUFFIXES = {".pptx", ".md", ".markdown", ".qmd", ".rmd", ".html", ".htm", ".ipynb", ".txt"}


def upgrade() -> None:
    op.create_table(
        "last_ids",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("last_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_last_ids")),
    )
    with op.batch_alter_table("decks") as batch_op:
        batch_op.add_column(sa.Column("suffix", sa.String(length=8), nullable=False, server_default=".pdf"))
        batch_op.add_column(sa.Column("first_sha256", sa.String(length=64)))
    with op.batch_alter_table("videos") as batch_op:
        batch_op.add_column(sa.Column("first_sha256", sa.String(length=64)))
    with op.batch_alter_table("pages") as batch_op:
        batch_op.add_column(sa.Column("mark", sa.String(length=16), nullable=False, server_default=""))
    with op.batch_alter_table("segments") as batch_op:
        batch_op.add_column(sa.Column("mark", sa.String(length=16), nullable=False, server_default=""))
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        for name in ("courses", "lectures", "decks", "videos", "transcripts"):
            largest = connection.scalar(sa.text(f"SELECT MAX(id) FROM {name}"))  # noqa: S608
            if largest is not None:
                connection.execute(
                    sa.text("INSERT INTO last_ids VALUES (:name, :largest)"), {"name": name, "largest": largest}
                )
    # what row numbers meant until now is what they go on meaning
    for name in ("decks", "videos"):
        connection.execute(sa.text(f"UPDATE {name} SET first_sha256 = sha256"))  # noqa: S608
    _name_suffixes(connection)
    _mark_pages(connection)
    _mark_segments(connection)


def _name_suffixes(connection: Any) -> None:
    fetched = {row.key: row.suffix for row in connection.execute(sa.text("SELECT key, suffix FROM fetched"))}
    for deck_id, path in connection.execute(sa.text("SELECT id, path FROM decks")).all():
        suffix = fetched.get(path) if "://" in path else PurePosixPath(path).suffix.lower()
        if suffix in _SUFFIXES:
            connection.execute(
                sa.text("UPDATE decks SET suffix = :suffix WHERE id = :id"), {"suffix": suffix, "id": deck_id}
            )


def _mark_pages(connection: Any) -> None:
    update = sa.text("UPDATE pages SET mark = :mark WHERE deck_id = :deck AND page_number = :number")
    for deck_id, identity in connection.execute(sa.text("SELECT id, COALESCE(sha256, path) FROM decks")).all():
        query = sa.text("SELECT page_number, text FROM pages WHERE deck_id = :deck ORDER BY page_number")
        rows = connection.execute(query, {"deck": deck_id}).all()
        marks = place_marks([row.text for row in rows], identity)
        if rows:
            values = [
                {"mark": mark, "deck": deck_id, "number": row.page_number}
                for row, mark in zip(rows, marks, strict=True)
            ]
            connection.execute(update, values)


def _mark_segments(connection: Any) -> None:
    update = sa.text("UPDATE segments SET mark = :mark WHERE transcript_id = :transcript AND ordinal = :ordinal")
    transcripts = sa.text(
        "SELECT transcripts.id, COALESCE(videos.sha256, videos.video) FROM transcripts "
        "JOIN videos ON videos.id = transcripts.video_id"
    )
    for transcript_id, identity in connection.execute(transcripts).all():
        query = sa.text("SELECT ordinal, text FROM segments WHERE transcript_id = :transcript ORDER BY ordinal")
        rows = connection.execute(query, {"transcript": transcript_id}).all()
        marks = place_marks([row.text for row in rows], identity)
        if rows:
            values = [
                {"mark": mark, "transcript": transcript_id, "ordinal": row.ordinal}
                for row, mark in zip(rows, marks, strict=True)
            ]
            connection.execute(update, values)


def downgrade() -> None:
    refuse_to_lose("the files that old addresses mean", "decks WHERE first_sha256 <> sha256", "0003")
    for table, names in (
        ("segments", ("mark",)),
        ("pages", ("mark",)),
        ("videos", ("first_sha256",)),
        ("decks", ("first_sha256", "suffix")),
    ):
        for name in names:  # not in a batch: SQLite would delete what hangs on the table that is made anew
            op.execute(f"ALTER TABLE {table} DROP COLUMN {name}")
    op.drop_table("last_ids")
