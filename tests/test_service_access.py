"""Who may read what, and how often."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from support import Run, ingest, write_pdf

from index.errors import InvalidRequest, NotFound
from index.library import Library
from index.store.keys import create_key, find_key, list_keys, revoke_key
from index.types import AccessScope
from service.access import RateLimit
from service.app import create_app
from service.settings import Settings

_READ = [AccessScope.SEARCH, AccessScope.ANSWER]


# Addresses of what is in the course `closed`, each beside one of the same kind that leads nowhere.
_HIDDEN_AND_ABSENT = [
    (hidden, hidden.replace("closed", "nope").replace("2", "77"))
    for hidden in (
        "/api/search?q=momentum&course=closed",
        "/api/suggest?q=mom&course=closed",
        "/api/courses/closed",
        "/api/courses/closed/terms",
        "/api/lectures/2",
        "/api/lectures/2/timeline",
        "/api/decks/2",
        "/api/decks/2/file.pdf",
        "/api/decks/2/pages/1.webp",
        "/c/closed",
        "/c/closed/terms",
        "/c/closed/l/1",
        "/c/closed/d/deck.pdf/1",
        "/c/closed/d/deck.pdf/1?m=aaaaaaabbccdddd",
        "/courses/closed",
        "/courses/closed/terms",
        "/lectures/2",
        "/decks/2",
    )
]


def _bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Settings, Library]]:
    """Two courses, `open` and `closed`, made with words alone."""
    settings = Settings(data_dir=tmp_path / "data", embedder="none", private_courses="closed")
    library = Library(settings.resolved_database_url, settings.data_dir)
    library.database.migrate()
    for slug, word in (("open", "dropout"), ("closed", "momentum")):
        write_pdf(tmp_path / slug / "deck.pdf", [f"{word.title()}\n{word} is explained here as it should be"])
        (tmp_path / slug / "course.yaml").write_text(
            f"slug: {slug}\ntitle: {slug}\nlanguage: en\nlectures: [{{title: {word}, decks: [deck.pdf]}}]\n", "utf-8"
        )
        ingest(tmp_path / slug, library, None)
    yield settings, library
    library.close()


def test_a_key_is_kept_as_a_hash_and_found_by_its_secret(library: Library) -> None:
    with library.database.writing() as connection:
        key, secret = create_key(connection, "bot", _READ, days=1)
        _, other = create_key(connection, "app", [AccessScope.ADMIN])
    assert len(secret) > 40
    assert secret != other
    with library.database.reading() as connection:
        assert find_key(connection, secret) == key
        assert find_key(connection, secret + "x") is None
        stored = connection.exec_driver_sql("SELECT digest FROM api_keys").scalars().all()
        assert secret not in stored
    now = dt.datetime.now(dt.UTC)
    assert key.is_valid(now)
    assert not key.is_valid(now + dt.timedelta(days=2))
    with library.database.writing() as connection:
        revoke_key(connection, key.id)
        assert not list_keys(connection)[0].is_valid(now)
        with pytest.raises(NotFound):
            revoke_key(connection, "k_none")
        with pytest.raises(InvalidRequest, match="no course 'nope'"):
            create_key(connection, "x", _READ, ["nope"])
        with pytest.raises(InvalidRequest):
            create_key(connection, " ", _READ)


def _everything(client: TestClient, headers: dict[str, str]) -> dict[str, int]:
    """The status of every way to read the course `closed`."""
    course = {"course": "closed"}
    question = {"question": "what is momentum?", "course": "closed"}
    chat = {"model": "closed", "messages": [{"role": "user", "content": "what is momentum?"}]}
    statuses = {
        path: client.get(path, headers=headers).status_code
        for path in (
            "/api/search?q=momentum&course=closed",
            "/api/suggest?q=mom&course=closed",
            "/api/courses/closed",
            "/api/courses/closed/terms",
            "/api/lectures/2",
            "/api/decks/2",
            "/api/decks/2/file.pdf",
            "/api/decks/2/pages/1.webp",
            "/c/closed",
            "/c/closed/l/1",
            "/c/closed/d/deck.pdf/1",
            "/courses/closed",
            "/lectures/2",
            "/decks/2",
        )
    }
    statuses["answers"] = client.post("/api/answers", json=question, headers=headers).status_code
    statuses["chat"] = client.post("/v1/chat/completions", json=chat, headers=headers).status_code
    assert course
    return statuses


def test_what_is_not_yours_is_as_if_it_were_not_there(two: tuple[Settings, Library]) -> None:
    settings, library = two
    with library.database.writing() as connection:
        _, both = create_key(connection, "all", _READ)
        _, first = create_key(connection, "open only", _READ, ["open"])
    with TestClient(create_app(settings)) as client:
        assert set(_everything(client, _bearer(both)).values()) == {200}
        for headers in ({}, _bearer(first)):
            assert set(_everything(client, headers).values()) == {404}
            found = client.get("/api/search?q=momentum", headers=headers).json()
            assert not [hit for hit in found["hits"] if hit["course"]["slug"] == "closed"]
            assert "closed" not in client.get("/api/courses", headers=headers).text
            assert "closed" not in client.get("/v1/models", headers=headers).text
            assert "closed" not in client.get("/", headers=headers).text
            assert client.get("/api/suggest?q=momen", headers=headers).json()["suggestions"] == []
            for hidden, absent in _HIDDEN_AND_ABSENT:
                told, nothing = (client.get(path, headers=headers).text for path in (hidden, absent))
                assert told == nothing.replace("nope", "closed").replace("77", "2"), hidden


def test_keys_can_be_required(two: tuple[Settings, Library]) -> None:
    settings, library = two
    required = settings.model_copy(update={"api_keys_required": True})
    with library.database.writing() as connection:
        key, secret = create_key(connection, "search only", [AccessScope.SEARCH])
    with TestClient(create_app(required)) as client:
        assert client.get("/livez").status_code == 200
        for headers in ({}, _bearer("lk_wrong"), {"X-API-Key": "lk_wrong"}):
            response = client.get("/api/search?q=dropout", headers=headers)
            assert (response.status_code, response.json()["code"]) == (401, "key_needed")
            assert response.headers["www-authenticate"] == "Bearer"
            assert client.post("/mcp/", json={}, headers=headers).status_code == 401
        assert client.get("/api/search?q=dropout", headers=_bearer(secret)).status_code == 200
        assert client.get("/api/search?q=dropout", headers={"X-API-Key": secret}).status_code == 200
        refused = client.post("/api/answers", json={"question": "what is dropout?"}, headers=_bearer(secret))
        assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
        with library.database.writing() as connection:
            revoke_key(connection, key.id)
        client.app.state.access._keys._known.clear()  # type: ignore[attr-defined]  # as five seconds would
        assert client.get("/api/search?q=dropout", headers=_bearer(secret)).status_code == 401


def test_what_is_meant_as_a_key_of_ours_must_be_one_even_where_none_is_needed(client: TestClient) -> None:
    """Chat programs must send something, and a proxy may send what it checked itself: that is no key of ours."""
    for headers in (_bearer("lk_wrong"), _bearer('"LK_wrong"'), {"X-API-Key": "Bearer lk_wrong"}):
        refused = client.get("/api/search?q=dropout", headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (401, "key_needed")
        assert refused.json()["detail"].startswith("The key is unknown (mistyped?), expired or revoked")
    for headers in (_bearer("sk-anything"), {"Authorization": "Basic bGVjdHVyZXM6eA=="}):
        assert client.get("/api/search?q=dropout", headers=headers).status_code == 200


def test_a_caller_who_asks_too_often_is_told_when_to_come_back(two: tuple[Settings, Library]) -> None:
    settings, library = two
    slow = settings.model_copy(update={"searches_per_minute": 12})
    with library.database.writing() as connection:
        _, secret = create_key(connection, "another", _READ)
    with TestClient(create_app(slow)) as client:
        statuses = [client.get("/api/search?q=dropout").status_code for _ in range(12)]
        assert statuses == [200] * 10 + [429] * 2
        refused = client.get("/api/search?q=dropout")
        assert refused.json()["code"] == "too_often"
        assert 1 <= int(refused.headers["retry-after"]) <= 5
        assert client.get("/api/search?q=dropout", headers=_bearer(secret)).status_code == 200
        assert client.get("/api/courses").status_code == 200


def test_who_is_told_to_come_back_is_not_told_in_0_s(
    two: tuple[Settings, Library], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RateLimit, "take", lambda _self, _caller: 0.3)
    with TestClient(create_app(two[0])) as client:
        refused = client.get("/api/search?q=dropout")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    assert "try again in 1 s" in refused.json()["detail"]


def test_a_bucket_fills_again() -> None:
    limit = RateLimit(60)
    assert [limit.take("a", 0.0) for _ in range(10)] == [0.0] * 10
    assert limit.take("a", 0.0) == pytest.approx(1.0)
    assert limit.take("a", 0.5) == pytest.approx(0.5)
    assert limit.take("a", 1.0) == 0.0
    assert limit.take("b", 0.0) == 0.0


def test_keys_on_the_command_line(two: tuple[Settings, Library], lectures: Run) -> None:
    import json  # noqa: PLC0415

    settings, library = two
    run = partial(lectures, "keys", LECTURES_DATA_DIR=str(settings.data_dir))

    made = json.loads(run("create", "bot", "--scope", "search", "--course", "open", "--days", "7", "--json").out)
    with library.database.reading() as connection:
        key = find_key(connection, made["key"])
    assert key is not None
    assert (key.scopes, key.courses) == (frozenset({AccessScope.SEARCH}), frozenset({"open"}))
    listed = json.loads(run("list", "--json").out)
    assert [(row["id"], row["name"], row["revoked_at"]) for row in listed] == [(made["id"], "bot", None)]
    assert made["key"] not in run("list").out
    assert run("revoke", made["id"]).code == 0
    assert run("revoke", "k_none").code == 1
    assert run("create", "x", "--course", "nope").code == 1
