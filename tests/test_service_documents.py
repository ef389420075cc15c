"""Slides and notes that are no PDF, and videos elsewhere, as students see them: as text, never a broken picture."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from starlette.testclient import TestClient
from support import ingest, serve, write_pdf
from test_ingest_documents import NOTEBOOK, REVEAL, write_pptx

from index.library import Library
from index.types import DeckKind, IndexedPassage, Kind, PagePlace
from service.app import create_app
from service.links import source_url
from service.settings import Settings

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
_VIDEO = "https://video.example.org/watch/lecture-7?v=1"
_EVIL = "<h1>Evil</h1><script>window.hacked=1</script><p>cross site words</p>"


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A course with one of each kind."""
    folder = tmp_path_factory.mktemp("course")
    write_pdf(folder / "a.pdf", ["Printed\npdf words"])
    write_pptx(folder / "b.pptx")
    (folder / "c.md").write_text(
        "# Lab: one\n\nmarkdown words\n\n## Data & code\n\nmore\n\n## Data & code\n\nagain\n", "utf-8"
    )
    (folder / "d.html").write_text(_EVIL, "utf-8")
    (folder / "e.ipynb").write_text(json.dumps(NOTEBOOK), "utf-8")
    (folder / "f.html").write_text(REVEAL, "utf-8")
    (folder / "g.txt").write_text("Plain words of a talk.\n\nThe end.", "utf-8")
    (folder / "transcripts").mkdir()
    (folder / "transcripts" / "lecture-7.en.vtt").write_text(
        "WEBVTT\n\n00:00:05.000 --> 00:00:09.000\nSpoken elsewhere about tides.\n", "utf-8"
    )
    decks = ", ".join(f"{name}" for name in ("a.pdf", "b.pptx", "f.html"))
    (folder / "course.yaml").write_text(
        "slug: mixed\ntitle: Mixed\nlanguage: en\nsource_url: https://github.com/someone/course\nlectures:\n"
        f"  - title: All kinds\n    decks: [{decks}]\n    notes: [c.md, d.html, e.ipynb, g.txt]\n"
        f"    videos: [{{url: '{_VIDEO}'}}]\n",
        "utf-8",
    )
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"), embedder="none")
    library = Library(settings.resolved_database_url, settings.data_dir)
    library.database.migrate()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(folder))  # with no LibreOffice on it
        ingest(folder, library, None)
    library.close()
    return settings


@pytest.fixture(scope="module")
def client(mixed: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(mixed), headers={"Accept": "text/html"}) as opened:
        yield opened


def _hit(client: TestClient, query: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/api/search", params={"q": query, "literal": True}).json()["hits"][0]
    return found


def _decks(client: TestClient) -> dict[str, dict[str, Any]]:
    (lecture,) = client.get("/api/courses/mixed").json()["lectures"]
    return {deck["path"]: deck for deck in lecture["decks"] + lecture["notes"]}


@pytest.mark.parametrize(
    ("query", "deck", "unit", "number", "pictured", "fragment"),
    [
        ("pdf", "a.pdf", "page", 1, True, "#page=1"),
        ("momentum", "b.pptx", "slide", 1, False, ""),
        ("again", "c.md", "section", 3, False, "#data--code-1"),
        ("cross site", "d.html", "section", 1, False, ""),
        ("scale test time", "e.ipynb", "cell", 3, False, ""),
        ("third", "f.html", "slide", 3, False, ""),
        ("plain talk", "g.txt", "part", 1, False, ""),
    ],
)
def test_a_hit_opens_its_slide_section_or_cell(
    client: TestClient, query: str, deck: str, unit: str, number: int, pictured: bool, fragment: str
) -> None:
    hit = _hit(client, query)
    locator = hit["locator"]
    assert (locator["deck"], locator["unit"], locator["page_number"]) == (deck, unit, number)
    assert (hit["image_url"] is not None) == pictured
    assert hit["source_url"] == f"https://github.com/someone/course/blob/HEAD/{deck}{fragment}"
    shown = client.get(hit["url"])
    assert shown.url.path == f"/c/mixed/d/{deck}/{number}"
    assert f"{'slide' if unit == 'page' else unit} {number} of" in shown.text
    assert ("data-zoom" in shown.text) == pictured


def test_no_picture_on_any_page_is_broken(client: TestClient) -> None:
    pages = ["/", "/c/mixed", "/c/mixed/l/1", "/teach"]
    pages += [f"/?q={word}" for word in ("words", "momentum", "dropout", "again", "tides", "third")]
    pages += [_hit(client, word)["place"] for word in ("pdf", "momentum", "again", "tides", "plain")]
    pages += [f"/?q=words&open={_hit(client, word)['place']}" for word in ("momentum", "again", "plain", "tides")]
    pages += [f"/c/mixed/d/{path}" for path in _decks(client)]
    pictures = set()
    for page in pages:
        response = client.get(page)
        assert response.status_code == 200, page
        pictures |= set(re.findall(r'<img src="([^"?]+)', response.text))
        assert "<iframe" not in response.text
        assert "<script>window" not in response.text
    assert len(pictures) == 1  # of the PDF
    assert [client.get(picture).status_code for picture in pictures] == [200]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_shows_frames_of_text_without_complaint(
    browser: Any, mixed: Settings, client: TestClient, scheme: str
) -> None:
    with serve(mixed) as url:
        context = browser.new_context(locale="en", color_scheme=scheme, viewport={"width": 1300, "height": 900})
        page = context.new_page()
        troubles: list[str] = []
        page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
        page.goto(f"{url}/?q=words")
        page.locator(".hit", has_text="markdown words").locator("h3 a").click()
        page.locator("#slide-now .sheet").wait_for()
        page.locator("#look [rel=next]").click()
        page.get_by_text("section 2 of 3").wait_for()
        paths = [
            "/?q=words",
            page.url.removeprefix(url),
            "/c/mixed/l/1",
            "/c/mixed/d/c.md/2",
            _hit(client, "tides")["place"],
        ]
        for path in paths:
            page.goto(url + path)
            page.evaluate(AXE)
            found = page.evaluate("axe.run()")["violations"]
            shown = [(rule["id"], [node["html"][:200] for node in rule["nodes"][:3]]) for rule in found]
            assert shown == [], (path, shown)
        page.goto(f"{url}/c/mixed/d/c.md/1")
        page.locator(".turn [rel=next]").click()
        page.get_by_text("section 2 of 3").wait_for()
        assert "/c/mixed/d/c.md/2?m=" in page.url
        assert troubles == []
        context.close()


def test_originals_are_saved_and_never_run(client: TestClient) -> None:
    for path, deck in _decks(client).items():
        response = client.get(f"/api/decks/{deck['id']}/file")
        assert response.status_code == 200, path
        assert response.headers["x-content-type-options"] == "nosniff"
        kind, shown = response.headers["content-type"], response.headers["content-disposition"]
        if path == "a.pdf":
            assert (kind, shown.split(";")[0]) == ("application/pdf", "inline")
            continue
        assert shown == f"attachment; filename*=UTF-8''{path}"
        assert "html" not in kind
        assert "sandbox" in response.headers.get_list("content-security-policy")
        assert client.get(f"/api/decks/{deck['id']}/file.pdf").status_code == 404
        picture = client.get(f"/api/decks/{deck['id']}/pages/1.webp", headers={"Accept": "application/json"})
        assert (picture.status_code, picture.json()["code"]) == (404, "not_found")
    assert client.get(f"/api/decks/{_decks(client)['d.html']['id']}/file").text == _EVIL


def test_a_video_elsewhere_is_a_link_with_its_words(client: TestClient) -> None:
    hit = _hit(client, "tides")
    assert hit["locator"]["video"] == _VIDEO
    assert re.fullmatch(r"/c/mixed/v/~[a-z2-7]{8}/lecture-7/5\?m=[a-z2-7]{15}", hit["url"])
    for page in (hit["url"], "/c/mixed/l/1", f"/?q=tides&open={hit['place']}"):
        shown = client.get(page).text
        assert f'href="{_VIDEO}"' in shown, page
        assert "Watch at video.example.org" in shown
        assert "youtu" not in shown
        assert "<video" not in shown
    assert "Spoken elsewhere about tides." in client.get(hit["url"]).text


def test_kinds_are_called_by_their_names_in_both_languages(client: TestClient) -> None:
    for language, words in (("en", "slide 1"), ("ru", "слайд 1")):
        shown = client.get(f"/?q=momentum&lang={language}").text
        assert words in shown.split('class="also"')[1].split("</div>")[0]
    assert "3 ячейки" in client.get("/c/mixed?lang=ru").text
    assert "3 cells" in client.get("/c/mixed?lang=en").text
    chat = {"model": "lectures", "messages": [{"role": "user", "content": "momentum"}]}
    assert (
        "[Gradient descent, slide 1](http"
        in client.post("/v1/chat/completions", json=chat).json()["choices"][0]["message"]["content"]
    )


@pytest.mark.parametrize(
    ("suffix", "kind", "source", "title", "anchor", "expected"),
    [
        (".pdf", DeckKind.SLIDES, "https://example.org/c", "T", "", "https://example.org/c/x.pdf#page=4"),
        (".md", DeckKind.NOTES, "https://example.org/c", "A b", "a-b", "https://example.org/c/x.md"),
        (
            ".md",
            DeckKind.NOTES,
            "https://github.com/u/r",
            "А b",
            "а-b",
            "https://github.com/u/r/blob/HEAD/x.md#%D0%B0-b",
        ),
        (
            ".html",
            DeckKind.NOTES,
            "https://example.org/c",
            "A b-c",
            "",
            "https://example.org/c/x.html#:~:text=A%20b%2Dc",
        ),
        (".html", DeckKind.SLIDES, "https://example.org/c", "A b", "", "https://example.org/c/x.html"),
        (".ipynb", DeckKind.NOTES, "https://nbviewer.org/x", "A b", "", "https://nbviewer.org/x/x.ipynb#A-b"),
        (".ipynb", DeckKind.NOTES, "https://github.com/u/r", "A b", "", "https://github.com/u/r/blob/HEAD/x.ipynb"),
    ],
)
def test_the_published_file_is_opened_at_the_place_where_it_can_be(
    suffix: str, kind: DeckKind, source: str, title: str, anchor: str, expected: str
) -> None:
    place = PagePlace(1, f"x{suffix}", kind, 4, suffix=suffix, anchor=anchor)
    passage = IndexedPassage("p", Kind.PAGE, title, "", "0", "c", "C", source, "en", 1, 1, "L", "", None, place)
    assert source_url(passage) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://example.org/x.pdf#view=fit", "https://example.org/x.pdf#page=4"),
        (
            "https://docs.google.com/presentation/d/1/edit#slide=id.p5",
            "https://docs.google.com/presentation/d/1/edit#slide=id.p5",
        ),
        ("javascript://example.org/x.pdf", None),
    ],
)
def test_a_page_of_a_viewer_is_opened_as_it_was_linked(address: str, expected: str | None) -> None:
    place = PagePlace(1, address, DeckKind.SLIDES, 4, source_url=address)
    passage = IndexedPassage("p", Kind.PAGE, "T", "", "0", "c", "C", None, "en", 1, 1, "L", "", None, place)
    assert source_url(passage) == expected


def test_file_names_are_as_they_are_called(client: TestClient) -> None:
    deck = client.get(f"/api/decks/{_decks(client)['b.pptx']['id']}").json()
    assert (deck["unit"], Path(deck["path"]).suffix) == ("slide", ".pptx")
