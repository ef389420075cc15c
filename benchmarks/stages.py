"""Searches of this process → milliseconds of each stage of the walk of a query, what is called within another counted
for itself alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from time import perf_counter
from typing import Any

from index.embed import encoder
from index.search import found, search, weighed

# Stage → what it is the time of. The encoder's is the time that a search waits for it.
_PLACES: tuple[tuple[str, Any, str], ...] = (
    ("reading", search.SearchIndex, "_read"),
    ("reading", search, "read_question"),
    ("candidates", weighed._WeighedHere, "candidates"),
    ("encoder", encoder.Asked, "answer"),
    ("ranking", search.SearchIndex, "_rank"),
    ("coverage", search, "gather_evidence"),
    ("settling", search, "settle"),
    ("hits", found.Found, "hits"),
)
STAGES = tuple(dict.fromkeys(stage for stage, _, _ in _PLACES))


class Stages:
    """Seconds by stage so far; not for several threads."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(STAGES, 0.0)
        self._within: list[float] = []  # for each stage that is open: seconds of stages inside it

    def timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, its time counted for a stage."""

        @wraps(function)
        def wrapped(*args: Any, **options: Any) -> Any:
            self._within.append(0.0)
            started = perf_counter()
            try:
                return function(*args, **options)
            finally:
                took = perf_counter() - started
                self.seconds[stage] += took - self._within.pop()
                if self._within:
                    self._within[-1] += took

        return wrapped


@contextmanager
def measured() -> Iterator[Stages]:
    """Stages are measured meanwhile."""
    stages, before = Stages(), [(owner, name, getattr(owner, name)) for _, owner, name in _PLACES]
    for (stage, owner, name), (_, _, function) in zip(_PLACES, before, strict=True):
        setattr(owner, name, stages.timed(stage, function))
    try:
        yield stages
    finally:
        for owner, name, function in before:
            setattr(owner, name, function)
