"""Settings → the FastAPI application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI, Request, Response
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.middleware.cors import CORSMiddleware

from index.later import import_soon, later
from service.access import Access
from service.compression import PagesCompressed
from service.errors import UnexpectedAnswered, add_error_handlers
from service.first_routes import Others, OthersAwaited, add_first_routes
from service.mcp_mount import Tools, WithoutRedirect
from service.methods import HeadAnswered
from service.metrics import Metrics
from service.observability import RequestLog, configure_logging
from service.openapi import add_description, operation_id
from service.security import MAX_BODY_BYTES, Guard
from service.settings import Settings, listed, read_settings
from service.signin.proxy import BehindProxy
from service.stamps import FirstIndex
from service.state import ServiceState
from service.validation import add_validation_handler

if TYPE_CHECKING:
    from service import routes
    from service.signin import oidc
    from service.web import showing
else:
    routes, showing = later("service.routes", soon=True), later("service.web.showing", soon=True)
    oidc = later("service.signin.oidc")

_OTHER_THREADS = 10  # for what takes no place: health, metrics, keys that are looked up


def create_app(
    settings: Settings | None = None,
    first: FirstIndex | None = None,
    opened: Callable[[], None] = lambda: None,
    *,
    grows: bool = False,
) -> FastAPI:
    """The service over one installation. It starts and lives without an index or database, and says so.

    `first` is an index that is open already; `opened` is called when another one was opened. With `grows` it has the
    routes of a search alone until an index is open, or another route is asked for: a start waits for no more.
    """
    settings = settings or read_settings()
    configure_logging(settings.log_level, words=settings.log_queries)

    def warmed() -> None:
        others.add()
        warm_up()
        opened()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        state = app.state.service = ServiceState(settings, first, app.state.metrics, warmed)
        threads = current_default_thread_limiter()
        threads.total_tokens = max(threads.total_tokens, state.gate.places + _OTHER_THREADS)
        state.start()  # what is wrong is said by /readyz and by each search
        try:
            async with tools.running():
                yield
        finally:
            state.close()

    app = FastAPI(
        title="Lecture Search",
        summary="Search and answers over lecture courses.",
        version=version("lecture-search"),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=operation_id,
    )
    add_description(app)
    app.state.metrics = Metrics()
    app.state.access = Access(settings)
    app.state.provider = oidc.Provider(settings) if settings.oidc_issuer else None
    tools = Tools(lambda: app.state.service, settings)
    others = Others(lambda: routes.add_other_routes(app, tools))
    add_error_handlers(app, _error_page)
    add_validation_handler(app)
    add_first_routes(app)
    if grows:
        app.add_middleware(OthersAwaited, others=others)
    else:
        others.add()
    _add_middleware(app, settings)
    return app


def _error_page(request: Request, said: str, status: int) -> Response:
    return showing.error_page(request, said, status)


def warm_up() -> None:
    """Import and compile now what the first answer and the first page need, beside the requests: a search, which this
    would hold up before, is what is asked for first."""
    import_soon()
    showing.warm_up()


def _add_middleware(app: FastAPI, settings: Settings) -> None:
    """The last one that is added sees a request first."""
    app.add_middleware(WithoutRedirect)
    app.add_middleware(UnexpectedAnswered)
    origins = listed(settings.allowed_origins)
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "X-API-Key"],
            max_age=600,
        )
    app.add_middleware(PagesCompressed)
    app.add_middleware(HeadAnswered)
    # bodies in pieces do not say how long they are; those that do are refused by the guard before they are read
    app.add_middleware(RequestBodyLimitMiddleware, max_body_size=MAX_BODY_BYTES)
    app.add_middleware(Guard, frame_ancestors=settings.frame_ancestors)
    app.add_middleware(RequestLog, metrics=app.state.metrics)
    if settings.proxy_networks:
        app.add_middleware(BehindProxy, settings=settings)
