"""Vectors of a shard: nearest and similarities beside brute force, sketches, what chance gives."""

from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from index.embed.protocol import Vectors, normalise
from index.engine.vectors import ShardVectors, Sketches, build_vectors
from index.errors import CorruptIndex
from index.types import ROLES, Role

_WHOLE, _PART, _TITLE = (ROLES.index(role) for role in (Role.WHOLE, Role.PART, Role.TITLE))


def _random(seed: int, count: int, dimension: int = 16) -> tuple[Vectors, Vectors]:
    random = np.random.default_rng(seed)
    rows = normalise(random.standard_normal((count, dimension)).astype(np.float32))
    return rows, normalise(random.standard_normal((1, dimension)).astype(np.float32))[0]


def _whole(vectors: Vectors) -> ShardVectors:
    count = len(vectors)
    return ShardVectors(build_vectors(vectors, np.arange(count), np.zeros(count, np.uint8), count))


@given(st.integers(0, 2**32 - 1), st.booleans())
@settings(max_examples=30, deadline=None)
def test_nearest_vectors_are_those_of_brute_force(seed: int, filtered: bool) -> None:
    vectors, query = _random(seed, 200)
    index = _whole(vectors)
    allowed = np.random.default_rng(seed + 1).random(200) < 0.3 if filtered else None
    similar = vectors @ query
    if allowed is not None:
        similar = np.where(allowed, similar, -9)
    wanted = np.argsort(-similar)[: min(10, int((similar > -9).sum()))]
    assert index.nearest(query, 10, allowed).tolist() == wanted.tolist()
    np.testing.assert_allclose(index.similarities(query, wanted), similar[wanted], atol=1e-5)


def _views(seed: int) -> tuple[Vectors, NDArray[np.int64], NDArray[np.uint8], int]:
    """Some passages as a whole only, some with a title, some with several parts, some with both."""
    random = np.random.default_rng(seed)
    count = int(random.integers(1, 40))
    owners, roles = list[int](), list[int]()
    for passage in range(count):
        own = [_WHOLE, *[_TITLE] * int(random.integers(0, 2)), *[_PART] * int(random.choice([0, 0, 2, 5]))]
        owners += [passage] * len(own)
        roles += own
    vectors = normalise(random.standard_normal((len(owners), 8)).astype(np.float32))
    return vectors, np.array(owners), np.array(roles, np.uint8), count


@pytest.mark.parametrize("content", [b"", b"IxFI", b"IxF2" + bytes(41), b"IxFI" + bytes(60)])
def test_vectors_that_are_no_flat_index_are_refused_when_they_are_opened(content: bytes) -> None:
    arrays = build_vectors(np.eye(4, dtype=np.float32), np.arange(4), np.zeros(4, np.uint8), 4)
    begun = np.concatenate([np.zeros(19, np.uint8), np.frombuffer(content, np.uint8)])
    with pytest.raises(CorruptIndex, match="The vectors of a shard cannot be read; run `lectures reindex`"):
        ShardVectors({**arrays, "vectors.faiss": begun})


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_a_similarity_is_put_together_from_the_whole_its_best_part_and_its_title(seed: int) -> None:
    vectors, owners, roles, count = _views(seed)
    query = normalise(np.random.default_rng(seed + 1).standard_normal((1, 8)).astype(np.float32))[0]
    near = vectors @ query
    expected = []
    for passage in range(count):
        own = owners == passage
        whole = near[own & (roles == _WHOLE)].max()
        part = near[own & (roles == _PART)].max(initial=-2)
        title = near[own & (roles == _TITLE)].max(initial=-2)
        # what has no parts or no title is taken as a whole
        expected.append((whole + (part if part > -2 else whole) + 0.5 * (title if title > -2 else whole)) / 2.5)
    index = ShardVectors(build_vectors(vectors, owners, roles, count))
    np.testing.assert_allclose(index.similarities(query, np.arange(count)), expected, atol=1e-5)
    some = np.flatnonzero(np.random.default_rng(seed).random(count) < 0.5)
    np.testing.assert_allclose(index.similarities(query, some), np.array(expected)[some], atol=1e-5)
    for passage in range(count):
        np.testing.assert_array_equal(index.whole(passage), vectors[(owners == passage) & (roles == _WHOLE)][0])


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_nearest_passages_are_distinct_though_each_has_several_vectors(seed: int) -> None:
    vectors, owners, roles, count = _views(seed)
    query = vectors[0]
    found = ShardVectors(build_vectors(vectors, owners, roles, count)).nearest(query, len(vectors), None).tolist()
    best = [float((vectors @ query)[owners == passage].max()) for passage in range(count)]
    assert sorted(found) == list(range(count))
    assert [best[passage] for passage in found] == pytest.approx(sorted(best, reverse=True), abs=1e-5)


@pytest.mark.parametrize("dimension", [5, 16, 96])
def test_sketches_of_many_courses_find_by_row_what_is_near(dimension: int) -> None:
    random = np.random.default_rng(3)
    topics = normalise(random.standard_normal((20, dimension)).astype(np.float32))
    owner = random.choice(20, 900)
    noise = random.standard_normal((900, dimension)).astype(np.float32) / np.float32(np.sqrt(dimension))
    vectors = normalise(topics[owner] + np.float32(0.3) * noise)
    shards = [_whole(part) for part in np.split(vectors, [100, 100, 550])]
    sketches = Sketches([shard.sketches for shard in shards], dimension)
    held = 0
    for query in vectors[::30]:
        found = sketches.nearest(query, 90)
        assert len(set(found.tolist())) == len(found) == 90
        held += len(set(np.argsort(-(vectors @ query))[:10].tolist()) & set(found.tolist()))
    assert held >= 0.95 * 10 * 30
    assert sorted(sketches.nearest(vectors[0], 5_000).tolist()) == list(range(900))


def test_the_vectors_of_wholes_are_all_of_them_or_some() -> None:
    vectors, _ = _random(3, 60)
    index = _whole(vectors)
    np.testing.assert_allclose(index.wholes(), vectors, atol=1e-6)
    some = np.array([3, 7, 59])
    np.testing.assert_allclose(index.wholes(some), vectors[some], atol=1e-6)


def test_the_same_vectors_give_the_same_bytes() -> None:
    vectors, _ = _random(5, 300)
    first, second = (build_vectors(vectors, np.arange(300), np.zeros(300, np.uint8), 300) for _ in range(2))
    assert {name: array.tobytes() for name, array in first.items()} == {
        name: array.tobytes() for name, array in second.items()
    }


def test_a_query_that_says_nothing_is_near_nothing_and_an_empty_course_has_nothing() -> None:
    vectors, query = _random(1, 20)
    assert _whole(vectors).nearest(np.zeros(16, np.float32), 10, None).tolist() == []
    empty = _whole(np.zeros((0, 16), np.float32))
    assert empty.nearest(query, 10, None).tolist() == []
    assert empty.similarities(query, np.zeros(0, np.int64)).tolist() == []
    assert empty.wholes().tolist() == []
    assert len(empty.sketches) == 0


@pytest.mark.parametrize(("shift", "chance"), [(0.0, 0.0), (1.0, None), (100.0, 0.9)])
def test_chance_is_what_two_passages_have_in_common_above_the_usual(shift: float, chance: float | None) -> None:
    random = np.random.default_rng(2)
    vectors = normalise((random.standard_normal((150, 64)) + shift).astype(np.float32))
    alike = vectors @ vectors.T
    mean = float((alike.sum() - 150) / (150 * 149))
    expected = min(max(mean - 0.1, 0.0), 0.9) if chance is None else chance
    assert _whole(vectors).chance == pytest.approx(expected, abs=0.01)


def test_faiss_never_writes_to_a_path() -> None:
    root = Path(__file__).parents[1]
    sources = [path for room in ("index", "ingest", "service") for path in (root / room).rglob("*.py")]
    assert len(sources) > 100
    assert not [path for path in sources if "write_index" in path.read_text("utf-8")]
    assert hasattr(faiss, "serialize_index")
