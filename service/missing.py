"""A request that no route answers → a sentence that says what there is instead."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from fastapi import FastAPI, Request

_PROGRAMS = ("/api/", "/v1/", "/mcp/", "/static/")
# Where newer programs begin (`/v1/responses`) is not there; what is must be told without documentation.
_OPENAI = "POST /v1/chat/completions, GET /v1/models and POST /v1/embeddings"
_NEAR = 0.75


def shown_to_people(request: Request) -> bool:
    """Whether what is missing is said on a page: a browser asks for one, outside of what programs use."""
    path = request.url.path
    return "text/html" in request.headers.get("accept", "") and not f"{path}/".startswith(_PROGRAMS)


def no_such_address(request: Request) -> str:
    """What there is instead of the path of this request."""
    path = request.url.path
    if path.startswith("/v1/"):
        return f"There is no {path!r:.100} here; of OpenAI's API there are {_OPENAI}."
    if not path.startswith("/api/"):
        return f"There is nothing at {path!r:.100}; the search is at /, and /docs describes the API."
    app: FastAPI = request.app
    near = get_close_matches(path, [known for known in app.openapi()["paths"] if "{" not in known], 1, _NEAR)
    meant = f"did you mean {near[0]}? " if near else ""
    return f"There is no {path!r:.100}; {meant}/docs lists what there is."


def no_such_method(request: Request, allowed: Sequence[str]) -> str:
    """Which methods the path of this request has."""
    named = " and ".join(method for method in allowed if method != "HEAD")
    return f"{request.url.path!r:.100} is not asked with {request.method:.20}, but with {named}."
