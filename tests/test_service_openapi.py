"""The description of the API says what is true, once, in the words that generated clients need."""

from __future__ import annotations

import asyncio
import http.client
from typing import Any

import pytest
from starlette.testclient import TestClient
from support import run_async

from service.app import create_app
from service.methods import HeadAnswered
from service.settings import Settings

_METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture(scope="module")
def document(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def _operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(method, path, said) for path, methods in document["paths"].items() for method, said in methods.items()]


def test_problems_have_one_shape_that_is_named_once(document: dict[str, Any]) -> None:
    shape = document["components"]["schemas"]["ProblemOut"]
    assert shape["required"] == ["type", "title", "status", "detail", "code"]
    reference = {"schema": {"$ref": "#/components/schemas/ProblemOut"}}
    for _, path, said in _operations(document):
        refusals = {status: body for status, body in said["responses"].items() if status[0] in "45"}
        assert refusals, path
        for status, body in refusals.items():
            if path.startswith("/v1") or status == "416":
                continue
            assert body["content"]["application/problem+json"] == reference, (path, status)
            assert path.endswith(".webp") or len(body["content"]) == 1, (path, status)


def test_every_operation_has_a_short_name_a_tag_that_is_described_and_a_summary(document: dict[str, Any]) -> None:
    operations = _operations(document)
    names = [said["operationId"] for _, _, said in operations]
    assert sorted(set(names)) == sorted(names)
    assert all(name.isidentifier() and len(name) < 25 for name in names)
    described = {tag["name"] for tag in document["tags"]}
    for _, path, said in operations:
        assert set(said["tags"]) <= described, path
        assert said["description"], path


def test_every_answer_says_what_it_holds(document: dict[str, Any]) -> None:
    for method, path, said in _operations(document):
        for status, body in said["responses"].items():
            if status != "204":
                assert body["content"], (method, path, status)
                assert all("schema" in content for content in body["content"].values()), (method, path, status)
    assert set(document["paths"]["/api/decks/{deck_id}/file.pdf"]["get"]["responses"]["200"]["content"]) == {
        "application/pdf"
    }
    assert set(document["paths"]["/api/answers"]["post"]["responses"]["200"]["content"]) == {
        "application/json",
        "text/event-stream",
    }


def test_a_key_is_described_as_needed_exactly_where_it_is(document: dict[str, Any], client: TestClient) -> None:
    assert set(document["components"]["securitySchemes"]) == {"bearer", "header"}
    for method, path, said in _operations(document):
        needed = {} not in said.get("security", document["security"]) and said.get("security") != []
        concrete = path
        for name in ("slug", "job_id", "deck_id", "lecture_id", "video_id", "page_number", "model_id", "model"):
            concrete = concrete.replace(f"{{{name}}}", "1")
        body = {"question": "x", "source": "x", "model": "x", "messages": [{"role": "user", "content": "x"}]}
        answered = client.request(method, concrete, json=body if method == "post" else None)
        assert (answered.status_code == 401) == needed, (method, path)


def test_a_query_is_required_and_not_empty(document: dict[str, Any], client: TestClient) -> None:
    for path in ("/api/search", "/api/suggest"):
        query = next(p for p in document["paths"][path]["get"]["parameters"] if p["name"] == "q")
        assert (query["required"], query["schema"]["minLength"], query["schema"]["maxLength"]) == (True, 1, 1000)
        assert query["examples"]["term"]["value"] == "dropout"
        for given in ("", " \u200b\n"):
            refused = client.get(path, params={"q": given})
            assert (refused.status_code, refused.json()["detail"]) == (
                422,
                "The query is empty; type a word or a question.",
            )
        assert client.get(path).json()["detail"] == "q is missing."
    question = document["components"]["schemas"]["QuestionIn"]["properties"]["question"]
    assert (question["minLength"], question["maxLength"]) == (1, 1000)


def test_head_answers_as_get_does_without_a_body(document: dict[str, Any], client: TestClient) -> None:
    paths = [path for method, path, _ in _operations(document) if method == "get" and "{" not in path]
    for path in [*paths, "/", "/docs", "/static/app.js", "/metrics", "/api/decks/1/file.pdf", "/api/courses/nope"]:
        query = {"q": "dropout"} if path in {"/api/search", "/api/suggest", "/"} else {}
        got, head = client.get(path, params=query), client.head(path, params=query)
        assert head.content == b"", path
        assert head.status_code == got.status_code, path
        assert head.headers["content-type"] == got.headers["content-type"], path
        if path not in {"/metrics", "/api/search", "/"}:  # where the times that they hold may have another length
            assert head.headers.get("content-length") == got.headers.get("content-length"), path


@pytest.mark.parametrize("path", ["/livez", "/", "/static/app.js", "/api/export/neural-networks"])
def test_a_connection_goes_on_after_a_head(live: str, path: str) -> None:
    """The server itself counts what it was promised: a body that does not come would end the connection."""
    connection = http.client.HTTPConnection(live.removeprefix("http://"), timeout=20)
    for method in ("HEAD", "HEAD", "GET"):
        connection.request(method, path)
        answer = connection.getresponse()
        assert answer.status == 200
        assert (answer.read() == b"") == (method == "HEAD")
        assert not answer.will_close, method
    connection.close()


def test_a_head_of_what_goes_on_ends() -> None:
    """Events are sent until something is over; asked for their head alone nothing waits for that."""

    async def endless(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while True:
            await send({"type": "http.response.body", "body": b"data: x\n\n", "more_body": True})
            await asyncio.sleep(0.001)

    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    scope: dict[str, Any] = {"type": "http", "method": "HEAD"}
    run_async(asyncio.wait_for(HeadAnswered(endless)(scope, receive, send), 10))
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[1] == {"type": "http.response.body", "body": b""}
    assert scope["method"] == "HEAD"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/api/courses/neural-networks", "GET, DELETE, HEAD"),
        ("GET", "/api/answers", "POST"),
        ("HEAD", "/api/answers", "POST"),
        ("PATCH", "/api/ingests", "GET, POST, HEAD"),
        ("POST", "/livez", "GET, HEAD"),
        ("DELETE", "/", "GET, HEAD"),
    ],
)
def test_a_refused_method_is_told_all_that_are_allowed(
    client: TestClient, method: str, path: str, allowed: str
) -> None:
    refused = client.request(method, path)
    assert (refused.status_code, refused.headers["allow"]) == (405, allowed)


def test_the_description_is_made_without_an_installation() -> None:
    document = create_app(Settings(embedder="none")).openapi()
    assert document["info"]["license"] == {"name": "MIT", "identifier": "MIT"}
