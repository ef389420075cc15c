"""Completions as they lie in a shard: by prefix of any word, counted by passage; words one slip away."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from support import passage

from index.engine.glossary import Term
from index.engine.suggest import ShardSuggestions, build_suggestions
from index.types import IndexedPassage, Kind, Reason, SuggestionKind


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
    assert _found(suggestions, "свертк") == [("Свёртка", 1, False), ("шаг свёртки", 1, True)]
    assert _found(suggestions, "zzz") == []


def test_speech_offers_no_word_pairs(suggestions: ShardSuggestions) -> None:
    assert _found(suggestions, "слой") == []


def test_forms_of_one_phrase_are_one_completion_as_it_is_written_most_often() -> None:
    titles = ["нейронной сети", "нейронная сеть", "Нейронных сетей", "нейронная сеть"]
    found = _found(_of([passage("x", row, title=title) for row, title in enumerate(titles)]), "нейрон")
    assert found == [("нейронная сеть", 4, False)]


def test_a_completion_says_what_it_is_and_where_it_stands() -> None:
    passages = [
        passage("x", 0, title="Cover", lecture_title="Convolution"),
        passage("y", 1, title="Stride", lecture_title="Convolution"),
        passage("Pooling; stride", 2, kind=Kind.PROGRAMME, place=None, lecture_title="Convolution"),
        passage(
            "z",
            3,
            title="Recurrence",
            lecture_id=2,
            lecture_title="Sequences that are long and have no end, with examples",
        ),
    ]
    made = _of(passages, [Term("stride", "шаг", Reason.GLOSSARY, 3, (1,))])
    kinds = {
        one.text: (one.kind, one.row) for letter in "cpsшr" for one, inner in made.starting_with(letter) if not inner
    }
    assert kinds == {
        "Convolution": (SuggestionKind.LECTURE, 0),
        "Cover": (SuggestionKind.TITLE, 0),
        "Pooling": (SuggestionKind.PROGRAMME, 2),
        "stride": (SuggestionKind.TERM, 1),
        "шаг": (SuggestionKind.TERM, 1),
        "Recurrence": (SuggestionKind.TITLE, 3),
        "Sequences that are long and have no end, with examples": (SuggestionKind.LECTURE, 3),
    }


def _of(passages: Sequence[IndexedPassage], terms: Sequence[Term] = ()) -> ShardSuggestions:
    return ShardSuggestions(build_suggestions(passages, terms))


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
