"""Server-sent events, written and read as https://html.spec.whatwg.org/multipage/server-sent-events.html says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

MEDIA_TYPE = "text/event-stream"
HEADERS = {"Cache-Control": "no-store"}
_LINE_END = re.compile(r"\r\n|\n|\r")
_SCHEMA = {"type": "object", "properties": {"event": {"type": "string"}, "data": {"type": "string"}}}


class Event(NamedTuple):
    """`name` is `message` where the sender gave none."""

    name: str
    data: str


def write_event(data: str, name: str = "") -> str:
    """An event as it is sent; text of several lines is sent in as many."""
    head = f"event: {name}\n" if name else ""
    return head + "".join(f"data: {line}\n" for line in _LINE_END.split(data)) + "\n"


def event_responses(description: str) -> Mapping[int | str, dict[str, Any]]:
    """What the description of the API says of a route that sends events."""
    return {200: {"content": {MEDIA_TYPE: {"schema": _SCHEMA}}, "description": description}}


class EventReader:
    """Text as it comes, cut anywhere → events. What says nothing to us (`id`, `retry`, comments) is passed over.

    Only a line feed, a carriage return or both end a line: `str.splitlines`, by which HTTP clients cut a response,
    also ends one at characters that may stand in the middle of a sentence, such as U+2028.
    """

    def __init__(self) -> None:
        self._rest = ""
        self._ended_by_return = False
        self._first = True
        self._name = ""
        self._data: list[str] = []

    def read(self, text: str) -> Iterator[Event]:
        """The events that end in this piece of text."""
        if not text:
            return
        if self._ended_by_return:  # what ended the last line may have been cut in two
            text = text.removeprefix("\n")
        self._ended_by_return = text.endswith("\r")
        *lines, self._rest = _LINE_END.split(self._rest + text)
        for line in lines:
            event = self._read_line(line)
            if event is not None:
                yield event

    def _read_line(self, line: str) -> Event | None:
        if self._first:
            self._first, line = False, line.removeprefix("\ufeff")
        if not line:
            event = Event(self._name or "message", "\n".join(self._data)) if self._data else None
            self._name, self._data = "", []
            return event
        field, _, value = line.partition(":")  # a comment begins with the colon: its field is empty
        value = value.removeprefix(" ")
        if field == "event":
            self._name = value
        elif field == "data":
            self._data.append(value)
        return None
