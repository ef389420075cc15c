"""Which sounds are like a given one: those that comparing it with every one finds."""

from __future__ import annotations

from collections.abc import Sequence
from unittest.mock import patch

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import JaroWinkler

from index.engine import sounds as sounds_module
from index.engine.letters import mask_of, masks_of
from index.engine.slices import Slices
from index.engine.sounds import MIN_SOUND, Sounds, heads_of

_CODE = st.text(alphabet="aeklnSt1", min_size=3, max_size=12)


def _sounds(codes: Sequence[str]) -> Sounds:
    """Of one alphabet, the other has none; the word of each is its number."""
    ordered = sorted(codes, key=len)
    lengths = [len(code) for code in ordered]
    starts = np.searchsorted(lengths, np.minimum(np.arange(513), 256))
    slices = Slices.of(code.encode() for code in ordered)
    masks = masks_of([code.lower() for code in ordered])
    return Sounds(slices, slices, np.arange(len(ordered)), masks, starts, heads_of(slices))


def _coarse(sounds: Sounds) -> list[str]:
    return list(sounds.coarse)


def _differing(first: str, second: str) -> int:
    return int(np.bitwise_count(mask_of(first.lower()) ^ mask_of(second.lower())))


@given(st.lists(_CODE, max_size=30), _CODE)
@example(["lentaS", "lenta", "tlena", "lantaS"], "lentaS")
@settings(max_examples=300, deadline=None)
def test_sounds_that_are_alike_are_those_of_comparing_all(codes: list[str], code: str) -> None:
    # near ones, of which random codes have few
    near = [code + "t", code[1:], code[:-1] + "k", code[::-1], code[1] + code[0] + code[2:]]
    sounds = _sounds([own for own in (*codes, *near) if own])
    expected = {
        (place, JaroWinkler.similarity(code, other))
        for place, other in enumerate(_coarse(sounds))
        if abs(len(other) - len(code)) <= 3
        and _differing(code, other) <= 2 + len(code) // 5
        and JaroWinkler.similarity(code, other) >= MIN_SOUND
    }
    with patch.object(sounds_module, "_FEW", 0):
        found = sounds.alike(code, cyrillic=False)
    assert sounds.alike(code, cyrillic=False) == found
    assert [place for place, _ in found] == sorted(place for place, _ in expected)
    np.testing.assert_allclose([alike for _, alike in found], [alike for _, alike in sorted(expected)], rtol=1e-6)
    assert sounds.alike(code, cyrillic=True) == []


def test_a_part_of_the_sounds_finds_what_all_of_them_find_among_these() -> None:
    sounds = _sounds(["lenta", "lentaS", "lenka", "satana"])
    part = sounds.only(np.array([1, 3]), np.array([7, 8]))
    assert _coarse(part) == [_coarse(sounds)[1], _coarse(sounds)[3]]
    wanted = {_coarse(sounds)[place] for place, _ in sounds.alike("lenta", cyrillic=False)} & set(_coarse(part))
    assert {_coarse(part)[place] for place, _ in part.alike("lenta", cyrillic=False)} == wanted
