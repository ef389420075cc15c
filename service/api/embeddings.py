"""Texts → vectors of the embedder that searches, in the shape of OpenAI's API."""

from __future__ import annotations

import base64
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from index.errors import InvalidRequest, NotFound
from service.access import Embedding
from service.api.chat import ALL_COURSES, UsageOut, count_tokens
from service.deps import State

router = APIRouter(tags=["chat"])

# What a small model embeds in some seconds on two cores; a text that is longer than a page is cut by most.
MAX_TEXTS, MAX_TEXT_CHARS = 256, 8_000


_TEXT = {"type": "string", "minLength": 1, "maxLength": MAX_TEXT_CHARS, "pattern": r"\S"}
# What the description says; what is read is more, so that each refusal can be a sentence.
_INPUT = WithJsonSchema({"anyOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1, "maxItems": MAX_TEXTS}]})


class EmbeddingsIn(BaseModel):
    model_config = ConfigDict(extra="ignore")

    model: Annotated[str, Field(max_length=200, description="The embedder of this service, or `lectures`")] = (
        ALL_COURSES
    )
    input: Annotated[
        str | list[str] | list[int] | list[list[int]],
        _INPUT,
        Field(description="A text, or some; numbers of tokens are refused"),
    ]
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: Annotated[int | None, Field(ge=1, description="No other than the embedder's own")] = None
    input_type: Annotated[
        Literal["passage", "query"],
        Field(description="Some embedders read what is searched and what is found differently"),
    ] = "passage"


class EmbeddingOut(BaseModel):
    object: Literal["embedding"] = "embedding"
    index: int
    embedding: list[float] | str = Field(description="In base64: little-endian numbers of 32 bits")


class EmbeddingsOut(BaseModel):
    object: Literal["list"] = "list"
    model: str
    data: list[EmbeddingOut]
    usage: UsageOut


@router.post("/embeddings")
def embeddings(state: State, caller: Embedding, asked: EmbeddingsIn) -> EmbeddingsOut:  # noqa: ARG001  (who may search)
    """The vectors of texts: of length one, or zero where nothing in a text is known."""
    name = state.settings.embedder
    if state.embedder is None:
        raise NotFound("There is no embedder here: LECTURES_EMBEDDER is none, and searches go by words alone.")
    if asked.model not in {name, state.embedder.name, ALL_COURSES}:
        raise NotFound(f"There is no embedder {asked.model!r:.80}; this service embeds with {name!r:.80}.")
    own = state.embedder.dimension
    if asked.dimensions not in {None, own}:
        raise NotFound(f"The embedder makes vectors of {own} numbers, not {asked.dimensions}; leave dimensions out.")
    texts = _texts(asked.input)
    vectors = state.embed(texts, as_queries=asked.input_type == "query").astype("<f4")
    as_text = asked.encoding_format == "base64"
    data = [
        EmbeddingOut(index=number, embedding=base64.b64encode(row.tobytes()).decode() if as_text else row.tolist())
        for number, row in enumerate(vectors)
    ]
    tokens = sum(map(count_tokens, texts))
    return EmbeddingsOut(model=name, data=data, usage=UsageOut(prompt_tokens=tokens, total_tokens=tokens))


def _texts(given: str | list[str] | list[int] | list[list[int]]) -> list[str]:
    texts = [given] if isinstance(given, str) else given
    if not texts or len(texts) > MAX_TEXTS:
        raise InvalidRequest(f"input holds {len(texts):,} texts; send 1 to {MAX_TEXTS} at once.")
    checked: list[str] = []
    for number, text in enumerate(texts, 1):
        if not isinstance(text, str):
            raise InvalidRequest(
                "input holds numbers of tokens; send the texts themselves: each embedder has tokens of its own."
            )
        if not text.strip() or len(text) > MAX_TEXT_CHARS:
            raise InvalidRequest(f"Text {number} has {len(text):,} characters; send 1 to {MAX_TEXT_CHARS:,} of each.")
        checked.append(text)
    return checked
