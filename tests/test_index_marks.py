"""Marks: what stays the same while the text does, and what tells apart places that say the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from index.marks import LENGTH, address_name, place_marks, read_mark, segment_at

A, B, C, D = ("one two three", "four five six", "seven eight nine", "ten eleven twelve")


def _said(texts: list[str], identity: str = "file") -> list[str]:
    return [mark[:7] for mark in place_marks(texts, identity)]


def test_a_mark_says_the_place_its_neighbours_and_its_file() -> None:
    before = [read_mark(mark) for mark in place_marks([A, B, C, D], "file")]
    after = [read_mark(mark) for mark in place_marks([A, "new", B, C, D], "changed")]
    assert before[1] is not None
    assert after[2] is not None
    assert before[1].said == after[2].said
    assert (before[1].before == after[2].before, before[1].after == after[2].after) == (False, True)
    assert before[1].file != after[2].file
    assert before[1].beside(after[2]) == 1


def test_case_and_spaces_are_nothing() -> None:
    assert place_marks([A, B], "f") == place_marks([A.upper(), f" {B}\n"], "f")


def test_a_page_without_words_is_known_by_its_file_alone() -> None:
    assert _said([A, "", B]) == [_said([A])[0], _said([C, "", D])[1], _said([B])[0]]
    assert _said([A, "", B], "one")[1] != _said([A, "", B], "other")[1]
    assert _said(["", A])[0] != _said([A, ""])[1]


def test_of_builds_each_is_known_only_while_there_are_as_many() -> None:
    three, two = _said([A, B, B, B, C])[1:4], _said([A, B, B, C])[1:3]
    assert len({*three, *two}) == 5
    assert _said([D, B, B, C])[1:3] == two


def test_a_cover_is_not_known_by_standing_first() -> None:
    marks = [read_mark(place_marks(["Deep learning", *rest], "f")[0]) for rest in ([A, B, C], [B, C, D])]
    assert marks[0] is not None
    assert marks[1] is not None
    assert marks[0].said == marks[1].said
    assert marks[0].beside(marks[1]) == 0


@given(st.lists(st.text(max_size=8), max_size=12), st.text(max_size=8))
def test_every_text_has_a_mark_that_can_be_read(texts: list[str], identity: str) -> None:
    marks = place_marks(texts, identity)
    assert len(marks) == len(texts)
    assert all(read_mark(mark) is not None and len(mark) == LENGTH for mark in marks)
    assert marks == place_marks(texts, identity)


def test_what_is_no_mark_is_not_read() -> None:
    (mark,) = place_marks([A], "f")
    assert [read_mark(text) for text in ("", mark[:-1], mark + "a", mark[:-1] + "0", mark.upper())] == [None] * 5


def test_an_address_within_an_address_has_no_slashes_of_its_own() -> None:
    assert address_name("slides/a b.pdf") == "slides/a b.pdf"
    name = address_name("https://example.org/x/deck.pdf?download=1")
    assert name.startswith("~")
    assert name.endswith("/deck.pdf")
    assert name.count("/") == 1
    assert name != address_name("https://example.org/y/deck.pdf")


def test_a_second_is_in_the_segment_that_starts_within_it() -> None:
    starts = [3.0, 12.0, 12.8, 20.0]
    assert [segment_at(starts, second) for second in (0.0, 3.0, 11.9, 12.4, 13.0, 99.0)] == [0, 0, 0, 2, 2, 3]
