"""The addresses of LTI 1.3: `/lti/login`, `/lti/launch`, `/lti/pick`, `/lti/keys`.

All of it happens in a frame of the platform, where browsers may keep no cookies of ours but partitioned ones. A browser
that keeps none is offered a window of its own before anything has begun.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request, Response

from index.later import later
from index.store.sessions import open_session, use_once
from service.access import NEWCOMER, Access, Reader, limit_signing_in
from service.deps import State
from service.links import course_url
from service.refusals import SignInFailed
from service.security import let_form_go_to
from service.signin.cookies import read_state, read_token, set_frame_token, set_state
from service.signin.keeping import session_end, signing_key, state_secret
from service.signin.picking import shown_choice, shown_choices
from service.signin.routes import end_old_session, own_address, redirect_to, safe_next
from service.web.place import Place
from service.web.showing import PageRoute, show_page

if TYPE_CHECKING:
    from service.signin import lti, tokens
    from service.signin.platforms import Platforms
else:
    lti = later("service.signin.lti")
    tokens = later("service.signin.tokens")

router = APIRouter(route_class=PageRoute, prefix="/lti")

_BEGUN_SECONDS, _PICK_SECONDS, _RESPONSE_SECONDS = 600, 3600, 300
_LAUNCH_ID = re.compile(r"[0-9a-f]{8}")
_HINTS = ("login_hint", "lti_message_hint")

Text = Annotated[str, Query(max_length=4_000)]
Field = Annotated[str, Form(max_length=4_000)]
Ticket = Annotated[str, Query(max_length=12_000)]


@router.get("/login", dependencies=[NEWCOMER])
def login(
    request: Request,
    state: State,
    iss: Text = "",
    login_hint: Text = "",
    lti_message_hint: Text = "",
    client_id: Text = "",
    kept: Annotated[str, Query(max_length=8)] = "",
) -> Response:
    """A platform begins a launch: it is asked who the person is, once it is sure that the browser keeps our cookie."""
    limit_signing_in(request)
    asked = {"iss": iss, "login_hint": login_hint, "lti_message_hint": lti_message_hint, "client_id": client_id}
    asked = {name: value for name, value in asked.items() if value}
    platform = lti.asked_platform(_platforms(request), iss, client_id)
    if not kept:
        begun = lti.new_launch(platform)
        number = begun["state"].split(".")[0]
        response = redirect_to(f"/lti/login?{urlencode({**asked, 'kept': number})}")
        signed = tokens.sign_for_us(begun, state_secret(state), "launch", _BEGUN_SECONDS)
        set_state(response, request, state.settings.public_url, signed, launch=number, seconds=_BEGUN_SECONDS)
        return response
    cookie = read_state(request, state.settings.public_url, launch=kept) if _LAUNCH_ID.fullmatch(kept) else ""
    if not cookie:
        again = f"/lti/login?{urlencode(asked)}"
        return show_page(request, "lti_window.html", Place("/"), {"again": again}, 200)
    known = tokens.read_ours(cookie, state_secret(state), "launch")
    hints = {name: asked[name] for name in _HINTS if name in asked}
    return redirect_to(lti.login_url(platform, known, f"{own_address(request, state)}/lti/launch", hints))


@router.post("/login", dependencies=[NEWCOMER])
def login_by_form(
    request: Request,
    state: State,
    iss: Field = "",
    login_hint: Field = "",
    lti_message_hint: Field = "",
    client_id: Field = "",
) -> Response:
    """The same, from platforms that post it."""
    return login(request, state, iss, login_hint, lti_message_hint, client_id)


@router.post("/launch", dependencies=[NEWCOMER])
def launch(
    request: Request,
    state: State,
    id_token: Annotated[str, Form(max_length=64_000)] = "",
    answers: Annotated[str, Form(max_length=200, alias="state")] = "",
    error: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """The platform says who the person is: a session of the frame, and where it leads."""
    limit_signing_in(request)
    settings, number = state.settings, answers.split(".")[0]
    cookie = read_state(request, settings.public_url, launch=number) if _LAUNCH_ID.fullmatch(number) else ""
    kept = tokens.read_ours(cookie, state_secret(state), "launch")
    if not hmac.compare_digest(answers.encode(), kept["state"].encode()):
        raise SignInFailed("This answers another launch than the one that this browser began; open it again.")
    if error or not id_token:
        raise SignInFailed(f"The platform did not say who you are ({error or 'no token'}); open it again.")
    found = lti.read_launch(id_token, _platforms(request), kept, own_address(request, state))
    until = session_end(state)
    with state.library.database.writing() as connection:
        if not use_once(connection, f"nonce {found.nonce}", until):
            raise SignInFailed("This launch was used already; open it again.")
        end_old_session(connection, request, state)
        grant, rules = found.grant, found.platform.rules
        token = open_session(connection, found.name, grant.courses, grant.administers, rules=rules, until=until)
    response = redirect_to(_leads_to(found, token, state))
    set_state(response, request, settings.public_url, "", launch=number)
    set_frame_token(response, request, settings.public_url, token)
    return response


@router.get("/pick")
def pick(
    request: Request,
    state: State,
    caller: Reader,
    ticket: Ticket,
    course: Annotated[str, Query(max_length=80)] = "",
    lecture: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    lang: Annotated[str, Query(max_length=2)] = "",
) -> Response:
    """A lecturer picks a course, a lecture, a slide or a second to insert."""
    _read_ticket(request, state, ticket)
    with state.library.database.reading() as connection:
        values = shown_choices(connection, caller.courses, course, lecture)
    here = urlencode({"ticket": ticket, "course": course, "lecture": lecture})
    return show_page(request, "lti_pick.html", Place(f"/lti/pick?{here}", lang=lang), {**values, "ticket": ticket})


@router.post("/pick")
def picked(
    request: Request,
    state: State,
    caller: Reader,
    ticket: Annotated[str, Form(max_length=12_000)],
    open: Annotated[str, Form(max_length=2_000)],
) -> Response:
    """What was picked goes back to the platform, signed."""
    client, picking = _read_ticket(request, state, ticket)
    platform = lti.asked_platform(_platforms(request), *client)
    own = own_address(request, state)
    with state.library.database.reading() as connection:
        title, url = shown_choice(connection, caller.courses, open, own)
    claims = lti.response_claims(platform, picking, title, f"{own}{url}")
    signed = tokens.sign_for_others(claims, signing_key(state), _RESPONSE_SECONDS)
    let_form_go_to(request, picking.return_url)
    values = {"return_url": picking.return_url, "signed": signed, "title": title}
    return show_page(request, "lti_picked.html", Place("/"), values)


@router.get("/keys", dependencies=[NEWCOMER])
def keys(state: State) -> dict[str, object]:
    """The public key with which platforms check what was picked."""
    return dict(tokens.public_keys(signing_key(state)))


def _platforms(request: Request) -> Platforms:
    access: Access = request.app.state.access
    if not access.people.platforms:
        raise SignInFailed("No learning platform is set up here (LECTURES_LTI_FILE).")
    return access.people.platforms


def _leads_to(found: lti.Launch, token: str, state: State) -> str:
    """Where a launch leads: to picking, to the place that was inserted, or to the course."""
    if found.picking is not None:
        client = {"issuer": found.platform.issuer, "client_id": found.platform.client_id, "session": _mark(token)}
        ticket = tokens.sign_for_us({**asdict(found.picking), **client}, state_secret(state), "pick", _PICK_SECONDS)
        return f"/lti/pick?{urlencode({'ticket': ticket})}"
    target = safe_next(found.target)
    if target not in ("/", "") and not target.startswith("/lti/"):
        return target
    courses = found.grant.courses or frozenset()
    return course_url(next(iter(courses))) if len(courses) == 1 else "/"


def _read_ticket(request: Request, state: State, ticket: str) -> tuple[tuple[str, str], lti.Picking]:
    """What the session of this browser may insert, and where. SignInFailed for a ticket of another session."""
    found = tokens.read_ours(ticket, state_secret(state), "pick")
    token = read_token(request, state.settings.public_url) or ""
    if not hmac.compare_digest(found["session"], _mark(token)):
        raise SignInFailed("This was begun by somebody else; open it again from the platform.")
    picking = lti.Picking(found["return_url"], found["data"], found["deployment"], found["item_type"])
    return (found["issuer"], found["client_id"]), picking


def _mark(token: str) -> str:
    return hashlib.sha256(f"pick {token}".encode()).hexdigest()
