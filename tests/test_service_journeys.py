"""Twelve journeys of a reader and one lecturer through the pages, each from a wish to its end, in a real browser."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, expect
from support import ingest, serve, write_course, write_pdf
from test_service_page import AXE, DESKTOP, PHONE, QUESTION, SHIFTS, until

from index.library import Library
from index.store.keys import create_key
from index.types import AccessScope
from ingest.carrying import Means
from ingest.worker import work
from service.settings import Settings
from service.web.words import words_of

GROUND = {"light": "rgb(251, 251, 253)", "dark": "rgb(20, 23, 29)"}
AWAY = "net::ERR_INTERNET_DISCONNECTED"  # what Chromium itself says of each request while it is offline


@dataclass(frozen=True, slots=True)
class Reader:
    """In which language and theme somebody reads."""

    language: str
    scheme: str

    @property
    def words(self) -> Any:
        return words_of(self.language)

    @property
    def options(self) -> dict[str, str]:
        return {"locale": self.language, "color_scheme": self.scheme}


READERS = [Reader("en", "light"), Reader("ru", "dark")]
both = pytest.mark.parametrize("reader", READERS, ids=lambda reader: f"{reader.language}-{reader.scheme}")


@contextmanager
def journey(browser: Any, url: str, *, expected: str = "", **options: Any) -> Iterator[Page]:
    """A page in a fresh profile: its console may complain of nothing but what is expected, no other host is asked."""
    context = browser.new_context(**{"locale": "en", "viewport": DESKTOP, **options})
    page = context.new_page()
    page.set_default_timeout(60_000)  # nothing waits so long but on a machine that is busy
    troubles: list[str] = []

    def complain(text: str) -> None:
        if not expected or expected not in text:
            troubles.append(text)

    page.on("console", lambda message: complain(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complain(str(error)))
    page.on(
        "request", lambda request: troubles.append(request.url) if not request.url.startswith((url, "data:")) else None
    )
    yield page
    assert troubles == []
    assert context.cookies() == []
    context.close()


def check_axe(page: Page) -> None:
    page.evaluate(AXE)
    found = page.evaluate("axe.run()")["violations"]
    assert [(rule["id"], [node["html"][:200] for node in rule["nodes"][:3]]) for rule in found] == []


def places(page: Page) -> list[str]:
    """The hits that are listed, in any language."""
    return page.locator(".hit").evaluate_all("hits => hits.map(hit => hit.id)")  # type: ignore[no-any-return]


def titles(page: Page) -> list[str]:
    """The titles of all hits that are listed."""
    return page.locator(".hit h3").all_inner_texts()


def ready(page: Page) -> None:
    """Wait until the recording of the study view can be moved in."""
    until(page, "document.querySelector('#player')?.readyState > 0 && !!document.querySelector('study-view').frames")


def slide_of(page: Page) -> str:
    """The number that the filmstrip marks, once the stage shows that slide."""
    until(
        page,
        "document.querySelector('.film .current')?.dataset.frame === document.querySelector('#slide-now')?.dataset.frame",
    )
    return page.locator(".film .current .n").inner_text()


def tab_to(page: Page, selector: str, keys: int = 60) -> None:
    """Press Tab until the focus lies within such an element."""
    for _ in range(keys):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.closest(selector) !== null", selector):
            return
    raise AssertionError(f"{selector} is not reached with {keys} keys")


def asked_for(page: Page, part: str) -> list[str]:
    """The addresses with this part that the page asks for from now on."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if part in request.url else None)
    return asked


# --- finding ---------------------------------------------------------------------------------------------


@both
def test_a_term_is_found_and_its_slide_is_read(browser: Any, live: str, reader: Reader) -> None:
    with journey(browser, live, **reader.options) as page:
        page.goto(live)
        page.locator("#q").press_sequentially("drop")
        expect(page.locator("#suggestions li").first.locator("b")).to_have_text("Drop")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(page.locator(".hit h3 mark").first).to_have_text("Dropout")
        page.locator(".hit h3 a").first.click()
        expect(page.locator("#look-title")).to_have_text("Dropout")
        expect(page.locator("#slide-now .number")).to_contain_text("7")
        image = page.locator("#slide-now .large img")
        expect(image).to_be_in_viewport()
        until(page, "document.querySelector('#slide-now .large img').naturalWidth > 0")
        page.locator("#slide-now details summary").click()
        expect(page.locator("#slide-now pre")).to_contain_text("обнуля", ignore_case=True)
        check_axe(page)


def test_two_lectures_are_compared_and_nothing_is_lost(browser: Any, live: str) -> None:
    with journey(browser, live) as page:
        page.goto(f"{live}/?q={quote('обучение')}")
        page.locator(".filters a", has_text="Slides").click()
        page.wait_for_url(re.compile("kind=page"))
        expect(page.locator(".filters a[aria-current]")).to_contain_text("Slides")
        listed = titles(page)
        groups = page.locator(".group", has=page.locator(".hit h3"))
        one, other = (groups.nth(number).locator(".hit h3 a").first for number in (0, 1))

        def look_at(hit: Locator) -> tuple[str, float]:
            """The name of the slide that a hit opens, and how far down the list was."""
            hit.scroll_into_view_if_needed()
            name, down = hit.inner_text(), page.evaluate("scrollY")
            hit.click()
            expect(page.locator("#look-title")).to_have_text(name)
            return name, down

        def the_list_is_as_it_was(down: float) -> None:
            expect(page.locator("#look")).to_be_hidden()
            assert (titles(page), page.evaluate("scrollY")) == (listed, down)
            expect(page.locator("#q")).to_have_value("обучение")
            expect(page.locator(".filters a[aria-current]")).to_contain_text("Slides")

        _, down = look_at(one)
        page.go_back()
        the_list_is_as_it_was(down)
        name, down = look_at(other)
        assert down > 0
        look_at(one)
        page.go_back()
        expect(page.locator("#look-title")).to_have_text(name)
        page.go_back()
        the_list_is_as_it_was(down)
        page.go_forward()
        expect(page.locator("#look-title")).to_have_text(name)


@both
def test_a_wrong_layout_and_a_typo_are_put_right_and_undone(browser: Any, live: str, reader: Reader) -> None:
    t = reader.words
    with journey(browser, live, **reader.options) as page:
        page.goto(live)
        for typed, reason in (("вкщзщге", t["reason_layout"]), ("dropuot", t["reason_typo"])):
            page.fill("#q", typed)
            page.keyboard.press("Enter")
            expect(page.locator(".readings").first).to_contain_text(f"dropout ({reason})")
            expect(page.locator(".hit h3").first).to_have_text("Dropout")
            expect(page.locator("#q")).to_have_value(typed)  # nobody's words are replaced
            page.get_by_role("link", name=t["only_typed"]).click()
            expect(page.locator(".unknown")).to_contain_text(typed)
            expect(page.locator(".summary")).to_have_attribute("data-coverage", "absent")
            expect(page.locator("#q")).to_have_value(typed)
            page.get_by_role("link", name=t["other_readings"]).click()
            expect(page.locator(".summary")).to_have_attribute("data-coverage", "explained")


@both
def test_a_question_is_asked_and_its_source_checked_with_one_click(browser: Any, live: str, reader: Reader) -> None:
    with journey(browser, live, **reader.options) as page:
        page.goto(live)
        page.fill("#q", QUESTION)
        page.keyboard.press("Enter")
        card = page.locator("#answer")
        expect(card.locator(".mode")).to_have_text(reader.words["quoted"])
        sentence = card.locator(".sentence").first
        quoted = re.sub(r"[\s\d]+$", "", sentence.inner_text())
        sentence.locator(".cite").click()
        expect(page.locator("#look-title")).to_be_focused()
        plain = re.compile(r"\W+")
        source = page.locator("#look").evaluate("look => look.textContent")
        assert plain.sub(" ", quoted).strip() in plain.sub(" ", source)
        expect(sentence).to_contain_text(quoted)  # it stands beside its source
        check_axe(page)


# --- results while one types ---------------------------------------------------------------------------------


def test_results_come_while_one_types_and_caret_and_suggestions_stay(browser: Any, live: str) -> None:
    with journey(browser, live) as page:
        page.goto(live)
        box = page.locator("#q").bounding_box()
        page.locator("#q").press_sequentially("attentio")
        until(page, "document.title.startsWith('attentio ')")
        expect(page.locator(".hit h3").first).to_contain_text("attention")
        expect(page.locator("#suggestions li").first).to_be_visible()
        expect(page.locator("#q")).to_be_focused()
        assert page.locator("#q").bounding_box() == box
        expect(page.locator(".summary[role=status]")).to_contain_text("results")
        page.keyboard.press("Home")
        page.keyboard.type("self ")
        until(page, "document.title.startsWith('self attentio ')")
        caret = page.evaluate("[document.querySelector('#q').selectionStart, document.querySelector('#q').value]")
        assert caret == [5, "self attentio"]
        page.keyboard.press("Enter")
        until(page, "history.state.typing === undefined")
        check_axe(page)
        page.go_back()  # what was typed on the way is no place to come back to
        expect(page.locator(".courses")).to_be_visible()
        expect(page.locator("#q")).to_have_value("")


def test_a_word_that_is_half_typed_is_not_said_to_be_unknown(browser: Any, live: str) -> None:
    with journey(browser, live) as page:
        page.goto(f"{live}/?q=dropout")
        page.locator("#q").fill("")
        page.locator("#q").press_sequentially("переобуч")
        until(page, "document.title.startsWith('переобуч ')")
        expect(page.locator(".hit h3").first).to_be_visible()
        expect(page.locator(".summary")).to_have_text("")
        expect(page.locator(".unknown")).to_have_count(0)
        page.keyboard.press("Enter")
        expect(page.locator(".summary strong")).to_be_visible()
        expect(page.locator(".unknown")).to_contain_text("переобуч")


def test_what_is_typed_next_ends_the_search_before(browser: Any, live: str) -> None:
    with journey(browser, live) as page:
        held: list[Any] = []
        ended: list[str] = []
        page.route(re.compile(r"q=dropout&part=1"), lambda route: held.append(route))  # noqa: PLW0108
        page.on("requestfailed", lambda request: ended.append(request.url))
        page.goto(f"{live}/?q=GAN")
        page.fill("#q", "dropout")
        while not held:
            page.wait_for_timeout(20)
        page.fill("#q", "attention")
        until(page, "document.title.startsWith('attention ')")
        assert f"{live}/?q=dropout&part=1" in ended
        page.locator(".hit h3 a").first.click()
        expect(page.locator("#look")).to_be_visible()
        page.go_back()
        expect(page.locator("#look")).to_be_hidden()
        expect(page.locator("#q")).to_have_value("attention")
        page.go_back()
        expect(page.locator("#q")).to_have_value("GAN")
        until(page, "document.title.startsWith('GAN ')")


def test_what_is_looked_at_stays_while_one_types_and_whoever_spares_data_is_left_alone(browser: Any, live: str) -> None:
    spare = "Object.defineProperty(NetworkInformation.prototype, 'saveData', { get: () => true })"
    for path, sparing in (("/?q=dropout&open=page-2-7", False), ("/?q=dropout", True)):
        with journey(browser, live) as page:
            if sparing:
                page.add_init_script(spare)
            typed = asked_for(page, "rate&part=1")
            page.clock.install()
            page.goto(live + path)
            page.fill("#q", "dropout rate")
            page.clock.run_for(1_000)  # any pause is over
            page.keyboard.press("Enter")
            until(page, "document.title.startsWith('dropout rate ')")
            assert typed == []


def test_words_that_are_still_being_typed_ask_nothing_yet(browser: Any, live: str) -> None:
    with journey(browser, live) as page:
        page.goto(live)
        page.fill("#q", QUESTION)
        until(page, "document.title.startsWith('что такое ранняя')")
        assert page.locator("#answer").count() == 0
        page.keyboard.press("Enter")
        expect(page.locator("#answer .sentence").first).to_contain_text("останавливаемся")


# --- studying --------------------------------------------------------------------------------------------


def test_a_lecture_is_found_and_studied_with_the_keyboard_alone(browser: Any, live: str) -> None:
    with journey(browser, live) as page:
        page.goto(live)
        page.keyboard.type("dropout")
        page.keyboard.press("Enter")
        expect(page.locator(".hit").first).to_be_visible()
        tab_to(page, ".hit h3")
        page.keyboard.press("Enter")
        expect(page.locator("#look-title")).to_be_focused()
        ready(page)
        page.keyboard.press("n")
        assert slide_of(page) == "8"
        page.keyboard.press("z")
        expect(page.locator("dialog.zoom")).to_be_visible()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Escape")
        expect(page.locator("dialog.zoom")).to_be_hidden()
        assert slide_of(page) == "9"
        page.keyboard.press("Escape")
        expect(page.locator("#look")).to_be_hidden()
        assert page.evaluate("document.activeElement.closest('.hit h3') !== null")
        page.keyboard.press("Shift+Tab")
        assert page.evaluate("document.activeElement.closest('.group h2') !== null")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"/c/neural-networks/l/2\?"))
        ready(page)
        tab_to(page, ".within")
        page.keyboard.type("переобучение")
        page.keyboard.press("Enter")
        expect(page.locator(".found li").first).to_be_visible()
        tab_to(page, ".found a")
        page.keyboard.press("Enter")
        page.keyboard.press("k")
        until(page, "!document.querySelector('#player').paused")
        page.keyboard.press("k")
        until(page, "document.querySelector('#player').paused")


@both
def test_language_and_theme_are_switched_on_the_way_and_kept(browser: Any, live: str, reader: Reader) -> None:
    other = next(one for one in READERS if one != reader)
    ground = "getComputedStyle(document.body).backgroundColor"
    with journey(browser, live, **reader.options) as page:
        page.goto(f"{live}/?q=dropout")
        page.locator(".hit h3 a").first.click()
        expect(page.locator("#look-title")).to_have_text("Dropout")
        listed = places(page)
        page.locator("#theme").select_option(other.scheme)
        page.locator(".languages a").click()
        expect(page.locator("html")).to_have_attribute("lang", other.language)
        expect(page.locator("#look-title")).to_have_text("Dropout")
        assert places(page) == listed

        def search() -> None:
            page.fill("#q", "attention")
            page.keyboard.press("Enter")

        steps: list[Callable[[], Any]] = [
            page.locator("#look [rel=next]").click,
            page.locator("#look .where a").click,
            page.locator(".crumbs a").click,
            page.locator("main a[href*='/terms']").first.click,
            page.locator("main a[href*='/c/']").first.click,
            search,
            page.locator("header .brand").click,
            page.go_back,
            page.reload,
        ]
        for step in steps:
            before = page.url
            step()
            if step != page.reload:
                until(page, f"location.href !== {before!r}")
            expect(page.locator("html")).to_have_attribute("lang", other.language)
            expect(page.locator("#theme")).to_have_value(other.scheme)
            assert page.evaluate(ground) == GROUND[other.scheme], page.url
            links = page.locator("a[href^='/']:not(.languages a)").evaluate_all(
                "links => links.map(link => link.getAttribute('href'))"
            )
            lost = [link for link in links if f"lang={other.language}" not in link and not link.startswith("/api/")]
            assert lost == [], page.url


@both
def test_on_a_phone_one_finds_plays_turns_shares_and_comes_back(browser: Any, live: str, reader: Reader) -> None:
    t = reader.words
    phone: dict[str, Any] = {"viewport": PHONE, "is_mobile": True, "has_touch": True}
    phone["permissions"] = ["clipboard-read", "clipboard-write"]
    with journey(browser, live, **phone, **reader.options) as page:
        page.goto(live)
        page.locator(".tries a").first.tap()
        expect(page.locator(".hit").first).to_be_visible()
        listed = places(page)
        said = page.locator(".hit.kind-page .snippet").first.bounding_box()
        assert said is not None
        page.touchscreen.tap(said["x"] + 20, said["y"] + 10)  # a touch anywhere in a result opens it
        ready(page)
        stage = page.locator("#slide-now .large")
        expect(stage).to_be_in_viewport(ratio=1)
        before = int(slide_of(page))
        page.get_by_role("button", name=t["play"], exact=True).tap()
        until(page, "!document.querySelector('#player').paused")
        expect(stage).to_be_in_viewport(ratio=1)
        expect(page.locator(".spoken.now")).to_be_in_viewport()
        page.get_by_role("link", name=t["next_slide"]).tap()
        assert int(slide_of(page)) == before + 1
        page.get_by_role("button", name=t["pause"], exact=True).tap()
        until(page, "document.querySelector('#player').paused")
        page.locator(".tabs label", has_text=t["slides"]).tap()
        expect(page.locator(".film .current")).to_be_in_viewport()
        page.locator(".tabs label", has_text=t["about_lecture"]).tap()
        check_axe(page)
        page.get_by_role("button", name=t["copy_link"], exact=True).tap()
        expect(page.get_by_role("button", name=t["copied"])).to_be_visible()
        assert "/c/neural-networks/" in page.evaluate("navigator.clipboard.readText()")
        page.go_back()  # the slide that was turned
        page.go_back()
        expect(page.locator("#look")).to_be_hidden()
        assert places(page) == listed


# --- where things are not as they should be ----------------------------------------------------------------


@both
def test_on_a_phone_with_a_slow_network_the_first_results_are_read_before_all_has_come(
    browser: Any, live: str, reader: Reader
) -> None:
    with journey(browser, live, viewport=PHONE, is_mobile=True, has_touch=True, **reader.options) as page:
        network = page.context.new_cdp_session(page)
        slow = {"offline": False, "latency": 150, "downloadThroughput": 100_000, "uploadThroughput": 50_000}
        network.send("Network.enable")
        network.send("Network.emulateNetworkConditions", slow)
        page.add_init_script(SHIFTS)
        held: list[Any] = []
        page.route(re.compile(r"\.webp|open="), lambda route: held.append(route))  # noqa: PLW0108  (playwright marks it)
        page.goto(f"{live}/?q=dropout", wait_until="commit")
        expect(page.locator(".hit h3").first).to_be_in_viewport(ratio=1)
        expect(page.locator(".hit .snippet").first).to_be_in_viewport()  # no picture is there yet
        until(page, "document.querySelector('#theme').value === '' && !document.querySelector('#theme').hidden")
        needed = page.evaluate(
            "performance.getEntriesByType('resource').filter(one => one.renderBlockingStatus === 'blocking')"
            ".concat(performance.getEntriesByType('navigation')).map(one => [one.name, one.transferSize])"
        )
        assert 5_000 < sum(size for _, size in needed) < 20_000, needed
        assert held
        for route in held:
            route.continue_()
        page.wait_for_load_state("load")
        page.locator(".hit h3 a").first.tap()
        expect(page.locator("#busy")).to_be_visible()  # that something is under way is said
        page.unroute_all()  # which lets come what is held
        expect(page.locator("#look-title")).to_be_in_viewport()
        expect(page.locator("#busy")).to_be_hidden()
        assert page.evaluate("window.shifts") < 0.02
        check_axe(page)


@both
def test_without_javascript_one_searches_narrows_reads_and_asks_on(browser: Any, live: str, reader: Reader) -> None:
    t = reader.words
    with journey(browser, live, java_script_enabled=False, **reader.options) as page:
        page.goto(live)
        page.fill("#q", "что такое переобучение?")
        page.keyboard.press("Enter")
        expect(page.locator("#answer .sentence").first).to_contain_text("обобщать")
        page.locator(".map a").first.click()
        page.locator(".filters a", has_text=t["kind_page"]).click()
        expect(page.locator(".group")).to_have_count(1)
        page.locator(".hit h3 a").first.click()
        expect(page.locator("#look-title")).to_have_text("Переобучение (overfitting)")
        number = int(re.findall(r"\d+", page.locator("#slide-now .number").inner_text())[0])
        page.locator("#look [rel=next]").click()
        expect(page.locator("#slide-now .number")).to_contain_text(str(number + 1))
        page.locator("[data-close]").click()
        expect(page.locator("#look")).to_be_hidden()
        page.locator(".reset").click()
        page.locator("#follow").fill("а зачем она нужна?")
        page.get_by_role("button", name=t["ask"], exact=True).click()
        expect(page.locator("#answer")).to_contain_text(t["follows"])
        page.locator(".languages a").click()
        other = next(one for one in READERS if one != reader)
        expect(page.locator("#answer")).to_contain_text(other.words["follows"])


@both
def test_offline_in_the_middle_one_reads_on_and_goes_on_when_the_network_is_back(
    browser: Any, live: str, reader: Reader
) -> None:
    with journey(browser, live, expected=AWAY, **reader.options) as page:
        page.goto(f"{live}/?q=dropout")
        page.locator(".hit h3 a").first.click()
        ready(page)
        page.wait_for_load_state("networkidle")
        listed = titles(page)
        trouble = page.locator("#trouble")
        page.context.set_offline(True)
        page.keyboard.press("n")  # it was fetched before it was asked for
        assert slide_of(page) == "8"
        page.locator("#q").fill("механизм внимания")
        page.keyboard.press("Enter")
        expect(trouble).to_contain_text(reader.words["unreachable"])
        assert titles(page) == listed
        expect(page.locator("#q")).to_have_value("механизм внимания")
        page.get_by_role("button", name=reader.words["try_again"]).click()
        expect(trouble).to_be_visible()  # it is still away
        page.context.set_offline(False)
        page.get_by_role("button", name=reader.words["try_again"]).click()
        expect(page.locator(".hit h3").first).to_contain_text("Механизм внимания")
        expect(trouble).to_be_hidden()
        page.go_back()
        expect(page.locator("#q")).to_have_value("dropout")
        expect(page.locator("#look-title")).to_have_text("Минутка кода: nn.Dropout")
        assert titles(page) == listed


# --- sharing, and what is not for everybody -----------------------------------------------------------------


def test_a_link_is_shared_and_leads_somebody_else_to_the_same_place(browser: Any, live: str) -> None:
    permissions = ["clipboard-read", "clipboard-write"]
    with journey(browser, live, permissions=permissions) as page:
        page.goto(f"{live}/?q=dropout&kind=segment")
        page.locator(".hit h3 a").first.click()
        ready(page)
        line = page.locator(".spoken").nth(4)
        line.locator("a").click()
        said = line.locator("span").inner_text()
        expect(line).to_have_class(re.compile("now"))
        at = page.evaluate("document.querySelector('#player').currentTime")
        page.get_by_role("button", name="Link", exact=True).click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        shared = page.evaluate("navigator.clipboard.readText()").split("\n")[1]
        address, listed = page.url, places(page)
        with journey(browser, live, **READERS[1].options) as fresh:
            fresh.goto(shared)
            ready(fresh)
            expect(fresh.locator(".spoken.now")).to_contain_text(said)
            assert fresh.evaluate("document.querySelector('#player').currentTime") == int(at)
            assert fresh.evaluate("document.querySelector('#player').paused")
            fresh.goto(address)  # and the one in the bar shows what the first reader sees
            ready(fresh)
            expect(fresh.locator(".spoken.now")).to_contain_text(said)
            assert places(fresh) == listed
            expect(fresh.locator("#q")).to_have_value("dropout")
            expect(fresh.locator(".filters a[aria-current]")).to_contain_text(READERS[1].words["kind_segment"])


@both
def test_a_person_signs_in_by_a_link_and_sees_one_course_alone(browser: Any, tmp_path: Path, reader: Reader) -> None:
    settings = Settings(data_dir=tmp_path / "data", embedder="none", api_keys_required=True)
    library = Library(settings.resolved_database_url, settings.data_dir)
    library.database.migrate()
    for slug in ("alpha", "beta"):
        ingest(write_course(tmp_path / slug, slug, [f"Momentum of {slug}\nthe {slug} rule"]), library, None)
    with library.database.writing() as connection:
        _, secret = create_key(connection, "Students", [AccessScope.SEARCH], ["alpha"], 30, link=True)
    library.close()
    with serve(settings) as url, journey(browser, url, **reader.options) as page:
        page.goto(f"{url}/signin/link/{secret}")
        expect(page.locator("h1")).to_have_text("alpha")
        assert secret not in page.url
        page.locator("header .brand").click()
        expect(page.locator(".courses h3")).to_have_text(["alpha"])
        page.fill("#q", "momentum")
        page.keyboard.press("Enter")
        expect(page.locator(".hit h3")).to_have_text(["Momentum of alpha"])
        page.locator(".hit h3 a").click()
        expect(page.locator("#look-title")).to_have_text("Momentum of alpha")
        until(page, "document.querySelector('#slide-now img').naturalWidth > 0")
        kept, nowhere = (page.request.get(f"{url}/c/{slug}/l/1") for slug in ("beta", "gamma"))
        assert (kept.status, nowhere.status) == (404, 404)
        assert kept.text().replace("beta", "gamma") == nowhere.text()
        page.get_by_role("button", name=reader.words["sign_out"]).click()
        expect(page.locator("h1")).to_have_text(reader.words["signed_out"])
        assert page.request.get(f"{url}/?q=momentum").status == 401


@both
def test_a_lecturer_takes_up_a_course_and_finds_it(browser: Any, tmp_path: Path, reader: Reader) -> None:
    t = reader.words
    folder = tmp_path / "Optics"
    write_pdf(folder / "one.pdf", ["Refraction\nlight bends at the surface", "Lenses\na lens gathers rays"])
    settings = Settings(data_dir=tmp_path / "data", embedder="none", ingest_roots=str(tmp_path))
    library = Library(settings.resolved_database_url, settings.data_dir)
    library.database.migrate()
    with library.database.writing() as connection:
        _, secret = create_key(connection, "me", [AccessScope.ADMIN])
    stop = threading.Event()
    worker = threading.Thread(target=work, args=(library, None, Means(offline=True), stop))
    with serve(settings) as url, journey(browser, url, **reader.options) as page:
        page.goto(url)
        expect(page.locator("main")).to_contain_text(t["no_course"])
        page.get_by_role("link", name=t["teach"], exact=True).click()
        page.fill("#key", secret)
        page.locator("#key-form button").click()
        page.fill("#source", str(folder))
        page.locator("#order-form button").first.click()
        expect(page.locator("#job-list .job")).to_have_count(1)
        worker.start()
        expect(page.locator("#job-list .job-state")).to_have_text(t["job_done"])
        page.fill("#q", "lens")
        page.keyboard.press("Enter")
        expect(page.locator(".hit h3").first).to_have_text("Lenses")
        page.locator(".hit h3 a").first.click()
        expect(page.locator("#look-title")).to_have_text("Lenses")
        stop.set()
        worker.join(timeout=20)
    library.close()
