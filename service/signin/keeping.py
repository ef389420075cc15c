"""Secrets of the installation, and sessions as the pages of signing in open them."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

from index.later import later
from index.store.sessions import known_secret, make_secret
from service.state import ServiceState

if TYPE_CHECKING:
    from service.signin import tokens
else:
    tokens = later("service.signin.tokens")


def state_secret(state: ServiceState) -> str:
    """With which we sign what a browser carries while a person signs in."""
    return _secret(state, "state", lambda: secrets.token_urlsafe(32))


def signing_key(state: ServiceState) -> str:
    """The private key with which this installation signs what it sends to learning platforms."""
    return _secret(state, "lti", tokens.new_private_key)


def session_end(state: ServiceState) -> dt.datetime:
    """When a session that begins now is over."""
    return dt.datetime.now(dt.UTC) + dt.timedelta(hours=state.settings.signin_hours)


def _secret(state: ServiceState, name: str, make: Callable[[], str]) -> str:
    with state.library.database.reading() as connection:
        known = known_secret(connection, name)
    if known is None:  # the first time; another process may be as far
        with state.library.database.writing() as connection:
            known = make_secret(connection, name, make())
    return known
