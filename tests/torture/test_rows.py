"""The short form of every row of `make torture`: what was broken lost nothing and let nobody in."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.torture.result import Row, run_row
from benchmarks.torture.rows import ROWS


@pytest.mark.parametrize("row", [row for row in ROWS if row.short], ids=lambda row: f"{row.number}-{row.module}")
def test_a_row_holds(row: Row, tmp_path: Path) -> None:
    outcome = run_row(row, row.short, 1, tmp_path / "row")
    if outcome.missing:
        pytest.skip(outcome.missing)
    assert outcome.faults == []
    assert outcome.tried > 0
