"""A TCP line between a program and a server that can be cut, as when the server's machine goes away, and mended."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Line:
    """Listens on `port` of this machine and leads to a server, while it is whole."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._open: list[socket.socket] = []
        self._listen()

    def cut(self) -> None:
        """Nobody listens any more, and what was connected is not."""
        for one in (self._listening, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._open = []

    def mend(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", self.port))
        self._listen()

    def _listen(self) -> None:
        threading.Thread(target=self._take, args=(self._listening,), daemon=True).start()

    def _take(self, listening: socket.socket) -> None:
        with suppress(OSError):  # it was cut
            while True:
                here, _ = listening.accept()
                there = socket.create_connection(self._server)
                self._open += [here, there]
                for one, other in ((here, there), (there, here)):
                    threading.Thread(target=_lead, args=(one, other), daemon=True).start()


def _lead(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):  # the same
        while data := one.recv(1 << 16):
            other.sendall(data)
    with suppress(OSError):
        other.shutdown(socket.SHUT_WR)


@contextmanager
def line_to(host: str, port: int) -> Iterator[Line]:
    """A line to a server, until the block ends."""
    line = Line(host, port)
    try:
        yield line
    finally:
        line.cut()
