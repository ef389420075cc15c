"""Requests → structured log lines with a request id. Never lecture text, nor questions unless asked."""

from __future__ import annotations

import logging
import re
import sys
import traceback
import uuid
from time import perf_counter
from typing import TYPE_CHECKING, TextIO, cast

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.typing import EventDict

if TYPE_CHECKING:  # else each command would load the metrics library, and `share_metrics` would come too late
    from service.metrics import Metrics

_log = structlog.get_logger("lectures")
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_LIMITS = {413: "body", 414: "address", 429: "rate"}
_PREFIXES, _MOUNTS = ("/api", "/v1"), ("/mcp", "/static")
_FRAMES = 25  # of an error: the end of the way is where it happened
_QUIET = frozenset({"/livez", "/readyz", "/metrics"})


class RequestLog:
    """ASGI middleware: an id for each request (the caller's, if it sent a sane one), its metrics and its log line."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        request_id = given.decode() if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        status = 500
        started = perf_counter()

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"].append((b"x-request-id", request_id.encode()))
            await send(message)

        try:
            with structlog.contextvars.bound_contextvars(request_id=request_id):
                await self._app(scope, receive, send_with_id)
        except Exception as error:
            _log.error("unexpected_error", route=route_of(scope), request_id=request_id, exc_info=error)
            raise
        finally:
            took = perf_counter() - started
            route = route_of(scope)
            self._metrics.requests.labels(route, str(status)).inc()
            if status in _LIMITS:
                self._metrics.hit(_LIMITS[status])
            self._metrics.seconds.labels(route).observe(took)
            write = _log.debug if route in _QUIET else _log.info
            write(
                "request",
                method=scope["method"],
                route=route,
                status=status,
                took_ms=round(took * 1000, 1),
                request_id=request_id,
            )


class Logged:
    """ASGI, around an application: errors that it has logged itself end here, or the server would log them again, with
    all that they say."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except Exception:
            if scope["type"] != "http":
                raise


def route_of(scope: Scope) -> str:
    """The pattern that matched, never the address itself: a label must not grow with what callers type."""
    asked = scope["path"]
    for mount in _MOUNTS:
        if asked.startswith(f"{mount}/"):
            return mount
    path = str(getattr(scope.get("route"), "path", "none"))
    for prefix in _PREFIXES:
        if asked.startswith(f"{prefix}/") and not path.startswith(prefix) and path != "none":
            return prefix + path
    return path


def _places_alone(_logger: object, _method: str, event: EventDict) -> EventDict:
    """An error as its kind and the places that it went through: what it says may be a question, a text, a key."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
        event["where"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        cause = error.__cause__ or error.__context__
        if cause is not None:
            event["cause"] = type(cause).__name__
    return event


class _Stderr:
    """Standard error as it is when a line is written: loggers are kept longer than a stream that stood in its place."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def configure_logging(level: str, *, words: bool = False) -> None:
    """JSON lines on stderr, readable lines on a terminal. With `words` errors are logged with what they say."""
    terminal = sys.stderr.isatty()
    renderer = structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer(ensure_ascii=False)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info if words else _places_alone,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _Stderr())),
        cache_logger_on_first_use=True,
    )


class _Lines(logging.Handler):
    """What libraries log, as lines of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        _log.log(record.levelno, "library", logger=record.name, message=record.getMessage(), exc_info=error)


def log_libraries(level: int) -> None:
    """Write what libraries log into the same lines; a library that finds this sets up no other way for everybody."""
    root = logging.getLogger()
    if not any(isinstance(handler, _Lines) for handler in root.handlers):
        root.addHandler(_Lines(level))
