"""Requests on standard input → children that run `lectures …`, or a check, without the second that a start costs.

A child is forked from a process that has imported everything and opened nothing; it is a process of its own that can
be killed, stopped, and told to fail at a certain write (shim.c). `Zygote` is the other side: it asks for children and
waits for them.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Self

from benchmarks.processes import ROOT, environment
from benchmarks.torture.shim import SHIM_VARIABLE, Fault, arm

KILLED = -signal.SIGKILL
HELD = "benchmarks.torture.checks:held"
DAMAGE = "benchmarks.torture.checks:damage"
SETTLED = "benchmarks.torture.checks:settled"
_ENDING_SECONDS = 20.0
_MODULES = (
    "service.cli", "service.cli_ingest", "service.console", "service.opening", "service.running", "ingest.worker",
    "ingest.carrying", "index.publish", "index.embed.models", "alembic.command", "alembic.config",
    "sqlalchemy.dialects.sqlite", "benchmarks.torture.checks",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended: its exit code (the negative signal if it was killed), what it wrote, how long it ran."""

    code: int
    out: str
    err: str
    seconds: float
    peak_mb: float

    def json(self) -> Any:
        """What it wrote as its last line."""
        return json.loads(self.out.splitlines()[-1])


class Child:
    """A running child; `end` waits for it."""

    def __init__(self, zygote: Zygote, pid: int, folder: Path) -> None:
        self._zygote, self.pid, self._folder = zygote, pid, folder
        self._handle = os.pidfd_open(pid)
        self._started = perf_counter()

    def is_over_in(self, seconds: float) -> bool:
        """Whether it ends by itself within this time."""
        over = select.poll()  # unlike select(), it can be asked of handles beyond the 1,024th
        over.register(self._handle, select.POLLIN)
        return bool(over.poll(max(0.0, seconds) * 1000))

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)  # nobody else has its number: the zygote has not waited for it yet

    def end(self, seconds: float = 60.0) -> Ended:
        """How it ended; killed if it has not ended in this time."""
        if not self.is_over_in(seconds):
            self.signal(signal.SIGKILL)
            self.is_over_in(10)
        took = perf_counter() - self._started
        reaped = self._zygote.ask({"reap": self.pid})
        os.close(self._handle)
        out, err = ((self._folder / name).read_text("utf-8", "replace") for name in ("out", "err"))
        return Ended(os.waitstatus_to_exitcode(reaped["status"]), out, err, took, reaped["peak_kib"] / 1024)

    @property
    def err(self) -> str:
        """What it wrote to standard error so far."""
        return (self._folder / "err").read_text("utf-8", "replace")


class Zygote:
    """A process that forks children for one installation in `data`. Safe to share between threads."""

    def __init__(self, data: Path, extra: Mapping[str, str] | None = None, shim: Path | None = None) -> None:
        self.data = data
        self._lock = threading.Lock()
        self._outputs = tempfile.TemporaryDirectory(prefix="torture-")
        self._count = 0
        preload = {"LD_PRELOAD": str(shim), SHIM_VARIABLE: str(shim)} if shim else {}
        threads = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.torture.zygote"],
            cwd=ROOT,
            env={**environment(data), **threads, **preload, **(extra or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.stdin and self._process.stdout:
            self._process.stdin.close()
            self._process.stdout.close()
        try:
            self._process.wait(timeout=_ENDING_SECONDS)
        except subprocess.TimeoutExpired:  # it waits for a child that does not end: nobody asks for that one any more
            self._process.kill()
            self._process.wait()
        self._outputs.cleanup()

    def start(
        self, arguments: Sequence[str], fault: Fault | None = None, extra: Mapping[str, str] | None = None
    ) -> Child:
        """`lectures ARGUMENTS`, which fails where `fault` says (shim.py)."""
        return self._start(
            {"run": list(arguments), "fault": asdict(fault) if fault else None, "env": dict(extra or {})}
        )

    def lectures(self, *arguments: str, extra: Mapping[str, str] | None = None) -> Ended:
        """`lectures ARGUMENTS`, run to its end; an error if that is not 0."""
        ended = self.start(arguments, extra=extra).end()
        if ended.code:
            raise RuntimeError(f"lectures {' '.join(arguments)} ended with {ended.code}: {ended.err[-800:]}")
        return ended

    def call(self, function: str, *arguments: Any) -> Any:
        """What `module:function` returns in a child, as JSON."""
        ended = self.start_call(function, *arguments).end()
        if ended.code:
            raise RuntimeError(f"{function} ended with {ended.code}: {ended.err[-2_000:]}")
        return ended.json()

    def start_call(self, function: str, *arguments: Any) -> Child:
        """A child that runs `module:function` and writes what it returns as JSON."""
        return self._start({"call": function, "arguments": list(arguments), "fault": None, "env": {}})

    def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("The zygote has no pipes.")
        with self._lock:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("The zygote died.")
        reply: dict[str, Any] = json.loads(line)
        return reply

    def _start(self, request: dict[str, Any]) -> Child:
        with self._lock:
            self._count += 1
            folder = Path(self._outputs.name) / str(self._count)
        folder.mkdir()
        for name in ("out", "err"):
            (folder / name).touch()
        return Child(self, self.ask({**request, "folder": str(folder)})["pid"], folder)


def serve() -> None:
    """The zygote's side: fork a child for each request, reap those that are asked for."""
    for name in _MODULES:
        importlib.import_module(name)
    _load_what_is_shared()
    gc.collect()
    gc.freeze()  # each child would look through all of it, and copy the pages on which it stands
    for line in sys.stdin:
        request = json.loads(line)
        if "reap" in request:
            _, status, used = os.wait4(request["reap"], 0)
            reply = {"status": status, "peak_kib": used.ru_maxrss}
        else:
            pid = os.fork()
            if not pid:
                _be_child(request)
            reply = {"pid": pid}
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()


def _load_what_is_shared() -> None:
    """What every search needs and no installation decides is read once, before the children part."""
    from index.embed.models import load_embedder  # noqa: PLC0415
    from index.engine.dictionary import load_dictionary  # noqa: PLC0415
    from index.engine.glossary import general_glossary  # noqa: PLC0415
    from index.text.everyday import everyday_frequency  # noqa: PLC0415
    from index.text.language import STEMMERS, telltale_words  # noqa: PLC0415
    from service.settings import Settings, listed  # noqa: PLC0415

    load_embedder("builtin")
    load_dictionary(listed(str(Settings.model_fields["packs"].default)))
    general_glossary()
    for language in STEMMERS:
        telltale_words(language)
    for term in ("слово", "word"):
        everyday_frequency(term)


def _be_child(request: dict[str, Any]) -> None:
    """Run what is asked for, and exit as a program of its own would."""
    code = 1
    try:
        folder = Path(request["folder"])
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for number, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), number)
        os.environ.update(request["env"])
        fault = arm(Fault(**request["fault"])) if request["fault"] else nullcontext()
        if "call" in request:
            module, _, function = request["call"].partition(":")
            found = getattr(importlib.import_module(module), function)(*request["arguments"])
            sys.stdout.write(json.dumps(found) + "\n")
            code = 0
        else:
            with fault:
                code = _run_lectures(request["run"])
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:
        import traceback  # noqa: PLC0415

        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError):
                code = code or 1
        os._exit(code)


def _run_lectures(arguments: list[str]) -> int:
    from service.cli import main  # noqa: PLC0415

    sys.argv = ["lectures", *arguments]
    main()
    return 0


if __name__ == "__main__":
    serve()
