"""A listening socket about to be closed → the connections in its queue, and nobody after them; or open again."""

from __future__ import annotations

import ctypes
import socket
import struct
from contextlib import suppress

# Linux, include/uapi/asm-generic/socket.h; Python has no names for them
_SO_ATTACH_FILTER, _SO_DETACH_FILTER = 26, 27
BACKLOG = 2048  # connections that may stand in the queue
# A classic BPF program over the header of TCP: what begins a connection (the SYN flag, in byte 13) is dropped, what
# completes one that has begun is let through.
_NO_BEGINNING = b"".join(
    struct.pack("=HBBI", *instruction)
    for instruction in (
        (0x30, 0, 0, 13),  # load byte 13
        (0x45, 0, 1, 0x02),  # is SYN set? else skip one
        (0x06, 0, 0, 0),  # drop
        (0x06, 0, 0, 0xFFFF),  # take
    )
)


def close_door(listening: socket.socket) -> None:
    """Let no new connection into the queue: who comes now waits, and is refused when the socket is closed.

    A queue of no length takes one connection all the same whenever it is empty, and that one would be reset. Where the
    system knows no filters, it is the short queue alone.
    """
    listening.listen(0)
    program = ctypes.create_string_buffer(_NO_BEGINNING, len(_NO_BEGINNING))
    attached = struct.pack("HP", len(_NO_BEGINNING) // 8, ctypes.addressof(program))
    with suppress(OSError):
        listening.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, attached)


def open_door(listening: socket.socket) -> None:
    """Take connections again: processes share a socket, and one that ended alone has closed the door for all."""
    with suppress(OSError):  # there is no filter
        listening.setsockopt(socket.SOL_SOCKET, _SO_DETACH_FILTER, 0)
    listening.listen(BACKLOG)


def queue_of(listening: socket.socket) -> list[socket.socket]:
    """The connections that stand in the queue of a socket that does not block."""
    taken = []
    with suppress(BlockingIOError):
        while True:
            taken.append(listening.accept()[0])
    return taken
