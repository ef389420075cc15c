"""Error class → RFC 9457 problem details."""

from __future__ import annotations

import math
from collections.abc import Callable
from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from index.errors import (
    CorruptIndex,
    CourseError,
    EmbedderError,
    Gone,
    IndexMismatch,
    IndexUnavailable,
    InvalidRequest,
    LecturesError,
    NotAllowed,
    NotFound,
    NotNow,
    SourceFileError,
    StorageError,
)
from service.answers.failures import ModelFailed
from service.methods import allowed_methods
from service.missing import no_such_address, no_such_method, shown_to_people
from service.observability import route_of
from service.refusals import KeyNeeded, NotOurPage, Overloaded, ScopeMissing, SignInFailed, TooOften

_log = structlog.get_logger("lectures")

_STATUS: dict[type, int] = {
    LecturesError: 500,
    InvalidRequest: 422,
    NotFound: 404,
    Gone: 410,
    NotAllowed: 403,
    CourseError: 422,
    SourceFileError: 422,
    KeyNeeded: 401,
    ScopeMissing: 403,
    NotOurPage: 403,
    SignInFailed: 403,
    TooOften: 429,
    Overloaded: 503,
    IndexUnavailable: 503,
    IndexMismatch: 503,
    CorruptIndex: 503,
    StorageError: 503,
    EmbedderError: 503,
    ModelFailed: 503,
    NotNow: 503,
}

_OPENAI = "/v1/"
_OPENAI_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


# A page that says what is wrong, with a status.
ErrorPage = Callable[[Request, str, int], Response]


def add_error_handlers(app: FastAPI, error_page: ErrorPage) -> None:
    """Every error leaves in one shape; a person who opens an address that is not there gets a page."""

    @app.exception_handler(LecturesError)
    def _ours(request: Request, error: LecturesError) -> JSONResponse:
        return refusal_of(error, request.url.path)

    @app.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> Response:
        status, detail, headers = error.status_code, str(error.detail), dict(error.headers or {})
        if status == HTTPStatus.NOT_FOUND:
            detail = no_such_address(request)
            if shown_to_people(request):
                return error_page(request, detail, status)
        if status == HTTPStatus.METHOD_NOT_ALLOWED:  # the router names those of one of its routes
            allowed = allowed_methods(app.routes, request.scope)
            detail, headers["Allow"] = no_such_method(request, allowed), ", ".join(allowed)
        code = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}.get(status, "http_error")
        response = problem(status, detail, code, path=request.url.path)
        response.headers.update(headers)
        return response


class UnexpectedAnswered:
    """ASGI middleware around the routes alone: an error that nobody expected leaves in the shape of all others, through
    what adds headers and counts. Once a response has begun it can only be broken off."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def send_noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_noting)
        except Exception as error:
            if scope["type"] != "http" or begun:
                raise
            _log.error("unexpected_error", route=route_of(scope), exc_info=error)
            response = await run_in_threadpool(_unexpected, scope)  # it may look at the disk
            await response(scope, receive, send)


def _unexpected(scope: Scope) -> JSONResponse:
    # a file that was written to while it is mapped makes any error that there is
    state = getattr(scope["app"].state, "service", None)
    shaken = state.serving.shaken() if state is not None else None
    if shaken:
        return problem(503, shaken, CorruptIndex.code, path=scope["path"])
    return problem(500, "Something went wrong on our side; the log says what.", "internal", path=scope["path"])


def refusal_of(error: LecturesError, path: str = "") -> JSONResponse:
    """The problem response of one of our errors."""
    wait = error.retry_after_seconds if isinstance(error, TooOften) else 1.0
    return problem(status_of(error), str(error), error.code, wait, path)


def status_of(error: LecturesError) -> int:
    """The HTTP status of one of our errors: that of its class, or of the nearest class that it is a kind of."""
    return next(_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS)


def problem(
    status: int, detail: str, code: str, retry_after_seconds: float = 1.0, path: str = "", param: str | None = None
) -> JSONResponse:
    """A problem response; overload says when to come back, a missing key how to send one.

    Under /v1, where clients of OpenAI's API read nothing else, it also has a member `error` as that API has it.
    """
    headers: dict[str, str] = {}
    if status in (429, 503):
        headers["Retry-After"] = str(max(1, math.ceil(retry_after_seconds)))
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    content: dict[str, object] = {
        "type": f"urn:lectures:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
    }
    if path.startswith(_OPENAI):
        kind = _OPENAI_TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
        content["error"] = {"message": detail, "type": kind, "code": code, "param": param}
    return JSONResponse(content, status, headers, media_type="application/problem+json")
