"""Searches → questions to those who hold the shards, and their answers put together: `index.search.weighed` far away.

A search takes two steps. First each part offers its best, scored with the statistics of the whole scope. What is among
the best of all, and beside it, is then weighed in full. Some hundred rows come back from each node, a few kilobytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from itertools import count as count_up
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.embed.protocol import Embedder
from index.engine.passages import load_passage
from index.engine.shard import Shard
from index.remember import Remembered
from index.search.ground import Floats, terms_in
from index.search.meaning import Near, nearest_of, sketches_wanted
from index.search.scope import Rows, Scope
from index.search.weighed import CANDIDATES, Candidates, Weighed, beside
from index.search.words import importance_of
from index.spread.asking import Asking, Piece
from index.spread.nodes import Nodes, Troubled
from index.spread.routes import Numbering, Routes
from index.spread.wire import Asked, Meant, Offer, Wanted
from index.types import Filters, IndexedPassage, Mode, Phrase, TermMatch

_REMEMBERED = 1_000  # passages that students ask for again

Answers = list[tuple[Numbering, Any]]


class Bodies:
    """What the holders of shards say. `routes` leads to those of a generation by its number."""

    def __init__(self, nodes: Nodes, routes: Callable[[int], Routes]) -> None:
        self._nodes, self._routes = nodes, routes
        self.troubled = Troubled()
        self._asking = Asking(self.troubled.note)
        self._turn = count_up()
        self._passages: Remembered[tuple[str, int], IndexedPassage] = Remembered(_REMEMBERED)

    # --- as a search asks -----------------------------------------------------------------------------------------

    def count(self, scope: Scope, terms: Sequence[str]) -> list[tuple[int, int]]:
        found = self.ask(scope, "count", (_filters(scope), tuple(terms)))
        sums = np.sum([np.zeros((len(terms), 2), np.int64), *(np.array(own) for _, own in found)], axis=0)
        return [(int(held), int(said)) for held, said in sums]

    def holding(self, scope: Scope, terms: Sequence[str], most: int) -> Rows:
        found = self.ask(scope, "holding", (_filters(scope), tuple(terms), most))
        return np.sort(_joined([numbers.outward(own) for numbers, own in found], np.int64))[:most]

    def weigh(self, phrases: Sequence[Phrase], scope: Scope, embedder: Embedder | None) -> Weighed:
        return _WeighedThere(self, phrases, scope, embedder)

    def compare(self, shard: Shard, embedder: Embedder, query: str, texts: Sequence[str]) -> list[float]:
        if not embedder.learns:  # it reads all courses alike
            alike: list[float] = (embedder.embed_passages(texts) @ embedder.embed_query(query)).tolist()
            return alike
        routes = self._routes(-1)
        found = self._ask_places(routes, [routes.places[shard.name]], "compare", (query, tuple(texts)))
        near: list[float] = found[0][1]
        return near

    # --- who is asked ---------------------------------------------------------------------------------------------

    def turn(self) -> int:
        """Which of several copies is asked: one after the other."""
        return next(self._turn)

    def ask(
        self, scope: Scope, method: str, arguments: tuple[Any, ...], rows: Rows | None = None, turn: int | None = None
    ) -> Answers:
        """What those who hold the shards of a scope say. With `rows` only those that hold one of them are asked, each
        for its own."""
        generation = scope.generation
        routes = self._routes(generation.manifest.number)
        places = [routes.places[generation.shards[number].name] for number in scope.shards]
        pieces = routes.pieces(places, self.troubled.now(), self.turn() if turn is None else turn) if places else []
        if rows is not None:
            pieces = [piece for piece in pieces if len(self._numbers(piece, routes, scope).inward(rows))]

        def send(piece: Piece) -> Future[Any]:
            own = () if rows is None else (self._numbers(piece, routes, scope).inward(rows),)
            return self._nodes.call(piece.node, method, routes.part(piece), *arguments, *own)

        return [(self._numbers(piece, routes, scope), answer) for piece, answer in self.asked(pieces, send, routes)]

    def ask_row(self, scope: Scope, row: int, method: str, *arguments: Any) -> Any:
        """What one who holds the shard of a row says of it."""
        generation = scope.generation
        number = int(generation.shards_of(np.array([row]))[0])
        routes = self._routes(generation.manifest.number)
        own = row - int(generation.starts[number])
        found = self._ask_places(routes, [routes.places[generation.shards[number].name]], method, (*arguments, own))
        return found[0][1]

    def read(self, number: int, wanted: Sequence[tuple[Shard, int]]) -> list[IndexedPassage]:
        """Passages of a generation, by shard and number in it."""
        routes = self._routes(number)
        keys = [(routes.places[shard.name], own) for shard, own in wanted]
        ids = {place: shard.passages.ids for (place, _), (shard, _) in zip(keys, wanted, strict=True)}
        known: dict[tuple[str, int], IndexedPassage] = {}
        for key in keys:
            found = self._passages.peek(key)
            if found is not None:
                known[key] = found
        missing = list(dict.fromkeys(key for key in keys if key not in known))
        if missing:
            by_place: dict[str, list[int]] = {}
            for place, own in missing:
                by_place.setdefault(place, []).append(own)
            for place, own, record in self._records(routes, by_place):
                passage = load_passage(record, ids[place])
                known[place, own] = self._passages.get((place, own), lambda _, passage=passage: passage)  # type: ignore[misc]
        return [known[key] for key in keys]

    def record(self, number: int, name: str, own: int) -> str:
        """One passage as it is written."""
        routes = self._routes(number)
        return next(record for _, _, record in self._records(routes, {routes.places[name]: [own]}))

    def _records(self, routes: Routes, wanted: dict[str, list[int]]) -> list[tuple[str, int, str]]:
        def send(piece: Piece) -> Future[Any]:
            asked = [(place, own) for place in piece.places for own in wanted[place]]
            return self._nodes.call(piece.node, "records", asked)

        pieces = routes.pieces(list(wanted), self.troubled.now(), self.turn())
        return [
            (place, own, record)
            for piece, records in self.asked(pieces, send, routes)
            for (place, own), record in zip(
                [(place, own) for place in piece.places for own in wanted[place]], records, strict=True
            )
        ]

    def _ask_places(self, routes: Routes, places: list[str], method: str, arguments: tuple[Any, ...]) -> list[Any]:
        def send(piece: Piece) -> Future[Any]:
            return self._nodes.call(piece.node, method, routes.part(piece), *arguments)

        return self.asked(routes.pieces(places, self.troubled.now(), self.turn()), send, routes)

    def asked(
        self, pieces: list[Piece], send: Callable[[Piece], Future[Any]], routes: Routes
    ) -> list[tuple[Piece, Any]]:
        """What pieces answered, or others that hold the same shards."""
        return self._asking.ask(
            pieces, send, lambda piece, tried: routes.elsewhere(piece.places, tried, self.troubled.now()), routes.away
        )

    @staticmethod
    def _numbers(piece: Piece, routes: Routes, scope: Scope) -> Numbering:
        return Numbering(routes.part(piece), routes, scope.generation)


class _WeighedThere:
    """A query in a scope whose shards others hold."""

    def __init__(self, bodies: Bodies, phrases: Sequence[Phrase], scope: Scope, embedder: Embedder | None) -> None:
        self._bodies, self._scope, self._embedder = bodies, scope, embedder
        self.phrases = tuple(phrases)
        self.importance = importance_of(phrases, scope)
        self._asked = Asked(_filters(scope), scope.statistics(tuple(terms_in(phrases))), self.phrases)
        self._matched: tuple[float, float] | None = None
        self._turn = bodies.turn()  # the steps of a search ask the same copies: they remember the query
        self.size = 0  # scores are kept by the holders

    def also(self, described: Phrase) -> Weighed:
        return _WeighedThere(self._bodies, (*self.phrases, described), self._scope, self._embedder)

    def most_matched(self, *, programme: bool) -> float:
        if self._matched is None:
            self._matched = _most(own for _, own in self._ask("matched", self._asked))
        return self._matched[programme]

    def candidates(self, text: str, mode: Mode, more: Callable[[], Rows]) -> Candidates:
        scope = self._scope
        wanted = Wanted(self._meant(text), mode, sketches_wanted(scope))
        offers, near = self._offers(wanted)
        if near is None:
            wanted = Wanted(wanted.meant, mode, 0)
            offers, near = self._offers(wanted)
        self._matched = _most(offer.matched for _, offer in offers)
        named = _joined([numbers.outward(offer.named) for numbers, offer in offers], np.int64)
        scores = _joined([offer.scores for _, offer in offers], np.float32)
        named = named[np.lexsort((named, -scores))][:CANDIDATES]
        rows = beside(scope, np.concatenate([named, np.zeros(0, np.int64) if near is None else near, more()]))
        found = self._ask("weigh", self._asked, wanted, rows=rows)
        return _together([(numbers.outward(own.rows), own) for numbers, own in found])

    def explain(self, row: int) -> list[TermMatch]:
        found: list[TermMatch] = self._bodies.ask_row(self._scope, row, "explain", self._asked)
        return found

    def _offers(self, wanted: Wanted) -> tuple[list[tuple[Numbering, Offer]], Rows | None]:
        """What each part offers, and the nearest in meaning of all of them; None if sketches cannot tell."""
        offers = self._ask("offer", self._asked, wanted)
        parts = [
            offer.near and Near(numbers.outward(offer.near.rows), offer.near.wholes, offer.near.sketched)
            for numbers, offer in offers
        ]
        return offers, nearest_of(parts, CANDIDATES, wanted.sketched, self._scope.allowed)

    def _ask(self, method: str, *arguments: Any, rows: Rows | None = None) -> Answers:
        return self._bodies.ask(self._scope, method, arguments, rows, self._turn)

    def _meant(self, text: str) -> Meant:
        if self._embedder is None:
            return Meant()
        if self._embedder.learns:  # who holds a course reads the query as it is read there
            return Meant(text)
        return Meant(text, self._embedder.embed_query_in(text, [None])[0].astype(np.float32).tobytes())


def _filters(scope: Scope) -> Filters:
    """What a part must know of the filters: which courses are searched is in the question."""
    return Filters(lecture=scope.filters.lecture, kinds=scope.filters.kinds)


def _most(matched: Any) -> tuple[float, float]:
    found = list(matched)
    return max((own[0] for own in found), default=0.0), max((own[1] for own in found), default=0.0)


def _together(found: Sequence[tuple[Rows, Candidates]]) -> Candidates:
    """The rows of all parts, ascending, with what each part says of its own."""
    rows = _joined([own for own, _ in found], np.int64)
    order = np.argsort(rows)

    def column(values: Callable[[Candidates], Floats]) -> Floats:
        joined: Floats = _joined([values(own) for _, own in found], np.float32)[order]
        return joined

    spoken = None
    if any(own.spoken is not None for _, own in found):
        # a part without speech says nothing of it, and nobody looks there
        spoken = column(lambda own: own.scores if own.spoken is None else own.spoken)
    return Candidates(
        rows[order],
        column(lambda own: own.scores),
        column(lambda own: own.matched),
        column(lambda own: own.titles),
        column(lambda own: own.similarity),
        spoken,
    )


def _joined(arrays: Sequence[NDArray[Any]], kind: type[np.generic]) -> NDArray[Any]:
    return np.concatenate([*arrays, np.zeros(0, kind)])
