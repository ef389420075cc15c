"""What the minutes around one say together."""

from __future__ import annotations

import numpy as np
import pytest

from index.engine.postings import SATURATION_LIMIT
from index.search.windows import REACH, around


def _minutes(count: int) -> np.ndarray:
    joined = np.ones(count, np.bool_)
    joined[0] = False
    return joined


def test_a_word_that_falls_in_many_minutes_says_more_than_one_that_falls_once() -> None:
    once, often = np.zeros(9, np.float32), np.ones(9, np.float32)
    once[4] = 1
    joined = _minutes(9)
    assert around([often], [1.0], joined)[4] > around([once], [1.0], joined)[4] == 1


def test_the_silent_minute_between_two_that_speak_of_it_is_heard_with_them() -> None:
    own = np.array([1, 0, 1], np.float32)
    heard = around([own], [2.0], _minutes(3))
    # two impacts of 1/2 are frequencies of .4 each: .8 · 2.2 / (1.2 + .8)
    frequency = 1.2 * 0.5 / (SATURATION_LIMIT - 0.5)
    together = SATURATION_LIMIT * 2 * frequency / (1.2 + 2 * frequency)
    assert heard[1] == pytest.approx(2.0 * 0.7 * together, rel=1e-5)


def test_another_recording_is_not_heard() -> None:
    own = np.array([1, 0, 0], np.float32)
    assert around([own], [1.0], np.array([False, False, True])).tolist()[1:] == [0, 0]


def test_what_lies_further_away_is_not_heard() -> None:
    own = np.zeros(REACH + 3, np.float32)
    own[0] = 1
    heard = around([own], [1.0], _minutes(REACH + 3))
    assert heard[REACH] > 0 == heard[REACH + 1]


def test_no_score_exceeds_the_most_that_the_words_can_give() -> None:
    own = np.full(40, SATURATION_LIMIT * 3, np.float32)
    assert around([own], [3.0], _minutes(40)).max() <= SATURATION_LIMIT * 3 + 1e-4
