"""A secret → what the database knows of it, remembered: who was let in goes on while the database is away."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from starlette.concurrency import run_in_threadpool

from index.errors import StorageUnreachable
from service.state import ServiceState

_MAX_REMEMBERED = 10_000
# What was known before the database went away is believed for so long: a restart or a failover takes seconds to
# minutes, and what was revoked elsewhere meanwhile must not be good for ever.
_AWAY_SECONDS = 600.0
_ASK_AGAIN_SECONDS = 5.0  # a database that does not even refuse is waited for by one request in so many seconds

Known = TypeVar("Known")


class KnownSecrets(Generic[Known]):
    """Of one process. What was found is fresh for `fresh_seconds`; after that the database is asked again."""

    def __init__(self, look_up: Callable[[ServiceState, str], Known | None], fresh_seconds: float) -> None:
        self._look_up = look_up
        self._fresh_seconds = fresh_seconds
        self._known: OrderedDict[str, tuple[Known, float]] = OrderedDict()
        self._ask_at = 0.0
        self._away: StorageUnreachable | None = None
        self._asking = False

    async def of(self, state: ServiceState, secret: str) -> Known | None:
        """What belongs to this secret, None if nothing does. StorageError if that is neither known nor remembered."""
        now = time.monotonic()
        known, at = self._known.get(secret, (None, -math.inf))
        away = self._away if now < self._ask_at else None
        if now - at < (_AWAY_SECONDS if away else self._fresh_seconds):
            return known
        if away and self._asking:  # one finds out whether it is back; others would keep the threads waiting
            raise StorageUnreachable(str(away))
        self._asking = True
        try:
            found = await run_in_threadpool(self._look_up, state, secret)
        except StorageUnreachable as error:
            self._away = error
            self._ask_at = time.monotonic() + _ASK_AGAIN_SECONDS
            if now - at >= _AWAY_SECONDS:
                raise
            return known
        finally:
            self._asking = False
        self._ask_at = 0.0
        self._keep(secret, found, now)
        return found

    def _keep(self, secret: str, found: Known | None, now: float) -> None:
        self._known.pop(secret, None)
        if found is None:  # nobody's secret: guesses must not push out what is in use
            return
        self._known[secret] = (found, now)
        if len(self._known) > _MAX_REMEMBERED:
            self._known.popitem(last=False)
