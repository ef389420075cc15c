"""Requests → structured log lines with a request id, and metrics. Never lecture text, nor questions unless asked."""

from __future__ import annotations

import logging
import os
import re
import sys
import uuid
from time import perf_counter

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, multiprocess
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_log = structlog.get_logger("lectures")
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_QUIET = frozenset({"/livez", "/readyz", "/metrics"})


class Metrics:
    """Counts and times of one application (no globals: two applications in one process do not mix).

    Where several processes serve, each keeps its own in a file, and whoever is asked adds them up.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "lectures_requests", "Requests by route and status", ["route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "lectures_request_seconds",
            "Time to answer by route",
            ["route"],
            registry=self.registry,
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30),
        )
        self.coverage = Counter("lectures_searches", "Searches by coverage", ["coverage"], registry=self.registry)

    def exposed(self) -> bytes:
        """All of it in Prometheus's text format."""
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self.registry)
        everybody = CollectorRegistry()
        multiprocess.MultiProcessCollector(everybody)  # type: ignore[no-untyped-call]
        return generate_latest(everybody)


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
        finally:
            took = perf_counter() - started
            route = _route_of(scope)
            self._metrics.requests.labels(route, str(status)).inc()
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


def _route_of(scope: Scope) -> str:
    """The pattern that matched, never the address itself: a label must not grow with what callers type."""
    path = getattr(scope.get("route"), "path", "none")
    inner = scope["path"].startswith("/api/") and not path.startswith("/api") and path != "none"
    return f"/api{path}" if inner else str(path)


def configure_logging(level: str) -> None:
    """JSON lines on stderr, readable lines on a terminal."""
    terminal = sys.stderr.isatty()
    renderer = structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer(ensure_ascii=False)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([] if terminal else [structlog.processors.format_exc_info]),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
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
