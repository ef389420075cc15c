"""Settings → the FastAPI application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from index.errors import LecturesError
from service.api import courses, health, media, search
from service.errors import add_error_handlers
from service.observability import Metrics, RequestLog, configure_logging
from service.schemas import ProblemOut
from service.security import Guard
from service.settings import Settings, read_settings
from service.state import ServiceState
from service.web import pages

_STATIC = Path(__file__).parent / "web" / "static"
_PROBLEMS: dict[int | str, dict[str, Any]] = {status: {"model": ProblemOut} for status in (404, 422, 503)}


def create_app(settings: Settings | None = None) -> FastAPI:
    """The service over one installation. It starts and lives without an index or database, and says so."""
    settings = settings or read_settings()
    configure_logging(settings.log_level)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        state = app.state.service = ServiceState(settings)
        with suppress(LecturesError):  # said by /readyz and by each search
            state.index()
        yield
        state.close()

    app = FastAPI(title="Lecture Search", version="0.1.0", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.metrics = Metrics()
    add_error_handlers(app)
    for module in (search, courses, media):
        app.include_router(module.router, prefix="/api", responses=_PROBLEMS)
    app.include_router(health.router)
    app.include_router(pages.router, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    app.add_middleware(Guard)
    app.add_middleware(RequestLog, metrics=app.state.metrics)
    return app
