"""The results that were asked for last, kept with the object that gives them and gone with it; and what is made once.

`functools.lru_cache` around a method refers to its object, so that both stay until the garbage collector looks: of an
old generation of the index that would be hundreds of megabytes.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import update_wrapper
from threading import Lock, RLock
from typing import Generic, TypeVar

A = TypeVar("A", bound=Hashable)
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """At most `size` results by key; the one that was not asked for longest goes first. Safe to share by threads.

    A result counts one, or what `weigh` says of it.
    """

    def __init__(self, size: int, weigh: Callable[[V], int] | None = None) -> None:
        self._size = size
        self._weigh = weigh
        self._weight = 0
        self._known: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: K, make: Callable[[K], V]) -> V:
        """What was made for this key, made now if it is not known. Two threads may make it at the same time."""
        with self._lock:
            known = self._known.get(key)
            if known is not None:
                self._known.move_to_end(key)
                return known[0]
        made = make(key)
        with self._lock:
            if key not in self._known:
                weight = 1 if self._weigh is None else self._weigh(made)
                self._known[key] = made, weight
                self._weight += weight
            while self._weight > self._size and self._known:
                self._weight -= self._known.popitem(last=False)[1][1]
        return made

    def peek(self, key: K) -> V | None:
        """What was made for this key, if it is known."""
        with self._lock:
            if key not in self._known:
                return None
            self._known.move_to_end(key)
            return self._known[key][0]

    def forget(self) -> None:
        """Forget all of them."""
        with self._lock:
            self._known.clear()
            self._weight = 0


class MadeOnce(Generic[A, V]):
    """A function of one argument, whose results are kept for good. Who asks for one that is just being made waits for
    it, where `functools.lru_cache` lets each thread make it: for what the first search needs, which a start reads too.
    """

    def __init__(self, make: Callable[[A], V]) -> None:
        self._make = make
        self._known: dict[A, V] = {}
        self._lock = RLock()
        update_wrapper(self, make)

    def __call__(self, argument: A) -> V:
        known = self._known.get(argument)
        if known is not None:
            return known
        with self._lock:
            if argument not in self._known:
                self._known[argument] = self._make(argument)
            return self._known[argument]
