"""What is fitted to tell answers from mentions."""

from __future__ import annotations

import json

import numpy as np
import pytest

from service.opening import open_index
from service.settings import Settings
from training.verdict import Seen, report, seen_of, share_of_pairs


def test_pairs_are_told_apart_by_their_order() -> None:
    is_right = np.array([True, False, True, False])
    assert share_of_pairs(np.array([2.0, 1.0, 3.0, 0.0]), is_right) == 1
    assert share_of_pairs(np.array([0.0, 1.0, 0.0, 2.0]), is_right) == 0
    assert share_of_pairs(np.zeros(4), is_right) == 0.5
    assert share_of_pairs(np.array([1.0, 2.0]), np.array([True, True])) == 0.5


def test_what_right_answers_have_more_of_is_fitted_and_outcomes_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    def seen(course: str, out: float, *, is_right: bool) -> Seen:
        return Seen(course, (out, 1 + out % 0.3), is_right, is_answered=True, outcome="answered")

    sure = [seen(course, 4.0 + i / 10, is_right=True) for course in "ab" for i in range(8)]
    poor = [seen(course, 1.0 + i / 10, is_right=False) for course in "ab" for i in range(8)]
    report([*sure, *poor, Seen("a", None, is_right=False, is_answered=False, outcome="absent")])
    said = capsys.readouterr().out
    assert float(said.split("stands out ")[1].split()[0]) > 0
    assert "pairs told apart 1.00" in said
    assert "answered        right  16  wrong  16  none   0" in said
    assert "absent          right   0  wrong   0  none   1" in said


def test_the_quotes_of_a_question_are_looked_at(example_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LECTURES_DATA_DIR", str(example_settings.data_dir))
    index = open_index()
    (course,) = index.generation.number_of
    asked = [{"query": "что такое переобучение", "facts": ["на контроле|запоминает"]}, {"query": "что такое LoRA"}]
    found, absent = seen_of(index, course, [json.dumps(line) for line in asked])
    assert (found.is_right, found.is_answered, absent.is_answered) == (True, True, False)
    assert found.outcome == "answered"
