"""The search as the service makes it, with all that the settings name, for measuring what it finds."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from functools import cache

from index.search.search import SearchIndex
from service.opening import open_index
from service.settings import read_settings

PATIENCE_MS = 10_000  # what is measured is what the encoder finds, not whether it was in time


def open_as_served() -> SearchIndex:
    """The served generation; prints with what it is searched, since figures are of that alone."""
    os.environ.setdefault("LECTURES_ENCODER_DEADLINE_MS", str(PATIENCE_MS))
    settings = read_settings()
    print(f"embedder {settings.embedder}, encoder {settings.encoder or 'none'}, packs {settings.packs or 'none'}")
    return open_index()


def warn_of(degraded: Iterable[str]) -> None:
    """Say on stderr, once each, what kept searches from being made with all of it."""
    for said in degraded:
        _warn(said)


@cache
def _warn(said: str) -> None:
    print(f"These figures are of a degraded search: {said}", file=sys.stderr)
