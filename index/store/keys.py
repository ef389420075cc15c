"""Keys of the API: made, listed, revoked, looked up."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from index.errors import InvalidRequest, NotFound
from index.store.tables import api_keys, courses
from index.types import AccessScope

PREFIX = "lk_"
LINK_PREFIX = "ll_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key without its secret. `courses` are the slugs that it may read, None for all."""

    id: str
    name: str
    scopes: frozenset[AccessScope]
    courses: frozenset[str] | None
    created_at: dt.datetime
    expires_at: dt.datetime | None
    revoked_at: dt.datetime | None

    def is_valid(self, now: dt.datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def create_key(
    connection: Connection,
    name: str,
    scopes: Collection[AccessScope],
    slugs: Collection[str] | None = None,
    days: int | None = None,
    *,
    link: bool = False,
) -> tuple[Key, str]:
    """A new key and its secret, which is shown this once and never again. InvalidRequest for an unknown course.

    A `link` is a key that opens the page instead of the API: its secret stands in an address.
    """
    if not name.strip() or not scopes:
        raise InvalidRequest("A key needs a name and at least one scope: search, answer or admin.")
    if days is not None and not 1 <= days <= 3650:
        raise InvalidRequest(f"A key is valid for 1 to 3,650 days, not {days}.")
    if slugs is not None:
        known = set(connection.scalars(sa.select(courses.c.slug)))
        for slug in slugs:
            if slug not in known:
                raise InvalidRequest(f"There is no course {slug!r:.80}; `lectures courses` lists those there are.")
    secret = (LINK_PREFIX if link else PREFIX) + secrets.token_urlsafe(32)  # 256 bits
    now = dt.datetime.now(dt.UTC)
    values = {
        "id": f"{'l' if link else 'k'}_{secrets.token_hex(6)}",
        "name": name.strip()[:200],
        "digest": _digest(secret),
        "scopes": sorted(scopes),
        "courses": None if slugs is None else sorted(slugs),
        "created_at": now,
        "expires_at": None if days is None else now + dt.timedelta(days=days),
        "revoked_at": None,
    }
    connection.execute(sa.insert(api_keys).values(values))
    return _keys(connection, sa.select(api_keys).where(api_keys.c.id == values["id"]))[0], secret


def list_keys(connection: Connection, *, links: bool = False) -> list[Key]:
    """All keys, or all links, the oldest first."""
    chosen = sa.select(api_keys).where(api_keys.c.id.startswith("l_" if links else "k_", autoescape=True))
    return _keys(connection, chosen.order_by(api_keys.c.created_at, api_keys.c.id))


def revoke_key(connection: Connection, key_id: str) -> None:
    """Make a key worthless from now on. NotFound if it is not there."""
    now = dt.datetime.now(dt.UTC)
    changed = connection.execute(sa.update(api_keys).where(api_keys.c.id == key_id).values(revoked_at=now))
    if not changed.rowcount:
        raise NotFound(f"There is no key {key_id!r:.40}; `lectures keys list` shows those there are.")


def find_key(connection: Connection, secret: str) -> Key | None:
    """The key of this secret, whether it is still valid or not; None if there is none."""
    return _find(connection, secret) if secret.startswith(PREFIX) else None


def find_link(connection: Connection, secret: str) -> Key | None:
    """The link of this secret, whether it is still valid or not; None if there is none."""
    return _find(connection, secret) if secret.startswith(LINK_PREFIX) else None


def _find(connection: Connection, secret: str) -> Key | None:
    # by a hash of 256 random bits: how long the database compares it tells nothing of the secret
    found = _keys(connection, sa.select(api_keys).where(api_keys.c.digest == _digest(secret)))
    return found[0] if found else None


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _keys(connection: Connection, query: sa.Select[tuple[object, ...]]) -> list[Key]:
    return [
        Key(
            id=row.id,
            name=row.name,
            scopes=frozenset(AccessScope(scope) for scope in row.scopes),
            courses=None if row.courses is None else frozenset(row.courses),
            created_at=_utc(row.created_at),
            expires_at=None if row.expires_at is None else _utc(row.expires_at),
            revoked_at=None if row.revoked_at is None else _utc(row.revoked_at),
        )
        for row in connection.execute(query)
    ]


def _utc(value: dt.datetime) -> dt.datetime:
    """SQLite keeps no time zones: what comes back without one was written in UTC."""
    return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value
