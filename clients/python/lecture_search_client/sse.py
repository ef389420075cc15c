"""Server-sent events as they come → events, as https://html.spec.whatwg.org/multipage/server-sent-events.html says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_LINE_END = re.compile(r"\r\n|\n|\r")


class Event(NamedTuple):
    """`name` is `message` where the sender gave none."""

    name: str
    data: str


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
