"""Every kind of caller at every route: what it may not read appears nowhere, not in an answer, an error or a header."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platform_stub
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from starlette.testclient import TestClient
from support import ingest, write_pdf

from index.library import Library
from index.store.catalogue import course_details
from index.store.jobs import add_job
from index.store.keys import create_key, revoke_key
from index.store.missed import count_missed
from index.store.sessions import open_link, open_session
from index.store.tables import api_keys, passages
from index.types import AccessScope
from service.app import create_app
from service.settings import Settings
from service.signin.platforms import read_platforms

# Made up, and in every text of the closed course; asked is only what stands beside them.
CANARIES = ("zyxquorum", "vlimbrate", "plonkertz", "grindlewax", "ombrivane")
_TITLE, _LECTURE, _PROGRAMME, _PAGE, _SPOKEN = CANARIES
_READ = [AccessScope.SEARCH, AccessScope.ANSWER]
_OWN = {"Origin": "http://testserver", "Accept": "text/html,application/json,text/event-stream,*/*"}
_TOOLS = {"Host": "127.0.0.1:8000", "Origin": "http://127.0.0.1:8000", "Accept": "application/json"}
_HIDDEN = re.compile("|".join(CANARIES), re.IGNORECASE)


_OUTSIDERS = (
    "nobody",
    "key for search, held to the open course",
    "key for answers, held to the open course",
    "key for admin, held to the open course",
    "key that never was",
    "key that was revoked",
    "key that has expired",
    "link to the open course",
    "session without a group",
    "session under rules that have changed",
    "student of the open course on the platform",
    "teacher of the open course on the platform",
    "stranger who says what a proxy would",
)


@dataclass(frozen=True, slots=True)
class House:
    """Two courses, `open` and `closed`, and the headers of each kind of caller."""

    settings: Settings
    callers: dict[str, dict[str, str]]
    ids: dict[str, Any]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    root = tmp_path_factory.mktemp("house")
    with platform_stub.platform() as platform:
        registered = json.loads(platform.registration(**{"1": "open", "2": "closed"}))
        registered[0]["teachers"] = "admin"
        (root / "lti.yaml").write_text(json.dumps(registered), "utf-8")
        settings = Settings(
            data_dir=root / "data",
            embedder="none",
            private_courses="closed",
            public_url="http://testserver",
            lti_file=str(root / "lti.yaml"),
            proxy_networks="10.0.0.0/8",
            signin_grants="insiders -> closed",
            count_missed_searches=True,
            frame_ancestors="*",
            allowed_origins=_TOOLS["Origin"],
            searches_per_minute=100_000,
            answers_per_minute=100_000,
        )
        library = Library(settings.resolved_database_url, settings.data_dir)
        library.database.migrate()
        _write(
            root / "open", "open", "Open course", "Momentum", "momentum", "plain momentum words", "momentum rolls on"
        )
        _write(root / "closed", "closed", f"Course {_TITLE}", f"Momentum {_LECTURE}", f"momentum {_PROGRAMME}",
               f"momentum {_PAGE} is a rule", f"we say momentum {_SPOKEN} here")  # fmt: skip
        for slug in ("open", "closed"):
            ingest(root / slug, library, None)
        ids, callers = _ids(library), _callers(library, settings)
        library.close()
        yield House(settings, callers, ids)


@pytest.fixture(scope="module")
def client(house: House) -> Iterator[TestClient]:
    with TestClient(create_app(house.settings)) as opened:
        yield opened


def _write(folder: Path, slug: str, title: str, lecture: str, programme: str, page: str, spoken: str) -> None:
    # the same page twice, so that its words are terms and suggestions
    write_pdf(folder / "deck.pdf", [f"{page}\n{page} and more of it", f"{page}\n{page} once more"])
    (folder / "course.yaml").write_text(
        f"slug: {slug}\ntitle: {title}\nlanguage: en\nlectures:\n  - title: {lecture}\n    programme: {programme}\n"
        "    decks: [deck.pdf, gone.pdf]\n    videos: [{youtube: abcdefghijk}]\n",
        "utf-8",
    )
    (folder / "transcripts").mkdir()
    (folder / "transcripts" / "abcdefghijk.en.vtt").write_text(
        f"WEBVTT\n\n00:00:01.000 --> 00:00:09.000\n{spoken}.\n", "utf-8"
    )


def _ids(library: Library) -> dict[str, Any]:
    with library.database.writing() as connection:
        (lecture,) = course_details(connection, "closed", None).lectures
        count_missed(connection, "closed", f"missed {_TITLE}", dt.date(2026, 1, 1))
        job = add_job(connection, f"/courses/{_TITLE}", {"course": "closed"}, None)
        passage = connection.scalar(sa.select(passages.c.id).where(passages.c.lecture_id == lecture.id).limit(1))
    return {
        "passage_id": passage,
        "lecture_id": lecture.id,
        "deck_id": lecture.decks[0].id,
        "video_id": lecture.videos[0].id,
        "job_id": job,
    }


def _callers(library: Library, settings: Settings) -> dict[str, dict[str, str]]:
    """Headers by name of the caller; those whose name begins with `may` may read the closed course."""
    now = dt.datetime.now(dt.UTC)
    until, admin = now + dt.timedelta(hours=1), [*_READ, AccessScope.ADMIN]
    platforms = read_platforms(settings.lti_file)
    (rules,) = platforms.rules
    with library.database.writing() as connection:

        def key(name: str, scopes: list[AccessScope], *slugs: str) -> dict[str, str]:
            return {"Authorization": f"Bearer {create_key(connection, name, scopes, slugs or None)[1]}"}

        def session(courses: set[str], administers: frozenset[str] = frozenset(), by: str = rules) -> dict[str, str]:
            token = open_session(connection, "Ada", frozenset(courses), administers, rules=by, until=until)
            return {"Cookie": f"lectures={token}"}

        def link(*slugs: str) -> dict[str, str]:
            opened = open_link(connection, create_key(connection, "l", _READ, slugs, 1, link=True)[1], until)
            assert opened is not None
            return {"Cookie": f"lectures={opened[0]}"}

        callers = {
            "nobody": {},
            "key for search, held to the open course": key("a", [AccessScope.SEARCH], "open"),
            "key for answers, held to the open course": key("b", [AccessScope.ANSWER], "open"),
            "key for admin, held to the open course": key("c", admin, "open"),
            "key that never was": {"Authorization": "Bearer lk_nothing"},
            "link to the open course": link("open"),
            "session without a group": session(set(), by=""),
            "session under rules that have changed": session({"closed"}, by="old"),
            "student of the open course on the platform": session({"open"}),
            "teacher of the open course on the platform": session({"open"}, frozenset({"open"})),
            "stranger who says what a proxy would": {"X-Forwarded-User": "eve", "X-Forwarded-Groups": "insiders"},
            "may: key for everything": key("d", admin),
            "may: link to the closed course": link("closed"),
            "may: student of the closed course on the platform": session({"closed"}),
            "key that was revoked": key("e", admin),
            "key that has expired": key("f", admin),
        }
        for name, values in (("e", None), ("f", {"expires_at": now - dt.timedelta(days=1)})):
            (key_id,) = connection.scalars(sa.select(api_keys.c.id).where(api_keys.c.name == name))
            if values is None:
                revoke_key(connection, key_id)
            else:
                connection.execute(sa.update(api_keys).where(api_keys.c.id == key_id).values(values))
    return callers


def _routes(app: FastAPI) -> list[tuple[str, str]]:
    """Every route: those of the OpenAPI document, and the pages that it leaves out."""
    described = app.openapi()["paths"]
    found = [(method.upper(), path) for path, methods in described.items() for method in methods]
    for included in app.routes:
        for route in getattr(getattr(included, "original_router", None), "routes", []):
            if route.path not in described:
                found += [(method, route.path) for method in sorted(route.methods)]
    found += [("GET", "/openapi.json"), ("POST", "/mcp/")]
    return sorted(found, key=lambda route: route[1] == "/signout")  # which ends the sessions, comes last


def _bodies(path: str, ids: dict[str, Any]) -> list[dict[str, Any]]:
    messages = [{"role": "user", "content": "what is momentum?"}]
    tool = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
    bodies: dict[str, list[dict[str, Any]]] = {
        "/api/answers": [
            {"question": "what is momentum?"},
            {"question": "what is momentum?", "course": "closed"},
            {"question": "what is momentum?", "stream": True},
        ],
        "/v1/chat/completions": [
            {"model": "lectures", "messages": messages},
            {"model": "closed", "messages": messages},
            {"model": "lectures", "messages": messages, "stream": True},
        ],
        "/v1/embeddings": [{"model": "lectures", "input": "momentum"}],
        "/api/ingests": [{"source": "/nowhere", "course": "closed"}],
        "/mcp/": [
            {**tool, "params": {"name": name, "arguments": arguments}}
            for name, arguments in (
                ("search", {"query": "momentum"}),
                ("search", {"query": "momentum", "course": "closed"}),
                ("ask", {"question": "what is momentum?"}),
                ("ask", {"question": "what is momentum?", "course": "closed"}),
                ("fetch", {"id": ids["passage_id"]}),
                ("list_courses", {}),
                ("list_lectures", {"course": "closed"}),
            )
        ]
        + [{**tool, "method": f"{what}/list"} for what in ("tools", "resources", "resources/templates")]
        + [
            {**tool, "method": "resources/read", "params": {"uri": f"lectures://{uri}"}}
            for uri in (
                f"slides/{ids['passage_id']}/text",
                f"slides/{ids['passage_id']}/picture",
                f"videos/{ids['video_id']}/transcript",
            )
        ],
    }
    return bodies.get(path, [{}])


def _addresses(path: str, ids: dict[str, Any]) -> list[str]:
    """The addresses of a route that would lead to the closed course, and those that list whatever there is."""
    fills = {"slug": ["closed"], "page_number": ["1"], "position": ["1"], "rest": ["deck.pdf/1", "abcdefghijk/1"],
             "model": ["closed", "lectures"], "secret": ["ll_x"]}  # fmt: skip
    found = [path]
    for name in re.findall(r"\{(\w+)(?::\w+)?\}", path):
        values = fills.get(name, [str(ids.get(name, "1"))])
        found = [re.sub(rf"\{{{name}(?::\w+)?\}}", value, each) for each in found for value in values]
    queries = {
        "/api/search": ["q=momentum", "q=momentum&course=closed", "q=momentum&explain=true", "q=rule&limit=50"],
        "/api/suggest": ["q=mom", "q=momentum%20", "q=mom&course=closed"],
        "/": ["", "q=momentum", "q=what%20is%20momentum&course=closed", f"q=momentum&lecture={ids['lecture_id']}",
              "q=momentum&open=/c/closed/d/deck.pdf/1", "q=momentum&lecture=/c/closed/l/1"],
        "/answer": ["q=what%20is%20momentum", "q=what%20is%20momentum&course=closed"],
        "/feed.atom": ["", "course=closed"],
        "/c/{slug}/l/{position}/find": ["q=momentum"],
        "/card": [f"open=/c/closed{rest}" for rest in ("", "/l/1", "/d/deck.pdf/1", "/v/abcdefghijk/1")],
        "/api/oembed": [f"url=http://testserver/c/closed{rest}" for rest in ("", "/l/1", "/d/deck.pdf/1")],
        "/lti/pick": ["ticket=x&course=closed", f"ticket=x&lecture={ids['lecture_id']}"],
    }.get(path, [""])  # fmt: skip
    return [f"{each}?{query}" if query else each for each in found for query in queries]


def _ask(client: TestClient, method: str, path: str, address: str, body: Any, headers: dict[str, str]) -> Any:
    client.cookies.clear()  # what an answer before this one set
    if "Cookie" in headers:  # as a browser keeps it: sent with redirects too
        client.cookies.set(*headers["Cookie"].split("=", 1))
    more = {name: value for name, value in headers.items() if name != "Cookie"}
    return client.request(method, address, json=body, headers={**_OWN, **(_TOOLS if path == "/mcp/" else {}), **more})


def _answers(client: TestClient, house: House, headers: dict[str, str]) -> Iterator[tuple[str, str]]:
    """What a caller is told at every address, with the headers."""
    assert isinstance(client.app, FastAPI)
    for method, path in _routes(client.app):
        for address in _addresses(path, house.ids):
            for body in _bodies(path, house.ids) if method == "POST" else [None]:
                answer = _ask(client, method, path, address, body, headers)
                content = answer.content.decode("latin-1") if "pdf" in address else answer.text
                yield (
                    f"{method} {address} {answer.status_code}",
                    f"{[each.headers for each in [*answer.history, answer]]}\n{content}",
                )


@pytest.mark.parametrize("name", _OUTSIDERS)
def test_no_caller_is_told_what_it_may_not_read(client: TestClient, house: House, name: str) -> None:
    assert client.get("/api/search?q=momentum").json()["total"] > 0
    told = list(_answers(client, house, house.callers[name]))
    assert len(told) > 80
    assert [f"{where}: {_HIDDEN.search(text)}" for where, text in told if _HIDDEN.search(text)] == []


def test_every_kind_of_caller_is_asked_as(house: House) -> None:
    assert {name for name in house.callers if not name.startswith("may")} == set(_OUTSIDERS)


def test_where_keys_are_required_no_caller_is_told_either(house: House) -> None:
    with TestClient(
        create_app(house.settings.model_copy(update={"api_keys_required": True})), follow_redirects=True
    ) as client:
        told = [(name, where) for name in ("nobody", "stranger who says what a proxy would", "session without a group")
                for where, text in _answers(client, house, house.callers[name])
                if _HIDDEN.search(text) or re.search("Open course", text)]  # fmt: skip
    assert told == []


def test_who_may_read_the_closed_course_finds_it_everywhere(client: TestClient, house: House) -> None:
    """The words that are looked for above are there to be found: at each of these addresses."""
    seen: dict[str, set[str]] = {}
    for name in (name for name in house.callers if name.startswith("may")):
        for method, path in _routes(client.app):  # type: ignore[arg-type]
            if method == "DELETE" or path == "/api/ingests/{job_id}/events":
                continue
            for address in _addresses(path, house.ids):
                for body in _bodies(path, house.ids) if method == "POST" else [None]:
                    told = _ask(client, method, path, address, body, house.callers[name])
                    if _HIDDEN.search(told.text):
                        seen.setdefault(path, set()).add(name)
    readers = {name for name in house.callers if name.startswith("may")}
    for path in ("/api/search", "/api/suggest", "/api/courses", "/api/courses/{slug}",
                 "/api/lectures/{lecture_id}", "/api/decks/{deck_id}", "/api/videos/{video_id}/captions.vtt", "/api/answers",
                 "/v1/chat/completions", "/mcp/", "/", "/c/{slug}", "/c/{slug}/l/{position}",
                 "/c/{slug}/d/{rest:path}", "/c/{slug}/v/{rest:path}", "/card", "/api/oembed", "/teach", "/answer",
                 "/feed.atom", "/c/{slug}/l/{position}/find", "/api/export/{slug}"):  # fmt: skip
        assert seen.get(path) == readers, path
    assert seen["/api/ingests"] == seen["/api/ingests/{job_id}"] == seen["/api/missed-searches"]
    assert seen["/api/ingests"] == {"may: key for everything"}
