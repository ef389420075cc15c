"""Passage text + terms → the stretch that is shown: the same in every process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from index.text.snippet import make_snippet

# two lines far apart, each with three terms whose weights are the same numbers: equals, of which the first is shown
_FILLING = "and nothing else is said here " * 9
_TEXT = f"alpha beta gamma {_FILLING}\ndelta kappa omega {_FILLING}"
_WEIGHTS = {"alpha": 0.1, "beta": 0.2, "gamma": 0.3, "delta": 0.1, "kappa": 0.2, "omega": 0.3}


def test_the_first_of_equal_stretches_is_shown() -> None:
    assert make_snippet(_TEXT, 0, _WEIGHTS).text.startswith("alpha beta gamma")


def test_two_workers_show_the_same_stretch() -> None:
    """The order of a set differs from process to process, and with it the last digit of a sum in that order."""
    program = "import test_index_text_snippet as t; print(t.make_snippet(t._TEXT, 0, t._WEIGHTS).text)"
    tests = Path(__file__).parent
    shown = set()
    for seed in range(6):
        environment = {**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": f"{tests.parent}{os.pathsep}{tests}"}
        command = [sys.executable, "-c", program]
        shown.add(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)
    assert len(shown) == 1
