"""The lecturer's page, in a real browser: who reads the queue, imports, gaps by what to do, searches in vain."""

from __future__ import annotations

import ast
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from support import ingest, serve, until, write_pdf
from test_service_page import AXE, DESKTOP, PHONE, page_of

from index.library import Library
from index.store.catalogue import LECTURE_GAPS
from index.store.jobs import add_job, claim_job, finish_job, renew_lease, retry_job
from index.store.keys import create_key
from index.store.missed import list_missed
from index.store.workers import add_worker
from index.types import AccessScope, JobState, Problem
from ingest.carrying import Means
from ingest.worker import work
from ingest.youtube import FAILURE_CODES
from service.settings import Settings
from service.web.gaps import TODO_OF
from service.web.words import LANGUAGES, words_of

ROOT = Path(__file__).parents[1]


@contextmanager
def desk(browser: Any, tmp_path: Path, folder: Path | None = None, **more: Any) -> Iterator[tuple[Library, Page, str]]:
    """A service of its own, a page of it, and a key that may administer."""
    options = {name: more.pop(name) for name in ("locale", "viewport", "color_scheme") if name in more}
    settings = Settings(data_dir=tmp_path / "data", embedder="none", ingest_roots=str(tmp_path), **more)
    library = Library(settings.resolved_database_url, settings.data_dir)
    library.database.migrate()
    if folder is not None:
        ingest(folder, library, None)
    with library.database.writing() as connection:
        _, secret = create_key(connection, "me", [AccessScope.ADMIN])
    with serve(settings) as url, page_of(browser, url, **options) as page:
        page.goto(f"{url}/teach")
        yield library, page, secret
    library.close()


def enter(page: Page, secret: str) -> None:
    page.fill("#key", secret)
    page.locator("#key-form button").click()
    expect(page.locator("#order-form")).to_be_visible()


def text_of(page: Page) -> str:
    return page.locator("main").inner_text()


def check_axe(page: Page) -> None:
    page.evaluate(AXE)
    found = page.evaluate("axe.run()")["violations"]
    assert [(rule["id"], [node["html"][:200] for node in rule["nodes"][:3]]) for rule in found] == []


def every_code() -> set[str]:
    """Codes of errors and problems, wherever the source writes one."""
    codes = {*LECTURE_GAPS, *FAILURE_CODES}
    for folder in ("index", "ingest", "service"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                found: ast.expr | None = None
                if isinstance(node, ast.keyword) and node.arg in {"code", "problem_code"}:
                    found = node.value
                elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Problem":
                    found = node.args[0]
                elif isinstance(node, ast.Assign) and [getattr(name, "id", "") for name in node.targets] == ["code"]:
                    found = node.value
                elif isinstance(node, ast.Dict):
                    pairs = zip(node.keys, node.values, strict=True)
                    found = next((value for key, value in pairs if getattr(key, "value", "") == "code"), None)
                if isinstance(found, ast.Constant) and isinstance(found.value, str):
                    codes.add(found.value)
    return codes


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_that_the_program_can_give_has_words_in_every_language(language: str) -> None:
    codes = every_code()
    assert {"missing_file", "no_slides", "bad_line", "unclaimed_captions", "worker_died", "internal"} <= codes
    assert len(codes) > 70
    words = words_of(language)
    assert {code for code in codes if f"gap_{code}" not in words and f"refused_{code}" not in words} == set()
    documented = set(re.findall(r"`([a-z_]+)`[^|]*\|", (ROOT / "docs" / "gaps.md").read_text("utf-8")))
    assert {code for code in documented if f"gap_{code}" not in words} == set()


def test_every_gap_is_grouped_by_what_to_do_and_no_group_is_without_words() -> None:
    words = words_of("en")
    gaps = {name.removeprefix("gap_") for name in words if name.startswith("gap_")} - {"other"}
    assert gaps == set(TODO_OF)
    assert {f"todo_{todo}" for todo in TODO_OF.values()} == {name for name in words if name.startswith("todo_")}


def test_every_step_of_an_ingest_has_words() -> None:
    source = "".join(path.read_text("utf-8") for path in (ROOT / "ingest").rglob("*.py"))
    steps = set(re.findall(r'(?:Progress|told|report|_report)\(\s*(?:(?:self\.)?progress, )?"([a-z ]+)"', source))
    assert {"reading decks", "fetching", "unpacking", "publishing", "waiting"} <= steps
    assert {step for step in steps if f"step_{step.replace(' ', '_')}" not in words_of("en")} == set()
    assert {f"job_{state}" for state in JobState} <= words_of("en").keys()


def test_a_queue_that_no_worker_reads_says_so_and_how_to_start_one(browser: Any, tmp_path: Path) -> None:
    with desk(browser, tmp_path) as (library, page, secret):
        expect(page.locator(".state")).to_have_count(0)
        enter(page, secret)
        expect(page.locator(".state .notice")).to_have_text(
            "No worker is running, so a new import would wait. Start one on the server with lectures worker"
        )
        folder = tmp_path / "course"
        write_pdf(folder / "a.pdf", ["Momentum\nrolls downhill"])
        page.fill("#source", str(folder))
        page.get_by_role("button", name="Import", exact=True).click()
        expect(page.locator("#said")).to_contain_text("see the list below")
        expect(page.locator(".state .notice")).to_contain_text("Imports waiting: 1, but no worker is running")
        expect(page.locator("#job-list .job-state")).to_have_text("Waiting")
        assert "No imports yet" not in text_of(page)
        stop = threading.Event()
        worker = threading.Thread(target=work, args=(library, None, Means(offline=True), stop))
        worker.start()
        expect(page.locator(".state p").first).to_contain_text("A worker has been processing the queue since")
        expect(page.locator("#job-list .job-state")).to_have_text("Done")  # without a reload
        expect(page.locator("#job-list a").first).to_have_text("course")
        expect(page.locator(".lacking h3")).to_contain_text("course")  # and so are the gaps
        stop.set()
        worker.join(timeout=20)
        page.locator("#job-list .job a").click()
        expect(page.locator("h1")).to_have_text("course")


def test_a_source_that_is_refused_is_said_when_it_is_ordered_in_the_readers_language(
    browser: Any, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path / "data", embedder="none", ingest_roots=str(tmp_path))
    library = Library(settings.resolved_database_url, settings.data_dir)
    library.database.migrate()
    with library.database.writing() as connection:
        _, secret = create_key(connection, "me", [AccessScope.ADMIN])
        _, searching = create_key(connection, "student", [AccessScope.SEARCH])
    context = browser.new_context(locale="ru")  # its console tells of the refusals
    page = context.new_page()
    with serve(settings) as url:
        page.goto(f"{url}/teach")
        for wrong, words in (("ls_nothing", "Этот ключ неизвестен"), (searching, "С этим ключом можно искать")):
            page.fill("#key", wrong)
            page.get_by_role("button", name="Войти").click()
            expect(page.locator("#said")).to_contain_text(words)
            expect(page.locator("#order-form")).to_have_count(0)
        enter(page, secret)
        expect(page.locator("#said")).to_have_text("")
        for source, words in (
            (tmp_path / "nowhere", "Такой папки или .zip на сервере нет"),
            ("/etc", "Из этой папки брать курсы нельзя"),
            (tmp_path / "data", "В этой папке лежат данные самого поиска"),
            ("ssh://example.org/x", "Укажите адрес https"),
        ):
            page.fill("#source", str(source))
            page.get_by_role("button", name="Загрузить", exact=True).click()
            expect(page.locator("#said")).to_contain_text(words)
            expect(page.locator("#source")).to_have_value(str(source))  # what was typed stays
            assert re.search("[a-z]+ [a-z]+ [a-z]+", page.locator("#said").inner_text()) is None
        expect(page.locator("#job-list li")).to_have_count(0)
    context.close()
    library.close()


def _missed(library: Library) -> list[tuple[str, int]]:
    with library.database.reading() as connection:
        return [(missed.query, missed.count) for missed in list_missed(connection, None)]


def test_what_was_searched_in_vain_is_listed_with_a_link_that_tries_it(
    browser: Any, tmp_path: Path, course_folder: Path
) -> None:
    with desk(browser, tmp_path, course_folder, count_missed_searches=True) as (library, page, secret):
        home = page.url.removesuffix("/teach")
        assert page.request.get(home, params={"q": "zepp", "part": "1"}).ok  # is still being typed
        for _ in range(2):
            assert page.request.get(f"{home}/api/search", params={"q": "zeppelin", "course": "course"}).ok
        until(lambda: _missed(library) == [("zeppelin", 2)])
        enter(page, secret)
        expect(page.locator("#missed-list li")).to_contain_text("Networks")
        expect(page.locator("#missed-list li")).to_contain_text("2 times")
        assert "Counting is off" not in text_of(page)
        page.locator("#missed-list a").click()
        expect(page.locator("#q")).to_have_value("zeppelin")


def test_a_server_that_is_reached_again_is_not_said_to_be_missing(browser: Any, tmp_path: Path) -> None:
    with desk(browser, tmp_path) as (library, page, secret):
        enter(page, secret)
        with library.database.writing() as connection:
            add_job(connection, "/srv/one", {})
        page.reload()
        expect(page.locator("[data-cancel]")).to_be_visible()  # all that is fetched at first has been
        page.evaluate(
            "() => { window.fetched = fetch; window.fetch = async () => { throw new TypeError('no network'); }; }"
        )
        page.locator("[data-cancel]").click()
        expect(page.locator("#said")).to_contain_text("cannot be reached")
        page.evaluate("() => { window.fetch = window.fetched; }")
        expect(page.locator("#said")).to_have_text("")  # by itself


def test_while_an_import_runs_only_what_it_changes_is_fetched(browser: Any, tmp_path: Path) -> None:
    with desk(browser, tmp_path) as (library, page, secret):
        enter(page, secret)
        with library.database.writing() as connection:
            add_job(connection, "/srv/one", {})
            job = claim_job(connection)
            assert job is not None
        page.reload()
        expect(page.locator("#job-list [data-state=running]")).to_be_visible()
        fetched: list[str] = []
        page.on("request", lambda request: fetched.append(request.url.partition("/teach")[2]))
        with library.database.writing() as connection:
            assert renew_lease(connection, job, {"step": "reading decks", "what": "a.pdf", "done": 1, "total": 4})
        expect(page.locator("#job-list")).to_contain_text("a.pdf")
        assert set(fetched) == {"?part=1"}
        ingest(lacking(tmp_path), library, None)
        with library.database.writing() as connection:
            assert finish_job(connection, job, JobState.DONE)
        expect(page.locator(".lacking")).to_be_visible()  # and at its end all that it has changed
        assert set(fetched) == {"?part=1", ""}


def test_how_to_count_searches_in_vain_is_said_where_it_is_off(browser: Any, tmp_path: Path) -> None:
    with desk(browser, tmp_path) as (_, page, secret):
        assert "COUNT_MISSED" not in text_of(page)
        enter(page, secret)
        expect(page.locator("main")).to_contain_text("LECTURES_COUNT_MISSED_SEARCHES=true")


def test_an_import_is_cancelled_and_each_end_is_said_in_the_readers_language(browser: Any, tmp_path: Path) -> None:
    with desk(browser, tmp_path, locale="ru") as (library, page, secret):
        with library.database.writing() as connection:
            for name in ("failed", "again", "running", "waiting"):
                add_job(connection, f"/srv/{name}", {})
            failed, again, running = (claim_job(connection) for _ in range(3))
            assert failed is not None
            assert again is not None
            assert running is not None
            finish_job(connection, failed, JobState.FAILED, problem=Problem("bad_course", "There is no folder there."))
            retry_job(connection, again, Problem("youtube_blocked", "YouTube refuses for now."))
        enter(page, secret)
        badges = page.locator("#job-list .job-state")
        expect(badges).to_have_text(["Ждёт очереди", "Идёт", "Ждёт новой попытки", "Не удалось"])
        said = page.locator("#job-list").inner_text()
        assert "Курс прочитать не удалось" in said
        assert "YouTube пока не отвечает" in said
        assert "There is no folder" not in said
        page.locator("#job-list li", has_text="/srv/failed").locator("summary").click()
        expect(page.get_by_text("There is no folder there.")).to_be_visible()
        page.locator("#job-list li", has_text="/srv/waiting").get_by_role("button", name="Отменить").click()
        expect(badges.first).to_have_text("Отменено")
        page.locator("#job-list li", has_text="/srv/running").get_by_role("button", name="Отменить").click()
        expect(badges.nth(1)).to_have_text("Останавливается")
        expect(page.get_by_text("There is no folder there.")).to_be_visible()  # what was unfolded stays so
        page.reload()
        expect(badges).to_have_count(4)  # the tab keeps the key


def lacking(tmp_path: Path) -> Path:
    """A course with 130 gaps of many kinds."""
    folder = tmp_path / "course"
    write_pdf(folder / "good.pdf", ["Momentum\nrolls downhill"])
    (folder / "empty.pdf").write_bytes(b"")
    (folder / "fake.pdf").write_text("<html>sign in</html>" * 30)
    lines = ["title: A large course", "language: en", "lectures:"]
    for number in range(65):
        own = ("good.pdf", "empty.pdf", "fake.pdf", f"slides/lost {number}.pdf")[number % 4]
        video = f", videos: [{{youtube: video{number:06d}}}]" if number % 3 else ""
        lines.append(f"  - {{title: Lecture on subject {number}, decks: ['{own}', 'more/{number}.pdf']{video}}}")
    (folder / "course.yaml").write_text("\n".join(lines), "utf-8")
    return folder


def test_a_course_with_many_gaps_is_short_and_leads_to_each_lecture(browser: Any, tmp_path: Path) -> None:
    with desk(browser, tmp_path, lacking(tmp_path), viewport=DESKTOP) as (_, page, secret):
        height = "document.documentElement.scrollHeight"
        assert page.evaluate(height) < 1_300
        groups = page.locator(".gaps > summary")
        expect(groups).to_have_text(
            [re.compile(words) for words in ("Add or fix a file", "Add captions", "Nothing to do")]
        )
        total = sum(int(count) for count in page.locator(".gaps > summary .quiet").all_inner_texts())
        expect(page.locator(".lacking h3")).to_contain_text(f"{total} gaps")
        assert total > 130
        groups.first.click()
        expect(page.get_by_text("The file is empty. Export it again.")).to_be_visible()
        shown = page.locator(".gaps").first.inner_text()
        for hidden in ("missing_file", "slides/lost", "more/", "video0", "ingest again"):
            assert hidden not in shown, hidden
        enter(page, secret)
        assert page.evaluate(height) > 1_300  # it is still unfolded
        expect(page.locator(".gaps").first).to_contain_text("slides/lost 3.pdf")
        page.locator(".gaps li a").first.click()
        expect(page).to_have_url(re.compile("/c/course/l/"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("viewport", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")])
def test_the_page_is_accessible_in_each_language_theme_and_size(
    browser: Any, tmp_path: Path, language: str, viewport: dict[str, int], scheme: str
) -> None:
    with desk(browser, tmp_path, lacking(tmp_path), locale=language, viewport=viewport, color_scheme=scheme) as (
        library,
        page,
        secret,
    ):
        with library.database.writing() as connection:
            add_worker(connection)
            for number in range(3):
                add_job(connection, f"/srv/course {number}", {})
            job = claim_job(connection)
            assert job is not None
            finish_job(connection, job, JobState.FAILED, problem=Problem("bad_course", "There is no folder there."))
        for admin in (False, True):
            if admin:
                enter(page, secret)
            for group in page.locator("details").all():
                group.evaluate("one => one.open = true")
            check_axe(page)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def read_courses(tmp_path: Path, library: Library) -> None:
    """Two courses: one with a page without text, captions that stop and captions that are doubled; one that is fine."""
    folder = tmp_path / "odd"
    write_pdf(folder / "a.pdf", ["Momentum\nrolls downhill", "", ""])
    write_pdf(folder / "b.pdf", ["Dropout\nzero activations"])
    (folder / "course.yaml").write_text(
        "title: Odd\nlanguage: en\nlectures:\n"
        "  - {title: First, decks: [a.pdf]}\n  - {title: Second, decks: [b.pdf]}\n"
        "  - {title: Third, videos: [{youtube: stopsearly0}]}\n  - {title: Fourth, videos: [{youtube: doubledword}]}\n",
        "utf-8",
    )
    (folder / "transcripts").mkdir()
    for name, words in (("stopsearly0", 20), ("doubledword", 400)):
        (folder / "transcripts" / f"{name}.en.vtt").write_text(
            f"WEBVTT\n\n00:00:00.000 --> 00:01:00.000\n{' '.join(f'word{number}' for number in range(words))}.\n",
            "utf-8",
        )
    ingest(folder, library, None)
    write_pdf(tmp_path / "fine" / "a.pdf", ["Momentum\nrolls downhill"])
    ingest(tmp_path / "fine", library, None)


def test_what_could_not_be_read_well_is_marked_for_the_course_that_is_chosen(browser: Any, tmp_path: Path) -> None:
    with desk(browser, tmp_path) as (library, page, secret):
        read_courses(tmp_path, library)
        page.reload()
        assert "How well" not in text_of(page)
        enter(page, secret)
        expect(page.locator(".quality")).to_have_count(0)
        page.locator("[data-choose]", has_text="Odd").click()
        rows = page.locator(".quality").first.locator("tbody tr")
        expect(rows).to_have_count(3)
        expect(rows.nth(0)).to_contain_text("3 pages")
        expect(rows.nth(0)).to_contain_text("without text: 2")
        expect(rows.nth(1)).to_contain_text("from a file, 20 words a minute")
        expect(rows.nth(1)).to_contain_text("few words for its length")
        expect(rows.nth(2)).to_contain_text("400 words a minute")
        expect(rows.nth(2)).to_contain_text("lines may be repeated")
        page.locator("#all-lectures summary").click()
        expect(page.locator("#all-lectures tbody tr")).to_have_count(4)
        page.locator("[data-choose]", has_text="fine").click()
        expect(page.locator("main")).to_contain_text("Nothing unusual.")
        page.reload()
        expect(page.locator("main")).to_contain_text("Nothing unusual.")


def test_how_a_course_is_understood_is_shown_before_it_is_taken_up(browser: Any, tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    write_pdf(folder / "week1.pdf", ["Momentum\nrolls downhill"])
    (folder / "README.md").write_text(
        "# Optimisation\n\n| topic | video |\n|---|---|\n| [Momentum](week1.pdf) | [talk](https://youtu.be/abcdefghijk) |\n"
        "| Adam | |\n\nSee also [the forum](https://example.org/forum) and [grades](grades.xlsx).\n",
        "utf-8",
    )
    (folder / "grades.xlsx").write_bytes(b"x")
    with desk(browser, tmp_path) as (library, page, secret):
        enter(page, secret)
        page.fill("#source", str(folder))
        page.get_by_role("button", name="Preview only").click()
        expect(page.locator("#job-list .job")).to_contain_text("preview only")
        work(library, None, Means(offline=True), threading.Event(), once=True)
        expect(page.locator("#job-list")).to_contain_text("Found: 2 lectures")
        expect(page.locator(".lacking")).to_have_count(0)  # nothing was taken up
        assert library.served_number() is None
        page.get_by_role("link", name="How the course is understood").click()
        outline = page.locator(".outline")
        expect(outline.locator("h2")).to_contain_text("Optimisation")
        expect(outline.locator("#plan-lectures li").first).to_contain_text(
            "Momentum 1 file of slides or notes · 1 video"
        )
        expect(outline.locator("#plan-lectures li").nth(1)).to_contain_text("Adam no slides · no video")
        outline.locator("#plan-left-out summary").click()
        expect(outline.locator("#plan-left-out")).to_contain_text("https://example.org/forum")
        with page.expect_download() as download:
            page.get_by_role("button", name="Download course.yaml").click()
        assert download.value.suggested_filename == "course.yaml"
        (folder / "course.yaml").write_bytes(download.value.path().read_bytes())
        page.fill("#source", str(folder))
        page.get_by_role("button", name="Import", exact=True).click()
        expect(page.locator("#job-list li")).to_have_count(2)
        work(library, None, Means(offline=True), threading.Event(), once=True)
        expect(page.locator(".lacking h3")).to_contain_text("Optimisation")
        page.locator("#job-list li").first.get_by_role("button", name="Preview only").click()
        expect(page.locator("#job-list li")).to_have_count(3)
        check_axe(page)
