"""Completions: by prefix, in both languages, with a slip or in the wrong layout."""

from __future__ import annotations

from dataclasses import replace

import pytest
from test_index_rewrite import _passage

from index.engine.glossary import Term
from index.engine.suggest import Suggester, build_suggestions
from index.types import IndexedPassage, Kind, Reason


def _titled(title: str, row: int) -> IndexedPassage:
    return replace(_passage(f"{title}\nслова на слайде", row), title=title)


@pytest.fixture(scope="module")
def suggester() -> Suggester:
    passages = [
        _titled("Dropout", 0),
        _titled("Dropout", 1),
        _titled("Ранняя остановка", 2),
        _titled("Градиентный спуск", 3),
        replace(_passage("Свёртка. Пулинг, шаг свёртки", 4), kind=Kind.PROGRAMME),
        *(_passage(f"слой внимания номер {'абвг'[i]}", 5 + i) for i in range(4)),
    ]
    terms = [Term("Ранняя остановка", "Early stopping", Reason.GLOSSARY, 3, "c", ())]
    return Suggester(build_suggestions(passages, terms))


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("dro", "Dropout"),
        ("ранняя ос", "Ранняя остановка"),
        ("early", "Early stopping"),
        ("спуск", "Градиентный спуск"),
        ("шаг", "шаг свёртки"),
        ("слой вн", "слой внимания"),
        ("свертк", "Свёртка"),
    ],
)
def test_titles_programmes_terms_and_frequent_phrases_are_offered(suggester: Suggester, typed: str, first: str) -> None:
    assert suggester.complete(typed, 5)[0].text == first


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("drpo", "Dropout"),
        ("dropuot", "Dropout"),
        ("droppout", "Dropout"),
        ("drapout", "Dropout"),
        ("градентный сп", "Градиентный спуск"),
        ("ранняя осат", "Ранняя остановка"),
        ("вкщзщге", "Dropout"),
        ("hfyyzz jcn", "Ранняя остановка"),
    ],
)
def test_a_slip_or_the_other_layout_still_completes(suggester: Suggester, typed: str, first: str) -> None:
    assert suggester.complete(typed, 5)[0].text == first


@pytest.mark.parametrize("typed", ["", "  ", "zzzz", "🙂", "x" * 900, "-", "/"])
def test_what_nothing_begins_with_gives_nothing(suggester: Suggester, typed: str) -> None:
    assert suggester.complete(typed, 5) == []


def test_courses_are_kept_apart_and_the_limit_holds(suggester: Suggester) -> None:
    assert suggester.complete("dro", 5, frozenset({"another"})) == []
    assert len(suggester.complete("с", 1)) == 1
