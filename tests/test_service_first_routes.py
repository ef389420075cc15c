"""A service that can search before all its routes are there: who asks for another one waits, and nothing is missing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from index.search.search import SearchIndex
from service import routes
from service.app import create_app
from service.first_routes import FIRST, Others
from service.settings import Settings


def _shown(app: FastAPI) -> list[Any]:
    """The routes of an application in their order: those of a module together."""
    shown: list[Any] = []
    for route in app.routes:
        own = getattr(getattr(route, "original_router", None), "routes", None)
        shown.append([one.path for one in own] if own is not None else route.path)  # type: ignore[attr-defined]
    return shown


@pytest.fixture
def never_opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """The index is open, but not warmed up until this is set: nobody but a request has routes added."""
    release = threading.Event()
    monkeypatch.setattr(SearchIndex, "warm_up", lambda _index: release.wait(60))
    yield release
    release.set()


def test_one_that_has_grown_has_the_routes_and_the_description_of_one_that_was_made_at_once(
    example_settings: Settings,
) -> None:
    whole, grown = create_app(example_settings), create_app(example_settings, grows=True)
    assert len(_shown(grown)) < len(_shown(whole)) / 3
    with TestClient(grown) as client:
        assert client.get("/").status_code == 200
    assert _shown(grown) == _shown(whole)
    assert list(grown.openapi()["paths"]) == list(whole.openapi()["paths"])
    assert grown.openapi() == whole.openapi()
    assert list(whole.openapi()["paths"])[-2:] == ["/livez", "/readyz"]  # health is described after the API


def test_what_searches_and_tells_its_health_is_answered_before_the_other_routes_are_there(
    example_settings: Settings, monkeypatch: pytest.MonkeyPatch, never_opened: threading.Event
) -> None:
    added = list[FastAPI]()
    monkeypatch.setattr(routes, "add_other_routes", lambda app, _tools: added.append(app))
    with TestClient(create_app(example_settings, grows=True)) as client:
        never_opened.set()
        for path in sorted(FIRST):
            assert client.get(path, params={"q": "dropout"} if path.startswith("/api/") else {}).status_code == 200
    # by the opened index, once
    assert len(added) == 1


@pytest.mark.parametrize("path", ["/", "/api/courses", "/static/style.css", "/openapi.json", "/v1/models"])
def test_who_asks_for_another_route_waits_until_it_is_there(
    example_settings: Settings, path: str, never_opened: threading.Event
) -> None:
    with TestClient(create_app(example_settings, grows=True)) as client:
        assert client.get(path).status_code == 200
        assert not never_opened.is_set()
        never_opened.set()


def test_an_address_that_is_not_there_is_told_from_all_that_are(example_settings: Settings) -> None:
    with TestClient(create_app(example_settings, grows=True)) as client:
        response = client.get("/api/course")
    assert response.status_code == 404
    assert "did you mean /api/courses?" in response.json()["detail"]


def test_an_index_that_was_opened_has_the_routes_added(example_settings: Settings) -> None:
    app = create_app(example_settings, grows=True)
    with TestClient(app) as client:
        assert client.get("/api/search", params={"q": "dropout"}).status_code == 200
        app.state.service.serving.stop()  # the thread that opens it has come to its end
        assert "/static" in _shown(app)


def test_routes_are_added_once_whoever_comes_at_the_same_time() -> None:
    added, together = list[int](), threading.Barrier(8)
    others = Others(lambda: added.append(1))

    def come(_: int) -> None:
        together.wait(10)
        others.add()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(come, range(8)))
    assert added == [1]
