"""A conversation so far → the numbers of its citations: a place keeps its number from turn to turn.

Nothing is remembered between requests: what was cited before is what the client sends back with the conversation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from index.types import Hit
from service.answers.types import Citation
from service.links import hit_url, kept_url

MAX_NUMBER = 999  # a longer conversation keeps these, and counts on from them
_QUOTE = re.compile(r"[?&]quote=[^&]*")
_OURS = "/c/"  # with this begins every address of a course


class Numbers:
    """Of one answer: each citation takes the number that its place has had, or the next one that nobody has."""

    def __init__(self, cited: Iterable[tuple[int, str]] = ()) -> None:
        """`cited` are the numbers that were given before, each with the address that it stood for."""
        self._given: dict[str, list[int]] = {}
        self._last = 0
        for number, address in cited:
            given = self._given.setdefault(_place(address), [])
            if 1 <= number <= MAX_NUMBER and number not in given:
                given.append(number)
                self._last = max(self._last, number)
        for given in self._given.values():
            given.sort()

    def take(self, hit: Hit) -> int:
        """The number of a quotation of a hit. A place that is quoted twice in one answer has two."""
        for address in (kept_url(hit.passage), hit_url(hit.passage)):
            if given := self._given.get(_place(address)):
                return given.pop(0)
        self._last += 1
        return self._last


def cited_by(citations: Iterable[Citation]) -> list[tuple[int, str]]:
    """What an answer cited, as a later one is told of it."""
    return [(citation.number, hit_url(citation.hit.passage)) for citation in citations]


def _place(address: str) -> str:
    """An address without the name of the service, which may be reached by several, and without what is quoted there."""
    at = address.find(_OURS)
    return _QUOTE.sub("", address[at:]) if at >= 0 else address
