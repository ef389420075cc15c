"""The short form of every row of `make torture`: what was broken lost nothing and let nobody in."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from benchmarks.mutations import GUARDS, Guard
from benchmarks.processes import ROOT
from benchmarks.torture.result import Row, run_row
from benchmarks.torture.rows import ROWS


@pytest.mark.parametrize("row", [row for row in ROWS if row.short], ids=lambda row: f"{row.number}-{row.module}")
def test_a_row_holds(row: Row, tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as apart:  # the library of the browser tests keeps an event loop in this thread
        outcome = apart.submit(run_row, row, row.short, 1, tmp_path / "row").result()
    if outcome.missing:
        pytest.skip(outcome.missing)
    assert outcome.faults == []
    assert outcome.tried > 0


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_a_guard_that_is_taken_out_stands_where_it_is_looked_for(guard: Guard) -> None:
    """What going red costs is for `make mutations`; here it is seen that the list has not fallen behind the code."""
    assert (ROOT / guard.file).read_text("utf-8").count(guard.old) == 1
    assert guard.check[0].isdigit() or (ROOT / guard.check.partition("::")[0]).is_file()


def test_a_row_that_ends_in_an_error_is_not_held(tmp_path: Path) -> None:
    outcome = run_row(Row(0, "nothing", "a row that is not there", 1, 1), 1, 1, tmp_path / "row")
    assert not outcome.held
    assert "ModuleNotFoundError" in outcome.faults[0]
