"""Asking: an answer whose every sentence can be checked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, StrictBool, WithJsonSchema

from index.later import later
from index.search.search import MAX_QUERY_CHARS, clean_query
from index.types import Filters
from service import sse
from service.access import Answerer
from service.answers.numbers import MAX_NUMBER
from service.answers.types import Event, Said, Started, Turn
from service.deps import State
from service.schemas import AnswerOut, answer_out
from service.schemas.search import NOT_EMPTY
from service.validation import StrictRoute

if TYPE_CHECKING:
    from service.answers import answering
else:
    answering = later("service.answers.answering", soon=True)

router = APIRouter(tags=["answers"], route_class=StrictRoute)

MAX_TURNS, MAX_TURN_CHARS = 20, 4_000
# what is wrong with a question is said in our words, where it is read; here it is only described
_QUESTION = {
    "type": "string",
    "minLength": 1,
    "maxLength": MAX_QUERY_CHARS,
    "pattern": NOT_EMPTY,
    "description": "In any language",
    "examples": ["что такое ранняя остановка?"],
}


class PlaceIn(BaseModel):
    model_config = ConfigDict(extra="ignore")

    url: Annotated[str, Field(max_length=2000)]


class CitedIn(BaseModel):
    """A citation as it was given, or no more of it than this."""

    model_config = ConfigDict(extra="ignore")

    number: Annotated[int, Field(ge=1, le=MAX_NUMBER)]
    hit: PlaceIn


class TurnIn(BaseModel):
    model_config = ConfigDict(extra="ignore")

    role: Literal["user", "assistant", "system"]
    content: Annotated[str, Field(max_length=MAX_TURN_CHARS)]
    citations: Annotated[
        list[CitedIn], Field(max_length=200, description="Those of that answer, so that places keep their numbers")
    ] = []


class QuestionIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    question: Annotated[str, WithJsonSchema(_QUESTION)]
    course: Annotated[str | None, Field(max_length=80, description="Only this course (its slug)")] = None
    history: Annotated[list[TurnIn], Field(max_length=MAX_TURNS, description="The conversation so far")] = []
    stream: Annotated[StrictBool, Field(description="Server-sent events: start, sentence …, answer")] = False


@router.post(
    "/answers",
    response_model=AnswerOut,
    responses={**sse.event_responses("The answer, or its events")},
)
def answer(state: State, caller: Answerer, asked: QuestionIn) -> Response:
    """The sentences that answer, each with its page or second; without a language model they are quoted."""
    question = clean_query(asked.question)
    filters = Filters(course=asked.course or None, courses=caller.courses)
    history = tuple(
        Turn(turn.role, turn.content, tuple((cited.number, cited.hit.url) for cited in turn.citations))
        for turn in asked.history
        if turn.role != "system"
    )
    started = perf_counter()
    events = state.answering(question, filters, history)
    if asked.stream:
        return StreamingResponse(_server_sent(events, started), media_type=sse.MEDIA_TYPE, headers=sse.HEADERS)
    out = answer_out(answering.last_answer(events), (perf_counter() - started) * 1000)
    return Response(out.model_dump_json(by_alias=True), media_type="application/json")


def _server_sent(events: Iterator[Event], started: float) -> Iterator[str]:
    """`start`: what is being answered; `sentence`: as each is ready; `answer`: the whole, which alone counts."""
    for event in events:
        if isinstance(event, Started):
            data = {"mode": event.answer.mode.value, "coverage": event.answer.coverage.value, "note": event.answer.note}
            yield sse.write_event(json.dumps(data, ensure_ascii=False), "start")
        elif isinstance(event, Said):
            said = {"text": event.sentence.text, "citations": list(event.sentence.citations)}
            yield sse.write_event(json.dumps(said, ensure_ascii=False), "sentence")
        else:
            out = answer_out(event, (perf_counter() - started) * 1000)
            yield sse.write_event(out.model_dump_json(by_alias=True), "answer")
