"""What protects the service whoever calls: response headers, a limit on bodies and addresses, where it may listen."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from index.errors import InvalidRequest, NotAllowed
from service.errors import problem
from service.settings import listed

MAX_BODY_BYTES = 1 << 20
MAX_ADDRESS_BYTES = 16 << 10

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; "
    "connect-src 'self'; frame-src https://www.youtube-nocookie.com; base-uri 'none'"
)
_FORM_TARGET = "form_target"  # in the state of a request
_SITE = re.compile(r"\*|https?://(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::\d{1,5})?")
_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
]


class Guard:
    """ASGI middleware: refuses bodies and addresses that are too long, and adds the headers that every answer has."""

    def __init__(self, app: ASGIApp, frame_ancestors: str = "") -> None:
        self._app = app
        self._ancestors = " ".join(read_sites(frame_ancestors)) or "'none'"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                target = scope.get("state", {}).get(_FORM_TARGET, "")
                policy = f"{_POLICY}; form-action 'self'{target}; frame-ancestors {self._ancestors}"
                message["headers"].extend([(b"content-security-policy", policy.encode()), *_HEADERS])
                if not scope["path"].startswith("/static/") and not _says_who_may_keep_it(message):
                    # what one person may read must not be kept for the next: caches know of keys, not of cookies
                    message["headers"].append((b"cache-control", b"private"))
            await send(message)

        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > MAX_ADDRESS_BYTES:
            refusal = problem(414, "The address is too long; send a shorter question.", "too_long", path=scope["path"])
            await refusal(scope, receive, send_guarded)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > MAX_BODY_BYTES:
            detail = f"The body is larger than {MAX_BODY_BYTES >> 20} MB; send less at once."
            refusal = problem(413, detail, "too_large", path=scope["path"])
            await refusal(scope, receive, send_guarded)
            return
        await self._app(scope, receive, send_guarded)


def _says_who_may_keep_it(message: Message) -> bool:
    return any(name == b"cache-control" for name, _ in message["headers"])


def let_form_go_to(request: Request, url: str) -> None:
    """Allow the page that answers this request a form to one other site."""
    parts = urlsplit(url)
    setattr(request.state, _FORM_TARGET, f" {parts.scheme}://{parts.netloc}")


def read_sites(value: str) -> list[str]:
    """The sites of a setting; InvalidRequest names the one that is none."""
    sites = listed(value)
    for site in sites:
        if not _SITE.fullmatch(site):
            raise InvalidRequest(
                f"LECTURES_FRAME_ANCESTORS: {site!r:.80} is no site; write https://lms.example.org, without a path."
            )
    return sites


def check_bind(host: str, *, allow_public: bool, keys_required: bool = False) -> None:
    """NotAllowed if `host` can be reached from other machines and nobody is asked for a key."""
    if allow_public or keys_required:
        return
    try:
        local = host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        local = False
    if not local:
        raise NotAllowed(
            f"Serving on {host} would let everybody in the network read the courses; use --host 127.0.0.1 behind a "
            "proxy that checks who asks, or set LECTURES_API_KEYS_REQUIRED=true or LECTURES_ALLOW_PUBLIC=true."
        )
