"""The application → the description of its API (`/openapi.json`): what FastAPI says, one shape of problems, keys."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from service.schemas import ProblemOut

Extra = dict[str, Any]
_BEARER: Extra = {"bearer": []}
_HEADER: Extra = {"header": []}
_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A key of `lectures keys create`"},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same key in another header"},
}
# Of an operation that only keys with the scope admin may use; all others need a key only where the settings say so.
ADMIN: Extra = {"security": [_BEARER, _HEADER]}
OPEN: Extra = {"security": []}

_TAGS = {
    "search": "Finding pages, moments and programme lines",
    "courses": "What the courses hold",
    "media": "Original files, pictures of pages, captions, recordings",
    "answers": "Answers whose every sentence can be checked",
    "ingests": "Taking courses up (scope admin)",
    "missed searches": "What was searched in vain (scope admin)",
    "chat": "The same answers in the shapes of OpenAI's API",
    "health": "Whether the service lives and is ready",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What the description says of refusals with these statuses."""
    shape = {"schema": {"$ref": "#/components/schemas/ProblemOut"}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {"application/problem+json": shape}}
        for status in statuses
    }


def file_responses(*media_types: str, partial: bool = False) -> dict[int | str, dict[str, Any]]:
    """What the description says of a route that sends a file, in parts too where `partial`."""
    content = {name: {"schema": {"type": "string", "format": "binary"}} for name in media_types}
    found: dict[int | str, dict[str, Any]] = {200: {"description": "The file", "content": content}}
    if partial:
        found[206] = {"description": "The part that the Range header asks for", "content": content}
        found[416] = {
            "description": "The file has no such part",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        }
    return found


def operation_id(route: APIRoute) -> str:
    """The name of the function: what generated clients call the operation."""
    return route.name


def add_description(app: FastAPI) -> None:
    """Let the application describe itself so; worked out once, when it is first asked."""

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(
                title=app.title,
                version=app.version,
                summary=app.summary,
                routes=app.routes,
                tags=[{"name": name, "description": said} for name, said in _TAGS.items()],
                license_info={"name": "MIT", "identifier": "MIT"},
            )
            components = document.setdefault("components", {})
            components.setdefault("schemas", {})["ProblemOut"] = ProblemOut.model_json_schema()
            components["securitySchemes"] = _SCHEMES
            document["security"] = [{}, _BEARER, _HEADER]
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]
