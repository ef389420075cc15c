"""Addresses that last: what they open after a course was taken up anew, and what they say when it is gone."""

from __future__ import annotations

import re
import shutil
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from starlette.testclient import TestClient
from support import ingest, write_pdf

from benchmarks.lasting_links import run
from index.library import Library
from index.publish import forget_course
from index.store.tables import decks, lectures, pages, segments
from service.app import create_app
from service.settings import Settings

ROOT = Path(__file__).parents[1]
_HTML = {"Accept": "text/html"}
_PAGES = [
    "Dropout\nrandomly zero some of the activations of a layer while it learns and scale the others up",
    "Gradient descent\nfollow the slope of the loss downhill by small steps until it does not fall any more",
    "Questions?",
    "Momentum\nroll downhill like a heavy ball that remembers where it came from and does not stop at once",
    "Loss\nwhat is minimised over the sample says how far the predictions are from what was observed",
]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", embedder="none")


@pytest.fixture
def library(settings: Settings) -> Iterator[Library]:
    opened = Library(settings.resolved_database_url, settings.data_dir)
    opened.database.migrate()
    yield opened
    opened.close()


@contextmanager
def served(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings), raise_server_exceptions=False, headers=_HTML) as client:
        yield client


def take_up(folder: Path, library: Library, texts: list[str], deck: str = "one.pdf", title: str = "Training") -> None:
    """A course of one lecture with one deck and captions."""
    shutil.rmtree(folder, ignore_errors=True)
    write_pdf(folder / deck, texts)
    (folder / "course.yaml").write_text(
        f"slug: nets\ntitle: Networks\nlanguage: en\nlectures: [{{title: {title}, programme: Dropout, decks: [{deck}], "
        "videos: [{youtube: abcdefghijk}]}]\n",
        "utf-8",
    )
    (folder / "transcripts").mkdir()
    (folder / "transcripts" / "abcdefghijk.en.vtt").write_text(
        "WEBVTT\n\n00:01:23.000 --> 00:01:30.000\nToday we talk about inertia.\n", "utf-8"
    )
    ingest(folder, library, None)


def address_of(client: TestClient, query: str, kind: str = "page") -> str:
    hit = client.get("/api/search", params={"q": query, "kind": kind}).json()["hits"][0]
    return str(hit["place"])


def test_of_links_kept_over_a_year_none_opens_something_else(tmp_path: Path) -> None:
    found = run(150, 7, tmp_path, size=3)
    assert found.wrong == 0
    assert found.said == found.gone > 10
    assert found.opened >= 0.98 * found.kept > 80


def test_a_page_that_moved_is_redirected_to_and_one_that_is_gone_says_so(
    settings: Settings, library: Library, tmp_path: Path
) -> None:
    take_up(tmp_path / "c", library, _PAGES)
    with served(settings) as client:
        kept = {name: address_of(client, name) for name in ("dropout", "momentum", "loss")}
    take_up(tmp_path / "c", library, ["Preface\nnew words", *_PAGES[1:]], deck="2027/two.pdf")
    with served(settings) as client:
        moved = client.get(kept["momentum"], follow_redirects=False)
        assert moved.status_code == 302
        assert moved.headers["location"].startswith("/c/nets/d/2027/two.pdf/4?m=")
        shown = client.get(kept["momentum"]).text
        assert '<h1 id="look-title" tabindex="-1">Momentum</h1>' in shown
        gone = client.get(kept["dropout"])
        assert gone.status_code == 410
        assert 'name="q"' in gone.text
        assert '<option value="/c/nets" selected>' in gone.text
        problem = client.get(kept["dropout"], headers={"Accept": "application/json"})
        assert (problem.status_code, problem.json()["code"]) == (410, "gone")


def test_what_a_page_says_in_few_words_is_not_taken_for_another_that_says_the_same(
    settings: Settings, library: Library, tmp_path: Path
) -> None:
    take_up(tmp_path / "c", library, [*_PAGES[:3], _PAGES[3], "Questions?", _PAGES[4]])
    with served(settings) as client:
        first, second = (client.get(f"/c/nets/d/one.pdf/{n}").url for n in (3, 5))
        address = [str(url).removeprefix("http://testserver") for url in (first, second)]
    take_up(tmp_path / "c", library, [*_PAGES[:2], _PAGES[3], "Questions?", _PAGES[4]])
    with served(settings) as client:
        assert [client.get(url).status_code for url in address] == [410, 200]
        assert client.get(address[1]).url.path == "/c/nets/d/one.pdf/4"


def test_nothing_is_searched_where_the_place_to_search_is_none(
    settings: Settings, library: Library, tmp_path: Path
) -> None:
    take_up(tmp_path / "c", library, _PAGES)
    refusals = [
        ({"in": "/c/nets/l/x"}, 422, "no address of a course or lecture"),
        ({"lecture": "the first"}, 422, "'the first' is no address of a lecture"),
        ({"lecture": "/c/nets/l/9"}, 404, "There is no lecture 9 in course nets."),
        ({"in": "/c/nets/l/1?m=aaaaaaa"}, 410, "was removed from the course or changed"),
        ({"lecture": "900"}, 404, "lecture 900"),
        ({"in": "/c/other"}, 404, "no course 'other'"),
    ]
    with served(settings) as client:
        for scope, status, said in refusals:
            shown = client.get("/", params={"q": "momentum", **scope}, headers={"Accept-Language": "en"})
            assert (shown.status_code, 'class="hit' in shown.text) == (status, False), scope
            assert said in unescape(shown.text)
            assert 'value="momentum"' in shown.text  # what was typed is there to be searched elsewhere


def test_without_the_database_no_more_is_searched_than_was_asked_for(
    settings: Settings, library: Library, tmp_path: Path
) -> None:
    take_up(tmp_path / "c", library, _PAGES)
    with served(settings) as client:
        assert 'class="hit' in client.get("/?q=momentum&lecture=/c/nets/l/1").text
        with library.database.writing() as connection:
            connection.execute(sa.text("ALTER TABLE lectures RENAME TO elsewhere"))
        found = client.get("/?q=momentum")
        assert (found.status_code, 'class="hit' in found.text) == (200, True)
        refused = client.get("/?q=momentum&lecture=/c/nets/l/1")
        assert (refused.status_code, 'class="hit' in refused.text) == (503, False)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_page_is_of_one_state_though_the_course_changes_while_it_is_read(
    settings: Settings, database_url: str, tmp_path: Path
) -> None:
    library = Library(database_url, settings.data_dir)
    library.database.migrate()
    take_up(tmp_path / "c", library, _PAGES, title="Training0")
    renamed = waiting = 0

    def rename(_c: Any, _cursor: Any, statement: str, _parameters: Any, _context: Any, _many: Any) -> None:
        """After the first query of a page."""
        nonlocal renamed, waiting
        if waiting and statement.startswith("SELECT"):
            waiting, renamed = 0, renamed + 1
            with library.database.writing() as connection:
                connection.execute(sa.update(lectures).values(title=f"Training{renamed}"))

    with served(settings.model_copy(update={"database_url": database_url})) as client:
        found = ["/c/nets/l/1", "/c/nets/l/1/find?q=momentum", "/c/nets/d/one.pdf/4", "/c/nets/v/abcdefghijk/83"]
        found = [str(client.get(path).url).removeprefix("http://testserver") for path in found]  # where they lead now
        beside = [f"/?open={found[2]}", f"/card?open={found[3]}"]
        engine = client.app.state.service.library.database.engine  # type: ignore[attr-defined]  # an application of ours
        sa.event.listen(engine, "after_cursor_execute", rename)
        for number, path in enumerate([*found, *beside]):
            waiting = 1
            shown = client.get(path, follow_redirects=False)
            assert (shown.status_code, renamed) == (200, number + 1), path
            assert set(re.findall(r"Training\d+", shown.text)) == {f"Training{number}"}, path
    library.close()


def test_a_shared_search_with_something_open_survives(settings: Settings, library: Library, tmp_path: Path) -> None:
    take_up(tmp_path / "c", library, _PAGES)
    with served(settings) as client:
        found = client.get("/?q=momentum").text
        shared = re.findall(r'<h3><a href="([^"]+)"', found)[0].replace("&amp;", "&")
        lecture = re.findall(r'<h2><a href="([^"]+)"', found)[0]
        assert "Momentum</h2>" in client.get(shared).text
    take_up(tmp_path / "c", library, ["Preface\nnew words", *_PAGES])
    with served(settings) as client:
        again = client.get(shared)
        assert "Momentum</h2>" in again.text
        assert "open=/c/nets/d/one.pdf/5?m=" in unquote(str(again.url))
        assert '<li class="hit kind-page current"' in again.text
        assert client.get("/", params={"q": "momentum", "lecture": lecture}).status_code == 200
        assert client.get(lecture).status_code == 200
    take_up(tmp_path / "c", library, _PAGES[:1])
    with served(settings) as client:
        lost = client.get(shared)
        assert lost.status_code == 200
        assert "This slide or moment was removed." in lost.text


def test_addresses_without_or_with_a_damaged_mark(settings: Settings, library: Library, tmp_path: Path) -> None:
    take_up(tmp_path / "c", library, _PAGES)
    with served(settings) as client:
        written = client.get("/c/nets/d/one.pdf/2")
        assert re.fullmatch(r"m=[a-z2-7]{15}", written.url.query.decode())
        statuses = [
            client.get(address).status_code
            for address in (
                "/c/nets/d/one.pdf/99", "/c/nets/d/none.pdf/1", "/c/nets/v/none/1", "/c/none/d/one.pdf/1", "/c/nets/l/9",
                f"{written.url.path}?m=abc", f"{written.url.path}?{written.url.query.decode()[:-2]}",
            )
        ]  # fmt: skip
        assert statuses == [404] * 7
        assert client.get("/c/nets/l/1?m=aaaaaaaa").status_code == 410


def test_a_moment_is_the_same_second_of_the_same_recording(
    settings: Settings, library: Library, tmp_path: Path
) -> None:
    take_up(tmp_path / "c", library, _PAGES)
    with served(settings) as client:
        hit = client.get("/api/search", params={"q": "inertia", "kind": "segment"}).json()["hits"][0]
        # the stretch begins at 83 s, the word is said some seconds later
        assert (hit["locator"]["start_seconds"], int(hit["locator"]["at_seconds"])) == (83.0, 85)
        assert hit["url"] == "https://youtu.be/abcdefghijk?t=85"
        assert re.fullmatch(r"/c/nets/v/abcdefghijk/85\?m=[a-z2-7]{15}", hit["place"])
        shown = client.get(hit["place"]).text
        assert 'data-start="85"' in shown
        assert "Today we talk about inertia." in shown


# --- addresses of before -----------------------------------------------------------------------------------


def test_addresses_of_before_lead_on_while_their_numbers_mean_the_same(
    settings: Settings, library: Library, tmp_path: Path
) -> None:
    take_up(tmp_path / "c", library, _PAGES)
    with served(settings) as client:
        to = {
            before: client.get(before, follow_redirects=False).headers["location"]
            for before in (
                "/decks/1",
                "/videos/1",
                "/lectures/1",
                "/courses/nets",
                "/?open=page-1-4",
                "/?open=time-1-83",
            )
        }
        assert to["/decks/1"] == "/c/nets/d/one.pdf"  # the browser puts #page=4 at its end
        assert to["/videos/1"] == "/c/nets/v/abcdefghijk"
        assert to["/lectures/1"].startswith("/c/nets/l/1?m=")
        assert to["/courses/nets"] == "/c/nets"
        assert to["/?open=page-1-4"].startswith("/?open=/c/nets/d/one.pdf/4?m=")
        assert to["/?open=time-1-83"].startswith("/?open=/c/nets/v/abcdefghijk/83?m=")
        assert 'id="page=4"' in client.get("/decks/1").text
        assert "Momentum</h1>" in client.get("/lectures/1?open=page-1-4").text
    take_up(tmp_path / "c", library, _PAGES[1:])
    with served(settings) as client:
        assert (
            client.get("/decks/1", follow_redirects=False).headers["location"] == "/c/nets/d/one.pdf?before=1#changed"
        )
        assert "where it led cannot be known" in client.get("/decks/1").text
        assert "This slide or moment was removed." in client.get("/?q=loss&open=page-1-4").text
        assert client.get("/api/decks/1").status_code == 200


def test_a_number_is_never_given_to_another_row(
    settings: Settings, library: Library, course_folder: Path, tmp_path: Path
) -> None:
    take_up(tmp_path / "c", library, _PAGES)
    forget_course(library, None, "nets")
    ingest(course_folder, library, None)
    with served(settings) as client:
        for kind in ("decks", "videos", "lectures"):
            assert client.get(f"/{kind}/1").status_code == 404
        assert client.get("/api/decks/1").status_code == 404
        ids = [deck["id"] for deck in client.get("/api/courses/course").json()["lectures"][0]["decks"]]
        assert ids == [2]


def test_the_migration_marks_what_is_there_and_loses_nothing(
    database_url: str, course_folder: Path, tmp_path: Path
) -> None:
    library = Library(database_url, tmp_path / "both")
    library.database.migrate()
    (course_folder / "lab.md").write_text("# Lab\n\nwords\n\n## More\n\nwords\n", "utf-8")
    described = course_folder / "course.yaml"
    described.write_text(described.read_text("utf-8").replace("[missing.pdf]", "[missing.pdf, lab.md]"), "utf-8")
    (course_folder / "missing.pdf").write_bytes(b"no PDF")  # broken, but there
    ingest(course_folder, library, None)
    before = _marked(library)
    assert ("lab.md", ".md") in {row[:2] for row in before[2]}
    assert len(before[0]) == 5
    assert all(mark for _, _, mark in before[0])
    config = Config(cmd_opts=Namespace(x=["lose=yes"]))  # the times of words and what is left out have no place there
    config.set_main_option("script_location", str(ROOT / "migrations"))
    with library.database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0003")
    library.database.migrate()
    assert _marked(library) == before
    library.close()


def _marked(library: Library) -> tuple[list[tuple[object, ...]], ...]:
    queries = (
        sa.select(pages.c.deck_id, pages.c.page_number, pages.c.mark),
        sa.select(segments.c.transcript_id, segments.c.ordinal, segments.c.mark),
        sa.select(decks.c.path, decks.c.suffix, decks.c.first_sha256),
    )
    with library.database.reading() as connection:
        return tuple(sorted(tuple(row) for row in connection.execute(query)) for query in queries)
