"""Courses, what is read of them, and what is made of that to be searched."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from index.store.tables.schema import metadata, parent

courses = Table(
    "courses",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("slug", String(80), nullable=False, unique=True),
    Column("title", Text, nullable=False),
    Column("language", String(8), nullable=False),
    Column("source", Text, nullable=False),
    Column("source_url", Text),
    Column("links", JSON, nullable=False, server_default="[]"),
    # identity of everything that was ingested; equal means there is nothing to do
    Column("content_hash", String(64), nullable=False),
    # of all its rows as they were written: index/store/integrity.py; null: they were written before there was one
    Column("rows_sha256", String(64)),
    Column("ingested_at", DateTime(timezone=True), nullable=False),
)

lectures = Table(
    "lectures",
    metadata,
    Column("id", Integer, primary_key=True),
    parent("course"),
    Column("key", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("section", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("programme", Text, nullable=False),
    Column("remarks", JSON, nullable=False),
    Column("links", JSON, nullable=False),
    # what the alignment of this lecture was made from
    Column("alignment_key", String(64), index=True),
    Column("added_at", DateTime(timezone=True)),
    UniqueConstraint("course_id", "key"),
)

decks = Table(
    "decks",
    metadata,
    Column("id", Integer, primary_key=True),
    parent("lecture"),
    Column("ordinal", Integer, nullable=False),
    Column("path", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("title", Text, nullable=False),
    Column("remark", Text),
    Column("state", String(16), nullable=False),
    Column("problem_code", String(40)),
    Column("problem", Text),
    Column("source_url", Text),
    Column("sha256", String(64), index=True),
    # what the file is; by it the stored file is named
    Column("suffix", String(8), nullable=False, server_default=".pdf"),
    # the file when the row was made: while it is the same, a page that was named by row and number is that page
    Column("first_sha256", String(64)),
    Column("extractor", String(40)),
    Column("page_count", Integer, nullable=False),
    Column("outline", JSON, nullable=False, server_default="[]"),
    Column("pictures_sha256", String(64), index=True),  # a PDF made of a file that is none, for pictures of its pages
    UniqueConstraint("lecture_id", "path"),
)

pages = Table(
    "pages",
    metadata,
    parent("deck", primary_key=True),
    Column("page_number", Integer, primary_key=True),
    Column("page_label", String(16)),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    # the text was read off the picture of the page
    Column("ocr", Boolean, nullable=False, server_default=sa.false()),
    # by which the page is known again: index/marks.py
    Column("mark", String(16), nullable=False, server_default=""),
)

videos = Table(
    "videos",
    metadata,
    Column("id", Integer, primary_key=True),
    parent("lecture"),
    Column("ordinal", Integer, nullable=False),
    Column("video", Text, nullable=False),
    Column("host", String(16), nullable=False),
    Column("label", Text, nullable=False),
    Column("remark", Text),
    Column("state", String(16), nullable=False),
    Column("problem_code", String(40)),
    Column("problem", Text),
    Column("sha256", String(64)),
    Column("first_sha256", String(64)),
    Column("duration_seconds", Float),
    UniqueConstraint("lecture_id", "video"),
)

transcripts = Table(
    "transcripts",
    metadata,
    Column("id", Integer, primary_key=True),
    parent("video"),
    Column("language", String(8), nullable=False),
    Column("origin", Text, nullable=False),
    Column("sha256", String(64), nullable=False, index=True),
    Column("vtt_sha256", String(64), nullable=False),
    Column("parser", String(40), nullable=False),
    Column("made_by", String(16), nullable=False, server_default="file"),
    Column("asked", JSON, nullable=False, server_default="[]"),  # the languages that were wanted, best first
    UniqueConstraint("video_id", "language"),
)

segments = Table(
    "segments",
    metadata,
    parent("transcript", primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("start_seconds", Float, nullable=False),
    Column("end_seconds", Float, nullable=False),
    Column("text", Text, nullable=False),
    Column("mark", String(16), nullable=False, server_default=""),
    # when its words are spoken: index/text/moments.py
    Column("times", Text, nullable=False, server_default=""),
)

# A page is discussed in [start_seconds, end_seconds) of a video; spans of one video do not overlap.
alignments = Table(
    "alignments",
    metadata,
    parent("video", primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    parent("deck", index=True),
    Column("page_number", Integer, nullable=False),
    Column("start_seconds", Float, nullable=False),
    Column("end_seconds", Float, nullable=False),
    Column("confidence", Float, nullable=False),
)

# The second to jump to for a page.
moments = Table(
    "moments",
    metadata,
    parent("deck", primary_key=True),
    Column("page_number", Integer, primary_key=True),
    parent("video", index=True),
    Column("jump_seconds", Float, nullable=False),
    Column("confidence", Float, nullable=False),
)

# What was fetched from elsewhere, for good: a PDF by its address, captions by `youtube:<id>`.
fetched = Table(
    "fetched",
    metadata,
    Column("key", Text, primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("suffix", String(8), nullable=False),
    Column("detail", JSON, nullable=False),
    Column("fetched_at", DateTime(timezone=True), nullable=False),
)

passages = Table(
    "passages",
    metadata,
    Column("id", String(32), primary_key=True),
    parent("lecture"),
    Column("kind", String(16), nullable=False),
    Column("ordinal", Integer, nullable=False),
    parent("deck", nullable=True, index=True),
    Column("page_number", Integer),
    parent("video", nullable=True, index=True),
    Column("start_seconds", Float),
    Column("end_seconds", Float),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("content_hash", String(64), nullable=False, index=True),
    Column("times", Text, nullable=False, server_default=""),
    Index("ix_passages_lecture_ordinal", "lecture_id", "ordinal"),
)

# One row holds all vectors of one content: `roles` is a byte per vector, `vectors` is (n, d) float32, little-endian.
embeddings = Table(
    "embeddings",
    metadata,
    Column("fingerprint", String(160), primary_key=True),
    Column("content_hash", String(64), primary_key=True),
    Column("roles", LargeBinary, nullable=False),
    Column("vectors", LargeBinary, nullable=False),
    Column("sha256", String(64)),  # of both; null: they were written before there was one
)

# Contents that an encoder or a language model could not read, though it reads others. What is kept of them is empty.
refusals = Table(
    "refusals",
    metadata,
    Column("fingerprint", String(160), primary_key=True),
    Column("content_hash", String(64), primary_key=True),
    Column("reason", Text, nullable=False),
    ForeignKeyConstraint(
        ["fingerprint", "content_hash"], ["embeddings.fingerprint", "embeddings.content_hash"], ondelete="CASCADE"
    ),
)

# Why an encoder or a language model has not read a course yet, where that was tried.
waiting = Table(
    "waiting",
    metadata,
    parent("course", primary_key=True),
    Column("fingerprint", String(160), primary_key=True),
    Column("reason", Text, nullable=False),
)

generations = Table(
    "generations",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("fingerprint", String(160), nullable=False),
    Column("analysis", String(16), nullable=False),
    Column("passages", BigInteger, nullable=False),
    Column("manifest_sha256", String(64), nullable=False),
)
