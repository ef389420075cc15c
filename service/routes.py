"""Every route of the application. Those that search and tell its health are there from the start; all others cost a
fifth of a start, and are added to a service that searches already."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from service.access import NEWCOMER
from service.api import answers, chat, courses, embeddings, export, ingests, media, missed
from service.first_routes import PROBLEMS
from service.mcp_mount import KeyGate, Tools
from service.signin import lti_routes
from service.signin import routes as signin
from service.web import card, course_pages, discovery, former, pages, quoted, teaching, written

_STATIC = Path(__file__).parent / "web" / "static"


def add_other_routes(app: FastAPI, tools: Tools) -> None:
    """Add all routes but the first, which are there already, and put them into the order of the description."""
    app.state.watchers = ingests.new_watchers()
    before = len(app.router.routes)
    for module in (courses, export, media, answers, ingests, missed):
        app.include_router(module.router, prefix="/api", responses=PROBLEMS)
    for module in (chat, embeddings):
        app.include_router(module.router, prefix="/v1", responses=PROBLEMS)
    described = len(app.router.routes)
    for views in (pages, teaching, written, course_pages, quoted, former, card, discovery, lti_routes):
        app.include_router(views.router, include_in_schema=False)
    app.include_router(signin.router, include_in_schema=False, dependencies=[NEWCOMER])
    app.mount("/mcp", KeyGate(tools, app))
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    # Health is described after the API. A request that is looking for its route meanwhile misses none: what it may not
    # have come to yet only moves to the end.
    routes = app.router.routes
    health = before - 1
    routes[:] = [*routes[:health], *routes[before:described], routes[health], *routes[described:]]
