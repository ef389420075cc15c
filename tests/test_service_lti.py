"""Launches from a learning platform, in a frame where cookies of third parties are blocked, and what lecturers insert."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import platform_stub
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from platform_stub import DEEP, LTI, TEACHER
from starlette.testclient import TestClient
from support import serve

from index.errors import InvalidRequest
from service.app import create_app
from service.settings import Settings
from service.signin.grants import Grant
from service.signin.platforms import read_platforms

_HTML = {"Accept": "text/html"}
_BASE = "https://testserver"
_OWN = {"Origin": _BASE}


@pytest.fixture
def platform() -> Iterator[platform_stub.Platform]:
    with platform_stub.platform() as running:
        running.tool = _BASE
        yield running


@pytest.fixture
def client(example_settings: Settings, platform: platform_stub.Platform, tmp_path: Path) -> Iterator[TestClient]:
    with _client(example_settings, platform, tmp_path) as opened:
        yield opened


def _client(
    settings: Settings, platform: platform_stub.Platform, folder: Path, slug: str = "neural-networks"
) -> TestClient:
    (folder / "lti.yaml").write_text(platform.registration(**{"7": slug}), "utf-8")
    changed = settings.model_copy(
        update={"lti_file": str(folder / "lti.yaml"), "api_keys_required": True, "public_url": _BASE}
    )
    return TestClient(create_app(changed), base_url=_BASE, follow_redirects=False)


def login(client: TestClient, platform: platform_stub.Platform, **launch: Any) -> dict[str, str]:
    """Through the login to the platform; the form that it has the browser post."""
    begun = client.get("/lti/login", params=platform.begin(**launch))
    asked = client.get(begun.headers["location"])
    assert asked.status_code == 303, asked.text
    query = dict(part.split("=", 1) for part in asked.headers["location"].split("?", 1)[1].split("&"))
    return platform.answer({name: unquote_plus(value) for name, value in query.items()})


def launch(client: TestClient, platform: platform_stub.Platform, **said: Any) -> Any:
    return client.post("/lti/launch", data=login(client, platform, **said), headers={"Origin": platform.url})


def test_a_student_lands_in_the_course_of_the_platforms_course(
    client: TestClient, platform: platform_stub.Platform
) -> None:
    assert client.get("/c/neural-networks").status_code == 401
    launched = launch(client, platform)
    assert (launched.status_code, launched.headers["location"]) == (303, "/c/neural-networks")
    cookies = launched.headers.get_list("set-cookie")
    session = next(cookie for cookie in cookies if cookie.startswith("__Host-lectures-frame="))
    assert session.endswith("; Path=/; HttpOnly; SameSite=None; Partitioned; Secure")
    page = client.get("/c/neural-networks", headers=_HTML)
    assert page.status_code == 200
    assert "Ada Lovelace" in page.text
    assert client.get("/api/ingests").status_code == 403
    # a person of another course of the platform reads nothing
    refused = launch(client, platform, context="8")
    assert refused.status_code == 403
    assert "No course is open" in refused.text


def test_a_launch_leads_to_the_place_that_was_inserted_and_never_elsewhere(
    client: TestClient, platform: platform_stub.Platform
) -> None:
    place = "/c/neural-networks/l/1"
    assert launch(client, platform, target=f"{_BASE}{place}").headers["location"] == place
    for target in ("https://evil.example.org/c/x", f"{_BASE}//evil.example.org", f"{_BASE}/lti/launch"):
        assert launch(client, platform, target=target).headers["location"] == "/c/neural-networks"


def test_a_browser_that_keeps_no_cookie_is_offered_a_window_before_anything_began(
    client: TestClient, platform: platform_stub.Platform
) -> None:
    begun = client.post("/lti/login", data=platform.begin())
    client.cookies.clear()
    offered = client.get(begun.headers["location"], headers=_HTML)
    assert offered.status_code == 200
    assert 'target="_blank"' in offered.text
    assert "/auth" not in platform.asked
    assert "lti_message_hint=launch-0" in offered.text


def test_several_launches_may_be_under_way_in_one_browser(client: TestClient, platform: platform_stub.Platform) -> None:
    forms = [login(client, platform) for _ in range(3)]
    assert [client.post("/lti/launch", data=each).status_code for each in forms] == [303] * 3


def test_a_lecturer_inserts_a_slide(client: TestClient, platform: platform_stub.Platform) -> None:
    launched = launch(client, platform, role=TEACHER, picking=True)
    where = launched.headers["location"]
    assert where.startswith("/lti/pick?ticket=")
    assert "neural-networks" in client.get(where, headers=_HTML).text
    lecture = client.get("/api/courses/neural-networks").json()["lectures"][0]
    assert f"lecture={lecture['id']}" in client.get(f"{where}&course=neural-networks", headers=_HTML).text
    shown = client.get(f"{where}&lecture={lecture['id']}", headers=_HTML).text
    ticket = where.split("ticket=")[1]
    hit = client.get("/api/search?q=dropout&kind=page").json()["hits"][0]
    assert 'type="radio" name="open" value="/c/neural-networks/d/' in shown
    for chosen in (hit["place"], _BASE + hit["place"]):
        sent = client.post("/lti/pick", data={"ticket": ticket, "open": chosen}, headers={**_OWN, **_HTML})
        assert sent.status_code == 200, sent.text
        assert f"form-action 'self' {platform.url};" in sent.headers["content-security-policy"]
        assert f'action="{platform.url}/return"' in sent.text
    signed = sent.text.split('name="JWT" value="')[1].split('"')[0]
    keys = client.get("/lti/keys").json()
    assert set(keys["keys"][0]) == {"kty", "n", "e", "use", "alg", "kid"}
    claims = jwt.decode(signed, KeySet.import_key_set(keys), algorithms=["RS256"]).claims
    assert (claims["iss"], claims["aud"], claims["exp"] - claims["iat"]) == (platform_stub.CLIENT, platform.url, 300)
    assert claims[f"{LTI}/deployment_id"] == platform_stub.DEPLOYMENT
    assert claims[f"{DEEP}/data"] == "what the platform wants back"
    (item,) = claims[f"{DEEP}/content_items"]
    assert item == {"type": "ltiResourceLink", "title": hit["title"], "url": _BASE + hit["place"]}
    # what is inserted opens there
    assert launch(client, platform, target=item["url"]).headers["location"].split("?")[0] == hit["place"].split("?")[0]


def test_only_the_lecturer_who_began_may_insert(client: TestClient, platform: platform_stub.Platform) -> None:
    where = launch(client, platform, role=TEACHER, picking=True).headers["location"]
    ticket = where.split("ticket=")[1]
    choice = {"ticket": ticket, "open": "/c/neural-networks"}
    assert client.post("/lti/pick", data=choice, headers={"Origin": platform.url}).status_code == 403
    assert client.post("/lti/pick", data={**choice, "open": "/c/nope"}, headers=_OWN).status_code == 404
    assert client.post("/lti/pick", data={**choice, "open": "https://evil.org/c/a"}, headers=_OWN).status_code == 404
    launch(client, platform)  # another person in this browser
    assert client.post("/lti/pick", data=choice, headers=_OWN).status_code == 403
    assert client.get(where).status_code == 403
    assert launch(client, platform, picking=True).status_code == 403  # a student


def test_teachers_may_be_given_more(
    example_settings: Settings, platform: platform_stub.Platform, tmp_path: Path
) -> None:
    entry = json.loads(platform.registration(**{"*": "neural-networks"}))[0]
    (tmp_path / "more.yaml").write_text(json.dumps([{**entry, "teachers": "admin"}]), "utf-8")
    platforms = read_platforms(str(tmp_path / "more.yaml"))
    known = platforms.find(platform.url, "")
    assert known is not None
    assert known.grant("any", teacher=True).administers == frozenset({"neural-networks"})
    assert known.grant("any", teacher=False) == Grant(frozenset({"neural-networks"}), frozenset())
    assert platforms.find(platform.url, "another") is None
    assert example_settings.lti_file == ""


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("- issuer: x", "client_id: Field required"),
        ("{a: [", "is no YAML"),
        ("just words", "valid list"),
        (
            "[{issuer: x, client_id: y, deployments: [], login_url: 'https://a', keys_url: 'https://a', courses: {}}]",
            "deployments",
        ),
        (
            "[{issuer: x, client_id: y, deployments: [1], login_url: 'http://a.org', keys_url: 'https://a', courses: {}}]",
            "must begin with https",
        ),
        (
            "[{issuer: x, client_id: y, deployments: [1], login_url: 'https://a', keys_url: 'https://a', course: {}}]",
            "course",
        ),
    ],
)
def test_a_wrong_file_is_named_with_what_is_wrong(tmp_path: Path, written: str, said: str) -> None:
    (tmp_path / "lti.yaml").write_text(written, "utf-8")
    with pytest.raises(InvalidRequest, match=said):
        read_platforms(str(tmp_path / "lti.yaml"))
    with pytest.raises(InvalidRequest, match="cannot be read"):
        read_platforms(str(tmp_path / "none.yaml"))


@pytest.fixture(scope="module")
def strict_browser(launch_browser: Callable[..., Any]) -> Any:
    """A browser that blocks cookies of third parties."""
    return launch_browser("--test-third-party-cookie-phaseout")


def test_a_launch_and_an_insertion_work_in_a_frame_without_third_party_cookies(
    strict_browser: Any, example_settings: Settings, tmp_path: Path
) -> None:
    with platform_stub.platform("localhost") as moodle:
        (tmp_path / "lti.yaml").write_text(moodle.registration(**{"7": "neural-networks"}), "utf-8")
        changes = {"lti_file": str(tmp_path / "lti.yaml"), "api_keys_required": True, "frame_ancestors": moodle.url}
        with serve(example_settings.model_copy(update=changes)) as url:
            moodle.tool = url
            page = strict_browser.new_page()
            page.goto(f"{moodle.url}/control")
            assert page.frame_locator("iframe").locator("p").inner_text() == "cookies: none"
            page.goto(f"{moodle.url}/course")
            frame = page.frame_locator("iframe")
            frame.get_by_text("Ada Lovelace").wait_for()
            frame.locator("#q").fill("dropout")
            frame.locator("#q").press("Enter")
            picture = frame.locator(".hits img").first
            picture.wait_for()
            picture.evaluate("async (image) => { image.loading = 'eager'; await image.decode(); }")
            page.goto(f"{moodle.url}/course?role={TEACHER.replace('#', '%23')}&picking=1")
            frame.locator("main ul a").first.click()
            frame.locator("form.pick ol a").first.click()
            frame.locator("form.pick input[type=radio]").nth(2).check()
            frame.locator("form.pick button").click()
            frame.get_by_text("inserted").wait_for()
            (claims,) = moodle.returned
            inserted = claims[f"{DEEP}/content_items"][0]["url"]
            assert inserted.startswith(f"{url}/c/neural-networks/d/")
            page.goto(f"{moodle.url}/course?target={inserted.replace('?', '%3F')}")
            frame.locator("#slide-now img").wait_for()
            # the same cookie, were it not partitioned, is blocked here: the frame of another top site is nobody
            page.goto(f"{url}/c/neural-networks")
            assert page.get_by_text("Ada Lovelace").count() == 0
            page.close()
