"""What an installation keeps while it runs: jobs and workers, keys and people who signed in, what is counted."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import JSON, Boolean, Column, DateTime, Float, ForeignKey, Integer, String, Table, Text

from index.store.tables.schema import metadata

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("source", Text, nullable=False),
    Column("options", JSON, nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("attempts", Integer, nullable=False),
    Column("leased_until", Float, nullable=False),  # seconds since the epoch: until then its worker is believed alive
    Column("report", JSON),
    Column("problem", Text),
    Column("problem_code", String(40)),
    Column("plan", JSON),  # how the course is understood, where only that was asked
    Column("progress", JSON),  # what it is doing just now: {step, done, total, what}
    # a client's name for the request: the same name again is the same job
    Column("idempotency_key", String(80), unique=True),
    # seconds since the epoch before which it is not tried again
    Column("not_before", Float, nullable=False, server_default="0"),
    Column("cancel_asked", Boolean, nullable=False, server_default=sa.false()),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
)

workers = Table(
    "workers",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("seen_at", Float, nullable=False),  # seconds since the epoch when it last said that it is alive
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("name", Text, nullable=False),
    # SHA-256 of the key: it has 256 random bits, so that a slow hash would add nothing
    Column("digest", String(64), nullable=False, unique=True),
    Column("scopes", JSON, nullable=False),
    Column("courses", JSON),  # slugs that it may read; null for all
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
)

# People who signed in: by a link (its key says what they may), or by a provider (the row does).
sessions = Table(
    "sessions",
    metadata,
    # SHA-256 of the token, which has 256 random bits
    Column("digest", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    # slugs that it may read, and those that it may administer; null for all
    Column("courses", JSON),
    Column("administers", JSON),
    # marks the settings by which it was opened: where they change, it is over
    Column("rules", String(64), nullable=False),
    Column("key_id", String(20), ForeignKey("api_keys.id", ondelete="CASCADE"), index=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False, index=True),
)

# Values that must not come a second time (SHA-256), kept until they would be refused anyway.
used_once = Table(
    "used_once",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("expires_at", DateTime(timezone=True), nullable=False, index=True),
)

# What this installation signs with; made when it is first needed.
signin_secrets = Table(
    "signin_secrets",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)

# The largest id that a table ever gave away. SQLite would give a freed one to another row, so that an old number would
# mean something else.
last_ids = Table(
    "last_ids",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("last_id", Integer, nullable=False),
)

# Searches that found nothing, counted where the operator wants that; nothing says who asked.
missed_searches = Table(
    "missed_searches",
    metadata,
    Column("course", String(80), primary_key=True),
    Column("query", String(200), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("last_day", String(10), nullable=False),
)

# Questions put to the language model, by day (UTC): what its daily budget is held against.
model_calls = Table(
    "model_calls",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("calls", Integer, nullable=False),
)
