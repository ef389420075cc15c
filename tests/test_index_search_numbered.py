"""Queries that are the number of a lecture → that lecture first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support import make_generation, passage

from index.search.numbered import lecture_number
from index.search.search import SearchIndex
from index.types import Coverage, Filters, IndexedPassage, Kind, Query


def _lecture(number: int, course: str, *, with_pages: bool = True) -> list[IndexedPassage]:
    where: dict[str, Any] = {
        "course": course,
        "lecture_id": number + (10 if course == "b" else 0),
        "lecture_position": number,
    }
    listed = passage(f"programme of {number}", 10 * number, kind=Kind.PROGRAMME, place=None, **where)
    pages = [passage(f"the lecture says {n} of lectures", 10 * number + n, **where) for n in (1, 2)]
    return [listed, *pages] if with_pages else [listed]


@pytest.fixture
def index(tmp_path: Path) -> SearchIndex:
    """Two courses: lectures 1, 2, 4 and 5 of the first, of which 5 is only listed; lectures 1 and 2 of the second."""
    first = [*_lecture(1, "a"), *_lecture(2, "a"), *_lecture(4, "a"), *_lecture(5, "a", with_pages=False)]
    return SearchIndex(make_generation(tmp_path, {"a": first, "b": [*_lecture(1, "b"), *_lecture(2, "b")]}), None)


@pytest.mark.parametrize(
    "query", ["лекция 5", "Лекция №5", "lecture 5", "5 лекция", "5-я лекция", "Lecture 5:", "lec. 5", "5th lecture"]
)
def test_a_number_of_a_lecture_is_known_in_both_languages(query: str) -> None:
    assert lecture_number(query) == 5


@pytest.mark.parametrize("query", ["5", "lecture", "lecture 5-fold", "слайд 5", "Lecture 5: Optimisation", "5 лекций"])
def test_what_asks_for_more_or_less_is_none(query: str) -> None:
    assert lecture_number(query) is None


def test_each_course_that_has_the_lecture_gives_it_first(index: SearchIndex) -> None:
    found = index.find(Query("лекция 2"))
    assert [hit.passage.id for hit in found.hits()[:2]] == ["a-p20", "b-p20"]
    assert len({hit.passage.id for hit in found.hits()}) == found.total
    assert (found.coverage, found.unknown_words, found.rewrites) == (Coverage.EXPLAINED, (), ())


def test_only_lectures_of_the_scope_are_found(index: SearchIndex) -> None:
    ids = [hit.passage.id for hit in index.find(Query("lecture 2", Filters(course="b"))).hits()]
    assert ids[0] == "b-p20"
    hidden = index.find(Query("lecture 2", Filters(courses=frozenset({"b"})))).hits()
    assert {hit.passage.course_slug for hit in hidden} == {"b"}
    pages = index.find(Query("lecture 2", Filters(course="a", kinds=frozenset({Kind.PAGE})))).hits()
    assert pages[0].passage.id == "a-p21"


def test_a_lecture_that_is_only_listed_is_said_to_be(index: SearchIndex) -> None:
    found = index.find(Query("lecture 5"))
    assert (found.hits()[0].passage.id, found.coverage) == ("a-p50", Coverage.LISTED)


def test_a_number_that_no_course_has_and_a_literal_search_look_for_words(index: SearchIndex) -> None:
    assert index.find(Query("lecture 3")).hits()[0].passage.lecture_position == 1
    assert index.find(Query("lecture 2", literal=True)).hits()[0].passage.kind is Kind.PAGE


def test_what_lifts_a_lecture_is_explained(index: SearchIndex) -> None:
    hit = index.find(Query("lecture 2")).hits(1, explain=True)[0]
    assert hit.explanation is not None
    assert hit.explanation.lift == hit.score


def test_a_lecture_that_is_called_as_the_query_stands_before_those_that_say_it_oftener(tmp_path: Path) -> None:
    def slides(lecture: int, title: str, *texts: str) -> list[IndexedPassage]:
        return [
            passage(text, 10 * lecture + row, lecture_id=lecture, lecture_position=lecture, lecture_title=title)
            for row, text in enumerate(texts)
        ]

    called = slides(1, "Neural networks", "perceptrons and layers", "units of a network")
    others = slides(2, "Training", "neural networks, neural networks", "neural networks are trained")
    index = SearchIndex(make_generation(tmp_path, {"a": [*called, *others]}), None)
    found = index.find(Query("neural networks?"))
    scores = [hit.score for hit in found.hits()]
    assert found.hits()[0].passage.lecture_id == 1
    assert scores == sorted(scores, reverse=True)
    assert found.coverage is Coverage.EXPLAINED
    assert index.find(Query("training of neural networks")).hits()[0].passage.lecture_id == 2


def test_a_lecture_is_found_by_its_title_though_its_slides_do_not_say_it(tmp_path: Path) -> None:
    slides = [passage("перцептроны", 10, lecture_id=1, lecture_position=1, lecture_title="Лекция 1. Зоопарк сетей")]
    index = SearchIndex(make_generation(tmp_path, {"a": slides}), None)
    found = index.find(Query("зоопарк сетей"))
    assert [hit.passage.id for hit in found.hits()] == [slides[0].id]
    assert (found.coverage, found.unknown_words) == (Coverage.EXPLAINED, ())
    assert index.find(Query("зоопарк сетей", Filters(kinds=frozenset({Kind.SEGMENT})))).total == 0
