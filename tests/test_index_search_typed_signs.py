"""Queries with what is typed with symbols: it is looked for as it stands, before its letters, however many courses."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import make_generation, passage

from index.search.lexicon import Lexicon
from index.search.query import QueryReader
from index.search.scope import make_scope
from index.search.search import SearchIndex
from index.search.typed_signs import read_signs
from index.search.words import WordScores
from index.types import Coverage, Filters, Query

_SHELL = (
    "Amending|You amend a commit by making it again; to amend is to change history",
    "Undo|git commit --amend edits the last commit",
    "Streams|Errors go elsewhere: cmd > out.txt 2>&1 puts both into one file",
    "Numbers|2 apples and 1 pear, 1 plum, 2 cherries",
    "Operators|The shell has && and || for logic",
    "Shell|A shell runs commands; what a shell does, and what commands mean",
    "Staging|git add -p asks for each hunk",
    "Staging all|git add P and git add p name files",
    "Keys|In tmux press <C-b> c for a new window, x or s for others",
    "Properties|A property of a graph is connectedness",
    "Ignoring|What git leaves alone stands in a gitignore file",
)


def _index(folder: Path, courses: Mapping[str, tuple[str, ...]]) -> SearchIndex:
    made = {}
    for course, texts in courses.items():
        split = [text.partition("|") for text in texts]
        made[course] = [
            passage(body, row, course=course, title=title, language="en") for row, (title, _, body) in enumerate(split)
        ]
    return SearchIndex(make_generation(folder, made), None)


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("what does --amend do", "Undo"),
        ("git commit --amend", "Undo"),
        ("what does 2>&1 mean", "Streams"),
        ("what is 2>&1?", "Streams"),
        ("what does && mean in shell", "Operators"),
        ("что делает &&?", "Operators"),
        ("git add -p", "Staging"),
        ("what does C-b do", "Keys"),
        ("what is .gitignore", "Ignoring"),
    ],
)
def test_the_passage_that_has_it_comes_before_those_with_its_letters(tmp_path: Path, query: str, title: str) -> None:
    found = _index(tmp_path, {"c": _SHELL}).find(Query(query))
    assert found.hits()[0].passage.title == title
    assert found.coverage is not Coverage.ABSENT


def test_where_it_stands_is_highlighted(tmp_path: Path) -> None:
    snippet = _index(tmp_path, {"c": _SHELL}).find(Query("what does 2>&1 mean")).hits()[0].snippet
    assert [snippet.text[first:last] for first, last in snippet.highlights] == ["2>&1"]


@pytest.mark.parametrize(
    "query", ["what does $? do", "what does @property do", "what does -z mean", "what does C-x C-s do"]
)
def test_what_nobody_writes_so_is_absent_when_it_is_asked_about(tmp_path: Path, query: str) -> None:
    found = _index(tmp_path, {"c": _SHELL}).find(Query(query))
    assert found.coverage is Coverage.ABSENT
    assert [word for word in found.unknown_words if word in query]


@pytest.mark.parametrize("query", ["git commit => what is it", "the shell ;-) $?", "how to amend a commit -z"])
def test_what_nobody_writes_so_says_nothing_beside_what_is_asked_about(tmp_path: Path, query: str) -> None:
    index = _index(tmp_path, {"c": _SHELL})
    bare = query.replace("=>", "").replace(";-) $?", "").replace("-z", "z")
    assert index.find(Query(query)).coverage is index.find(Query(bare)).coverage is not Coverage.ABSENT


def test_what_is_typed_with_symbols_is_part_of_no_name(tmp_path: Path) -> None:
    scope = make_scope(_index(tmp_path, {"c": _SHELL}).generation, Filters())
    phrases = QueryReader(Lexicon(scope)).read("git add -p && commit")
    assert [phrase.text for phrase in phrases if phrase.text in {"-p", "&&"}] == ["-p", "&&"]


def test_so_many_signs_of_a_query_are_looked_for(tmp_path: Path) -> None:
    scope = make_scope(_index(tmp_path, {"c": _SHELL}).generation, Filters())
    phrases = QueryReader(Lexicon(scope)).read("&& " * 300)
    assert len([word for phrase in phrases for word in phrase.words if word.text == "&&"]) == 8


_PIECES = st.lists(st.sampled_from(["shell", "git", "&&", "||", "--amend", "2>&1", "-p", "amend"]), max_size=6)
_TEXTS = st.lists(_PIECES.map(" ".join), min_size=1, max_size=5)


@settings(max_examples=30, deadline=None)
@given(st.dictionaries(st.sampled_from("abc"), _TEXTS, min_size=2), _PIECES.filter(bool))
def test_several_courses_give_the_scores_of_one(courses: dict[str, list[str]], asked: list[str]) -> None:
    query = " ".join(asked)
    whole = tuple(f"|{text}" for course in sorted(courses) for text in courses[course])
    with TemporaryDirectory() as one, TemporaryDirectory() as many:
        several = _index(Path(many), {course: tuple(f"|{text}" for text in own) for course, own in courses.items()})
        scores = []
        for index in (_index(Path(one), {"a": whole}), several):
            scope = make_scope(index.generation, Filters())
            phrases = QueryReader(Lexicon(scope)).read(query, literal=True)
            words = WordScores(phrases, scope)
            rows = scope.generation.starts[0] + np.arange(len(whole))
            scores.append(words.at(rows).scores.tolist())
    assert scores[0] == pytest.approx(scores[1], rel=1e-5)


def test_one_part_of_a_query_has_no_more_signs_than_a_whole_one() -> None:
    signs, rest = read_signs("a&&b||c->d" * 90, lambda _: 1, [], 8)
    assert len(signs) == 8
    assert "&&" in rest
