"""Completions as they lie in a shard: by prefix of any word, counted by passage; words one slip away."""

from __future__ import annotations

import pytest
from support import passage

from index.engine.glossary import Term
from index.engine.suggest import ShardSuggestions, build_suggestions
from index.types import Kind, Reason


@pytest.fixture(scope="module")
def suggestions() -> ShardSuggestions:
    passages = [
        passage("zero", 0, title="Dropout"),
        passage("scale", 1, title="Inverted dropout"),
        passage("zero", 2, title="dropout"),
        passage("Свёртка; шаг свёртки", 3, kind=Kind.PROGRAMME, place=None),
        *(passage(f"слой внимания номер {letter}", 4 + row) for row, letter in enumerate("абв")),
        passage("слой пулинга", 8),
    ]
    return ShardSuggestions(build_suggestions(passages, [Term("шаг", "stride", Reason.GLOSSARY, 5)]))


def _found(suggestions: ShardSuggestions, prefix: str) -> list[tuple[str, int, bool]]:
    return [(found.text, found.count, inner) for found, inner in suggestions.starting_with(prefix)]


def test_a_completion_is_found_by_each_of_its_words_as_it_was_first_written(suggestions: ShardSuggestions) -> None:
    assert _found(suggestions, "dropout") == [("Dropout", 2, False), ("Inverted dropout", 1, True)]
    assert _found(suggestions, "inv") == [("Inverted dropout", 1, False)]
    assert _found(suggestions, "stride") == [("stride", 5, False)]
    assert _found(suggestions, "внимания") == [("слой внимания", 3, True), ("внимания номер", 3, False)]
    assert _found(suggestions, "свертк") == [("Свёртка", 1, False), ("шаг свёртки", 1, True)]
    assert _found(suggestions, "zzz") == []


def test_two_words_in_a_row_are_offered_if_three_passages_hold_them(suggestions: ShardSuggestions) -> None:
    assert _found(suggestions, "слой") == [("слой внимания", 3, False)]


@pytest.mark.parametrize(
    ("typed", "whole", "found"),
    [
        ("drpo", False, ["drop"]),
        ("droput", True, ["dropout"]),
        ("dropuot", True, ["dropout"]),
        ("drapout", True, ["dropout"]),
        ("droppout", True, ["dropout"]),
        ("dropout", True, []),
        ("zzzzz", True, []),
        ("ydropout", True, []),
    ],
)
def test_words_one_slip_away(suggestions: ShardSuggestions, typed: str, whole: bool, found: list[str]) -> None:
    near = suggestions.near(typed, whole=whole)
    assert near[: len(found)] == found
    assert bool(near) == bool(found)


def test_a_course_without_passages_offers_nothing() -> None:
    assert [*ShardSuggestions(build_suggestions([], [])).starting_with("d")] == []
