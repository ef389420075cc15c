"""Lexical scores by hand, vectors against brute force, and what a search returns."""

from __future__ import annotations

import math
from pathlib import Path

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from index.engine.lexical import FieldTerms, LexicalIndex, build_lexical
from support import CountingEmbedder, ingest, page_of, time_of

from index.embed.models import normalise
from index.engine.generation import folder_of
from index.engine.vectors import build_vectors, open_vectors
from index.errors import InvalidRequest, NotFound
from index.library import Library, open_served
from index.search.search import SearchIndex, clean_query
from index.text.analysis import find_terms, terms
from index.types import Filters, Kind, Mode, Phrase, Reading, Reason, Word


def test_words_meet_in_all_their_forms() -> None:
    assert terms("нейронные сети") == terms("Нейронных сетей")
    assert terms("ёлка") == terms("елка")
    assert {"conv2d"} < set(terms("nn.Conv2d"))


def test_terms_are_found_where_they_stand() -> None:
    text = "Dropout и слой nn.Dropout"
    assert [text[t.start : t.end] for t in find_terms(text, {"dropout"})] == ["Dropout", "nn.Dropout"]


def test_bm25f_is_what_the_formula_gives_by_hand() -> None:
    documents = [
        FieldTerms(["dropout"], ["zero", "activations"], []),
        FieldTerms([], ["dropout", "loss", "loss", "loss"], []),
        FieldTerms([], ["gradient"], []),
    ]
    vocabulary, arrays, count = build_lexical(documents)
    index = LexicalIndex(vocabulary, arrays, count)
    idf = math.log(1 + (3 - 2 + 0.5) / (2 + 0.5))
    mean_body = (2 + 4 + 1) / 3
    first = 3.0 / (1 - 0.3 + 0.3 * 1 / 1)
    second = 1.0 / (1 - 0.6 + 0.6 * 4 / mean_body)
    expected = [idf * f * 2.2 / (1.2 + f) for f in (first, second)]
    scope = index.scope()
    found = index.score([_word("dropout")], scope)
    np.testing.assert_allclose(found.scores, [*expected, 0.0], rtol=1e-5)
    assert found.importance == pytest.approx(idf)
    both = [_word("dropout"), _word("loss")]
    explained = index.explain(1, both, scope)
    assert sum(match.contribution for match in explained) == pytest.approx(
        float(index.score(both, scope).scores[1]), rel=1e-5
    )


def _word(term: str, *others: Reading) -> Phrase:
    return Phrase((Word(term, 1.0, (Reading(((term, 1.0),), 1.0, Reason.TYPED, term), *others)),))


def test_the_best_reading_of_a_word_counts_in_each_passage() -> None:
    documents = [FieldTerms([], ["dropout"], []), FieldTerms([], ["прореживание"], []), FieldTerms([], ["loss"], [])]
    index = LexicalIndex(*build_lexical(documents))
    scope = index.scope()
    other = Reading((("прореживание", 1.0),), 0.5, Reason.GLOSSARY, "прореживание")
    alone, both = index.score([_word("dropout")], scope), index.score([_word("dropout", other)], scope)
    assert both.scores[0] == pytest.approx(float(alone.scores[0]))
    assert both.scores[1] == pytest.approx(0.5 * float(alone.scores[0]))
    assert both.scores[2] == 0


def test_a_word_is_as_rare_as_it_is_among_the_searched_passages() -> None:
    documents = [FieldTerms([], ["gate"], []), FieldTerms([], ["gate"], []), FieldTerms([], ["loss"], [])]
    index = LexicalIndex(*build_lexical(documents))
    assert index.scope().idf("gate") == pytest.approx(math.log(1 + 1.5 / 2.5))
    some = index.scope(np.array([True, False, True]))
    assert some.frequency("gate") == 1
    assert some.idf("gate") == pytest.approx(math.log(1 + 1.5 / 1.5))


def test_words_around_a_passage_do_not_make_a_term_common() -> None:
    documents = [FieldTerms(["gate"], ["x"], []), FieldTerms([], ["y"], ["gate"]), FieldTerms([], ["z"], ["gate"])]
    index = LexicalIndex(*build_lexical(documents))
    assert index.scope().frequency("gate") == 3
    assert index.scope().idf("gate") == pytest.approx(math.log(1 + 2.5 / 1.5))


def test_how_much_of_a_title_a_query_names() -> None:
    documents = [FieldTerms(["gate"], [], []), FieldTerms(["forget", "gate"], [], []), FieldTerms([], ["gate"], [])]
    index = LexicalIndex(*build_lexical(documents))
    assert index.title_shares([_word("gate")], np.arange(3)).tolist() == [1.0, 0.5, 0.0]


@given(st.integers(0, 2**32 - 1), st.booleans())
@settings(max_examples=30, deadline=None)
def test_nearest_vectors_are_those_of_brute_force(seed: int, filtered: bool) -> None:
    random = np.random.default_rng(seed)
    vectors = normalise(random.standard_normal((200, 16)).astype(np.float32))
    query = normalise(random.standard_normal((1, 16)).astype(np.float32))[0]
    rows = np.arange(200, dtype=np.uint32)
    index = open_vectors(build_vectors(vectors), rows, np.zeros(200, np.uint8), 200)
    allowed = random.random(200) < 0.3 if filtered else None
    similar = vectors @ query
    if allowed is not None:
        similar = np.where(allowed, similar, -9)
    wanted = np.argsort(-similar)[: min(10, int((similar > -9).sum()))]
    assert index.nearest(query, 10, allowed).tolist() == wanted.tolist()
    np.testing.assert_allclose(index.similarities(query, wanted), similar[wanted], atol=1e-5)


@pytest.fixture
def index(course_folder: Path, sqlite_library: Library, embedder: CountingEmbedder) -> SearchIndex:
    ingest(course_folder, sqlite_library, embedder)
    return SearchIndex(open_served(sqlite_library, embedder)[0], embedder)


def test_the_page_about_it_comes_first_with_its_words_highlighted(index: SearchIndex) -> None:
    hit = index.search("dropout").hits[0]
    assert (page_of(hit).deck, page_of(hit).page_number, hit.passage.title) == ("one.pdf", 1, "Dropout")
    assert [hit.snippet.text[a:b] for a, b in hit.snippet.highlights] == ["dropout"]


def test_hits_are_sorted_by_score_and_paged(index: SearchIndex) -> None:
    everything = index.search("dropout gradient loss attention momentum", limit=50)
    scores = [hit.score for hit in everything.hits]
    assert scores == sorted(scores, reverse=True)
    assert everything.total == len(everything.hits)
    second = index.search("dropout gradient loss attention momentum", limit=1, offset=1)
    assert second.hits[0].passage.id == everything.hits[1].passage.id


def test_filters_hold_inside_the_search(index: SearchIndex) -> None:
    only = index.search("dropout", filters=Filters(kinds=frozenset({Kind.PROGRAMME})))
    assert {hit.passage.kind for hit in only.hits} == {Kind.PROGRAMME}
    lecture = index.search("attention").hits[0].passage.lecture_id
    assert {h.passage.lecture_id for h in index.search("attention", filters=Filters(lecture=lecture)).hits} == {lecture}
    with pytest.raises(NotFound, match="no course 'nope'"):
        index.search("dropout", filters=Filters(course="nope"))


def test_speech_is_found_at_its_second(index: SearchIndex) -> None:
    hit = index.search("momentum").hits[0]
    assert (time_of(hit).video, time_of(hit).start_seconds) == ("abcdefghijk", 1.0)


def test_an_explanation_adds_up_to_the_score(index: SearchIndex) -> None:
    for hit in index.search("dropout activations", explain=True).hits:
        assert hit.explanation is not None
        why = hit.explanation
        parts = why.lexical_part + why.semantic_part + why.context_part + why.title_part
        assert hit.score == pytest.approx(parts * why.kind_factor + why.rerank_part + why.lift, abs=5e-4)
        assert why.lexical == pytest.approx(sum(match.contribution for match in why.terms), abs=1e-3)


def test_a_similarity_is_a_cosine_in_every_mode(index: SearchIndex) -> None:
    for mode in (Mode.HYBRID, Mode.SEMANTIC):
        best = index.search("dropout", mode=mode, explain=True).hits[0]
        assert best.explanation is not None
        assert best.explanation.similarity == pytest.approx(1.0, abs=1e-3)
    words = index.search("dropout", mode=Mode.LEXICAL, explain=True).hits[0].explanation
    assert words is not None
    assert words.similarity == 0.0


def test_the_mode_is_what_was_asked_and_without_vectors_it_says_so(sqlite_library: Library, index: SearchIndex) -> None:
    assert index.search("dropout", mode=Mode.SEMANTIC).mode is Mode.SEMANTIC
    from index.library import reindex  # noqa: PLC0415

    reindex(sqlite_library, None)
    words = SearchIndex(open_served(sqlite_library, None)[0], None)
    found = words.search("dropout")
    assert (found.mode, len(found.degraded)) == (Mode.LEXICAL, 1)
    assert page_of(found.hits[0]).page_number == 1


@pytest.mark.parametrize("query", ["", "   ", "\x00\x01\x02", "\u200b\u202e", "x" * 10_240])
def test_unusable_queries_are_refused(query: str) -> None:
    with pytest.raises(InvalidRequest):
        clean_query(query)


@given(st.text(min_size=1, max_size=300))
@settings(max_examples=60, deadline=None)
def test_any_text_is_answered_or_refused(example_index: SearchIndex, query: str) -> None:
    try:
        found = example_index.search(query)
    except InvalidRequest:
        return
    assert all(0 <= a < b <= len(hit.snippet.text) for hit in found.hits for a, b in hit.snippet.highlights)


@pytest.fixture(scope="session")
def example_index(example_settings: object) -> SearchIndex:
    from index.embed.models import load_embedder  # noqa: PLC0415
    from service.settings import Settings  # noqa: PLC0415

    assert isinstance(example_settings, Settings)
    opened = Library(example_settings.resolved_database_url, example_settings.data_dir)
    builtin = load_embedder("builtin")
    return SearchIndex(open_served(opened, builtin)[0], builtin)


@pytest.mark.parametrize("query", ["🙂🙂🙂", "!!!", "ъъъъъ zzzzqq"])
def test_queries_without_known_words_are_absent(example_index: SearchIndex, query: str) -> None:
    assert example_index.search(query).coverage.value == "absent"


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
    page = page_of(example_index.search(query).hits[0])
    assert page.deck == deck
    assert page.page_number in pages


def test_what_only_the_programme_names_is_listed(example_index: SearchIndex) -> None:
    found = example_index.search("GAN")
    assert found.coverage.value == "listed"
    assert found.hits[0].passage.kind is Kind.PROGRAMME


def test_faiss_never_writes_to_a_path() -> None:
    root = Path(__file__).parents[1]
    sources = [path for room in ("index", "ingest", "service") for path in (root / room).rglob("*.py")]
    assert not [path for path in sources if "write_index" in path.read_text("utf-8")]
    assert hasattr(faiss, "serialize_index")
    assert folder_of(Path("x"), 7).name == "gen-000007"
