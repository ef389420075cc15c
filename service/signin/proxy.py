"""Headers of a proxy in front that signs people in → who they are; the same headers from anybody else → nothing."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from index.errors import InvalidRequest
from service.settings import Settings, listed

Networks = Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]
_SAID = "proxy_said"  # in the state of a request


@dataclass(frozen=True, slots=True)
class Said:
    """Who the proxy says asks, and in which groups."""

    user: str
    groups: tuple[str, ...]


class BehindProxy:
    """ASGI middleware around all others: what a listed proxy says of the person who asks.

    It must see the address that is connected, before `X-Forwarded-For` is believed; that is done here too, for the same
    proxies and those of FORWARDED_ALLOW_IPS.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._networks = read_networks(settings.proxy_networks)
        trusted = [str(network) for network in self._networks] + listed(os.environ.get("FORWARDED_ALLOW_IPS", ""))
        self._app: ASGIApp = ProxyHeadersMiddleware(app, trusted)  # type: ignore[arg-type,assignment]  # ASGI in other words
        self._user = settings.proxy_user_header.lower().encode()
        self._groups = settings.proxy_groups_header.lower().encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._is_listed(scope.get("client")):
            users = [value for name, value in scope["headers"] if name == self._user]
            # two of them: one was sent by who asks
            if len(users) == 1 and (user := users[0].decode("utf-8", "replace").strip()):
                groups = b",".join(value for name, value in scope["headers"] if name == self._groups)
                said = Said(user[:200], tuple(listed(groups.decode("utf-8", "replace"))))
                scope.setdefault("state", {})[_SAID] = said
        await self._app(scope, receive, send)

    def _is_listed(self, client: tuple[str, int] | None) -> bool:
        try:
            address = ipaddress.ip_address(client[0] if client else "")
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return any(address in network for network in self._networks)


def said_of(scope: Scope) -> Said | None:
    """What a listed proxy said of who sends this request."""
    said: Said | None = scope.get("state", {}).get(_SAID)
    return said


def read_networks(value: str) -> Networks:
    """The networks of a setting; InvalidRequest names the one that is none."""
    networks = []
    for item in listed(value):
        try:
            networks.append(ipaddress.ip_network(item))
        except ValueError as error:
            raise InvalidRequest(
                f"LECTURES_PROXY_NETWORKS: {item!r:.60} is no network; write 127.0.0.1 or 10.0.0.0/8."
            ) from error
    return networks
