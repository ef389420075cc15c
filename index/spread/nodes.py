"""The nodes of a cluster, as whoever asks them sees them."""

from __future__ import annotations

import time
from concurrent.futures import Future
from typing import Any, Protocol

_AVOIDED_SECONDS = 10.0


class Nodes(Protocol):
    """Each node has a holder (`holder.Holder`)."""

    def there(self) -> list[str]:
        """The nodes that should hold shards now."""
        ...

    def call(self, node: str, method: str, *arguments: Any) -> Future[Any]:
        """Begin a method of a node's holder. It may raise at once, or fail later, if the node is gone."""
        ...

    def close(self) -> None: ...


class Troubled:
    """Nodes that were slow or failed a moment ago: others are asked first."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def note(self, node: str) -> None:
        self._until[node] = time.monotonic() + _AVOIDED_SECONDS

    def now(self) -> frozenset[str]:
        """The nodes to be avoided."""
        if not self._until:
            return frozenset()
        now = time.monotonic()
        return frozenset(node for node, until in list(self._until.items()) if until > now)
