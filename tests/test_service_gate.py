"""Who comes in next: bounded queues, fair among callers, search first; refusals are quick, health is always told."""

from __future__ import annotations

import asyncio
import re
import threading
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from model_stub import hangs, model_server
from starlette.testclient import TestClient
from support import run_async, serve, until, until_ready

from index.search.search import SearchIndex
from index.store.keys import create_key
from index.types import AccessScope
from service.app import create_app
from service.gate import Gate, Lane, Work
from service.metrics import Metrics
from service.refusals import Overloaded
from service.settings import Settings

_LONG = 60.0


class _Door:
    """Callers who come to a gate and stay until they are told to leave; `inside` are their names, in order."""

    def __init__(self, lanes: dict[Work, Lane]) -> None:
        self.gate = Gate(lanes, Metrics())
        self.inside: list[str] = []
        self.refused: list[str] = []
        self._tasks: dict[str, tuple[asyncio.Task[None], asyncio.Event]] = {}

    async def comes(self, name: str, caller: str = "", work: Work = Work.SEARCH) -> None:
        leave = asyncio.Event()

        async def stay() -> None:
            try:
                async with self.gate.place(work, caller or name):
                    self.inside.append(name)
                    await leave.wait()
            except Overloaded:
                self.refused.append(name)

        self._tasks[name] = (asyncio.create_task(stay()), leave)
        await _settled()

    async def leaves(self, name: str) -> None:
        task, leave = self._tasks[name]
        leave.set()
        await task
        await _settled()

    async def goes_away(self, name: str) -> None:
        """The connection of a caller is cut."""
        task, _ = self._tasks[name]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await _settled()


async def _settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def _with(door: _Door, visit: Callable[[_Door], Coroutine[Any, Any, None]]) -> _Door:
    async def whole() -> None:
        await visit(door)
        for name in list(door._tasks):
            await door.goes_away(name)
        assert all((lane.inside, lane.length) == (0, 0) for lane in door.gate.lanes.values())

    run_async(whole())
    return door


def test_no_more_than_the_places_are_inside_and_who_came_first_is_next() -> None:
    async def visit(door: _Door) -> None:
        for name in "abcd":
            await door.comes(name)
        assert door.inside == ["a", "b"]
        await door.leaves("a")
        assert door.inside == ["a", "b", "c"]
        await door.leaves("c")
        assert door.inside == ["a", "b", "c", "d"]

    _with(_Door({Work.SEARCH: Lane(2, 8, _LONG)}), visit)


def test_callers_take_turns_however_many_requests_one_of_them_sends() -> None:
    async def visit(door: _Door) -> None:
        for number in range(5):
            await door.comes(f"many{number}", "many")
        await door.comes("one", "one")
        await door.comes("two", "two")
        for name in ("many0", "many1", "one", "two", "many2"):
            await door.leaves(name)

    door = _with(_Door({Work.SEARCH: Lane(1, 8, _LONG)}), visit)
    assert door.inside == ["many0", "many1", "one", "two", "many2", "many3", "many4"]


def test_a_full_queue_refuses_the_last_of_who_has_most_in_it_at_once() -> None:
    async def visit(door: _Door) -> None:
        for number in range(4):
            await door.comes(f"many{number}", "many")
        assert door.refused == []
        await door.comes("many4", "many")
        assert door.refused == ["many4"]
        await door.comes("one", "one")
        assert door.refused == ["many4", "many3"]
        await door.comes("two", "two")
        await door.comes("three", "three")  # now everybody has one there, and nobody loses it to who comes later
        assert door.refused == ["many4", "many3", "many2", "three"]

    _with(_Door({Work.SEARCH: Lane(1, 3, _LONG)}), visit)


def test_a_wait_ends_in_time() -> None:
    async def visit(door: _Door) -> None:
        await door.comes("a")
        await door.comes("b")
        await door._tasks["b"][0]
        assert (door.inside, door.refused) == (["a"], ["b"])

    _with(_Door({Work.SEARCH: Lane(1, 3, 0.01)}), visit)


def test_while_a_search_waits_other_work_has_one_place_and_all_of_them_after_it() -> None:
    async def visit(door: _Door) -> None:
        await door.comes("search1")
        await door.comes("search2")
        for name in ("answer1", "answer2", "answer3"):
            await door.comes(name, work=Work.ANSWER)
        assert door.inside == ["search1", "answer1"]
        await door.leaves("answer1")
        assert door.inside == ["search1", "answer1", "answer2"]
        await door.leaves("search1")
        assert door.inside == ["search1", "answer1", "answer2", "search2", "answer3"]

    _with(_Door({Work.SEARCH: Lane(1, 3, _LONG), Work.ANSWER: Lane(3, 3, _LONG)}), visit)


def test_work_that_waits_and_is_no_search_takes_nothing_from_others() -> None:
    async def visit(door: _Door) -> None:
        for name in ("answer1", "answer2"):
            await door.comes(name, work=Work.ANSWER)
        for name in ("look1", "look2"):
            await door.comes(name, work=Work.LOOK)
        assert door.inside == ["answer1", "look1", "look2"]

    lanes = {Work.SEARCH: Lane(1, 3, _LONG), Work.ANSWER: Lane(1, 3, _LONG), Work.LOOK: Lane(2, 3, _LONG)}
    _with(_Door(lanes), visit)


def test_other_work_goes_on_when_a_search_that_waited_is_given_up() -> None:
    async def visit(door: _Door) -> None:
        await door.comes("search1")
        await door.comes("search2")
        await door.comes("answer1", work=Work.ANSWER)
        await door.comes("answer2", work=Work.ANSWER)
        assert door.inside == ["search1", "answer1"]
        await door.goes_away("search2")
        assert door.inside == ["search1", "answer1", "answer2"]

    _with(_Door({Work.SEARCH: Lane(1, 3, _LONG), Work.ANSWER: Lane(3, 3, _LONG)}), visit)


def test_who_goes_away_leaves_place_and_queue() -> None:
    async def visit(door: _Door) -> None:
        for name in "abc":
            await door.comes(name)
        await door.goes_away("b")  # while it waits
        await door.goes_away("a")  # while it is inside
        assert door.inside == ["a", "c"]
        door._tasks["c"][1].set()
        await door.comes("d")
        await door.comes("e")
        first, second = door._tasks["d"], door._tasks["e"]
        first[1].set()
        second[0].cancel()  # in the same moment in which the place becomes its own
        await asyncio.gather(first[0], second[0], return_exceptions=True)

    _with(_Door({Work.SEARCH: Lane(1, 3, _LONG)}), visit)


# --- over HTTP -----------------------------------------------------------------------------------------------


def _addresses(app: Any) -> list[tuple[str, str]]:
    """Every address of the API and the pages, by method."""
    values = defaultdict(lambda: "1", slug="neural-networks", job_id="x")
    found = [
        (method.upper(), path.format_map(values))
        for path, methods in app.openapi()["paths"].items()
        for method in methods
    ]
    pages = ("/", "/teach", "/docs", "/c/neural-networks", "/c/neural-networks/terms", "/c/neural-networks/l/1")
    more = ("/c/neural-networks/d/x/1", "/c/neural-networks/v/x/1", "/courses/neural-networks", "/decks/1")
    found += [("GET", "/signin"), ("GET", "/signin/link/x"), ("GET", "/signin/provider"), ("POST", "/signout")]
    return found + [("GET", path) for path in pages + more]


def test_everything_but_health_takes_a_place_and_refusals_say_when_to_come_back(example_settings: Settings) -> None:
    app = create_app(example_settings)
    bodies = {
        "/api/answers": {"question": "dropout"},
        "/api/ingests": {"source": "https://example.org/x"},
        "/v1/chat/completions": {"messages": [{"role": "user", "content": "dropout"}]},
    }
    with TestClient(app, raise_server_exceptions=False) as client:
        until_ready(client)
        lane = {work: Lane(0, 0, 0.0) for work in Work}
        app.state.service.gate = Gate(lane, app.state.metrics)
        with app.state.service.library.database.writing() as connection:
            _, secret = create_key(connection, "me", [AccessScope.ADMIN])
        known = set(app.openapi()["paths"])
        assert {"/livez", "/readyz"} < known
        for method, path in _addresses(app):
            response = client.request(
                method, path, json=bodies.get(path), headers={"Authorization": f"Bearer {secret}"}
            )
            if path in ("/livez", "/readyz"):
                assert response.status_code == 200
            else:
                assert (method, path, response.status_code) == (method, path, 503)
                assert response.headers["retry-after"] == "1"
                assert response.json()["code"] == "overloaded"
        told = re.findall(r'lectures_limits_hit_total\{limit="places of .*"\} (\S+)', client.get("/metrics").text)
        assert sum(map(float, told)) == len(_addresses(app)) - 2
        assert client.get("/static/style.css").status_code == 200


def _routes(routes: Iterable[Any], above: frozenset[str] = frozenset()) -> Iterator[tuple[str, frozenset[str]]]:
    """Every route of an application, with the names of what it depends on."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield route.path, above | _needs(route.dependant)
        elif hasattr(route, "original_router"):
            given = frozenset(needed.dependency.__name__ for needed in route.include_context.dependencies)
            yield from _routes(route.original_router.routes, above | given)


def _needs(dependant: Any) -> frozenset[str]:
    names = {getattr(needed.call, "__name__", "") for needed in dependant.dependencies}
    return frozenset(names).union(*map(_needs, dependant.dependencies))


def test_no_route_is_forgotten(example_settings: Settings) -> None:
    takes_a_place = {
        "_reader",
        "_viewer",
        "_searcher",
        "_answerer",
        "_embedding",
        "_administrator",
        "_visitor",
        "_newcomer",
    }
    found = dict(_routes(create_app(example_settings).routes))
    assert len(found) > 50
    forgotten = {path for path, needs in found.items() if not needs & takes_a_place}
    assert forgotten == {"/livez", "/readyz", "/metrics"}


def test_health_is_told_while_more_searches_hang_than_there_are_threads(
    example_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()
    find = SearchIndex.find

    def held(index: SearchIndex, query: Any) -> Any:
        if query.text == "hold":
            release.wait(_LONG)
        return find(index, query)

    monkeypatch.setattr(SearchIndex, "find", held)
    with serve(example_settings) as url, httpx.Client(base_url=url, timeout=_LONG) as client:

        def ask(_: int) -> httpx.Response:
            return httpx.get(f"{url}/api/search", params={"q": "hold"}, timeout=_LONG)

        with ThreadPoolExecutor(60) as pool:
            asked = [pool.submit(ask, number) for number in range(60)]
            try:
                # eight are inside, the others are refused after half a second at the most
                until(lambda: sum(one.done() for one in asked) == 52)
                assert client.get("/readyz", timeout=5).json()["status"] == "ready"
                assert client.get("/api/courses", timeout=5).status_code == 200
            finally:
                release.set()
        statuses = [one.result().status_code for one in asked]
        assert (statuses.count(200), statuses.count(503)) == (8, 52)


def test_an_answer_keeps_its_place_to_the_end_of_its_stream_and_no_longer(example_settings: Settings) -> None:
    with model_server(hangs) as (model, _):
        settings = example_settings.model_copy(
            update={"max_concurrent_answers": 1, "llm_url": model, "llm_model": "stub", "llm_deadline_seconds": 1.0}
        )
        app = create_app(settings)
        with serve(settings, app) as url:
            asked = {"question": "что такое dropout?", "stream": True}
            with httpx.stream("POST", f"{url}/api/answers", json=asked) as response:
                assert next(response.iter_lines()) == "event: start"
                assert app.state.service.gate.lanes[Work.ANSWER].inside == 1
            until(lambda: app.state.service.gate.lanes[Work.ANSWER].inside == 0)


def test_who_reads_slowly_keeps_no_place(example_settings: Settings) -> None:
    app = create_app(example_settings)
    with serve(example_settings, app) as url:
        video = next(
            video["id"]
            for lecture in httpx.get(f"{url}/api/courses/neural-networks").json()["lectures"]
            for video in lecture["videos"]
            if httpx.get(f"{url}/api/videos/{video['id']}/file").status_code == 200
        )
        with httpx.stream("GET", f"{url}/api/videos/{video}/file") as response:
            assert response.status_code == 200
            assert app.state.service.gate.lanes[Work.LOOK].inside == 0
