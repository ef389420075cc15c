"""The same keys in the other keyboard layout."""

from __future__ import annotations

from index.text.layout import other_layout


def test_layouts_are_each_others_opposite() -> None:
    assert other_layout(other_layout("переобучение")) == "переобучение"


def test_the_same_keys_give_the_word_that_was_meant() -> None:
    assert other_layout("cdthnrf") == "свертка"
    assert other_layout("вкщзщге") == "dropout"
