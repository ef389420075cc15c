"""People who signed in: sessions, values that may be used once, and the secrets that sign what they carry around.

A session is a random token of which the database keeps a hash, as it does of keys: there is nothing to sign, and a
session ends for every process at once when its row goes.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from index.store.keys import find_link
from index.store.tables import api_keys, sessions, signin_secrets, used_once
from index.types import Readable


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A person who is signed in; `link` is the id of the link by which, if it was one. `courses` are the slugs that it
    may read, `administers` those that it may also change, None for all; `rules` marks the settings by which it may,
    empty for a link."""

    id: str
    link: str | None
    name: str
    courses: Readable
    administers: Readable
    rules: str


def open_session(
    connection: Connection,
    name: str,
    courses: Readable,
    administers: Readable = frozenset(),
    *,
    rules: str,
    until: dt.datetime,
) -> str:
    """The token of a new session, which is kept nowhere else. Sessions that are over are swept."""
    values = {"courses": _listed(courses), "administers": _listed(administers), "rules": rules}
    return _open(connection, {**values, "name": name[:200], "key_id": None}, until)


def open_link(connection: Connection, secret: str, until: dt.datetime) -> tuple[str, list[str]] | None:
    """The token of a new session of who has opened this link, and the courses that it leads to (none: all); None if it
    is unknown, expired or revoked."""
    link = find_link(connection, secret)
    now = dt.datetime.now(dt.UTC)
    if link is None or not link.is_valid(now):
        return None
    # what it may read is read from the link at each request, so that a revoked link ends its sessions
    values: dict[str, object] = {"name": link.name, "courses": [], "administers": [], "rules": "", "key_id": link.id}
    return _open(connection, values, min(until, link.expires_at or until)), sorted(link.courses or ())


def find_session(connection: Connection, token: str, now: dt.datetime) -> Session | None:
    """The session of this token, if it is not over."""
    query = (
        sa.select(sessions, api_keys.c.id.label("link_id"), api_keys.c.courses.label("link_courses"))
        .add_columns(api_keys.c.revoked_at)
        .outerjoin(api_keys, api_keys.c.id == sessions.c.key_id)
        .where(sessions.c.digest == _digest(token), sessions.c.expires_at > now)
    )
    row = connection.execute(query).one_or_none()
    if row is None or row.revoked_at is not None or row.link_id != row.key_id:
        return None
    return Session(
        id=row.digest[:16],
        link=row.key_id,
        name=row.name,
        courses=_readable(row.link_courses if row.key_id else row.courses),
        administers=_readable(row.administers),
        rules=row.rules,
    )


def end_session(connection: Connection, token: str) -> None:
    """End the session of this token, for every process at once."""
    connection.execute(sa.delete(sessions).where(sessions.c.digest == _digest(token)))


def end_sessions(connection: Connection, name: str | None = None) -> int:
    """End the sessions of everybody, or of those who have this name; how many there were."""
    chosen = sa.delete(sessions) if name is None else sa.delete(sessions).where(sessions.c.name == name)
    return connection.execute(chosen).rowcount


def use_once(connection: Connection, value: str, until: dt.datetime) -> bool:
    """Whether this value is used for the first time; it is remembered until then."""
    connection.execute(sa.delete(used_once).where(used_once.c.expires_at < dt.datetime.now(dt.UTC)))
    try:
        with connection.begin_nested():
            connection.execute(sa.insert(used_once).values(digest=_digest(value), expires_at=until))
    except IntegrityError:
        return False
    return True


def known_secret(connection: Connection, name: str) -> str | None:
    """The secret of this name, if it was made."""
    return connection.scalar(sa.select(signin_secrets.c.value).where(signin_secrets.c.name == name))


def make_secret(connection: Connection, name: str, value: str) -> str:
    """Keep a secret under this name; the one that another process has kept there, if it was first."""
    try:
        with connection.begin_nested():
            connection.execute(sa.insert(signin_secrets).values(name=name, value=value))
    except IntegrityError:
        return str(known_secret(connection, name))
    return value


def _open(connection: Connection, values: dict[str, object], until: dt.datetime) -> str:
    now, token = dt.datetime.now(dt.UTC), secrets.token_urlsafe(32)  # 256 bits
    connection.execute(sa.delete(sessions).where(sessions.c.expires_at < now))
    connection.execute(sa.insert(sessions).values(digest=_digest(token), created_at=now, expires_at=until, **values))
    return token


def _listed(slugs: Readable) -> list[str] | None:
    return None if slugs is None else sorted(slugs)


def _readable(slugs: Collection[str] | None) -> Readable:
    return None if slugs is None else frozenset(slugs)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
