"""The address of a Ray cluster → Ray, connected to it, and whether it still answers: where this program connects.

Ray itself waits long for a cluster that is gone, and ends the program after a minute of it. So whoever is connected
asks now and then whether somebody still listens there, and lets go of Ray if not.
"""

from __future__ import annotations

import logging
import os
import socket
import warnings
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from index.errors import InvalidRequest

_CONNECT_SECONDS = 10.0
_ANSWER_SECONDS = 5.0  # a machine that is only busy takes a connection sooner
_TRIES = 3
_NOT_STARTED = "Starting Ray client server failed"
_FORMS = "give `auto` or HOST:PORT of its head on a machine that is part of it, and ray://HOST:PORT anywhere else"
_HEAD = (
    "HOST:PORT is the port of the head (6379, if it was not given another) and is for machines that are part of the "
    "cluster; from others give ray://HOST:PORT"
)
_CLIENT = (
    "ray:// wants the port of the head's client server (10001, if --ray-client-server-port was not given), and a "
    "cluster that has a token wants RAY_AUTH_MODE=token and that one in RAY_AUTH_TOKEN"
)
_AUTO = "`auto` is the cluster that this machine is part of; else give ray://HOST:PORT"


@dataclass(frozen=True, slots=True)
class Address:
    """An address as it was written; `host` is empty for the cluster that this machine is part of."""

    written: str
    host: str
    port: int
    is_of_client: bool

    @property
    def hint(self) -> str:
        """What may be wrong with it if nobody answers."""
        return _CLIENT if self.is_of_client else _HEAD if self.host else _AUTO


def read_address(written: str) -> Address:
    """What an address says. InvalidRequest if it is none: Ray would start a cluster of its own for some of those."""
    wrong = InvalidRequest(f"{written!r:.100} is no address of a Ray cluster; {_FORMS}.")
    if written == "auto":
        return Address(written, "", 0, is_of_client=False)
    rest = written.removeprefix("ray://")
    try:
        parts = urlsplit(f"//{rest}")
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise wrong from error
    if not host or not port or parts.netloc != rest or "@" in rest or rest != rest.strip():
        raise wrong
    return Address(written, host, port, is_of_client=rest != written)


@dataclass(frozen=True, slots=True)
class Cluster:
    """Ray, connected to a cluster, and where that is asked whether it is there."""

    ray: Any
    host: str
    port: int

    def answers(self) -> bool:
        """Whether somebody listens there. Ray's own calls may wait for minutes, or end the program, if nobody does."""
        return _listens(self.host, self.port, _ANSWER_SECONDS) is None

    def close(self) -> None:
        with suppress(Exception):  # of a cluster that is gone; there is nothing left to be done
            self.ray.shutdown()


def connect(written: str) -> Cluster:
    """The cluster at this address. InvalidRequest if there is no Ray here or there."""
    address = read_address(written)
    ray = _imported(address)
    refused = _listens(address.host, address.port, _CONNECT_SECONDS) if address.host else None
    if refused is not None:  # Ray itself would try for many minutes
        raise InvalidRequest(_what_is_wrong(address, refused)) from refused
    try:
        _init(ray, written)
        for name in ("client", "client.logsclient"):  # after that: it sets the level itself
            logging.getLogger(f"ray.util.{name}").setLevel(logging.CRITICAL)
        if not address.host:
            address = read_address(ray.get_runtime_context().gcs_address)
    except Exception as error:  # Ray raises whatever came of it
        with suppress(Exception):
            ray.shutdown()  # half a connection would stand in the way of the next
        raise InvalidRequest(_what_is_wrong(address, error)) from error
    return Cluster(ray, address.host, address.port)


def _init(ray: Any, written: str) -> None:
    """Connect Ray. The client server of a head starts a process for each connection by a fork among threads, which now
    and then dies before it has begun: the same is asked again then."""
    for left in range(_TRIES - 1, -1, -1):
        try:
            ray.init(address=written, log_to_driver=False, logging_level="CRITICAL")
        except ConnectionError as error:
            if left == 0 or _NOT_STARTED not in str(error):
                raise
            with suppress(Exception):
                ray.shutdown()
        else:
            return


def _imported(address: Address) -> Any:
    os.environ["RAY_ENABLE_AUTO_CONNECT"] = "0"  # a call that comes too late would start a cluster of its own
    try:
        if address.is_of_client:
            import grpc  # noqa: F401, PLC0415
        import ray  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise InvalidRequest(f"A cluster needs Ray ({error.name} is missing); run: pip install '.[ray]'.") from error
    warnings.filterwarnings("ignore", module=r"ray\.")  # advice to programmers; what is wrong, we say
    return ray


def _listens(host: str, port: int, seconds: float) -> OSError | None:
    """Why nobody listens there, if nobody does."""
    try:
        socket.create_connection((host, port), seconds).close()
    except OSError as error:
        return error
    return None


def _what_is_wrong(address: Address, error: BaseException) -> str:
    said = " ".join(str(error).split())[:200]
    if "ersion mismatch" in said:
        return f"The cluster at {address.written} has another version of Ray or Python; give both the same ({said})."
    below: BaseException | None = error
    while below is not None:
        if type(below).__name__ == "RuntimeError" and "AuthenticationError" in str(below):
            return f"The cluster at {address.written} has a token; set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN to it."
        below = below.__cause__
    return f"No cluster answers at {address.written} ({said}); `ray start --head` starts one. {address.hint}."
