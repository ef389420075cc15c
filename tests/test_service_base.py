"""Links lead to where the service is reached: by the setting, by an allowed Host header, or by the connection."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from service.app import create_app
from service.base import base_of
from service.settings import Settings


def _scope(host: str | None, server: tuple[str, int | None] | None = ("10.0.0.5", 8301), scheme: str = "http") -> Any:
    headers = [] if host is None else [(b"host", host.encode("latin-1"))]
    return {"type": "http", "scheme": scheme, "server": server, "headers": headers}


@pytest.mark.parametrize(
    ("host", "base"),
    [
        ("127.0.0.1:8301", "http://127.0.0.1:8301"),
        ("localhost", "http://localhost"),
        ("[::1]:8301", "http://[::1]:8301"),
        ("lectures.example.org", "http://lectures.example.org"),
        ("lectures.example.org:81", "http://10.0.0.5:8301"),  # allowed without a port only
        ("evil.example", "http://10.0.0.5:8301"),
        ("localhost:8301@evil.example", "http://10.0.0.5:8301"),
        ("localhost:evil", "http://10.0.0.5:8301"),
        ("localhost:1/../x", "http://10.0.0.5:8301"),
        ("localhost.evil.example", "http://10.0.0.5:8301"),
        ("localhost:123456", "http://10.0.0.5:8301"),
        ("", "http://10.0.0.5:8301"),
        (None, "http://10.0.0.5:8301"),
    ],
)
def test_only_allowed_hosts_are_believed(host: str | None, base: str) -> None:
    settings = Settings(allowed_hosts="127.0.0.1:*, localhost:*, [::1]:*, lectures.example.org")
    assert base_of(_scope(host), settings) == base


def test_the_setting_counts_before_all_else() -> None:
    settings = Settings(public_url="https://lectures.example.org/search/")
    assert base_of(_scope("127.0.0.1:8301"), settings) == "https://lectures.example.org/search"


def test_the_address_of_the_connection_is_written_as_addresses_are() -> None:
    assert base_of(_scope(None, ("::1", 8301)), Settings()) == "http://[::1]:8301"
    assert base_of(_scope(None, ("10.0.0.5", 443), "https"), Settings()) == "https://10.0.0.5"
    assert base_of(_scope(None, ("/run/lectures.sock", None)), Settings()) == "http://127.0.0.1:8000"
    assert base_of(_scope(None, None), Settings()) == "http://127.0.0.1:8000"


def _links(base: str, headers: dict[str, str]) -> tuple[str, str]:
    """The address of a citation in a chat answer and of a result of the tools."""
    asked = {"model": "lectures", "messages": [{"role": "user", "content": "что такое ранняя остановка?"}]}
    chat = httpx.post(f"{base}/v1/chat/completions", json=asked, headers=headers, timeout=60).json()
    call = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": "search", "arguments": {"query": "dropout"}},
    }
    accept = {"Accept": "application/json, text/event-stream", **headers}
    tool = httpx.post(f"{base}/mcp/", json=call, headers=accept, timeout=60).json()
    found = json.loads(tool["result"]["content"][0]["text"])["results"]
    return chat["choices"][0]["message"]["citations"][0]["url"], found[0]["url"]


def test_links_of_chat_and_tools_open_where_they_were_asked(live: str) -> None:
    for link in _links(live, {}):
        assert link.startswith(f"{live}/c/neural-networks/")
        assert httpx.get(link, follow_redirects=True).status_code == 200


def test_a_hostile_host_header_does_not_reach_a_link(live: str) -> None:
    asked = {"model": "lectures", "messages": [{"role": "user", "content": "что такое ранняя остановка?"}]}
    said = httpx.post(f"{live}/v1/chat/completions", json=asked, headers={"Host": "evil.example"}, timeout=60).text
    assert "evil.example" not in said
    assert f"{live}/c/neural-networks/" in said


def test_links_have_the_address_that_is_set(example_settings: Settings) -> None:
    settings = example_settings.model_copy(update={"public_url": "https://lectures.example.org"})
    asked = {"model": "lectures", "messages": [{"role": "user", "content": "что такое ранняя остановка?"}]}
    with TestClient(create_app(settings)) as client:
        said = client.post("/v1/chat/completions", json=asked).json()
    assert said["citations"][0]["url"].startswith("https://lectures.example.org/c/")
