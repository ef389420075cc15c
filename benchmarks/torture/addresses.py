"""Row 14: addresses that lead inside the network, in every disguise: typed, by redirects, by names that change, by
options of git. No socket is opened to anything but the one public address there is.
"""

from __future__ import annotations

import random
import socket
import sys
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import quote

from benchmarks.torture.progress import Progress
from benchmarks.torture.result import Result
from benchmarks.torture.zygote import Zygote

PUBLIC = "93.184.216.34"
_INSIDE = (
    "127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "198.18.0.1",  # noqa: S104
    "224.0.0.1", "255.255.255.255",
)  # fmt: skip
_INSIDE_6 = ("::1", "::", "fc00::1", "fe80::1", "fe80::1%25eth0", "ff02::1", "fec0::1", "2001:db8::1")
# names that this row resolves itself: one that is inside, one that is both, one that changes from time to time
_NAMES = {
    "public.example": [[PUBLIC]],
    "inside.example": [["10.0.0.1"]],
    "both.example": [[PUBLIC, "127.0.0.1"]],
    "changing.example": [[PUBLIC], ["127.0.0.1"]],
}


def run(size: int, seed: int, folder: Path, progress: Progress) -> Result:
    """`size` addresses, each typed and each as where a public address redirects to."""
    folder.mkdir(parents=True, exist_ok=True)
    with Zygote(folder / "data") as zygote:
        child = zygote.start_call("benchmarks.torture.addresses:try_all", size, seed, str(folder))
        ended = child.end(120 + size)
    if ended.code:
        return Result(size, [f"the child ended with {ended.code}: {ended.err[-500:]}"])
    found = ended.json()
    progress.reach(size, len(found["wrong"]))
    figure = f"{found['tried']} addresses, {found['refused']} refused, {found['public']} asked at the public address"
    return Result(found["tried"], found["wrong"], figure)


def addresses() -> list[str]:
    """Every host that is inside, in every disguise, in every address that could carry it."""
    hosts = [form for address in _INSIDE for form in _forms(IPv4Address(address))]
    hosts += [f"[{address}]" for address in _INSIDE_6]
    hosts += [
        "localhost",
        "localhost.",
        "LOCALHOST",
        "inside.example",
        "both.example",
        "changing.example",
        "ip6-localhost",
    ]
    found = [pattern.replace("HOST", host) for host in hosts for pattern in _PATTERNS]
    return [*found, *_OTHERS]


_PATTERNS = (
    "https://HOST/a.pdf", "https://HOST:443/a.zip", "http://HOST/a.pdf", "https://public.example@HOST/a.pdf",
    "https://HOST/course.git", "https://public.example\\@HOST/a.pdf", "https://HOST:8443#@public.example/a.zip",
)  # fmt: skip
_OTHERS = (
    "file:///etc/passwd", "file://127.0.0.1/etc/passwd", "ftp://127.0.0.1/a.pdf", "gopher://127.0.0.1/x",
    "dict://127.0.0.1:1/x", "jar:https://127.0.0.1/a.zip!/a", "ext::sh -c touch% CANARY", "git://127.0.0.1/a.git",
    "ssh://-oProxyCommand=touch CANARY/x://", "--upload-pack=touch CANARY://", "https://public.example/--upload-pack=x",
    "https://[::1/a.pdf", "https://xn--/a.pdf", "https://a:b:c/a.pdf", "https://%00/a.pdf", "https:///a.pdf", "https://",
    "https://public.example:22/a.pdf\r\nHost: 127.0.0.1", "//127.0.0.1/a.pdf://",
)  # fmt: skip


def _forms(address: IPv4Address) -> Iterator[str]:
    """The ways in which an IPv4 address can be written that some resolver takes."""
    number, parts = int(address), str(address).split(".")
    high, low = number >> 16, number & 0xFFFF
    yield str(address)
    yield f"{address}."
    yield str(number)
    yield hex(number)
    yield f"0{number:o}"
    yield ".".join(hex(int(part)) for part in parts)
    yield ".".join(f"0{int(part):o}" for part in parts)
    yield f"{parts[0]}.{number & 0xFFFFFF}"
    yield quote(str(address).replace(".", "%2E"), safe="%")
    yield "".join(chr(ord(digit) + 0xFEE0) if digit.isdigit() else "。" for digit in str(address))
    for prefix in ("::ffff:", "::", "64:ff9b::", "64:ff9b:1::", "::ffff:0:", "fe80::5efe:"):
        yield f"[{prefix}{address}]"
    yield f"[::ffff:{high:x}:{low:x}]"
    yield f"[2002:{high:x}:{low:x}::1]"
    yield f"[{IPv6Address((0x20010000 << 96) | (number ^ 0xFFFFFFFF))}]"


# --- in a child of the zygote -------------------------------------------------------------------------------


def try_all(size: int, seed: int, place: str) -> dict[str, Any]:
    """What became of the addresses: how many were refused, and which led to a connection inside."""
    watch = _Watch()
    every = addresses()
    chosen = random.Random(seed).sample(every, min(size, len(every)))
    canary = Path(place) / "canary"
    refused = 0
    ways = _ways(Path(place) / "cache")
    for number, address in enumerate(chosen):
        typed = address.replace("CANARY", str(canary))
        watch.now = typed
        refused += _is_refused(ways[number % len(ways)], typed, watch)
    for typed in _redirected(chosen, watch):
        refused += _is_refused(ways[0], typed, watch)
    if canary.exists():
        watch.wrong.append("a command was run that an address named")
    return {
        "tried": 2 * len(chosen),
        "refused": refused,
        "public": watch.public,
        "wrong": watch.wrong[:50],
    }


def _ways(cache: Path) -> list[Callable[[str], object]]:
    """What fetches: a linked file, a course."""
    from ingest.sources import SourceLimits, open_source  # noqa: PLC0415
    from ingest.web import WebLimits, fetch  # noqa: PLC0415

    return [
        lambda address: fetch(address, cache, WebLimits(seconds=5)),
        lambda address: open_source(address, cache, SourceLimits(seconds=5)),
    ]


def _is_refused(way: Callable[[str], object], address: str, watch: _Watch) -> bool:
    from index.errors import LecturesError  # noqa: PLC0415

    try:
        way(address)
    except LecturesError:
        return True
    except Exception as error:
        watch.wrong.append(f"{address!r}: {type(error).__name__}: {str(error)[:200]}")
    return False


def _redirected(chosen: list[str], watch: _Watch) -> Iterator[str]:
    """Public addresses that lead to each of these; nothing leaves this process."""
    import httpx  # noqa: PLC0415

    class Answering(httpx.BaseTransport):
        def __init__(self, **_: object) -> None: ...

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            watch.meet(request.url.host, f"{watch.now} by a redirect")
            return httpx.Response(302, headers=[(b"Location", watch.now.encode("utf-8", "replace"))])

    vars(httpx)["HTTPTransport"] = Answering
    for address in chosen:
        watch.now = address.replace("\r\n", "")
        yield "https://public.example/a.pdf"


class _Watch:
    """Sees every socket that this process connects; names are resolved here."""

    def __init__(self) -> None:
        self.now = ""
        self.public = 0
        self.wrong: list[str] = []
        self._answers = {name: cycle(answers) for name, answers in _NAMES.items()}
        self._resolve = socket.getaddrinfo
        socket.getaddrinfo = self._resolved
        sys.addaudithook(self._heard)

    def meet(self, host: str, why: str) -> None:
        if ip_address(host.partition("%")[0]) == ip_address(PUBLIC):
            self.public += 1
        else:
            self.wrong.append(f"{why!r} led to a connection to {host}")

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.connect" and isinstance(arguments[1], tuple):
            self.meet(str(arguments[1][0]), self.now)
            raise ConnectionRefusedError("nothing is connected in this row")

    def _resolved(self, host: Any, port: Any, *rest: Any, **named: Any) -> Any:
        name = str(host).rstrip(".").lower()
        if name in self._answers:
            kind = socket.SOCK_STREAM
            return [(socket.AF_INET, kind, 6, "", (address, port)) for address in next(self._answers[name])]
        try:
            return self._resolve(host, port, *rest, **{**named, "flags": socket.AI_NUMERICHOST})
        except OSError:
            if name in ("localhost", "ip6-localhost"):
                return self._resolve("127.0.0.1", port, *rest, **named)
            raise
