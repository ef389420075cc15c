"""When the garbage collector looks through what is in memory."""

from __future__ import annotations

import gc

_YOUNG_OBJECTS = 20_000  # that are new and still there when it looks; Python's own figure is 700


def collect_seldom() -> None:
    """Look through new objects seldomer: a start makes hundreds of thousands that stay, a search thousands that go by
    themselves."""
    gc.set_threshold(_YOUNG_OBJECTS)


def settle_memory() -> None:
    """Leave what is here now out of the rounds of the garbage collector, for good: the program and the open index.

    A full round over it takes a fifth of a second, in which nobody is answered, and finds nothing. An index that is not
    served any more goes all the same: nothing in it refers back to what holds it.
    """
    gc.collect()
    gc.freeze()
    collect_seldom()
