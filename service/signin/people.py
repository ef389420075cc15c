"""A request → the person who signed in, if one did."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from starlette.requests import Request

from index.store.sessions import Session, find_session
from service.known_secrets import KnownSecrets
from service.refusals import NotOurPage
from service.settings import Settings
from service.signin.cookies import from_own_page, read_token
from service.signin.grants import Grant, granted, mark_of, read_grants
from service.signin.platforms import read_platforms
from service.signin.proxy import said_of
from service.state import ServiceState


@dataclass(frozen=True, slots=True)
class Person:
    """`id` tells callers apart, `name` is shown."""

    id: str
    name: str
    grant: Grant


class People:
    """Of one application: what its settings grant."""

    def __init__(self, settings: Settings) -> None:
        self._public_url = settings.public_url
        self.grants = read_grants(settings.signin_grants)
        self.rules = mark_of("grants", settings.signin_grants, settings.oidc_issuer, settings.oidc_client_id)
        self.platforms = read_platforms(settings.lti_file)
        self.known_rules = {"", self.rules, *self.platforms.rules}
        self._behind_proxy = bool(settings.proxy_networks)
        # asked each time, unlike keys: who signs out is signed out in every process
        self._sessions = KnownSecrets(_look_up, 0.0)

    async def person(self, request: Request, state: ServiceState) -> Person | None:
        """Who is signed in; None for everybody else, which costs nothing. NotOurPage if another site sent what may
        change something."""
        token = read_token(request, self._public_url)
        if token is not None:
            session = await self._sessions.of(state, token[:200])
            if session is not None and session.rules in self.known_rules:
                self._check_page(request)
                grant = Grant(session.courses, session.administers)
                # a link can be opened as often as one likes: its limits are those of the link and the address
                address = request.client.host if request.client else "unknown"
                name = f"link {session.link} {address}" if session.link else f"session {session.id}"
                return Person(name, session.name, grant)
        said = said_of(request.scope) if self._behind_proxy else None
        if said is None:
            return None
        self._check_page(request)
        return Person(f"user {said.user}", said.user, granted(said.groups, self.grants))

    def _check_page(self, request: Request) -> None:
        if not from_own_page(request, self._public_url):
            raise NotOurPage(
                "This was sent by a page of another site in the name of a person who is signed in; open the page of "
                "this service, or send a key instead of a cookie."
            )


def _look_up(state: ServiceState, token: str) -> Session | None:
    with state.library.database.reading() as connection:
        return find_session(connection, token, dt.datetime.now(dt.UTC))
