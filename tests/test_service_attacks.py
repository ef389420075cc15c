"""Attacks on signing in, one at a time: none gets in, and without the attack the same way is open."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import platform_stub
import provider_stub
import pytest
from joserfc import jwt
from platform_stub import LTI, STUDENT, TEACHER
from provider_stub import new_key
from starlette.testclient import TestClient
from support import ingest, write_course

from index.library import Library
from index.store.keys import create_key, revoke_key
from index.store.sessions import open_link, open_session
from index.types import AccessScope, Readable
from service.app import create_app
from service.settings import Settings
from service.signin.tokens import sign_for_us

_BASE = "https://testserver"
_READ = [AccessScope.SEARCH, AccessScope.ANSWER]
_NOW = time.time()


@dataclass(slots=True)
class Stage:
    """An installation where one course needs signing in, with its provider, its platform, and whoever attacks."""

    client: TestClient
    settings: Settings
    provider: provider_stub.Provider
    platform: platform_stub.Platform
    library: Library

    def is_in(self, **headers: str) -> bool:
        """Whether the browser of the attacker (or of whom it attacks) reads the course."""
        return self.client.get("/api/courses", headers=headers).status_code == 200

    def begin(self) -> str:
        """To the provider; where it sends the browser back to."""
        there = self.client.get("/signin/provider", params={"next": "/c/alpha"})
        back: str = httpx.get(there.headers["location"]).headers["location"]
        return back

    def sign_in(self) -> bool:
        self.client.get(self.begin())
        return self.is_in()

    def form(self, **said: Any) -> dict[str, str]:
        """What the platform has the browser post."""
        begun = self.client.get("/lti/login", params=self.platform.begin(**said))
        asked = urlsplit(self.client.get(begun.headers["location"]).headers["location"])
        return self.platform.answer({name: values[0] for name, values in parse_qs(asked.query).items()})

    def launch(self, **said: Any) -> bool:
        self.client.post("/lti/launch", data=self.form(**said))
        return self.is_in()

    def session(self, administers: Readable = frozenset()) -> str:
        """The token of a person who is signed in, in this browser too."""
        rules = self.client.app.state.access.people.rules  # type: ignore[attr-defined]
        until = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
        with self.library.database.writing() as connection:
            token = open_session(connection, "Ada", None, administers, rules=rules, until=until)
        self.client.cookies.set("__Host-lectures", token)
        return token

    def secret(self) -> str:
        """The secret that signs what browsers carry."""
        with self.library.database.reading() as connection:
            return str(connection.exec_driver_sql("SELECT value FROM signin_secrets WHERE name = 'state'").scalar())


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("attacked")
    with provider_stub.provider() as provider, platform_stub.platform() as platform:
        platform.tool = _BASE
        (folder / "lti.yaml").write_text(platform.registration(**{"7": "alpha"}), "utf-8")
        settings = Settings(
            data_dir=folder / "data",
            embedder="none",
            api_keys_required=True,
            public_url=_BASE,
            oidc_issuer=provider.url,
            oidc_client_id=provider_stub.CLIENT,
            oidc_client_secret=provider_stub.SECRET,
            signin_grants="students -> alpha; staff -> * +admin",
            proxy_networks="10.0.0.0/8",
            lti_file=str(folder / "lti.yaml"),
        )
        library = Library(settings.resolved_database_url, settings.data_dir)
        library.database.migrate()
        ingest(write_course(folder / "alpha", "alpha", ["Alpha\nthe alpha rule"]), library, None)
        with TestClient(create_app(settings), base_url=_BASE, follow_redirects=False) as client:
            yield Stage(client, settings, provider, platform, library)
        library.close()


@pytest.fixture
def stage(running: Stage) -> Stage:
    running.client.cookies.clear()
    running.provider.bent = {}
    running.platform.bent = {}
    return running


def test_without_an_attack_every_way_is_open(stage: Stage) -> None:
    assert not stage.is_in()
    assert stage.sign_in()
    stage.client.cookies.clear()
    assert not stage.is_in()
    assert stage.launch()
    stage.client.cookies.clear()
    stage.session()
    assert stage.is_in()


def _hs256(claims: dict[str, Any], secret: bytes) -> str:
    """A token that is signed with a shared secret, such as a public key that everybody has."""
    head = {"alg": "HS256", "typ": "JWT", "kid": "one"}
    parts = [urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (head, claims)]
    signature = hmac.new(secret, b".".join(parts), hashlib.sha256).digest()
    return b".".join([*parts, urlsafe_b64encode(signature).rstrip(b"=")]).decode()


# What a token says or how it is signed, by name; both the provider's and the platform's are tried with each.
_BENT_TOKENS: dict[str, dict[str, Any]] = {
    "no signature (alg none)": {"alg": "none"},
    "signed with another key": {"key": new_key("one")},
    "signed with another algorithm than is agreed": {"alg": "PS384"},
    "by an unknown key": {"kid": "unknown", "key": new_key("unknown")},
    "of another issuer": {"claims": {"iss": "https://evil.example.org"}},
    "without an issuer": {"claims": {"iss": None}},
    "for another service": {"claims": {"aud": "another"}},
    "for two services, and it does not say which asked": {
        "claims": {"aud": ["lectures", "lectures-client", "another"]}
    },
    "asked by another service": {"claims": {"azp": "another"}},
    "without an audience": {"claims": {"aud": None}},
    "expired": {"claims": {"exp": int(_NOW) - 3600}},
    "without an end": {"claims": {"exp": None}},
    "of last week, valid for ever": {"claims": {"iat": int(_NOW) - 7 * 86_400, "exp": int(_NOW) + 10**9}},
    "of tomorrow": {"claims": {"iat": int(_NOW) + 86_400, "exp": int(_NOW) + 90_000}},
    "not valid yet": {"claims": {"nbf": int(_NOW) + 3600}},
    "with the nonce of another sign-in": {"claims": {"nonce": "stale"}},
    "without a nonce": {"claims": {"nonce": None}},
    "with an empty nonce": {"claims": {"nonce": ""}},
    "about nobody": {"claims": {"sub": None}},
}


@pytest.mark.parametrize("name", _BENT_TOKENS)
def test_no_token_of_a_provider_gets_in_that_is(stage: Stage, name: str) -> None:
    stage.provider.bent = _BENT_TOKENS[name]
    assert not stage.sign_in()


@pytest.mark.parametrize("name", _BENT_TOKENS)
def test_no_token_of_a_platform_gets_in_that_is(stage: Stage, name: str) -> None:
    stage.platform.bent = _BENT_TOKENS[name]
    assert not stage.launch()


def _public_key_as_a_secret(stage: Stage) -> bool:
    pem = stage.platform.key.as_pem(private=False)
    stage.platform.bent = {"sign": lambda claims: _hs256(claims, pem)}
    return stage.launch()


def _key_by_its_own_address(stage: Stage) -> bool:
    mine = new_key("mine")
    header = {"alg": "RS256", "kid": "mine", "jku": "https://evil.example.org/keys", "jwk": mine.as_dict(private=False)}
    stage.platform.bent = {"sign": lambda claims: jwt.encode({**header}, claims, mine)}
    return stage.launch()


def _claims_changed_after_signing(stage: Stage) -> bool:
    form = stage.form(context="8")
    head, body, signature = form["id_token"].split(".")
    claims = json.loads(urlsafe_b64decode(body + "==="))
    claims[f"{LTI}/context"]["id"] = "7"
    changed = urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    stage.client.post("/lti/launch", data={**form, "id_token": f"{head}.{changed}.{signature}"})
    return stage.is_in()


def _secret_of_the_client_as_key(stage: Stage) -> bool:
    stage.provider.bent = {"sign": lambda claims: _hs256(claims, provider_stub.SECRET.encode())}
    return stage.sign_in()


def _answer_in_another_browser(stage: Stage) -> bool:
    back = stage.begin()  # by the attacker, who sends the address to somebody
    stage.client.cookies.clear()
    stage.client.get(back)
    return stage.is_in()


def _answer_of_another_request(stage: Stage) -> bool:
    attackers = stage.begin()
    stage.client.cookies.clear()
    stage.begin()  # by whom it attacks, in the same minute
    stage.client.get(attackers)
    return stage.is_in()


def _answer_twice(stage: Stage) -> bool:
    back = stage.begin()
    carried = dict(stage.client.cookies)
    asked = dict(stage.provider.codes)
    stage.client.get(back)
    assert stage.is_in()
    stage.client.cookies.clear()
    stage.client.cookies.update(carried)
    stage.provider.codes |= asked  # a provider that takes a code twice
    stage.client.get(back)
    return stage.is_in()


def _code_of_somebody_else(stage: Stage) -> bool:
    stolen = parse_qs(urlsplit(stage.begin()).query)["code"][0]
    stage.client.cookies.clear()
    own = parse_qs(urlsplit(stage.begin()).query)["state"][0]
    stage.client.get("/signin/provider/back", params={"code": stolen, "state": own})
    return stage.is_in()


def _answer_of_another_provider(stage: Stage) -> bool:
    stage.client.get(f"{stage.begin()}&iss=https://evil.example.org")
    return stage.is_in()


def _carry(stage: Stage, secret: str, purpose: str, seconds: int) -> bool:
    """Back from the provider with a cookie of the attacker's own making."""
    query = parse_qs(urlsplit(stage.begin()).query)
    code, state = query["code"][0], query["state"][0]
    asked = stage.provider.codes[code]
    known = {"state": state, "nonce": asked["nonce"], "verifier": "x" * 64, "next": "/"}
    asked["code_challenge"] = urlsafe_b64encode(hashlib.sha256(b"x" * 64).digest()).rstrip(b"=").decode()
    stage.client.cookies.clear()
    stage.client.cookies.set("__Host-lectures-signin", sign_for_us(known, secret, purpose, seconds))
    stage.client.get("/signin/provider/back", params={"code": code, "state": state})
    return stage.is_in()


def _carried_by_own_making(stage: Stage) -> bool:
    stage.begin()
    assert _carry(stage, stage.secret(), "provider", 60)  # the way is open to who has the secret
    return _carry(stage, "a guess" * 7, "provider", 60)


def _carried_for_another_purpose(stage: Stage) -> bool:
    return _carry(stage, stage.secret(), "launch", 60)


def _carried_for_too_long(stage: Stage) -> bool:
    return _carry(stage, stage.secret(), "provider", -1)


def _session_fixed_before(stage: Stage) -> bool:
    planted = "a" * 43
    stage.client.cookies.set("__Host-lectures", planted, domain="testserver.local")
    assert stage.sign_in()
    stage.client.cookies.clear()
    return stage.is_in(Cookie=f"__Host-lectures={planted}")


def _session_of_before_signing_in_again(stage: Stage) -> bool:
    assert stage.sign_in()
    before = stage.client.cookies["__Host-lectures"]
    assert stage.sign_in()
    stage.client.cookies.clear()
    return stage.is_in(Cookie=f"__Host-lectures={before}")


def _session_after_signing_out(stage: Stage) -> bool:
    token = stage.session()
    assert stage.client.post("/signout", headers={"Origin": _BASE}).status_code == 200
    stage.client.cookies.clear()
    return stage.is_in(Cookie=f"__Host-lectures={token}")


def _session_planted_by_a_neighbour(stage: Stage) -> bool:
    token = stage.session()
    stage.client.cookies.clear()
    return stage.is_in(Cookie=f"lectures={token}") or stage.is_in(Cookie=f"lectures-frame={token}")


def _session_as_the_database_keeps_it(stage: Stage) -> bool:
    token = stage.session()
    stage.client.cookies.clear()
    return stage.is_in(Cookie=f"__Host-lectures={hashlib.sha256(token.encode()).hexdigest()}")


def _session_by_injection(stage: Stage) -> bool:
    return any(stage.is_in(Cookie=f"__Host-lectures={text}") for text in ("' OR '1'='1", "%", "*", "null", "\\x00"))


def _session_as_a_key(stage: Stage) -> bool:
    token = stage.session()
    stage.client.cookies.clear()
    return stage.is_in(Authorization=f"Bearer {token}") or stage.is_in(**{"X-API-Key": token})


def _link(stage: Stage, days: int = 1) -> tuple[str, str]:
    with stage.library.database.writing() as connection:
        made, secret = create_key(connection, "link", _READ, ["alpha"], days, link=True)
    return made.id, secret


def _link_as_a_key(stage: Stage) -> bool:
    _, secret = _link(stage)
    return stage.is_in(Authorization=f"Bearer {secret}")


def _link_as_a_session(stage: Stage) -> bool:
    _, secret = _link(stage)
    return stage.is_in(Cookie=f"__Host-lectures={secret}")


def _key_as_a_link(stage: Stage) -> bool:
    with stage.library.database.writing() as connection:
        _, secret = create_key(connection, "bot", _READ)
    stage.client.get(f"/signin/link/{secret}")
    return stage.is_in()


def _link_that_was_revoked(stage: Stage) -> bool:
    link_id, secret = _link(stage)
    stage.client.get(f"/signin/link/{secret}")
    assert stage.is_in()
    with stage.library.database.writing() as connection:
        revoke_key(connection, link_id)
    was_in = stage.is_in()
    stage.client.get(f"/signin/link/{secret}")
    return was_in or stage.is_in()


def _link_that_has_expired(stage: Stage) -> bool:
    _, secret = _link(stage)
    with stage.library.database.writing() as connection:
        opened = open_link(connection, secret, dt.datetime.now(dt.UTC) + dt.timedelta(days=9))
        connection.exec_driver_sql("UPDATE api_keys SET expires_at = '2020-01-01 00:00:00' WHERE name = 'link'")
        connection.exec_driver_sql("UPDATE sessions SET expires_at = '2020-01-01 00:00:00' WHERE key_id IS NOT NULL")
    assert opened is not None
    stage.client.get(f"/signin/link/{secret}")
    return stage.is_in() or stage.is_in(Cookie=f"__Host-lectures={opened[0]}")


def _removal_by(stage: Stage, **headers: str) -> bool:
    """Whether another site removes a course in the name of an administrator who visits it."""
    stage.session(None)
    answered = stage.client.delete("/api/courses/nope", headers=headers).status_code
    assert answered in (403, 404)  # 404: it would have been removed, were it there
    return answered == 404


def _removal_by_another_site(stage: Stage) -> bool:
    assert _removal_by(stage, Origin=_BASE)
    return _removal_by(stage, Origin="https://evil.example.org")


def _removal_by_a_site_that_sounds_like_ours(stage: Stage) -> bool:
    names = (
        "https://testserver.evil.org",
        "https://evil.org/testserver",
        "http://testserver",
        "https://testserver:444",
    )
    return any(_removal_by(stage, Origin=name) for name in names)


def _removal_by_a_page_without_an_origin(stage: Stage) -> bool:
    return (
        _removal_by(stage, Origin="null") or _removal_by(stage) or _removal_by(stage, **{"Sec-Fetch-Site": "same-site"})
    )


def _signing_out_by_another_site(stage: Stage) -> bool:
    stage.session()
    stage.client.post("/signout", headers={"Origin": "https://evil.example.org"})
    return not stage.is_in()


def _launch_twice(stage: Stage) -> bool:
    form = stage.form()
    carried = dict(stage.client.cookies)
    stage.client.post("/lti/launch", data=form)
    assert stage.is_in()
    stage.client.cookies.clear()
    stage.client.cookies.update(carried)
    stage.client.post("/lti/launch", data=form)
    return stage.is_in()


def _launch_in_another_browser(stage: Stage) -> bool:
    form = stage.form()
    stage.client.cookies.clear()
    stage.client.post("/lti/launch", data=form)
    return stage.is_in()


def _launch_of_another(stage: Stage) -> bool:
    attackers = stage.form()
    own = stage.form()
    stage.client.post("/lti/launch", data={**own, "id_token": attackers["id_token"]})
    return stage.is_in()


def _launch_with_a_token_of_the_provider(stage: Stage) -> bool:
    form = stage.form()
    stage.client.post("/lti/launch", data={**form, "id_token": stage.provider.id_token("x")})
    return stage.is_in()


def _launch_from_an_unknown_deployment(stage: Stage) -> bool:
    stage.platform.bent = {"claims": {f"{LTI}/deployment_id": "2"}}
    return stage.launch()


def _launch_from_an_unknown_platform(stage: Stage) -> bool:
    begun = stage.client.get("/lti/login", params={**stage.platform.begin(), "iss": "https://evil.example.org"})
    return begun.status_code != 403


def _launch_of_another_version(stage: Stage) -> bool:
    stage.platform.bent = {"claims": {f"{LTI}/version": "1.1"}}
    return stage.launch()


def _launch_from_another_course(stage: Stage) -> bool:
    stage.platform.bent = {"claims": {f"{LTI}/context": {"id": "8", "label": "7", "title": "alpha"}}}
    return stage.launch()


def _picking_by_a_student(stage: Stage) -> bool:
    return stage.launch(picking=True, role=STUDENT)


def _picking_by_a_role_elsewhere(stage: Stage) -> bool:
    elsewhere = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Instructor"
    return stage.launch(picking=True, role=elsewhere)


def _picking_by_a_role_that_sounds_like_it(stage: Stage) -> bool:
    sounding = ("http://evil.example.org/membership#Instructor", f"{TEACHER}s", f"{STUDENT}/Instructor")
    return any(stage.launch(picking=True, role=role) for role in sounding)


def _led_to_another_site(stage: Stage) -> bool:
    for next_ in ("//evil.org", "/\\evil.org", "https://evil.org", "/%0d%0aLocation:https://evil.org", "/\t/evil.org"):
        there = stage.client.get("/signin/provider", params={"next": next_})
        back = httpx.get(there.headers["location"]).headers["location"]
        place = stage.client.get(back).headers["location"]
        if urlsplit(place).netloc or not place.startswith("/") or "\\" in place or "\n" in place:
            return True
    for target in ("https://evil.org/", f"{_BASE}//evil.org", f"{_BASE}@evil.org/", f"{_BASE}/\\evil.org"):
        place = stage.client.post("/lti/launch", data=stage.form(target=target)).headers["location"]
        if place not in ("/c/alpha", "/"):
            return True
    return False


def _header_of_a_proxy_by_a_stranger(stage: Stage) -> bool:
    forged = {"X-Forwarded-User": "eve", "X-Forwarded-Groups": "staff"}
    return stage.is_in(**forged) or stage.is_in(
        **forged, **{"X-Forwarded-For": "10.0.0.1", "Forwarded": "for=10.0.0.1"}
    )


_ATTACKS: list[Callable[[Stage], bool]] = [
    value for name, value in list(globals().items()) if name.startswith("_") and callable(value)
    and getattr(value, "__annotations__", {}) == {"stage": "Stage", "return": "bool"}
]  # fmt: skip


@pytest.mark.parametrize("attack", _ATTACKS, ids=lambda attack: attack.__name__.strip("_"))
def test_no_attack_gets_in(stage: Stage, attack: Callable[[Stage], bool]) -> None:
    assert not attack(stage)


def test_there_are_as_many_attacks_as_are_promised() -> None:
    assert len(_ATTACKS) + 2 * len(_BENT_TOKENS) >= 30
