"""Nodes that are threads of this process, each with a holder and a folder of its own, for tests of `index.spread`."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from index.depot import open_depot
from index.spread.holder import Holder


class LocalNodes:
    """Nodes by name. One that is `dead` fails whatever it is asked, one that is `silent` never answers."""

    def __init__(self, storage: Path, folder: Path, names: list[str]) -> None:
        self._storage, self._folder = storage, folder
        self.holders: dict[str, Holder] = {}
        self.dead: set[str] = set()
        self.silent: set[str] = set()
        self.asked: list[tuple[str, str]] = []
        self.on_call: Callable[[str, str], None] = lambda _node, _method: None
        self._pool = ThreadPoolExecutor(8)
        for name in names:
            self.add(name)

    def add(self, name: str) -> None:
        self.holders[name] = Holder(open_depot(str(self._storage)), self._folder / name)

    def there(self) -> list[str]:
        return [name for name in self.holders if name not in self.dead]

    def call(self, node: str, method: str, *arguments: Any) -> Future[Any]:
        self.asked.append((node, method))
        self.on_call(node, method)
        if node in self.silent:
            return Future()
        if node in self.dead:
            raise ConnectionError(f"{node} is dead")
        return self._pool.submit(getattr(self.holders[node], method), *arguments)

    def close(self) -> None:
        self._pool.shutdown()
