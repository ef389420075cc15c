"""Passage text + terms → the stretch that is shown: the same in every process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from index.text.fences import FENCE
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


_BEAM = {"beam": 1.0, "search": 1.0, "step": 0.5}
_LITERATURE = "Kim «Sequence Labelling by Beam Search Optimization»"


def test_addresses_references_and_strewn_formulas_lose_against_any_other_line() -> None:
    text = f"https://example.org/beam-search/search.html\n{_LITERATURE}\n( 1) i v η = − ∇ · +\nA beam keeps the best"
    shown = make_snippet(text, 0, _BEAM)
    assert shown.text == "A beam keeps the best"
    assert [shown.text[start:end] for start, end in shown.highlights] == ["beam"]


def test_a_line_without_the_words_is_shown_before_a_reference_that_has_them() -> None:
    assert make_snippet(f"{_LITERATURE}\nThe widest k are kept", 0, _BEAM).text == "The widest k are kept"


def test_where_there_is_nothing_but_references_the_title_stands_alone() -> None:
    text = f"Beam search\n{_LITERATURE}\nhttps://example.org/beam-search.html"
    assert make_snippet(text, len("Beam search"), _BEAM).text == ""


def test_a_snippet_ends_before_a_reference_and_before_the_last_signs() -> None:
    assert make_snippet(f"A beam is wide\n{_LITERATURE}\nMore of it", 0, _BEAM).text == "A beam is wide"
    assert make_snippet("A beam is wide\n( 1) i v η = − ∇ · +", 0, _BEAM).text == "A beam is wide"


def test_a_line_that_says_the_words_together_is_shown_before_lines_that_share_them() -> None:
    text = "What a beam costs\nWhat a search is\nAt each step a beam search keeps the best"
    assert make_snippet(text, 0, _BEAM).text == "At each step a beam search keeps the best"


def test_a_snippet_has_no_fences_and_its_highlights_stay_in_place() -> None:
    found = make_snippet("Files\nClean up so:\n```\ntrap cleanup EXIT\n```", 5, {"trap": 1.0})
    assert FENCE not in found.text
    assert [found.text[start:end] for start, end in found.highlights] == ["trap"]
    assert found.text.endswith("cleanup EXIT")
