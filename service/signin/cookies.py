"""The cookie of a person who is signed in, and whether a request came from our own pages.

On https its name begins with `__Host-`: a browser takes such a cookie from this very host only, so that a neighbour
under the same domain cannot put one of its own there. In the frame of a learning platform the cookie is partitioned: it
is sent within that platform only, also where cookies of third parties are blocked.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import Response

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_NAME, _FRAME, _STATE, _LAUNCH = "lectures", "lectures-frame", "lectures-signin", "lectures-launch"


def is_secure(request: HTTPConnection, public_url: str) -> bool:
    """Whether people reach the service by https, also where a proxy in front alone speaks it."""
    return request.url.scheme == "https" or public_url.startswith("https:")


def read_token(request: HTTPConnection, public_url: str) -> str | None:
    """The token of the session that came with a request, from a page or from a frame."""
    if "cookie" not in request.headers:
        return None
    own = request.cookies.get(_name(_NAME, secure=is_secure(request, public_url)))
    return own or request.cookies.get(_name(_FRAME, secure=True))


def set_token(response: Response, request: HTTPConnection, public_url: str, token: str) -> None:
    """The session of this browser is this one from now on; it ends with the browser, or with its row."""
    _put(response, _FRAME, "", secure=True, framed=True, seconds=0)
    _put(response, _NAME, token, secure=is_secure(request, public_url))


def set_frame_token(response: Response, request: HTTPConnection, public_url: str, token: str) -> None:
    """The same in a frame of another site."""
    _put(response, _NAME, "", secure=is_secure(request, public_url), seconds=0)
    _put(response, _FRAME, token, secure=True, framed=True)


def forget_token(response: Response, request: HTTPConnection, public_url: str) -> None:
    """This browser is signed in no more."""
    _put(response, _NAME, "", secure=is_secure(request, public_url), seconds=0)
    _put(response, _FRAME, "", secure=True, framed=True, seconds=0)


def read_state(request: HTTPConnection, public_url: str, *, launch: str = "") -> str:
    """What this browser was given when it began to sign in, or a launch in a frame; empty if it did not."""
    if launch:
        return request.cookies.get(_name(f"{_LAUNCH}-{launch}", secure=True), "")
    return request.cookies.get(_name(_STATE, secure=is_secure(request, public_url)), "")


def set_state(
    response: Response, request: HTTPConnection, public_url: str, state: str, *, launch: str = "", seconds: int = 0
) -> None:
    """Give a browser what it must bring back to finish signing in; for no seconds: take it away."""
    if launch:
        _put(response, f"{_LAUNCH}-{launch}", state, secure=True, framed=True, seconds=seconds)
    else:
        _put(response, _STATE, state, secure=is_secure(request, public_url), seconds=seconds)


def from_own_page(request: HTTPConnection, public_url: str) -> bool:
    """Whether a request changes nothing, or was sent by a page of this service.

    Browsers say where a request comes from, and no page can make them say otherwise: `Origin` with every request that
    may change something. A request that brings a cookie and says nothing is refused.
    """
    if request.scope.get("method", "GET") in _SAFE:
        return True
    origin = request.headers.get("origin")
    if origin is None:
        return request.headers.get("sec-fetch-site") == "same-origin"
    known = urlsplit(public_url)
    scheme = "https" if is_secure(request, public_url) else request.url.scheme
    return origin in {f"{known.scheme}://{known.netloc}", f"{scheme}://{request.headers.get('host', '')}"}


def _name(name: str, *, secure: bool) -> str:
    return f"__Host-{name}" if secure else name


def _put(
    response: Response, name: str, value: str, *, secure: bool, framed: bool = False, seconds: int | None = None
) -> None:
    # written here, since the standard library knows `Partitioned` from Python 3.14 on only
    parts = [f"{_name(name, secure=secure)}={value}", "Path=/", "HttpOnly"]
    parts += ["SameSite=None", "Partitioned"] if framed else ["SameSite=Lax"]
    parts += ["Secure"] if secure else []
    parts += [f"Max-Age={seconds}"] if seconds is not None else []
    response.headers.append("Set-Cookie", "; ".join(parts))
