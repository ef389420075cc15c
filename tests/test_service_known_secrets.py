"""Who was let in is remembered; while the database is away one request at a time finds out whether it is back."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from support import run_async, until

from index.errors import StorageUnreachable
from service.known_secrets import KnownSecrets


def test_many_who_are_not_known_do_not_all_wait_for_a_database_that_is_away() -> None:
    asked: list[str] = []
    waiting, answer = threading.Event(), threading.Event()

    def look_up(_state: Any, secret: str) -> str | None:
        asked.append(secret)
        if secret == "first":
            raise StorageUnreachable("It is away.")
        if secret == "slow":
            waiting.set()
            assert answer.wait(30)
        return f"of {secret}"

    async def asks() -> tuple[list[Any], Any]:
        known = KnownSecrets[str](look_up, 1.0)
        state: Any = None
        with pytest.raises(StorageUnreachable):
            await known.of(state, "first")
        slow = asyncio.create_task(known.of(state, "slow"))
        await asyncio.to_thread(until, waiting.is_set)
        refused = await asyncio.gather(*(known.of(state, f"unknown-{n}") for n in range(5)), return_exceptions=True)
        answer.set()
        return refused, (await slow, await known.of(state, "unknown-0"))

    refused, found = run_async(asks())
    assert [str(error) for error in refused] == ["It is away."] * 5
    assert asked == ["first", "slow", "unknown-0"]
    assert found == ("of slow", "of unknown-0")
