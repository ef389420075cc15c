"""`/mcp` within the application: who may call, and the library behind it, loaded at the first call.

The library takes as long to load as all the rest of the service, and most installations never see a call.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import structlog
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from index.errors import LecturesError
from index.types import AccessScope
from service.access import Access
from service.base import base_of, served_at
from service.errors import problem, refusal_of
from service.settings import Settings
from service.state import ServiceState

if TYPE_CHECKING:
    from mcp.server import MCPServer

_log = structlog.get_logger("lectures")

# The courses that the caller of this request may read (None: all), set by `KeyGate`.
readable: ContextVar[frozenset[str] | None] = ContextVar("readable", default=None)
asking: ContextVar[str] = ContextVar("asking", default="local")  # the caller's name


class Tools:
    """ASGI: the MCP server over HTTP, made when it is first called."""

    def __init__(self, state: Callable[[], ServiceState], settings: Settings) -> None:
        self._state = state
        self._settings = settings
        self._wanted = asyncio.Event()
        self._ready = asyncio.Event()
        self._app: ASGIApp = _not_started

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """While the application lives: the server's sessions belong to one task from their start to their end."""
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._wanted.set()
        await self._ready.wait()
        await self._app(scope, receive, send)

    async def _run(self) -> None:
        await self._wanted.wait()
        try:
            server, app = await run_in_threadpool(self._make)
            async with server.session_manager.run():
                self._app = app
                self._ready.set()
                await asyncio.Event().wait()  # to the end of the application
        except Exception:  # whatever it is, callers must not wait for ever
            _log.exception("mcp_not_started")
            self._ready.set()

    def _make(self) -> tuple[MCPServer[Any], ASGIApp]:
        from service import mcp  # noqa: PLC0415

        server = mcp.make_server(self._state)
        return server, mcp.http_app(server, self._settings)


async def _not_started(scope: Scope, receive: Receive, send: Send) -> None:
    refusal = problem(503, "The MCP server could not be started; the log of the service says why.", "mcp_unavailable")
    await refusal(scope, receive, send)


class WithoutRedirect:
    """ASGI middleware: `/mcp` is the mount `/mcp/` itself. Not every client follows a redirect of a POST."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == scope.get("root_path", "") + "/mcp":
            scope["path"] += "/"  # in the same scope, which the log reads
            scope["raw_path"] = scope["path"].encode()
        await self._app(scope, receive, send)


class KeyGate:
    """ASGI: asks the callers of /mcp for what the API asks for, and lets the tools know what they may read."""

    def __init__(self, app: ASGIApp, parent: FastAPI) -> None:
        self._app = app
        self._parent = parent

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        access: Access = self._parent.state.access
        try:
            caller = await access.caller(Request(scope), self._parent.state.service, AccessScope.ANSWER)
        except LecturesError as error:
            await refusal_of(error)(scope, receive, send)
            return
        base = base_of(scope, self._parent.state.service.settings)
        tokens = readable.set(caller.courses), asking.set(caller.name), served_at.set(base)
        try:
            await self._app(scope, receive, send)
        finally:
            readable.reset(tokens[0])
            asking.reset(tokens[1])
            served_at.reset(tokens[2])
