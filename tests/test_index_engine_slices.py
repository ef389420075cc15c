"""Texts of many shards in one piece of memory: those that were chosen, and where a byte is held."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from index.engine.container import open_texts, pack_texts
from index.engine.slices import Slices

_TEXTS = st.lists(st.text(max_size=5), max_size=6)


@given(st.lists(_TEXTS, max_size=4), st.data())
def test_what_is_chosen_of_several_is_what_it_was(parts: list[list[str]], data: st.DataObject) -> None:
    whole = [text for texts in parts for text in texts]
    numbers = st.integers(0, len(whole) - 1)
    chosen = data.draw(st.lists(numbers, max_size=10) if whole else st.just([]))
    slices = Slices.gather([open_texts(pack_texts("own", texts), "own") for texts in parts], np.array(chosen, np.int64))
    assert list(slices) == [whole[number] for number in chosen]
    assert [slices[place] for place in range(len(slices))] == list(slices)
    assert slices.some(np.arange(len(chosen))) == [whole[number].encode() for number in chosen]


@given(_TEXTS, st.sets(st.integers(0, 5)))
def test_a_byte_is_held_by_those_that_hold_it_among_the_chosen(texts: list[str], chosen: set[int]) -> None:
    numbers = [number for number in sorted(chosen) if number < len(texts)]
    part = Slices.of(text.encode() for text in texts).only(np.array(numbers, np.int64))
    for byte in b"0a \xc3":
        assert part.holding(byte).tolist() == [i for i, number in enumerate(numbers) if byte in texts[number].encode()]


def test_the_first_bytes_end_in_spaces() -> None:
    heads = Slices.of([b"lenta", b"le", b""]).heads(4)
    assert [bytes(head) for head in heads] == [b"lent", b"le  ", b"    "]
    assert Slices.of([]).heads(4).shape == (0, 4)
