"""What a node does for a search: it holds shards, fetched and checked, and says what they have for a query.

Whoever serves tells it now and then which shards it wants. What nobody has wanted for a while is let go. A request
names its shards by the hash of their content, so it is answered from these or not at all.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from index.depot import Depot
from index.embed.protocol import Vectors
from index.embed.table import TableEmbedder
from index.engine.generation import Generation
from index.engine.manifest import FORMAT, GenerationManifest, ListedShard
from index.engine.shard import Shard, open_shard
from index.errors import LecturesError
from index.remember import Remembered
from index.search.meaning import Meaning, QueryEmbedder
from index.search.scope import PostingsHere, Rows, Scope, allowed_by
from index.search.weighed import CANDIDATES, Candidates, Here, most_matched, weigh_rows
from index.search.words import WordScores
from index.sharing import SharedIndex
from index.spread.heads import head_of
from index.spread.wire import Asked, Head, Holding, Meant, NotHeld, Offer, Part, Wanted
from index.types import Filters, Mode, TermMatch

LEASE_SECONDS = 600.0  # what nobody asked to hold for so long is let go
_AGAIN_SECONDS = 5.0  # before a shard that could not be fetched is tried again
_FETCHING = 4  # shards at once
_QUERIES = 8  # whose scores are kept: the steps of one search ask for the same ones
_TIMES_TOGETHER = 4  # a shard stands alone, in the groups of two generations, and in one for a node that died
_POSTINGS = PostingsHere()
# of shards that lie side by side only to be searched: no installation publishes them
_MANIFEST = GenerationManifest(format=FORMAT, number=0, created_at="", analysis="", embedder="", shards=())


class Holder:
    """Safe to be asked by many threads. Shards lie in a folder of this holder alone."""

    def __init__(self, depot: Depot, root: Path) -> None:
        self._shared = SharedIndex(depot, root)
        self._root = root
        self._lock = threading.Lock()
        self._leases: dict[str, tuple[float, frozenset[str]]] = {}
        self._shards: dict[str, Shard] = {}
        self._coming: set[str] = set()
        self._failed: dict[str, tuple[float, str]] = {}
        self._together: dict[tuple[str, ...], Generation] = {}
        self._words: Remembered[tuple[Part, Asked], tuple[WordScores, Scope]] = Remembered(_QUERIES)
        self._here = Here()
        self._fetching = ThreadPoolExecutor(_FETCHING, thread_name_prefix="fetching")
        self.asked_at = time.monotonic()

    # --- what is held ---------------------------------------------------------------------------------------------

    def hold(self, client: str, wanted: Sequence[ListedShard]) -> Holding:
        """Begin to hold what this client wants, let go what no client does; what is open by now."""
        now = self.asked_at = time.monotonic()
        with self._lock:
            self._leases[client] = (now, frozenset(listed.place for listed in wanted))
            self._leases = {who: own for who, own in self._leases.items() if now - own[0] < LEASE_SECONDS}
            all_wanted = frozenset[str]().union(*(places for _, places in self._leases.values()))
            self._let_go(all_wanted)
            for listed in wanted:
                failed_at, _ = self._failed.get(listed.place, (-_AGAIN_SECONDS, ""))
                is_due = now - failed_at >= _AGAIN_SECONDS
                if listed.place not in self._shards and listed.place not in self._coming and is_due:
                    self._coming.add(listed.place)
                    self._fetching.submit(self._open, listed)
            failed = {place: why for place, (_, why) in self._failed.items()}
            return Holding(frozenset(self._shards), failed)

    def prepare(self, group: tuple[str, ...]) -> None:
        """Put shards side by side before they are asked together."""
        generation = self._side_by_side(group)
        if any(shard.adaptation is not None for shard in generation.shards):
            _table()  # the first search need not wait for it

    def heads(self, places: Sequence[str]) -> list[Head]:
        """What a service keeps of these shards."""
        return [head_of(self._shard(place)) for place in places]

    def records(self, wanted: Sequence[tuple[str, int]]) -> list[str]:
        """Passages as text, by place and number."""
        return [self._shard(place).passages.record(number) for place, number in wanted]

    def _open(self, listed: ListedShard) -> None:
        try:
            self._shared.pull_shard(listed)
            shard = open_shard(self._root, listed)
        except LecturesError as error:
            failed = str(error)
        except Exception as error:  # who waits for it must be told, whatever it is
            failed = f"The index of course {listed.course} cannot be fetched ({type(error).__name__})."
        else:
            with self._lock:
                self._coming.discard(listed.place)
                self._failed.pop(listed.place, None)
                self._shards[listed.place] = shard
            return
        with self._lock:
            self._coming.discard(listed.place)
            self._failed[listed.place] = (time.monotonic(), failed)

    def _let_go(self, wanted: frozenset[str]) -> None:
        gone = self._shards.keys() - wanted
        for place in gone:
            del self._shards[place]
        self._failed = {place: own for place, own in self._failed.items() if place in wanted}
        if gone:
            self._together = {group: own for group, own in self._together.items() if gone.isdisjoint(group)}
            self._words = Remembered(_QUERIES)
            self._fetching.submit(self._shared.keep_only, {place.rsplit("-", 1)[0] for place in wanted})

    def _shard(self, place: str) -> Shard:
        shard = self._shards.get(place)
        if shard is None:
            raise NotHeld(f"The shard {place} is not held here.")
        return shard

    def _side_by_side(self, group: tuple[str, ...]) -> Generation:
        known = self._together.get(group)
        if known is None:
            known = Generation(_MANIFEST, [self._shard(place) for place in group], {})
            with self._lock:
                if self._shards.keys() >= set(group):
                    self._together[group] = known
                most = _TIMES_TOGETHER * len(self._shards)
                while sum(map(len, self._together)) > most:  # of earlier groups, while nodes came and went
                    del self._together[next(iter(self._together))]
        return known

    # --- what it says ---------------------------------------------------------------------------------------------

    def count(self, part: Part, filters: Filters, terms: Sequence[str]) -> list[tuple[int, int]]:
        """(passages that hold it, passages that say it) of each term."""
        return _POSTINGS.count(self._scope(part, filters), terms)

    def holding(self, part: Part, filters: Filters, terms: Sequence[str], most: int) -> Rows:
        """The first rows that hold all of these terms."""
        return self._scope(part, filters).holding(terms, most)

    def matched(self, part: Part, asked: Asked) -> tuple[float, float]:
        """The largest share of a query that a passage holds: of what is no programme, and of programmes."""
        words, scope = self._read(part, asked)
        return most_matched(words, scope, programme=False), most_matched(words, scope, programme=True)

    def offer(self, part: Part, asked: Asked, wanted: Wanted) -> Offer:
        """The best by words and the nearest in meaning."""
        words, scope = self._read(part, asked)
        near = _meaning(scope, wanted.meant).offer(CANDIDATES, wanted.sketched)
        if wanted.mode is Mode.SEMANTIC:
            return Offer(np.zeros(0, np.int64), np.zeros(0, np.float32), near, self.matched(part, asked))
        return Offer(*words.best_scored(CANDIDATES), near, self.matched(part, asked))

    def weigh(self, part: Part, asked: Asked, wanted: Wanted, rows: Rows) -> Candidates:
        """Ascending rows with the parts of their scores."""
        words, scope = self._read(part, asked)
        found = weigh_rows(words, _meaning(scope, wanted.meant), scope, rows, wanted.mode)
        words.let_go()  # this is the last step of a search
        return found

    def explain(self, part: Part, asked: Asked, row: int) -> list[TermMatch]:
        """What each term adds to a row's score."""
        return self._read(part, asked)[0].explain(row)

    def compare(self, part: Part, query: str, texts: Sequence[str]) -> list[float]:
        """How near in meaning texts are to a query, as a course reads them."""
        return self._here.compare(self._shard(part.group[0]), _table(), query, texts)

    def _scope(self, part: Part, filters: Filters, asked: Asked | None = None) -> Scope:
        generation = self._side_by_side(part.group)
        statistics = None if asked is None else asked.statistics
        return Scope(generation, part.chosen, allowed_by(generation, filters), (), statistics=statistics)

    def _read(self, part: Part, asked: Asked) -> tuple[WordScores, Scope]:
        return self._words.get((part, asked), self._score)

    def _score(self, key: tuple[Part, Asked]) -> tuple[WordScores, Scope]:
        part, asked = key
        scope = self._scope(part, asked.filters, asked)
        return WordScores(asked.phrases, scope), scope


class _Given:
    """An embedder that was asked elsewhere: it gives what came of that."""

    def __init__(self, vector: Vectors) -> None:
        self._vector = vector

    def embed_query_in(self, text: str, adaptations: Sequence[Any]) -> Vectors:  # noqa: ARG002
        return np.repeat(self._vector[None, :], len(adaptations), axis=0)


def _meaning(scope: Scope, meant: Meant) -> Meaning:
    embedder: QueryEmbedder | None = None
    if meant.vector is not None:
        embedder = _Given(np.frombuffer(meant.vector, np.float32))
    elif meant.text:
        embedder = _table()
    return Meaning(scope, embedder, meant.text)


@lru_cache(maxsize=1)
def _table() -> TableEmbedder:
    """The one embedder that reads each course in its own way; it comes with the program."""
    return TableEmbedder()
