"""Pages and their scripts go out compressed; what programs ask for, and files that are compressed already, does not."""

from __future__ import annotations

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

# an hour of transcript is some 100 KB of text, a fifth of that compressed; below this size nothing is gained
_LEAST_BYTES = 1_024
_LEVEL = 5
_AS_THEY_ARE = ("/api/", "/v1/", "/mcp", "/livez", "/readyz", "/metrics")


class PagesCompressed:
    """ASGI middleware: gzip for the pages and /static, where the browser takes it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._compressed = GZipMiddleware(app, minimum_size=_LEAST_BYTES, compresslevel=_LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        plain = scope["type"] != "http" or scope["path"].startswith(_AS_THEY_ARE)
        await (self._app if plain else self._compressed)(scope, receive, send)
