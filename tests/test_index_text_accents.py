"""Letters without their marks, and what is kept of them."""

from __future__ import annotations

import pytest

from index.text.accents import _BARE, strip_accents


@pytest.mark.parametrize(
    ("written", "bare"),
    [
        ("réseau", "reseau"),
        ("größe", "große"),
        ("й ё свёртка", "й ё свёртка"),
        ("ﬁn naïve", "ﬁn naive"),
        ("中文", "中文"),
    ],
)
def test_latin_letters_lose_their_marks_and_others_stay(written: str, bare: str) -> None:
    assert strip_accents(written) == bare


def test_letters_beyond_alphabets_are_not_kept() -> None:
    before = len(_BARE)
    strip_accents("".join(map(chr, range(0xAC00, 0xAD00))))
    assert len(_BARE) == before


def test_letters_of_alphabets_are_worked_out_once() -> None:
    assert strip_accents("ế") == "e"
    assert _BARE[ord("ế")] == "e"
    assert ord("ế") in _BARE
