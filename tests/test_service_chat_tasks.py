"""Jobs of chat programs: told from questions by their shape, answered in the form they ask for, without a model."""

from __future__ import annotations

import json
from dataclasses import replace
from time import process_time
from typing import Any

import pytest
from model_stub import model_server, says
from starlette.testclient import TestClient

from service.answers.types import Turn
from service.app import create_app
from service.chat.conversation import Conversation, Message, read_conversation
from service.chat.tasks import TaskKind, read_task
from service.settings import Settings

_TALK = "<chat_history>\nUSER: что такое dropout?\nASSISTANT: Выключение нейронов: [1] и так далее.\n</chat_history>"


def _job(form: str, talk: str = _TALK) -> str:
    return f"### Task:\nDo something with the conversation below.\n### Output:\nJSON: {form}\n### Chat History:\n{talk}"


_TITLE = _job('{ "title": "a short one" }')
_TAGS = _job('{ "tags": ["one", "two"] }')
_FOLLOW_UPS = _job('{ "follow_ups": ["One?", "Two?"] }')
_QUERIES = _job(
    '{ "queries": ["one"] }, or { "queries": [] }',
    "<chat_history>\nUSER: что такое dropout?\nASSISTANT: Это способ.\nUSER: а зачем он нужен?\n</chat_history>",
)
_COMPLETION = (
    f'### Task:\nComplete `<text>`.\n{{ "text": "…" }}\n{_TALK}\n<type>General</type>\n<text>drop</text>\n#### Output:'
)
_BARE_TITLE = "Provide a concise title for this conversation, in its language.\n\nConversation:\nUser: что такое dropout?\nAI: Это способ."


def _asked(text: str) -> Conversation:
    return Conversation(text[:1000], text, (), 0)


@pytest.mark.parametrize(
    ("text", "kind", "as_json"),
    [
        (_TITLE, TaskKind.TITLE, True),
        (_TAGS, TaskKind.TAGS, True),
        (_FOLLOW_UPS, TaskKind.FOLLOW_UPS, True),
        (_QUERIES, TaskKind.QUERIES, True),
        (_COMPLETION, TaskKind.COMPLETION, True),
        (_BARE_TITLE, TaskKind.TITLE, False),
        (f'Придумай.\n{{"title": "…"}}\n{_TALK}', TaskKind.TITLE, True),
    ],
)
def test_a_job_is_known_by_its_shape(text: str, kind: TaskKind, as_json: bool) -> None:
    task = read_task(_asked(text))
    assert task is not None
    assert (task.kind, task.as_json) == (kind, as_json)
    assert next(turn.text for turn in task.talk if turn.role == "user") == "что такое dropout?"


@pytest.mark.parametrize(
    "text",
    [
        "что такое dropout?",
        'How do I write {"title": "x"} in JSON?',
        "What is the title of the paper on dropout?",
        "### Task 3\nProve that softmax sums to one.",
        "What does <chat_history> mean?",
        "In the dialogue below, who is right?\nUser: dropout drops units.\nAI: it drops weights.",
        "Give the title of the slide on early stopping for chat models",
        "Give the title of the paper on dialogue systems",
        "Give me the title of the slide about the chat model",
        "Дай название метода ранней остановки, как в диалоговых системах",
        "напиши название модели для диалога",
    ],
)
def test_what_a_person_asks_is_no_job(text: str) -> None:
    asked = _asked(text)
    assert read_task(asked) is None
    talk = (Turn("user", "что такое dropout?"), Turn("assistant", "Это способ."))
    assert read_task(replace(asked, history=talk)) is None


@pytest.mark.parametrize(
    "text",
    [
        "Provide a concise, 5-word-or-less title for the conversation, using title case conventions.",
        "Generate a short title that sums up our chat so far",
        "Придумай короткий заголовок для этого разговора",
        "Придумай название из трёх слов для нашей беседы",
        "дай название чата",
    ],
)
def test_a_title_of_the_conversation_is_a_job(text: str) -> None:
    talk = (Turn("user", "что такое dropout?"), Turn("assistant", "Это способ."))
    task = read_task(replace(_asked(text), history=talk))
    assert task is not None
    assert task.kind is TaskKind.TITLE


def _done(client: TestClient, text: str, **more: Any) -> str:
    body = {"model": "lectures", "messages": [{"role": "user", "content": text}], **more}
    response = client.post("/v1/chat/completions", json=body)
    assert response.status_code == 200, response.text
    said: str = response.json()["choices"][0]["message"]["content"]
    return said


def test_jobs_are_answered_from_the_lectures(client: TestClient) -> None:
    assert json.loads(_done(client, _TITLE)) == {"title": "Dropout"}
    assert _done(client, _BARE_TITLE) == "Dropout"
    assert "Переобучение и регуляризация" in json.loads(_done(client, _TAGS))["tags"]
    questions = json.loads(_done(client, _FOLLOW_UPS))["follow_ups"]
    assert 1 <= len(questions) <= 3
    for question in questions:
        assert "«Dropout»" not in question
        answer = client.post("/api/answers", json={"question": question}).json()
        assert answer["coverage"] == "explained", question
    queries = json.loads(_done(client, _QUERIES))["queries"]
    assert len(queries) == 1
    assert "dropout" in queries[0]
    assert json.loads(_done(client, _COMPLETION))["text"].startswith("out")


def test_of_what_no_lecture_speaks_the_question_is_the_title(client: TestClient) -> None:
    talk = "<chat_history>\nUSER: как приготовить борщ?\nASSISTANT: В курсе этого нет.\n</chat_history>"
    assert json.loads(_done(client, _job('{"title": "x"}', talk))) == {"title": "как приготовить борщ"}
    assert json.loads(_done(client, _job('{"tags": ["x"]}', talk))) == {"tags": ["General"]}
    empty = "<chat_history>\n\n</chat_history>"
    assert json.loads(_done(client, _job('{"title": "x"}', empty))) == {"title": "Lectures"}
    assert json.loads(_done(client, _job('{"follow_ups": ["x"]}', empty))) == {"follow_ups": []}
    assert json.loads(_done(client, _job('{"queries": ["x"]}', empty))) == {"queries": []}


def test_a_title_may_be_asked_for_at_the_end_of_a_conversation(client: TestClient) -> None:
    talk = [
        {"role": "user", "content": "что такое dropout?"},
        {"role": "assistant", "content": "Это способ."},
        {"role": "user", "content": "Please generate a title of four words that sums up our conversation."},
    ]
    body = {"model": "lectures", "messages": talk}
    said = client.post("/v1/chat/completions", json=body).json()["choices"][0]["message"]
    assert (said["content"], said["annotations"]) == ("Dropout", [])


def test_jobs_call_no_model_and_stream_too(example_settings: Settings) -> None:
    with model_server(says("Dropout [1].")) as (address, seen):
        settings = example_settings.model_copy(update={"llm_url": address, "llm_model": "stub"})
        with TestClient(create_app(settings)) as client:
            for job in (_TITLE, _TAGS, _FOLLOW_UPS, _QUERIES, _COMPLETION, _BARE_TITLE):
                _done(client, job)
            body = {"model": "lectures", "messages": [{"role": "user", "content": _TITLE}], "stream": True}
            assert '{\\"title\\": \\"Dropout\\"}' in client.post("/v1/chat/completions", json=body).text
    assert seen == []


@pytest.mark.parametrize(
    "text", ["<chat_history>" * 5_000, "- " + "[1] " * 5_000, "- [1] [" + "](x" * 5_000, "User:" * 5_000]
)
def test_a_message_without_end_is_read_in_a_moment(text: str) -> None:
    started = process_time()
    read_task(read_conversation([Message(role="assistant", content=text), Message(role="user", content=text)]))
    assert process_time() - started < 10
