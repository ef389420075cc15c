"""What a request has wrong → a sentence that says what to send instead."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from service.validation import sentence_of


def _said(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["detail"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("cource=x", "There is no parameter 'cource'; did you mean 'course'?"),
        ("limits=3", "There is no parameter 'limits'; did you mean 'limit'?"),
        ("utm_source=mail", "There is no parameter 'utm_source'; there are q, course, lecture, kind, mode, limit, "),
        ("limit=99", "limit must be at most 50."),
        ("limit=many", "limit must be a whole number."),
        ("mode=fast", "mode must be 'hybrid', 'lexical' or 'semantic'."),
        ("kind=page,novel", "kind: there is no kind 'novel'; there are page, segment, programme."),
    ],
)
def test_a_wrong_parameter_is_named_with_what_would_be_right(client: TestClient, query: str, said: str) -> None:
    status, detail = _said(client.get(f"/api/search?q=dropout&{query}"))
    assert status == 422
    assert detail.startswith(said)


def test_a_route_without_parameters_says_so_and_files_take_any(client: TestClient) -> None:
    assert _said(client.get("/api/courses?page=2")) == (422, "There is no parameter 'page'; there are none here.")
    assert client.get("/api/decks/1/file.pdf?utm_source=mail").status_code == 200  # a link that somebody was sent


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (
            {"content": '{"model": "lectures"}', "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
            "The body is read as JSON only with the header Content-Type: application/json; "
            "it came as 'application/x-www-form-urlencoded'.",
        ),
        ({"content": "{bad", "headers": {"Content-Type": "application/json"}}, "The body is no JSON: Expecting"),
        ({"json": 5}, "The body must be a JSON object."),
        ({}, "The request has no body; send a JSON object with the header Content-Type: application/json."),
        ({"json": {"messages": []}}, "messages must have at least 1."),
        ({"json": {"messages": [{"content": "x"}]}}, "messages.0.role is missing."),
        (
            {"json": {"messages": [{"role": "robot", "content": "x"}]}},
            "messages.0.role must be 'user', 'assistant', 'system', 'developer', 'tool' or 'function'.",
        ),
        (
            {"json": {"messages": [{"role": "user", "content": 5}]}},
            "messages.0.content: what a message says is a text or a list of parts.",
        ),
    ],
)
def test_a_body_that_cannot_be_read_says_how_to_send_it(client: TestClient, sent: dict[str, Any], said: str) -> None:
    response = client.post("/v1/chat/completions", **sent)
    assert response.status_code == 422
    assert response.json()["detail"].startswith(said)
    assert response.json()["error"]["message"] == response.json()["detail"]


def test_a_field_that_is_not_there_is_refused(client: TestClient) -> None:
    asked = {"question": "what is dropout?", "curse": "x"}
    said = "curse is no field of this request; /docs lists those there are."
    assert _said(client.post("/api/answers", json=asked)) == (422, said)


def test_what_has_no_sentence_of_ours_keeps_that_of_the_library() -> None:
    error = {"type": "odd_thing", "msg": "Input should be odd"}
    assert sentence_of(error, "limit") == "limit: Input should be odd."


def test_a_lecture_that_is_not_there_is_told(client: TestClient) -> None:
    told = _said(client.get("/api/search?q=dropout&lecture=99999"))
    assert told == (404, "There is no lecture 99999; its course lists those there are.")
    assert client.get("/api/search?q=dropout&lecture=1&course=nope").status_code == 404


def test_a_word_that_the_course_knows_is_not_unknown_in_one_of_its_lectures(client: TestClient) -> None:
    lectures = client.get("/api/courses/neural-networks").json()["lectures"]
    unknown = {
        lecture["id"]: client.get(f"/api/search?q=dropout+qwertzuiop&lecture={lecture['id']}").json()["unknown_words"]
        for lecture in lectures
    }
    assert set(map(tuple, unknown.values())) == {("qwertzuiop",)}
    kinds = client.get("/api/search?q=dropout+qwertzuiop&kind=programme").json()["unknown_words"]
    assert kinds == ["qwertzuiop"]
