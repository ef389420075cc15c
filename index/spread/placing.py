"""Shards and nodes → which nodes hold which shard, by rendezvous hashing (Thaler and Ravishankar 1998).

A node that comes or goes moves its own share of the shards and no other."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def ranked(place: str, nodes: Iterable[str]) -> tuple[str, ...]:
    """The nodes in the order in which they should hold a shard."""
    return tuple(sorted(nodes, key=lambda node: hashlib.sha256(f"{place}\n{node}".encode()).digest()))


def placed(places: Iterable[str], nodes: Iterable[str], copies: int) -> dict[str, tuple[str, ...]]:
    """For each shard the nodes that should hold a copy, the first of them first."""
    there = sorted(nodes)
    return {place: ranked(place, there)[:copies] for place in places}
