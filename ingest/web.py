"""Addresses → files, safely: who may be asked is checked for every connection, redirects included.

The only module that speaks HTTP for ingest (YouTube's captions are fetched by a library, in youtube.py).
"""

from __future__ import annotations

import ipaddress
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from index.errors import SourceFileError
from index.files import translated_disk

_AGENT = "lecture-search"
_SCHEMES: tuple[str, ...] = ("https",)


_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")  # IPv4 behind a translator for everybody (RFC 6052)
_ISATAP = (0x00005EFE, 0x02005EFE)  # the middle of addresses whose end is one of IPv4 (RFC 5214)
_NEVER_PUBLIC = (
    ipaddress.ip_network("::/96"),  # IPv4 as it was once written in IPv6 (RFC 4291)
    ipaddress.ip_network("::ffff:0:0:0/96"),  # IPv4 behind a translator of one's own network (RFC 2765)
    ipaddress.ip_network("64:ff9b:1::/48"),  # the same (RFC 8215)
)

# (step, done, total, what)
Report = Callable[[str, int, int, str], None]


class FetchError(SourceFileError):
    """Something that lies elsewhere and could not be had; `passing` says whether trying later may help."""

    code = "not_fetched"

    def __init__(self, message: str, *, code: str | None = None, passing: bool = False) -> None:
        super().__init__(message, code=code)
        self.passing = passing


@dataclass(frozen=True, slots=True)
class WebLimits:
    """What one address may cost; `private` also allows http and addresses inside one's own network."""

    file_bytes: int = 300 << 20
    seconds: float = 300.0
    private: bool = False


def check_address(url: str, limits: WebLimits) -> tuple[str, str]:
    """(host, an IP address of it that may be asked); FetchError if this address must not be asked."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise FetchError(f"{url:.200} is no address.", code="bad_address") from error
    allowed = ("https", "http") if limits.private else _SCHEMES
    if parts.scheme not in allowed or not host or parts.username is not None or parts.password is not None:
        raise FetchError(
            f"{_shown(url)} is not fetched: only {' and '.join(allowed)} addresses without a name or password are.",
            code="bad_address",
        )
    try:
        found = socket.getaddrinfo(host, port or (80 if parts.scheme == "http" else 443), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise FetchError(
            f"{host} cannot be found from here; check the address and the network, and ingest again.",
            code="unreachable",
            passing=True,
        ) from error
    addresses = [str(entry[4][0]) for entry in found]
    if not limits.private and not all(map(_is_public, addresses)):
        raise FetchError(
            f"{host} is an address inside this network and is not fetched; LECTURES_FETCH_PRIVATE=true allows it.",
            code="private_address",
        )
    return host, addresses[0]


def fetch(url: str, folder: Path, limits: WebLimits, progress: Callable[[int, int], None] = lambda *_: None) -> Path:
    """A temporary file in `folder` with what this address gives; FetchError says why there is none.

    `progress` is told (bytes so far, bytes in all or 0).
    """
    deadline = time.monotonic() + limits.seconds
    with translated_disk(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with (
            _client(limits, deadline) as web,
            tempfile.NamedTemporaryFile(dir=folder, prefix=".new-", delete=False) as file,
        ):
            path = Path(file.name)
            try:
                _copy(web, url, file.write, deadline, limits, progress)
            except BaseException:
                path.unlink(missing_ok=True)
                raise
    return path


def final_address(url: str, limits: WebLimits) -> str:
    """Where an address leads after its redirects, each of them checked."""
    deadline = time.monotonic() + limits.seconds
    with _client(limits, deadline) as web:
        try:
            with web.stream("GET", url, headers={"User-Agent": f"git/{_AGENT}"}) as response:
                _check_status(response, url)
                return str(response.url)
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            raise _late(url, limits) if time.monotonic() >= deadline else _translated(url, error) from error


@contextmanager
def _client(limits: WebLimits, deadline: float) -> Iterator[httpx.Client]:
    """A client whose connections are cut at the deadline: a byte now and then would satisfy every time-out."""
    transport = _CheckedTransport(limits)
    timer = threading.Timer(max(0.0, deadline - time.monotonic()), transport.cut)
    timer.daemon = True
    timer.start()
    try:
        with httpx.Client(
            transport=transport, timeout=httpx.Timeout(20.0), follow_redirects=True, max_redirects=5
        ) as web:
            yield web
    finally:
        timer.cancel()


class _CheckedTransport(httpx.BaseTransport):
    """Connects to the very address that was checked: a name that answers otherwise a moment later gains nothing."""

    def __init__(self, limits: WebLimits) -> None:
        self._limits = limits
        self._inner = httpx.HTTPTransport(retries=0)
        self._lock = threading.Lock()
        self._is_cut = False
        self._sockets: list[socket.socket] = []

    def cut(self) -> None:
        """End every connection, now and from now on."""
        with self._lock:
            self._is_cut = True
            for own in self._sockets:
                with suppress(OSError):  # the other side was quicker
                    own.shutdown(socket.SHUT_RDWR)

    def _note(self, event: str, info: Mapping[str, Any]) -> None:
        """Remember each connection as it is made (the trace extension of httpcore)."""
        if event != "connection.connect_tcp.complete":
            return
        # a copy of its own: TLS takes the socket over
        own = info["return_value"].get_extra_info("socket").dup()
        with self._lock:
            self._sockets.append(own)
        if self._is_cut:
            self.cut()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        host, address = check_address(str(request.url), self._limits)
        headers = [(name, value) for name, value in request.headers.raw if name.lower() not in (b"host", b"user-agent")]
        default = {"https": 443, "http": 80}[request.url.scheme]
        name = host if request.url.port in (None, default) else f"{host}:{request.url.port}"
        headers += [(b"Host", name.encode()), (b"User-Agent", request.headers["User-Agent"].encode())]
        pinned = httpx.Request(
            request.method,
            request.url.copy_with(host=address),
            headers=headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": host, "trace": self._note},
        )
        return self._inner.handle_request(pinned)

    def close(self) -> None:
        self._inner.close()
        for own in self._sockets:
            own.close()


def _copy(
    web: httpx.Client,
    url: str,
    write: Callable[[bytes], int],
    deadline: float,
    limits: WebLimits,
    progress: Callable[[int, int], None],
) -> None:
    size = 0
    try:
        with web.stream("GET", url, headers={"User-Agent": _AGENT}) as response:
            _check_status(response, url)
            declared = response.headers.get("content-length", "0")
            total = int(declared) if declared.isdigit() else 0
            if total > limits.file_bytes:
                raise _too_large(url, limits)
            for block in response.iter_bytes():
                size += len(block)
                if size > limits.file_bytes:
                    raise _too_large(url, limits)
                write(block)
                progress(size, total)
        # a connection that was cut may look like one that came to its end
        if time.monotonic() >= deadline:
            raise _late(url, limits)
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        raise _late(url, limits) if time.monotonic() >= deadline else _translated(url, error) from error


def _late(url: str, limits: WebLimits) -> FetchError:
    return FetchError(
        f"{_shown(url)} did not arrive within {limits.seconds:.0f} s; ingest again, or put the file into the course "
        "folder.",
        code="timeout",
        passing=True,
    )


def _check_status(response: httpx.Response, url: str) -> None:
    status = response.status_code
    if status in (404, 410):
        raise FetchError(f"{_shown(url)} is gone (status {status}); correct the link and ingest again.", code="gone")
    if status == 429 or status >= 500:
        raise FetchError(f"{_shown(url)} is busy (status {status}); ingest again later.", code="busy", passing=True)
    if status >= 400:
        raise FetchError(
            f"{_shown(url)} may not be read by everybody (status {status}); put the file into the course folder.",
            code="refused",
        )


def _translated(url: str, error: httpx.HTTPError | httpx.InvalidURL | UnicodeError) -> FetchError:
    if not isinstance(error, httpx.HTTPError):
        return FetchError(f"{url!r:.200} is no address; correct it and ingest again.", code="bad_address")
    if isinstance(error, httpx.TooManyRedirects):
        return FetchError(f"{_shown(url)} leads in circles; correct the link and ingest again.", code="bad_address")
    what = "did not answer in time" if isinstance(error, httpx.TimeoutException) else "cannot be reached from here"
    code = "timeout" if isinstance(error, httpx.TimeoutException) else "unreachable"
    return FetchError(f"{_shown(url)} {what}; ingest again when the network is back.", code=code, passing=True)


def _too_large(url: str, limits: WebLimits) -> FetchError:
    return FetchError(
        f"{_shown(url)} is larger than {limits.file_bytes >> 20} MB; put the file into the course folder.",
        code="too_large",
    )


def _is_public(address: str) -> bool:
    ip = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:  # the same host by its other name
            return _is_public(str(ip.ipv4_mapped))
        if ip.is_site_local or any(ip in network for network in _NEVER_PUBLIC):
            return False
        return ip.is_global and not ip.is_multicast and all(map(_is_public, map(str, _embedded(ip))))
    return ip.is_global and not ip.is_multicast


def _embedded(ip: ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """The IPv4 addresses that a gateway may take out of an IPv6 address."""
    found = [ip.sixtofour, *(ip.teredo or ())]
    number = int(ip)
    if ip in _TRANSLATED or (number >> 32) & 0xFFFFFFFF in _ISATAP:
        found.append(ipaddress.IPv4Address(number & 0xFFFFFFFF))
    return [inner for inner in found if inner is not None]


def _shown(url: str) -> str:
    """An address for people: without query and password."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"[:200]
