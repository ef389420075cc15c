"""Jobs that chat programs give to the model behind a conversation → answers in the form they ask for.

After each answer Open WebUI asks the same model for a title, tags and follow-up questions, as messages of a user;
LibreChat and others ask for a title. Taken for questions they would be searched, and cost calls of a language model.
They are known by their shape (a form of JSON with a known name beside a conversation, a title that is asked for one)
and are answered from what the courses have about the conversation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from index.engine.relations import is_outline
from index.search.found import Find, Found
from index.text.analysis import fold, words
from index.text.language import zipf
from index.types import Coverage, Filters, Hit, Query
from service.answers.following import standalone
from service.answers.questions import speaks_russian
from service.answers.types import Turn
from service.chat.conversation import Conversation, question_in
from service.chat.markdown import plain

Suggest = Callable[[str], Sequence[str]]


class TaskKind(StrEnum):
    """What is asked for, by the name that it has in the answer."""

    TITLE = "title"
    TAGS = "tags"
    FOLLOW_UPS = "follow_ups"
    QUERIES = "queries"
    COMPLETION = "text"


@dataclass(frozen=True, slots=True)
class Task:
    """A job about a conversation; `typed` is what is to be completed; without `as_json` the answer is bare text."""

    kind: TaskKind
    talk: tuple[Turn, ...]
    as_json: bool = True
    typed: str = ""


_TALK_BEGINS, _TALK_ENDS = "<chat_history>", "</chat_history>"
_TASK = re.compile(r"\s*#{1,4}\s*Task\b", re.IGNORECASE)
_FORM = re.compile(r"\{\s*\"(title|tags|follow_ups|queries|text)\"\s*:")
_TYPED = re.compile(r"<text>([^<]*)</text>")
_SPEAKER = re.compile(r"^[ \t]*(user|human|assistant|ai|response)[ \t]*:[ \t]*", re.IGNORECASE | re.MULTILINE)
# A title of this very conversation: "the title of the paper on dialogue systems" is what a person asks.
_TITLE_WANTED = re.compile(
    r"\b(?:generate|provide|write|create|give|suggest|make)\b.{0,120}\btitle\b.{0,60}?"
    r"\b(?:this|our|the|following)\s+(?:conversation|chat|dialogue?)\b(?!\s+(?:system|model|bot|interface|program))|"
    r"\b(?:придумай|дай|напиши|создай|сгенерируй)\w*.{0,120}\b(?:заголовок|название)\b(?:\s+\w+){0,4}?"
    r"\s+(?:(?:эт|наш|текущ)\w+\s+)(?:разговор|бесед|диалог|чат)\w{0,2}\b|"
    r"\b(?:придумай|дай|напиши|создай|сгенерируй)\w*.{0,120}\b(?:заголовок|название)\s+(?:для\s+)?"
    r"(?:разговора|беседы|диалога|чата|разговору|беседе|диалогу|чату)\b",
    re.IGNORECASE | re.DOTALL,
)
_HEAD_CHARS = 500  # where a title is asked for
_TITLE_CHARS, _QUERY_CHARS = 60, 200
_TAGS, _FOLLOW_UPS = 3, 3
_HITS = 10
_EVERYDAY = 4.0  # how common a word is from which on it is no title of its own ("итог" 4.1, "summary" 4.4)


def read_task(asked: Conversation) -> Task | None:
    """The job that the last message gives; None for what a person asks."""
    text = asked.asked
    before, begun, rest = text.partition(_TALK_BEGINS)
    inside, ended, after = rest.rpartition(_TALK_ENDS)
    marked = bool(begun and ended)
    instructions = f"{before}{after}" if marked else text
    form = _FORM.search(instructions) if marked or _TASK.match(text) else None
    talk = _turns(inside if marked else text)
    if form is not None:
        typed = _TYPED.findall(instructions)
        return Task(TaskKind(form.group(1)), talk or asked.history, typed=typed[-1] if typed else "")
    heard = talk if len(talk) > 1 else asked.history
    if heard and _TITLE_WANTED.search(text[:_HEAD_CHARS]):
        return Task(TaskKind.TITLE, heard, as_json=False)
    return None


def perform(task: Task, find: Find, suggest: Suggest, filters: Filters) -> str:
    """The answer in the form that was asked for: a JSON object of one member, or bare text."""
    value: str | list[str]
    if task.kind is TaskKind.COMPLETION:
        value = _completion(task.typed, suggest)
    else:
        questions = [turn for turn in task.talk if turn.role == "user" and question_in(turn.text)]
        asked = questions[-1].text if questions else ""
        before = task.talk[: max((at for at, turn in enumerate(task.talk) if turn.role == "user"), default=0)]
        query = standalone(question_in(asked), before)[:_QUERY_CHARS] if asked else ""
        found = find(Query(query, filters)) if query and task.kind is not TaskKind.QUERIES else None
        value = _VALUES[task.kind](query, found, task.talk)
    if not task.as_json and isinstance(value, str):
        return value
    return json.dumps({task.kind.value: value}, ensure_ascii=False)


def _turns(text: str) -> tuple[Turn, ...]:
    """The messages of a conversation that is written down with who says what."""
    marks = list(_SPEAKER.finditer(text))
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    turns = (
        Turn(
            "user" if mark.group(1).lower() in {"user", "human"} else "assistant", text[mark.end() : end].strip(' "\n')
        )
        for mark, end in zip(marks, ends, strict=False)
    )
    return tuple(turn for turn in turns if turn.text)


def _title(query: str, found: Found | None, _talk: Sequence[Turn]) -> str:
    """The title of the place that explains what is talked of, else the question itself."""
    hits = _hits(found) if found is not None and found.coverage is not Coverage.ABSENT else ()
    title = next((_name(hit) for hit in hits), query.rstrip(" ?.!"))
    return _shortened(title) or "Lectures"


def _tags(_query: str, found: Found | None, _talk: Sequence[Turn]) -> list[str]:
    """The lectures in which it is talked of."""
    hits = _hits(found) if found is not None and found.coverage is not Coverage.ABSENT else ()
    return list(dict.fromkeys(_shortened(hit.passage.lecture_title) for hit in hits))[:_TAGS] or ["General"]


def _follow_ups(query: str, found: Found | None, talk: Sequence[Turn]) -> list[str]:
    """Questions about what stands near to what was talked of, and has not been named yet."""
    said = " ".join([query, *(turn.text for turn in talk)]).casefold()
    hits = [hit for hit in _hits(found) if not is_outline(hit.passage)]
    names = dict.fromkeys(name for hit in hits for name in (_name(hit), hit.passage.lecture_title))
    new = [_shortened(name) for name in names if _is_subject(name) and name.casefold() not in said][:_FOLLOW_UPS]
    russian = speaks_russian(query)
    return [
        f"Что в курсе сказано о «{name}»?" if russian else f"What does the course say about “{name}”?" for name in new
    ]


def _queries(query: str, _found: Found | None, _talk: Sequence[Turn]) -> list[str]:
    return [query] if query else []


_VALUES: dict[TaskKind, Callable[[str, Found | None, Sequence[Turn]], str | list[str]]] = {
    TaskKind.TITLE: _title,
    TaskKind.TAGS: _tags,
    TaskKind.FOLLOW_UPS: _follow_ups,
    TaskKind.QUERIES: _queries,
}


def _completion(typed: str, suggest: Suggest) -> str:
    """What completes a text, nothing where the courses have no such beginning."""
    begun = " ".join(typed.split())[-_QUERY_CHARS:]
    if not begun:
        return ""
    whole = next((text for text in suggest(begun) if text.casefold().startswith(begun.casefold())), begun)
    return whole[len(begun) :]


def _hits(found: Found | None) -> tuple[Hit, ...]:
    return found.hits(_HITS) if found is not None else ()


def _name(hit: Hit) -> str:
    return hit.passage.title or hit.passage.lecture_title


def _is_subject(title: str) -> bool:
    """Whether a title names something; "Summary" and "Questions" alone name nothing."""
    said = words(title)
    return len(said) > 1 or any(max(zipf(fold(word), "ru"), zipf(fold(word), "en")) < _EVERYDAY for word in said)


def _shortened(text: str) -> str:
    """A title as one line, cut between words."""
    line = plain(text).strip(" .:;,")
    if len(line) <= _TITLE_CHARS:
        return line
    return line[:_TITLE_CHARS].rsplit(" ", 1)[0] + "…"
