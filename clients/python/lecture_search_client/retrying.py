"""A failed call → how long to wait before it is tried again, or that it is not."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import httpx

from lecture_search_client.calls import Call
from lecture_search_client.errors import ApiError, TooOften, Unavailable, Unreachable

_FIRST_PAUSE_SECONDS = 0.5  # doubled with each try, where the service does not say when to come back


@dataclass(frozen=True)
class Retrying:
    """`retries` more tries at most, and none if the service asks for a longer pause than `max_wait_seconds`."""

    retries: int = 2
    max_wait_seconds: float = 30.0

    def pause(self, error: ApiError, call: Call[Any], tries: int) -> float | None:
        """Seconds to wait after so many tries; None if the error is final."""
        if tries > self.retries or not _may_be_repeated(error, call):
            return None
        asked = error.retry_after_seconds
        pause = _FIRST_PAUSE_SECONDS * 2 ** (tries - 1) * random.uniform(0.5, 1) if asked is None else asked  # noqa: S311
        return pause if pause <= self.max_wait_seconds else None


def _may_be_repeated(error: ApiError, call: Call[Any]) -> bool:
    """Whether repeating can help and does no harm: what certainly was not begun, and what is safe to ask twice. Who
    waited in vain for an answer is not made to wait as long again."""
    if isinstance(error, TooOften):
        return True  # refused before anything was done
    if isinstance(error, Unreachable):
        why = error.__cause__
        if isinstance(why, httpx.ConnectError | httpx.ConnectTimeout):
            return True
        return call.safe and isinstance(why, httpx.NetworkError | httpx.RemoteProtocolError)
    return call.safe and isinstance(error, Unavailable)
