"""What an answer quotes is marked where it was said: in the transcript, in a slide's text and on its picture."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from fpdf import FPDF
from lxml import etree
from playwright.sync_api import Page, expect
from starlette.testclient import TestClient
from support import write_pdf
from test_service_page import AXE, DESKTOP, PHONE, page_of, until

from index.errors import SourceFileError
from index.text.quotes import named_by, short_name, words_of
from ingest.pdf import PdfReader
from service.app import create_app
from service.settings import Settings
from service.web.quoted import quote_marks

_QUESTION = f"/?q={quote('зачем нужен dropout?')}"
_SLIDE_7 = "/c/neural-networks/d/slides/02_regularisation.pdf/7"


def _marked(page: Page, selector: str) -> str:
    return " ".join(page.locator(f"{selector} mark").all_inner_texts())


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE])
def test_the_quote_of_a_slide_is_marked_in_its_text_and_on_its_picture(browser: Any, live: str, viewport: Any) -> None:
    with page_of(browser, live, viewport=viewport) as page:
        page.goto(live + _QUESTION)
        quoted = page.locator("#answer .sentence").first.inner_text().rsplit(" ", 1)[0]
        page.locator("#answer .cite").first.click()
        expect(page.locator("#look-title")).to_have_text("Dropout")
        expect(page.locator(".copy pre")).to_be_visible()
        assert words_of(_marked(page, ".copy pre")) == words_of(quoted)
        until(page, "document.querySelector('.marks').complete && document.querySelector('.marks').naturalWidth > 0")
        picture, marks = page.locator("#slide-now .large img").all()
        assert picture.bounding_box() == marks.bounding_box()
        drawn = page.request.get(live + str(marks.get_attribute("src")))
        assert len(list(etree.fromstring(drawn.text()))) >= 2  # a rectangle for each line
        page.emulate_media(color_scheme="dark")
        page.evaluate(AXE)
        assert page.evaluate("axe.run('#slide-now').then(found => found.violations.map(one => one.id))") == []
        address = page.url
    with page_of(browser, live, java_script_enabled=False) as page:
        page.goto(address)
        assert words_of(_marked(page, ".copy pre")) == words_of(quoted)


def test_the_quote_of_speech_is_marked_in_the_transcript_and_another_quote_takes_its_place(
    page: Page, live: str
) -> None:
    page.goto(f"{live}/?q={quote('как работает ранняя остановка?')}")
    last = page.locator("#answer .cite").last
    quoted = page.locator("#answer .sentence").last.inner_text().rsplit(" ", 1)[0]
    last.click()
    expect(page.locator(".spoken mark").first).to_be_visible()
    assert words_of(_marked(page, ".running")) == words_of(quoted)
    # it is played from a moment before the quote, so that the line that is said now may be the one above
    expect(page.locator(".spoken.now").first).to_be_in_viewport()
    expect(page.locator(".spoken mark").first).to_be_in_viewport()
    page.locator("#answer .cite").first.click()  # of a slide of the same lecture
    expect(page.locator(".copy mark").first).to_be_visible()
    page.locator(".film a").first.click()
    expect(page.locator(".copy mark")).to_have_count(0)
    page.go_back()
    expect(page.locator(".copy mark").first).to_be_visible()


@pytest.fixture
def page(browser: Any, live: str) -> Any:
    with page_of(browser, live) as opened:
        yield opened


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE])
def test_the_picture_of_a_formula_is_whole_in_the_card(browser: Any, live: str, viewport: Any) -> None:
    with page_of(browser, live, viewport=viewport) as page:
        page.goto(f"{live}/?q={quote('what is the formula of the F1 score?')}")
        until(page, "document.querySelector('.formula img').complete")
        said = page.locator("#answer .said").bounding_box()
        picture = page.locator("#answer .formula img").bounding_box()
        assert said is not None
        assert picture is not None
        assert said["y"] <= picture["y"]
        assert picture["y"] + picture["height"] <= said["y"] + said["height"]
        assert picture["width"] > 240
        page.evaluate(AXE)
        assert page.evaluate("axe.run('#answer').then(found => found.violations.map(one => one.id))") == []


def test_an_address_without_its_mark_keeps_the_quote(client: TestClient) -> None:
    headers = {"accept": "text/html"}
    named = named_by("усреднение множества прореженных сетей")
    for address in (f"{_SLIDE_7}?quote={quote(named)}", f"/?q=dropout&open={_SLIDE_7}&quote={quote(named)}"):
        shown = client.get(address, headers=headers)
        assert shown.history
        assert "<mark>усреднение множества прореженных сетей</mark>" in shown.text
    nothing = client.get(f"{_SLIDE_7}?quote={quote('что-то совсем другое <b>')}", headers=headers).text
    assert "data-quoted" not in nothing
    assert "/quoted/" not in nothing


def test_a_quote_with_a_short_name_is_marked_on_the_picture_by_its_words(client: TestClient) -> None:
    quoted = "усреднение множества прореженных сетей"
    shown = client.get(f"{_SLIDE_7}?quote={short_name(quoted)}", headers={"accept": "text/html"}).text
    assert f"<mark>{quoted}</mark>" in shown
    (drawn,) = re.findall(r'src="(/quoted/[^"]*)"', shown)
    assert len(list(etree.fromstring(client.get(html.unescape(drawn)).text))) >= 1


def test_marks_hold_numbers_alone_and_a_quote_that_is_not_there_has_none(client: TestClient) -> None:
    for named in ("<script>alert(1)</script>", '"/><script>', "", "nowhere at all"):
        answer = client.get("/quoted/2/7.svg", params={"quote": named})
        assert answer.status_code == 200
        assert re.fullmatch(r"<svg [^<>]*></svg>", answer.text)
    assert client.get("/quoted/2/7000.svg").status_code == 404
    assert client.get("/quoted/999/1.svg").status_code == 404
    words = [["the", 0.1, 0.1, 0.2, 0.15], ["loss", 0.25, 0.1, 0.3, 0.15], ["falls", 0.1, 0.2, 0.2, 0.25]]
    drawn = list(etree.fromstring(quote_marks({"shape": 0.75, "words": words}, "The loss falls")))
    assert [(mark.get("x"), mark.get("y"), mark.get("width")) for mark in drawn] == [
        ("100", "75", "200"),
        ("100", "150", "100"),
    ]


def test_marks_tell_nothing_of_a_course_that_is_not_the_callers(example_settings: Settings) -> None:
    settings = example_settings.model_copy(update={"private_courses": "neural-networks"})
    with TestClient(create_app(settings), raise_server_exceptions=False) as stranger:
        asked = {"quote": named_by("Похоже на усреднение множества прореженных сетей")}
        assert stranger.get("/quoted/2/7.svg", params=asked).status_code in {401, 404}


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_words_stand_where_a_turned_page_shows_them(tmp_path: Path, turned: int) -> None:
    """A word at the upper left of the sheet, on a page that is turned by its viewer."""
    from pypdf import PdfReader as Reading  # noqa: PLC0415
    from pypdf import PdfWriter  # noqa: PLC0415

    pdf = FPDF(unit="mm", format=(200, 100))
    pdf.add_page()
    pdf.set_font("Helvetica", size=20)
    pdf.set_xy(10, 10)
    pdf.cell(60, 10, "Dropout helps")
    pdf.output(str(tmp_path / "plain.pdf"))
    writer = PdfWriter()
    writer.add_page(Reading(tmp_path / "plain.pdf").pages[0].rotate(turned))
    writer.write(tmp_path / "turned.pdf")
    reader = PdfReader()
    read = json.loads(reader.page_words(tmp_path / "turned.pdf", 1))
    with pytest.raises(SourceFileError):
        reader.page_words(tmp_path / "turned.pdf", 2)
    reader.close()
    assert read["shape"] == (0.5 if turned in (0, 180) else 2)
    (word, left, top, right, bottom), _ = read["words"]
    assert word == "Dropout"
    across, down = {
        0: ((0, 0.3), (0, 0.25)),
        90: ((0.75, 1), (0, 0.3)),
        180: ((0.7, 1), (0.75, 1)),
        270: ((0, 0.25), (0.7, 1)),
    }[turned]
    assert across[0] <= left < right <= across[1]
    assert down[0] <= top < bottom <= down[1]


def test_the_words_of_a_broken_file_are_refused(tmp_path: Path) -> None:
    reader = PdfReader()
    path = write_pdf(tmp_path / "a.pdf", ["Dropout"])
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(SourceFileError):
        reader.page_words(path, 1)
    reader.close()
