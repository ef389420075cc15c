"""Signing in and out: `/signin…`, `/signout`. What a person may then read, `people.py` works out at each request."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.engine import Connection

from index.later import later
from index.store.sessions import end_session, open_link, open_session, use_once
from service.access import Access, limit_signing_in
from service.base import base_of
from service.deps import State
from service.links import course_url
from service.refusals import NotOurPage, SignInFailed
from service.signin.cookies import forget_token, from_own_page, read_state, read_token, set_state, set_token
from service.signin.grants import granted
from service.signin.keeping import session_end, state_secret
from service.web.place import Place
from service.web.showing import PageRoute, show_page, sign_in_page

if TYPE_CHECKING:
    from service.signin import tokens
    from service.signin.oidc import Provider
else:
    tokens = later("service.signin.tokens")

router = APIRouter(route_class=PageRoute)

_BEGUN_SECONDS = 600  # how long a person may take at the provider
_PURPOSE = "provider"

Next = Annotated[str, Query(max_length=2_000)]
Lang = Annotated[str, Query(max_length=2)]


@router.get("/signin")
def sign_in(request: Request, next: Next = "/") -> Response:
    """What to do to be signed in."""
    return sign_in_page(request, safe_next(next))


@router.get("/signin/link/{secret}")
def by_link(request: Request, state: State, secret: Annotated[str, Path(max_length=200)]) -> Response:
    """A link that a lecturer gave away: opens a session, and leads to an address without the secret."""
    limit_signing_in(request)
    with state.library.database.writing() as connection:
        opened = open_link(connection, secret, session_end(state))
        if opened is not None:
            end_old_session(connection, request, state)
    if opened is None:
        raise SignInFailed("This link is unknown, expired or revoked; ask the lecturer for a new one.")
    token, slugs = opened
    response = redirect_to(course_url(slugs[0]) if len(slugs) == 1 else "/")
    set_token(response, request, state.settings.public_url, token)
    return response


@router.get("/signin/provider")
def to_provider(request: Request, state: State, next: Next = "/") -> Response:
    """To the provider of the institution."""
    limit_signing_in(request)
    url, kept = _provider(request).begin(_back(request, state))
    response = redirect_to(url)
    signed = tokens.sign_for_us({**kept, "next": safe_next(next)}, state_secret(state), _PURPOSE, _BEGUN_SECONDS)
    set_state(response, request, state.settings.public_url, signed, seconds=_BEGUN_SECONDS)
    return response


@router.get("/signin/provider/back")
def from_provider(
    request: Request,
    state: State,
    code: Annotated[str, Query(max_length=4_000)] = "",
    answers: Annotated[str, Query(max_length=200, alias="state")] = "",
    error: Annotated[str, Query(max_length=200)] = "",
    iss: Annotated[str, Query(max_length=500)] = "",
) -> Response:
    """Back from the provider: opens a session, if this browser was sent there and it is the provider that says who."""
    limit_signing_in(request)
    settings, provider = state.settings, _provider(request)
    kept = tokens.read_ours(read_state(request, settings.public_url), state_secret(state), _PURPOSE)
    if not hmac.compare_digest(answers.encode(), kept["state"].encode()):
        raise SignInFailed("This answers another request than the one that this browser made; sign in again.")
    if error or not code:
        raise SignInFailed(f"The provider did not sign you in ({error or 'no code'}); sign in again.")
    if iss and iss != settings.oidc_issuer:  # RFC 9207
        raise SignInFailed("This answer is of another provider.")
    identity = provider.finish(code, kept, _back(request, state))
    access: Access = request.app.state.access
    grant = granted(identity.groups, access.people.grants)
    until = session_end(state)
    with state.library.database.writing() as connection:
        if not use_once(connection, f"state {kept['state']}", until):
            raise SignInFailed("This answer was used already; sign in again.")
        end_old_session(connection, request, state)
        rules = access.people.rules
        token = open_session(connection, identity.name, grant.courses, grant.administers, rules=rules, until=until)
    response = redirect_to(kept["next"])
    set_state(response, request, settings.public_url, "")
    set_token(response, request, settings.public_url, token)
    return response


def end_old_session(connection: Connection, request: Request, state: State) -> None:
    """Who signs in anew gets a new token, and the one that this browser had is of no use any more."""
    old = read_token(request, state.settings.public_url)
    if old:
        end_session(connection, old)


@router.post("/signout")
def sign_out(request: Request, state: State, lang: Lang = "") -> Response:
    """End the session of this browser, for every process at once."""
    settings = state.settings
    if not from_own_page(request, settings.public_url):
        raise NotOurPage("Only a page of this service can sign you out.")
    token = read_token(request, settings.public_url)
    if token:
        with state.library.database.writing() as connection:
            end_session(connection, token)
    values: dict[str, object] = {}
    if settings.oidc_issuer:
        values["provider_out"] = _provider(request).sign_out_url(f"{own_address(request, state)}/")
    response = show_page(request, "signedout.html", Place("/", lang=lang), values)
    forget_token(response, request, settings.public_url)
    response.headers["Clear-Site-Data"] = '"cache"'  # pictures of private courses
    return response


def safe_next(address: str) -> str:
    """Where to go on, on this site only: anything else is the start."""
    # what begins with one slash has neither a scheme nor a host
    here = address.startswith("/") and not address.startswith(("//", "/\\"))
    clean = here and "\\" not in address and address.isprintable()
    return quote(address, safe="/?=&:~%#+,;@!$'()*-._[]") if clean and not address.startswith("/signin") else "/"


def _provider(request: Request) -> Provider:
    provider: Provider | None = request.app.state.provider
    if provider is None:
        raise SignInFailed(
            "No provider is set up here (LECTURES_OIDC_ISSUER); open the link that your lecturer gave you."
        )
    return provider


def _back(request: Request, state: State) -> str:
    return f"{own_address(request, state)}/signin/provider/back"


def own_address(request: Request, state: State) -> str:
    """Where people reach the service: as the operator says, else as this request has."""
    return base_of(request.scope, state.settings)


def redirect_to(address: str) -> RedirectResponse:
    """To another address, leaving nothing of this one behind."""
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return RedirectResponse(address, 303, headers)
