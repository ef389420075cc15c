"""Generations whose shards are spread over nodes: opened, kept in balance as nodes come and go, swapped as a whole."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any

from index.engine.generation import Generation
from index.engine.manifest import GenerationManifest, ListedShard
from index.engine.shard import Shard
from index.errors import IndexUnavailable, ShardsAway
from index.spread.asking import Piece
from index.spread.bodies import Bodies
from index.spread.heads import without_body
from index.spread.nodes import Nodes
from index.spread.placing import placed, ranked
from index.spread.routes import AWAY, Routes, routes_of
from index.spread.wire import Head, Holding

_log = logging.getLogger(__name__)
_KEPT = 3  # generations: requests that began with one go on with it
_TEND_SECONDS = 1.0
_CALL_SECONDS = 5.0  # how long a node is waited for that should say what it holds
_PREPARE_SECONDS = 60.0
# A new generation is served once every copy is open, or one of each and so many seconds have passed.
_ALL_COPIES_SECONDS, _ONE_COPY_SECONDS = 30.0, 600.0
_USUAL_COPIES = 2
_ALL_AWAY = "No node of the cluster answers; courses are searched again when one does."


class Spread:
    """`bodies` answers searches over the generations that `open` gave."""

    def __init__(self, nodes: Nodes, copies: int | None = None) -> None:
        """Each shard is held by so many nodes; without a number by two, as far as there are as many."""
        self._nodes, self._copies = nodes, copies or _USUAL_COPIES
        self.bodies = Bodies(nodes, self._routes_to)
        self._client = uuid.uuid4().hex
        self._manifests: dict[int, GenerationManifest] = {}
        self._routes: dict[int, Routes] = {}
        self._open: dict[str, frozenset[str]] = {}  # by node
        self._failed: dict[str, str] = {}  # why a shard cannot be held, by place
        self._targets: dict[str, tuple[str, ...]] = {}
        self._shards: dict[str, Shard] = {}  # without bodies, by place
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._tending: threading.Thread | None = None

    def start(self) -> None:
        """From now on see to it that what is served is held by the nodes there are."""
        self._tending = threading.Thread(target=self._tend, name="spread", daemon=True)
        self._tending.start()

    def close(self) -> None:
        self._stop.set()
        if self._tending is not None:
            self._tending.join(_CALL_SECONDS)
        self._nodes.close()

    def open(
        self,
        root: Path,  # noqa: ARG002
        manifest: GenerationManifest,
        known: Mapping[str, Shard] | None = None,  # noqa: ARG002
    ) -> Generation:
        """The generation, once its shards are held; those that no node can hold take down their courses only. In place
        of `open_generation`."""
        others = [(number, own) for number, own in self._manifests.items() if number != manifest.number]
        self._manifests = dict([*others, (manifest.number, manifest)][-_KEPT:])
        began = time.monotonic()
        while True:
            self.look()
            waited = time.monotonic() - began
            copies = [(len(self._copies_of(s.place)), self._is_settled(s.place)) for s in manifest.shards]
            if all(settled for _, settled in copies) or waited > _ONE_COPY_SECONDS:
                break
            if waited > _ALL_COPIES_SECONDS and all(count or settled for count, settled in copies):
                break
            time.sleep(0.05)
        damaged: dict[str, str] = {}
        for shard in manifest.shards:
            if not self._copies_of(shard.place):
                damaged[shard.course] = self._why_away(shard)
        try:
            self._fetch_heads(manifest, [s for s in manifest.shards if s.course not in damaged])
        except ShardsAway as away:
            damaged |= away.reasons
        shards = [self._shards[shard.place] for shard in manifest.shards if shard.course not in damaged]
        return Generation(manifest, shards, damaged, partial(self.bodies.read, manifest.number))

    def away(self, generation: Generation) -> dict[str, str]:
        """The courses of a generation that no node holds now, each with the reason."""
        shards = [shard for shard in generation.manifest.shards if not self._copies_of(shard.place)]
        return {shard.course: self._why_away(shard) for shard in shards}

    def look(self) -> None:
        """See which nodes are there, tell each what it should hold, and ask those that are ready from now on."""
        with self._lock:
            there = self._nodes.there()
            listed = {shard.place: shard for one in self._manifests.values() for shard in one.shards}
            self._targets = placed(listed, there, self._copies)
            self._hold(there, listed)
            self._shards = {place: shard for place, shard in self._shards.items() if place in listed}
            for number, manifest in self._manifests.items():
                copies = {shard.place: self._copies_of(shard.place) for shard in manifest.shards}
                before = self._routes.get(number)
                if before is None or before.copies != copies:
                    routes = routes_of(manifest, copies)
                    self._prepare(routes, before)
                    self._routes[number] = routes
            self._routes = {number: own for number, own in self._routes.items() if number in self._manifests}

    def _hold(self, there: Sequence[str], listed: Mapping[str, ListedShard]) -> None:
        """Tell each node what to hold: its share, and what it holds of the shares of others until they do."""
        coming = {place for place in listed if not self._is_settled(place)}
        asked: dict[str, Future[Any]] = {}
        for node in there:
            kept = self._open.get(node, frozenset()) & coming
            wanted = [shard for place, shard in listed.items() if node in self._targets[place] or place in kept]
            asked[node] = _begun(partial(self._nodes.call, node, "hold", self._client, wanted))
        found: dict[str, frozenset[str]] = {}
        failed: dict[str, str] = {}
        for node, future in asked.items():
            try:
                holding: Holding = future.result(_CALL_SECONDS)
            except TimeoutError:  # a node that is only busy has not lost what it held
                self.bodies.troubled.note(node)
                found[node] = self._open.get(node, frozenset())
                continue
            except Exception as error:  # a node that died raises what the cluster gives
                self.bodies.troubled.note(node)
                _log.info("Node %s does not say what it holds (%s).", node, type(error).__name__)
                continue
            found[node] = holding.open
            failed |= holding.failed
        self._open, self._failed = found, failed

    def _is_settled(self, place: str) -> bool:
        """Whether all nodes that should hold a shard do, or it cannot be held."""
        targets = self._targets.get(place, ())
        return place in self._failed or all(place in self._open.get(node, ()) for node in targets)

    def _why_away(self, shard: ListedShard) -> str:
        return self._failed.get(shard.place) or (AWAY.format(shard.course) if self._open else _ALL_AWAY)

    def _copies_of(self, place: str) -> tuple[str, ...]:
        """The nodes that have a shard open, in the order in which they are asked."""
        return ranked(place, [node for node, places in self._open.items() if place in places])

    def _prepare(self, routes: Routes, before: Routes | None) -> None:
        """Have the nodes put side by side what they will be asked together."""
        new = {
            node: group for node, group in routes.groups.items() if before is None or before.groups.get(node) != group
        }
        begun = {node: _begun(partial(self._nodes.call, node, "prepare", group)) for node, group in new.items()}
        for node, future in begun.items():
            try:
                future.result(_PREPARE_SECONDS)
            except Exception as error:  # whoever is asked first will be asked second
                self.bodies.troubled.note(node)
                _log.info("Node %s is not ready (%s).", node, type(error).__name__)

    def _fetch_heads(self, manifest: GenerationManifest, wanted: Sequence[ListedShard]) -> None:
        routes = self._routes[manifest.number]
        new = [shard.place for shard in wanted if shard.place not in self._shards]
        if not new:
            return

        def send(piece: Piece) -> Future[Any]:
            return self._nodes.call(piece.node, "heads", piece.places)

        found: dict[str, Shard] = {}
        for piece, heads in self.bodies.asked(routes.elsewhere(new, (), ()), send, routes):
            for place, head in zip(piece.places, heads, strict=True):
                found[place] = self._without_body(manifest.number, routes.listed[place], head)
        with self._lock:
            self._shards = {**self._shards, **found}

    def _without_body(self, number: int, listed: ListedShard, head: Head) -> Shard:
        return without_body(listed, head, partial(self.bodies.record, number, listed.name))

    def _routes_to(self, number: int) -> Routes:
        """Those of a generation, or of the one that was opened last (-1)."""
        found = self._routes.get(next(reversed(self._manifests), 0) if number < 0 else number)
        if found is None:
            raise IndexUnavailable(f"Generation {number} is not served any more; search again.")
        return found

    def _tend(self) -> None:
        while not self._stop.wait(_TEND_SECONDS):
            try:
                self.look()
            except Exception as error:  # the thread must live: the next look may succeed
                _log.error("The nodes cannot be looked after (%s).", type(error).__name__)


def _begun(call: Callable[[], Future[Any]]) -> Future[Any]:
    """What was begun, or a failure."""
    try:
        return call()
    except Exception as error:
        failed: Future[Any] = Future()
        failed.set_exception(error)
        return failed
