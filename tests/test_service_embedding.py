"""Our pages on other pages: who may frame them, cards and oEmbed, the search box of `embed.js`."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from starlette.testclient import TestClient
from support import serve

from index.errors import InvalidRequest
from service.app import create_app
from service.security import read_sites
from service.settings import Settings
from service.web.card import card_frame

_HTML = {"Accept": "text/html"}
_BASE = "http://testserver"


@contextmanager
def page_elsewhere(body: str = "") -> Iterator[tuple[str, list[str]]]:
    """A page of another site: its origin, and the HTML that it answers every request with."""
    shown = [body]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = shown[0].encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}", shown
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def framed(example_settings: Settings) -> Iterator[TestClient]:
    sites = "https://lms.example.edu, https://*.example.org"
    changed = example_settings.model_copy(update={"frame_ancestors": sites, "public_url": _BASE})
    with TestClient(create_app(changed)) as client:
        yield client


def _places(client: TestClient) -> dict[str, str]:
    """An address of each kind."""
    hits = client.get("/api/search?q=dropout&limit=20").json()["hits"]
    found = {hit["kind"]: hit["place"] for hit in reversed(hits)}
    return {
        "course": "/c/neural-networks",
        "lecture": hits[0]["lecture"]["url"],
        "slide": found["page"],
        "moment": found["segment"],
    }


def test_nobody_may_frame_a_page_unless_that_is_set(client: TestClient, framed: TestClient) -> None:
    assert client.get("/").headers["content-security-policy"].endswith("frame-ancestors 'none'")
    policy = framed.get("/").headers["content-security-policy"]
    assert policy.endswith("form-action 'self'; frame-ancestors https://lms.example.edu https://*.example.org")
    assert "oembed" not in client.get("/c/neural-networks", headers=_HTML).text
    for wrong in ("lms.example.edu", "https://a.org/path", "https://a.org; script-src *", "https://*", "'self'"):
        with pytest.raises(InvalidRequest, match="is no site"):
            read_sites(wrong)


@pytest.mark.parametrize("kind", ["course", "lecture", "slide", "moment"])
def test_an_editor_gets_a_card_for_an_address(framed: TestClient, kind: str) -> None:
    address = _places(framed)[kind]
    page = framed.get(address, headers=_HTML)
    assert page.status_code == 200
    linked = re.search(r'<link rel="alternate" type="application/json\+oembed" href="([^"]+)"', page.text)
    assert linked is not None
    found = framed.get(unescape(linked.group(1))).json()
    assert (found["version"], found["type"], found["provider_url"]) == ("1.0", "rich", _BASE)
    source = re.search(r'src="([^"]+)"', found["html"])
    assert source is not None
    shown = framed.get(unescape(source.group(1)), headers=_HTML)
    assert shown.status_code == 200
    assert f">{found['title']}</a>" in shown.text
    assert f'href="{address.split("?")[0]}' in shown.text
    small = framed.get("/api/oembed", params={"url": _BASE + address, "maxwidth": 300, "maxheight": 200}).json()
    assert (small["width"], small["height"]) == (300, 200)
    assert 'width="300" height="200"' in small["html"]


def test_a_title_cannot_leave_its_place_in_the_frame() -> None:
    frame = card_frame(_BASE, "/c/neural-networks", '"><script>alert("x")</script><i a="')
    assert re.findall(r"<\w+", frame) == ["<iframe"]
    assert 'title="&quot;&gt;&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&lt;i a=&quot;" width' in frame


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"url": "https://elsewhere.example.org/c/neural-networks"}, 404),
        ({"url": _BASE + "/c/nope"}, 404),
        ({"url": _BASE + "/teach"}, 404),
        ({"url": _BASE}, 404),
        ({"url": "javascript:alert(1)"}, 404),
        ({"url": "http://["}, 404),
        ({"url": _BASE + '/c/"><script>alert(1)</script>'}, 404),
        ({"url": _BASE + "/c/neural-networks", "format": "xml"}, 501),
        ({}, 422),
    ],
)
def test_what_is_no_place_of_ours_has_no_card(framed: TestClient, asked: dict[str, str], status: int) -> None:
    refused = framed.get("/api/oembed", params=asked)
    assert refused.status_code == status
    assert refused.headers["content-type"] == "application/problem+json"


def test_a_card_shows_nothing_that_its_reader_may_not_read(example_settings: Settings) -> None:
    private = example_settings.model_copy(update={"private_courses": "neural-networks", "public_url": _BASE})
    with TestClient(create_app(private)) as client:
        for path in ("/card?open=/c/neural-networks", f"/api/oembed?url={_BASE}/c/neural-networks"):
            hidden, absent = client.get(path), client.get(path.replace("neural-networks", "nope"))
            assert hidden.status_code == absent.status_code == 404
            assert hidden.text == absent.text.replace("nope", "neural-networks")


def test_a_card_is_shown_in_a_frame_of_a_listed_site_alone(browser: Any, example_settings: Settings) -> None:
    with (
        page_elsewhere() as (listed, shown),
        page_elsewhere() as (stranger, also_shown),
        serve(example_settings.model_copy(update={"frame_ancestors": listed})) as url,
    ):
        shown[0] = also_shown[0] = f'<iframe src="{url}/card?open=/c/neural-networks/l/1"></iframe>'
        page = browser.new_page()
        page.goto(listed)
        page.frame_locator("iframe").get_by_role("heading").wait_for()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(stranger)
        page.wait_for_timeout(300)
        assert page.frame_locator("iframe").get_by_role("heading").count() == 0
        assert any("frame-ancestors" in text for text in complaints)
        page.close()


@pytest.mark.parametrize(
    ("language", "question", "slide", "absent", "failed"),
    [
        (
            "en",
            "What is dropout?",
            "page",
            "does not seem to cover",
            "The search does not answer; try again in a moment.",
        ),
        ("ru", "Что такое dropout?", "страница", "в курсе этого нет", "Поиск не отвечает; попробуйте чуть позже."),
    ],
)
def test_the_search_box_on_another_page_shows_places_and_the_answer(
    browser: Any, example_settings: Settings, language: str, question: str, slide: str, absent: str, failed: str
) -> None:
    with (
        page_elsewhere() as (origin, shown),
        serve(example_settings.model_copy(update={"allowed_origins": origin})) as url,
    ):
        script = f'<script src="{url}/static/embed.js" data-course="neural-networks"></script>'
        shown[0] = f'<!doctype html><html lang="{language}"><body>{script}</body></html>'
        page = browser.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(origin)
        box = page.get_by_role("searchbox")
        box.fill(question)
        box.press("Enter")
        answer = page.locator(".lecture-search-answer a").first
        answer.wait_for()
        assert answer.inner_text() == "[1]"
        assert answer.get_attribute("href").startswith((url, "https://youtu.be/"))
        where = page.locator(".lecture-search-where").all_inner_texts()
        assert any(re.search(rf"\d\. .+ · {slide} \d+", text) for text in where)
        box.press("ArrowDown")
        assert page.evaluate("document.activeElement.parentElement.tagName") == "LI"
        page.keyboard.press("ArrowDown")
        assert page.evaluate("[...document.querySelectorAll('li')].indexOf(document.activeElement.parentElement)") == 1
        page.keyboard.press("Escape")
        assert page.evaluate("document.activeElement.type") == "search"
        box.fill("photosynthesis")
        box.press("Enter")
        page.get_by_role("status").get_by_text(absent).wait_for()
        page.route("**/api/search?*", lambda route: route.fulfill(status=502, body="<html>Bad gateway</html>"))
        box.press("Enter")
        page.get_by_role("status").get_by_text(failed, exact=True).wait_for()  # nothing of what could not be read
        assert errors == []
        page.close()
