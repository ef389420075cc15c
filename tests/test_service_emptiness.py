"""Commands that only look: where there is nothing they say so and make nothing; a folder that is read-only will do."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from support import Done, Run

from service.settings import Settings

ROOT = Path(__file__).parents[1]
_BOUND, _OVERRIDE = 24, 1  # PR_CAPBSET_DROP, CAP_DAC_OVERRIDE


RunOver = Callable[..., Done]


@pytest.fixture
def run(lectures: Run) -> RunOver:
    """`lectures …` over a data folder."""
    return lambda folder, *arguments: lectures(*arguments, LECTURES_DATA_DIR=str(folder))


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["verify"], 1),
        (["backup", "{there}/all.bak"], 1),
        (["search", "x"], 1),
        (["ask", "what is x?"], 1),
        (["courses"], 0),
        (["status"], 0),
    ],
)
@pytest.mark.parametrize("made", [False, True])
@pytest.mark.sqlite  # elsewhere the database of a folder is there already
def test_where_there_is_nothing_it_is_said_and_nothing_is_made(
    run: RunOver, tmp_path: Path, command: list[str], code: int, made: bool
) -> None:
    folder = tmp_path / "lost"
    if made:
        folder.mkdir()
    done = run(folder, *(part.format(there=tmp_path) for part in command))
    assert done.code == code
    assert "There is nothing here" in done.out + done.err
    assert "LECTURES_DATA_DIR and LECTURES_DATABASE_URL say where it is looked for." in done.out + done.err
    assert str(folder) in done.out + done.err
    assert list(tmp_path.rglob("*")) == [folder] * made


@pytest.mark.sqlite
def test_an_installation_that_was_only_begun_is_nothing_to_verify(run: RunOver, tmp_path: Path) -> None:
    """As a service leaves one that was started before the volume was mounted."""
    assert run(tmp_path, "migrate").code == 0
    assert json.loads(run(tmp_path, "verify", "--json").out)["ok"] is False
    assert run(tmp_path, "keys", "create", "bot").code == 0
    assert json.loads(run(tmp_path, "verify", "--json").out) == {"ok": True, "damage": []}


@pytest.mark.sqlite
def test_an_index_without_its_database_is_named(run: RunOver, tmp_path: Path, example_settings: Settings) -> None:
    folder = tmp_path / "data"
    shutil.copytree(example_settings.data_dir / "index", folder / "index")
    done = run(folder, "verify")
    assert done.code == 1
    assert "holds nothing, though there is an index" in done.out
    assert not (folder / "lectures.db").exists()
    assert run(folder, "search", "dropout").code == 0
    assert not (folder / "lectures.db").exists()


@pytest.mark.parametrize("empty", ["", " "])
def test_an_empty_name_of_the_data_folder_is_refused(run: RunOver, empty: str) -> None:
    done = run(empty, "courses")
    assert done.code == 1
    assert f"LECTURES_DATA_DIR is {empty!r}: an empty name" in done.err


@pytest.mark.parametrize("command", ["courses", "status"])
def test_a_private_course_that_is_not_there_is_named(
    run: RunOver, monkeypatch: pytest.MonkeyPatch, example_settings: Settings, command: str
) -> None:
    monkeypatch.setenv("LECTURES_PRIVATE_COURSES", "neural-networks, neural-network")
    done = run(example_settings.data_dir, command)
    assert done.code == 0
    assert "LECTURES_PRIVATE_COURSES names 'neural-network', and there is no such course" in done.err
    assert done.err.count("LECTURES_PRIVATE_COURSES") == 1


def test_an_index_of_another_version_is_named_with_what_to_do(
    run: RunOver, monkeypatch: pytest.MonkeyPatch, example_settings: Settings
) -> None:
    assert run(example_settings.data_dir, "courses").err == ""
    monkeypatch.setattr("service.oversights.ANALYSIS_VERSION", "99")
    assert (
        "this program has 99: nothing is found before `lectures reindex`"
        in run(example_settings.data_dir, "courses").err
    )


@pytest.fixture
def read_only(tmp_path: Path, example_settings: Settings) -> Iterator[Path]:
    folder = tmp_path / "snapshot"
    shutil.copytree(example_settings.data_dir, folder)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield folder
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _as_others() -> None:
    """The administrator may write anywhere; from here on as little as everybody else."""
    if os.geteuid() == 0:
        ctypes.CDLL(None).prctl(_BOUND, _OVERRIDE, 0, 0, 0)


def _run_apart(folder: Path, *commands: Sequence[str]) -> list[Done]:
    """Commands one after another, in a process that may write no more than its files say."""
    program = (
        "import io, json, sys\n"
        "from contextlib import redirect_stderr, redirect_stdout\n"
        "from service import console\nfrom service.cli import main\n"
        "ended = []\n"
        "for sys.argv[1:] in json.loads(sys.argv[1]):\n"
        "    out, console.out.file, console.err.file = io.StringIO(), None, None\n"
        "    with redirect_stdout(out), redirect_stderr(io.StringIO()) as err:\n"
        "        try: main()\n"
        "        except SystemExit as end: ended.append([end.code, out.getvalue(), err.getvalue()])\n"
        "print(json.dumps(ended))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(commands)],
        env={**os.environ, "LECTURES_DATA_DIR": str(folder)},
        preexec_fn=_as_others,
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return [Done(*each) for each in json.loads(done.stdout)]


@pytest.mark.sqlite
def test_a_read_only_folder_is_looked_at_searched_and_backed_up(run: RunOver, read_only: Path, tmp_path: Path) -> None:
    before, target = sorted(read_only.rglob("*")), str(tmp_path / "all.bak")
    courses, status, verified, found, written, *refused = _run_apart(
        read_only,
        ["courses", "--json"],
        ["status", "--json"],
        ["verify", "--json"],
        ["search", "dropout", "--json"],
        ["backup", target],
        ["remove", "neural-networks"],
        ["keys", "create", "bot"],
        ["ingest", str(ROOT / "examples"), "--queue"],
    )
    assert json.loads(courses.out)[0]["slug"] == "neural-networks", courses
    assert json.loads(status.out)["current"] is True
    assert json.loads(verified.out) == {"ok": True, "damage": []}
    assert json.loads(found.out)["degraded"] == []
    assert (written.code, written.err) == (0, "")
    for done in refused:
        assert done.code == 1
        assert str(read_only) in done.err
        assert "read-only" in done.err or "can only be read" in done.err
    assert sorted(read_only.rglob("*")) == before
    assert "1 course and" in run(tmp_path / "new", "restore", target).out
