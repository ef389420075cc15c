"""The same keys in the other keyboard layout."""

from __future__ import annotations

import pytest

from index.text.layout import in_meant_layout, other_layout


def test_layouts_are_each_others_opposite() -> None:
    assert other_layout(other_layout("переобучение")) == "переобучение"


def test_the_same_keys_give_the_word_that_was_meant() -> None:
    assert other_layout("cdthnrf") == "свертка"
    assert other_layout("вкщзщге") == "dropout"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("xnj nfrjt lhjgfen?", "что такое lhjgfen?"),  # what the course knows of it is asked later
        ("xnj nfrjt dropout?", "что такое dropout?"),
        ("rfr j,exbnm pytorch vjltkm", "как обучить pytorch модель"),
        ("xnj nfrjt nn.Conv2d", "что такое nn.Conv2d"),
        ("ghbdtn!", "привет!"),
        ("rfr hf,jnftn dybvfybt.", "как работает внимание."),
        ("ЦРФЕ ШЫ ДУФКТШТП?", "what is learning?"),
        ("fcn vs ner", "fcn vs ner"),
        ("what is dropout?", "what is dropout?"),
        ("LSTM vs GRU", "LSTM vs GRU"),
        ("LTL", "LTL"),
        ("Vue d'ensemble", "Vue d'ensemble"),
        ("numpy np pd", "numpy np pd"),
        ("", ""),
    ],
)
def test_a_text_is_read_in_the_other_layout_where_its_words_are_words_there_alone(typed: str, meant: str) -> None:
    assert in_meant_layout(typed) == meant
