"""Filters → which passages a search may find, and how rare words are among them."""

from __future__ import annotations

import math
from itertools import combinations
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from support import make_generation, passage

from index.engine.generation import Generation
from index.engine.postings import NOTHING
from index.search import scope as scope_module
from index.search.scope import Scope, make_scope
from index.search.tongues import speaks
from index.text.hashing import hash_text
from index.types import Filters, Kind, Reading, Reason, Word

_A, _B = Filters(course="a"), Filters(course="b")
_KINDS_A, _KINDS_B = (Filters(course=course, kinds=frozenset({Kind.PAGE})) for course in "ab")


@pytest.fixture
def generation(tmp_path: Path) -> Generation:
    """Three courses; a lecture of the second has two kinds of passages."""
    courses = {
        "a": [passage("gate gate", 0, course="a"), passage("gate", 1, course="a"), passage("loss", 2, course="a")],
        "b": [
            passage("gate", 0, course="b", lecture_id=7),
            passage("kernel", 1, course="b", lecture_id=7, kind=Kind.PROGRAMME, place=None),
            passage("loss", 2, course="b", lecture_id=8, lecture_title="gate"),
        ],
        "c": [passage("padding", 0, course="c", lecture_id=9)],
    }
    return make_generation(tmp_path, courses)


def _ids(scope: Scope) -> list[str]:
    rows = [row for row in range(scope.first, scope.last) if scope.mask is None or scope.mask[row - scope.first]]
    return [found.id for found in scope.generation.passages(rows)]


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        (Filters(), ["a-p0", "a-p1", "a-p2", "b-p0", "b-p1", "b-p2", "c-p0"]),
        (Filters(course="b"), ["b-p0", "b-p1", "b-p2"]),
        (Filters(course="nowhere"), []),
        (Filters(courses=frozenset({"a", "c"})), ["a-p0", "a-p1", "a-p2", "c-p0"]),
        (Filters(courses=frozenset({"a", "nowhere"})), ["a-p0", "a-p1", "a-p2"]),
        (Filters(courses=frozenset()), []),
        (Filters(course="b", courses=frozenset({"a"})), []),
        (Filters(lecture=7), ["b-p0", "b-p1"]),
        (Filters(lecture=999), []),
        (Filters(course="a", lecture=7), []),
        (Filters(kinds=frozenset({Kind.PROGRAMME})), ["b-p1"]),
        (Filters(course="b", lecture=7, kinds=frozenset({Kind.PAGE})), ["b-p0"]),
        (Filters(kinds=frozenset()), []),
    ],
)
def test_a_scope_is_what_the_filters_leave(generation: Generation, filters: Filters, ids: list[str]) -> None:
    scope = make_scope(generation, filters)
    assert _ids(scope) == ids
    assert scope.size == len(ids)


def test_a_word_is_as_rare_as_it_is_among_the_searched_passages(generation: Generation) -> None:
    def rarity(size: int, said: int) -> float:
        return math.log(1 + (size - said + 0.5) / (said + 0.5))

    # said in a title or text by three, and around another one
    for filters, size, held, said in [
        (Filters(), 7, 4, 3),
        (Filters(course="a"), 3, 2, 2),
        (Filters(course="b"), 3, 2, 1),
        (Filters(courses=frozenset({"a", "c"})), 4, 2, 2),
        (Filters(lecture=7), 2, 1, 1),
        (Filters(kinds=frozenset({Kind.PROGRAMME})), 1, 0, 0),
    ]:
        scope = make_scope(generation, filters)
        assert scope.frequency("gate") == held, filters
        assert scope.idf("gate") == pytest.approx(rarity(size, said)), filters
        assert scope.frequency("nowhere") == 0
        assert scope.idf("nowhere") == pytest.approx(rarity(size, 0))


def test_postings_of_several_courses_are_one_ascending_list(generation: Generation) -> None:
    held = make_scope(generation, Filters()).held("gate")
    assert held.rows.tolist() == [0, 1, 3, 5]
    assert [bool(fields) for fields in held.fields] == [True, True, True, False]
    assert held.impacts[0] > held.impacts[1] > held.impacts[3]
    alone = make_scope(generation, Filters(course="b")).held("gate")
    assert alone.rows.tolist() == [3, 5]
    # what a passage says does not hang on what lies beside it
    assert alone.impacts.tolist() == held.impacts[2:].tolist()
    assert make_scope(generation, Filters(course="c")).held("gate").rows.tolist() == []
    assert make_scope(generation, Filters(lecture=8)).held("gate").rows.tolist() == [5]


def test_one_course_is_asked_what_it_holds_whatever_else_is_there(generation: Generation) -> None:
    shard = generation.shards[1].postings
    assert shard.count(hash_text("gate")) == (2, 1)
    assert shard.count(hash_text("padding")) == (0, 0)
    assert shard.held(hash_text("gate"), np.int64(3)).rows.tolist() == [3, 5]
    assert shard.held(hash_text("padding"), np.int64(3)) is NOTHING


def test_rows_that_hold_all_terms_are_found_whichever_list_is_longer(generation: Generation) -> None:
    scope = make_scope(generation, Filters())
    for terms in (["gate", "loss"], ["loss", "gate"]):
        assert scope.holding(terms, 5).tolist() == [5]
    assert scope.holding(["gate"], 2).tolist() == [0, 1]
    assert scope.holding(["gate", "kernel"], 5).tolist() == []
    assert scope.holding(["gate", "nowhere"], 5).tolist() == []


@pytest.mark.parametrize(
    "filters",
    [Filters(), Filters(courses=frozenset("bcdfg")), Filters(kinds=frozenset({Kind.PAGE})), Filters(course="e")],
    ids=["all", "some", "kinds", "one"],
)
def test_the_first_rows_that_hold_all_terms_are_those_of_looking_at_every_passage(
    tmp_path: Path, filters: Filters
) -> None:
    random = np.random.default_rng(7)
    words = ("gate", "loss", "kernel", "tensor")
    courses = {
        slug: [
            passage(
                " ".join(random.choice(words, 2)),
                row,
                course=slug,
                **({} if row % 3 else {"kind": Kind.PROGRAMME, "place": None}),
            )
            for row in range(int(random.integers(1, 9)))
        ]
        for slug in "abcdefg"
    }
    scope = make_scope(make_generation(tmp_path, courses), filters)
    texts = {row: set(own.text.split()) for row, own in enumerate(scope.generation.passages(range(scope.last)))}
    allowed = [row for row in range(scope.first, scope.last) if scope.mask is None or scope.mask[row - scope.first]]
    with patch.multiple(scope_module, _FEW_SHARDS=1, _MORE_SHARDS=2):
        for count in (1, 2, 3):
            for asked in combinations(words, count):
                expected = [row for row in allowed if texts[row] >= set(asked)]
                for most in (1, 4, 100):
                    assert scope.holding(asked, most).tolist() == expected[:most], (asked, most)


def test_in_which_language_courses_are_is_known_by_course(tmp_path: Path) -> None:
    french = "le réseau est une fonction que les couches composent dans un ordre et pour des données avec"
    courses = {
        "a": [passage("the gate is what the loss of a network and its layers were for", 0, course="a")],
        "b": [passage(french, 0, course="b")],
    }
    generation = make_generation(tmp_path, courses)
    asked = [(filters, speaks(make_scope(generation, filters), "fr")) for filters in (_A, _B, _KINDS_A, _KINDS_B) * 2]
    assert [found for _, found in asked] == [False, True, False, True] * 2


def test_a_word_that_is_not_there_is_as_rare_as_what_it_is_read_as(generation: Generation) -> None:
    scope = make_scope(generation, Filters())
    slip = Reading((("gat", 1.0),), 1.0, Reason.TYPED, "gat")
    meant = Reading((("gate", 1.0),), 0.9, Reason.TYPO, "gate")
    assert scope.importance(Word("gat", 1.0, (slip, meant))) == pytest.approx(scope.idf("gate"))
    assert scope.importance(Word("gat", 1.0, (slip,))) == pytest.approx(scope.idf("gat"))
    assert scope.importance(Word("gate", 0.5, (meant, slip))) == pytest.approx(0.5 * scope.idf("gate"))


def test_the_words_that_may_be_meant_are_of_all_courses_that_the_caller_may_read(generation: Generation) -> None:
    assert make_scope(generation, Filters(course="b")).readable == (0, 1, 2)
    assert make_scope(generation, Filters(course="b", courses=frozenset({"a", "b"}))).readable == (0, 1)
