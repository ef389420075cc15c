"""docs/security.md names guards and tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[1]
_TEXT = (_ROOT / "docs" / "security.md").read_text("utf-8")


@pytest.mark.parametrize("named", sorted(set(re.findall(r"`(tests/\w+\.py::test_\w+)`", _TEXT))))
def test_every_test_that_is_named_is_there(named: str) -> None:
    path, _, name = named.partition("::")
    assert re.search(rf"^def {name}\(", (_ROOT / path).read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("named", sorted(set(re.findall(r"`((?:service|index|ingest|deploy)/[\w./]+)`", _TEXT))))
def test_every_guard_that_is_named_is_there(named: str) -> None:
    assert (_ROOT / named).is_file()


def test_every_row_has_a_guard_and_a_test() -> None:
    rows = [row for row in _TEXT.splitlines() if row.startswith("|") and "---" not in row and "| who |" not in row]
    assert len(rows) >= 17
    for row in rows:
        _, _, _, guard, shown, _ = row.split("|")
        assert re.search(r"`\w+/[\w./]+\.py`", guard), row
        assert "::test_" in shown, row
