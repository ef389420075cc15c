"""What is remembered: the last results, by count or by weight, and never longer than the object that remembers."""

from __future__ import annotations

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from index.remember import MadeOnce, Remembered


def test_what_was_not_asked_for_longest_goes_first() -> None:
    made: list[str] = []
    remembered: Remembered[str, str] = Remembered(2)

    def make(key: str) -> str:
        made.append(key)
        return key.upper()

    assert [remembered.get(key, make) for key in "abaca"] == ["A", "B", "A", "C", "A"]
    assert made == ["a", "b", "c"]
    remembered.get("b", make)
    assert made == ["a", "b", "c", "b"]


def test_results_count_by_their_weight() -> None:
    made: list[int] = []
    remembered: Remembered[int, bytes] = Remembered(10, len)

    def make(size: int) -> bytes:
        made.append(size)
        return bytes(size)

    for size in (4, 6, 4, 6, 5, 4, 11, 4):
        assert len(remembered.get(size, make)) == size
    # 5 pushed out 4 and 6 did not fit beside it any more; 11 is never kept and pushes all others out
    assert made == [4, 6, 5, 4, 11, 4]


def test_what_is_remembered_goes_with_its_owner_without_the_garbage_collector() -> None:
    class Owner:
        def __init__(self) -> None:
            self._remembered: Remembered[int, int] = Remembered(5)

        def twice(self, number: int) -> int:
            return self._remembered.get(number, self._double)

        def _double(self, number: int) -> int:
            return 2 * number

    owner = Owner()
    assert owner.twice(4) == 8
    gone = weakref.ref(owner)
    gc.disable()
    try:
        del owner
        assert gone() is None
    finally:
        gc.enable()


def test_what_is_forgotten_is_made_again_and_counts_no_more() -> None:
    remembered: Remembered[str, str] = Remembered(10, len)
    remembered.get("a", lambda _: "x" * 9)
    remembered.forget()
    assert remembered.peek("a") is None
    assert remembered.get("b", lambda _: "y" * 9) == "y" * 9
    assert remembered.get("b", lambda _: "other") == "y" * 9


def test_what_is_made_once_is_waited_for_and_kept() -> None:
    made: list[str] = []
    begun, go_on = Event(), Event()

    @MadeOnce
    def shout(word: str) -> str:
        made.append(word)
        begun.set()
        assert go_on.wait(20)
        return word.upper()

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(shout, "loud")
        assert begun.wait(20)
        second = threads.submit(shout, "loud")
        go_on.set()
        assert (first.result(20), second.result(20), shout("loud")) == ("LOUD", "LOUD", "LOUD")
    assert made == ["loud"]


def test_what_could_not_be_made_is_tried_again() -> None:
    tried: list[str] = []

    @MadeOnce
    def read(name: str) -> str:
        tried.append(name)
        if len(tried) == 1:
            raise OSError(name)
        return name

    with pytest.raises(OSError, match="list"):
        read("list")
    assert read("list") == read("list") == "list"
    assert tried == ["list", "list"]
