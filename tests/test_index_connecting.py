"""Addresses of Ray clusters: which there are, and what is said of those at which nobody, or somebody else, answers."""

from __future__ import annotations

import socket
import sys
from contextlib import nullcontext

import pytest

from index.errors import InvalidRequest
from index.spread.connecting import Address, Cluster, connect, read_address


@pytest.mark.parametrize(
    ("written", "host", "port", "is_of_client"),
    [
        ("auto", "", 0, False),
        ("head.example.org:6379", "head.example.org", 6379, False),
        ("ray://head.example.org:10001", "head.example.org", 10001, True),
        ("[fd00::1]:6379", "fd00::1", 6379, False),
        ("ray://[::1]:10001", "::1", 10001, True),
    ],
)
def test_an_address_names_the_head_or_its_client_server(written: str, host: str, port: int, is_of_client: bool) -> None:
    assert read_address(written) == Address(written, host, port, is_of_client)


# `local` and an empty address have Ray start a cluster of its own
@pytest.mark.parametrize(
    "written",
    ["", "local", "head", "ray://", "ray://head", "ray://auto", "head:", "head:x", "head:0", "head:70000", ":6379",
     "http://head:8265", "grpc://head:1", "ray://user@head:1", "head:1/path", " head:1", "head:1\n", "a b:1?c"],
)  # fmt: skip
def test_what_is_no_address_is_refused_with_those_there_are(written: str) -> None:
    with pytest.raises(InvalidRequest, match=r"is no address of a Ray cluster; give `auto` or HOST:PORT of its head"):
        read_address(written)


@pytest.mark.parametrize(
    ("scheme", "hint"), [("", "from others give ray://HOST:PORT"), ("ray://", "the port of the head's client server")]
)
def test_where_nobody_listens_it_is_said_at_once_and_what_else_may_be_meant(scheme: str, hint: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        assert Cluster(None, "127.0.0.1", port).answers()
    assert not Cluster(None, "127.0.0.1", port).answers()
    with pytest.raises(InvalidRequest, match=f"No cluster answers at {scheme}127.0.0.1:{port}.*{hint}"):
        connect(f"{scheme}127.0.0.1:{port}")


@pytest.mark.parametrize(("missing", "address"), [("ray", "auto"), ("grpc", "ray://127.0.0.1:1")])
def test_what_is_to_be_installed_is_said(monkeypatch: pytest.MonkeyPatch, missing: str, address: str) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(InvalidRequest, match=rf"{missing} is missing\); run: pip install '.\[ray\]'"):
        connect(address)


def test_ray_starts_no_cluster_of_its_own_for_a_call_that_comes_too_late() -> None:
    with pytest.raises(InvalidRequest):
        connect("127.0.0.1:1")
    from ray._private import auto_init_hook  # noqa: PLC0415

    assert auto_init_hook.enable_auto_connect is False


@pytest.mark.parametrize(("failures", "connects"), [(0, True), (2, True), (3, False)])
def test_a_client_server_that_could_not_start_its_process_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, failures: int, connects: bool
) -> None:
    asked: list[str] = []

    def init(address: str, **_: object) -> None:
        asked.append(address)
        if len(asked) <= failures:
            raise ConnectionAbortedError(
                "Initialization failure from server:\nStarting Ray client server failed. See …"
            )

    monkeypatch.setattr("ray.init", init)
    monkeypatch.setattr("ray.shutdown", lambda: None)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"ray://127.0.0.1:{listening.getsockname()[1]}"
        with nullcontext() if connects else pytest.raises(InvalidRequest, match="Starting Ray client server failed"):
            assert connect(address).host == "127.0.0.1"
    assert len(asked) == min(failures + 1, 3)


def test_another_failure_of_a_client_server_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def init(address: str, **_: object) -> None:
        asked.append(address)
        raise ConnectionAbortedError("Initialization failure from server:\nsomething else")

    monkeypatch.setattr("ray.init", init)
    with socket.create_server(("127.0.0.1", 0)) as listening, pytest.raises(InvalidRequest, match="something else"):
        connect(f"ray://127.0.0.1:{listening.getsockname()[1]}")
    assert len(asked) == 1
