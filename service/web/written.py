"""A question → its answer as a language model writes it, in HTML of the same template that the page has."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi import Query as Parameter
from fastapi.responses import StreamingResponse

from index.search.search import clean_query
from index.types import Filters
from service import sse
from service.access import Answerer
from service.answers.types import Answer, AnswerMode, Event, Said, Started, Turn
from service.deps import State
from service.schemas import answer_out
from service.web.place import Place
from service.web.showing import PageRoute, render
from service.web.words import choose_language

router = APIRouter(route_class=PageRoute)

Text = Annotated[str, Parameter(max_length=4_000)]
Short = Annotated[str, Parameter(max_length=80)]


@router.get("/answer")
def written(
    request: Request,
    state: State,
    caller: Answerer,
    q: Text,
    course: Short = "",
    kind: Short = "",
    lecture: Annotated[str, Parameter(max_length=200)] = "",
    literal: Annotated[str, Parameter(max_length=1)] = "",
    prev: Text = "",
    lang: Annotated[str, Parameter(max_length=2)] = "",
) -> Response:
    """Server-sent events `card`, each the inside of the answer's card as a JSON string; the last one is the answer."""
    place = Place(q=q.strip(), course=course, kind=kind, lecture=lecture, literal=literal, prev=prev.strip(), lang=lang)
    history = (Turn("user", place.prev),) if place.prev else ()
    filters = Filters(course=course or None, courses=caller.courses)
    events = state.answering(clean_query(place.q), filters, history, literal=bool(place.literal))
    language = choose_language(lang, request.headers.get("accept-language", ""))
    return StreamingResponse(_cards(events, place, language), media_type=sse.MEDIA_TYPE, headers=sse.HEADERS)


def _cards(events: Iterator[Event], place: Place, language: str) -> Iterator[str]:
    begun: Answer | None = None
    for event in events:
        match event:
            case Started(answer=answer):
                begun = replace(answer, mode=AnswerMode.GENERATED, sentences=(), citations=(), note="")
            case Said(sentence=sentence, citations=cited) if begun is not None:
                known = {citation.number: citation for citation in (*begun.citations, *cited)}
                citations = tuple(known[number] for number in sorted(known))
                begun = replace(begun, sentences=(*begun.sentences, sentence), citations=citations)
                yield _card(begun, place, language, writing=True)
            case Answer():
                failed = begun is not None and event.mode is not AnswerMode.GENERATED
                yield _card(event, place, language, failed=failed)


def _card(answer: Answer, place: Place, language: str, *, writing: bool = False, failed: bool = False) -> str:
    values = {"answer": answer_out(answer, 0.0), "writing": writing, "failed": failed}
    return sse.write_event(json.dumps(render("_written.html", place, language, values)), "card")
