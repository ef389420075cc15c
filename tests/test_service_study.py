"""The study view in a real browser: player, slide, filmstrip and transcript in step, within a long lecture too."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
import yaml
from playwright.sync_api import Page, Route, expect
from starlette.testclient import TestClient
from support import ingest, serve, write_pdf

from index.library import Library
from index.types import Segment
from service.settings import Settings
from service.web.study import frame_at, spoken_lines

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
SLIDE = "/c/neural-networks/d/slides/02_regularisation.pdf"
VIDEO = "/c/neural-networks/v/video/lecture2.webm"
TUBE = "https://www.youtube-nocookie.com"
# what the frame of YouTube says and hears, as far as the page speaks with it
FRAME = """<script>
const said = [];
addEventListener("message", ({ data }) => { said.push(JSON.parse(data)); });
const tell = (info) => parent.postMessage(JSON.stringify({ event: "infoDelivery", info }), "*");
</script>"""


@contextmanager
def opened(browser: Any, url: str, **options: Any) -> Iterator[Page]:
    """A page in a context of its own, in which nothing may go wrong and nothing may be asked of other hosts."""
    context = browser.new_context(**{"locale": "en", "viewport": {"width": 1366, "height": 850}, **options})
    page = context.new_page()
    page.set_default_timeout(15_000)
    troubles: list[str] = []
    page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on(
        "request", lambda request: troubles.append(request.url) if not request.url.startswith((url, "data:")) else None
    )
    yield page
    assert troubles == []
    assert context.cookies() == []
    context.close()


def until(page: Page, expression: str) -> None:
    """Wait until an expression is true; the library's own waiting needs `unsafe-eval`, which the pages forbid."""
    deadline = time.monotonic() + 15
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, expression
        page.wait_for_timeout(30)


def ready(page: Page) -> None:
    """Wait until the view is at work and its recording can be moved in."""
    until(page, "document.querySelector('#player')?.readyState > 0 && !!document.querySelector('study-view').frames")


def second(page: Page) -> float:
    return float(page.evaluate("document.querySelector('#player').currentTime"))


def shown(page: Page) -> str:
    """The number of the slide that the filmstrip marks, once the stage shows it."""
    until(
        page,
        "document.querySelector('.film .current')?.dataset.frame === document.querySelector('#slide-now').dataset.frame",
    )
    return page.locator(".film .current .n").inner_text()


def is_inside(page: Page, inner: str, outer: str) -> bool:
    """Whether an element lies within what is to be seen of another."""
    return bool(
        page.evaluate(
            "([inner, outer]) => { const [a, b] = [inner, outer].map(s => document.querySelector(s).getBoundingClientRect());"
            " return a.top >= b.top - 1 && a.bottom <= b.bottom + 1 && a.left >= b.left - 1 && a.right <= b.right + 1; }",
            [inner, outer],
        )
    )


@pytest.fixture
def page(browser: Any, live: str) -> Iterator[Page]:
    with opened(browser, live) as new:
        yield new


# --- in step ---------------------------------------------------------------------------------------------


def test_the_player_never_begins_anew_when_another_place_of_its_lecture_is_chosen(page: Page, live: str) -> None:
    page.goto(f"{live}/?q=dropout&open=time-2-10")
    ready(page)
    page.evaluate("document.querySelector('#player').known = true")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.locator(".hit.kind-segment h3 a").first.click()
    until(page, "document.querySelector('#player').currentTime > 100")
    expect(page.locator("#look-title")).to_be_focused()
    page.locator(".hit.kind-page h3 a").first.click()
    assert shown(page) == "7"
    page.locator(".chapters li").nth(2).locator("a").first.click()
    page.locator(".spoken").nth(1).locator("a").click()
    until(page, "document.querySelector('#player').currentTime < 20")
    page.go_back()
    page.go_back()
    assert page.evaluate("document.querySelector('#player').known")
    assert [url for url in asked if not re.search(r"part=1|/api/|/static/", url)] == []


def test_a_chosen_slide_moves_the_video_only_if_that_is_asked_for(page: Page, live: str) -> None:
    page.goto(live + VIDEO + "/20")
    ready(page)
    page.locator(".film li").nth(6).locator("a").click()
    assert shown(page) == "7"
    expect(page.locator("#look-title")).to_have_text("Dropout")
    assert second(page) == 20
    page.get_by_role("link", name="in the video at 3:25").click()
    until(page, "document.querySelector('#player').currentTime >= 205")


def test_the_slide_follows_the_video_or_is_held(page: Page, live: str) -> None:
    page.goto(live + VIDEO + "/10")
    ready(page)
    follow = page.get_by_role("button", name="Follow the video")
    expect(follow).to_have_attribute("aria-pressed", "true")
    page.evaluate("document.querySelector('#player').currentTime = 206; document.querySelector('#player').play()")
    until(page, "document.querySelector('.film .current .n').textContent === '7'")
    expect(page.locator(".spoken.now")).to_contain_text("запасным признакам")
    expect(page.locator(".along .current")).to_contain_text("Dropout")
    page.locator(".film li").nth(2).locator("a").click()
    expect(follow).to_have_attribute("aria-pressed", "false")
    page.evaluate("document.querySelector('#player').currentTime = 300")
    until(page, "Number(document.querySelector('.spoken.now').dataset.at) > 290")
    assert shown(page) == "3"
    follow.click()
    until(page, "Number(document.querySelector('.film .current .n').textContent) > 8")


def test_the_next_slide_is_there_before_it_is_asked_for(page: Page, live: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{live}{SLIDE}/7")
    until(page, "document.querySelector('study-view').slides.size > 0")
    page.wait_for_load_state("networkidle")
    assert any("pdf/8?" in url and "part=1" in url for url in asked)
    image = page.locator("#slide-now img")
    assert "1920w" in (image.get_attribute("srcset") or "")
    asked.clear()
    page.locator("[rel=next]").click()
    assert shown(page) == "8"
    assert not [url for url in asked if "pdf/8?" in url or "/pages/8." in url]
    piece = page.request.get(f"{live}{SLIDE}/8", params={"part": "1"})
    assert len(piece.body()) < 4_000
    assert "max-age" in piece.headers["cache-control"]


def test_a_slide_that_does_not_come_is_said_and_the_video_goes_on(browser: Any, live: str) -> None:
    context = browser.new_context(locale="en")
    page = context.new_page()
    page.goto(f"{live}{SLIDE}/2")
    ready(page)
    page.evaluate("document.querySelector('#player').known = true")
    page.route("**/*part=1*", lambda route: route.fulfill(status=503, body="busy"))
    page.locator(".film li").nth(9).locator("a").click()
    expect(page.locator("[data-trouble]")).to_contain_text("could not be loaded")
    page.unroute("**/*part=1*")
    page.locator(".film li").nth(9).locator("a").click()
    assert shown(page) == "10"
    expect(page.locator("[data-trouble]")).to_be_hidden()
    assert page.evaluate("document.querySelector('#player').known")
    context.close()


def test_a_picture_that_takes_long_to_draw_is_asked_for_again(browser: Any, live: str) -> None:
    context = browser.new_context(locale="en")
    page = context.new_page()
    asked: list[str] = []

    def busy(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) == 1:
            route.fulfill(status=503, body="busy")
        else:
            route.continue_()

    page.route("**/pages/5.webp?width=960", busy)
    page.goto(f"{live}{SLIDE}/5")
    until(page, "document.querySelector('#slide-now img').naturalWidth > 0")
    assert len(asked) == 2
    context.close()


# --- finding within it -----------------------------------------------------------------------------------


def test_what_was_searched_is_marked_in_what_is_said(page: Page, live: str) -> None:
    page.goto(f"{live}/?q=dropout&open=time-2-205")
    marks = page.locator(".running mark").all_text_contents()
    assert {text.lower() for text in marks} == {"dropout", "nn.dropout"}
    assert len(marks) >= 5


def test_the_lecture_is_searched_in_place(page: Page, live: str) -> None:
    page.goto(live + VIDEO + "/10")
    ready(page)
    page.evaluate("document.querySelector('#player').known = true")
    page.get_by_role("searchbox", name="Search in this lecture").fill("переобучение")
    page.keyboard.press("Enter")
    expect(page.locator(".found li").first).to_be_visible()
    marks = [text.lower() for text in page.locator(".running mark").all_text_contents()]
    assert marks
    assert set(marks) == {"переобучение", "overfitting"}  # what it is called in English is searched too
    page.locator(".found a", has_text="▶").first.click()
    until(page, "document.querySelector('#player').currentTime > 30")
    page.locator(".found a", has_text="slide").first.click()
    expect(page.locator("#slide-now")).to_be_visible()
    page.get_by_role("link", name="Clear").click()
    assert page.locator(".running mark").count() == 0
    assert page.locator(".found").count() == 0
    page.get_by_role("searchbox", name="Search in this lecture").fill("zzqqxx")
    page.keyboard.press("Enter")
    expect(page.locator(".within-found")).to_contain_text("Nothing found in this lecture.")
    assert page.evaluate("document.querySelector('#player').known")


def test_a_search_in_a_lecture_that_is_redirected_stays_the_part_that_was_asked_for(client: TestClient) -> None:
    response = client.get("/c/neural-networks/l/2/find", params={"q": "dropout", "part": "1"})  # redirected to its mark
    assert [one.status_code for one in response.history] == [302]
    assert '<ol class="marked" hidden>' in response.text
    assert "<study-view" not in response.text


def test_a_search_in_a_lecture_for_nothing_leads_where_it_does_without_a_script(page: Page, live: str) -> None:
    page.goto(live + VIDEO + "/10")
    ready(page)
    page.get_by_role("searchbox", name="Search in this lecture").fill("   ")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/c/neural-networks/l/2\?m="))


# --- the keyboard ----------------------------------------------------------------------------------------


def test_a_lecture_is_studied_with_the_keyboard_alone(page: Page, live: str) -> None:
    page.goto(live + VIDEO + "/100")
    ready(page)
    page.locator("#look-title").focus()
    for key, number in (("n", "n"), ("ArrowRight", "arrow"), ("p", "p"), ("ArrowLeft", "arrow")):
        before = int(shown(page))
        page.keyboard.press(key)
        step = 1 if key in ("n", "ArrowRight") else -1
        assert int(shown(page)) == before + step, number
    page.keyboard.press("l")
    assert second(page) == 110
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert second(page) == 90
    page.keyboard.press("Space")
    until(page, "!document.querySelector('#player').paused")
    page.keyboard.press("ArrowRight")
    until(page, "document.querySelector('#player').currentTime > 94")
    page.keyboard.press("k")
    until(page, "document.querySelector('#player').paused")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_hidden()


def test_keys_are_left_to_the_boxes_in_which_is_typed(page: Page, live: str) -> None:
    page.goto(live + VIDEO + "/100")
    ready(page)
    number = shown(page)
    box = page.get_by_role("searchbox", name="Search in this lecture")
    box.press_sequentially("jlnp k")
    assert (box.input_value(), second(page), shown(page)) == ("jlnp k", 100, number)


def test_a_slide_is_enlarged_and_turned(page: Page, live: str) -> None:
    page.goto(f"{live}/?q=dropout&open=page-2-7")
    ready(page)
    page.locator("#slide-now .large").click()
    zoom = page.get_by_role("dialog", name="Enlarged slide")
    expect(zoom.locator("img")).to_have_attribute("alt", "Dropout")
    page.keyboard.press("ArrowRight")
    expect(zoom.locator("img")).to_have_attribute("alt", "Минутка кода: nn.Dropout")
    assert "width=1920" in (zoom.locator("img").get_attribute("src") or "")
    page.keyboard.press("Escape")
    expect(zoom).to_be_hidden()
    expect(page.locator("#look")).to_be_visible()
    assert shown(page) == "8"


# --- sharing and coming back -----------------------------------------------------------------------------


def test_a_link_is_copied_with_its_source(browser: Any, live: str) -> None:
    with opened(browser, live, permissions=["clipboard-read", "clipboard-write"]) as page:
        page.goto(f"{live}/?q=dropout&open=page-2-7")
        ready(page)
        page.evaluate(
            "() => { window.later = []; const soon = setTimeout;"
            " window.setTimeout = (what, ms) => (ms === 2000 ? later.push(what) : soon(what, ms)); }"
        )
        page.get_by_role("button", name="Link").click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        page.get_by_role("button", name="Copied").click()
        until(page, "later.length === 2")
        page.evaluate("later.forEach(what => what())")  # a while after
        expect(page.get_by_role("button", name="Link", exact=True)).to_be_visible()
        named, address = page.evaluate("navigator.clipboard.readText()").split("\n")
        assert named == "Dropout – Переобучение и регуляризация – Нейросети на практике – slide 7 of 12"
        assert re.fullmatch(re.escape(live + SLIDE) + r"/7\?m=[a-z2-7]{15}", address)
        page.locator(".spoken").nth(3).locator("a").click()
        page.get_by_role("button", name=re.compile("Link|Copied")).click()
        until(page, "navigator.clipboard.readText().then(text => text.includes('/v/'))")
        address = page.evaluate("navigator.clipboard.readText()").split("\n")[1]
        page.goto(address)
        expect(page.locator(".spoken").nth(3)).to_have_class(re.compile("now"))


def test_one_goes_on_where_one_stopped_in_this_browser_only(page: Page, live: str) -> None:
    page.goto(live + VIDEO + "/100")
    ready(page)
    page.evaluate("document.querySelector('#player').play()")
    until(page, "localStorage.length > 0")
    page.locator(".speed select").select_option("1.5")
    kept = page.evaluate("Object.entries(localStorage).map(([name]) => name).sort()")
    assert kept == ["lectures at " + VIDEO, "lectures speed"]
    page.goto(f"{live}/c/neural-networks/l/2")
    ready(page)
    assert page.evaluate("document.querySelector('#player').playbackRate") == 1.5
    page.get_by_role("button", name="Continue at 1:4").click()
    until(page, "document.querySelector('#player').currentTime >= 100")
    expect(page.locator(".resume")).to_be_hidden()


def test_addresses_of_before_open_what_stands_after_the_hash(page: Page, live: str) -> None:
    page.goto(f"{live}/decks/2#page=4")
    assert shown(page) == "4"
    page.goto(f"{live}/videos/2#t=205")
    ready(page)
    until(page, "document.querySelector('#player').currentTime === 205")
    page.goto(f"{live}/lectures/2?open=page-2-7")
    assert shown(page) == "7"
    assert SLIDE in page.url


# --- a long lecture, and YouTube -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def long_course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A lecture of a hundred slides and two hours of speech on YouTube, one of speech alone, one of slides alone that has
    a deck which is not there."""
    folder = tmp_path_factory.mktemp("long")
    write_pdf(folder / "many.pdf", [f"Topic {n}\nwords of slide {n} about subject{n}" for n in range(1, 101)])
    write_pdf(folder / "few.pdf", ["Opening\nwelcome", "Closing\ngoodbye"])
    cues = []
    for n in range(1440):
        start, end = (time.strftime("%H:%M:%S", time.gmtime(5 * n + more)) for more in (0, 5))
        cues.append(f"{start}.000 --> {end}.000\nSentence number {n} is about kites and nothing else at all.\n")
    (folder / "transcripts").mkdir()
    for video in ("abcdefghijk", "ABCDEFGHIJK"):
        (folder / "transcripts" / f"{video}.en.vtt").write_text("WEBVTT\n\n" + "\n".join(cues), "utf-8")
    lectures = [
        {"title": "Kites", "decks": ["many.pdf"], "videos": [{"youtube": "abcdefghijk"}]},
        {"title": "Speech alone", "videos": [{"youtube": "ABCDEFGHIJK"}]},
        {"title": "Slides alone", "decks": ["few.pdf", "absent.pdf"]},
        {"title": "No words", "videos": [{"youtube": "zyxwvutsrqp"}]},
    ]
    described = {"slug": "kites", "title": "Kites", "language": "en", "lectures": lectures}
    (folder / "course.yaml").write_text(yaml.safe_dump(described), "utf-8")
    settings = Settings(data_dir=folder / "data", embedder="none")
    library = Library(settings.resolved_database_url, settings.data_dir)
    library.database.migrate()
    ingest(folder, library, None)
    library.close()
    with serve(settings) as url:
        yield url


def test_two_hours_open_at_once_at_their_line_and_their_slide(browser: Any, long_course: str) -> None:
    with opened(browser, long_course) as page:
        page.goto(f"{long_course}/c/kites/v/abcdefghijk/5400")
        until(page, "!!document.querySelector('study-view').frames")
        assert page.locator(".spoken").count() == 1440
        until(page, "document.querySelector('.running').scrollTop > 0")
        expect(page.locator(".spoken.now")).to_contain_text("Sentence number 1080")
        assert is_inside(page, ".spoken.now", ".running")
        assert page.evaluate("getComputedStyle(document.querySelector('.running')).scrollBehavior") == "auto"
        assert page.evaluate("document.documentElement.scrollHeight") < 2 * 850
        page.goto(f"{long_course}/c/kites/d/many.pdf/80")
        until(page, "!!document.querySelector('study-view').frames")
        assert is_inside(page, ".film .current", ".film")
        assert page.evaluate("document.documentElement.scrollHeight") < 2 * 850
        page.locator(".film li").nth(20).locator("a").click()
        assert shown(page) == "21"
        assert is_inside(page, ".film .current", ".film")


def test_youtube_is_loaded_on_play_and_then_only_moved_in(browser: Any, long_course: str) -> None:
    context = browser.new_context(locale="en", viewport={"width": 1366, "height": 850})
    loaded: list[str] = []

    def frame(route: Route) -> None:
        loaded.append(route.request.url)
        route.fulfill(content_type="text/html", body=FRAME)

    context.route(f"{TUBE}/**", frame)
    page = context.new_page()
    page.goto(f"{long_course}/c/kites/v/abcdefghijk/600")
    until(page, "!!document.querySelector('study-view').frames")
    page.locator(".spoken", has_text="Sentence number 121 is").locator("a").click()
    assert loaded == []
    page.get_by_role("button", name="Play from 10:05 (YouTube)").click()
    expect(page.locator(".tube iframe")).to_be_visible()
    until(page, "document.querySelector('.tube iframe') !== null")
    page.wait_for_timeout(100)
    assert len(loaded) == 1
    assert loaded[0].startswith(f"{TUBE}/embed/abcdefghijk?start=605&")
    (tube,) = (one for one in page.frames if one.url.startswith(TUBE))
    page.locator(".spoken", has_text="Sentence number 130 is").locator("a").click()
    page.locator(".film li").nth(30).locator("a").click()
    assert shown(page) == "31"
    deadline = time.monotonic() + 10
    heard: list[Any] = []
    while {"event": "command", "func": "seekTo", "args": [650, True]} not in heard:
        assert time.monotonic() < deadline, heard
        heard = json.loads(tube.evaluate("JSON.stringify(said)"))
    tube.evaluate("tell({ currentTime: 1000.2, playerState: 1 })")
    expect(page.locator(".spoken.now")).to_contain_text("Sentence number 200 is")
    assert len(loaded) == 1
    page.locator("#look-title").focus()
    page.keyboard.press("k")
    until(page, "true")
    while {"event": "command", "func": "pauseVideo", "args": []} not in heard:
        assert time.monotonic() < deadline, heard
        heard = json.loads(tube.evaluate("JSON.stringify(said)"))
    context.close()


def test_a_lecture_without_slides_or_without_video_looks_whole(browser: Any, long_course: str) -> None:
    with opened(browser, long_course) as page:
        for number, has_slide, has_video in ((2, False, True), (3, True, False), (4, False, True)):
            page.goto(f"{long_course}/c/kites/l/{number}")
            until(page, "!!document.querySelector('study-view').frames")
            assert page.locator("#slide-now").count() == has_slide
            assert page.locator(".player").count() == has_video
            said = page.locator("main").inner_text()
            # no names of files or of YouTube, no codes, no words for operators, nothing about what cannot be known
            for inner in (
                "BCDEFGHIJK",
                "zyxwvut",
                ".pdf",
                "missing_file",
                "no_slides",
                "ingest",
                "match the slides",
                ".vtt",
            ):
                assert inner not in said, (number, inner)
        expect(page.locator("main")).to_contain_text("There is no transcript for this video yet.")
        page.goto(f"{long_course}/c/kites/l/2")
        box, talk = page.locator(".player").bounding_box(), page.locator(".running").bounding_box()
        assert box is not None
        assert talk is not None
        assert box["width"] > 700
        assert talk["x"] > box["x"] + box["width"] - 1
        page.goto(f"{long_course}/c/kites/l/3")
        slide, film = page.locator("#slide-now").bounding_box(), page.locator(".film").bounding_box()
        assert slide is not None
        assert film is not None
        assert film["x"] > slide["x"] + slide["width"] - 1  # slides alone: the others beside it
        page.goto(f"{long_course}/c/kites")
        lectures = page.locator(".lectures li").all_inner_texts()
        assert "1 video · no slides yet" in lectures[3]  # though nobody knows how long it is


# --- all kinds of readers --------------------------------------------------------------------------------


def test_without_javascript_slide_words_and_video_are_at_their_second(browser: Any, live: str) -> None:
    with opened(browser, live, java_script_enabled=False) as page:
        page.goto(f"{live}/?q=dropout&open=time-2-205")
        expect(page.locator("#slide-now img")).to_have_attribute("alt", "Dropout")
        assert (page.locator("#player").get_attribute("src") or "").endswith("/file#t=205")
        first = page.locator(".running > .stretch .spoken").first
        expect(first).to_be_visible()
        assert is_inside(page, ".spoken.now", ".running")
        expect(page.locator(".earlier .spoken").first).to_be_hidden()
        page.locator(".running > .stretch .chapter a").first.click()
        expect(page.locator("#look-title")).to_be_visible()
        page.goto(live + VIDEO + "/205")
        page.get_by_role("searchbox", name="Search in this lecture").fill("dropout")
        page.get_by_role("button", name="Search").last.click()
        expect(page.locator(".found li").first).to_be_visible()
        assert page.locator(".running mark").count() > 0


@pytest.mark.parametrize(("scheme", "language"), [("light", "en"), ("dark", "ru")])
def test_axe_finds_nothing_in_any_state_of_the_view(
    browser: Any, live: str, long_course: str, scheme: str, language: str
) -> None:
    def check(page: Page) -> None:
        page.evaluate(AXE)
        found = page.evaluate("axe.run()")["violations"]
        assert [(rule["id"], [node["html"][:200] for node in rule["nodes"][:3]]) for rule in found] == []

    with opened(browser, live, color_scheme=scheme, locale=language) as page:
        page.goto(f"{live}/?q=dropout&open=time-2-205")
        ready(page)
        check(page)
        page.goto(f"{live}{SLIDE}/7")
        ready(page)
        page.locator(".within input").first.fill("dropout")
        page.keyboard.press("Enter")
        expect(page.locator(".found li").first).to_be_visible()
        check(page)
        page.locator("#look-title").focus()
        page.keyboard.press("?")
        check(page)
        page.keyboard.press("Escape")
        page.keyboard.press("z")
        check(page)
    with opened(browser, long_course, color_scheme=scheme, locale=language) as page:
        for number in (2, 3, 4):
            page.goto(f"{long_course}/c/kites/l/{number}")
            until(page, "!!document.querySelector('study-view').frames")
            check(page)


def test_on_a_phone_nothing_is_wider_than_the_screen(browser: Any, live: str) -> None:
    with opened(browser, live, viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True) as page:
        for path in (f"{SLIDE}/7", f"{VIDEO}/205", "/c/neural-networks/l/5"):
            page.goto(live + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, path


@pytest.mark.parametrize("size", [(1366, 850), (375, 812)])
def test_nothing_jumps_while_a_place_is_opened(browser: Any, live: str, size: tuple[int, int]) -> None:
    shifts_of = (
        "() => new Promise(done => { const shifts = []; new PerformanceObserver(list => { for (const e of list.getEntries())"
        " shifts.push([e.value, ...e.sources.map(s => `${s.node?.className ?? ''} ${s.node?.nodeName} ${s.previousRect.y} ${s.currentRect.y}`)]); })"
        ".observe({type: 'layout-shift', buffered: true}); setTimeout(() => done(shifts), 300); })"
    )
    with opened(browser, live, viewport={"width": size[0], "height": size[1]}) as page:
        for path in (f"{VIDEO}/205", f"{SLIDE}/7", "/?q=dropout&open=time-2-205"):
            page.goto(live + path)
            ready(page)
            page.wait_for_load_state("networkidle")
            shifts = page.evaluate(shifts_of)
            assert sum(value for value, *_ in shifts) < 0.02, (path, shifts)


@pytest.mark.parametrize("size", [(1366, 850), (375, 812)])
def test_nothing_moves_when_the_rest_of_the_page_arrives(browser: Any, live: str, size: tuple[int, int]) -> None:
    """A browser shows what it has of a page before it has all of it; it is given one in two parts here."""
    with opened(browser, live, viewport={"width": size[0], "height": size[1]}) as page:
        page.goto(f"{live}/?q=dropout")
        whole = page.request.get(f"{live}/?q=dropout&open=time-2-205").text()
        cut = whole.index("</p>", whole.index('class="snippet"'))
        page.evaluate("html => { document.open(); document.write(html); }", whole[:cut])
        until(page, "[...document.styleSheets].length >= 2 && document.fonts.status == 'loaded'")
        before = page.locator(".hit h3").first.bounding_box()
        page.evaluate("html => { document.write(html); document.close(); }", whole[cut:])
        ready(page)
        assert page.locator(".hit h3").first.bounding_box() == before


# --- a phone ---------------------------------------------------------------------------------------------

ON_A_PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
BUTTONS = ".controls :is(a, button, select)"


def boxes(page: Page, selector: str) -> list[Any]:
    """Where the elements lie that can be seen and pressed."""
    every = [one.bounding_box() for one in page.locator(selector).all() if one.is_visible()]
    return [box for box in every if box is not None and box["width"] > 1]


@pytest.mark.parametrize("path", ["/?q=dropout&open=page-2-7", "/?q=dropout&open=time-2-205"])
def test_on_a_phone_one_picture_its_buttons_in_a_row_and_what_is_said_fit_the_screen(
    browser: Any, live: str, path: str
) -> None:
    with opened(browser, live, **ON_A_PHONE) as page:
        page.goto(live + path)
        ready(page)
        slide, video = page.locator("#slide-now .large"), page.locator("#player")
        seen, unseen = (slide, video) if "page" in path else (video, slide)
        expect(seen).to_be_in_viewport(ratio=1)
        expect(unseen).to_be_hidden()
        row = boxes(page, BUTTONS)
        assert len(row) >= 6
        assert len({round(box["y"]) for box in row}) == 1
        assert min(min(box["width"], box["height"]) for box in row) >= 44
        assert is_inside(page, ".spoken.now", ".running")
        expect(page.locator(".spoken.now")).to_be_in_viewport()
        before = seen.bounding_box()
        page.get_by_role("button", name="Swap slide and video").tap()
        expect(unseen).to_be_in_viewport(ratio=1)
        expect(seen).to_be_hidden()
        page.get_by_role("button", name="Swap slide and video").tap()
        assert seen.bounding_box() == before


def test_on_a_phone_the_picture_stays_while_the_rest_is_scrolled_or_chosen(browser: Any, live: str) -> None:
    with opened(browser, live, **{**ON_A_PHONE, "viewport": {"width": 375, "height": 560}}) as page:
        page.goto(f"{live}{SLIDE}/7")
        ready(page)
        page.evaluate("document.querySelector('.tabs').scrollIntoView({ block: 'start' })")
        expect(page.locator("#slide-now .large")).to_be_in_viewport(ratio=1)
        page.get_by_text("Slides", exact=True).tap()
        expect(page.locator(".running")).to_be_hidden()
        expect(page.locator(".film .current")).to_be_in_viewport()
        assert is_inside(page, ".film .current", ".film")
        page.locator(".film li").nth(8).locator("a").tap()
        assert shown(page) == "9"
        expect(page.locator("#slide-now .large")).to_be_in_viewport(ratio=1)
        page.get_by_text("About", exact=True).tap()
        expect(page.locator(".along li").first).to_be_visible()


def test_on_a_phone_on_its_side_the_picture_and_what_is_said_stand_side_by_side(browser: Any, live: str) -> None:
    with opened(browser, live, **{**ON_A_PHONE, "viewport": {"width": 844, "height": 390}}) as page:
        page.goto(f"{live}/?q=dropout&open=page-2-7")
        ready(page)
        expect(page.locator("#slide-now .large")).to_be_in_viewport(ratio=1)
        expect(page.locator(".controls")).to_be_in_viewport(ratio=1)
        expect(page.locator(".spoken.now")).to_be_in_viewport(ratio=0.8)
        assert len({round(box["y"]) for box in boxes(page, BUTTONS)}) == 1


def test_on_a_phone_the_slide_is_read_while_its_video_runs_and_is_stopped(browser: Any, live: str) -> None:
    with opened(browser, live, **ON_A_PHONE) as page:
        page.goto(f"{live}{SLIDE}/7")
        ready(page)
        page.get_by_role("button", name="Play").tap()
        until(page, "!document.querySelector('#player').paused")
        expect(page.locator("#slide-now .large")).to_be_in_viewport(ratio=1)
        assert second(page) >= 205
        page.get_by_role("link", name="Next slide").tap()
        assert shown(page) == "8"
        page.get_by_role("button", name="Pause").tap()
        until(page, "document.querySelector('#player').paused")
        page.get_by_role("button", name="Play").tap()  # from where the slide that is seen is discussed
        until(page, "!document.querySelector('#player').paused && document.querySelector('#player').currentTime >= 240")


def test_on_a_phone_without_javascript_slide_and_video_follow_one_another(browser: Any, live: str) -> None:
    with opened(browser, live, **ON_A_PHONE, java_script_enabled=False) as page:
        page.goto(f"{live}{SLIDE}/7")
        slide, video = (page.locator(part).bounding_box() for part in ("#slide-now .large", "#player"))
        assert slide is not None
        assert video is not None
        assert video["y"] >= slide["y"] + slide["height"]
        page.get_by_text("About", exact=True).tap()
        expect(page.locator(".along li").first).to_be_visible()


# --- its parts -------------------------------------------------------------------------------------------


def test_a_line_begins_when_its_sentence_is_said() -> None:
    text = "One is said. Two is said later. Three."
    timed = Segment(10.0, 40.0, text, "0 0 13 50 19 100")
    assert spoken_lines(timed) == [(10.0, "One is said."), (15.0, "Two is said later."), (25.0, "Three.")]
    untimed = Segment(10.0, 48.0, text)
    assert [at for at, _ in spoken_lines(untimed)] == [10.0, 23.0, 42.0]


def test_the_slide_of_a_second_is_the_one_that_was_discussed_last() -> None:
    spans = ((10.0, "1-1"), (60.0, "1-3"), (90.0, "1-2"))
    assert [frame_at(spans, at) for at in (0, 10, 59.9, 60, 500)] == ["1-1", "1-1", "1-1", "1-3", "1-2"]
    assert frame_at((), 5) is None
