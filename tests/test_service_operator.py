"""What an operator is told: what goes with a course, whose a damaged file is, who holds a job, what courses lack."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support import Done, Run

from index.library import Library
from index.store.jobs import add_job, claim_job
from service.gap_lines import Gap, counted_gaps, gap_lines
from service.settings import Settings

ROOT = Path(__file__).parents[1]


RunOver = Callable[..., Done]


@pytest.fixture
def run(lectures: Run) -> RunOver:
    """`lectures …` over a data folder."""
    return lambda folder, *arguments: lectures(*arguments, LECTURES_DATA_DIR=str(folder))


@pytest.fixture
def own(tmp_path: Path, example_settings: Settings) -> Path:
    """An installation with the example course, to be changed."""
    return Path(shutil.copytree(example_settings.data_dir, tmp_path / "own"))


@pytest.mark.sqlite
def test_verify_and_backup_name_the_course_and_the_file(run: RunOver, own: Path, tmp_path: Path) -> None:
    damaged = next((own / "files").rglob("*.vtt"))
    damaged.write_bytes(b"something else")
    said = run(own, "verify").out
    assert f"The stored file {damaged.stem} (" in said
    assert "of course neural-networks) is missing or damaged; ingest neural-networks again." in said
    assert said.endswith("1 fault.\n")
    written = run(own, "backup", str(tmp_path / "all.bak"))
    assert written.code == 1
    assert "of course neural-networks) is missing or damaged, and not in the backup; ingest neural" in written.err


@pytest.mark.sqlite
def test_a_terminal_is_asked_before_a_course_goes(run: RunOver, own: Path) -> None:
    terminal, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "service.cli", "remove", "neural-networks"],
        env={**os.environ, "LECTURES_DATA_DIR": str(own)},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=ROOT,
    )
    os.write(terminal, b"n\n")
    assert process.wait(60) == 1
    os.close(theirs)
    said = os.read(terminal, 10_000).decode()
    os.close(terminal)
    assert "with 5 lectures and 62 passages, goes from here. Remove it?" in said
    done = run(own, "remove", "neural-networks", "--yes")
    assert done.out.startswith("Removed neural-networks with 5 lectures and 62 passages; generation ")
    assert json.loads(run(own, "courses", "--json").out) == []


@pytest.mark.sqlite
def test_a_job_that_a_dead_worker_left_is_named(run: RunOver, sqlite_library: Library) -> None:
    with sqlite_library.database.writing() as connection:
        add_job(connection, "/courses/one", {})
        job = claim_job(connection)
    assert job is not None
    done = run(sqlite_library.data_dir, "worker", "--once")
    assert done.out.startswith(
        "0 jobs done.\n" + f"{job.id} (/courses/one) is held by another worker: if that one died,"
    )
    assert json.loads(run(sqlite_library.data_dir, "worker", "--once", "--json").out) == {"done": 0, "held": [job.id]}


@pytest.mark.sqlite
def test_a_backup_that_is_none_makes_nothing(run: RunOver, tmp_path: Path) -> None:
    (tmp_path / "cut.bak").write_bytes(b"PK")
    for backup, said in (("cut.bak", "is damaged"), (".", "is a folder; give the file"), ("none.bak", "no backup")):
        done = run(tmp_path / "new", "restore", str(tmp_path / backup))
        assert done.code == 1
        assert said in done.err
    assert not (tmp_path / "new").exists()


@pytest.mark.sqlite
def test_a_backup_into_a_folder_that_is_not_there_says_so(run: RunOver, own: Path) -> None:
    done = run(own, "backup", str(own / "nowhere" / "all.bak"))
    assert done.err == f"There is no folder {own / 'nowhere'}; make it, or name another place.\n"


_GAPS = [
    Gap("no_video", "One", "Lecture 'One' has no video yet."),
    *(Gap("missing_file", f"L{n}", "Deck a.pdf is not there.") for n in range(15)),
    Gap("missing_file", "Two", "Deck b.pdf is not there."),
    Gap("no_transcript", "Two", "Video x has no captions here."),
]


def test_gaps_stand_by_what_is_to_be_done_about_them() -> None:
    assert counted_gaps(_GAPS) == "17 gaps, 1 not there yet"
    assert gap_lines(_GAPS, every=False) == [
        "Add or fix a file:",
        "  2 × The course names a file that is not there. Add it, or correct its name. [missing_file]",
        "      such as: Deck a.pdf is not there. (in 15 lectures)",
        "Add captions:",
        "  Two: Video x has no captions here. [no_transcript]",
        "Nothing to do for now:",
        "  One: Lecture 'One' has no video yet. [no_video]",
    ]
    assert gap_lines(_GAPS, every=True)[2:4] == [
        "      Deck a.pdf is not there. (in 15 lectures)",
        "      Two: Deck b.pdf is not there.",
    ]


@pytest.mark.sqlite
def test_status_names_kinds_and_with_all_every_gap(run: RunOver, example_settings: Settings) -> None:
    short, long = (run(example_settings.data_dir, "status", *more).out for more in ([], ["--all"]))
    assert "0 gaps, 3 not there yet" in short
    assert "2 × There is no video yet." in short
    assert "Lecture 'Генеративные модели' has no video yet." not in short
    assert "Lecture 'Генеративные модели' has no video yet." in long
