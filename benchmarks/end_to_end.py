"""Made course folders → one `lectures ingest` of all of them, stopped on purpose and gone on with: time, memory, size.

    python -m benchmarks.end_to_end WORK --courses 434 --kill-at 0.5

What a university would do on its first day, on one machine: every third course has its slides as PDFs, the others are
captions. The ingest is killed (SIGKILL) after this share of the courses, and the same command is given again; then it
is given once more, when nothing is left to do, and `lectures verify` reads everything. The folders are written once and
kept in WORK/courses; the installation in WORK/data is made anew each time. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import sqlalchemy as sa

from benchmarks.made_courses import made_course, write_folder
from benchmarks.processes import ROOT, environment, shared_out_mb, tree_of
from index.library import Library
from index.store.tables import courses as course_rows
from index.store.tables import passages as passage_rows

_PASSAGES = 2_304
_LOOK = 0.5  # seconds between two looks at a running ingest
_KEPT_LOG = 4_000


@dataclass(frozen=True, slots=True)
class Run:
    """One command: how it ended (None: killed), seconds, and the most memory (no mapped files) of its processes."""

    command: str
    ended: int | None
    seconds: float
    peak_mb: float


def write_folders(work: Path, courses: int) -> list[Path]:
    """The folders, written where they are not there yet."""
    folders = []
    for number in range(courses):
        folder = work / "courses" / f"made-{number:04d}"
        if not (folder / "course.yaml").exists():  # it is written last
            english = made_course(number, 1)[0].language == "en"
            write_folder(number, _PASSAGES, folder, decks=english)
            sys.stderr.write(f"folder {number + 1} of {courses}\n")
        folders.append(folder)
    return folders


def run(arguments: list[str], work: Path, kill_at: int | None = None) -> Run:
    """The command, watched; killed with all its children as soon as so many courses are there."""
    data = work / "data"
    started = time.monotonic()
    with (work / "log.txt").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "service.cli", *arguments],
            cwd=ROOT,
            env=environment(data),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        peak, killed = 0.0, False
        while process.poll() is None:
            peak = max(peak, sum(map(_memory_mb, tree_of(process.pid))))
            if kill_at is not None and _count(data, course_rows) >= kill_at:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                killed = True
            time.sleep(_LOOK)
    ended = None if killed else process.returncode
    if ended not in (None, 0):
        raise SystemExit((work / "log.txt").read_text("utf-8")[-_KEPT_LOG:])
    return Run(f"lectures {arguments[0]}", ended, round(time.monotonic() - started, 1), round(peak, 1))


def _memory_mb(pid: int) -> float:
    try:
        return shared_out_mb(pid)
    except OSError:  # it has just ended
        return 0.0


def _count(data: Path, table: sa.Table) -> int:
    file = data / "lectures.db"
    if not file.exists():
        return 0
    library = Library(f"sqlite:///{file}", data)
    try:
        with library.database.reading() as connection:
            return int(connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)
    except sa.exc.SQLAlchemyError:  # it is being made
        return 0
    finally:
        library.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--courses", type=int, default=434, help="of 2,304 passages each")
    parser.add_argument("--kill-at", type=float, default=0.5, help="the share of courses after which it is killed")
    parser.add_argument("--folders", action="store_true", help="write the folders, and stop")
    options = parser.parse_args()
    folders = write_folders(options.work, options.courses)
    if options.folders:
        return
    data = options.work / "data"
    shutil.rmtree(data, ignore_errors=True)
    everything = ["ingest", *map(str, folders)]
    runs = [
        run(everything, options.work, round(options.kill_at * len(folders))),
        run(everything, options.work),
        run(everything, options.work),
        run(["verify"], options.work),
    ]
    found = {
        "courses": _count(data, course_rows),
        "passages": _count(data, passage_rows),
        "data_gb": round(_bytes(data) / 1e9, 2),
        "sources_gb": round(_bytes(options.work / "courses") / 1e9, 2),
        "load": os.getloadavg(),
        "runs": [asdict(one) for one in runs],
    }
    sys.stdout.write(json.dumps(found, indent=1) + "\n")


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
