"""Server-sent events, written as https://html.spec.whatwg.org/multipage/server-sent-events.html says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MEDIA_TYPE = "text/event-stream"
HEADERS = {"Cache-Control": "no-store"}
_LINE_END = re.compile(r"\r\n|\n|\r")
_SCHEMA = {"type": "object", "properties": {"event": {"type": "string"}, "data": {"type": "string"}}}


def write_event(data: str, name: str = "") -> str:
    """An event as it is sent; text of several lines is sent in as many."""
    head = f"event: {name}\n" if name else ""
    return head + "".join(f"data: {line}\n" for line in _LINE_END.split(data)) + "\n"


def event_responses(description: str) -> Mapping[int | str, dict[str, Any]]:
    """What the description of the API says of a route that sends events."""
    return {200: {"content": {MEDIA_TYPE: {"schema": _SCHEMA}}, "description": description}}
