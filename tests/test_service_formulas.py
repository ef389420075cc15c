"""Formulas and lines of code, as a model writes them, unchanged through every door that answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from model_stub import model_server, says
from starlette.testclient import TestClient
from support import run_async, serve
from test_service_markup import SIGNS

from service.app import create_app
from service.settings import Settings

_QUESTION = "что такое dropout?"
_REPLY = "\n".join(f"Строка {number}: {sign} [1]." for number, sign in enumerate(SIGNS))


@pytest.fixture(scope="module")
def writing(example_settings: Settings) -> Iterator[Settings]:
    """An installation whose model writes all of them."""
    with model_server(says(_REPLY)) as (address, _):
        yield example_settings.model_copy(update={"llm_url": address, "llm_model": "stub"})


def _lost(text: str) -> list[str]:
    return [sign for number, sign in enumerate(SIGNS) if f"Строка {number}: {sign}" not in text]


def test_they_pass_the_api_and_the_chat_whole_and_streamed(writing: Settings) -> None:
    with TestClient(create_app(writing)) as client:
        answer = client.post("/api/answers", json={"question": _QUESTION}).json()
        assert answer["mode"] == "generated"
        assert _lost("\n".join(sentence["text"] for sentence in answer["sentences"])) == []
        events = _events(client.post("/api/answers", json={"question": _QUESTION, "stream": True}).text)
        assert _lost("\n".join(event["text"] for event in events if "text" in event)) == []
        assert _lost("\n".join(sentence["text"] for sentence in events[-1]["sentences"])) == []
        chat: dict[str, Any] = {"model": "lectures", "messages": [{"role": "user", "content": _QUESTION}]}
        whole = client.post("/v1/chat/completions", json=chat).json()["choices"][0]["message"]["content"]
        chunks = _events(client.post("/v1/chat/completions", json={**chat, "stream": True}).text)
        assert _lost(whole) == []
        assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks) == whole


def test_they_pass_mcp(writing: Settings) -> None:
    async def use(address: str) -> dict[str, Any]:
        async with streamable_http_client(f"{address}/mcp/") as streams, ClientSession(*streams[:2]) as session:
            await session.initialize()
            result: Any = await session.call_tool("ask", {"question": _QUESTION})
            found: dict[str, Any] = result.structured_content
            return found

    with serve(writing) as address:
        answer = run_async(use(address))
    assert _lost("\n".join(sentence["text"] for sentence in answer["sentences"])) == []


def _events(stream: str) -> list[dict[str, Any]]:
    data = (line.removeprefix("data: ") for line in stream.splitlines() if line.startswith("data: {"))
    return [json.loads(line) for line in data]
