"""Where the service is reached: from the setting, or from the address that a request came to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Annotated

from fastapi import Depends, Request
from starlette.types import Scope

from service.settings import Settings, listed

LOCAL = "http://127.0.0.1:8000"  # of `lectures serve` as it is; for tools that no request of the web has called
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?")
_DEFAULT_PORTS = {"http": 80, "https": 443}

# The base of the request that is being answered, for the tools of /mcp.
served_at: ContextVar[str | None] = ContextVar("served_at", default=None)


def base_of(scope: Scope, settings: Settings) -> str:
    """The address before every path, without a slash at its end.

    A client writes what it likes into its Host header, and an answer may be kept or passed on: only the hosts that the
    settings allow are believed; for all others it is the address that the connection came to.
    """
    if settings.public_url:
        return settings.public_url.rstrip("/")
    scheme = "https" if scope.get("scheme") == "https" else "http"
    host = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")
    if _HOST.fullmatch(host) and is_allowed(host, listed(settings.allowed_hosts)):
        return f"{scheme}://{host}"
    name, port = scope.get("server") or (None, None)
    if not name or port is None:  # a socket of the file system has no address
        return LOCAL
    host = f"[{name}]" if ":" in name else name
    return f"{scheme}://{host}" if port == _DEFAULT_PORTS[scheme] else f"{scheme}://{host}:{port}"


def is_allowed(host: str, allowed: Sequence[str]) -> bool:
    """Whether a Host header is one of these; one that ends with `:*` stands for every port."""
    without_port = re.sub(r":\d{1,5}$", "", host)
    return any(host == known or (known.endswith(":*") and without_port == known[:-2]) for known in allowed)


async def _base(request: Request) -> str:  # async: a plain function would be sent to another thread
    settings: Settings = request.app.state.service.settings
    return base_of(request.scope, settings)


Base = Annotated[str, Depends(_base)]
