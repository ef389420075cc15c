"""An older and a newer version of this program on one installation → what goes wrong while the one takes over."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import environment
from benchmarks.torture.courses import ingest_arguments, write_spoken
from benchmarks.torture.searching import ask, degraded_in, search_path

_SECONDS = 60.0  # in which a command, or a start, is over
_SHOWN_SECONDS = 15.0  # in which what is published is shown
_CLIENTS = 2  # of each service
_COURSE, _OTHER = "changed", "other"
_ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)")


@dataclass(frozen=True, slots=True)
class Version:
    """The program as it is in `tree`, on the installation in `data`."""

    tree: Path
    data: Path
    extra: Mapping[str, str]

    def lectures(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "service.cli", *arguments],
            cwd=self.tree,
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )

    def serve(self, log: Path) -> Service:
        """`lectures serve`, ready or over."""
        with log.open("wb") as said:
            command = [sys.executable, "-m", "service.cli", "serve", "--port", "0"]
            process = subprocess.Popen(command, cwd=self.tree, env=self._environment(), stdout=said, stderr=said)
        until = time.monotonic() + _SECONDS
        while process.poll() is None and time.monotonic() < until:
            found = _ADDRESS.search(log.read_text("utf-8", "replace"))
            if found and ask(int(found[1]), "/readyz")[0] == 200:
                return Service(process, int(found[1]), log)
            time.sleep(0.05)
        return Service(process, 0, log)

    def _environment(self) -> dict[str, str]:
        own = {"PYTHONPATH": str(self.tree), "PYTHONDONTWRITEBYTECODE": "1"}
        # an older version may not know the encoder that is set
        return {**environment(self.data), "LECTURES_ENCODER": "", **self.extra, **own}


@dataclass(frozen=True, slots=True)
class Service:
    """A process that serves on `port`; 0 if it did not get ready."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def said(self) -> str:
        return self.log.read_text("utf-8", "replace").strip()[-400:]

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        self.process.send_signal(number)
        self.process.wait(_SECONDS)


class Pair:
    """`older` serves while `newer` takes over. `comes_back`: it promises to start with the newer's schema."""

    def __init__(self, older: Version, newer: Version, folder: Path, *, comes_back: bool) -> None:
        self._older, self._newer, self._folder, self._comes_back = older, newer, folder, comes_back
        self.asked = 0
        self.said = "both showed all"
        self._wrong: list[str] = []
        self._lock = threading.Lock()

    def upgrade(self, publishes: int, *, reads_alike: bool) -> list[str]:
        """What went wrong. What the newer publishes is shown by the older too if it `reads_alike`."""
        for slug in (_OTHER, _COURSE):
            self._done(self._older, *ingest_arguments(write_spoken(self._folder / slug, slug, 0), slug))
        old = self._serve(self._older, "old")
        with self._searched(old, "the older", reads_alike=reads_alike):
            self._done(self._newer, "migrate")
            self._done(self._newer, "reindex")
            new = self._serve(self._newer, "new")
            with self._searched(new, "the newer", reads_alike=True):
                for version in range(1, publishes + 1):
                    self._publish(version, {"the newer": new, **({"the older": old} if reads_alike else {})})
        old.end(signal.SIGKILL)
        with self._searched(new, "the newer", reads_alike=True):
            self._start_again(reads_alike=reads_alike)
            refused = self._older.lectures(*ingest_arguments(self._folder / _COURSE, _COURSE))
            if not refused.returncode or not _is_sentence(refused.stderr):
                self._fault(f"an ingest by the older ended with {refused.returncode}: {refused.stderr[-300:]}")
        new.end()
        self._done(self._newer, "verify")
        return self._wrong

    def _serve(self, version: Version, name: str) -> Service:
        found = version.serve(self._folder / f"{name}.log")
        if not found.port:
            found.end(signal.SIGKILL)
            raise RuntimeError(f"The {name} service did not get ready: {found.said}")
        return found

    def _start_again(self, *, reads_alike: bool) -> None:
        """The older after it was killed: it comes back, or says why not."""
        again = self._older.serve(self._folder / "again.log")
        if again.port:
            with self._searched(again, "the older that came back", reads_alike=reads_alike):
                time.sleep(1)
        elif self._comes_back and reads_alike:
            self._fault(f"the older did not come back: {again.said}")
        elif again.process.poll() is None or not _is_sentence(again.said):
            self._fault(f"the older that is started again says no sentence: {again.said}")
        else:
            self.said = f"{self.said}; the older, started again, refuses with a sentence"
        if again.process.poll() is None:
            again.end()

    def _publish(self, version: int, shown_by: Mapping[str, Service]) -> None:
        """Publish this version of the course; these services show it soon after."""
        write_spoken(self._folder / _COURSE, _COURSE, version)
        done = self._done(self._newer, *ingest_arguments(self._folder / _COURSE, _COURSE), "--json")
        generation = json.loads(done.stdout)["generation"] if not done.returncode else 0
        until = time.monotonic() + _SHOWN_SECONDS
        for name, service in shown_by.items():
            found = 0
            while found < generation and time.monotonic() < until:
                status, body = ask(service.port, search_path("gradients"))
                found = json.loads(body)["generation"] if status == 200 else 0
                time.sleep(0.05)
            if found < generation:
                self._fault(f"{name} shows generation {found}, and {generation} was published")

    def _done(self, version: Version, *arguments: str) -> subprocess.CompletedProcess[str]:
        ended = version.lectures(*arguments)
        if ended.returncode:
            self._fault(f"{' '.join(arguments[:2])} ended with {ended.returncode}: {ended.stderr[-300:]}")
        return ended

    def _fault(self, what: str) -> None:
        with self._lock:
            self._wrong.append(what)

    @contextmanager
    def _searched(self, service: Service, name: str, *, reads_alike: bool) -> Iterator[None]:
        """Clients that search this service to the end of the block."""
        over = threading.Event()
        threads = [
            threading.Thread(target=self._search, args=(service, name, over, reads_alike), daemon=True)
            for _ in range(_CLIENTS)
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in threads:
                thread.join(30)

    def _search(self, service: Service, name: str, over: threading.Event, reads_alike: bool) -> None:
        while not over.is_set():
            status, body = ask(service.port, search_path("gradients"))
            found = json.loads(body) if status == 200 else {"degraded": [], "hits": []}
            with self._lock:
                self.asked += 1
                if not found["hits"]:
                    self._wrong.append(f"a search of {name} was answered {status}: {body[:200]!r}")
                elif (degraded := degraded_in(found)) and reads_alike:
                    self._wrong.append(f"a search of {name} was degraded: {degraded}")
                elif degraded:
                    self.said = f"the older said {degraded[0]!r}"
            over.wait(0.02)


def _is_sentence(said: str) -> bool:
    return "newer" in said and "Traceback" not in said
