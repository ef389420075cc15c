"""A question in other words is read as the names of what it describes."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import ingest, page_of, write_pdf

from index.embed.models import load_embedder
from index.engine.dictionary import Dictionary
from index.engine.packs import read_pack
from index.library import Library
from index.search.search import SearchIndex
from index.served import open_served
from index.types import Filters, Query, Reason

PACK = """= dropout | дропаут
ru: наугад выключать часть нейронов, чтобы сеть не заучивала примеры
en: randomly switch off some units during training
= k-means
ru: разделить объекты на группы вокруг средних точек
en: split objects into groups around mean points
"""
PAGES = [
    "Dropout\nSrivastava 2014; probability p of zeroing, scale by 1/p at test time",
    "Convolution\nslide a kernel over the picture and sum the products",
    "Pooling\ntake the largest number of every window of the map",
    "Momentum\nthe step keeps a part of the step before it",
]


@pytest.fixture
def index(tmp_path: Path, sqlite_library: Library) -> SearchIndex:
    folder = tmp_path / "course"
    write_pdf(folder / "slides.pdf", PAGES)
    (folder / "course.yaml").write_text(
        "title: Nets\nlanguage: en\nlectures: [{title: One, decks: [slides.pdf]}]\n", "utf-8"
    )
    embedder = load_embedder("builtin")
    ingest(folder, sqlite_library, embedder)
    (tmp_path / "own.txt").write_text(PACK, "utf-8")
    dictionary = Dictionary([read_pack(tmp_path / "own.txt")])
    return SearchIndex(open_served(sqlite_library, embedder)[0], embedder, dictionary=dictionary)


DESCRIBED = "which trick will randomly switch off some hidden units during every training step"


def test_a_description_finds_the_page_of_what_it_describes(index: SearchIndex) -> None:
    found = index.find(Query(DESCRIBED))
    assert page_of(found.hits(1)[0]).page_number == 1
    assert [(r.source, r.target) for r in found.rewrites if r.reason is Reason.DESCRIBED] == [(DESCRIBED, "dropout")]


def test_a_question_that_a_page_explains_is_left_alone(index: SearchIndex) -> None:
    found = index.find(Query("slide a kernel over the picture and sum the products"))
    assert not [r for r in found.rewrites if r.reason is Reason.DESCRIBED]
    assert page_of(found.hits(1)[0]).page_number == 2


def test_what_the_course_does_not_have_is_not_read_into_a_question(index: SearchIndex) -> None:
    found = index.find(Query("split objects into groups around mean points"))
    assert "k-means" not in [rewrite.target for rewrite in found.rewrites]


def test_a_literal_query_is_not_read_as_what_it_describes(index: SearchIndex) -> None:
    assert index.find(Query(DESCRIBED, Filters(), literal=True)).rewrites == ()


def test_the_parts_of_a_score_add_up_with_what_was_described(index: SearchIndex) -> None:
    hit = index.find(Query(DESCRIBED)).hits(1, explain=True)[0]
    assert hit.explanation is not None
    own = hit.explanation
    parts = own.lexical_part + own.semantic_part + own.context_part + own.title_part
    assert hit.score == pytest.approx(parts * own.kind_factor + own.rerank_part + own.lift, abs=2e-3)
    assert own.lexical == pytest.approx(sum(term.contribution for term in own.terms), abs=1e-3)
    assert Reason.DESCRIBED in {term.reason for term in own.terms}


def test_without_packs_nothing_is_described(index: SearchIndex) -> None:
    bare = SearchIndex(index.generation, index.embedder)
    assert bare.find(Query(DESCRIBED)).rewrites == ()
