"""Terms that a course writes side by side."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support import passage

from index.engine.glossary import Term
from index.engine.mining import mine_terms
from index.types import Reason


def _mined(*texts: str) -> dict[frozenset[str], Term]:
    found = mine_terms([passage(text, row) for row, text in enumerate(texts)], lambda left, _: [1.0] * len(left))
    return {frozenset((term.text, term.counterpart)): term for term in found}


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("Верификация – ранний останов (Early Stopping)", ("ранний останов", "Early Stopping")),
        ("глубина свёртки, отступ (Padding), шаг", ("отступ", "Padding")),
        ("Early stopping (ранняя остановка)", ("Early stopping", "ранняя остановка")),
        ("отступ / padding", ("отступ", "padding")),
        ("Beam Search = метод луча", ("Beam Search", "метод луча")),
        ("Ранняя остановка\nEarly stopping", ("Ранняя остановка", "Early stopping")),
    ],
)
def test_translations_are_found_in_both_orders(text: str, pair: tuple[str, str]) -> None:
    if "\n" in text:
        title = text.split("\n", maxsplit=1)[0]
        found = mine_terms([replace(passage(text), title=title)], lambda left, _: [1.0] * len(left))
        assert [{term.text, term.counterpart} for term in found] == [set(pair)]
        return
    assert _mined(text)[frozenset(pair)].reason is Reason.GLOSSARY


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("Backpropagation Through Time (BPTT)", ("Backpropagation Through Time", "BPTT")),
        ("Нейронная сеть (НС) из слоёв", ("Нейронная сеть", "НС")),
        ("WER = Word Error Rate", ("Word Error Rate", "WER")),
        ("обучается LSTM (Long Short-Term Memory)", ("Long Short-Term Memory", "LSTM")),
    ],
)
def test_short_forms_are_found_by_their_initials(text: str, pair: tuple[str, str]) -> None:
    assert _mined(text)[frozenset(pair)].reason is Reason.ABBREVIATION


@pytest.mark.parametrize(
    "text",
    [
        "считаем потери (loss = 0.5)",
        "см. статью (https://example.org/x)",
        "аугментация (TTA)",
        "метод (см. рис. 1)",
        "x = y",
    ],
)
def test_formulas_links_and_remarks_are_no_terms(text: str) -> None:
    assert not _mined(text)


def test_what_was_seen_once_must_look_like_a_translation() -> None:
    texts = ["ранний останов (Early Stopping)", "шаг (stride)", "шаг (stride)"]
    passages = [passage(text, row) for row, text in enumerate(texts)]
    assert [term.counterpart for term in mine_terms(passages)] == ["stride"]
    assert [term.count for term in mine_terms(passages, lambda left, _: [0.0] * len(left))] == []
    assert len(mine_terms(passages, lambda left, _: [0.9] * len(left))) == 2
