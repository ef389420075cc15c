"""Shards side by side: rows numbered through, columns joined, what is open already kept."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from support import CountingEmbedder, make_generation, make_shards, passage

from index.engine.generation import Generation, open_generation
from index.engine.manifest import read_generation, shard_folder, write_generation
from index.engine.vocabulary import ShardWords, Vocabulary
from index.text.hashing import hash_text
from index.types import IndexedPassage, Kind

_COURSES: dict[str, list[IndexedPassage]] = {
    "b": [passage("gate loss", row, course="b", title="Gate" if row else "Loss", lecture_id=3) for row in range(3)],
    "a": [passage("gate", 0, course="a"), passage("kernel", 1, course="a", kind=Kind.PROGRAMME, place=None)],
    "empty": [],
    "z": [passage("gate", 0, course="z", lecture_id=8)],
}


@pytest.fixture
def generation(tmp_path: Path) -> Generation:
    return make_generation(tmp_path, _COURSES, CountingEmbedder())


def test_rows_are_numbered_through_the_courses_in_their_order(generation: Generation) -> None:
    assert [shard.course for shard in generation.shards] == ["a", "b", "empty", "z"]
    assert (generation.count, generation.starts.tolist()) == (6, [0, 2, 5, 5, 6])
    everything = [own for slug in sorted(_COURSES) for own in _COURSES[slug]]
    assert generation.passages(range(6)) == everything
    assert generation.passages([5, 0, 5]) == [everything[5], everything[0], everything[5]]
    assert generation.shards_of(np.arange(6)).tolist() == [0, 0, 1, 1, 1, 3]
    assert [generation.find(own.id) for own in everything] == everything
    assert generation.find("nowhere") is None


def test_columns_of_all_courses_lie_by_row(generation: Generation) -> None:
    assert generation.lecture_of.tolist() == [1, 1, 3, 3, 3, 8]
    assert generation.programme.tolist() == [False, True, False, False, False, False]
    # a page is before the next one of its own course
    assert generation.previous.tolist() == [-1, -1, -1, 2, 3, -1]
    assert generation.next.tolist() == [-1, -1, 3, 4, -1, -1]
    assert generation.twin.tolist() == [-1] * 6
    assert generation.title_terms.tolist() == [0, 0, 1, 1, 1, 0]


def test_twins_stay_within_their_course(tmp_path: Path) -> None:
    from index.types import DeckKind, PagePlace  # noqa: PLC0415

    text = "во время обучения случайно обнуляем долю активаций сеть учится запасным признакам"
    courses = {
        slug: [
            passage(
                text, row, course=slug, title="Dropout", place=PagePlace(row, f"{2020 + row}/d.pdf", DeckKind.SLIDES, 1)
            )
            for row in range(2)
        ]
        for slug in ("a", "b")
    }
    assert make_generation(tmp_path, courses).twin.tolist() == [1, -1, 3, -1]


def test_a_word_is_known_by_every_course_that_holds_it(generation: Generation) -> None:
    entries = generation.terms.find(hash_text("gate"))
    assert generation.terms.shards[entries].tolist() == [0, 1, 3]
    assert generation.held[entries].tolist() == [1, 3, 1]
    assert generation.said[entries].tolist() == [1, 3, 1]


def test_words_that_are_known_wait_for_no_others_that_are_put_together(
    generation: Generation, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, begun, go_on = generation.vocabulary((0,)), threading.Event(), threading.Event()
    of_some = Vocabulary.of_some

    def slowly(everything: Vocabulary, shards: Sequence[ShardWords]) -> Vocabulary:
        begun.set()
        assert go_on.wait(60)
        return of_some(everything, shards)

    monkeypatch.setattr(Vocabulary, "of_some", slowly)
    with ThreadPoolExecutor(2) as pool:
        others = pool.submit(generation.vocabulary, (1,))
        assert begun.wait(60)
        try:
            assert pool.submit(lambda: (generation.vocabulary((0,)), generation.sketches)).result(30)[0] is known
        finally:
            go_on.set()
        assert set(others.result(60).words()) == set(generation.vocabulary((1,)).words())


def test_the_words_of_many_sets_of_courses_are_kept_as_far_as_their_bytes_allow(
    generation: Generation, monkeypatch: pytest.MonkeyPatch
) -> None:
    sets = [tuple(number for number in range(len(generation.shards)) if number != left_out) for left_out in range(4)]
    first = [generation.vocabulary(own) for own in sets]
    assert all(generation.vocabulary(own) is known for own, known in zip(sets, first, strict=True))
    monkeypatch.setattr("index.engine.generation._REMEMBERED_WORDS_BYTES", 2 * first[0].part_bytes)
    bounded = Generation(generation.manifest, generation.shards, {})
    again = [bounded.vocabulary(own) for own in sets]
    assert bounded.vocabulary(sets[-1]) is again[-1]
    assert bounded.vocabulary(sets[0]) is not again[0]


def test_sketches_are_numbered_by_row_and_there_only_where_vectors_are(generation: Generation, tmp_path: Path) -> None:
    assert generation.sketches is not None
    assert sorted(generation.sketches.nearest(np.ones(4, np.float32), 99).tolist()) == list(range(6))
    assert make_generation(tmp_path / "bare", _COURSES).sketches is None


def test_shards_that_are_open_already_are_taken_as_they_are(tmp_path: Path) -> None:
    first = make_generation(tmp_path, {"a": _COURSES["a"], "b": _COURSES["b"]})
    listed = make_shards(tmp_path, {"a": [passage("another", 0, course="a")], "b": _COURSES["b"]})
    write_generation(tmp_path, 2, "a1", "none", listed)
    known = {shard.name: shard for shard in first.shards}
    second = open_generation(tmp_path, read_generation(tmp_path, 2)[0], known)
    assert second.shards[1] is first.shards[1]
    assert second.shards[0] is not first.shards[0]
    # the one of before goes on as it was
    assert [own.text for own in first.passages([0])] == ["gate"]


def test_a_damaged_shard_is_left_out_and_named(tmp_path: Path) -> None:
    whole = make_generation(tmp_path, _COURSES)
    (shard_folder(tmp_path, whole.shards[1].name) / "shard.safetensors").unlink()
    left = open_generation(tmp_path, whole.manifest)
    assert [shard.course for shard in left.shards] == ["a", "empty", "z"]
    assert list(left.damaged) == ["b"]
    assert (left.count, left.shard("b")) == (3, None)
    assert [own.course_slug for own in left.passages(range(3))] == ["a", "a", "z"]


def test_a_generation_without_courses_is_one(tmp_path: Path) -> None:
    empty = make_generation(tmp_path, {})
    assert (empty.count, empty.shards, empty.languages) == (0, (), ("en",))
    assert empty.find("x") is None
    assert empty.sketches is None
