"""When the garbage collector looks through what is in memory, and what goes back to the system."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_YOUNG_OBJECTS = 20_000  # that are new and still there when it looks; Python's own figure is 700


def collect_seldom() -> None:
    """Look through new objects seldomer: a start makes hundreds of thousands that stay, a search thousands that go by
    themselves."""
    gc.set_threshold(_YOUNG_OBJECTS)


@contextmanager
def importing() -> Iterator[None]:
    """While modules are imported that stay: the garbage collector leaves them out, now and later. A start makes
    hundreds of thousands of objects, and looking through them takes a tenth of a second."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def settle_memory() -> None:
    """Leave what is here now out of the rounds of the garbage collector, for good: the program and the open index.

    A full round over it takes a fifth of a second, in which nobody is answered, and finds nothing. An index that is not
    served any more goes all the same: nothing in it refers back to what holds it.
    """
    gc.collect()
    give_back()
    gc.freeze()
    collect_seldom()


def give_back() -> None:
    """Give back to the system what was freed. What is put together for a moment while an index is opened is a hundred
    megabytes, and glibc keeps them for the thread that had them, which needs them at the next publish; other libraries
    of C have no such call."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
