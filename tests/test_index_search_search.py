"""Query → Found: what comes first, what filters leave, what is refused; and the demo searches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import CountingEmbedder, ingest, open_index, page_of, time_of

from index.embed import translations
from index.errors import InvalidRequest, NotFound
from index.library import Library
from index.publish import reindex
from index.search.search import SearchIndex, clean_query
from index.types import Filters, Kind, Mode, Query


@pytest.fixture
def index(course_folder: Path, sqlite_library: Library, embedder: CountingEmbedder) -> SearchIndex:
    ingest(course_folder, sqlite_library, embedder)
    return open_index(sqlite_library, embedder)


def test_the_page_about_it_comes_first_with_its_words_highlighted(index: SearchIndex) -> None:
    hit = index.find(Query("dropout")).hits()[0]
    assert (page_of(hit).deck, page_of(hit).page_number, hit.passage.title) == ("one.pdf", 1, "Dropout")
    assert [hit.snippet.text[a:b] for a, b in hit.snippet.highlights] == ["dropout"]


def test_the_list_of_translations_is_read_before_a_question_needs_it(index: SearchIndex) -> None:
    translations._lines.cache_clear()
    index.warm_up()
    assert translations._lines.cache_info().currsize == 1


def test_filters_hold_inside_the_search(index: SearchIndex) -> None:
    only = index.find(Query("dropout", Filters(kinds=frozenset({Kind.PROGRAMME}))))
    assert {hit.passage.kind for hit in only.hits()} == {Kind.PROGRAMME}
    lecture = index.find(Query("attention")).hits()[0].passage.lecture_id
    within = index.find(Query("attention", Filters(lecture=lecture))).hits()
    assert {hit.passage.lecture_id for hit in within} == {lecture}
    with pytest.raises(NotFound, match="no course 'nope'"):
        index.find(Query("dropout", Filters(course="nope")))


def test_speech_is_found_at_its_second(index: SearchIndex) -> None:
    hit = index.find(Query("momentum")).hits()[0]
    assert (time_of(hit).video, time_of(hit).start_seconds) == ("abcdefghijk", 1.0)


def test_a_similarity_is_a_cosine_in_every_mode(index: SearchIndex) -> None:
    for mode in (Mode.HYBRID, Mode.SEMANTIC):
        best = index.find(Query("dropout", mode=mode)).hits(explain=True)[0]
        assert best.explanation is not None
        assert best.explanation.similarity == pytest.approx(1.0, abs=1e-3)
    words = index.find(Query("dropout", mode=Mode.LEXICAL)).hits(explain=True)[0].explanation
    assert words is not None
    assert words.similarity == 0.0


def test_the_mode_is_what_was_asked_and_without_vectors_it_says_so(sqlite_library: Library, index: SearchIndex) -> None:
    assert index.find(Query("dropout", mode=Mode.SEMANTIC)).mode is Mode.SEMANTIC
    reindex(sqlite_library, None)
    words = open_index(sqlite_library, None)
    found = words.find(Query("dropout"))
    assert (found.mode, len(found.degraded)) == (Mode.LEXICAL, 1)
    assert page_of(found.hits()[0]).page_number == 1
    # words were asked for, and they are all there
    assert words.find(Query("dropout", mode=Mode.LEXICAL)).degraded == ()


@pytest.mark.parametrize("query", ["", "   ", "\x00\x01\x02", "\u200b\u202e", "x" * 10_240])
def test_unusable_queries_are_refused(query: str) -> None:
    with pytest.raises(InvalidRequest):
        clean_query(query)


@given(st.text(min_size=1, max_size=300))
@settings(max_examples=60, deadline=None)
def test_any_text_is_answered_or_refused(example_index: SearchIndex, query: str) -> None:
    try:
        found = example_index.find(Query(query))
    except InvalidRequest:
        return
    assert all(0 <= a < b <= len(hit.snippet.text) for hit in found.hits(50) for a, b in hit.snippet.highlights)


@pytest.mark.parametrize("query", ["🙂🙂🙂", "!!!", "ъъъъъ zzzzqq"])
def test_queries_without_known_words_are_absent(example_index: SearchIndex, query: str) -> None:
    assert example_index.find(Query(query)).coverage.value == "absent"


@pytest.mark.parametrize(
    ("query", "deck", "pages"),
    [
        ("dropout", "slides/02_regularisation.pdf", {7, 8}),
        ("learning rate", "slides/01_optimisation.pdf", {9, 4}),
        ("нормализация по батчам", "slides/02_regularisation.pdf", {9}),
        ("data leakage", "slides/04_evaluation.pdf", {4}),
        ("nn.MultiheadAttention", "slides/03_attention.pdf", {12}),
    ],
)
def test_the_demo_searches_find_their_pages(example_index: SearchIndex, query: str, deck: str, pages: set[int]) -> None:
    page = page_of(example_index.find(Query(query)).hits()[0])
    assert page.deck == deck
    assert page.page_number in pages


def test_what_only_the_programme_names_is_listed(example_index: SearchIndex) -> None:
    found = example_index.find(Query("GAN"))
    assert found.coverage.value == "listed"
    assert found.hits()[0].passage.kind is Kind.PROGRAMME


def test_similarities_are_what_exceeds_chance(editions: Path, sqlite_library: Library) -> None:
    class Narrow(CountingEmbedder):
        """As models are that find all texts alike: every cosine is near 1."""

        name = fingerprint = "narrow:4"

        def _vectors(self, texts: Any) -> Any:
            vectors = super()._vectors(texts) + np.float32(2.0)
            return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    embedder = Narrow()
    ingest(editions, sqlite_library, embedder)
    hits = open_index(sqlite_library, embedder).find(Query("dropout", mode=Mode.SEMANTIC)).hits(explain=True)
    similarities = {hit.passage.title: hit.explanation.similarity for hit in hits if hit.explanation}
    query, other = embedder.embed_query("dropout"), embedder.embed_query("pooling")
    assert float(query @ other) > 0.97
    assert similarities["Dropout"] == pytest.approx(1.0, abs=0.01)
    assert similarities["Pooling"] < 0.9
