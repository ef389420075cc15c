"""Two things that share their noun are compared by their whole names, and what sets them against each other is first."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import make_generation, passage

from index.search.search import SearchIndex
from index.types import Query
from service.answers.compared import compare
from service.answers.kinds import suits
from service.answers.searching import find_asked, named_sides
from service.answers.sides import sides_of
from service.answers.types import Asked

_CONTRAST = (
    "In the shell single and double quotes are not interchangeable. Strings in single quotes are literal and expand no "
    "variables; those in double quotes do expand them."
)
_PAGES = [
    passage(_CONTRAST, 5, title="Strings", language="en"),
    passage(
        "A single command is written on one line, and a single dash begins an option with one letter only.",
        1,
        title="Commands",
        language="en",
    ),
    passage("A double dash begins a long option such as --all, which says more than -a does.", 2, language="en"),
    passage("A hard link is another name of the same file, and a soft link is a file with a path.", 3, language="en"),
    passage("Kittens sleep most of the day, and dogs do not.", 4, language="en"),
]


@pytest.fixture
def index(tmp_path: Path) -> SearchIndex:
    return SearchIndex(make_generation(tmp_path, {"c": _PAGES}), None)


@pytest.mark.parametrize(
    ("question", "sides"),
    [
        ("чем отличаются дообучение и предобучение?", ("дообучение", "предобучение")),
        ("how do precision and recall differ?", ("precision", "recall")),
        ("How do bagging and boosting compare", ("bagging", "boosting")),
    ],
)
def test_two_things_that_differ_from_each_other_are_compared(question: str, sides: tuple[str, str]) -> None:
    assert sides_of(question) == sides


@pytest.mark.parametrize(
    ("question", "sides"),
    [
        ("чем отличаются L1- и L2-регуляризация", ("L1-регуляризация", "L2-регуляризация")),
        ("чем отличается линейная регрессия от логистической", ("линейная регрессия", "логистической регрессия")),
        ("чем отличаются одинарные и двойные кавычки", ("одинарные кавычки", "двойные кавычки")),
        ("difference between a hammer and a claw hammer", ("hammer", "claw hammer")),
        ("difference between pipes and files in bash", ("pipes", "files")),
    ],
)
def test_a_shared_noun_is_read_with_both_sides(question: str, sides: tuple[str, str]) -> None:
    assert named_sides(question) == sides


def test_a_noun_is_shared_where_the_course_says_so(index: SearchIndex) -> None:
    question = "difference between single and double quotes in bash"
    assert named_sides(question) == ("single", "double quotes")
    assert named_sides(question, index.find(Query(question))) == ("single quotes", "double quotes")
    question = "difference between a hard and a soft link"
    assert named_sides(question, index.find(Query(question))) == ("hard link", "soft link")
    question = "difference between a soft link and hard"
    assert named_sides(question, index.find(Query(question))) == ("soft link", "hard")
    question = "difference between kittens and soft links"
    assert named_sides(question, index.find(Query(question))) == ("kittens", "soft links")


def test_what_names_both_with_the_noun_behind_them_is_quoted_first_and_whole(index: SearchIndex) -> None:
    question = "difference between single and double quotes"
    compared = compare(index, question, find_asked(index.find, Query(question)))
    assert compared.units[0].text == _CONTRAST
    assert not compared.unquoted


@pytest.mark.parametrize(
    "said",
    [
        "while the other one is fixed",
        "the two are not interchangeable",
        "by contrast, trees are",
        "on the other hand it is slow",
        "второй, наоборот, растёт",
    ],
)
def test_contrast_is_how_a_comparison_is_put(said: str) -> None:
    assert suits(Asked.COMPARISON, said) == 1.0
