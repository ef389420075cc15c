"""Passages ↔ records of a shard: what a hit shows, read one at a time, so that searching needs no database."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.engine.container import Arrays, open_texts, pack_texts
from index.text.hashing import hash_text, hash_texts
from index.types import Aligned, DeckKind, Host, IndexedPassage, Kind, PagePlace, Place, TimePlace

_NAMES = tuple(IndexedPassage.__dataclass_fields__)
KINDS = tuple(Kind)  # their order is the code by which they lie in a shard


class Passages:
    """The passages of a shard by number, from 0."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]], records: Sequence[str] | None = None) -> None:
        self._records = open_texts(arrays, "passages.records") if records is None else records
        self._ids: NDArray[np.uint64] = arrays["passages.ids"]
        self._by_id: NDArray[np.uint32] = arrays["passages.by_id"]
        self.kinds: NDArray[np.uint8] = arrays["passages.kinds"]
        self.lectures: NDArray[np.int64] = arrays["passages.lectures"]
        self.notes: NDArray[np.bool_] = arrays["passages.notes"]

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, number: int) -> IndexedPassage:
        return load_passage(self._records[number])

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


def build_passages(passages: Sequence[IndexedPassage], records: Sequence[str]) -> Arrays:
    """The arrays of `Passages`; records[i] is passages[i] as text."""
    ids = hash_texts(passage.id for passage in passages)
    order = np.argsort(ids)
    return {
        **pack_texts("passages.records", records),
        "passages.ids": ids[order],
        "passages.by_id": order.astype(np.uint32),
        "passages.kinds": np.array([KINDS.index(passage.kind) for passage in passages], np.uint8),
        "passages.lectures": np.array([passage.lecture_id for passage in passages], np.int64),
        "passages.notes": np.array([passage.is_notes for passage in passages], np.bool_),
    }


def dump_passage(passage: IndexedPassage) -> str:
    """A passage as text, the same every time."""
    values = {name: getattr(passage, name) for name in _NAMES}
    values["place"] = _dump_place(passage.place)
    aligned = passage.aligned
    values["aligned"] = aligned and {"confidence": aligned.confidence, "place": _dump_place(aligned.place)}
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def load_passage(record: str) -> IndexedPassage:
    """What `dump_passage` wrote."""
    values = json.loads(record)
    other = values["aligned"]
    place = _load_place(other["place"]) if other else None
    values["kind"] = Kind(values["kind"])
    values["place"] = _load_place(values["place"])
    values["aligned"] = Aligned(other["confidence"], place) if place else None
    return IndexedPassage(**values)


def _dump_place(place: Place | None) -> dict[str, Any] | None:
    if place is None:
        return None
    values = {name: getattr(place, name) for name in place.__dataclass_fields__}
    if not values.get("drawn"):  # written down only where it is so: other shards stay as they were, byte by byte
        values.pop("drawn", None)
    return values


def _load_place(values: dict[str, Any] | None) -> Place | None:
    if values is None:
        return None
    if "deck_id" in values:
        return PagePlace(**{**values, "deck_kind": DeckKind(values["deck_kind"])})
    return TimePlace(**{**values, "host": Host(values["host"])})
