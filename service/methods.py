"""HEAD as GET without a body on every route, and all methods of a path for the Allow header of a refusal."""

from __future__ import annotations

from collections.abc import Iterable

import anyio
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class HeadAnswered:
    """ASGI middleware: what GET would answer, its head alone. What would go on being sent is stopped there."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        scope["method"] = "GET"  # in place: what the router finds out is read from this scope by those before us
        try:
            with anyio.CancelScope() as rest:

                async def send_head(message: Message) -> None:
                    if message["type"] == "http.response.start":
                        scope["method"] = "HEAD"  # the server reads it here, and sends no body then
                        await send(message)
                        await send({"type": "http.response.body", "body": b""})
                        rest.cancel()

                await self._app(scope, receive, send_head)
        finally:
            scope["method"] = "HEAD"


def allowed_methods(routes: Iterable[BaseRoute], scope: Scope) -> list[str]:
    """The methods that the path of this request is answered to."""
    found = [
        method
        for method in _METHODS
        if any(route.matches({**scope, "method": method})[0] is Match.FULL for route in routes)
    ]
    return [*found, "HEAD"] if "GET" in found else found
