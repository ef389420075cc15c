"""Signed tokens ↔ what they say: those of providers and platforms are checked, our own are made.

The one module that knows joserfc, which does the cryptography.
"""

from __future__ import annotations

import hmac
import threading
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any, Generic, TypeVar

import httpx
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet, OctKey, RSAKey

from service.refusals import SignInFailed

T = TypeVar("T")
Claims = dict[str, Any]
_LEEWAY_SECONDS = 60  # clocks of two sites may differ by so much
_OLDEST_SECONDS = 3600  # a provider that says more has a clock that is wrong
_KNOWN_SECONDS = 3600.0
_ASK_AGAIN_SECONDS = 30.0  # a key that is not known may be new, but nobody can make us ask more often
_TIMEOUT_SECONDS = 10.0
_MAX_BYTES = 1 << 20
_MAX_TOKEN_CHARS = 32_000


class Refreshed(Generic[T]):
    """What another site says, asked for when it is first needed and brought up to date from time to time.

    A site that fails is left alone for a while. What it said before goes on being used then, and while it is asked.
    """

    def __init__(self, ask: Callable[[], T]) -> None:
        self._ask = ask
        self._known: T | None = None
        self._asked = -_KNOWN_SECONDS
        self._failed: SignInFailed | None = None
        self._lock = threading.Lock()

    def get(self, *, newer: bool = False) -> T:
        """What is known; `newer` if that is not enough. SignInFailed if the site has not said it yet."""
        known = self._known
        # one asks; the others wait for that only if what is known is of no use to them
        if not self._lock.acquire(blocking=known is None or newer) and known is not None:
            return known
        try:
            return self._brought_up_to_date(newer)
        finally:
            self._lock.release()

    def _brought_up_to_date(self, newer: bool) -> T:
        age = time.monotonic() - self._asked
        wanted = self._failed is not None or self._known is None or newer or age > _KNOWN_SECONDS
        if wanted and age > _ASK_AGAIN_SECONDS:
            self._asked = time.monotonic()
            try:
                self._known, self._failed = self._ask(), None
            except SignInFailed as error:
                self._failed = error
        if self._known is None:
            raise self._failed or SignInFailed("The site that signs people in is being asked; try again.")
        return self._known


PublishedKeys = Refreshed[KeySet]


def published_keys(url: str) -> PublishedKeys:
    """The public keys that a site publishes at an address."""
    return Refreshed(lambda: _read_keys(url))


def _read_keys(url: str) -> KeySet:
    """Those of the keys that we understand; RFC 7517 section 5 has the others ignored. SignInFailed if there are
    none."""
    found = fetch_json(url).get("keys")
    keys = []
    for member in found if isinstance(found, list) else ():
        try:
            keys += KeySet.import_key_set({"keys": [member]}).keys
        except (JoseError, ValueError, KeyError, TypeError, AttributeError):
            continue
    if not keys:
        raise SignInFailed(f"What {url} publishes is no set of keys.")
    return KeySet(keys)


def fetch_json(url: str) -> Claims:
    """The JSON object at an address that the operator has set. SignInFailed if there is none."""
    try:
        response = httpx.get(url, timeout=_TIMEOUT_SECONDS, headers={"Accept": "application/json"})
        found = response.raise_for_status().json() if len(response.content) <= _MAX_BYTES else None
    except (httpx.HTTPError, ValueError) as error:
        raise SignInFailed(f"{url} does not answer as it should; try again later.") from error
    if not isinstance(found, dict):
        raise SignInFailed(f"{url} does not answer with a JSON object.")
    return found


def read_id_token(
    token: str, keys: PublishedKeys, *, issuer: str, client_id: str, nonce: str, algorithms: Collection[str]
) -> Claims:
    """The claims of a token about a person, each checked as OpenID Connect Core 3.1.3.7 says. SignInFailed if it is not
    by this issuer, for this client, of this moment, and the answer to this very request."""
    found = _verified(token, keys, algorithms)
    registry = jwt.JWTClaimsRegistry(
        leeway=_LEEWAY_SECONDS,
        iss={"essential": True, "value": issuer},
        sub={"essential": True},
        aud={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True},
    )
    try:
        registry.validate(found)
    except JoseError as error:
        raise SignInFailed(f"The token about you is not valid ({error.error}); sign in again.") from error
    audience = found["aud"] if isinstance(found["aud"], list) else [found["aud"]]
    if (
        client_id not in audience
        or (len(audience) > 1 and "azp" not in found)
        or found.get("azp", client_id) != client_id
    ):
        raise SignInFailed("The token about you was made for another service.")
    if not nonce or not hmac.compare_digest(str(found["nonce"]).encode(), nonce.encode()):
        raise SignInFailed("The token about you answers another request; sign in again.")
    if not time.time() - _OLDEST_SECONDS < found["iat"] < time.time() + _LEEWAY_SECONDS:
        raise SignInFailed("The token about you was not made just now; sign in again.")
    return found


def sign_for_us(claims: Mapping[str, object], secret: str, purpose: str, seconds: int) -> str:
    """What a browser carries for us for a while, for one purpose."""
    known = {**claims, "aud": purpose, "exp": int(time.time()) + seconds}
    return jwt.encode({"alg": "HS256"}, known, OctKey.import_key(secret))


def read_ours(token: str, secret: str, purpose: str) -> Claims:
    """What we signed for this purpose. SignInFailed if we did not, or too long ago."""
    try:
        if len(token) > _MAX_TOKEN_CHARS:
            raise ValueError
        found = dict(jwt.decode(token, OctKey.import_key(secret), algorithms=["HS256"]).claims)
        registry = jwt.JWTClaimsRegistry(aud={"essential": True, "value": purpose}, exp={"essential": True})
        registry.validate(found)
    except ExpiredTokenError as error:
        raise SignInFailed("That took too long; sign in again.") from error
    except (JoseError, ValueError) as error:
        raise SignInFailed("Signing in was not begun in this browser; begin here, and let it keep cookies.") from error
    return found


def new_private_key() -> str:
    """A key of 2,048 bits to sign with, as PEM."""
    return RSAKey.generate_key(2048, auto_kid=False).as_pem(private=True).decode()


def sign_for_others(claims: Mapping[str, object], private_key: str, seconds: int) -> str:
    """A token that others check with our public key (RS256)."""
    key = _private(private_key)
    now = int(time.time())
    header = {"alg": "RS256", "kid": key.kid}
    return jwt.encode(header, {**claims, "iat": now, "exp": now + seconds}, key)


def public_keys(private_key: str) -> Claims:
    """The set of keys with which others check what we sign."""
    key = _private(private_key)
    return {"keys": [{**key.as_dict(private=False), "use": "sig", "alg": "RS256", "kid": key.kid}]}


def _private(pem: str) -> RSAKey:
    key = RSAKey.import_key(pem)
    return RSAKey.import_key(pem, {"kid": key.thumbprint()})


def _verified(token: str, keys: PublishedKeys, algorithms: Collection[str]) -> Claims:
    if len(token) > _MAX_TOKEN_CHARS:
        raise SignInFailed("The token about you is too long.")
    try:
        try:
            return dict(jwt.decode(token, keys.get(), algorithms=algorithms).claims)
        except InvalidKeyIdError:
            return dict(jwt.decode(token, keys.get(newer=True), algorithms=algorithms).claims)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise SignInFailed("The token about you is not signed by who should have signed it.") from error
