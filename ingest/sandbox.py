"""Requests → replies from a child process with limits: untrusted files are parsed there, never here.

A child serves one request at a time over pipes (JSON lines; a reply may carry bytes after its line). Whatever the file
does to it (crash, hang, memory, output without end) ends in a `SourceFileError` here and a new child for the next file.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import selectors
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any

from index.errors import SourceFileError


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may cost the child."""

    seconds: float = 30.0
    cpu_seconds: int = 30
    memory_bytes: int = 1 << 30
    reply_bytes: int = 64 << 20


class Sandbox:
    """One child process running `python -m MODULE`, restarted when it dies. Safe to share between threads."""

    def __init__(self, module: str, limits: Limits) -> None:
        self._module = module
        self._limits = limits
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None

    def call(self, request: Mapping[str, object]) -> tuple[dict[str, Any], bytes]:
        """The child's reply and its bytes; SourceFileError if it refuses, dies or exceeds a limit."""
        with self._lock:
            child = self._child
            if child is None or child.poll() is not None:
                child = self._child = self._start()
            try:
                reply = self._exchange(child, json.dumps(request).encode() + b"\n")
            except SourceFileError:
                self._kill()
                raise
            except (OSError, EOFError, ValueError) as error:
                code = self._kill()
                raise SourceFileError(
                    f"Its parser died (exit code {code}); the file is damaged or made to do harm. "
                    "Export it again from its source.",
                    code="parser_died",
                ) from error
        head, body = reply
        if "error" in head:
            raise SourceFileError(head["error"], code=head.get("code", "bad_file"))
        return head, body

    def close(self) -> None:
        with self._lock:
            self._kill()

    def _start(self) -> subprocess.Popen[bytes]:
        memory = self._limits.memory_bytes

        return subprocess.Popen(
            [sys.executable, "-m", self._module, str(memory), str(self._limits.cpu_seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={
                "PATH": os.environ.get("PATH", ""),
                "PYTHONPATH": os.pathsep.join(sys.path),
                "LANG": "C.UTF-8",
            },
        )

    def _kill(self) -> int | None:
        child, self._child = self._child, None
        if child is None:
            return None
        child.kill()
        code = child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        return code

    def _exchange(self, child: subprocess.Popen[bytes], request: bytes) -> tuple[dict[str, Any], bytes]:
        if child.stdin is None or child.stdout is None:
            raise EOFError
        child.stdin.write(request)
        child.stdin.flush()
        return self._read_reply(child.stdout)

    def _read_reply(self, stream: IO[bytes]) -> tuple[dict[str, Any], bytes]:
        deadline = time.monotonic() + self._limits.seconds
        buffer = bytearray()
        some = b""
        while b"\n" not in some:  # looked for in what is new: the line may have megabytes
            some = self._read_some(stream, deadline, len(buffer))
            buffer += some
        line, _, rest = bytes(buffer).partition(b"\n")
        head: dict[str, Any] = json.loads(line)
        body = bytearray(rest)
        while len(body) < int(head.get("bytes", 0)):
            body += self._read_some(stream, deadline, len(body))
        return head, bytes(body)

    def _read_some(self, stream: IO[bytes], deadline: float, so_far: int) -> bytes:
        with selectors.DefaultSelector() as selector:
            selector.register(stream, selectors.EVENT_READ)
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise SourceFileError(
                    f"It took longer than {self._limits.seconds:.0f} seconds to read; split it or export it again.",
                    code="parser_timeout",
                )
        some = os.read(stream.fileno(), 1 << 20)
        if not some:
            raise EOFError
        if so_far + len(some) > self._limits.reply_bytes:
            raise SourceFileError(
                f"It holds more than {self._limits.reply_bytes >> 20} MB of text; split it.", code="too_large"
            )
        return some


def limit_process(memory_bytes: int, *, cpu_seconds: int | None = None, file_bytes: int | None = None) -> None:
    """Limit this process for good: addresses, time, the size of a file that it writes; it leaves no core behind.

    Programs that read untrusted files are started with it as their `preexec_fn`.
    """
    limits = (
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, memory_bytes),  # last: a program that was just forked may have more than that already
    )
    for kind, most in limits:
        if most is not None:
            resource.setrlimit(kind, (most, most))


def serve(handlers: Mapping[str, Any]) -> None:
    """The child's side: set the limits of argv, then answer requests from stdin until it closes."""
    memory, cpu_seconds = int(sys.argv[1]), int(sys.argv[2])
    limit_process(memory, file_bytes=0)
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not end up between replies
    for line in sys.stdin.buffer:
        used = resource.getrusage(resource.RUSAGE_SELF)
        soft = int(used.ru_utime + used.ru_stime) + cpu_seconds + 1
        resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))
        request = json.loads(line)
        body = b""
        try:
            found, body = handlers[request.pop("do")](**request)
            head = json.dumps({**found, "bytes": len(body)})
        except SourceFileError as error:
            head = _refusal(str(error), error.code)
        except MemoryError:
            head, body = _refusal("It needs more memory than is allowed; export it again.", "too_large"), b""
        except RecursionError:
            head, body = _refusal("It is nested too deeply; export it again.", "damaged"), b""
        out.write(head.encode() + b"\n" + body)
        out.flush()


def _refusal(error: str, code: str) -> str:
    return json.dumps({"error": error, "code": code})
