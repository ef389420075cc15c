"""People signed in: by a link, by a provider, by a proxy in front; and how that ends."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import axe_playwright_python
import httpx
import provider_stub
import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient
from support import Run, ingest, serve, write_course

from index.errors import InvalidRequest
from index.library import Library
from index.store.keys import create_key, find_key, list_keys, revoke_key
from index.store.sessions import (
    end_sessions,
    find_session,
    known_secret,
    make_secret,
    open_link,
    open_session,
    use_once,
)
from index.store.tables import sessions
from index.types import AccessScope
from service.app import create_app
from service.refusals import SignInFailed
from service.settings import Settings
from service.signin.grants import Grant, granted, read_grants
from service.signin.oidc import groups_of
from service.signin.routes import safe_next
from service.signin.tokens import Refreshed, published_keys

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
_HTML = {"Accept": "text/html"}
_READ = [AccessScope.SEARCH, AccessScope.ANSWER]
_OWN = {"Origin": "http://testserver"}


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Two courses, `alpha` and `beta`, to which keys are needed."""
    folder = tmp_path_factory.mktemp("courses")
    settings = Settings(data_dir=folder / "data", embedder="none", api_keys_required=True)
    library = Library(settings.resolved_database_url, settings.data_dir)
    library.database.migrate()
    for slug in ("alpha", "beta"):
        ingest(write_course(folder / slug, slug, [f"{slug.title()}\nthe {slug} rule of momentum"]), library, None)
    library.close()
    return settings


@pytest.fixture
def opened(two: Settings) -> Iterator[Library]:
    library = Library(two.resolved_database_url, two.data_dir)
    yield library
    library.close()


def _link(library: Library, *slugs: str, days: int = 30) -> tuple[str, str]:
    with library.database.writing() as connection:
        link, secret = create_key(connection, "Students", _READ, slugs or None, days, link=True)
    return link.id, secret


def _client(settings: Settings, **changes: Any) -> TestClient:
    changed = settings.model_copy(update={"public_url": "http://testserver", **changes})
    return TestClient(create_app(changed), follow_redirects=False)


def test_a_session_is_kept_as_a_hash_and_ends(library: Library) -> None:
    now = dt.datetime.now(dt.UTC)
    with library.database.writing() as connection:
        hour = now + dt.timedelta(hours=1)
        token = open_session(connection, "Ada", frozenset({"a"}), rules="r", until=hour)
        open_session(connection, "Eve", None, rules="r", until=hour)
    with library.database.reading() as connection:
        found = find_session(connection, token, now)
        assert found is not None
        assert (found.name, found.courses, found.rules) == ("Ada", frozenset({"a"}), "r")
        assert find_session(connection, token, now + dt.timedelta(hours=2)) is None
        assert token not in connection.exec_driver_sql("SELECT digest FROM sessions").scalars().all()
    with library.database.writing() as connection:
        assert end_sessions(connection, "Ada") == 1
        assert find_session(connection, token, now) is None
        assert end_sessions(connection) == 1


def test_a_link_is_no_key_and_a_revoked_one_ends_its_sessions(library: Library) -> None:
    now = dt.datetime.now(dt.UTC)
    with library.database.writing() as connection:
        link, secret = create_key(connection, "Students", _READ, None, 1, link=True)
        key, plain = create_key(connection, "bot", _READ)
        assert find_key(connection, secret) is None
        assert open_link(connection, plain, now) is None
        assert (list_keys(connection), list_keys(connection, links=True)) == ([key], [link])
        opened = open_link(connection, secret, now + dt.timedelta(days=9))
        assert opened is not None
        assert find_session(connection, opened[0], now) is not None
        assert find_session(connection, opened[0], now + dt.timedelta(days=2)) is None  # not longer than the link
        revoke_key(connection, link.id)
        assert find_session(connection, opened[0], now) is None
        assert open_link(connection, secret, now) is None


def test_a_value_is_used_once_and_a_secret_is_made_once(library: Library) -> None:
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=5)
    with library.database.writing() as connection:
        assert [use_once(connection, value, soon) for value in ("a", "b", "a")] == [True, True, False]
        assert known_secret(connection, "s") is None
        assert [make_secret(connection, "s", value) for value in ("one", "two")] == ["one", "one"]


def test_grants_are_read_as_they_are_written() -> None:
    grants = read_grants("cn=ml,ou=x -> nets stats; staff -> * +admin; * -> intro")
    assert granted(["cn=ml,ou=x"], grants) == Grant(frozenset({"nets", "stats", "intro"}))
    assert granted(["staff"], grants) == Grant(None, None)
    both = granted(["a", "b"], read_grants("a -> one +admin; b -> two"))
    assert both == Grant(frozenset({"one", "two"}), frozenset({"one"}))
    assert granted([], grants).courses == frozenset({"intro"})
    assert granted(["x"], read_grants("")).courses == frozenset()
    for wrong in ("staff", "staff ->", "-> a", "a -> b/c", "a -> b +root"):
        with pytest.raises(InvalidRequest, match="LECTURES_SIGNIN_GRANTS"):
            read_grants(wrong)


def test_groups_stand_in_a_claim_or_within_one() -> None:
    claims = {"groups": ["a", 1], "one": "b", "realm": {"roles": ["c"]}, "https://x.org/groups": ["d"], "odd": {"e": 1}}
    named = [
        groups_of(claims, path) for path in ("groups", "one", "realm.roles", "https://x.org/groups", "odd", "no.no")
    ]
    assert named == [("a", "1"), ("b",), ("c",), ("d",), (), ()]


@pytest.mark.parametrize(
    ("asked", "leads_to"),
    [
        ("/c/nets?q=a b", "/c/nets?q=a%20b"),
        ("//evil.org", "/"),
        ("/\\evil.org", "/"),
        ("https://evil.org", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\\b", "/"),
        ("/a\r\nSet-Cookie: x", "/"),
        ("/signin/link/x", "/"),
        ("//[", "/"),
        ("//\u2100", "/"),
        ("", "/"),
    ],
)
def test_nobody_is_led_to_another_site(asked: str, leads_to: str) -> None:
    assert safe_next(asked) == leads_to


def test_a_person_without_a_session_is_told_what_to_do(two: Settings) -> None:
    with _client(two) as client:
        page = client.get("/?q=momentum", headers=_HTML)
        assert page.status_code == 401
        assert "Open the link that your lecturer gave you" in page.text
        assert "/signin/provider" not in page.text
        assert client.get("/api/search?q=momentum", headers=_HTML).json()["code"] == "key_needed"
        russian = client.get("/c/alpha?lang=ru", headers=_HTML)
        assert "Откройте ссылку" in russian.text
        assert "alpha" not in russian.text.replace("/c/alpha", "").replace("%2Fc%2Falpha", "")


def test_a_link_opens_the_page_with_its_pictures_and_leaves_a_clean_address(two: Settings, opened: Library) -> None:
    link_id, secret = _link(opened, "alpha")
    with _client(two) as client:
        entered = client.get(f"/signin/link/{secret}")
        assert (entered.status_code, entered.headers["location"]) == (303, "/c/alpha")
        assert entered.headers["cache-control"] == "no-store"
        cookie = next(c for c in entered.headers.get_list("set-cookie") if c.startswith("lectures="))
        assert cookie.endswith("; Path=/; HttpOnly; SameSite=Lax")
        page = client.get("/c/alpha", headers=_HTML)
        assert page.status_code == 200
        assert "Students" in page.text
        assert "Sign out" in page.text
        assert client.get("/api/decks/1/pages/1.webp").status_code == 200
        assert client.get("/api/decks/2/pages/1.webp").status_code == 404
        assert client.get("/c/beta", headers=_HTML).status_code == 404
        assert [course["slug"] for course in client.get("/api/courses").json()] == ["alpha"]
        asked = client.post("/api/answers", json={"question": "what is momentum?"}, headers=_OWN)
        assert asked.status_code == 200
        with opened.database.writing() as connection:
            revoke_key(connection, link_id)
        assert client.get("/c/alpha", headers=_HTML).status_code == 401
        refused = client.get(f"/signin/link/{secret}", headers=_HTML)
        assert refused.status_code == 403
        assert "ask the lecturer for a new one" in refused.text


def test_what_a_person_may_read_is_kept_for_nobody_else(two: Settings, opened: Library) -> None:
    _, secret = _link(opened, "alpha")
    with _client(two) as client:
        client.get(f"/signin/link/{secret}")
        for path in (
            "/api/courses",
            "/api/search?q=alpha",
            "/c/alpha",
            "/api/decks/1/pages/1.webp",
            "/v1/models",
            "/api/nope",
        ):
            assert client.get(path).headers["cache-control"].startswith("private"), path
        assert "cache-control" not in client.get("/static/style.css").headers


def test_where_anybody_may_read_a_session_opens_private_courses_on_top(two: Settings, opened: Library) -> None:
    _, secret = _link(opened, "beta")
    with _client(two, api_keys_required=False, private_courses="beta") as client:
        assert [course["slug"] for course in client.get("/api/courses").json()] == ["alpha"]
        client.get(f"/signin/link/{secret}")
        assert [course["slug"] for course in client.get("/api/courses").json()] == ["alpha", "beta"]
        # a browser that brings what is no session is anybody
        client.cookies.clear()
        for old in ({"Cookie": f"lectures={'x' * 5000}"}, {"Cookie": "lectures="}):
            assert [course["slug"] for course in client.get("/api/courses", headers=old).json()] == ["alpha"]


def test_who_signs_out_is_signed_out(two: Settings, opened: Library) -> None:
    _, secret = _link(opened)
    with _client(two) as client:
        client.get(f"/signin/link/{secret}")
        token = client.cookies["lectures"]
        assert client.post("/signout").status_code == 403  # by another site, for all one knows
        assert client.post("/signout", headers={"Origin": "http://evil.org"}).status_code == 403
        assert client.get("/api/courses").status_code == 200
        out = client.post("/signout", headers=_OWN)
        assert (out.status_code, out.headers["clear-site-data"]) == (200, '"cache"')
        assert "lectures" not in client.cookies
        stolen = client.get("/api/courses", headers={"Cookie": f"lectures={token}"})
        assert stolen.status_code == 401


def test_on_https_the_cookie_is_of_this_host_alone(two: Settings, opened: Library) -> None:
    _, secret = _link(opened)
    with _client(two, public_url="https://lectures.example.org") as client:
        cookies = client.get(f"/signin/link/{secret}").headers.get_list("set-cookie")
        cookie = next(c for c in cookies if c.startswith("__Host-lectures="))
        assert cookie.endswith("; Path=/; HttpOnly; SameSite=Lax; Secure")
        token = cookie.split(";")[0].split("=", 1)[1]
        assert client.get("/api/courses", headers={"Cookie": f"__Host-lectures={token}"}).status_code == 200
        # one that a neighbour under the same domain could have put here
        assert client.get("/api/courses", headers={"Cookie": f"lectures={token}"}).status_code == 401


@pytest.fixture
def provider() -> Iterator[provider_stub.Provider]:
    with provider_stub.provider() as running:
        yield running


def _with_provider(settings: Settings, provider: provider_stub.Provider, grants: str) -> TestClient:
    return _client(
        settings,
        oidc_issuer=provider.url,
        oidc_client_id=provider_stub.CLIENT,
        oidc_client_secret=provider_stub.SECRET,
        signin_grants=grants,
    )


def sign_in(client: TestClient, next: str = "/") -> Any:
    """Through the provider and back, as a browser goes."""
    there = client.get("/signin/provider", params={"next": next})
    assert there.status_code == 303, there.text
    back = httpx.get(there.headers["location"]).headers["location"]
    return client.get(httpx.URL(back).raw_path.decode())


def test_a_person_signs_in_with_a_provider_and_reads_what_its_groups_may(
    two: Settings, provider: provider_stub.Provider
) -> None:
    with _with_provider(two, provider, "students -> alpha; staff -> * +admin") as client:
        refused = client.get("/c/alpha", headers=_HTML)
        assert 'href="/signin/provider?next=%2Fc%2Falpha"' in refused.text
        assert sign_in(client, "/c/alpha").headers["location"] == "/c/alpha"
        page = client.get("/c/alpha", headers=_HTML)
        assert page.status_code == 200
        assert "Ada" in page.text
        assert client.get("/c/beta").status_code == 404
        assert client.get("/api/ingests").status_code == 403
        first = client.cookies["lectures"]
        provider.claims["groups"] = ["staff"]
        sign_in(client)
        assert client.get("/c/beta").status_code == 200
        assert client.get("/api/ingests").status_code == 200
        # the session from before is over: nobody can have it kept for us
        assert client.get("/api/courses", headers={"Cookie": f"lectures={first}"}).status_code == 401
        out = client.post("/signout", headers={**_OWN, **_HTML})
        assert f"{provider.url}/logout?client_id=lectures" in out.text
        provider.claims["groups"] = ["strangers"]
        sign_in(client)
        told = client.get("/", headers=_HTML)
        assert told.status_code == 403
        assert "no course is open to them" in told.text


def test_who_administers_one_course_is_a_reader_in_another(two: Settings, provider: provider_stub.Provider) -> None:
    provider.claims["groups"] = ["teachers", "students"]
    for required in (True, False):
        changes = {"api_keys_required": required, "private_courses": "alpha"}
        grants = "teachers -> alpha +admin; students -> beta"
        with _with_provider(two.model_copy(update=changes), provider, grants) as client:
            sign_in(client)
            assert client.get("/api/courses/beta").status_code == 200
            assert client.delete("/api/courses/beta", headers=_OWN).status_code == 404
            assert client.post("/api/ingests", json={"source": "/x", "course": "beta"}, headers=_OWN).status_code == 422
            assert client.get("/api/ingests").status_code == 200
            provider.claims["groups"] = ["students"]
            sign_in(client)
            assert client.delete("/api/courses/beta", headers=_OWN).status_code == 403
            provider.claims["groups"] = ["teachers", "students"]


def test_a_session_ends_where_the_grants_are_changed(two: Settings, provider: provider_stub.Provider) -> None:
    with _with_provider(two, provider, "students -> alpha") as client:
        sign_in(client)
        token = client.cookies["lectures"]
        assert client.get("/api/courses").status_code == 200
    with _with_provider(two, provider, "students -> beta") as client:
        assert client.get("/api/courses", headers={"Cookie": f"lectures={token}"}).status_code == 401


def test_keys_of_a_provider_may_change(two: Settings, provider: provider_stub.Provider) -> None:
    with _with_provider(two, provider, "* -> *") as client:
        assert sign_in(client).status_code == 303
        provider.key = provider_stub.new_key("two")
        provider.bent["kid"] = "two"
        assert sign_in(client).status_code == 403  # asked a moment ago
        keys = client.app.state.provider._described.get()[1]  # type: ignore[attr-defined]
        keys._asked -= 31  # as half a minute would
        assert sign_in(client).status_code == 303


def test_a_provider_that_is_away_or_another_is_said_to_be(two: Settings, provider: provider_stub.Provider) -> None:
    provider.bent["described_issuer"] = "https://evil.example.org"
    with _with_provider(two, provider, "* -> *") as client:
        refused = client.get("/signin/provider", headers=_HTML)
        assert refused.status_code == 403
        assert "describes another provider" in refused.text


def test_a_proxy_that_is_listed_says_who_asks_and_nobody_else(two: Settings) -> None:
    said = {"X-Forwarded-User": "ada", "X-Forwarded-Groups": "students, guests"}
    changes = {"proxy_networks": "10.0.0.0/8, ::1", "signin_grants": "students -> alpha"}
    app = create_app(two.model_copy(update=changes))
    with TestClient(app, client=("10.1.2.3", 5000)) as behind:
        assert [course["slug"] for course in behind.get("/api/courses", headers=said).json()] == ["alpha"]
        assert "ada" in behind.get("/", headers={**said, **_HTML}).text
        assert behind.get("/api/courses").status_code == 401
        assert behind.get("/api/courses", headers={"X-Forwarded-User": "eve"}).status_code == 403
        twice = [("X-Forwarded-User", "eve"), *said.items()]
        assert behind.get("/api/courses", headers=twice).status_code == 401
        evil = {**said, "Origin": "http://evil.org"}
        assert behind.post("/api/answers", json={"question": "momentum"}, headers=evil).status_code == 403
    for stranger in ("11.0.0.1", "unknown"):
        with TestClient(app, client=(stranger, 5000)) as client:
            forged = {**said, "X-Forwarded-For": "10.1.2.3"}
            assert client.get("/api/courses", headers=forged).status_code == 401
            assert client.get("/", headers={**said, **_HTML}).status_code == 401


def test_settings_that_would_let_nobody_in_are_refused() -> None:
    with pytest.raises(ValueError, match="LECTURES_SIGNIN_GRANTS is empty"):
        Settings(proxy_networks="10.0.0.0/8")
    with pytest.raises(ValueError, match="of no use without each other"):
        Settings(oidc_issuer="https://id.example.org", signin_grants="* -> *")
    wrong = Settings(proxy_networks="10.0.0.0/99", signin_grants="* -> *")
    with pytest.raises(InvalidRequest, match="is no network"):
        create_app(wrong).build_middleware_stack()
    plain = Settings(oidc_issuer="http://id.example.org", oidc_client_id="x", signin_grants="* -> *")
    with pytest.raises(InvalidRequest, match="must begin with https"):
        create_app(plain)


def test_links_on_the_command_line(two: Settings, opened: Library, lectures: Run) -> None:
    run = partial(lectures, LECTURES_DATA_DIR=str(two.data_dir), LECTURES_PUBLIC_URL="https://x.org/")

    made = json.loads(run("links", "create", "--course", "alpha", "--days", "30", "--json").out)
    assert made["url"].startswith("https://x.org/signin/link/ll_")
    with opened.database.writing() as connection:
        assert open_link(connection, made["url"].rsplit("/", 1)[1], dt.datetime.now(dt.UTC) + dt.timedelta(1))
    rows = json.loads(run("links", "list", "--json").out)
    assert [(row["id"], row["courses"]) for row in rows][-1] == (made["id"], ["alpha"])
    assert run("links", "revoke", made["id"]).code == 0
    assert json.loads(run("sessions", "end", "--json").out)["ended"] >= 1
    assert run("links", "create", "--course", "nope").code == 1


def test_a_browser_signs_in_reads_with_pictures_and_signs_out(
    browser: Any, two: Settings, provider: provider_stub.Provider
) -> None:
    changes = {
        "oidc_issuer": provider.url,
        "oidc_client_id": provider_stub.CLIENT,
        "oidc_client_secret": provider_stub.SECRET,
        "signin_grants": "students -> alpha",
    }
    with serve(two.model_copy(update=changes)) as url:
        page = browser.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        assert page.goto(f"{url}/c/alpha/l/1?lang=en").status == 401
        page.evaluate(AXE)
        assert page.evaluate("axe.run()")["violations"] == []
        page.get_by_role("link", name="Sign in with your institution").click()
        page.wait_for_url(f"{url}/c/alpha/l/1*")
        page.locator("main img").first.evaluate("async (image) => { image.loading = 'eager'; await image.decode(); }")
        page.evaluate(AXE)
        assert page.evaluate("axe.run()")["violations"] == []
        page.get_by_role("button", name="Sign out").click()
        page.get_by_role("heading", name="You are signed out").wait_for()
        assert page.context.cookies() == []
        page.evaluate(AXE)
        assert page.evaluate("axe.run()")["violations"] == []
        assert page.goto(f"{url}/c/alpha").status == 401
        assert [text for text in complaints if "401" not in text] == []
        page.close()


def test_a_link_opened_again_ends_the_session_before_and_gives_no_fresh_limits(two: Settings, opened: Library) -> None:
    link, secret = _link(opened, "alpha")
    with _client(two, answers_per_minute=6) as client:
        answered = []
        for _ in range(3):
            client.get(f"/signin/link/{secret}")
            answered += [client.post("/api/answers", json={"question": "momentum"}, headers=_OWN) for _ in range(12)]
    assert sum(response.status_code == 200 for response in answered) in (10, 11)
    with opened.database.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(sessions).where(sessions.c.key_id == link)) == 1


def test_a_site_that_fails_is_left_alone_for_a_while_and_what_it_said_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, away = [0], [False]

    def ask() -> str:
        asked[0] += 1
        if away[0]:
            raise SignInFailed("It is away.")
        return "keys"

    known = Refreshed(ask)
    away[0] = True
    for _ in range(5):
        with pytest.raises(SignInFailed, match="It is away"):
            known.get()
    assert asked == [1]
    monkeypatch.setattr("service.signin.tokens._ASK_AGAIN_SECONDS", -1.0)
    away[0] = False
    assert known.get() == "keys"
    away[0] = True
    monkeypatch.setattr("service.signin.tokens._KNOWN_SECONDS", -1.0)
    assert (known.get(), asked) == ("keys", [3])


def test_what_a_site_said_is_used_while_it_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, answer = threading.Event(), threading.Event()
    said = ["old"]

    def ask() -> str:
        if known_once.is_set():
            asked.set()
            assert answer.wait(30)
        return said[0]

    known_once = threading.Event()
    known = Refreshed(ask)
    assert known.get() == "old"
    known_once.set()
    monkeypatch.setattr("service.signin.tokens._ASK_AGAIN_SECONDS", -1.0)
    monkeypatch.setattr("service.signin.tokens._KNOWN_SECONDS", -1.0)
    said[0] = "new"
    with ThreadPoolExecutor(2) as pool:
        asking = pool.submit(known.get)
        assert asked.wait(30)
        beside = pool.submit(known.get)
        try:
            assert beside.result(30) == "old"
        finally:
            answer.set()
        assert asking.result(30) == "new"


def test_a_key_of_a_kind_that_nobody_knows_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    good = provider_stub.new_key("one").as_dict(private=False)
    said: dict[str, Any] = {"keys": [{"kty": "EC", "crv": "P-192", "x": "AA", "y": "AA"}, good]}
    monkeypatch.setattr("service.signin.tokens.fetch_json", lambda _url: said)
    assert [key.kid for key in published_keys("https://site").get().keys] == ["one"]
    said["keys"] = [{"kty": "EC", "crv": "P-192"}]
    with pytest.raises(SignInFailed, match="no set of keys"):
        published_keys("https://site").get()
