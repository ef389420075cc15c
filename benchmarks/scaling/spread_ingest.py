"""Courses → seconds that one Ray node and four take to take them up, computing and waiting, on this machine.

    python -m benchmarks.scaling.spread_ingest WORK --courses 8

Two sets of courses. Of the first every byte lies here, so that reading, vectors and shards are all there is to do. Of
the second the slides are fetched from a web server of this machine that lets every file wait. Each time the database
(PostgreSQL) and the storage are empty, and one `lectures ingest COURSE… --ray ADDRESS` takes all courses up. A node is
a process tree of this machine that carries one course out at a time and is held to one core, in turn: on two cores four
nodes can compute twice what one does, and wait four times as much. Database, storage and command are held to no core.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import yaml

from benchmarks.made_courses import made_course, write_folder
from benchmarks.processes import ROOT, environment
from benchmarks.scaling.clusters import cluster_of
from benchmarks.torture.machines import Postgres

_COUNTS = (1, 4)  # nodes
_LINES = 6  # of a fetched slide


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds of the command, and how many cores of the machine were busy meanwhile, whoever used them."""

    seconds: float
    busy: float


def write_computing(work: Path, courses: int, passages: int) -> list[Path]:
    """Folders of courses in English, whose slides are PDFs; written where they are not there yet."""
    folders: list[Path] = []
    number = 0
    while len(folders) < courses:
        if made_course(number, 1)[0].language == "en":  # Russian slides need a font that is not everywhere
            folders.append(work / f"computing-{passages}" / f"made-{number:04d}")
            if not (folders[-1] / "course.yaml").exists():  # it is written last
                write_folder(number, passages, folders[-1], decks=True)
        number += 1
    return folders


def write_waiting(work: Path, courses: int, decks: int, home: str) -> list[Path]:
    """Folders of courses of one lecture a deck, all of which lie on the site at `home`."""
    folders = [work / "waiting" / f"fetched-{number:04d}" for number in range(courses)]
    for folder in folders:
        names = [f"{folder.name}-{deck:03d}" for deck in range(decks)]
        lectures = [{"title": name, "decks": [f"{home}/{name}.pdf"]} for name in names]
        course = {"slug": folder.name, "title": folder.name, "language": "en", "lectures": lectures}
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "course.yaml").write_text(yaml.safe_dump(course), "utf-8")
    return folders


@contextmanager
def slow_site(seconds: float) -> Iterator[str]:
    """The address of a server that answers every path with a slide of its own, after so many seconds."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            slide = _slide(self.path)
            time.sleep(seconds)
            with suppress(ConnectionError):  # who asked may have been ended meanwhile
                self.send_response(200)
                self.send_header("Content-Length", str(len(slide)))
                self.end_headers()
                self.wfile.write(slide)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 128  # nobody is turned away: each node fetches several files at once

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _slide(name: str) -> bytes:
    from fpdf import FPDF  # noqa: PLC0415  (only where PDFs are asked for)

    pdf = FPDF("landscape", "mm", (190.5, 338.7))
    pdf.add_page()
    pdf.set_font("Helvetica", "", 18)
    for line in range(_LINES):
        pdf.cell(w=0, h=10, text=f"Line {line} of {name} is about dropout", new_x="LMARGIN", new_y="NEXT")
    return bytes(pdf.output())


def take_up(folders: Sequence[Path], count: int, own: Path) -> Taken:
    """What it takes so many nodes, which have nothing to begin with but an empty database and an empty storage."""
    shutil.rmtree(own, ignore_errors=True)
    (own / "storage").mkdir(parents=True)
    database = Postgres(own)
    shared = {
        "LECTURES_DATABASE_URL": database.url,
        "LECTURES_STORAGE_URL": str(own / "storage"),
        "LECTURES_OFFLINE": "false",
        "LECTURES_FETCH_PRIVATE": "true",  # the slow site is on this machine
    }
    try:
        with cluster_of(count, own / "data", held=True) as nodes:
            command = ["ingest", *map(str, folders), "--ray", nodes.address, "--json"]
            busy, began = _busy_seconds(), time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-m", "service.cli", *command],
                cwd=ROOT, env=environment(own / "driver") | shared, stdout=subprocess.PIPE, text=True, check=False,
            )  # fmt: skip
            seconds = time.perf_counter() - began
            taken = Taken(seconds, (_busy_seconds() - busy) / seconds)
    finally:
        database.close()
    reports = [outcome["report"] for outcome in json.loads(done.stdout or "[]")]
    whole = [report for report in reports if report and report["changed"] and not report["gaps"]]
    if len(whole) != len(folders):
        raise SystemExit(f"Not everything was taken up as a whole: {done.stdout[-4000:]}")
    return taken


def _busy_seconds() -> float:
    """Seconds in which cores did not idle since the machine was started, of all cores together."""
    fields = Path("/proc/stat").read_text("utf-8").split("\n", 1)[0].split()
    user, nice, system = map(int, fields[1:4])
    return (user + nice + system) / os.sysconf("SC_CLK_TCK")


def compare(what: str, folders: Sequence[Path], work: Path) -> None:
    """Print a line for each number of nodes, and what the last is to the first."""
    found = {count: take_up(folders, count, work / f"nodes-{count}") for count in _COUNTS}
    for count, taken in found.items():
        print(f"{what}, {count} nodes: {len(folders)} courses in {taken.seconds:.1f} s, {taken.busy:.2f} cores busy")
    first, last = (found[count].seconds for count in _COUNTS)
    print(f"{what}: {_COUNTS[-1]} nodes take up {first / last:.2f} times as much as one; {os.cpu_count()} cores")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--courses", type=int, default=8, help="of each set")
    parser.add_argument("--passages", type=int, default=576, help="of a course that lies here")
    parser.add_argument("--decks", type=int, default=40, help="of a course that is fetched, each of one page")
    parser.add_argument("--wait", type=float, default=2.0, help="seconds that the server lets each file wait")
    given = parser.parse_args()
    work = given.work.absolute()
    compare("computing", write_computing(work, given.courses, given.passages), work)
    with slow_site(given.wait) as home:
        compare("waiting", write_waiting(work, given.courses, given.decks, home), work)


if __name__ == "__main__":
    main()
