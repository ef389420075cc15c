"""The keys of many shards as one sorted list."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from index.engine.directory import Directory
from index.text.hashing import Hashes

_KEYS = st.lists(st.lists(st.integers(0, 12), max_size=8).map(sorted), max_size=5)


def _hashes(keys: list[list[int]]) -> list[Hashes]:
    return [np.array(own, np.uint64) for own in keys]


def test_a_key_is_found_in_each_shard_that_holds_it() -> None:
    directory = Directory.of(_hashes([[2, 5, 9], [5], [1, 5, 5]]))
    entries = directory.find(5)
    assert list(zip(directory.shards[entries].tolist(), directory.places[entries].tolist(), strict=True)) == [
        (0, 1),
        (1, 0),
        (2, 1),
        (2, 2),
    ]
    for key in (0, 3, 10):
        entries = directory.find(key)
        assert entries.start == entries.stop


@given(_KEYS)
def test_every_entry_of_every_shard_is_there_by_key_and_then_by_shard(keys: list[list[int]]) -> None:
    directory = Directory.of(_hashes(keys))
    for key in range(14):
        entries = directory.find(key)
        found = list(zip(directory.shards[entries].tolist(), directory.places[entries].tolist(), strict=True))
        assert found == [(s, place) for s, own in enumerate(keys) for place, value in enumerate(own) if value == key]


@given(_KEYS)
def test_aligned_columns_say_of_each_entry_what_its_shard_says_of_it(keys: list[list[int]]) -> None:
    directory = Directory.of(_hashes(keys))
    columns = [np.array([100 * s + place for place in range(len(own))], np.uint32) for s, own in enumerate(keys)]
    aligned = directory.aligned(columns, np.uint32)
    assert aligned.dtype == np.uint32
    assert aligned.tolist() == (100 * directory.shards.astype(int) + directory.places.astype(int)).tolist()


def test_of_one_shard_the_columns_are_its_own() -> None:
    column = np.array([7, 8], np.uint32)
    directory = Directory.of(_hashes([[3, 4]]))
    assert directory.aligned([column], np.uint32) is column
    assert directory.find(4) == slice(1, 2)


def test_shards_beyond_those_that_two_bytes_can_number_keep_their_own_numbers() -> None:
    many = 65_537
    directory = Directory.of(_hashes([[number] for number in range(many)]))
    assert directory.shards[directory.find(many - 1)].tolist() == [many - 1]
    assert directory.shards[directory.find(0)].tolist() == [0]
