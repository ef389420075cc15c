"""A client's connection → whole requests, within limits that uvicorn does not set: how many connections there are, how
large a request's head is, and how long a request may take to arrive or a response to be read.

An idle connection, a drip of header bytes and a drip of a body are one case: nothing whole arrived in time. Where there
are too many connections, the one on which this lasts longest makes room. Sizes of bodies are limited by the
application, which knows what it reads.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_LAST_SECONDS = 1.0  # when the service ends: what a client sent before it could know is there by then
_HEADERS = "content-type: application/problem+json\r\nx-content-type-options: nosniff\r\nconnection: close\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """Of one process. `head` is all before the body: the address and the headers."""

    connections: int = 1_000
    head_bytes: int = 32 << 10  # as nginx allows; an address alone may have half of it
    headers: int = 100
    arrival_seconds: float = 20.0  # a body of 1 MB over a slow line takes that long
    unread_seconds: float = 60.0  # for some ten kilobytes, once the buffers are full


class Connection(HttpToolsProtocol):
    """One connection. A request that is refused ends it."""

    def __init__(
        self,
        *arguments: Any,
        limits: ConnectionLimits,
        hit: Callable[[str], None],
        waiting: dict[Connection, None],
        **named: Any,
    ) -> None:
        """`hit` is told which limit a request was refused for. `waiting` are the connections of the process that owe us
        a request, those first that do so longest."""
        super().__init__(*arguments, **named)
        self._limits = limits
        self._hit = hit
        self._waiting = waiting
        self._arrival: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None
        self._begun = False  # part of a request is there
        self._in_head = True
        self._ended = False  # a request, by the bytes that just came
        self._head_bytes = 0
        self._refused = False
        self._last = False  # the service ends

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self._limits.connections:
            self._hit("connections")
            if not self._waiting:
                self._refuse_connection()
                return
            next(iter(self._waiting))._make_room()
        self._waiting[self] = None
        self._expect_request()

    def connection_lost(self, exc: Exception | None) -> None:
        self._waiting.pop(self, None)
        self._stop(self._arrival, self._unread)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        self._expect_request()
        self._ended = False
        super().data_received(data)
        # one header without an end is told of by the parser when it is whole: too late. Bytes that ended a request are
        # most often of its body.
        if self._in_head and not self._ended:
            self._head_bytes += len(data)
            if self._head_bytes > self._limits.head_bytes:
                self._refuse_head()

    def on_message_begin(self) -> None:
        self._begun = True
        self._expect_request()  # also if it stands right behind another one
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        if self._refused:
            return
        self._in_head = False
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > self._limits.head_bytes or len(self.headers) > self._limits.headers:
            self._refuse_head()
        else:
            super().on_headers_complete()
            if self._last:
                self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if self._refused:
            return
        self._stop(self._arrival)
        self._arrival = None
        self._waiting.pop(self, None)
        self._begun, self._in_head, self._ended, self._head_bytes = False, True, True, 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        half = self._begun and not self._in_head and not self.pipeline  # the next to be answered is not whole
        if (half or self.cycle.response_complete) and not self.transport.is_closing():
            self._waiting[self] = None

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread = self.loop.call_later(self._limits.unread_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        self._stop(self._unread)
        super().resume_writing()

    def shutdown(self) -> None:
        """The request that runs, or is on its way just now, is the last: it is answered, and its client told so."""
        self._last = True
        if self.cycle is not None and not self.cycle.response_complete and self._arrival is None:
            super().shutdown()
        else:
            self.loop.call_later(_LAST_SECONDS, self._end_unless_busy)

    def _end_unless_busy(self) -> None:
        if self._arrival is not None or self.cycle is None or self.cycle.response_complete:
            self.transport.close()

    def _expect_request(self) -> None:
        if self._arrival is None:
            self._arrival = self.loop.call_later(self._limits.arrival_seconds, self._is_late)

    def _is_late(self) -> None:
        self._arrival = None
        if self.flow.read_paused:  # it is we who let it wait, behind another request of this connection
            self._expect_request()
        elif not self._begun:
            self.transport.close()
        else:
            self._hit("arrival")
            self._refuse(408, f"The request did not arrive within {self._limits.arrival_seconds:.0f} s.", "too_slow")

    def _make_room(self) -> None:
        """End, as one of too many connections that nobody answers anything to."""
        self._waiting.pop(self, None)  # it is gone only after this turn of the loop
        if self._begun:
            self._refuse_connection()
        else:
            self.transport.close()

    def _refuse_connection(self) -> None:
        self._refuse(503, "There are too many connections; try again in a second.", "overloaded")

    def _refuse_head(self) -> None:
        self._hit("head")
        self._refuse(
            431,
            f"A request may have {self._limits.headers} headers and, with its address, {self._limits.head_bytes >> 10} "
            "kB of them.",
            "head_too_large",
        )

    def _refuse(self, status: int, detail: str, code: str) -> None:
        """Say why, unless a response is on its way, and end the connection."""
        self._refused = True
        self._stop(self._arrival)
        started = self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete
        if not started and not self.transport.is_closing():
            title = HTTPStatus(status).phrase
            problem = {"type": f"urn:lectures:{code}", "title": title, "status": status, "detail": detail, "code": code}
            body = json.dumps(problem)
            retry = "retry-after: 1\r\n" if status == 503 else ""
            head = f"HTTP/1.1 {status} {title}\r\n{_HEADERS}{retry}content-length: {len(body)}\r\n\r\n"
            self.transport.write((head + body).encode())
        self.transport.close()

    @staticmethod
    def _stop(*timers: asyncio.TimerHandle | None) -> None:
        for timer in timers:
            if timer is not None:
                timer.cancel()
