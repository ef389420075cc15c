"""The same answers in the shapes of OpenAI's API: chat completions and models, with `annotations` and `citations`."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from index.errors import NotFound
from index.later import later
from index.types import Filters
from service import sse
from service.access import Answerer, Caller, Reader
from service.answers.types import AnswerMode, Citation, Event, Said, Sentence, Started
from service.base import Base
from service.chat.conversation import Conversation, Message, read_conversation
from service.citing import cited_url
from service.deps import State
from service.schemas import citation_out
from service.state import ServiceState

if TYPE_CHECKING:
    from service.answers import answering, small_talk
    from service.chat import tasks, writing
else:
    answering = later("service.answers.answering", soon=True)
    small_talk = later("service.answers.small_talk", soon=True)
    tasks = later("service.chat.tasks", soon=True)
    writing = later("service.chat.writing", soon=True)

router = APIRouter(tags=["chat"])

ALL_COURSES = "lectures"
_OWNER = "lecture-search"
_SUGGESTED = 5
_UNREAD = {
    True: "Картинки, звук и файлы здесь не читаются; спросите словами, что в них непонятно.",
    False: "Pictures, sound and files are not read here; ask in words about what they show.",
}
_NOT_ASKED = {
    True: "Здесь нет вопроса. Спросите о том, что есть в лекциях.",
    False: "There is no question here. Ask about what is in the lectures.",
}


class StreamOptionsIn(BaseModel):
    model_config = ConfigDict(extra="ignore")

    include_usage: StrictBool | None = False


class ChatIn(BaseModel):
    """What else OpenAI's API takes (temperature, tools, …) is tolerated and changes nothing."""

    model_config = ConfigDict(extra="ignore")

    model: Annotated[str, Field(max_length=100, description="The slug of a course, or `lectures` for all")] = (
        ALL_COURSES
    )
    messages: Annotated[list[Message], Field(min_length=1, description="Any number, with texts of any length")]
    stream: StrictBool | None = False
    stream_options: StreamOptionsIn | None = None


class ModelOut(BaseModel):
    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str = _OWNER


class ModelsOut(BaseModel):
    object: Literal["list"] = "list"
    data: list[ModelOut]


class UsageOut(BaseModel):
    """An estimate."""

    prompt_tokens: int
    completion_tokens: int = 0
    total_tokens: int


@router.get("/models")
def models(state: State, caller: Reader) -> ModelsOut:
    """One model for each course, and `lectures` for all of them."""
    return ModelsOut(data=[ModelOut(id=name, created=0) for name in _models(state, caller)])


@router.get("/models/{model}")
def one_model(state: State, caller: Reader, model: str) -> ModelOut:
    """One of the models."""
    return ModelOut(id=_known(model, state, caller), created=0)


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
    course = None if asked.model in {ALL_COURSES, ""} else _known(asked.model, state, caller)
    filters = Filters(course=course, courses=caller.courses)
    conversation = read_conversation(asked.messages)
    head = {"id": f"chatcmpl-{secrets.token_hex(12)}", "created": int(time.time()), "model": asked.model}
    task = tasks.read_task(conversation)
    if task:
        parts = _task_done(task, state, filters)
    else:
        parts = _answered(conversation, state, filters, base, as_it_comes=bool(asked.stream))
    sent = sum(count_tokens(message.text) for message in asked.messages)
    if asked.stream:
        with_usage = asked.stream_options is not None and bool(asked.stream_options.include_usage)
        chunks = _chunks(parts, head, sent, with_usage=with_usage)
        return StreamingResponse(chunks, media_type=sse.MEDIA_TYPE, headers=sse.HEADERS)
    return Response(json.dumps(_completion(parts, head, sent), ensure_ascii=False), media_type="application/json")


class _End(BaseModel):
    """What stands beside the text of a message."""

    citations: list[dict[str, object]] = []
    degraded: list[str] = []


def _answered(
    conversation: Conversation, state: ServiceState, filters: Filters, base: str, *, as_it_comes: bool
) -> Iterator[writing.Piece | _End]:
    """The pieces of an answer: as they are ready, where what a model began and did not finish is marked as void, or of
    the whole answer alone."""
    asked = conversation.question or " ".join(turn.text for turn in conversation.history if turn.role == "user")
    russian = small_talk.in_russian(asked, [turn.text for turn in conversation.history if turn.role == "user"])
    writer = writing.Writer(base, russian)
    if not conversation.question:
        said = _UNREAD if conversation.unread else _NOT_ASKED
        return iter([writing.Piece(said[russian]), _End()])
    # begun here: what is wrong with the request is said before a stream begins
    events = state.answering(conversation.question, filters, conversation.history, explain_terms=True)
    if not as_it_comes:
        events = iter([answering.last_answer(events)])
    return _written(events, writer, _UNREAD[russian] if conversation.unread else "", base)


def _written(events: Iterator[Event], writer: writing.Writer, remark: str, base: str) -> Iterator[writing.Piece | _End]:
    if remark:
        writer.text = f"{remark}\n\n"
        yield writing.Piece(writer.text)
    streamed: list[Sentence] = []
    quoted = True
    for event in events:
        if isinstance(event, Started):
            quoted = event.answer.mode is AnswerMode.EXTRACTIVE
            if (note := writer.note(event.answer)).text:
                yield note
        elif isinstance(event, Said):
            streamed.append(event.sentence)
            yield writer.sentence(event, quoted=quoted)
        else:
            if streamed and tuple(streamed) == event.sentences:
                yield writer.sources(event.citations)
            else:
                if streamed:
                    yield writer.void()
                yield writer.answer(event)
            yield _End(citations=_citations(event.citations, base), degraded=list(event.degraded))


def _task_done(task: tasks.Task, state: ServiceState, filters: Filters) -> Iterator[writing.Piece | _End]:
    index = state.index()

    def suggest(begun: str) -> Sequence[str]:
        return [found.text for found in index.suggest(begun, _SUGGESTED, filters)]

    done = tasks.perform(task, lambda query: state.find(query, index), suggest, filters)
    return iter([writing.Piece(done), _End()])


def _completion(parts: Iterator[writing.Piece | _End], head: dict[str, object], sent: int) -> dict[str, object]:
    content, end = "", _End()
    annotations: list[dict[str, object]] = []
    for part in parts:
        if isinstance(part, writing.Piece):
            content += part.text
            annotations += part.annotations
        else:
            end = part
    beside = end.model_dump()
    message = {"role": "assistant", "content": content, "refusal": None, "annotations": annotations}
    return {
        **head,
        "object": "chat.completion",
        "choices": [
            {"index": 0, "message": {**message, "citations": end.citations}, "finish_reason": "stop", "logprobs": None}
        ],
        "usage": _usage(sent, content),
        **beside,
    }


def _chunks(
    parts: Iterator[writing.Piece | _End], head: dict[str, object], sent: int, *, with_usage: bool
) -> Iterator[str]:
    """Chunks as OpenAI sends them."""
    head = {**head, "object": "chat.completion.chunk", **({"usage": None} if with_usage else {})}

    def chunk(delta: dict[str, object], finish: str | None = None, **more: Any) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return sse.write_event(json.dumps({**head, "choices": [choice], **more}, ensure_ascii=False))

    yield chunk({"role": "assistant", "content": ""})
    content = ""
    for part in parts:
        if isinstance(part, writing.Piece):
            content += part.text
            yield chunk({"content": part.text, **({"annotations": part.annotations} if part.annotations else {})})
        else:
            yield chunk({}, "stop", **part.model_dump())
    if with_usage:
        whole = {**head, "choices": [], "usage": _usage(sent, content)}
        yield sse.write_event(json.dumps(whole, ensure_ascii=False))
    yield sse.write_event("[DONE]")


def _models(state: ServiceState, caller: Caller) -> list[str]:
    return [ALL_COURSES, *(slug for slug in state.index().generation.number_of if caller.may_read(slug))]


def _known(name: str, state: ServiceState, caller: Caller) -> str:
    if name not in _models(state, caller):
        raise NotFound(f"There is no model {name!r:.80}; GET /v1/models lists those there are.")
    return name


def count_tokens(text: str) -> int:
    """About how many tokens a text is: tokenisers make one of some four bytes. Nothing here is charged by them."""
    return -(-len(text.encode()) // 4)


def _usage(sent: int, content: str) -> dict[str, int]:
    said = count_tokens(content)
    return UsageOut(prompt_tokens=sent, completion_tokens=said, total_tokens=sent + said).model_dump()


def _citations(citations: tuple[Citation, ...], base: str) -> list[dict[str, object]]:
    return [
        {**citation_out(citation).model_dump(mode="json", by_alias=True), "url": cited_url(citation, base)}
        for citation in citations
    ]
