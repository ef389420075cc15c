"""The courses over MCP, as its own client sees them: over HTTP, and over standard input and output."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import sys
from collections.abc import Awaitable, Callable
from importlib.metadata import distribution, version
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from mcp import ClientSession, StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types import BlobResourceContents, TextResourceContents
from PIL import Image
from structlog.testing import LogCapture
from support import run_async, serve

from service import mcp
from service.mcp_tools import AskOut, SearchOut
from service.settings import Settings
from service.state import ServiceState

ROOT = Path(__file__).parents[1]
_QUESTION = "что такое ранняя остановка?"
_TOOLS = {"search", "fetch", "ask", "list_courses", "list_lectures"}


def _structured(result: Any) -> dict[str, Any]:
    """What a tool gave, the same as text and as structure."""
    assert not result.is_error, result
    found: dict[str, Any] = json.loads(result.content[0].text)
    assert result.structured_content == found
    return found


def _refusal(result: Any) -> str:
    assert result.is_error
    (said,) = result.content
    text: str = said.text
    return text


async def _use_tools(session: ClientSession) -> None:
    started = await session.initialize()
    assert (started.server_info.name, started.server_info.version) == ("lecture-search", version("lecture-search"))
    tools = {tool.name: tool for tool in (await session.list_tools()).tools}
    assert tools.keys() == _TOOLS
    assert all(tool.annotations and tool.annotations.read_only_hint and tool.output_schema for tool in tools.values())
    assert {name: tool.input_schema.get("required") for name, tool in tools.items()} == {
        "search": ["query"], "fetch": ["id"], "ask": ["question"], "list_courses": None, "list_lectures": ["course"],
    }  # fmt: skip
    found = _structured(await session.call_tool("search", {"query": "дропаут"}))
    first = found["results"][0]
    assert first.keys() == {"id", "title", "url", "kind", "snippet", "course", "lecture"}
    assert ("dropout" in first["title"].casefold(), first["course"]) == (True, "neural-networks")
    assert len({hit["id"] for hit in found["results"]}) == len(found["results"]) > 2
    assert "/c/neural-networks/d/slides/" in first["url"]
    whole = _structured(await session.call_tool("fetch", {"id": first["id"]}))
    assert (whole["id"], "dropout" in whole["text"].casefold()) == (first["id"], True)
    assert whole["metadata"]["deck"] == "slides/02_regularisation.pdf"
    answer = _structured(await session.call_tool("ask", {"question": _QUESTION}))
    assert answer["sentences"][0]["citations"] == [1]
    assert re.search(r"^http://.*/c/neural-networks/.*[?&]quote=~\d+[a-z2-7]{8}$", answer["citations"][0]["url"])
    missing = _refusal(await session.call_tool("fetch", {"id": "p_none"}))
    assert missing == "There is no passage 'p_none'; the tool search gives the ids of those there are."


async def _use_the_rest(session: ClientSession) -> None:
    await session.initialize()
    some = _structured(
        await session.call_tool(
            "search", {"query": "градиент", "course": "neural-networks", "kind": "segment", "limit": 1}
        )
    )
    assert [(hit["kind"], hit["course"]) for hit in some["results"]] == [("segment", "neural-networks")]
    spoken = _structured(await session.call_tool("fetch", {"id": some["results"][0]["id"]}))["metadata"]
    course = _structured(await session.call_tool("list_courses", {}))["courses"][0]
    assert (course["slug"], course["lectures"]) == ("neural-networks", 5)
    lectures = _structured(await session.call_tool("list_lectures", {"course": course["slug"]}))["lectures"]
    assert [lecture["position"] for lecture in lectures] == [1, 2, 3, 4, 5]
    assert lectures[1]["slides"][0]["path"] == "slides/02_regularisation.pdf"
    assert spoken["transcript"] in {video["transcript"] for lecture in lectures for video in lecture["videos"]}
    (said,) = (await session.read_resource(spoken["transcript"])).contents
    assert isinstance(said, TextResourceContents)
    assert (said.mime_type, said.text[:6]) == ("text/vtt", "WEBVTT")
    page = _structured(await session.call_tool("search", {"query": "dropout", "kind": "page"}))["results"][0]
    (text,) = (await session.read_resource(f"lectures://slides/{page['id']}/text")).contents
    assert isinstance(text, TextResourceContents)
    assert "dropout" in text.text.casefold()
    picture = _structured(await session.call_tool("fetch", {"id": page["id"]}))["metadata"]["picture"]
    (drawn,) = (await session.read_resource(picture)).contents
    assert isinstance(drawn, BlobResourceContents)
    with Image.open(io.BytesIO(base64.b64decode(drawn.blob))) as opened:
        assert (opened.format, opened.width, drawn.mime_type) == ("WEBP", 960, "image/webp")
    templates = {item.uri_template for item in (await session.list_resource_templates()).resource_templates}
    assert templates == {
        "lectures://slides/{id}/text", "lectures://slides/{id}/picture", "lectures://videos/{id}/transcript",
    }  # fmt: skip


_REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("search", {"query": " "}, "The query is empty; type a word or a question."),
    ("search", {"query": "x", "course": "nope"}, "There is no course 'nope'"),
    ("search", {"query": "x", "kind": "novel"}, "kind must be 'page', 'segment' or 'programme'."),
    ("search", {"query": "x", "limit": 1000}, "limit must be at most 50."),
    ("search", {}, "query is missing."),
    ("ask", {"question": ""}, "The query is empty; type a word or a question."),
    ("ask", {"question": "x", "course": "nope"}, "There is no course 'nope'"),
    ("list_lectures", {"course": "nope"}, "There is no course 'nope'"),
    ("dance", {}, "Unknown tool: dance"),
]


async def _be_refused(session: ClientSession) -> None:
    await session.initialize()
    for tool, arguments, said in _REFUSED:
        told = _refusal(await session.call_tool(tool, arguments))
        assert told.startswith(said), (tool, told)
        assert "Error executing" not in told
    page = _structured(await session.call_tool("search", {"query": "dropout", "kind": "segment"}))["results"][0]
    for uri, sentence in (
        (
            "lectures://slides/p_none/text",
            "There is no passage 'p_none'; the tool search gives the ids of those there are.",
        ),
        (
            f"lectures://slides/{page['id']}/picture",
            f"Passage {page['id']} is no slide; read lectures://slides/{page['id']}/text.",
        ),
        ("lectures://videos/999999/transcript", "There is no video 999999"),
        ("lectures://videos/..%2f..%2fetc/transcript", ""),
        (
            "lectures://nothing/1",
            "There is no resource 'lectures://nothing/1'; there are lectures://slides/{id}/text, ",
        ),
    ):
        with pytest.raises(MCPError) as refused:
            await session.read_resource(uri)
        assert refused.value.error.message.startswith(sentence), refused.value.error.message


def _over_http(address: str, use: Callable[[ClientSession], Awaitable[None]]) -> None:
    async def used() -> None:
        async with (
            streamable_http_client(f"{address}/mcp") as streams,
            ClientSession(streams[0], streams[1]) as session,
        ):
            await use(session)

    run_async(used())


def test_mcp_is_served_at_its_address_without_a_redirect(live: str) -> None:
    answered = [httpx.post(f"{live}{path}", json={"jsonrpc": "2.0"}).status_code for path in ("/mcp", "/mcp/")]
    assert answered[0] == answered[1] != 307


@pytest.mark.parametrize("use", [_use_tools, _use_the_rest, _be_refused])
def test_the_tools_over_http(live: str, use: Callable[[ClientSession], Awaitable[None]]) -> None:
    _over_http(live, use)


def test_the_tools_over_standard_input_and_output(example_settings: Settings, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "LECTURES_DATA_DIR": str(example_settings.data_dir),
        "LECTURES_LOG_LEVEL": "info",
        "COLUMNS": "200",
    }
    command = StdioServerParameters(command=sys.executable, args=["-m", "service.cli", "mcp"], env=environment)
    log = tmp_path / "stderr"

    async def use() -> None:
        with log.open("w") as errors:
            async with (
                stdio_client(command, errlog=errors) as streams,
                ClientSession(streams[0], streams[1]) as session,
            ):
                await _use_tools(session)
                for tool, arguments, _ in _REFUSED:
                    await session.call_tool(tool, arguments)

    run_async(use())
    lines = log.read_text().splitlines()
    assert lines
    for line in lines:
        assert json.loads(line)["event"], line  # every line is JSON, whatever was refused


def test_what_nobody_expected_is_logged_in_one_line_and_not_told(
    example_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    captured = LogCapture()
    monkeypatch.setattr(mcp, "_log", structlog.wrap_logger(structlog.PrintLogger(), processors=[captured]))

    def broken(*_: object) -> None:
        raise RuntimeError("the secret of the house")

    async def use(session: ClientSession) -> None:
        await session.initialize()
        told = _refusal(await session.call_tool("search", {"query": "dropout"}))
        assert told == "Something went wrong on our side; the log says what."

    with serve(example_settings) as address:
        monkeypatch.setattr(ServiceState, "find", broken)
        _over_http(address, use)
    (line,) = captured.entries
    assert (line["event"], line["what"], line["error"]) == ("mcp_failed", "the tool search", "RuntimeError")
    assert str(line["exc_info"]) == "the secret of the house"


def test_the_tools_describe_what_they_give() -> None:
    assert SearchOut.model_json_schema()["properties"].keys() == {"results", "coverage", "unknown_words"}
    assert AskOut.model_json_schema()["$defs"]["CitedOut"]["properties"]["url"]["type"] == "string"


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}])
def test_a_web_page_elsewhere_cannot_reach_the_tools(live: str, headers: dict[str, str]) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    accept = {"Accept": "application/json, text/event-stream"}
    assert httpx.post(f"{live}/mcp/", json=body, headers={**accept, **headers}).status_code in {403, 421}


def test_the_registry_is_told_what_there_is() -> None:
    told = json.loads((ROOT / "server.json").read_text("utf-8"))
    (package,) = told["packages"]
    assert told["version"] == package["version"] == version("lecture-search")
    assert 0 < len(told["description"]) <= 100
    assert f"mcp-name: {told['name']} " in (ROOT / "README.md").read_text("utf-8")
    scripts = {entry.name: entry.value for entry in distribution("lecture-search").entry_points}
    assert scripts[package["identifier"]] == scripts["lectures"]
    assert [argument["value"] for argument in package["packageArguments"]] == ["mcp"]
    assert {variable["name"].removeprefix("LECTURES_").lower() for variable in package["environmentVariables"]} <= set(
        Settings.model_fields
    )
