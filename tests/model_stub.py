"""A local endpoint that speaks as an OpenAI-compatible server does, its faults included."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Behave = Callable[["Reply"], None]


class Reply:
    """What a behaviour writes with: the request's messages, and the open connection."""

    def __init__(self, handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        self.handler = handler
        self.body = body
        self.messages: list[dict[str, str]] = body["messages"]

    def status(self, code: int, body: bytes = b"{}") -> None:
        self.handler.send_response(code)
        self.handler.send_header("Content-Length", str(len(body)))
        self.handler.end_headers()
        self.handler.wfile.write(body)

    def begin(self) -> None:
        self.handler.send_response(200)
        self.handler.send_header("Content-Type", "text/event-stream")
        self.handler.send_header("Connection", "close")
        self.handler.end_headers()

    def raw(self, data: bytes) -> None:
        self.handler.wfile.write(data)
        self.handler.wfile.flush()

    def piece(self, text: str, finish: str | None = None) -> None:
        delta = {"content": text} if text else {}
        chunk = {
            "id": "x",
            "object": "chat.completion.chunk",
            "created": 0,
            "model": "stub",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        }
        self.raw(f"data: {json.dumps(chunk)}\n\n".encode())

    def say(self, text: str, size: int = 7) -> None:
        """The whole text in small pieces, ended as it should be."""
        self.begin()
        for start in range(0, len(text), size):
            self.piece(text[start : start + size])
        self.piece("", "stop")
        self.raw(b"data: [DONE]\n\n")


def says(text: str) -> Behave:
    return lambda reply: reply.say(text)


def ends_with_done_alone(reply: Reply) -> None:
    reply.begin()
    reply.piece("Dropout zeroes activations [1].")
    reply.raw(b"data: [DONE]\n\n")


def reasons(reply: Reply) -> None:
    """Refuses what endpoints of reasoning models refuse."""
    if "max_tokens" in reply.body or "temperature" in reply.body:
        reply.status(400, b'{"error": {"message": "Unsupported parameter: \'max_tokens\'", "code": "unsupported"}}')
    else:
        reply.say("Dropout zeroes activations [1].")


def refuses(code: int, body: str = "{}") -> Behave:
    """Answers with a status and nothing else."""
    return lambda reply: reply.status(code, body.encode())


def is_filtered(reply: Reply) -> None:
    """A content filter that ends a reply before it begins: a status of 200, and nothing said."""
    reply.begin()
    reply.piece("", "content_filter")
    reply.raw(b"data: [DONE]\n\n")


def fails_on_the_way(error: str) -> Behave:
    """Begins well, and then tells of an error in the stream."""

    def behave(reply: Reply) -> None:
        reply.begin()
        reply.piece("Dropout zeroes")
        reply.raw(f'data: {{"error": {error}}}\n\ndata: [DONE]\n\n'.encode())

    return behave


def hangs(_: Reply) -> None:
    time.sleep(3)


def drips(reply: Reply) -> None:
    reply.begin()
    for letter in "Dropout zeroes activations. [1] " * 3:
        reply.piece(letter)
        time.sleep(0.2)


def is_cut(reply: Reply) -> None:
    reply.begin()
    reply.piece("Dropout zeroes act")


def is_junk(reply: Reply) -> None:
    reply.begin()
    reply.raw(b"data: {not json at all\n\n")


def is_huge(reply: Reply) -> None:
    reply.begin()
    for _ in range(400):
        reply.piece("word " * 20)
    reply.piece("", "stop")


@contextmanager
def model_server(behave: Behave) -> Iterator[tuple[str, list[list[dict[str, str]]]]]:
    """(address, the messages of every request) of a server that behaves so."""
    seen: list[list[dict[str, str]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            seen.append(body["messages"])
            with suppress(BrokenPipeError, ConnectionResetError):
                behave(Reply(self, body))

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)  # it looks so often for the end
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", seen
    finally:
        server.shutdown()
        server.server_close()
