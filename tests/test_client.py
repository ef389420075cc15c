"""The client, a distribution of its own: all that the API describes, its errors, its patience, its retrievers."""

from __future__ import annotations

import datetime as dt
import inspect
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from support import run_async, serve

import make_shapes
from lecture_search_client import (
    ApiError,
    AsyncLectures,
    Gone,
    InvalidRequest,
    KeyNeeded,
    Lectures,
    NotAllowed,
    NotFound,
    TooLarge,
    TooOften,
    Unavailable,
    Unreachable,
    calls,
)
from lecture_search_client.errors import seconds_of
from lecture_search_client.retrying import Retrying
from lecture_search_client.shapes import AnswerOut, PageLocatorOut, SentenceOut
from service.app import create_app
from service.settings import Settings

CLIENT = Path(__file__).parents[1] / "clients" / "python"
_QUESTION = "что такое ранняя остановка?"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return create_app(Settings(embedder="none")).openapi()


# --- it cannot fall behind --------------------------------------------------------------------------------------


def test_the_shapes_are_those_that_the_service_describes(document: dict[str, Any]) -> None:
    assert make_shapes.shapes_of(document) == make_shapes.TARGET.read_text("utf-8"), (
        "run: python clients/python/make_shapes.py"
    )


def _methods() -> dict[str, Callable[..., Any]]:
    """The functions that stand for routes."""
    return {
        name: function
        for name, function in inspect.getmembers(calls, inspect.isfunction)
        if function.__module__ == calls.__name__ and not name.startswith("_")
    }


def _full_arguments(function: Callable[..., Any]) -> dict[str, Any]:
    """An argument for each parameter."""
    known = {
        "kinds": ["page"],
        "kind": "page",
        "mode": "lexical",
        "languages": ["ru"],
        "history": [{"role": "user", "content": "x"}],
    }
    found = {}
    for name, parameter in inspect.signature(function).parameters.items():
        said = str(parameter.annotation)
        found[name] = known.get(name, True if said == "bool" else 1 if "int" in said or "float" in said else "x")
    return found


def _asked() -> list[calls.Call[Any]]:
    made = [function(**_full_arguments(function)) for function in _methods().values()]
    return [one.call if isinstance(one, calls.Stream) else one for one in made]


def _operation(document: dict[str, Any], call: calls.Call[Any]) -> tuple[str, str]:
    for path in document["paths"]:
        if (
            re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), call.path)
            and call.method.lower() in document["paths"][path]
        ):
            return call.method.lower(), path
    raise AssertionError(f"{call.method} {call.path} is not described")


def test_every_operation_has_a_method_with_all_its_parameters(document: dict[str, Any]) -> None:
    described = {
        (method, path): said
        for path, methods in document["paths"].items()
        for method, said in methods.items()
        if not path.startswith("/v1/")  # OpenAI's clients are for those
    }
    reached = set()
    for call in _asked():
        operation = _operation(document, call)
        reached.add(operation)
        said = described[operation]
        parameters = said.get("parameters", [])
        assert set(call.query) == {one["name"] for one in parameters if one["in"] == "query"}, operation
        headers = {one["name"].lower() for one in parameters if one["in"] == "header"}
        assert headers <= {name.lower() for name in call.headers}, operation
        if "requestBody" in said:
            reference = said["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
            assert set(call.body or ()) == set(document["components"]["schemas"][reference]["properties"]), operation
    assert reached == set(described)


def test_both_clients_have_every_method_with_its_text() -> None:
    for client in (Lectures(), AsyncLectures()):
        for name, function in _methods().items():
            method = getattr(client, name)
            assert inspect.signature(method) == inspect.signature(function)
            assert method.__doc__ == getattr(type(client), name).__doc__ == function.__doc__


def test_the_client_is_light_and_its_own_distribution() -> None:
    project = tomllib.loads((CLIENT / "pyproject.toml").read_text("utf-8"))["project"]
    assert [re.match(r"[\w-]+", name)[0] for name in project["dependencies"]] == ["httpx", "pydantic"]  # type: ignore[index]
    program = (
        "import sys, lecture_search_client;"
        "print(sorted({'service', 'index', 'numpy', 'fastapi', 'sqlalchemy', 'langchain_core'} & set(sys.modules)))"
    )
    environment = {"PYTHONPATH": str(CLIENT), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment, cwd=CLIENT
    )
    assert done.stdout.strip() == "[]"


def test_the_readme_of_the_client_names_every_method() -> None:
    readme = (CLIENT / "README.md").read_text("utf-8")
    assert {name for name in _methods() if f"`{name}`" not in readme} == set()


# --- against the service ----------------------------------------------------------------------------------------


def test_all_that_needs_no_key_is_read_from_the_service(live: str) -> None:
    with Lectures(live) as lectures:
        assert [course.slug for course in lectures.courses()] == ["neural-networks"]
        found = lectures.search("дропаут", kinds=["page"], limit=1, explain=True, text=True)
        for same in (
            lectures.search("дропаут", kind="page", limit=1),
            lectures.search("дропаут", kinds="page", limit=1),
        ):
            assert [hit.id for hit in same.hits] == [hit.id for hit in found.hits]
        assert (found.rewrites[0].from_, found.rewrites[0].to) == ("дропаут", "dropout")
        hit = found.hits[0]
        assert hit.text is not None
        assert hit.text.startswith("Dropout")
        assert lectures.link(hit.url).startswith(f"{live}/c/neural-networks/d/")
        assert isinstance(hit.locator, PageLocatorOut)
        deck = lectures.deck(hit.locator.deck_id)
        assert deck.pages[hit.locator.page_number - 1].title == hit.title
        assert lectures.deck_file(deck.id) == lectures.deck_original(deck.id)
        assert lectures.page_picture(deck.id, 1, width=240)[8:12] == b"WEBP"
        course = lectures.course("neural-networks")
        lecture = lectures.lecture(course.lectures[0].id)
        video = lecture.videos[0]
        assert lectures.captions(video.id).startswith("WEBVTT")
        assert lectures.video_file(video.id, last_byte=3) == b"\x1aE\xdf\xa3"
        assert lectures.timeline(lecture.id, min_confidence=0).videos[0].video == video.video
        assert "expected calibration error" in {term.text for term in lectures.terms("neural-networks").terms}
        assert lectures.suggest("drop").suggestions[0].text.casefold().startswith("drop")
        assert lectures.alive() == {"status": "alive"}
        assert lectures.ready().passages == 62
        with pytest.raises(NotFound, match="no course 'nope'") as refused:
            lectures.search("x", course="nope")
        assert (refused.value.status, refused.value.code) == (404, "not_found")
        with pytest.raises(KeyNeeded):
            lectures.missed_searches()


def test_an_answer_and_its_stream_say_the_same(live: str) -> None:
    with Lectures(live) as lectures:
        whole = lectures.ask(_QUESTION, course="neural-networks")
        events = list(lectures.stream(_QUESTION))
        assert [type(event) for event in events] == [SentenceOut] * len(whole.sentences) + [AnswerOut]
        assert [event.text for event in events if isinstance(event, SentenceOut)] == [s.text for s in whole.sentences]
        with pytest.raises(InvalidRequest, match="empty"):
            list(lectures.stream(" "))


def test_the_async_client_does_the_same(live: str) -> None:
    async def use() -> None:
        async with AsyncLectures(live) as lectures:
            assert [course.slug for course in await lectures.courses()] == ["neural-networks"]
            whole = await lectures.ask(_QUESTION)
            events = [event async for event in lectures.stream(_QUESTION)]
            assert isinstance(events[-1], AnswerOut)
            assert events[-1].sentences == whole.sentences
            with pytest.raises(InvalidRequest):
                await lectures.ask("x" * 100_000)
            with pytest.raises(InvalidRequest):
                _ = [event async for event in lectures.stream(" ")]

    run_async(use())


def test_ingests_are_ordered_watched_and_cancelled(tmp_path: Path) -> None:
    from index.library import Library  # noqa: PLC0415
    from index.store.keys import create_key  # noqa: PLC0415
    from index.types import AccessScope  # noqa: PLC0415

    settings = Settings(data_dir=tmp_path / "data", embedder="none")
    library = Library(settings.resolved_database_url, settings.data_dir)
    library.database.migrate()
    with library.database.writing() as connection:
        _, secret = create_key(connection, "admin", [AccessScope.ADMIN])
    library.close()
    with serve(settings) as url, Lectures(url, secret) as lectures:
        job = lectures.ingest("https://courses.example.org/x.git", course="x", idempotency_key="once").id
        assert lectures.ingest("https://courses.example.org/x.git", course="x", idempotency_key="once").id == job
        assert [found.id for found in lectures.ingests()] == [job]
        states = []
        for found in lectures.watch(job):
            states.append(found.state)
            if found.state == "queued":
                assert lectures.cancel(job).state == "cancelled"
        assert states == ["queued", "cancelled"]
        assert lectures.ingest_state(job).state == "cancelled"
        assert lectures.missed_searches() == []
        with pytest.raises(NotFound):
            lectures.remove("../livez")


# --- errors and patience ----------------------------------------------------------------------------------------


class _Service:
    """Answers as it is told, one after the other; remembers what it was asked and how long the client slept."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.slept: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.method} {request.url.path}")
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def client(self, **options: Any) -> Lectures:
        return Lectures(transport=httpx.MockTransport(self), sleep=self.slept.append, **options)

    def async_client(self) -> AsyncLectures:
        async def sleep(seconds: float) -> None:
            self.slept.append(seconds)

        return AsyncLectures(transport=httpx.MockTransport(self), sleep=sleep)


def _refusal(status: int, retry_after: str | None = None) -> httpx.Response:
    body = {"type": "urn:x", "title": "x", "status": status, "detail": f"Refused {status}.", "code": "some_code"}
    return httpx.Response(status, json=body, headers={"Retry-After": retry_after} if retry_after else {})


def _courses() -> httpx.Response:
    return httpx.Response(200, json=[])


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidRequest), (401, KeyNeeded), (403, NotAllowed), (404, NotFound), (410, Gone), (413, TooLarge),
        (414, TooLarge), (422, InvalidRequest), (429, TooOften), (503, Unavailable), (500, ApiError), (418, ApiError),
    ],
)  # fmt: skip
def test_every_refusal_is_an_error_of_its_kind(status: int, kind: type[ApiError]) -> None:
    with pytest.raises(ApiError, match=f"Refused {status}") as refused:
        _Service(_refusal(status)).client(retrying=Retrying(0)).courses()
    assert type(refused.value) is kind
    assert (refused.value.status, refused.value.code) == (status, "some_code")


def test_what_is_no_answer_of_ours_is_an_error_too() -> None:
    with pytest.raises(ApiError, match="status 502") as refused:
        _Service(httpx.Response(502, text="<html>Bad gateway")).client().courses()
    assert refused.value.code == "http_error"
    for body in ("{", '{"slug": 1}', '[{"slug": 1}]', "<html>"):
        with pytest.raises(ApiError) as refused:
            _Service(httpx.Response(200, text=body)).client().courses()
        assert refused.value.code == "unexpected_answer"
    with Lectures("http://127.0.0.1:9", retrying=Retrying(0)) as nobody, pytest.raises(Unreachable):
        nobody.courses()


def test_fields_and_words_that_are_newer_than_the_client_are_no_error() -> None:
    body = {"status": "ready", "degraded": [], "generation": 1, "passages": 2, "embedder": "x", "new": {"field": 1}}
    assert _Service(httpx.Response(200, json=body)).client().ready().passages == 2
    job: dict[str, Any] = {"id": "j", "source": "x", "state": "resting", "attempts": 0, "progress": None}
    job |= {"report": None, "problem": None, "created_at": "", "updated_at": ""}
    assert _Service(httpx.Response(200, json=job)).client().ingest_state("j").state == "resting"


def test_a_call_is_repeated_after_the_pause_that_the_service_asks_for() -> None:
    service = _Service(_refusal(503, "7"), _refusal(429, "2"), _courses())
    assert service.client().courses() == []
    assert service.slept == [7.0, 2.0]


def test_the_async_client_waits_as_well() -> None:
    service = _Service(_refusal(503, "7"), httpx.ConnectError("x"), _courses())
    assert run_async(service.async_client().courses()) == []
    assert service.slept[0] == 7.0
    assert 0 < service.slept[1] <= 1


def test_it_gives_up_after_some_tries_or_before_a_long_pause() -> None:
    service = _Service(*[_refusal(503, "1")] * 9)
    with pytest.raises(Unavailable):
        service.client().courses()
    assert len(service.asked) == 3
    service = _Service(_refusal(429, "3600"))
    with pytest.raises(TooOften) as refused:
        service.client().courses()
    assert (refused.value.retry_after_seconds, service.slept) == (3600.0, [])


def test_only_what_is_safe_is_asked_twice() -> None:
    def tries(call: Callable[[Lectures], object], failure: httpx.Response | Exception) -> int:
        service = _Service(*[failure] * 3)
        with pytest.raises(ApiError):
            call(service.client())
        return len(service.asked)

    def remove(lectures: Lectures) -> object:
        return lectures.remove("x")

    def order(lectures: Lectures) -> object:
        return lectures.ingest("x")

    def order_once(lectures: Lectures) -> object:
        return lectures.ingest("x", idempotency_key="k")

    def ask(lectures: Lectures) -> object:
        return lectures.ask("x")

    busy, often, broken = _refusal(503), _refusal(429, "1"), httpx.ReadError("x")
    assert [tries(call, busy) for call in (remove, order, order_once, ask)] == [1, 1, 3, 3]
    assert [tries(call, broken) for call in (remove, order, order_once, ask)] == [1, 1, 3, 3]
    assert [tries(call, often) for call in (remove, order, order_once, ask)] == [3, 3, 3, 3]
    assert [tries(call, httpx.ConnectError("x")) for call in (remove, order)] == [3, 3]
    assert tries(ask, httpx.ReadTimeout("x")) == 1
    assert tries(ask, _refusal(500)) == 1


def test_a_date_is_a_pause_too() -> None:
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=90)
    assert 80 < (seconds_of(format_datetime(soon, usegmt=True)) or 0) <= 90
    assert seconds_of("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0
    assert [seconds_of(odd) for odd in ("", "soon", "-5", "1.5", "٣")] == [None] * 5


def _events(*said: tuple[str, object]) -> httpx.Response:
    text = "".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in said)
    return httpx.Response(200, text=text, headers={"Content-Type": "text/event-stream"})


def test_a_stream_that_breaks_off_is_said_and_not_begun_again() -> None:
    sentence = ("sentence", {"text": "a", "citations": []})

    class Cut(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            yield f"event: sentence\ndata: {json.dumps(sentence[1])}\n\n".encode()
            raise httpx.ReadError("cut")

    for answer in (_events(sentence), httpx.Response(200, stream=Cut())):
        service = _Service(answer)
        got: list[object] = []
        with pytest.raises(Unreachable, match="broke off"):
            got.extend(service.client().stream("x"))
        assert len(service.asked) == 1
    service = _Service(_refusal(503, "4"), _refusal(422))
    with pytest.raises(InvalidRequest):
        list(service.client().stream("x"))
    assert service.slept == [4.0]


def test_a_problem_within_the_events_of_an_ingest_is_raised() -> None:
    service = _Service(_events(("problem", {"detail": "There is no job 'j'.", "code": "not_found"})))
    with pytest.raises(ApiError, match="no job") as refused:
        list(service.client().watch("j"))
    assert refused.value.code == "not_found"


def test_a_name_stays_one_part_of_its_path() -> None:
    paths = [calls.course(name).path for name in ("a/b", "..", "a?b#c", "é")]
    assert paths == ["/api/courses/a%2Fb", "/api/courses/%2E%2E", "/api/courses/a%3Fb%23c", "/api/courses/%C3%A9"]


@pytest.mark.parametrize("client", [Lectures, AsyncLectures])
def test_links_keep_the_path_that_the_service_is_reached_under(client: type[Lectures] | type[AsyncLectures]) -> None:
    place = "/c/nn/d/deck.pdf/3?q=a%20b#x"
    for base in ("https://x.example", "https://x.example/"):
        assert client(base).link(place) == f"https://x.example{place}"
    for base in ("https://x.example/lectures", "https://x.example/lectures/"):
        assert client(base).link(place) == f"https://x.example/lectures{place}"
        assert client(base).link("https://y.example/c/nn") == "https://y.example/c/nn"


# --- retrievers -------------------------------------------------------------------------------------------------


def test_langchain_retrieves_passages(live: str) -> None:
    from lecture_search_client.langchain import LecturesRetriever  # noqa: PLC0415

    retriever = LecturesRetriever(url=live, course="neural-networks", kinds=["page"], limit=2)
    found = retriever.invoke("дропаут")
    assert len(found) == 2
    assert found[0].page_content.startswith("Dropout")
    assert found[0].metadata["source"].startswith(f"{live}/c/neural-networks/d/slides/02_regularisation.pdf/")
    assert (found[0].metadata["page_number"], found[0].metadata["lecture_position"]) == (7, 2)
    assert run_async(retriever.ainvoke("дропаут")) == found


def test_retrievers_do_not_show_their_key() -> None:
    from langchain_core.load import dumpd  # noqa: PLC0415

    from lecture_search_client import langchain, llama_index  # noqa: PLC0415

    shown = langchain.LecturesRetriever(key="lk_canary")
    for text in (repr(shown), str(shown), str(dumpd(shown)), shown.model_dump_json()):
        assert "canary" not in text
    assert "canary" not in repr(llama_index.LecturesRetriever(key="lk_canary"))


def test_a_retriever_asks_with_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    from lecture_search_client import langchain  # noqa: PLC0415

    asked: list[str] = []

    def refuse(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers["authorization"])
        return _refusal(422)

    def opened(kind: type[Any], transport: httpx.MockTransport) -> Callable[[str, str | None], Any]:
        return lambda url, key: kind(url, key, transport=transport)

    monkeypatch.setattr(langchain, "Lectures", opened(Lectures, httpx.MockTransport(refuse)))
    monkeypatch.setattr(langchain, "AsyncLectures", opened(AsyncLectures, httpx.MockTransport(refuse)))
    retriever = langchain.LecturesRetriever(key="lk_canary")
    with pytest.raises(InvalidRequest):
        retriever.invoke("dropout")
    with pytest.raises(InvalidRequest):
        run_async(retriever.ainvoke("dropout"))
    assert asked == ["Bearer lk_canary"] * 2


def test_llama_index_retrieves_passages(live: str) -> None:
    from lecture_search_client.llama_index import LecturesRetriever  # noqa: PLC0415

    retriever = LecturesRetriever(live, course="neural-networks", limit=2)
    found = retriever.retrieve("дропаут")
    assert found[0].node.get_content().startswith("Dropout")
    assert found[0].score > found[1].score
    assert found[0].node.metadata["deck"] == "slides/02_regularisation.pdf"
    assert [node.node_id for node in run_async(retriever.aretrieve("дропаут"))] == [node.node_id for node in found]
