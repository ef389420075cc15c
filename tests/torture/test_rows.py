"""The short form of every row of `make torture`: what was broken lost nothing and let nobody in."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from benchmarks.mutations import GUARDS, Guard, Outcome, copy_tree, main, try_guard
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


def test_what_breaks_everything_says_nothing_of_its_guard(tmp_path: Path) -> None:
    copy_tree(tmp_path)
    nothing = tmp_path / "tests" / "test_nothing.py"
    nothing.write_text("def test_nothing() -> None:\n    pass\n")
    file = tmp_path / "index" / "files.py"
    before = file.read_text("utf-8")
    for new, expected in (("path.write_bytes(content)", Outcome.INVALID), ("temporary.replace(path)", Outcome.NOT_RED)):
        guard = Guard("x", "index/files.py", "temporary.replace(path)", new, "tests/test_nothing.py")
        found = try_guard(tmp_path, guard, {"green": True, "said": ""})
        assert (found.outcome, "NameError" in found.said) == (expected, expected is Outcome.INVALID)
        assert file.read_text("utf-8") == before


def test_a_check_that_does_not_end_says_nothing_of_its_guard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy_tree(tmp_path)
    (tmp_path / "tests" / "test_endless.py").write_text("def test_endless() -> None:\n    while True:\n        pass\n")
    monkeypatch.setattr("benchmarks.mutations._broken", lambda _tree: "")
    monkeypatch.setattr("benchmarks.mutations._SECONDS", 1)
    guard = Guard("x", "index/files.py", "temporary.replace(path)", "pass", "tests/test_endless.py")
    found = try_guard(tmp_path, guard, {"green": True, "said": ""})
    assert (found.outcome, found.said) == (Outcome.INVALID, "did not end in 1 seconds")


def test_a_guard_that_is_not_there_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["mutations", "--only", "no such guard"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "'no such guard'" in capsys.readouterr().err


def test_a_row_that_ends_in_an_error_is_not_held(tmp_path: Path) -> None:
    outcome = run_row(Row(0, "nothing", "a row that is not there", 1, 1, 1), 1, 1, tmp_path / "row")
    assert not outcome.held
    assert "ModuleNotFoundError" in outcome.faults[0]
