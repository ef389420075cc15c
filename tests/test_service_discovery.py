"""What programs find without being told: exports, feeds, the search of a browser, llms.txt; nothing private in any."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient
from support import write_pdf

from index.library import Library
from index.store.keys import create_key
from index.store.newest import newest_lectures
from index.store.tables import lectures
from index.types import AccessScope
from ingest.course import read_course
from ingest.pipeline import ingest_course
from lecture_search_client import Lectures, Unreachable
from lecture_search_client.shapes import CourseRecord, EndRecord, PassageRecord
from service.app import create_app
from service.settings import Settings

_ATOM = "{http://www.w3.org/2005/Atom}"
_TITLE = "Secrets <b>&amp;</b> [x](http://evil.example) *y*"


def _course(folder: Path, slug: str, title: str, lectures: list[str]) -> Path:
    write_pdf(folder / "deck.pdf", [f"Dropout\nrandomly zero {slug}"])
    listed = [{"title": name, "programme": f"All of {name}", "decks": ["deck.pdf"] * (not at)} for at, name in
              enumerate(lectures)]  # fmt: skip
    data = {"slug": slug, "title": title, "language": "en", "lectures": listed}
    (folder / "course.yaml").write_text(json.dumps(data), "utf-8")
    return folder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An open course and a private one."""
    settings = Settings(data_dir=tmp_path / "data", embedder="none", private_courses="hidden")
    library = Library(settings.resolved_database_url, settings.data_dir)
    library.database.migrate()
    for slug, title in (("open", "Networks"), ("hidden", _TITLE)):
        folder = _course(tmp_path / slug, slug, title, [f"First {slug}", f"Second\x0b {slug}"])
        ingest_course(read_course(folder), folder, library, None)
    library.close()
    return settings


@pytest.fixture
def key(settings: Settings) -> str:
    library = Library(settings.resolved_database_url, settings.data_dir)
    with library.database.writing() as connection:
        _, secret = create_key(connection, "student", [AccessScope.SEARCH], ["hidden"])
    library.close()
    return secret


@pytest.fixture
def visitor(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings), base_url="http://127.0.0.1:8000") as opened:
        yield opened


def _records(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_an_export_holds_the_catalogue_every_passage_and_the_alignment(client: TestClient) -> None:
    answered = client.get("/api/export/neural-networks")
    assert answered.headers["content-type"] == "application/x-ndjson"
    assert answered.headers["content-disposition"] == "attachment; filename*=UTF-8''neural-networks.jsonl"
    records = _records(answered.text)
    kinds = [record["record"] for record in records]
    assert kinds == ["course", *["lecture", "alignment"] * 5, *["passage"] * 62, "end"]
    assert records[-1] == {"record": "end", "lectures": 5, "passages": 62}
    details = client.get("/api/courses/neural-networks").json()
    assert [record["lecture"] for record in records if record["record"] == "lecture"] == details["lectures"]
    assert records[0]["gaps"] == details["gaps"]
    first = details["lectures"][0]["id"]
    assert records[2]["alignment"] == client.get(f"/api/lectures/{first}/timeline?min_confidence=0").json()
    found = client.get("/api/search", params={"q": "data leakage", "limit": 1, "text": True}).json()["hits"][0]
    same = next(record for record in records if record.get("passage", {}).get("id") == found["id"])
    assert same["text"] == found["text"]
    assert same["passage"]["url"] == found["url"]
    assert same["aligned"] == found["aligned"]


def test_an_export_is_read_by_the_client_and_one_that_was_cut_is_told(live: str) -> None:
    import httpx  # noqa: PLC0415

    with Lectures(live) as reader:
        records = list(reader.export("neural-networks"))
    assert isinstance(records[0], CourseRecord)
    assert sum(isinstance(record, PassageRecord) for record in records) == 62
    assert isinstance(records[-1], EndRecord)
    lines = records[0].model_dump_json(by_alias=True) + "\n"
    cut = httpx.MockTransport(lambda _: httpx.Response(200, text=lines))
    with Lectures(transport=cut) as reader, pytest.raises(Unreachable):
        list(reader.export("x"))


def test_a_feed_has_the_new_lectures_first_and_keeps_their_names(
    settings: Settings, visitor: TestClient, tmp_path: Path
) -> None:
    library = Library(settings.resolved_database_url, settings.data_dir)
    with library.database.writing() as connection:
        connection.execute(sa.update(lectures).values(added_at=dt.datetime(2026, 1, 2, tzinfo=dt.UTC)))
    before = ElementTree.fromstring(visitor.get("/feed.atom").content)
    assert [entry.findtext(f"{_ATOM}title") for entry in before.iter(f"{_ATOM}entry")] == [
        "Networks: Second open",
        "Networks: First open",
    ]
    assert before.findtext(f"{_ATOM}updated") == "2026-01-02T00:00:00+00:00"
    folder = _course(tmp_path / "open", "open", "Networks", ["New open", "First open", "Second\x0b open"])
    ingest_course(read_course(folder), folder, library, None)
    with library.database.reading() as connection:
        newest = newest_lectures(connection, frozenset({"open"}))
    library.close()
    after = ElementTree.fromstring(visitor.get("/feed.atom?course=open").content)
    titles = [entry.findtext(f"{_ATOM}title") for entry in after.iter(f"{_ATOM}entry")]
    assert titles == ["Networks: New open", "Networks: Second open", "Networks: First open"]
    assert newest[0].added_at.date() == dt.datetime.now(dt.UTC).date()

    def names(feed: ElementTree.Element) -> set[str | None]:
        return {entry.findtext(f"{_ATOM}id") for entry in feed.iter(f"{_ATOM}entry")}

    assert names(before) < names(after)
    for entry in after.iter(f"{_ATOM}entry"):
        link = entry.find(f"{_ATOM}link")
        assert link is not None
        assert visitor.get(link.attrib["href"]).status_code == 200


def test_what_has_not_changed_is_not_sent_again(visitor: TestClient) -> None:
    for path in ("/feed.atom", "/opensearch.xml", "/llms.txt"):
        first = visitor.get(path)
        again = visitor.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (first.status_code, again.status_code, again.content) == (200, 304, b"")


def test_a_browser_is_told_where_to_search(visitor: TestClient) -> None:
    page = visitor.get("/").text
    assert '<link rel="search" type="application/opensearchdescription+xml" href="/opensearch.xml"' in page
    assert '<link rel="alternate" type="application/atom+xml" href="/feed.atom"' in page
    assert 'href="/feed.atom?course=open"' in visitor.get("/c/open").text
    described = ElementTree.fromstring(visitor.get("/opensearch.xml").content)
    templates = [url.attrib["template"] for url in described.iter("{http://a9.com/-/spec/opensearch/1.1/}Url")]
    assert templates[0] == "http://127.0.0.1:8000/?q={searchTerms}"
    assert "Dropout" in visitor.get(templates[0].replace("{searchTerms}", "dropout")).text


def test_models_are_told_what_is_here(visitor: TestClient) -> None:
    said = visitor.get("/llms.txt").text
    assert said.startswith("# Lecture Search\n\n> ")
    assert "- [Networks](http://127.0.0.1:8000/c/open): 2 lectures, " in said
    assert "(http://127.0.0.1:8000/api/export/open)" in said


def test_nothing_of_a_private_course_is_in_any_of_them(visitor: TestClient, key: str) -> None:
    doors = ["/feed.atom", "/feed.atom?course=hidden", "/llms.txt", "/opensearch.xml", "/api/export/hidden"]
    for door in doors:
        answered = visitor.get(door)
        told = answered.text.replace("'hidden'", "")  # what was asked is said again
        assert "idden" not in told, door
        assert "Secrets" not in told, door
    for door in ("/api/export/hidden", "/feed.atom?course=hidden"):
        refused, nowhere = visitor.get(door), visitor.get(door.replace("hidden", "nowhere"))
        assert refused.status_code == nowhere.status_code == 404
        assert refused.text.replace("hidden", "") == nowhere.text.replace("nowhere", "")
    allowed = {"Authorization": f"Bearer {key}"}
    for door in ("/feed.atom", "/feed.atom?course=hidden", "/llms.txt", "/api/export/hidden"):
        assert "idden" in visitor.get(door, headers=allowed).text, door
    assert "Networks" not in visitor.get("/llms.txt", headers=allowed).text


def test_titles_stay_text(visitor: TestClient, key: str) -> None:
    allowed = {"Authorization": f"Bearer {key}"}
    feed = ElementTree.fromstring(visitor.get("/feed.atom?course=hidden", headers=allowed).content)
    assert feed.findtext(f"{_ATOM}title") == _TITLE
    said = visitor.get("/llms.txt", headers=allowed).text
    assert r"Secrets \<b\>&amp;\</b\> \[x\](http://evil.example) \*y\*" in said


def test_where_keys_are_required_these_need_one_too(settings: Settings) -> None:
    closed = settings.model_copy(update={"api_keys_required": True})
    with TestClient(create_app(closed)) as visitor:
        statuses = [visitor.get(path).status_code for path in ("/feed.atom", "/llms.txt", "/api/export/open")]
        assert statuses == [401, 401, 401]
        assert visitor.get("/opensearch.xml").status_code == 200
