"""What a request has wrong, as the validation library names it → a sentence that says what to send instead."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from difflib import get_close_matches
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.dependencies.utils import get_flat_params
from fastapi.exceptions import RequestValidationError
from fastapi.params import Query
from fastapi.routing import APIRoute

from service.errors import problem

# kind of error → what the sentence says of the field, with what the error knows
_SAID = {
    "missing": "is missing",
    "extra_forbidden": "is no field of this request; /docs lists those there are",
    "string_type": "must be a text",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing_size": "must be a smaller number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "enum": "must be {expected}",
    "literal_error": "must be {expected}",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must have at least {min_length}",
    "too_long": "must have at most {max_length}",
}
_OURS = "value_error"  # its text is a sentence of ours


def sentence_of(error: Mapping[str, Any], where: str) -> str:
    """What is wrong with the field `where`, from one error of the library."""
    known = _SAID.get(error["type"])
    if known is not None:
        return f"{where} {known.format_map(error.get('ctx') or {})}."
    said = str(error["ctx"]["error"]) if error["type"] == _OURS else str(error["msg"])
    return f"{where}: {said.rstrip('.')}."


def add_validation_handler(app: FastAPI) -> None:
    """What does not fit the description of a route is refused with a sentence."""

    @app.exception_handler(RequestValidationError)
    def _invalid(request: Request, error: RequestValidationError) -> Response:
        detail, where = what_is_wrong(request, error)
        return problem(422, detail, "invalid_request", path=request.url.path, param=where)


def what_is_wrong(request: Request, error: RequestValidationError) -> tuple[str, str | None]:
    """The sentence of the first thing that is wrong, and the name of the field, if it is one."""
    first = error.errors()[0]
    place, *parts = first["loc"]
    if place == "body" and first["type"] == "json_invalid":
        at = parts[0] if parts else 0
        return f"The body is no JSON: {first['ctx']['error']} (at character {at}).", None
    if place == "body" and not parts:
        return _body_wrong(request, first["type"]), None
    where = ".".join(str(part) for part in parts)
    return sentence_of(first, where or "The request"), where or None


def _body_wrong(request: Request, kind: str) -> str:
    if kind == "missing":
        return "The request has no body; send a JSON object with the header Content-Type: application/json."
    sent = request.headers.get("content-type", "")
    if "json" not in sent.lower():
        named = f"it came as {sent!r:.80}" if sent else "it came without one"
        return f"The body is read as JSON only with the header Content-Type: application/json; {named}."
    return "The body must be a JSON object."


class StrictRoute(APIRoute):
    """A route that refuses parameters which it does not know: a slip of `course` must not search all courses."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()
        taken = get_flat_params(self.dependant)
        known = [field.alias for field in taken if isinstance(field.field_info, Query)]

        async def checked(request: Request) -> Response:
            for name in request.query_params:
                if name not in known:
                    return _unknown(request, name, known)
            return await handler(request)

        return checked


def _unknown(request: Request, name: str, known: list[str]) -> Response:
    meant = get_close_matches(name.lower(), known, 1)
    there = f"there are {', '.join(known)}" if known else "there are none here"
    detail = f"There is no parameter {name!r:.80}{f'; did you mean {meant[0]!r}?' if meant else f'; {there}.'}"
    return problem(422, detail, "invalid_request", path=request.url.path, param=name[:80])
