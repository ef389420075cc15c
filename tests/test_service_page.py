"""The pages in a real browser, against the real service and the example course."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import axe_playwright_python
import pytest
import yaml
from model_stub import Reply, model_server, says
from playwright.sync_api import Dialog, Page, Route, expect
from support import ingest, serve, write_pdf

from benchmarks.page_weight import weigh
from index.library import Library
from index.types import Coverage
from service.answers.types import AnswerMode, Outcome
from service.schemas import AnswerOut, SentenceOut
from service.settings import Settings
from service.web.place import Place
from service.web.showing import render
from service.web.words import LANGUAGES, Noun, choose_language, counted, words_of

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
ROOT = Path(__file__).parents[1]
expect.set_options(timeout=30_000)
QUESTION = "что такое ранняя остановка?"
DESKTOP, PHONE = {"width": 1366, "height": 850}, {"width": 375, "height": 812}
SHIFTS = (
    "window.shifts = 0; new PerformanceObserver(list => { for (const e of list.getEntries()) window.shifts += e.value; })"
    ".observe({type: 'layout-shift', buffered: true});"
)


@contextmanager
def page_of(browser: Any, url: str, **options: Any) -> Iterator[Page]:
    """A page in a context of its own; nothing may go wrong in its console, and nothing may be asked of other hosts."""
    context = browser.new_context(**{"locale": "en", "viewport": {"width": 1300, "height": 900}, **options})
    page = context.new_page()
    page.set_default_timeout(60_000)  # nothing waits so long but on a machine that is busy
    troubles: list[str] = []
    page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on(
        "request", lambda request: troubles.append(request.url) if not request.url.startswith((url, "data:")) else None
    )

    def dismiss(dialog: Dialog) -> None:
        troubles.append(f"dialog {dialog.message}")
        dialog.dismiss()

    page.on("dialog", dismiss)
    yield page
    assert troubles == []
    assert context.cookies() == []
    context.close()


def until(page: Page, expression: str) -> None:
    """Wait until an expression is true; the library's own waiting needs `unsafe-eval`, which the pages forbid."""
    deadline = time.monotonic() + 60
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, expression
        page.wait_for_timeout(30)


@pytest.fixture
def page(browser: Any, live: str) -> Iterator[Page]:
    with page_of(browser, live) as opened:
        yield opened


# --- searching -------------------------------------------------------------------------------------------


def test_typing_suggests_and_the_arrows_choose(page: Page, live: str) -> None:
    page.goto(live)
    expect(page.locator("#q")).to_be_focused()
    page.locator("#q").press_sequentially("drop")
    option = page.locator("#suggestions li").first
    expect(option).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    expect(page.locator("#q")).to_have_value(option.get_attribute("data-text") or "")
    page.keyboard.press("Escape")
    expect(page.locator("#suggestions")).to_be_hidden()
    expect(page.locator("#q")).to_have_value("drop")
    page.locator("#q").press_sequentially("o")
    expect(option).to_be_visible()
    page.keyboard.press("ArrowDown")
    chosen = option.get_attribute("data-text") or ""
    page.keyboard.press("Enter")
    expect(page.locator(".hit mark").first).to_be_visible()
    assert f"q={quote_plus(chosen)}" in page.url


def test_completions_that_come_late_do_not_take_a_choice_back(page: Page, live: str) -> None:
    held: list[Route] = []
    page.route(lambda url: "/api/suggest?q=drop&" in url, lambda route: held.append(route))  # noqa: PLW0108
    page.goto(live)
    page.locator("#q").press_sequentially("dro")
    option = page.locator("#suggestions li").first
    expect(option).to_be_visible()
    page.locator("#q").press_sequentially("p")
    while not held:
        page.wait_for_timeout(20)
    page.keyboard.press("ArrowDown")
    held[0].continue_()
    page.wait_for_timeout(200)  # in which nothing may happen
    expect(option).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(page.locator("#q")).to_have_value("drop")


def test_a_suggestion_shows_what_was_typed_of_it_and_what_it_is(page: Page, live: str) -> None:
    page.goto(live)
    page.locator("#q").press_sequentially("норм")
    option = page.locator("#suggestions li").first
    expect(option.locator("b")).to_have_text("Норм", ignore_case=True)
    expect(option.locator(".quiet")).to_have_text(re.compile(r"^(term|slide|programme) · \d\. .|^lecture \d"))
    page.fill("#q", "(.*+")  # no pattern of ours
    expect(page.locator("#suggestions")).to_be_hidden()


def test_a_click_opens_the_slide_beside_the_list_and_back_closes_it(page: Page, live: str) -> None:
    page.goto(f"{live}/?q=dropout")
    first = page.locator(".hit").first
    page.mouse.wheel(0, 100)
    until(page, "scrollY == 100")
    first.locator("h3 a").click()
    expect(page.locator("#look-title")).to_have_text("Dropout")
    expect(page.locator("#look-title")).to_be_focused()
    expect(page.locator("#look .large img")).to_have_js_property("complete", True)
    assert page.evaluate("scrollY") == 100
    assert re.search(r"open=/c/neural-networks/d/slides/02_regularisation\.pdf/7\?m=[a-z2-7]{15}$", page.url)
    page.locator("#look [rel=next]").click()
    expect(page.locator("#slide-now .number")).to_have_text("slide 8 of 12")
    page.locator("#slide-now details summary").click()
    expect(page.locator("#look pre")).to_contain_text("model.eval()")
    assert page.locator("#look a", has_text="PDF").get_attribute("href").endswith("file.pdf#page=8")  # type: ignore[union-attr]
    page.go_back()
    expect(page.locator("#look-title")).to_have_text("Dropout")
    page.go_back()
    expect(page.locator("#look")).to_be_hidden()
    assert "open=" not in page.url


def test_a_slide_and_its_moment_lead_to_each_other(page: Page, live: str) -> None:
    page.goto(f"{live}/?q=dropout")
    page.locator(".hit").first.locator(".chip", has_text="in the video at").click()
    until(page, "document.querySelector('#player')?.currentTime > 183")
    at = page.evaluate("document.querySelector('#player').currentTime")
    assert 183.5 <= at <= 228  # where dropout is spoken of
    expect(page.locator(".stretch", has=page.locator(".spoken.now"))).to_contain_text("dropout")
    page.locator(".chapter", has_text="slide 7").locator("a").click()
    expect(page.locator("#look-title")).to_have_text("Dropout")
    page.locator("#look .turn a", has_text="in the video").click()
    expect(page.locator("#player")).to_be_visible()


def test_the_transcript_jumps_within_the_player(page: Page, live: str) -> None:
    page.goto(f"{live}/?q=dropout")
    page.locator(".hit").first.locator(".chip", has_text="in the video at").click()
    until(page, "document.querySelector('#player')?.readyState > 0")
    page.locator(".running [data-seek]").first.click()
    until(page, "document.querySelector('#player').currentTime < 5")
    expect(page.locator(".spoken").first).to_have_class(re.compile("now"))
    assert "open=/c/neural-networks/v/video/lecture2.webm/0?m=" in page.url


def test_an_address_is_the_whole_state(page: Page, browser: Any, live: str) -> None:
    page.goto(f"{live}/?q=dropout")
    page.locator(".filters a", has_text="Video").click()
    expect(page.locator(".filters a[aria-current]")).to_contain_text("Video")
    page.locator(".hit h3 a").first.click()
    expect(page.locator("#look")).to_be_visible()
    with page_of(browser, live) as other:
        other.goto(page.url)
        expect(other.locator(".filters a[aria-current]")).to_contain_text("Video")
        expect(other.locator("#look-title")).to_have_text(page.locator("#look-title").inner_text())
        assert other.locator(".hit").count() == page.locator(".hit").count()
        assert set(other.locator(".hit").evaluate_all("hits => hits.map(hit => hit.className.split(' ')[1])")) == {
            "kind-segment"
        }


def test_filters_count_and_the_lecture_is_chosen(page: Page, live: str) -> None:
    page.goto(f"{live}/?q=GAN")
    counts = page.locator(".filters li .quiet").all_inner_texts()
    total = int(re.search(r"\d+", page.locator(".summary").inner_text()).group())  # type: ignore[union-attr]
    assert sum(map(int, counts)) == total
    count = page.locator(".map li .quiet").nth(1).inner_text()
    page.locator(".map a").nth(1).click()
    page.wait_for_url(re.compile("lecture="))
    expect(page.locator(".map a[aria-current]")).to_have_count(1)
    expect(page.locator(".summary")).to_contain_text(count)
    page.go_back()
    expect(page.locator(".summary")).to_contain_text(str(total))


def test_other_readings_are_said_and_have_a_way_back(page: Page, live: str) -> None:
    page.goto(f"{live}/?q={quote('дропаут')}")
    expect(page.locator(".readings")).to_contain_text("dropout (sounds like)")
    page.get_by_text("search exactly as typed").click()
    expect(page.locator(".readings").first).to_contain_text("Searched exactly as typed.")
    expect(page.locator(".summary")).to_have_attribute("data-coverage", "absent")
    page.get_by_text("Search for similar words too").click()
    expect(page.locator(".hit h3").first).to_have_text("Dropout")


def test_coverage_is_said_in_words(page: Page, live: str) -> None:
    for query, words in (
        ("GAN", "Only the programme mentions this"),
        ("dropout и label smoothing вместе с ранней остановкой", "mentioned, but not explained"),
    ):
        page.goto(f"{live}/?q={quote(query)}")
        expect(page.locator(".summary")).to_contain_text(words)
    page.goto(f"{live}/?q={quote('курс доллара')}")
    expect(page.locator(".summary")).to_contain_text("The course does not seem to cover this")


def test_where_the_hits_lie_and_why_they_are_there(page: Page, live: str) -> None:
    page.goto(f"{live}/?q=dropout")
    assert page.locator(".rails a").count() >= 5
    page.locator(".rails a").nth(2).click()
    expect(page.locator("#look")).to_be_visible()
    page.locator(".why summary").first.click()
    expect(page.locator(".why li").first).to_have_text("In the title: dropout")
    assert re.search(r"\d\.\d", page.locator(".why").first.inner_text()) is None


# --- the header -------------------------------------------------------------------------------------------

HEADERS = [
    ("/", None), ("/?q=dropout", None), ("/courses/neural-networks", "In this course"), ("/courses/neural-networks/terms", "In this course"),
    ("/lectures/2", "In this lecture"), ("/decks/2", "In this lecture"), ("/videos/2", "In this lecture"),
    ("/c/neural-networks/d/slides/02_regularisation.pdf/7", "In this lecture"), ("/teach", None), ("/docs", None), ("/lectures/999", None),
]  # fmt: skip


def test_every_page_has_the_box_and_searches_where_one_is(browser: Any, live: str) -> None:
    context = browser.new_context(locale="en")  # one of the pages says that there is no such lecture
    page = context.new_page()
    for path, scope in HEADERS:
        page.goto(live + path)
        expect(page.locator("header #q")).to_have_count(1)
        chosen = page.locator("#scope option:checked")
        assert (chosen.inner_text() if chosen.count() else None) == scope, path
        page.locator("main").focus()
        page.keyboard.press("/")
        expect(page.locator("#q")).to_be_focused()
        page.locator("main").focus()
        page.keyboard.press("Control+k")
        expect(page.locator("#q")).to_be_focused()
    context.close()


def test_inside_a_lecture_the_lecture_is_searched_and_all_of_the_course_is_one_choice_away(
    page: Page, live: str
) -> None:
    page.goto(f"{live}/lectures/2")
    page.fill("#q", "сеть")
    page.keyboard.press("Enter")
    expect(page.locator(".hit").first).to_be_visible()
    expect(page.locator("#scope option:checked")).to_have_text("In this lecture")
    lectures = page.locator(".group h2").all_inner_texts()
    assert {name.split(".")[0] for name in lectures} == {"2"}
    within = total_of(page)
    page.locator("#scope").select_option(label="All courses")
    page.locator("#q").press("Enter")
    page.wait_for_url(re.compile(r"\?q=[^&]+$"))
    until(page, f"Number.parseInt(document.querySelector('.summary').innerText.match(/\\d+/)[0]) > {within}")


def total_of(page: Page) -> int:
    return int(re.search(r"\d+", page.locator(".summary").inner_text()).group())  # type: ignore[union-attr]


def test_the_theme_is_kept_in_this_browser(page: Page, live: str) -> None:
    page.goto(live)
    page.locator("#theme").select_option("dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(20, 23, 29)"
    page.goto(f"{live}/?q=dropout")
    assert page.evaluate(ground) == "rgb(20, 23, 29)"
    expect(page.locator("#theme")).to_have_value("dark")
    page.locator("#theme").select_option("")
    assert page.evaluate(ground) == "rgb(251, 251, 253)"


def test_back_brings_the_box_the_scope_and_the_list_together(page: Page, live: str) -> None:
    page.goto(f"{live}/lectures/2")
    page.fill("#q", "dropout")
    page.keyboard.press("Enter")
    expect(page.locator(".hit h3").first).to_have_text("Dropout")
    page.locator("#scope").select_option(label="All courses")
    page.fill("#q", "attention")
    page.keyboard.press("Enter")  # the box keeps the focus
    page.wait_for_url(re.compile("q=attention$"))
    until(page, "document.title.startsWith('attention')")
    page.go_back()
    until(page, "document.title.startsWith('dropout')")
    expect(page.locator("#q")).to_have_value("dropout")
    expect(page.locator("#scope option:checked")).to_have_text("In this lecture")
    page.go_forward()
    expect(page.locator("#q")).to_have_value("attention")
    expect(page.locator("#scope")).to_have_count(0)  # there is one course only


def test_the_language_link_keeps_what_is_open(page: Page, live: str) -> None:
    page.goto(f"{live}/?q=dropout")
    page.locator(".hit h3 a").first.click()
    expect(page.locator("#look-title")).to_have_text("Dropout")
    page.get_by_role("link", name="Русский").click()
    page.wait_for_url(re.compile("lang=ru"))
    expect(page.locator("#look-title")).to_have_text("Dropout")


def test_a_slow_server_is_said_to_be_slow_and_what_is_typed_meanwhile_stays(page: Page, live: str) -> None:
    page.goto(f"{live}/?q=dropout")
    held: list[Any] = []
    page.route(re.compile(r"/\?q=attention"), lambda route: held.append(route))  # noqa: PLW0108  (playwright marks it)
    page.fill("#q", "attention")
    page.keyboard.press("Enter")
    expect(page.locator("#busy")).to_be_visible()
    page.locator("#q").press("End")
    page.keyboard.type(" heads")
    held[0].continue_()
    until(page, "document.title.startsWith('attention')")
    expect(page.locator("#busy")).to_be_hidden()
    expect(page.locator("#q")).to_have_value("attention heads")


def test_without_a_server_the_page_stays_and_the_way_on_is_offered(browser: Any, live: str) -> None:
    context = browser.new_context(locale="en")
    page = context.new_page()
    page.goto(f"{live}/?q=dropout")
    hits = page.locator(".hit").count()
    context.set_offline(True)
    page.fill("#q", "attention")
    page.keyboard.press("Enter")
    expect(page.locator("#trouble")).to_contain_text("cannot be reached")
    assert page.locator(".hit").count() == hits
    expect(page.locator("#q")).to_have_value("attention")
    context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    until(page, "document.title.startsWith('attention')")
    expect(page.locator("#trouble")).to_be_hidden()
    context.close()


# --- layout ----------------------------------------------------------------------------------------------


def top_of(page: Page, selector: str) -> float:
    box = page.locator(selector).first.bounding_box()
    assert box is not None
    return box["y"]


@pytest.mark.parametrize(("viewport", "limit"), [(DESKTOP, 250), (PHONE, 420)])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_hit_is_seen_at_once(browser: Any, live: str, viewport: Any, limit: int, language: str) -> None:
    with page_of(browser, live, viewport=viewport, locale=language) as page:
        for query in ("dropout", QUESTION, "дропаут", "GAN"):
            page.goto(f"{live}/?q={quote(query)}")
            assert top_of(page, ".hit") < limit, query
        page.goto(f"{live}/?q={quote(QUESTION)}")
        expect(page.locator("#answer .sentence").first).to_be_visible()  # with the answer


@pytest.mark.parametrize("viewport", [DESKTOP, {"width": 1920, "height": 1080}])
def test_opening_a_hit_moves_nothing(browser: Any, live: str, viewport: Any) -> None:
    with page_of(browser, live, viewport=viewport) as page:
        page.goto(f"{live}/?q={quote('обучение')}")
        page.wait_for_load_state("networkidle")
        hit = page.locator(".hit").nth(7)
        hit.scroll_into_view_if_needed()
        before, widths = hit.bounding_box(), page.locator("header.top").bounding_box()
        page.evaluate(SHIFTS)
        hit.locator("h3 a").click()
        expect(page.locator("#look-title")).to_be_visible()
        expect(hit).to_have_class(re.compile("current"))
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(100)
        assert hit.bounding_box() == before
        assert page.locator("header.top").bounding_box() == widths
        assert page.evaluate("window.shifts") < 0.02
        look = page.locator("#look").bounding_box()
        assert look is not None
        assert before is not None
        assert look["x"] >= before["x"] + before["width"]
        page.locator("[data-close]").click()
        expect(page.locator("#look")).to_be_hidden()
        assert hit.bounding_box() == before
        assert page.evaluate("window.shifts") < 0.02


def test_the_panel_scrolls_on_its_own(browser: Any, live: str) -> None:
    with page_of(browser, live, viewport={"width": 1366, "height": 500}) as page:
        page.goto(f"{live}/?q=dropout&open=page-2-7")
        box = page.locator("#look").bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 50, box["y"] + 100)
        page.mouse.wheel(0, 150)
        until(page, "[...document.querySelectorAll('#look, .beside')].some(part => part.scrollTop > 50)")
        assert page.evaluate("scrollY") == 0


def test_on_a_phone_a_sheet_covers_the_list_which_stays_where_it_was(browser: Any, live: str) -> None:
    with page_of(browser, live, viewport=PHONE, is_mobile=True, has_touch=True) as page:
        page.goto(f"{live}/?q={quote('обучение')}")
        hit = page.locator(".hit").nth(5)
        hit.locator("h3 a").scroll_into_view_if_needed()
        before = top_of(page, ".hit >> nth=5")
        hit.locator("h3 a").tap()
        expect(page.locator("#look-title")).to_be_in_viewport()
        page.locator("[data-close]").tap()
        expect(page.locator("#look")).to_be_hidden()
        assert abs(top_of(page, ".hit >> nth=5") - before) < 2


def test_on_a_phone_filters_and_the_answer_are_folded(browser: Any, live: str) -> None:
    with page_of(browser, live, viewport=PHONE) as page:
        page.goto(f"{live}/?q={quote(QUESTION)}")
        expect(page.locator(".filters li").first).to_be_hidden()
        expect(page.locator("#answer .sources")).to_be_hidden()
        said = page.locator("#answer .said").bounding_box()
        assert said is not None
        assert said["height"] < 80  # three lines
        page.locator("#answer .unfold summary").click()
        expect(page.locator("#answer .sources")).to_be_visible()
        page.locator(".filters summary").click()
        expect(page.locator(".filters li").first).to_be_visible()


# What is too low for a finger: 21 px above and below its middle something else lies. Links within a sentence are read,
# not aimed at; the marks on the rails lead to what the list beneath has as well.
TOO_LOW = """() => [...document.querySelectorAll("a[href], button, select, input, summary, label")].filter(one => {
  const text = one.parentElement.textContent.trim(), style = getComputedStyle(one);
  const within = style.display === "inline" && text.length > one.textContent.trim().length && one.matches("p *, li *, h2 *");
  if (within && !one.matches(".hit h3 a, nav a") || one.closest("svg, .skip, [hidden], .tabs label") || !one.checkVisibility({visibilityProperty: true, contentVisibilityAuto: true})) return false;
  one.scrollIntoView({block: "center"});
  const {x, y, width, height} = one.getBoundingClientRect();
  const middle = document.elementFromPoint(x + width / 2, y + height / 2);
  const covered = middle?.closest("#look") && !one.closest("#look");
  return width > 1 && !covered && [-21, 21].some(off => {
    const met = document.elementFromPoint(x + width / 2, y + height / 2 + off);
    return met && !one.contains(met) && !met.closest("label")?.contains(one);
  });
}).map(one => one.outerHTML.slice(0, 120))"""


def test_on_a_phone_a_finger_meets_what_it_aims_at(browser: Any, live: str) -> None:
    paths = [
        "/",
        "/?q=dropout",
        f"/?q={quote(QUESTION)}",
        "/?q=GAN",
        "/?q=zzqq&course=neural-networks",
        "/?q=dropout&open=page-2-7",
    ]
    paths += [
        "/?q=dropout&open=page-999-1",
        "/courses/neural-networks",
        "/courses/neural-networks/terms",
        "/lectures/2",
        "/lectures/5",
        "/teach",
    ]
    with page_of(browser, live, viewport=PHONE, is_mobile=True, has_touch=True) as page:
        for path in paths:
            page.goto(live + path)
            page.wait_for_load_state("networkidle")
            assert page.evaluate(TOO_LOW) == [], path
            small = page.locator("input:not([type=hidden], [type=radio]), select").evaluate_all(
                "boxes => boxes.filter(box => parseFloat(getComputedStyle(box).fontSize) < 16).map(box => box.id)"
            )
            assert small == [], path  # a telephone would enlarge the page


def test_a_place_that_was_removed_leaves_the_list_in_sight_and_offers_ways_on(browser: Any, live: str) -> None:
    with page_of(browser, live, viewport=PHONE, is_mobile=True, has_touch=True) as page:
        page.goto(f"{live}/?q=dropout&open=/c/neural-networks/d/slides/none.pdf/3")
        look = page.locator("#look").bounding_box()
        assert look is not None
        assert look["height"] < PHONE["height"] / 2
        expect(page.locator("#look a", has_text="Back to the course")).to_have_attribute("href", "/c/neural-networks")
        page.locator("#look a", has_text="Back to the results").tap()
        expect(page.locator("#look")).to_be_hidden()
        expect(page.locator(".hit h3 a").first).to_be_in_viewport()


def test_on_a_phone_a_suggestion_says_in_full_what_it_is_and_where(browser: Any, live: str) -> None:
    with page_of(browser, live, viewport=PHONE, is_mobile=True, has_touch=True) as page:
        page.goto(live)
        page.locator("#q").fill("dropout")  # one input, one list: what is measured is not replaced meanwhile
        place = page.locator("#suggestions .quiet").first
        expect(place).to_have_text("slide · 2. Переобучение и регуляризация")
        assert place.evaluate("one => one.scrollWidth <= one.clientWidth")
        assert page.locator("#suggestions li").first.evaluate("one => one.clientHeight >= 44")
        box = page.locator("#suggestions").bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= PHONE["width"]


def test_language_and_theme_are_behind_one_button_where_there_is_little_room(browser: Any, live: str) -> None:
    with page_of(browser, live, viewport=PHONE, is_mobile=True, has_touch=True) as page:
        page.goto(f"{live}/?q=dropout")
        expect(page.locator("#theme")).to_be_hidden()
        page.locator(".menu summary").tap()
        expect(page.locator("#theme")).to_be_in_viewport(ratio=1)
        page.locator(".summary").tap()
        expect(page.locator("#theme")).to_be_hidden()
        page.locator(".menu summary").tap()
        page.get_by_role("link", name="Русский").tap()
        expect(page.locator("html")).to_have_attribute("lang", "ru")


def test_the_start_offers_terms_that_the_courses_speak_of(page: Page, live: str) -> None:
    page.goto(live)
    offered = page.locator(".tries a").all_inner_texts()
    assert offered == ["Стохастический градиентный спуск", "темп обучения"]
    page.locator(".tries a").last.click()
    expect(page.locator("#q")).to_have_value("темп обучения")
    expect(page.locator(".hit mark").first).to_be_visible()


def test_the_title_of_the_page_names_what_is_open(page: Page, live: str) -> None:
    page.goto(f"{live}/?q=dropout")
    assert page.title() == "dropout · Lecture Search"
    page.locator(".hit h3 a").first.click()
    expect(page).to_have_title("Dropout · dropout · Lecture Search")
    page.locator(".hit.kind-segment h3 a").first.click()
    expect(page).to_have_title(re.compile(r"^Переобучение и регуляризация, 3:\d\d · dropout · Lecture Search$"))


# --- results by lecture ----------------------------------------------------------------------------------


def test_lectures_have_their_best_places_and_the_rest_is_a_click_away(page: Page, live: str) -> None:
    page.goto(f"{live}/?q={quote('обучение')}")
    names = page.locator(".group h2 a").all_inner_texts()
    assert len(names) == len(set(names)) > 2
    group = page.locator(".group", has=page.locator(".more")).first
    shown = group.locator(".hit").count()
    assert shown <= 4
    more = int(re.search(r"\d+", group.locator(".more").inner_text()).group())  # type: ignore[union-attr]
    name = group.locator("h2 a").inner_text()
    group.locator(".more a").click()
    page.wait_for_url(re.compile("lecture="))
    assert page.locator(".group h2 a").all_inner_texts() == [name]
    assert total_of(page) == shown + more
    page.locator(".reset").click()
    expect(page.locator(".group")).to_have_count(len(names))


def test_marks_are_large_enough_to_touch_and_shortly_named(page: Page, live: str) -> None:
    page.goto(f"{live}/?q={quote('сеть')}")
    named = page.locator(".rail a").evaluate_all("marks => marks.map(mark => mark.querySelector('title').textContent)")
    assert len(named) > 3
    assert all(re.fullmatch(r"slide \d+(–\d+)?|(\d+:)?\d+:\d\d(–(\d+:)?\d+:\d\d)?", name) for name in named), named
    sizes = page.locator(".rail .touch").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect()).map(box => [box.width, box.height])"
    )
    assert all(width >= 24 and height >= 24 for width, height in sizes), sizes
    assert set(page.locator(".rail-name").all_inner_texts()) == {"Slides", "Video"}


def test_no_title_stands_twice_in_a_hit_and_the_words_in_it_are_marked(page: Page, live: str) -> None:
    page.goto(f"{live}/?q=dropout")
    expect(page.locator(".hit h3 mark").first).to_have_text("Dropout")
    for hit in page.locator(".hit").all():
        title = hit.locator("h3").inner_text()
        assert hit.inner_text().count(title) == 1, hit.inner_text()
    segment = page.locator(".hit.kind-segment").first
    second = re.search(r"\d+:\d\d", segment.locator("h3").inner_text()).group()  # type: ignore[union-attr]
    assert segment.inner_text().count(second) == 1


def test_a_kind_without_results_is_no_link_and_reset_is_offered(page: Page, live: str) -> None:
    page.goto(f"{live}/?q=GAN&lecture={quote('/c/neural-networks/l/5')}")
    expect(page.locator(".filters .none").first).to_contain_text("0")
    expect(page.locator(".map a[aria-current]")).to_contain_text("5.")  # chosen by whichever address it has
    assert page.locator(".filters .none a").count() == 0
    page.locator(".reset").click()
    expect(page.locator(".group").nth(1)).to_be_visible()
    expect(page.locator(".reset")).to_have_count(0)


# --- nothing, or nearly nothing --------------------------------------------------------------------------


def test_a_search_in_vain_names_the_unknown_word_and_offers_ways_on(page: Page, live: str) -> None:
    page.goto(f"{live}/?q=zzxxqqww&course=neural-networks")
    expect(page.locator(".unknown")).to_contain_text("zzxxqqww")
    terms = page.locator(".ways .chip")
    assert terms.count() >= 3
    term = terms.first.inner_text()
    terms.first.click()
    expect(page.locator("#q")).to_have_value(term)
    expect(page.locator(".hit").first).to_be_visible()
    page.goto(f"{live}/?q={quote('градиентометр')}")
    expect(page.locator(".ways .chip").first).to_contain_text("градиент", ignore_case=True)


def test_ways_on_are_terms_and_not_what_begins_as_words_of_politeness_do(page: Page, live: str) -> None:
    page.goto(f"{live}/?q={quote('Что скажете, пожалуйста, о zzxxqqww?')}&course=neural-networks")
    offered = [chip.inner_text() for chip in page.locator(".ways .chip").all()]
    assert offered
    assert not any(term.endswith("?") or term.casefold().startswith(("что", "пожал")) for term in offered)


def test_the_button_that_closes_a_place_never_covers_its_title(page: Page, live: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{live}/?q={quote('градиентный спуск')}")
    page.locator(".hit a").first.click()
    close = page.locator(".look-panel .close")
    expect(close).to_be_visible()
    title = page.locator("#look-title")
    edge = title.evaluate("it => parseFloat(getComputedStyle(it).marginRight)")
    box = close.bounding_box()
    assert box is not None
    assert edge >= box["width"]


def test_filters_that_leave_nothing_are_said_to_be_the_reason(page: Page, live: str) -> None:
    page.goto(f"{live}/?q={quote('ранняя остановка')}&in={quote('/c/neural-networks/l/5')}")
    expect(page.locator(".summary")).to_contain_text("Nothing found")
    page.locator(".ways a", has_text="Without the filters").click()
    expect(page.locator(".hit").first).to_be_visible()


def test_another_course_is_offered_where_this_one_has_nothing(
    browser: Any, tmp_path: Path, course_folder: Path
) -> None:
    settings = Settings(data_dir=tmp_path / "data", embedder="none")
    library = Library(settings.resolved_database_url, settings.data_dir)
    library.database.migrate()
    ingest(course_folder, library, None)
    other = tmp_path / "cooking"
    write_pdf(other / "soup.pdf", ["Soup\nboil the carrots for an hour", "Bread\nflour and water"])
    (other / "course.yaml").write_text(
        "title: Cooking\nlanguage: en\nlectures: [{title: Soups, decks: [soup.pdf]}]\n", "utf-8"
    )
    ingest(other, library, None)
    library.close()
    with serve(settings) as url, page_of(browser, url) as page:
        page.goto(f"{url}/?q=carrots")
        expect(page.locator(".group h2")).to_contain_text("Cooking")
        page.locator("#scope").select_option(label="Networks")
        page.locator("#q").press("Enter")
        expect(page.locator(".summary")).to_contain_text("The course does not seem to cover this")
        page.locator(".ways a", has_text="In all courses: 1 result").click()
        expect(page.locator(".hit h3")).to_have_text("Soup")
        page.goto(f"{url}/?q=flour+gradient")
        expect(page.locator(".map li", has_text="Cooking")).to_contain_text("1. Soups")
        expect(page.locator(".map li", has_text="Networks")).to_contain_text("1. Training")
        page.goto(url)
        cards = page.locator(".card").all_inner_texts()
        assert any("1 lecture · 2 slides" in card and "without" not in card for card in cards)
        assert any("1 lecture without slides, 1 lecture without video" in card for card in cards)
        assert not any("gap" in card or "missing" in card for card in cards)
    with serve(settings) as url, page_of(browser, url, viewport=PHONE, is_mobile=True, has_touch=True) as page:
        page.goto(f"{url}/?q={quote('what is gradient decsent?')}")
        expect(page.locator(".readings")).to_be_visible()
        page.locator(".summing .notice").evaluate(
            "one => one.remove()"
        )  # this index has no embedder, which is said here
        assert top_of(page, ".hit") < 280  # below the choice of the course and readings; an answer takes 132 more


# --- asking ----------------------------------------------------------------------------------------------


def test_a_question_is_answered_with_citations_that_open(page: Page, live: str) -> None:
    page.goto(live)
    page.fill("#q", QUESTION)
    page.keyboard.press("Enter")
    card = page.locator("#answer")
    expect(card.locator(".mode")).to_have_text("quoted from the course")
    expect(card.locator(".sentence").first).to_contain_text("останавливаемся")
    card.locator(".cite").first.click()
    expect(page.locator("#look-title")).to_have_text("Ранняя остановка (early stopping)")
    expect(card).to_be_visible()
    card.locator(".unfold summary").click()
    card.locator("input[name=q]").fill("а зачем она нужна?")
    card.get_by_role("button", name="Ask").click()
    expect(page.locator("#answer")).to_contain_text("Following up on:")
    assert "prev=" in page.url
    expect(page.locator(".hit h3").first).to_contain_text("Ранняя остановка")  # the hits go on from it too


def test_a_term_is_no_question(page: Page, live: str) -> None:
    page.goto(f"{live}/?q=dropout")
    expect(page.locator(".hit").first).to_be_visible()
    assert page.locator("#answer").count() == 0


def test_an_answer_is_shown_as_a_model_writes_it(browser: Any, example_settings: Settings) -> None:
    with model_server(says("Останавливаемся, когда потери не улучшаются [1]. Это без ссылки.")) as (model_url, asked):
        settings = example_settings.model_copy(update={"llm_url": model_url, "llm_model": "stub"})
        with serve(settings) as url, page_of(browser, url) as page:
            page.goto(f"{url}/?q={quote(QUESTION)}")
            card = page.locator("#answer")
            expect(card.locator(".mode")).to_have_text("written by a language model from the course")
            expect(card.locator(".sentence").first).to_contain_text("Останавливаемся, когда потери не улучшаются")
            expect(card).to_contain_text("Sentences without a number")
            card.locator(".cite").first.click()
            expect(page.locator("#look")).to_be_visible()
            page.locator(".filters a", has_text="Slides").click()
            expect(page.locator(".filters a[aria-current]")).to_contain_text("Slides")
            expect(card.locator(".mode")).to_have_text("written by a language model from the course")
            assert len(asked) == 1  # what was written is kept while the list is narrowed


def test_an_answer_that_is_being_written_moves_nothing_and_its_numbers_lead_at_once(
    browser: Any, example_settings: Settings
) -> None:
    """The card stands beside the list, or has its height on a phone; hostile text in it stays text."""
    run = "<img src=x onerror=alert(1)><script>window.hacked=1</script>"
    reply = f"Останавливаемся, когда потери не улучшаются [1]. {run} Это ещё одно предложение [1]. Третье [2]."
    for viewport in (DESKTOP, PHONE):
        with model_server(says(reply)) as (model_url, _):
            settings = example_settings.model_copy(update={"llm_url": model_url, "llm_model": "stub"})
            with serve(settings) as url, page_of(browser, url, viewport=viewport) as page:
                page.add_init_script(SHIFTS)
                page.goto(f"{url}/?q={quote(QUESTION)}")
                before = top_of(page, ".hit")
                card = page.locator("#answer")
                expect(card.locator(".mode")).to_have_text("written by a language model from the course")
                expect(card.locator(".cite").first).to_have_attribute("data-swap", "")
                assert top_of(page, ".hit") == before
                assert page.evaluate("window.shifts") < 0.02
                assert page.evaluate("window.hacked") is None
                assert card.locator("img[onerror], script").count() == 0
                assert card.locator("> h2").count() == 1  # the card holds its parts, and no page within the page


def test_what_stands_below_a_card_stays_where_it_is_while_a_short_answer_takes_the_place_of_long_quotes(
    browser: Any, example_settings: Settings
) -> None:
    with model_server(says("Модель запоминает примеры [1].")) as (model_url, _):
        settings = example_settings.model_copy(update={"llm_url": model_url, "llm_model": "stub"})
        with serve(settings) as url, page_of(browser, url, viewport=DESKTOP) as page:
            page.add_init_script(SHIFTS)
            page.goto(f"{url}/?q={quote('что такое переобучение')}", wait_until="commit")
            card = page.locator("#answer")
            expect(card.locator(".mode")).to_have_text("written by a language model from the course")
            expect(card).not_to_have_attribute("aria-busy", "true")
            below = card.evaluate("card => parseFloat(getComputedStyle(card).marginBottom)")
            assert below > 100  # what the quotes took
            assert page.evaluate("window.shifts") < 0.02


def test_what_is_written_of_an_earlier_question_never_comes_into_the_card_of_the_next(
    browser: Any, example_settings: Settings
) -> None:
    next_is_shown = threading.Event()

    def behave(reply: Reply) -> None:
        if QUESTION not in reply.messages[-1]["content"]:
            reply.say("Dropout обнуляет случайные активации [1].")
            return
        reply.begin()
        reply.piece("Останавливаемся, когда потери не улучшаются [1]. Это следующее предложение")
        assert next_is_shown.wait(60)
        with suppress(BrokenPipeError, ConnectionResetError):  # whoever asked is gone
            reply.piece(" [1]. Это ещё одно [1].")
            reply.piece("", "stop")

    given_up: list[str] = []
    with model_server(behave) as (model_url, _):
        settings = example_settings.model_copy(update={"llm_url": model_url, "llm_model": "stub"})
        with serve(settings) as url, page_of(browser, url) as page:
            first = f"{url}/answer?q={quote_plus(QUESTION)}"
            page.on("requestfailed", lambda request: given_up.append(first) if request.url == first else None)
            page.goto(f"{url}/?q={quote(QUESTION)}")
            card = page.locator("#answer")
            expect(card.locator(".sentence").first).to_contain_text("Останавливаемся, когда потери")
            expect(card.locator(".mode")).not_to_have_text("quoted from the course")
            page.fill("#q", "что такое dropout?")
            page.keyboard.press("Enter")
            expect(card.locator(".sentence").first).to_contain_text("Dropout обнуляет случайные")
            expect(card.locator(".mode")).to_have_text("written by a language model from the course")
            deadline = time.monotonic() + 15
            while not given_up:
                assert time.monotonic() < deadline, "what is written of the first question is still read"
                page.wait_for_timeout(30)
            next_is_shown.set()
            expect(card.locator(".sentence")).to_have_count(1)
            expect(card.locator(".sentence")).to_contain_text("Dropout обнуляет случайные")
            expect(card).not_to_have_attribute("aria-busy", "true")


def test_a_model_that_finds_no_answer_is_quoted_with_that(browser: Any, example_settings: Settings) -> None:
    with model_server(says("NO ANSWER")) as (model_url, _):
        settings = example_settings.model_copy(update={"llm_url": model_url, "llm_model": "stub"})
        with serve(settings) as url, page_of(browser, url) as page:
            page.goto(f"{url}/?q={quote(QUESTION)}")
            expect(page.locator("#answer .said")).to_contain_text("языковая модель", ignore_case=True)
            assert page.locator("#answer .sources").count() == 0


def test_a_model_that_fails_leaves_the_quotes_and_says_so(browser: Any, example_settings: Settings) -> None:
    settings = example_settings.model_copy(update={"llm_url": "http://127.0.0.1:9/v1", "llm_model": "stub"})
    with serve(settings) as url, page_of(browser, url) as page:
        page.goto(f"{url}/?q={quote(QUESTION)}")
        expect(page.locator("#answer .notice")).to_contain_text("language model")
        expect(page.locator("#answer .sentence").first).to_contain_text("останавливаемся")
        expect(page.locator("#answer .mode")).to_have_text("quoted from the course")


# --- all kinds of readers --------------------------------------------------------------------------------


def test_the_keyboard_alone_is_enough(page: Page, live: str) -> None:
    page.goto(f"{live}/?q=dropout")
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("ранняя остановка")
    page.keyboard.press("Enter")
    expect(page.locator(".hit h3").first).to_contain_text("Ранняя остановка")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('.hit h3') !== null"):
            break
    page.keyboard.press("Enter")
    expect(page.locator("#look-title")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#look")).to_be_hidden()
    assert page.evaluate("document.activeElement.closest('.hit h3') !== null")


def test_the_first_hit_is_a_few_keys_away(page: Page, live: str) -> None:
    page.goto(f"{live}/?q={quote('обучение')}")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the results")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(2):
        page.keyboard.press("Tab")
    expect(page.locator(".hit h3 a").first).to_be_focused()


def test_without_javascript_search_opening_and_asking_work(browser: Any, live: str) -> None:
    with page_of(browser, live, java_script_enabled=False) as page:
        page.goto(live)
        page.fill("#q", QUESTION)
        page.keyboard.press("Enter")
        expect(page.locator("#answer .sentence").first).to_contain_text("останавливаемся")
        page.locator(".hit h3 a").first.click()
        expect(page.locator("#look-title")).to_have_text("Ранняя остановка (early stopping)")
        page.locator("#look .turn a", has_text="in the video").click()
        expect(page.locator("#player")).to_be_visible()
        page.locator("[data-close]").click()
        expect(page.locator("#look")).to_be_hidden()


def test_on_a_phone_nothing_is_wider_than_the_screen(browser: Any, live: str) -> None:
    with page_of(browser, live, viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True) as page:
        for path in PATHS:
            page.goto(live + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
        page.set_viewport_size({"width": 320, "height": 640})
        for path in ("/", "/?q=dropout", f"/?q={quote(QUESTION)}", "/?q=zzqq", "/courses/neural-networks"):
            page.goto(live + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
        page.set_viewport_size({"width": 360, "height": 740})
        page.goto(f"{live}/?q=dropout")
        page.locator(".hit h3 a").first.tap()
        expect(page.locator("#look-title")).to_be_visible()
        box = page.locator("#look").bounding_box()
        assert box is not None
        assert (box["x"], box["width"]) == (0, 360)
        page.locator("[data-close]").tap()
        expect(page.locator(".hit h3 a").first).to_be_visible()


PATHS = [
    "/", "/?q=dropout", "/?q=dropout&open=page-2-7", "/?q=dropout&open=time-2-205", f"/?q={quote(QUESTION)}", "/?q=zzqq&open=page-999-1",
    "/?q=GAN", "/courses/neural-networks", "/courses/neural-networks/terms", "/lectures/2", "/lectures/5", "/decks/2", "/videos/2",
    "/c/neural-networks/d/slides/02_regularisation.pdf/7", "/c/neural-networks/v/video/lecture2.webm/205", "/teach", "/docs",
]  # fmt: skip


# colours do not depend on the language, nor names and roles on the colours
@pytest.mark.parametrize(("scheme", "language"), [("light", "en"), ("dark", "ru")])
def test_axe_finds_nothing_on_any_page(browser: Any, live: str, scheme: str, language: str) -> None:
    with page_of(browser, live, color_scheme=scheme, locale=language) as page:
        for path in PATHS:
            page.goto(live + path)
            page.wait_for_load_state("networkidle")
            page.evaluate(AXE)
            found = page.evaluate("axe.run()")["violations"]
            shown = [(rule["id"], [node["html"][:200] for node in rule["nodes"][:3]]) for rule in found]
            assert shown == [], (path, shown)


def test_the_page_is_in_the_language_of_the_browser_and_can_be_switched(browser: Any, live: str) -> None:
    with page_of(browser, live, locale="ru-RU") as page:
        page.goto(live)
        expect(page.get_by_role("button", name="Найти")).to_be_visible()
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(251, 251, 253)"
        page.get_by_role("link", name="English").click()
        page.fill("#q", "dropout")
        page.keyboard.press("Enter")
        expect(page.locator(".filters")).to_contain_text("Slides")
        assert "lang=en" in page.url
        page.locator(".group h2 a").first.click()
        expect(page.locator(".chapters summary", has_text="Chapters")).to_be_visible()


def test_in_the_dark_the_ground_is_dark(browser: Any, live: str) -> None:
    with page_of(browser, live, color_scheme="dark") as page:
        page.goto(live)
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 29)"


@pytest.mark.parametrize("query", ["что такое ранняя остановка?", "how does gradient descent work?", "сеть"])
def test_a_first_search_is_light(browser: Any, live: str, query: str) -> None:
    """All that a browser without a cache is sent, pictures included, over the wire and unpacked."""
    weights = weigh(browser, f"{live}/?q={quote(query)}", locale="ru", viewport=DESKTOP)
    wire = sum(weight.wire_bytes for weight in weights.values())
    decoded = sum(weight.decoded_bytes for weight in weights.values())
    assert 20_000 < wire < 65_000, weights
    assert 40_000 < decoded < 105_000, weights
    assert [path for path in weights if "study" in path or "vendor" in path] == []  # they come when they are needed


def test_pages_do_not_jump(browser: Any, live: str) -> None:
    with page_of(browser, live) as page:
        page.goto(f"{live}/?q=dropout")
        page.wait_for_load_state("networkidle")
        shift = page.evaluate(
            "() => new Promise(done => { let sum = 0; new PerformanceObserver(list => { for (const e of list.getEntries())"
            " if (!e.hadRecentInput) sum += e.value; }).observe({type: 'layout-shift', buffered: true});"
            " setTimeout(() => done(sum), 500); })"
        )
        assert shift < 0.05
        image = page.locator(".look img").first
        assert (image.get_attribute("loading"), image.get_attribute("width")) == ("lazy", "160")
        address = image.get_attribute("src") or ""
        assert "max-age" in page.request.get(live + address).headers["cache-control"]


# --- lectures, terms, the lecturer -----------------------------------------------------------------------


def test_a_lecture_shows_slides_along_its_video_and_links_its_programme(page: Page, live: str) -> None:
    page.goto(f"{live}/?q=dropout")
    page.locator(".group h2 a").first.click()
    expect(page.locator(".along li")).to_have_count(8)
    page.locator(".programme a", has_text="Dropout").click()
    expect(page.locator("#look-title")).to_have_text("Dropout")
    page.locator(".film li").nth(3).locator("a").click()
    expect(page.locator("#look-title")).to_have_text("Кривые обучения")
    expect(page.locator(".film li").nth(3)).to_have_class("current")
    page.goto(f"{live}/lectures/5")
    expect(page.locator(".programme")).to_contain_text("(not available yet)")
    expect(page.locator(".about .notice")).to_contain_text("no slides or video for this lecture yet")


def test_a_course_says_what_each_lecture_has_and_no_codes(page: Page, live: str) -> None:
    page.goto(f"{live}/courses/neural-networks")
    lectures = page.locator(".lectures li").all_inner_texts()
    assert len(lectures) == 5
    assert "12 slides · 6 minutes of video" in lectures[1]
    assert "no video yet · no slides yet" in lectures[4]
    assert all(name[:1].isupper() for name in page.locator("main h2").all_inner_texts())
    assert "no_video" not in page.locator("main").inner_text()


def test_terms_lead_to_where_they_are_explained(page: Page, live: str) -> None:
    page.goto(f"{live}/courses/neural-networks/terms")
    page.get_by_role("link", name="Ранняя остановка (early stopping)").first.click()
    expect(page.locator("#look-title")).to_have_text("Ранняя остановка (early stopping)")


# --- YouTube, and hostile material -----------------------------------------------------------------------


def test_youtube_is_asked_for_nothing_before_play_is_pressed(browser: Any, tmp_path: Path) -> None:
    folder = tmp_path / "course"
    (folder / "transcripts").mkdir(parents=True)
    (folder / "course.yaml").write_text(
        "title: T\nlanguage: en\nlectures: [{title: L, videos: [{youtube: abcdefghijk}]}]\n", "utf-8"
    )
    (folder / "transcripts" / "abcdefghijk.en.vtt").write_text(
        "WEBVTT\n\n00:01:23.000 --> 00:01:30.000\nToday we talk about momentum.\n", "utf-8"
    )
    settings = Settings(data_dir=tmp_path / "data", embedder="none")
    library = Library(settings.resolved_database_url, settings.data_dir)
    library.database.migrate()
    ingest(folder, library, None)
    library.close()
    with serve(settings) as url:
        with page_of(browser, url) as page:
            page.goto(f"{url}/?q=momentum")
            page.locator(".hit h3 a").first.click()
            expect(page.get_by_role("button", name="Play from 1:25 (YouTube)")).to_be_visible()
        context = browser.new_context(locale="en")
        asked: list[str] = []

        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{url}/?q=momentum")
        page.locator(".hit h3 a").first.click()
        page.get_by_role("button", name="Play from 1:25 (YouTube)").click()
        expect(page.locator(".tube iframe")).to_be_visible()
        page.wait_for_timeout(300)
        (elsewhere,) = [address for address in asked if not address.startswith((url, "data:", "chrome-error:"))]
        assert elsewhere.startswith("https://www.youtube-nocookie.com/embed/abcdefghijk?start=85&")
        context.close()


def hostile() -> list[str]:
    """Three hundred strings that would run as a script wherever text is taken for markup."""
    run = ("window.hacked=1", "alert(1)", "document.title='hacked'")
    shapes = (
        "<script>{}</script>", "<img src=x onerror={}>", "<svg/onload={}>", "\"><script>{}</script>", "'><img src=x onerror={}>",
        "<iframe srcdoc='<script>{}</script>'>", "javascript:{}", "<a href='javascript:{}'>x</a>", "{{{{{}}}}}", "${{{}}}",
        "<body onload={}>", "<details open ontoggle={}>", "<math><mtext></table><mglyph><style><img src=x onerror={}>", "</title><script>{}</script>",
        "</textarea><script>{}</script>", "--><script>{}</script>", "]]><script>{}</script>", "<input autofocus onfocus={}>", "<style>@import'javascript:{}'</style>",
        "<object data='javascript:{}'>", "<embed src='javascript:{}'>", "<form action='javascript:{}'><button>x", "\" onmouseover=\"{}", "' autofocus onfocus='{}",
        "`${{{}}}`",
    )  # fmt: skip
    wraps = ("{}", "Dropout {}", "{} градиент", "\u202e{}")
    return [wrap.format(shape.format(code)) for code in run for shape in shapes for wrap in wraps]


def test_hostile_texts_and_queries_stay_texts(browser: Any, tmp_path: Path) -> None:
    strings = hostile()
    assert len(strings) == 300
    latin = [text.replace("градиент", "gradient").replace("\u202e", "") for text in strings]
    folder = tmp_path / "course"
    write_pdf(folder / "a.pdf", [f"{text}\ndropout {text}" for text in latin])
    (folder / "transcripts").mkdir()
    cues = [
        f"00:{i // 60:02d}:{i % 60:02d}.000 --> 00:{i // 60:02d}:{i % 60:02d}.900\ndropout {text}\n"
        for i, text in enumerate(strings)
    ]
    (folder / "transcripts" / "abcdefghijk.en.vtt").write_text("WEBVTT\n\n" + "\n".join(cues), "utf-8")
    # a README is read as markup, and what runs there is no text: course.yaml takes every string as it is
    lectures: list[dict[str, Any]] = [{"title": text, "programme": f"dropout {text}"} for text in strings]
    lectures[0] |= {"decks": ["a.pdf"], "videos": [{"youtube": "abcdefghijk"}]}
    course = {"title": strings[0], "language": "en", "lectures": lectures}
    (folder / "course.yaml").write_text(yaml.safe_dump(course, allow_unicode=True), "utf-8")
    settings = Settings(data_dir=tmp_path / "data", embedder="none")
    library = Library(settings.resolved_database_url, settings.data_dir)
    library.database.migrate()
    report = ingest(folder, library, None)
    library.close()
    assert report.pages == 300
    with serve(settings) as url, page_of(browser, url) as page:
        for path in ("/", "/?q=dropout", "/?q=dropout&offset=10", "/?q=dropout&kind=segment", "/?q=dropout&kind=programme",
                     "/?q=dropout&open=page-1-1", "/?q=dropout&open=time-1-5", f"/courses/{report.course}", f"/courses/{report.course}/terms",
                     "/lectures/1", "/lectures/2?open=page-1-2", "/decks/1", "/videos/1", "/teach"):  # fmt: skip
            page.goto(url + path)
            page.wait_for_timeout(50)
            assert page.evaluate("[window.hacked, document.title === 'hacked']") == [None, False], path
        page.goto(url)
        for number, text in enumerate(strings):
            if number % 10 == 0:
                page.goto(f"{url}/?q={quote(text)}&open={quote(text)[:60]}")
            else:
                page.evaluate(
                    "url => import('/static/swap.js').then(swap => swap.show(url, {push: true, focus: null}))",
                    f"/?q={quote(text)}&course=&prev={quote(text)}",
                )
            assert page.evaluate("[window.hacked, document.title === 'hacked']") == [None, False], text


def test_hostile_sentences_of_a_model_stay_texts_in_the_card(page: Page, live: str) -> None:
    strings = hostile()
    answer = AnswerOut(
        question=strings[0],
        mode=AnswerMode.GENERATED,
        outcome=Outcome.ANSWERED,
        coverage=Coverage.EXPLAINED,
        degraded=[],
        note=strings[1],
        unknown_words=[],
        sentences=[SentenceOut(text=text, citations=[]) for text in strings],
        citations=[],
        hits=[],
        took_ms=0,
    )
    html = render("_written.html", Place(q=strings[2], prev=strings[3]), "en", {"answer": answer})
    page.goto(f"{live}/?q={quote(QUESTION)}")
    page.evaluate(
        "html => import('/static/swap.js').then(async swap => (await swap.readyToMorph(), swap).morph(document.querySelector('#answer'),"
        " new DOMParser().parseFromString(html, 'text/html').body, 'innerHTML'))",
        html,
    )
    assert page.locator("#answer .sentence").count() == 300
    assert page.locator("#answer .sentence").nth(4).inner_text() == strings[4]
    page.wait_for_timeout(50)
    assert page.evaluate("[window.hacked, document.title === 'hacked']") == [None, False]


# --- its parts -------------------------------------------------------------------------------------------


def placeholders(word: str | Noun) -> list[str]:
    return sorted(re.findall(r"\{\w*\}", word)) if isinstance(word, str) else ["counted"]


def test_every_language_says_the_same_things_with_the_same_places_to_fill() -> None:
    assert set(LANGUAGES) >= {"en", "ru"}
    for language in LANGUAGES:
        words = words_of(language)
        assert {name: placeholders(word) for name, word in words.items()} == {
            name: placeholders(word) for name, word in words_of("en").items()
        }, language
        nouns = {name: word for name, word in words.items() if isinstance(word, Noun)}
        forms = {next(iter(nouns.values())).form(number) for number in range(200)}
        assert {name: len(noun.forms) for name, noun in nouns.items()} == dict.fromkeys(nouns, len(forms)), language


def test_no_word_is_hidden_behind_a_method_of_dictionaries() -> None:
    """A template that says `t.copy` would print the method of that name."""
    assert {name for name in words_of("en") if hasattr(dict, name)} == set()


def test_numbers_are_counted_as_the_language_does() -> None:
    lectures = words_of("ru")["lectures"]
    assert isinstance(lectures, Noun)
    assert [counted(n, lectures) for n in (1, 2, 5, 11, 21, 104, 112)] == [
        "1 лекция", "2 лекции", "5 лекций", "11 лекций", "21 лекция", "104 лекции", "112 лекций",
    ]  # fmt: skip
    pages = words_of("en")["pages"]
    assert isinstance(pages, Noun)
    assert [counted(n, pages) for n in (0, 1, 2)] == ["0 pages", "1 page", "2 pages"]


@pytest.mark.parametrize(
    ("asked", "accepted", "language"),
    [("", "", "en"), ("ru", "en", "ru"), ("xx", "ru", "ru"), ("", "de, en;q=0.5, ru;q=0.8", "ru"), ("", "ru;q=0", "en"),
     ("", "en-GB,en;q=0.9,ru;q=0.8", "en"), ("", "ru;q=abc, en", "en")],
)  # fmt: skip
def test_the_language_is_what_the_browser_likes_best(asked: str, accepted: str, language: str) -> None:
    assert choose_language(asked, accepted) == language


def test_an_address_leaves_out_what_is_empty() -> None:
    place = Place(q="a b", course="c", offset=10, lang="ru")
    assert place.url() == "/?q=a+b&course=c&offset=10&lang=ru"
    assert place.url(offset=0, open="/c/c/d/тема 1.pdf/2?m=x") == (
        "/?q=a+b&course=c&open=/c/c/d/%D1%82%D0%B5%D0%BC%D0%B0%201.pdf/2?m=x&lang=ru"
    )
    assert place.plain("/c/c/l/3?m=x") == "/c/c/l/3?m=x&lang=ru"


def test_what_is_wrong_is_said_on_a_page(browser: Any, live: str) -> None:
    context = browser.new_context(locale="ru")
    page = context.new_page()
    for path, status, words, detail in (
        (
            "/lectures/999",
            404,
            "По этому адресу ничего нет",
            "There is no lecture 999; its course lists those there are.",
        ),
        ("/courses/nowhere", 404, "По этому адресу ничего нет", "There is no course"),
        ("/?q=x&offset=9999", 422, "не получается выполнить", "offset"),
        ("/?q=dropout&kind=nonsense", 422, "не получается выполнить", "nonsense"),
        (f"/?q={'x' * 1500}", 422, "слишком длинный", "1000 are searched"),
    ):
        answer = page.goto(live + path)
        assert answer.status == status
        expect(page.get_by_role("alert")).to_contain_text(words)
        expect(page.locator(".detail p")).to_be_hidden()
        expect(page.locator(".detail p")).to_contain_text(detail)
    page.get_by_role("link", name="Поиск по лекциям").click()
    expect(page.locator("#q")).to_be_focused()
    context.close()


def test_every_word_of_the_pages_is_used() -> None:
    web = ROOT / "service" / "web"
    templates = "".join(path.read_text("utf-8") for path in (web / "templates").glob("*.html"))
    modules = "".join(path.read_text("utf-8") for path in web.glob("*.py"))
    made_up = re.compile(
        "reason_|kind_|made_by_|gap_|refused_|todo_|job_|step_|transcript_|units?_|suggested_|problem_\\d"
    )  # with the name of a thing at their end
    said = {"language", *Coverage}
    unused = {
        name
        for name in words_of("en").keys() - said
        if not made_up.match(name) and not re.search(rf"t\.{name}\b", templates) and f'"{name}"' not in modules
    }
    assert unused == set()


def test_on_paper_what_is_looked_at_and_the_list_follow_one_another(page: Page, live: str) -> None:
    page.set_viewport_size({"width": 794, "height": 1123})  # A4
    page.emulate_media(media="print")
    page.goto(f"{live}/?q=dropout&open=page-2-7")
    look, hits = page.locator("#look").bounding_box(), page.locator(".hits").bounding_box()
    assert look is not None
    assert hits is not None
    assert hits["y"] >= look["y"] + look["height"] or look["y"] >= hits["y"] + hits["height"]
    expect(page.locator(".search")).to_be_hidden()
