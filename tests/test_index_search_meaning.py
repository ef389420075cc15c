"""A query's vector → the passages nearest in meaning: exactly where there are few, by sketches where there are many."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
import pytest
from numpy.typing import NDArray
from support import make_generation, make_shards, passage

from index.embed.adaptation import Adaptation
from index.embed.protocol import Vectors, normalise
from index.embed.table import TableEmbedder, bundled_table
from index.engine.generation import Generation, open_generation
from index.engine.manifest import read_generation, write_generation
from index.search.meaning import Meaning
from index.search.scope import make_scope
from index.types import Filters, IndexedPassage, Kind

_DIMENSION = 24


class Listed:
    """The text "17" has the vector of row 17."""

    name = fingerprint = "listed"
    dimension = _DIMENSION
    splits_passages = False
    learns = False
    adaptation = None

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors
        self.asked: list[int] = []

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return self._vectors[[int(text) for text in texts]]

    def embed_query(self, text: str) -> Vectors:
        vector: Vectors = self._vectors[int(text)]
        return vector

    def embed_query_in(self, text: str, adaptations: Sequence[Adaptation | None]) -> Vectors:
        self.asked.append(len(adaptations))
        return np.repeat(self.embed_query(text)[None, :], len(adaptations), axis=0)

    def adapted_to(self, texts: Sequence[str], basis: NDArray[np.uint64]) -> Self:  # noqa: ARG002
        return self

    def with_adaptation(self, adaptation: Adaptation | None) -> Self:  # noqa: ARG002
        return self


_COURSES, _PASSAGES, _TOPICS, _QUERIES = 12, 240, 60, 40


def _clustered(seed: int) -> Vectors:
    """Passages and then queries that lie around topics; every course has some topics of its own and some of others."""
    random = np.random.default_rng(seed)
    topics = normalise(random.standard_normal((_TOPICS, _DIMENSION)).astype(np.float32))
    of_course = np.concatenate([random.choice(_TOPICS, 8) for _ in range(_COURSES)]).reshape(_COURSES, 8)
    owner = np.concatenate([random.choice(own, _PASSAGES) for own in of_course])
    owner = np.concatenate([owner, random.choice(np.unique(owner), _QUERIES)])
    noise = random.standard_normal((len(owner), _DIMENSION)).astype(np.float32)
    return normalise(topics[owner] + np.float32(0.1) * noise)


@pytest.fixture(scope="module")
def embedder() -> Listed:
    return Listed(_clustered(4))


@pytest.fixture(scope="module")
def generation(embedder: Listed, tmp_path_factory: pytest.TempPathFactory) -> Generation:
    courses = {
        f"c{course:02}": [
            passage(
                str(course * _PASSAGES + row),
                row,
                course=f"c{course:02}",
                lecture_id=2 * course + row % 2,
                kind=Kind.PAGE if row % 3 else Kind.PROGRAMME,
                place=None,
            )
            for row in range(_PASSAGES)
        ]
        for course in range(_COURSES)
    }
    return make_generation(tmp_path_factory.mktemp("many"), courses, embedder)


_FILTERS = [
    Filters(),
    Filters(course="c03"),
    Filters(courses=frozenset({"c01", "c05", "c11"})),
    Filters(lecture=9),
    Filters(kinds=frozenset({Kind.PROGRAMME})),
    Filters(courses=frozenset({"c01", "c05"}), kinds=frozenset({Kind.PAGE})),
]


def _allowed(generation: Generation, filters: Filters) -> NDArray[np.bool_]:
    return np.array(
        [
            (filters.course is None or own.course_slug == filters.course)
            and (filters.courses is None or own.course_slug in filters.courses)
            and (filters.lecture is None or own.lecture_id == filters.lecture)
            and (filters.kinds is None or own.kind in filters.kinds)
            for own in generation.passages(range(generation.count))
        ]
    )


def _queries() -> range:
    return range(_COURSES * _PASSAGES, _COURSES * _PASSAGES + _QUERIES)


def _exact(generation: Generation, embedder: Listed, query: int, allowed: NDArray[np.bool_], count: int) -> list[int]:
    """Brute force: by similarity above what chance gives in each course."""
    vectors = embedder.embed_passages([own.text for own in generation.passages(range(generation.count))])
    chance = np.repeat([shard.vectors.chance for shard in generation.shards if shard.vectors], _PASSAGES)
    above = (vectors @ embedder.embed_query(str(query)) - chance) / (1 - chance)
    rows = np.flatnonzero(allowed)
    return [int(row) for row in rows[np.argsort(-above[rows], kind="stable")[:count]]]


@pytest.mark.parametrize("filters", _FILTERS)
def test_over_few_passages_every_vector_is_looked_at(
    generation: Generation, embedder: Listed, filters: Filters
) -> None:
    allowed = _allowed(generation, filters)
    for query in _queries()[:10]:
        found = Meaning(make_scope(generation, filters), embedder, str(query)).nearest(10).tolist()
        assert found == sorted(set(found))
        assert set(_exact(generation, embedder, query, allowed, 10)) <= set(found)
        assert allowed[found].all()
        # of each course its own ten at most
        assert len(found) == sum(min(10, int(own.sum())) for own in np.split(allowed, _COURSES))


def test_similarities_are_cosines_above_chance_at_most_one(generation: Generation, embedder: Listed) -> None:
    meaning = Meaning(make_scope(generation, Filters()), embedder, str(_queries()[0]))
    rows = np.array([0, 3, 5 * _PASSAGES, generation.count - 1])
    texts = [own.text for own in generation.passages(rows.tolist())]
    cosines = embedder.embed_passages(texts) @ embedder.embed_query(str(_queries()[0]))
    owners = [generation.shards[row // _PASSAGES].vectors for row in rows.tolist()]
    chance = np.array([vectors.chance for vectors in owners if vectors])
    assert (chance > 0).any()
    np.testing.assert_allclose(meaning.at(rows), np.maximum((cosines - chance) / (1 - chance), 0), atol=1e-5)
    itself = Meaning(make_scope(generation, Filters()), embedder, "7").at(np.array([7]))
    assert itself.tolist() == pytest.approx([1.0], abs=1e-5)
    assert meaning.at(np.zeros(0, np.int64)).tolist() == []


@pytest.mark.parametrize("filters", _FILTERS)
def test_over_many_passages_sketches_find_the_nearest_and_filters_hold(
    generation: Generation, embedder: Listed, filters: Filters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.search.meaning.EXACT_PASSAGES", 0)
    monkeypatch.setattr("index.search.meaning._SKETCHED", 200)  # of 2,880
    allowed = _allowed(generation, filters)
    held = wanted = 0
    for query in _queries():
        found = Meaning(make_scope(generation, filters), embedder, str(query)).nearest(50).tolist()
        assert found == sorted(set(found))
        assert len(found) <= 50
        assert allowed[found].all()
        nearest = _exact(generation, embedder, query, allowed, 10)
        held += len(set(nearest) & set(found))
        wanted += len(nearest)
    assert held / wanted >= 0.95


def test_over_many_passages_only_near_courses_are_asked_what_the_query_means_there(
    generation: Generation, embedder: Listed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.search.meaning.EXACT_PASSAGES", 0)
    monkeypatch.setattr("index.search.meaning._SKETCHED", 2)
    embedder.asked.clear()
    Meaning(make_scope(generation, Filters()), embedder, str(_queries()[0])).nearest(10)
    assert embedder.asked[0] == 1
    assert sum(embedder.asked[1:]) <= 2


def test_without_an_embedder_or_a_course_nothing_is_near(generation: Generation, embedder: Listed) -> None:
    everything = make_scope(generation, Filters())
    assert Meaning(everything, None, "1").nearest(10).tolist() == []
    assert Meaning(everything, None, "1").at(np.arange(3)).tolist() == [0, 0, 0]
    assert Meaning(make_scope(generation, Filters(course="nowhere")), embedder, "1").nearest(10).tolist() == []


# --- each course reads the query in its own way ----------------------------------------------------------------


def _own(slug: str, *texts: str) -> list[IndexedPassage]:
    return [passage(text, row, course=slug, place=None) for row, text in enumerate(texts)]


@pytest.fixture
def adapted(tmp_path: Path) -> tuple[Generation, TableEmbedder]:
    """Two courses with words of their own, and a third that holds no word twice: nothing is learned of it."""
    table = bundled_table()
    courses = {
        "a": _own("a", "gate of the network", "gate and loss", "loss of the network"),
        "b": _own("b", "gate of the garden", "the garden gate", "flowers of the garden"),
        "c": _own("c", "kernel"),
    }
    listed = []
    for slug, own in courses.items():
        embedder = table.adapted_to([found.text for found in own], np.zeros(0, np.uint64))
        listed += make_shards(tmp_path, {slug: own}, embedder)
    write_generation(tmp_path, 1, "a1", table.name, listed)
    return open_generation(tmp_path, read_generation(tmp_path, 1)[0]), table


@pytest.mark.parametrize("exact", [20_000, 0])
def test_each_course_reads_the_query_by_what_its_words_mean_there(
    adapted: tuple[Generation, TableEmbedder], exact: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.search.meaning.EXACT_PASSAGES", exact)
    generation, table = adapted
    meaning = Meaning(make_scope(generation, Filters()), table, "gate of loss")
    assert meaning.nearest(50).tolist() == list(range(7))
    expected = []
    for shard in generation.shards:
        assert shard.vectors is not None
        own = table.with_adaptation(shard.adaptation).embed_query("gate of loss")
        similar = shard.vectors.similarities(own, np.arange(len(shard.passages)))
        expected += np.maximum((similar - shard.vectors.chance) / (1 - shard.vectors.chance), 0).tolist()
    np.testing.assert_allclose(meaning.at(np.arange(7)), expected, atol=1e-6)
