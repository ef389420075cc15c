"""A template and what it shows → a page, in the language of its reader; also where something is wrong."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping
from http import HTTPStatus
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode, urlsplit

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute

from index.errors import LecturesError
from index.later import later
from index.store.places import MomentAt
from index.types import Unit
from service.base import base_of
from service.errors import refusal_of
from service.links import clock
from service.refusals import KeyNeeded
from service.settings import Settings
from service.validation import what_is_wrong
from service.web.place import Place
from service.web.scope import scopes
from service.web.study import Frame, Study
from service.web.words import LANGUAGES, Noun, Words, choose_language, counted, words_of

if TYPE_CHECKING:
    from service.web import templating
else:
    templating = later("service.web.templating", soon=True)

T = TypeVar("T")


class PageRoute(APIRoute):
    """What is wrong is said on a page where a browser asks, as people who follow a link expect."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def shown(request: Request) -> Response:
            # a program that asks for no HTML gets the problem details that every other route gives
            if "text/html" not in request.headers.get("accept", ""):
                return await handler(request)
            try:
                return await handler(request)
            except LecturesError as error:
                refused = refusal_of(error)
                if isinstance(error, KeyNeeded):
                    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
                    response = sign_in_page(request, asked, refused.status_code)
                else:
                    response = error_page(request, str(error), refused.status_code)
                for name in ("Retry-After", "WWW-Authenticate"):
                    if name in refused.headers:
                        response.headers[name] = refused.headers[name]
                return response
            except RequestValidationError as error:
                return error_page(request, what_is_wrong(request, error)[0], 422)

        return shown


def show_page(request: Request, name: str, place: Place, values: Mapping[str, object], status: int = 200) -> Response:
    """The page `name` with these values, at the place that its address names."""
    language = choose_language(place.lang, request.headers.get("accept-language", ""))
    own = {
        "person": getattr(request.state, "person", ""),
        "may_sign_in": request.app.state.provider is not None,
        "oembed": _oembed(request, place),
    }
    response = HTMLResponse(render(name, place, language, {**own, **values}), status)
    response.headers["Vary"] = "Accept-Language"
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def render(name: str, place: Place, language: str, values: Mapping[str, object]) -> str:
    """A template with these values, in a language, as HTML."""
    words = words_of(language)
    known = {
        "look": None,
        "courses": [],
        "is_start": False,
        "person": "",
        "may_sign_in": False,
        "oembed": "",
        "scopes": scopes(place, values, words),
        "place": place,
        "language": language,
        "languages": [(code, words_of(code)["language"]) for code in LANGUAGES],
        "t": words,
    }
    return templating.TEMPLATES.get_template(name).render({**known, **values})


def _oembed(request: Request, place: Place) -> str:
    """Where an editor asks how to show this page in a frame; empty where nothing may."""
    settings: Settings = request.app.state.service.settings
    if not settings.frame_ancestors or not place.path.startswith("/c/") or place.path.endswith("/terms"):
        return ""
    base = base_of(request.scope, settings)
    return f"{base}/api/oembed?{urlencode({'url': base + place.path})}"


def warm_up() -> None:
    """Compile the templates now, some 150 ms, instead of while the first student waits."""
    for name in templating.TEMPLATES.list_templates():
        templating.TEMPLATES.get_template(name)


def error_page(request: Request, problem: str, status: int) -> Response:
    """A page that says what is wrong, with the search box."""
    parts = request.url.path.split("/")
    # where a place of a course is gone, the search is in that course
    course = parts[2] if status == HTTPStatus.GONE and len(parts) > 3 and parts[1] == "c" else ""
    return show_page(
        request,
        "error.html",
        Place(course=course, lang=request.query_params.get("lang", "")),
        {"problem": problem, "status": status},
        status,
    )


def sign_in_page(request: Request, going_to: str, status: int = 200) -> Response:
    """A page that says what to do to be signed in."""
    offered = request.app.state.provider is not None
    way = f"/signin/provider?{urlencode({'next': going_to})}" if offered else ""
    place = Place(f"/signin?{urlencode({'next': going_to})}", lang=request.query_params.get("lang", "")[:2])
    return show_page(request, "signin.html", place, {"provider": way, "refused": status != HTTPStatus.OK}, status)


def called(words: Mapping[str, str], unit: Unit, number: int) -> str:
    """A page by its number: of slides in a PDF too one says slide 7."""
    return words["slide"].format(number) if unit is Unit.PAGE else f"{words[f'unit_{unit}']} {number}"


def host(url: str) -> str:
    """The site of an address."""
    return urlsplit(url).hostname or ""


def first_upper(text: str) -> str:
    """A text that begins with a capital letter, the rest as it is."""
    return text[:1].upper() + text[1:]


def groupby_run(items: Iterable[T], name: str) -> list[tuple[object, list[T]]]:
    """Neighbouring items with the same attribute together, in their order."""
    return [(key, list(own)) for key, own in groupby(items, attrgetter(name))]


def counted_in(item: tuple[str, int], words: Words) -> str:
    """A count of what has a noun of the same name: (lectures, 2) → 2 lectures."""
    name, number = item
    noun = words[name]
    return counted(number, noun) if isinstance(noun, Noun) else f"{noun} {number}"


def look_name(look: object, words: Mapping[str, str]) -> str:
    """What is looked at, for the title of the page: a slide, or a second of a video."""
    match look:
        case Study(frame=Frame(page=page, deck=deck)) if not isinstance(look.opened, MomentAt):
            return page.title or called(words, deck.unit, page.page_number)
        case Study(lecture=lecture, seconds=seconds):
            return f"{lecture.title}, {clock(seconds)}"
        case _:
            return ""
