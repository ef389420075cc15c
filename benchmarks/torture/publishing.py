"""Row 6: publishing again and again under clients that search: none fails, each answer is of one generation, and the
service's memory and descriptors stay what they were.
"""

from __future__ import annotations

import json
import re
import signal
import threading
from pathlib import Path

from benchmarks.processes import anonymous_mb
from benchmarks.torture.courses import ingest_arguments, write_spoken
from benchmarks.torture.progress import Progress
from benchmarks.torture.result import Result
from benchmarks.torture.searching import ask_fully, degraded_in, search_path, start_service
from benchmarks.torture.zygote import Zygote

_CLIENTS = 16
_SLUG = "changed"
_QUERY = (
    "number 5 about gradients"  # of the minutes around it, which are one hit, this one is shown: it has the version
)
_WARM = 10  # publishes after which memory is looked at for the first time
_GROWTH_MB = 48.0  # an old generation that is never let go costs more than this in 90 publishes
_GROWTH_FILES = 2 * _CLIENTS  # connections come and go
_VERSION = re.compile(r"of version (\d+) about")


def run(size: int, seed: int, folder: Path, progress: Progress) -> Result:  # noqa: ARG001  (nothing here is left to chance)
    """`size` publishes, each of a new version of a course."""
    wrong: list[str] = []
    with Zygote(folder / "data") as zygote:
        zygote.lectures(*ingest_arguments(write_spoken(folder / "other", "other", 0), "other"))
        first = _publish(zygote, folder, 1)
        child, port = start_service(zygote)
        clients = _Clients(port)
        published = {first: 1}
        sizes = []
        for version in range(2, size + 2):
            published[_publish(zygote, folder, version)] = version
            progress.reach(version - 1, len(clients.wrong))
            if version - 1 in (min(_WARM, size), size):
                sizes.append((anonymous_mb(child.pid), len(list(Path(f"/proc/{child.pid}/fd").iterdir()))))
        clients.stop()
        child.signal(signal.SIGTERM)
        child.end(30)
    wrong += clients.wrong + _mixed(clients.seen, published)
    (before, files_before), (after, files_after) = sizes[0], sizes[-1]
    if after - before > _GROWTH_MB:
        wrong.append(f"the service grew from {before:.0f} to {after:.0f} MB")
    if files_after - files_before > _GROWTH_FILES:
        wrong.append(f"the service held {files_before} files open, then {files_after}")
    generations = len({generation for generation, _ in clients.seen})
    figure = f"{size} publishes, {clients.asked} searches of {generations} generations, "
    figure += f"{clients.refused} put off, {before:.0f} → {after:.0f} MB"
    return Result(clients.asked, wrong, figure)


def _publish(zygote: Zygote, folder: Path, version: int) -> int:
    """Make this version of the course what is served; the generation."""
    write_spoken(folder / _SLUG, _SLUG, version)
    return int(json.loads(zygote.lectures(*ingest_arguments(folder / _SLUG, _SLUG), "--json").out)["generation"])


def _mixed(seen: set[tuple[int, frozenset[int]]], published: dict[int, int]) -> list[str]:
    """Answers that hold another version than that of the generation that they name: where an encoder reads what was
    published, a version has two, and `published` names the second."""
    return [
        f"an answer of generation {generation} showed version {sorted(versions - {0})}"
        for generation, versions in sorted(seen)
        if not versions <= {0, published.get(min((own for own in published if own >= generation), default=0))}
    ]


class _Clients:
    """Clients that search without a pause; `seen` are the generations that answered, with the versions they showed."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.asked = self.refused = 0
        self.seen: set[tuple[int, frozenset[int]]] = set()
        self.wrong: list[str] = []
        self._stop, self._lock = threading.Event(), threading.Lock()
        self._threads = [threading.Thread(target=self._search, daemon=True) for _ in range(_CLIENTS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)

    def _search(self) -> None:
        while not self._stop.is_set():
            status, headers, body = ask_fully(self._port, search_path(_QUERY, course=_SLUG, limit="50"))
            if status == 503 and "retry-after" in headers:  # more is asked than this machine can answer
                with self._lock:
                    self.refused += 1
                self._stop.wait(0.1)
                continue
            found = json.loads(body) if status == 200 else {}
            texts = [hit["snippet"]["text"] for hit in found.get("hits", ())]
            versions = frozenset(int(version) for text in texts for version in _VERSION.findall(text))
            with self._lock:
                self.asked += 1
                if status != 200:
                    self.wrong.append(f"a search was answered {status}: {body[:200]!r}")
                elif degraded_in(found) or not versions - {0}:
                    self.wrong.append(
                        f"generation {found['generation']}: {found['degraded']}, versions {set(versions)}"
                    )
                else:
                    self.seen.add((found["generation"], versions))
