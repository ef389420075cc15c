"""How the rows are run: each in a process of its own, as many side by side as there is room for, told as they go."""

from __future__ import annotations

import io
import json
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import pytest

from benchmarks.processes import ROOT
from benchmarks.torture import __main__ as command
from benchmarks.torture import apart
from benchmarks.torture.display import Display
from benchmarks.torture.progress import Progress, Reached, read_progress
from benchmarks.torture.result import Beside, Outcome, Result, Row, outcome_of
from benchmarks.torture.rows import ROWS
from benchmarks.torture.runner import Running, Sized, in_order, may_start, seconds_left

LONG = next(row for row in ROWS if row.module == "model")  # minutes of work at its long size


def row(number: int, seconds: int, beside: Beside = Beside.ANOTHER) -> Row:
    return Row(number, "made_up", "something is broken", 1, 100, seconds, beside)


SOAK, ALONE = row(1, 500, Beside.EVERYTHING), row(2, 60, Beside.NOTHING)
SHORT, LONGER, LONGEST = row(3, 10), row(4, 100), row(5, 200)


def waited_for(running: apart.RunningRow) -> Outcome:
    while (outcome := running.outcome()) is None:
        time.sleep(0.05)
    return outcome


def test_a_row_that_is_past_its_deadline_is_ended_and_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "_PATIENCE", 0)
    monkeypatch.setattr(apart, "_SETTING_UP_SECONDS", 0.2)
    outcome = waited_for(apart.RunningRow(LONG, LONG.long, 1))
    assert not outcome.held
    assert outcome.faults == ["it was not over after 0 s, and was ended (0 of 0 tried)"]


def test_a_row_whose_process_dies_is_not_held() -> None:
    running = apart.RunningRow(LONG, LONG.long, 1)
    os.kill(running._process.pid, signal.SIGKILL)
    outcome = waited_for(running)
    assert not outcome.held
    assert outcome.faults == ["its process ended with -9 before it said what it found (0 of 0 tried)"]
    assert not running._folder.exists()


_STARTS_ONE = """
import time
from benchmarks.torture.apart import RunningRow
from benchmarks.torture.rows import ROWS
print(RunningRow(ROWS[6], 10_000, 1)._process.pid, flush=True)
time.sleep(60)
"""


def test_a_row_ends_with_who_started_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _STARTS_ONE]
    own = {**os.environ, "TMPDIR": str(tmp_path)}  # nobody is left who would sweep
    with subprocess.Popen(command, cwd=ROOT, env=own, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        row = os.pidfd_open(int(starter.stdout.readline()))
        starter.kill()
    over = select.poll()
    over.register(row, select.POLLIN)
    assert over.poll(30_000)
    os.close(row)


def test_a_row_that_needs_no_disk_lies_in_memory_where_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "_MEMORY", tmp_path)
    monkeypatch.setattr(apart, "_ROOM_BYTES", 1)
    assert apart._memory() == tmp_path
    monkeypatch.setattr(apart, "_ROOM_BYTES", 1 << 60)
    assert apart._memory() is None
    assert [one.module for one in ROWS if one.in_memory] == ["sites", "power", "disk_full", "damage", "model"]


def test_what_a_row_takes_little_of_comes_first_and_what_wants_the_machine_comes_alone() -> None:
    sized = [Sized(one, 100) for one in (SHORT, LONGER, ALONE, LONGEST, SOAK)]
    assert [one.row for one in in_order(sized)] == [SOAK, ALONE, LONGEST, LONGER, SHORT]
    assert may_start(ALONE, [SOAK])
    assert not may_start(ALONE, [SOAK, SHORT])
    assert not may_start(SHORT, [SOAK, ALONE])
    assert may_start(SHORT, [SOAK, LONGER])
    assert not may_start(SHORT, [SOAK, LONGER, LONGEST])
    assert may_start(SOAK, [LONGER, LONGEST])


@pytest.mark.parametrize(
    ("running", "waiting", "seconds"),
    [
        ([], [], 0.0),
        ([(SOAK, 400.0)], [LONGER, LONGEST], 400.0),
        ([(LONGEST, 40.0)], [LONGER], 100.0),
        ([(LONGEST, 200.0), (LONGER, 100.0)], [SHORT, ALONE], 60 + 200.0),
    ],
)
def test_the_time_that_is_left_is_that_of_the_rows_side_by_side(
    running: list[tuple[Row, float]], waiting: list[Row], seconds: float
) -> None:
    now = [Running(one, Reached(), left) for one, left in running]
    assert seconds_left(now, [Sized(one, 100) for one in waiting]) == seconds


def test_how_far_a_row_is_can_be_read_while_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.torture.progress._TELL_SECONDS", 0.0)
    file = tmp_path / "progress.json"
    assert read_progress(file) == Reached()
    progress = Progress(10, file)
    progress.add(False)
    progress.add(True, 2)
    assert read_progress(file) == Reached(3, 10, 1)
    progress.expect(5)
    progress.reach(4.6, 2)
    assert read_progress(file) == Reached(4, 5, 2)


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "before", "after"), [(io.StringIO(), "    ", "\n"), (_Terminal(), "\r\x1b[K", "")])
def test_who_waits_sees_what_runs(
    stream: io.StringIO, before: str, after: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    for name in ("_LINE_SECONDS", "_REWRITE_SECONDS"):
        monkeypatch.setattr(f"benchmarks.torture.display.{name}", 0.0)
    display = Display(3, stream)
    display.show(outcome_of(SHORT, 9, 1, Result(9, ["a course was lost"]), 2.0, 3.0))
    display.look([Running(LONGER, Reached(40, 100, 2), 61.0)], 125.0)
    lines = stream.getvalue().split("\n")
    assert lines[0].removeprefix("\r\x1b[K") == " 3  BROKEN     2.0 s  something is broken: 9 tried, 1 wrong; "
    assert lines[1] == "      - a course was lost"
    assert stream.getvalue().endswith(
        f"{before}0:00 · 1 of 3 rows over, 1 not held · some 2:05 to go · 4 made_up 40/100, 2 WRONG{after}"
    )


def test_a_run_goes_on_with_what_was_not_held(tmp_path: Path) -> None:
    file = tmp_path / "torture.json"
    held = outcome_of(SHORT, 9, 1, Result(9), 2.0)
    broken = outcome_of(LONGER, 9, 1, Result(9, ["a course was lost"]), 2.0)
    other = outcome_of(LONGEST, 4, 1, Result(4), 2.0)
    rows = [Sized(one, 9) for one in (SHORT, LONGER, LONGEST)]
    assert command._held_before(file, rows, 1) == []
    command._write(file, [broken, other, held])
    assert [outcome["row"] for outcome in json.loads(file.read_text("utf-8"))] == [3, 4, 5]
    assert command._held_before(file, rows, 1) == [held]
    assert command._held_before(file, rows, 2) == []
    assert Outcome(**asdict(held)).held


def test_a_row_is_run_and_written_and_not_run_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "torture.json"
    monkeypatch.setattr("sys.argv", ["torture", "--rows", "14", "--size", "2", "--json", str(file), "--go-on"])
    assert command.main() == 0
    first = json.loads(file.read_text("utf-8"))
    assert [(outcome["row"], outcome["tried"], outcome["faults"]) for outcome in first] == [(14, 4, [])]
    monkeypatch.setattr(command, "run_all", lambda rows, *_: (one for one in rows))
    assert command.main() == 0
