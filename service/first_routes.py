"""The routes that are there from the start, and what has a request for another one wait until that is added."""

from __future__ import annotations

import threading
from collections.abc import Callable

from anyio import Lock
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from service.api import health, search
from service.openapi import problems

PROBLEMS = problems(400, 401, 403, 404, 413, 414, 422, 429, 431, 503)
FIRST = frozenset(
    {"/api/search", "/api/suggest", "/livez", "/readyz", "/metrics"}
)  # are answered before the others are there


def add_first_routes(app: FastAPI) -> None:
    """Add the routes of a search and of health, this one last."""
    app.include_router(search.router, prefix="/api", responses=PROBLEMS)
    app.include_router(health.router, responses=problems(503))


class Others:
    """The routes that are added once: by the service itself when it can search, or by who asks for one of them."""

    def __init__(self, add: Callable[[], None]) -> None:
        self.are_there = False
        self._add = add
        self._lock = threading.Lock()

    def add(self) -> None:
        """Add them, if they are not there; who comes meanwhile waits."""
        with self._lock:
            if not self.are_there:
                self._add()
                self.are_there = True


class OthersAwaited:
    """ASGI middleware before the routes: what is not one of the first has the others added, and waits for that."""

    def __init__(self, app: ASGIApp, others: Others) -> None:
        self._app = app
        self._others = others
        self._turn = Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._others.are_there and scope["type"] == "http" and scope["path"] not in FIRST:
            async with self._turn:  # who waits holds no thread: searches go on
                if not self._others.are_there:
                    await run_in_threadpool(self._others.add)
        await self._app(scope, receive, send)
