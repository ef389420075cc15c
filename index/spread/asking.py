"""Questions to nodes → their answers, from whichever copies answer: a slow or dead node costs a second try."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from typing import Any

from index.errors import ShardsAway

SLOW_SECONDS = 1.0  # what takes longer is asked of another copy as well: searches take some hundredths
_GIVE_UP_SECONDS = 15.0
_SECOND_TRIES = 4  # at once, of what is only slow: where all is slow, asking everything twice would make it slower


@dataclass(frozen=True, slots=True)
class Piece:
    """Some shards, by place, and the node that is asked for them."""

    node: str
    places: tuple[str, ...]


Send = Callable[[Piece], "Future[Any]"]
# the pieces by which the shards of a piece are asked of other nodes than these; ShardsAway if there are none
Elsewhere = Callable[[Piece, frozenset[str]], list[Piece]]


@dataclass(slots=True, eq=False)
class _Running:
    piece: Piece
    tried: frozenset[str]
    future: Future[Any]
    started: float = field(default_factory=time.monotonic)
    others: list[_Running] = field(default_factory=list)
    away: ShardsAway | None = None

    @property
    def failed(self) -> bool:
        return self.future.done() and self.future.exception() is not None

    def answers(self) -> list[tuple[Piece, Any]] | None:
        """What this piece, or all those that stand for it, answered; None if that is not known yet."""
        if self.future.done() and not self.failed:
            return [(self.piece, self.future.result())]
        found = [other.answers() for other in self.others]
        if not found or None in found:
            return None
        return [answer for answers in found for answer in answers or ()]

    def hopeless(self) -> ShardsAway | None:
        """Why there will be no answer."""
        if not self.failed:
            return None
        return self.away or next((why for other in self.others if (why := other.hopeless())), None)

    def leaves(self) -> Iterator[_Running]:
        """Those that nobody else is asked for."""
        if not self.others:
            yield self
        for other in self.others:
            yield from other.leaves()


class Asking:
    """Asks pieces of nodes; `trouble` is told of nodes that fail or are slow."""

    def __init__(self, trouble: Callable[[str], None]) -> None:
        self._trouble = trouble
        self._second_tries = threading.BoundedSemaphore(_SECOND_TRIES)

    def ask(
        self,
        pieces: Sequence[Piece],
        send: Send,
        elsewhere: Elsewhere,
        away_of: Callable[[Sequence[str]], ShardsAway],
    ) -> list[tuple[Piece, Any]]:
        """What the pieces, or others in their place, answered; `away_of` says of shards, by place, that nobody did."""
        running = [_start(piece, frozenset(), send) for piece in pieces]
        ends, hedged = time.monotonic() + _GIVE_UP_SECONDS, 0
        try:
            while True:
                found = [one.answers() for one in running]
                if None not in found:
                    return [answer for answers in found for answer in answers or ()]
                for leaf in [leaf for one in running for leaf in one.leaves()]:
                    hedged += self._look_at(leaf, send, elsewhere)
                away = next((why for one in running if (why := one.hopeless())), None)
                if away is not None:
                    raise away
                if time.monotonic() > ends:
                    late = [one.piece for one, answer in zip(running, found, strict=True) if answer is None]
                    raise away_of([place for piece in late for place in piece.places])
                pending = [leaf.future for one in running for leaf in _all(one) if not leaf.future.done()]
                wait(pending, SLOW_SECONDS / 4, FIRST_COMPLETED)
        finally:
            for _ in range(hedged):
                self._second_tries.release()

    def _look_at(self, leaf: _Running, send: Send, elsewhere: Elsewhere) -> bool:
        """Ask others for what failed or is slow; whether one of the few second tries is used."""
        slow = not leaf.future.done() and time.monotonic() - leaf.started > SLOW_SECONDS
        if leaf.away is not None or not (leaf.failed or slow):
            return False
        hedged = slow and self._second_tries.acquire(blocking=False)
        if slow and not hedged:
            return False
        self._trouble(leaf.piece.node)
        tried = leaf.tried | {leaf.piece.node}
        try:
            leaf.others = [_start(piece, tried, send) for piece in elsewhere(leaf.piece, tried)]
        except ShardsAway as away:
            leaf.away = away
        return hedged


def _start(piece: Piece, tried: frozenset[str], send: Send) -> _Running:
    try:
        return _Running(piece, tried, send(piece))
    except Exception as error:  # a node that is gone may say so at once
        failed: Future[Any] = Future()
        failed.set_exception(error)
        return _Running(piece, tried, failed)


def _all(running: _Running) -> Iterator[_Running]:
    yield running
    for other in running.others:
        yield from _all(other)
