"""A socket that is about to be closed: who stands in its queue is let in, who comes later is not taken."""

from __future__ import annotations

import socket
import threading

import pytest

from service.listening import close_door, queue_of


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_nobody_comes_into_a_queue_that_was_closed_and_emptied(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, 0), family=family)
    listening.setblocking(False)
    address = listening.getsockname()[:2]
    early = socket.create_connection(address, timeout=5)
    early.sendall(b"asked before")
    close_door(listening)
    (taken,) = queue_of(listening)
    came: list[str] = []

    def come() -> None:
        try:
            socket.create_connection(address, timeout=10).close()
            came.append("taken")
        except ConnectionRefusedError:
            came.append("refused")

    late = threading.Thread(target=come)
    late.start()
    late.join(0.2)  # where the door is open it is in the queue by now, or soon: then it is taken, not refused
    assert came == []
    assert queue_of(listening) == []
    listening.close()
    late.join(10)
    assert came == ["refused"]
    taken.setblocking(True)
    taken.settimeout(5)
    assert taken.recv(99) == b"asked before"
    taken.sendall(b"answered")
    assert early.recv(99) == b"answered"
    early.close()
    taken.close()
