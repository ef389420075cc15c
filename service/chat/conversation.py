"""The messages of a chat → the question, and what of the conversation before it matters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict

from index.later import later
from index.search.search import MAX_QUERY_CHARS, clean_query
from service.answers.types import Turn

if TYPE_CHECKING:
    from service.chat import writing
else:
    writing = later("service.chat.writing", soon=True)

_TURNS, _TURN_CHARS = 20, 4_000  # of the conversation that a question may lean on; what is older only keeps its numbers
_TALKING = frozenset({"user", "assistant"})
_TEXTS = frozenset({"text", "input_text", "output_text"})


def _listed(value: object) -> object:
    if isinstance(value, str):
        return [{"type": "text", "text": value}]
    if value is not None and not isinstance(value, list):
        raise ValueError("what a message says is a text or a list of parts")
    return value or []


class Part(BaseModel):
    """Texts are read; of pictures, sound and files it is known that they are there."""

    model_config = ConfigDict(extra="ignore")

    type: str = "text"
    text: str | None = None


class Message(BaseModel):
    """Instructions, names and calls of tools are tolerated and not followed."""

    model_config = ConfigDict(extra="ignore")

    role: Literal["user", "assistant", "system", "developer", "tool", "function"]
    content: Annotated[list[Part], BeforeValidator(_listed, json_schema_input_type=str | list[Part] | None)] = []

    @property
    def text(self) -> str:
        return "\n".join(part.text for part in self.content if part.type in _TEXTS and part.text)

    @property
    def unread(self) -> int:
        """How many parts are no text."""
        return sum(part.type not in _TEXTS for part in self.content)


@dataclass(frozen=True, slots=True)
class Conversation:
    """`question` is empty where no message of a user says anything, or the last one holds no text but what cannot be
    read; `unread` counts that; `asked` is the whole text of that message."""

    question: str
    asked: str
    history: tuple[Turn, ...]
    unread: int


def read_conversation(messages: Sequence[Message]) -> Conversation:
    """What is asked last, after what; empty if nothing is asked.

    A conversation may be as long as a request may be: the last turns are read, of a long text what asks something.
    """
    asking = [
        at for at, message in enumerate(messages) if message.role == "user" and (message.text.strip() or message.unread)
    ]
    if not asking:
        return Conversation("", "", (), 0)
    last = messages[asking[-1]]
    before = [message for message in messages[: asking[-1]] if message.role in _TALKING]
    history = tuple(
        Turn(
            message.role,
            _turn_text(message) if at >= len(before) - _TURNS else "",
            writing.cited_in(message.text) if message.role == "assistant" else (),
        )
        for at, message in enumerate(before)
    )
    question = question_in(last.text)
    return Conversation(question, last.text, tuple(turn for turn in history if turn.text or turn.cited), last.unread)


def _turn_text(message: Message) -> str:
    """What an earlier message said: of a long one of the user what it asked, since that is what was answered."""
    long = message.role == "user" and len(message.text) > MAX_QUERY_CHARS
    return question_in(message.text) if long else message.text[:_TURN_CHARS]


def question_in(text: str) -> str:
    """What a text asks, short enough to be searched: of a long one the last paragraph with a question mark, or the
    last of all."""
    if not text.strip():
        return ""
    if len(text) > MAX_QUERY_CHARS:
        paragraphs = [line for line in text.splitlines() if line.strip()]
        text = next((line for line in reversed(paragraphs) if "?" in line), paragraphs[-1])[-MAX_QUERY_CHARS:]
    return clean_query(text)
