"""Connections within limits: slow, idle and huge ones end, whatever they send; the service stops in time."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import subprocess
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import httpx
import pytest
from fastapi.responses import StreamingResponse
from support import bare_app, serve, serve_apart, until

from service.connections import ConnectionLimits
from service.running import _Server, server_config
from service.settings import Settings

_GET = b"GET /livez HTTP/1.1\r\nHost: x\r\n"
_POST = b"POST /api/answers HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"


@pytest.fixture(scope="module")
def url(example_settings: Settings) -> Iterator[str]:
    """The service with limits that a test reaches."""
    with serve(example_settings.model_copy(update={"request_seconds": 0.5})) as address:
        yield address


@contextmanager
def _connected(url: str) -> Iterator[socket.socket]:
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        yield connection


def _rest(connection: socket.socket) -> bytes:
    """All that the service sends until it ends the connection; fails if it does not end."""
    received = b""
    try:
        while some := connection.recv(65536):
            received += some
    except ConnectionResetError:  # ended while something was still on its way to it
        pass
    return received


def _status(response: bytes) -> int:
    assert b'"status": %d' % int(response.split()[1]) in response  # a problem, in the shape of all others
    return int(response.split()[1])


@pytest.mark.parametrize(
    ("sent", "status"),
    [(_GET + b"X-Slow: ", 408), (_POST + b'{"question"', 408), (_POST.replace(b"\r\n\r\n", b"\r\nX-Half"), 408)],
)
def test_half_a_request_ends_in_time(url: str, sent: bytes, status: int) -> None:
    with _connected(url) as connection:
        connection.sendall(sent)
        assert _status(_rest(connection)) == status


def test_a_drip_of_bytes_does_not_buy_time(url: str) -> None:
    with _connected(url) as connection:
        connection.sendall(_GET + b"X-Slow: ")
        connection.settimeout(0.05)
        received = b""
        for _ in range(200):
            try:
                connection.sendall(b"x")
                received += connection.recv(65536)
            except TimeoutError:
                continue
            except OSError:
                break
            if received:
                break
        assert _status(received) == 408


def test_a_connection_that_says_nothing_is_closed_without_a_word(url: str) -> None:
    with _connected(url) as connection:
        assert _rest(connection) == b""
    with _connected(url) as connection:
        connection.sendall(b"\r\n\r\n")  # what may stand before a request
        assert _rest(connection) == b""


def test_a_connection_is_kept_for_whole_requests_one_after_the_other(url: str) -> None:
    with _connected(url) as connection:
        for _ in range(3):
            connection.sendall(_GET + b"\r\n")
            assert b"alive" in connection.recv(65536)


def test_two_requests_at_once_are_answered_in_order(url: str) -> None:
    with _connected(url) as connection:
        connection.sendall(_GET + b"\r\n" + _GET.replace(b"/livez", b"/nothing") + b"Connection: close\r\n\r\n")
        received = _rest(connection)
        assert re.findall(rb"HTTP/1.1 (\d+)", received) == [b"200", b"404"]


@pytest.mark.parametrize(
    "head",
    [
        b"X-Large: " + b"x" * 40_000 + b"\r\n",
        b"".join(b"X-Some-%d: x\r\n" % number for number in range(101)),
        b"".join(b"X-%d: %s\r\n" % (number, b"x" * 1_000) for number in range(40)),
        b"X-Endless: " + b"x" * 5_000_000,
        b"x" * 5_000_000,
    ],
)
def test_a_head_that_is_too_large_is_refused_and_not_kept(url: str, head: bytes) -> None:
    with _connected(url) as connection:
        with suppress(OSError):  # refused before all of it was sent
            connection.sendall(_GET + head + b"\r\n")
        assert _rest(connection)[:12] in (b"HTTP/1.1 431", b"")  # nothing, if the answer was lost by a reset
    with _connected(url) as connection:
        connection.sendall(_GET + b"\r\n")
        assert b"alive" in connection.recv(65536)


def test_a_head_within_the_limits_is_read(url: str) -> None:
    with _connected(url) as connection:
        some = b"".join(b"X-%d: %s\r\n" % (number, b"x" * 300) for number in range(98))
        connection.sendall(_GET + some + b"\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")


def test_the_bytes_of_a_body_are_none_of_the_head(url: str) -> None:
    """Whether a body comes with its head or in pieces of their own: the end of a request begins no new head."""
    question = b'{"question": "' + b"x" * 40_000 + b'"}'
    head = _POST.replace(b"Content-Length: 100", b"Content-Length: %d" % len(question))
    with _connected(url) as connection:
        for _ in range(3):
            connection.sendall(head + question)
            assert connection.recv(65536).startswith(b"HTTP/1.1 422")
        connection.sendall(head)
        connection.sendall(question)
        assert connection.recv(65536).startswith(b"HTTP/1.1 422")


def test_a_body_that_comes_after_a_refusal_is_not_read(url: str) -> None:
    with _connected(url) as connection:
        head = _POST.replace(b"\r\n\r\n", b"\r\n" + b"X-Large: " + b"x" * 40_000 + b"\r\n\r\n")
        with suppress(OSError):
            connection.sendall(head + b"x" * 100 + _GET + b"\r\n")
        assert _rest(connection).count(b"HTTP/1.1") <= 1


def test_half_a_request_right_behind_a_whole_one_ends_in_time(url: str) -> None:
    with _connected(url) as connection:
        connection.sendall(_GET + b"\r\n" + _POST + b"{")
        received = _rest(connection)
        assert re.findall(rb"HTTP/1.1 (\d+)", received) == [b"200", b"408"]


def test_of_too_many_connections_the_one_that_owes_a_request_longest_makes_room(example_settings: Settings) -> None:
    few = example_settings.model_copy(update={"max_connections": 3, "request_seconds": 300.0})
    with (
        serve(few) as address,
        _connected(address) as half,
        _connected(address) as behind,
        _connected(address) as known,
    ):
        half.sendall(_POST + b"{")
        for _ in range(2):  # what is answered goes to the end of the row
            _ask(behind)
            _ask(known)
        _ask(behind, _POST + b"{")
        _ask(known)
        with _connected(address) as new:
            refused = _rest(half)
            assert (_status(refused), b"retry-after: 1" in refused) == (503, True)
            _ask(new)
            with _connected(address) as another:
                assert _status(_rest(behind)) == 503
                _ask(another)
                with _connected(address) as last:
                    assert _rest(known) == b""  # nothing was begun, and nothing is said
                    _ask(last)


def _ask(connection: socket.socket, behind: bytes = b"") -> None:
    """Ask whether the service is alive, with something more right behind it."""
    connection.sendall(_GET + b"\r\n" + behind)
    assert b"alive" in connection.recv(65536)


def test_where_every_connection_is_being_answered_one_too_many_is_told(example_settings: Settings) -> None:
    app, arrived, go = bare_app(), threading.Semaphore(0), threading.Event()

    @app.get("/wait")
    def wait() -> bool:
        arrived.release()
        return go.wait(20)

    with serve(example_settings.model_copy(update={"max_connections": 2}), app) as address:
        with _connected(address) as one, _connected(address) as two:
            for connection in (one, two):
                connection.sendall(_GET.replace(b"/livez", b"/wait") + b"Connection: close\r\n\r\n")
                assert arrived.acquire(timeout=20)
            with _connected(address) as one_too_many:
                refused = _rest(one_too_many)
                assert (_status(refused), b"retry-after: 1" in refused) == (503, True)
            go.set()
            assert [b"true" in _rest(connection) for connection in (one, two)] == [True, True]
        until(lambda: httpx.get(f"{address}/wait").status_code == 200)


def test_a_client_that_does_not_read_does_not_keep_its_response(
    example_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = threading.Event()
    app = bare_app()

    async def endless() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"x" * 65536
                await asyncio.sleep(0)
        finally:
            ended.set()

    @app.get("/")
    def answer() -> StreamingResponse:
        return StreamingResponse(endless())

    monkeypatch.setattr("service.running.ConnectionLimits", partial(ConnectionLimits, unread_seconds=0.3))
    with serve(example_settings, app) as address, _connected(address) as connection:
        connection.sendall(_GET.replace(b"/livez", b"/") + b"\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 200")
        assert ended.wait(20)


# --- the end -------------------------------------------------------------------------------------------------


@pytest.fixture
def process(example_settings: Settings, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """`lectures serve` on a free port, and its address."""
    environment = {
        "LECTURES_DATA_DIR": str(example_settings.data_dir),
        "LECTURES_STOP_SECONDS": "60",  # what ends sooner does not end because its time was over
        "LECTURES_REQUEST_SECONDS": "300",
    }
    with serve_apart(tmp_path / "log", environment) as started:
        yield started


def test_half_a_request_does_not_hold_up_the_end(process: tuple[subprocess.Popen[bytes], str]) -> None:
    started, address = process
    assert httpx.get(f"{address}/livez").status_code == 200
    with _connected(address) as head, _connected(address) as body, _connected(address):
        head.sendall(_GET)
        body.sendall(_POST + b"{")
        assert httpx.get(f"{address}/livez").status_code == 200
        started.send_signal(signal.SIGTERM)
        assert started.wait(timeout=40) in (0, -signal.SIGTERM)
        assert (_rest(head), _rest(body)) == (b"", b"")


def test_clients_that_ask_all_the_while_lose_no_answer_at_the_end(process: tuple[subprocess.Popen[bytes], str]) -> None:
    started, address = process
    asking = threading.Barrier(5)
    lost: list[str] = []
    answered: list[int] = []

    def ask() -> None:
        with httpx.Client(base_url=address, timeout=20) as client:
            for number in range(100_000):
                if number == 3:
                    asking.wait(20)
                try:
                    answered.append(client.get("/api/search", params={"q": "dropout"}).status_code)
                except httpx.ConnectError:  # nobody listens any more: nothing was asked
                    return
                except httpx.HTTPError as error:
                    lost.append(repr(error))
                    return

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    asking.wait(20)
    started.send_signal(signal.SIGTERM)
    assert started.wait(timeout=40) in (0, -signal.SIGTERM)
    for thread in threads:
        thread.join(timeout=20)
    assert lost == []
    assert set(answered) == {200}


def test_threads_that_work_on_do_not_keep_the_process(
    example_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = threading.Event()
    statuses: list[int] = []

    def leave(status: int) -> None:
        statuses.append(status)
        ended.set()

    monkeypatch.setattr("service.running.os._exit", leave)
    monkeypatch.setattr("service.running._AFTER_SECONDS", 0.0)
    config = server_config(bare_app(), example_settings, timeout_graceful_shutdown=0)
    _Server(config, "").handle_exit(signal.SIGTERM, None)
    assert ended.wait(20)
    assert statuses == [128 + signal.SIGTERM]
