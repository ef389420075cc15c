"""What a search found: page by page, counted, narrowed, explained."""

from __future__ import annotations

import gc
import weakref
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray
from support import CountingEmbedder, ingest, open_index

from index.embed.rerank import Reranker
from index.errors import InvalidRequest
from index.library import Library
from index.search.search import SearchIndex
from index.types import Coverage, Filters, IndexedPassage, Kind, Mode, Query

_MUCH = "dropout gradient loss attention momentum"


@pytest.fixture
def index(course_folder: Path, sqlite_library: Library, embedder: CountingEmbedder) -> SearchIndex:
    ingest(course_folder, sqlite_library, embedder)
    return open_index(sqlite_library, embedder)


def test_hits_are_sorted_by_score_and_paged(index: SearchIndex) -> None:
    found = index.find(Query("dropout gradient loss attention momentum"))
    everything = found.hits(50)
    scores = [hit.score for hit in everything]
    assert scores == sorted(scores, reverse=True)
    assert found.total == len(everything) > 2
    assert [hit.passage.id for hit in found.hits(1, 1)] == [everything[1].passage.id]
    assert found.hits(10, found.total) == ()


def test_hits_whose_passages_are_wanted_are_those_that_all_would_be(index: SearchIndex) -> None:
    found = index.find(Query(_MUCH))
    everything = found.hits(50)
    speech = [hit for hit in everything if hit.passage.kind is Kind.SEGMENT]
    assert 0 < len(speech) < len(everything)
    assert [*found.wanted_hits(50, lambda passage: passage.kind is Kind.SEGMENT)] == speech
    asked: list[str] = []

    def note(passage: IndexedPassage) -> bool:
        asked.append(passage.id)
        return True

    assert next(found.wanted_hits(50, note)) == everything[0]
    assert asked == [everything[0].passage.id]


def test_an_explanation_adds_up_to_the_score(index: SearchIndex) -> None:
    for hit in index.find(Query("dropout activations")).hits(explain=True):
        assert hit.explanation is not None
        why = hit.explanation
        parts = why.lexical_part + why.semantic_part + why.context_part + why.title_part
        assert hit.score == pytest.approx(parts * why.kind_factor + why.rerank_part + why.lift, abs=5e-4)
        assert why.lexical == pytest.approx(sum(match.contribution for match in why.terms), abs=1e-3)


def test_a_hit_is_explained_only_where_that_is_asked(index: SearchIndex) -> None:
    assert {hit.explanation for hit in index.find(Query("dropout")).hits()} == {None}


@pytest.mark.parametrize(("limit", "offset"), [(0, 0), (51, 0), (-1, 0), (10, -1), (10, 451)])
def test_a_limit_or_an_offset_out_of_range_is_refused(index: SearchIndex, limit: int, offset: int) -> None:
    with pytest.raises(InvalidRequest, match="must be from"):
        index.find(Query("dropout")).hits(limit, offset)


def test_facets_count_all_hits_by_kind_and_by_lecture_the_largest_first(index: SearchIndex) -> None:
    found = index.find(Query(_MUCH, mode=Mode.LEXICAL))
    hits = found.hits(50)
    assert found.facets.kinds == tuple(Counter(hit.passage.kind for hit in hits).most_common())
    assert dict(found.facets.lectures) == Counter(hit.passage.lecture_id for hit in hits)
    assert {kind for kind, _ in found.facets.kinds} == set(Kind)
    assert [count for _, count in found.facets.lectures] == [5, 1]


def test_what_is_narrowed_are_the_same_hits_fewer_of_them(index: SearchIndex) -> None:
    found = index.find(Query(_MUCH))
    everything = found.hits(50)
    for kind, count in found.facets.kinds:
        only = found.narrow(kinds=frozenset({kind}))
        assert only.hits(50) == tuple(hit for hit in everything if hit.passage.kind is kind)
        assert (only.total, only.coverage, only.query) == (count, found.coverage, found.query)
    for lecture, count in found.facets.lectures:
        within = found.narrow(lecture=lecture)
        assert within.hits(50) == tuple(hit for hit in everything if hit.passage.lecture_id == lecture)
        assert within.total == count
    both = found.narrow(found.facets.lectures[0][0], frozenset({Kind.PROGRAMME}))
    assert [hit.passage.kind for hit in both.hits()] == [Kind.PROGRAMME]
    assert found.narrow().hits(50) == everything
    nothing = found.narrow(lecture=999)
    assert (nothing.total, nothing.hits(), nothing.facets.kinds) == (0, (), ())
    assert nothing.coverage is found.coverage is not Coverage.ABSENT
    # narrowing makes another one and leaves the first as it was
    assert found.hits(50) == everything


def test_what_was_searched_is_said_with_its_generation(index: SearchIndex) -> None:
    found = index.find(Query("  dropout\tis   good "))
    assert (found.query, found.generation) == ("dropout is good", index.number)
    assert found.weights["dropout"] > 0
    assert "is" not in found.weights


def test_a_search_that_was_just_asked_is_remembered_with_its_filters(index: SearchIndex) -> None:
    query = Query("dropout activations")
    assert index.found_before(query) is None
    found = index.find(query)
    assert index.found_before(Query("dropout activations")) is found
    assert index.found_before(Query("dropout activations", mode=Mode.LEXICAL)) is None
    assert index.found_before(Query("dropout activations", Filters(course="course", courses=frozenset()))) is None


class _LateReranker:
    """Judges nothing before its deadline."""

    def judge(self, query: str, texts: Sequence[str]) -> NDArray[np.float32]:  # noqa: ARG002
        return np.zeros(0, np.float32)


def test_a_search_for_which_something_came_too_late_is_made_anew(index: SearchIndex) -> None:
    late = SearchIndex(index.generation, index.embedder, reranker=cast(Reranker, _LateReranker()))
    assert late.find(Query("dropout")).degraded
    assert late.found_before(Query("dropout")) is None


def test_an_old_index_goes_with_all_that_it_found_before(index: SearchIndex) -> None:
    other = index.saying(())
    found = other.find(Query("dropout"))
    assert found.size > 0
    gone = weakref.ref(found.ranked.rows)
    del found
    assert gone() is not None  # remembered
    gc.disable()
    try:
        del other
        assert gone() is None
    finally:
        gc.enable()
