"""Passages ↔ records of a shard: what a hit shows, read one at a time, so that searching needs no database.

Records hold no ids of rows but numbers that the course gives (`index.engine.rowids`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.engine.container import Arrays, open_texts, pack_texts
from index.engine.rowids import RowIds
from index.text.hashing import hash_text, hash_texts
from index.types import Aligned, DeckKind, Host, IndexedPassage, Kind, PagePlace, Place, TimePlace

_NAMES = tuple(IndexedPassage.__dataclass_fields__)
KINDS = tuple(Kind)  # their order is the code by which they lie in a shard


class Passages:
    """The passages of a shard by number, from 0."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]], ids: RowIds, records: Sequence[str] | None = None) -> None:
        """ValueError if these are not the ids of what the records name."""
        if arrays["passages.named"].tolist() != list(ids.counts):
            raise ValueError("other lectures, decks or videos are listed")
        self.ids = ids
        self._records = open_texts(arrays, "passages.records") if records is None else records
        self._ids: NDArray[np.uint64] = arrays["passages.ids"]
        self._by_id: NDArray[np.uint32] = arrays["passages.by_id"]
        self.kinds: NDArray[np.uint8] = arrays["passages.kinds"]
        self._lectures: NDArray[np.uint32] = arrays["passages.lectures"]
        self.notes: NDArray[np.bool_] = arrays["passages.notes"]

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, number: int) -> IndexedPassage:
        return load_passage(self._records[number], self.ids)

    @property
    def lectures(self) -> NDArray[np.int64]:
        """(n,) the id of the lecture of each."""
        own: NDArray[np.int64] = np.array(self.ids.lectures, np.int64)[self._lectures]
        return own

    def record(self, number: int) -> str:
        """A passage as it is written, for `load_passage`."""
        return self._records[number]

    def find(self, passage_id: str) -> int | None:
        """The number of the passage with this id, if it is here."""
        key = np.uint64(hash_text(passage_id))
        place = int(np.searchsorted(self._ids, key))
        if place == len(self._ids) or self._ids[place] != key:
            return None
        number = int(self._by_id[place])
        return number if self[number].id == passage_id else None


def build_passages(passages: Sequence[IndexedPassage], records: Sequence[str], named: RowIds) -> Arrays:
    """The arrays of `Passages`; `records` and `named` are what `dump_passages` gave."""
    lectures = {own: number for number, own in enumerate(named.lectures)}
    ids = hash_texts(passage.id for passage in passages)
    order = np.argsort(ids)
    return {
        **pack_texts("passages.records", records),
        "passages.ids": ids[order],
        "passages.by_id": order.astype(np.uint32),
        "passages.kinds": np.array([KINDS.index(passage.kind) for passage in passages], np.uint8),
        "passages.lectures": np.array([lectures[passage.lecture_id] for passage in passages], np.uint32),
        "passages.named": np.array(named.counts, np.uint32),
        "passages.notes": np.array([passage.is_notes for passage in passages], np.bool_),
    }


def dump_passages(passages: Iterable[IndexedPassage]) -> tuple[list[str], RowIds]:
    """Passages as text, the same in every installation, and what the numbers in it stand for in this one."""
    dumping = _Dumping()
    records = [dumping.dump(passage) for passage in passages]
    return records, RowIds(tuple(dumping.lectures), tuple(dumping.decks), tuple(dumping.videos))


def load_passage(record: str, ids: RowIds) -> IndexedPassage:
    """What `dump_passages` wrote."""
    values = json.loads(record)
    other = values["aligned"]
    place = _load_place(other["place"], ids) if other else None
    values["kind"] = Kind(values["kind"])
    values["lecture_id"] = ids.lectures[values["lecture_id"]]
    values["place"] = _load_place(values["place"], ids)
    values["aligned"] = Aligned(other["confidence"], place) if place else None
    return IndexedPassage(**values)


class _Dumping:
    """Numbers lectures, decks and videos by their ids as they come: each dictionary holds its own in order."""

    def __init__(self) -> None:
        self.lectures: dict[int, int] = {}
        self.decks: dict[int, int] = {}
        self.videos: dict[int, int] = {}

    def dump(self, passage: IndexedPassage) -> str:
        values = {name: getattr(passage, name) for name in _NAMES}
        values["lecture_id"] = self.lectures.setdefault(passage.lecture_id, len(self.lectures))
        values["place"] = self._dump_place(passage.place)
        aligned = passage.aligned
        values["aligned"] = aligned and {"confidence": aligned.confidence, "place": self._dump_place(aligned.place)}
        return json.dumps(values, ensure_ascii=False, separators=(",", ":"))

    def _dump_place(self, place: Place | None) -> dict[str, Any] | None:
        if place is None:
            return None
        values = {name: getattr(place, name) for name in place.__dataclass_fields__}
        if isinstance(place, PagePlace):
            values["deck_id"] = self.decks.setdefault(place.deck_id, len(self.decks))
        else:
            values["video_id"] = self.videos.setdefault(place.video_id, len(self.videos))
        return values


def _load_place(values: dict[str, Any] | None, ids: RowIds) -> Place | None:
    if values is None:
        return None
    if "deck_id" in values:
        deck = ids.decks[values["deck_id"]]
        return PagePlace(**{**values, "deck_id": deck, "deck_kind": DeckKind(values["deck_kind"])})
    return TimePlace(**{**values, "video_id": ids.videos[values["video_id"]], "host": Host(values["host"])})
