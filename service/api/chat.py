"""The same answers in the shapes of OpenAI's API: chat completions and models, with a `citations` field."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from index.errors import InvalidRequest, NotFound
from index.search.search import MAX_QUERY_CHARS, clean_query
from index.types import Filters, Hit
from service import sse
from service.access import Answerer, Reader
from service.answers.answering import Event, Started, last_answer
from service.answers.questions import speaks_russian
from service.answers.types import Answer, Citation, Outcome, Sentence, Turn
from service.api.answers import MAX_TURN_CHARS
from service.base import Base
from service.deps import State
from service.links import absolute, clock, hit_url
from service.schemas import citation_out
from service.web.words import words_of

router = APIRouter(tags=["chat"])

ALL_COURSES = "lectures"
_MAX_MESSAGES = 100
_OWNER = "lecture-search"


class PartIn(BaseModel):
    model_config = ConfigDict(extra="ignore")

    type: str = "text"
    text: Annotated[str, Field(max_length=MAX_TURN_CHARS)] = ""


class MessageIn(BaseModel):
    """System prompts, names and tool calls are tolerated and not followed."""

    model_config = ConfigDict(extra="ignore")

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Annotated[str, Field(max_length=MAX_TURN_CHARS * 4)] | list[PartIn] | None = None

    @property
    def text(self) -> str:
        if isinstance(self.content, list):
            return " ".join(part.text for part in self.content if part.type == "text")
        return self.content or ""


class ChatIn(BaseModel):
    model_config = ConfigDict(extra="ignore")

    model: Annotated[str, Field(max_length=100)] = ALL_COURSES
    messages: Annotated[list[MessageIn], Field(min_length=1, max_length=_MAX_MESSAGES)]
    stream: bool = False


class ModelOut(BaseModel):
    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str = _OWNER


class ModelsOut(BaseModel):
    object: Literal["list"] = "list"
    data: list[ModelOut]


@router.get("/models")
def models(state: State, caller: Reader) -> ModelsOut:
    """One model for each course, and `lectures` for all of them."""
    slugs = [slug for slug in state.index().generation.number_of if caller.may_read(slug)]
    return ModelsOut(data=[ModelOut(id=name, created=0) for name in (ALL_COURSES, *slugs)])


@router.post(
    "/chat/completions",
    responses={
        200: {
            "content": {
                "application/json": {"schema": {"type": "object"}},
                sse.MEDIA_TYPE: {"schema": {"type": "object", "properties": {"data": {"type": "string"}}}},
            },
            "description": "A chat completion, or its chunks",
        }
    },
)
def chat(state: State, caller: Answerer, base: Base, asked: ChatIn) -> Response:
    """An answer to the last message of the user."""
    course = None if asked.model in {ALL_COURSES, ""} else asked.model
    if course is not None and not (caller.may_read(course) and course in state.index().generation.number_of):
        raise NotFound(f"There is no model {course!r:.80}; GET /v1/models lists those there are.")
    said = [at for at, message in enumerate(asked.messages) if message.role == "user" and message.text.strip()]
    if not said:
        raise InvalidRequest("The messages hold no question of a user.")
    question = clean_query(asked.messages[said[-1]].text[-MAX_QUERY_CHARS:])
    history = tuple(
        Turn(message.role, message.text[:MAX_TURN_CHARS])
        for message in asked.messages[: said[-1]]
        if message.role in {"user", "assistant"}
    )
    events = state.answering(question, Filters(course=course, courses=caller.courses), history)
    chat_id, created = f"chatcmpl-{secrets.token_hex(12)}", int(time.time())
    head = {"id": chat_id, "created": created, "model": asked.model}
    if asked.stream:
        return StreamingResponse(_chunks(events, head, base), media_type=sse.MEDIA_TYPE)
    found = last_answer(events)
    message = {"role": "assistant", "content": _content(found, base), "citations": _citations(found.citations, base)}
    body = {
        **head,
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
        "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
        "citations": message["citations"],
        "degraded": list(found.degraded),
    }
    return Response(json.dumps(body, ensure_ascii=False), media_type="application/json")


def _chunks(events: Iterator[Event], head: dict[str, object], base: str) -> Iterator[str]:
    """Chunks as OpenAI sends them. What a model began and did not finish is marked as void before the quotes follow."""
    head = {**head, "object": "chat.completion.chunk"}

    def chunk(delta: dict[str, object], finish: str | None = None, **more: Any) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return sse.write_event(json.dumps({**head, "choices": [choice], **more}, ensure_ascii=False))

    yield chunk({"role": "assistant", "content": ""})
    streamed: list[Sentence] = []
    for event in events:
        if isinstance(event, Sentence):
            yield chunk({"content": (" " if streamed else "") + _marked(event)})
            streamed.append(event)
        elif isinstance(event, Started):
            continue
        else:
            if tuple(streamed) == event.sentences and streamed:
                rest = _sources(event, base)
            else:
                rest = ("\n\n(…)\n\n" if streamed else "") + _content(event, base)
            citations = _citations(event.citations, base)
            yield chunk({"content": rest})
            yield chunk({}, "stop", citations=citations, degraded=list(event.degraded))
    yield sse.write_event("[DONE]")


def _content(answer: Answer, base: str) -> str:
    """The answer as plain text with its sources below, for clients that show nothing else."""
    if answer.sentences:
        return " ".join(map(_marked, answer.sentences)) + _sources(answer, base)
    if answer.outcome is Outcome.NO_QUESTION or not answer.note:
        places = "\n".join(f"- {_place(hit, base, answer.query)}" for hit in answer.hits[:5])
        return places or answer.note
    return answer.note


def _marked(sentence: Sentence) -> str:
    return sentence.text + "".join(f" [{number}]" for number in sentence.citations)


def _sources(answer: Answer, base: str) -> str:
    lines = [f"[{citation.number}] {_place(citation.hit, base, answer.query)}" for citation in answer.citations]
    return "\n\n" + "\n".join(lines) if lines else ""


def _place(hit: Hit, base: str, question: str) -> str:
    """Where a hit stands, in the language of the question, and its address."""
    passage = hit.passage
    where = passage.title or passage.lecture_title
    if passage.page:
        words = words_of("ru" if speaks_russian(question) else "en")
        where += f", {words[f'unit_{passage.page.unit}']} {passage.page.page_number}"
    elif passage.time:
        where += f", {clock(passage.time.at_seconds)}"
    return f"{where}: {absolute(hit_url(passage), base)}"


def _citations(citations: tuple[Citation, ...], base: str) -> list[dict[str, object]]:
    return [
        {**citation_out(citation).model_dump(mode="json", by_alias=True), "url": absolute(hit_url(c.passage), base)}
        for citation in citations
        for c in (citation.hit,)
    ]
