"""An order to take up a course ↔ what the queue keeps of it.

Whoever orders over HTTP needs no more of `ingest` than this: what carries an order out lies in `carrying.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be taken up, and how. It is kept as JSON in the queue.

    With `dry_run` it is only looked at, and nothing that is served changes. `roots` is None where whoever ordered it
    may read everything here; else the only folders that it may lie below.
    """

    source: str
    course: str | None = None
    source_url: str | None = None
    languages: tuple[str, ...] = ()
    linked_only: bool = False
    with_transcripts: bool = True
    offline: bool = False
    refresh: bool = False
    roots: tuple[str, ...] | None = None
    dry_run: bool = False

    def options(self) -> dict[str, Any]:
        """All but the source, as JSON."""
        options = asdict(self)
        del options["source"]
        roots = None if self.roots is None else list(self.roots)
        return {**options, "languages": list(self.languages), "roots": roots}

    @classmethod
    def of(cls, source: str, options: Mapping[str, Any]) -> Order:
        known = {name: value for name, value in options.items() if name in cls.__slots__ and name != "source"}
        roots = known.get("roots")
        lists = {"languages": tuple(known.get("languages") or ()), "roots": None if roots is None else tuple(roots)}
        return cls(source, **{**known, **lists})
