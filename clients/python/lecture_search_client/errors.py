"""A refusal of the service → the error of its kind."""

from __future__ import annotations

import datetime as dt
from email.utils import parsedate_to_datetime

import httpx


class ApiError(Exception):
    """The service refused. `status` and `code` are those of its problem details, the message is their detail."""

    def __init__(
        self, message: str, code: str, status: int | None = None, retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.retry_after_seconds = retry_after_seconds


class InvalidRequest(ApiError):
    """422 or 400: what was asked is wrong; the message says what."""


class KeyNeeded(ApiError):
    """401: there is no key, or it is unknown, expired or revoked."""


class NotAllowed(ApiError):
    """403: the key may not do this."""


class NotFound(ApiError):
    """404: it is not there, or not the caller's to see."""


class Gone(NotFound):
    """410: it was there."""


class TooLarge(ApiError):
    """413 or 414: the body or the address is too long."""


class TooOften(ApiError):
    """429: more requests than this caller may send; `retry_after_seconds` says when to come back."""


class Unavailable(ApiError):
    """503: overloaded, or nothing is served yet; `retry_after_seconds` says when to come back."""


class Unreachable(ApiError):
    """No answer came, or it broke off."""


_KINDS: dict[int, type[ApiError]] = {
    400: InvalidRequest,
    401: KeyNeeded,
    403: NotAllowed,
    404: NotFound,
    410: Gone,
    413: TooLarge,
    414: TooLarge,
    422: InvalidRequest,
    429: TooOften,
    503: Unavailable,
}


def error_of(response: httpx.Response) -> ApiError:
    """The error that a refusal stands for; its body has been read."""
    try:
        problem = response.json()
        detail, code = str(problem["detail"]), str(problem["code"])
    except (ValueError, KeyError, TypeError):  # something between us and the service answered
        detail, code = f"The service answered with status {response.status_code}.", "http_error"
    kind = _KINDS.get(response.status_code, ApiError)
    return kind(detail, code, response.status_code, seconds_of(response.headers.get("retry-after", "")))


def unreachable(error: Exception) -> Unreachable:
    return Unreachable(f"The service cannot be reached or broke off ({type(error).__name__}: {error}).", "unreachable")


def seconds_of(retry_after: str) -> float | None:
    """A Retry-After header in seconds from now: it holds seconds or a date; None if it holds neither."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after)
    try:
        at = parsedate_to_datetime(retry_after)
    except (TypeError, ValueError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=dt.UTC)
    return max(0.0, (at - dt.datetime.now(dt.UTC)).total_seconds())
