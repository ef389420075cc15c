"""Who calls, what they may read, and how often: keys, scopes, courses, rate limits."""

from __future__ import annotations

import datetime as dt
import math
import threading
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from index.errors import no_course
from index.store.keys import PREFIX, Key, find_key
from index.types import AccessScope, Readable
from service.deps import State
from service.gate import Work
from service.known_secrets import KnownSecrets
from service.refusals import KeyNeeded, ScopeMissing, TooOften
from service.settings import Settings, listed
from service.signin.grants import either
from service.signin.people import People, Person
from service.state import ServiceState

_REMEMBERED_SECONDS = 5.0  # how soon a revoked key stops working
_MAX_REMEMBERED = 10_000  # callers whose pace is remembered at once
_SIGNED_IN_PER_MINUTE = 3_000  # from one address: a lecture hall may share one
_ANONYMOUS = frozenset({AccessScope.SEARCH, AccessScope.ANSWER})


@dataclass(frozen=True, slots=True)
class Caller:
    """`courses` are the slugs that the caller may read, None for all; `person` is the name of who is signed in."""

    name: str
    scopes: frozenset[AccessScope]
    courses: Readable
    person: str = ""

    def may_read(self, slug: str) -> bool:
        return self.courses is None or slug in self.courses

    def check_course(self, slug: str) -> None:
        """NotFound in the words of a course that is not there, if it is not the caller's to read."""
        if not self.may_read(slug):
            raise no_course(slug)


class RateLimit:
    """A token bucket for each caller: `per_minute` on the average, a sixth of it (at least ten) at once."""

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._burst = max(10.0, per_minute / 6)
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, caller: str, now: float | None = None) -> float:
        """0 if the caller may go on, else the seconds until it may."""
        now = time.monotonic() if now is None else now
        with self._lock:
            tokens, seen = self._buckets.pop(caller, (self._burst, now))
            tokens = min(self._burst, tokens + (now - seen) * self.per_minute / 60)
            wait = 0.0 if tokens >= 1 else (1 - tokens) * 60 / self.per_minute
            self._buckets[caller] = (tokens if wait else tokens - 1, now)
            if len(self._buckets) > _MAX_REMEMBERED:
                self._buckets.popitem(last=False)
        return wait


class Access:
    """Of one application: the keys it has seen, and the buckets of its callers."""

    def __init__(self, settings: Settings) -> None:
        self.limits = {
            AccessScope.SEARCH: RateLimit(settings.searches_per_minute),
            AccessScope.ANSWER: RateLimit(settings.answers_per_minute),
        }
        self.signing_in = RateLimit(_SIGNED_IN_PER_MINUTE)
        self.people = People(settings)
        self._keys = KnownSecrets(_look_up, _REMEMBERED_SECONDS)

    async def caller(
        self, request: Request, state: ServiceState, scope: AccessScope, *, limited: bool = True
    ) -> Caller:
        """Who asks; KeyNeeded, ScopeMissing or TooOften if they may not."""
        secret = _secret(request)
        if secret is not None and not _is_like_ours(secret) and not state.settings.api_keys_required:
            secret = None  # chat programs must send something where nothing is needed
        person = await self.people.person(request, state) if secret is None else None
        if person is not None:
            request.state.person = person.name
            caller = await _signed_in(person, state, scope)
        elif secret is None:
            if state.settings.api_keys_required or scope is AccessScope.ADMIN:
                raise KeyNeeded("This needs a key; send it as `Authorization: Bearer KEY` (`lectures keys create`).")
            caller = Caller(f"address {_address(request)}", _ANONYMOUS, await _public_courses(state))
        else:
            key = await self._keys.of(state, secret)
            if key is None or not key.is_valid(dt.datetime.now(dt.UTC)):
                raise KeyNeeded("The key is unknown (mistyped?), expired or revoked; ask for a new one.")
            caller = Caller(f"key {key.id}", key.scopes, key.courses)
        if scope not in caller.scopes and AccessScope.ADMIN not in caller.scopes:
            whose = "This key" if person is None else f"{person.name:.80}"
            raise ScopeMissing(f"{whose} may not {scope.value}; ask for the scope {scope.value!r}.")
        limit = self.limits.get(scope) if limited else None
        wait = limit.take(caller.name) if limit else 0.0
        if limit and wait:
            raise TooOften(f"More than {limit.per_minute} requests a minute; try again in {math.ceil(wait)} s.", wait)
        return caller


def limit_signing_in(request: Request) -> None:
    """TooOften if an address signs in so often that it fills the database."""
    access: Access = request.app.state.access
    wait = access.signing_in.take(_address(request))
    if wait:
        raise TooOften(f"Too many people sign in from here at once; try again in {math.ceil(wait)} s.", wait)


def _look_up(state: ServiceState, secret: str) -> Key | None:
    with state.library.database.reading() as connection:
        return find_key(connection, secret)


def _secret(request: Request) -> str | None:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and value.strip():
        return value.strip()[:200]
    return request.headers.get("x-api-key", "").strip()[:200] or None


def _is_like_ours(secret: str) -> bool:
    """Whether something sent as a key is meant as one of ours, though it may be mistyped or still quoted."""
    return secret.removeprefix("Bearer ").strip("\"'<> ").lower().startswith(PREFIX)


def _address(request: Request) -> str:
    return request.client.host if request.client else "unknown"


async def _signed_in(person: Person, state: ServiceState, scope: AccessScope) -> Caller:
    """A person as a caller. To administer it has the courses that are its own to administer, and no others; to read,
    where anybody may read public courses, those on top of its own."""
    if scope is AccessScope.ADMIN:
        own = person.grant.administers
        scopes = _ANONYMOUS if own is not None and not own else frozenset(AccessScope)
        return Caller(person.id, scopes, own, person.name)
    courses = person.grant.courses
    if not state.settings.api_keys_required:
        courses = either(courses, await _public_courses(state))
    if courses is not None and not courses:
        raise ScopeMissing(f"{person.name:.80} is signed in, but no course is open to them; ask the lecturer.")
    return Caller(person.id, _ANONYMOUS, courses, person.name)


async def _public_courses(state: ServiceState) -> frozenset[str] | None:
    """The courses that need no key: all, unless some are set apart."""
    private = set(listed(state.settings.private_courses))
    # in a thread: this may be the request that opens a new generation
    return frozenset((await run_in_threadpool(state.index)).generation.number_of) - private if private else None


async def _reader(request: Request, state: State) -> AsyncIterator[Caller]:
    """For what a page shows beside its hits: courses, files. Not counted, since one page asks for many."""
    access: Access = request.app.state.access
    caller = await access.caller(request, state, AccessScope.SEARCH, limited=False)
    async with state.gate.place(Work.LOOK, caller.name):
        yield caller


async def _viewer(request: Request, state: State) -> AsyncIterator[Caller]:
    """For pictures of pages."""
    access: Access = request.app.state.access
    caller = await access.caller(request, state, AccessScope.SEARCH, limited=False)
    async with state.gate.place(Work.PICTURE, caller.name):
        yield caller


async def _searcher(request: Request, state: State) -> AsyncIterator[Caller]:
    access: Access = request.app.state.access
    caller = await access.caller(request, state, AccessScope.SEARCH)
    async with state.gate.place(Work.SEARCH, caller.name):
        yield caller


async def _embedding(request: Request, state: State) -> AsyncIterator[Caller]:
    access: Access = request.app.state.access
    caller = await access.caller(request, state, AccessScope.SEARCH)
    async with state.gate.place(Work.EMBED, caller.name):
        yield caller


async def _answerer(request: Request, state: State) -> AsyncIterator[Caller]:
    access: Access = request.app.state.access
    caller = await access.caller(request, state, AccessScope.ANSWER)
    async with state.gate.place(Work.ANSWER, caller.name):
        yield caller


async def _administrator(request: Request, state: State) -> AsyncIterator[Caller]:
    access: Access = request.app.state.access
    caller = await access.caller(request, state, AccessScope.ADMIN)
    async with state.gate.place(Work.INGEST, caller.name):
        yield caller


async def _perhaps_administrator(request: Request, state: State) -> Caller | None:
    """Who may administer, None for everybody else: for a page that shows them more. It has its place as a reader."""
    access: Access = request.app.state.access
    try:
        return await access.caller(request, state, AccessScope.ADMIN, limited=False)
    except (KeyNeeded, ScopeMissing):
        return None


async def _visitor(request: Request, state: State) -> AsyncIterator[None]:
    """For what everybody may see."""
    async with state.gate.place(Work.LOOK, f"address {_address(request)}"):
        yield


async def _newcomer(request: Request, state: State) -> AsyncIterator[None]:
    async with state.gate.place(Work.SIGN_IN, f"address {_address(request)}"):
        yield


# A place is given back when the endpoint is done, not when a slow reader has read all; that of an answer is kept to
# the end of its stream.
NEWCOMER = Depends(_newcomer, scope="function")  # for all that signs in or out
Visitor = Annotated[None, Depends(_visitor, scope="function")]
Reader = Annotated[Caller, Depends(_reader, scope="function")]
Viewer = Annotated[Caller, Depends(_viewer, scope="function")]
Searcher = Annotated[Caller, Depends(_searcher, scope="function")]
Embedding = Annotated[Caller, Depends(_embedding, scope="function")]
Answerer = Annotated[Caller, Depends(_answerer)]
PerhapsAdministrator = Annotated[Caller | None, Depends(_perhaps_administrator)]
Administrator = Annotated[Caller, Depends(_administrator, scope="function")]
