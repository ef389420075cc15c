"""Completions: by prefix, in both languages, with a slip or in the wrong layout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from support import passage

from index.engine.glossary import Term
from index.engine.suggest import ShardSuggestions, build_suggestions
from index.search.suggest import complete
from index.types import IndexedPassage, Kind, Reason


def _titled(title: str, row: int) -> IndexedPassage:
    return replace(passage(f"{title}\nслова на слайде", row), title=title)


def _suggestions(passages: Sequence[IndexedPassage], terms: Sequence[Term] = ()) -> ShardSuggestions:
    return ShardSuggestions(build_suggestions(passages, terms))


@pytest.fixture(scope="module")
def shards() -> list[ShardSuggestions]:
    passages = [
        _titled("Dropout", 0),
        _titled("Dropout", 1),
        _titled("Ранняя остановка", 2),
        _titled("Градиентный спуск", 3),
        replace(passage("Свёртка. Пулинг, шаг свёртки", 4), kind=Kind.PROGRAMME),
        *(passage(f"слой внимания номер {'абвг'[i]}", 5 + i) for i in range(4)),
    ]
    return [_suggestions(passages, [Term("Ранняя остановка", "Early stopping", Reason.GLOSSARY, 3, ())])]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("dro", "Dropout"),
        ("ранняя ос", "Ранняя остановка"),
        ("early", "Early stopping"),
        ("спуск", "Градиентный спуск"),
        ("шаг", "шаг свёртки"),
        ("свертк", "Свёртка"),
    ],
)
def test_titles_programmes_and_terms_are_offered(shards: list[ShardSuggestions], typed: str, first: str) -> None:
    assert complete(shards, typed, 5)[0].text == first


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
def test_a_slip_or_the_other_layout_still_completes(shards: list[ShardSuggestions], typed: str, first: str) -> None:
    assert complete(shards, typed, 5)[0].text == first


@pytest.mark.parametrize("typed", ["", "  ", "zzzz", "🙂", "x" * 900, "-", "/"])
def test_what_nothing_begins_with_gives_nothing(shards: list[ShardSuggestions], typed: str) -> None:
    assert complete(shards, typed, 5) == []


def test_courses_are_kept_apart_and_the_limit_holds(shards: list[ShardSuggestions]) -> None:
    another = [_suggestions([_titled("Momentum", 0)])]
    assert complete(another, "dro", 5) == []
    assert complete([], "dro", 5) == []
    assert len(complete(shards, "с", 1)) == 1


def test_what_several_courses_offer_is_offered_once_with_the_sum_of_its_counts(shards: list[ShardSuggestions]) -> None:
    another = _suggestions([_titled("DROPOUT", 0), _titled("Dropconnect", 1), _titled("Dropconnect", 2)])
    found = complete([*shards, another], "dro", 5)
    assert [(one.text, one.count, one.shard) for one in found] == [("Dropout", 3, 0), ("Dropconnect", 2, 1)]


def test_lectures_and_terms_stand_before_titles_that_are_more_frequent() -> None:
    passages = [
        *(_titled("Attention maps", row) for row in range(5)),
        replace(passage("x", 9), lecture_id=2, lecture_title="Attention"),
    ]
    found = complete([_suggestions(passages, [Term("attention head", "голова", Reason.GLOSSARY, 2, (3,))])], "att", 5)
    assert [one.text for one in found] == ["attention head", "Attention", "Attention maps"]


def test_a_course_where_the_word_begins_the_completion_says_how_it_is_sorted(shards: list[ShardSuggestions]) -> None:
    within = _suggestions([_titled("Inverted dropout", row) for row in range(9)])
    assert [found.text for found in complete([within, *shards], "dropout", 5)] == ["Dropout", "Inverted dropout"]
