"""A transcript → its sentences, without what nobody says: who speaks next, and time codes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from index.text.moments import hear

Span = tuple[int, int]

# Captions name who speaks next in capitals: "… it is. JANE EXAMPLE Yes.", "AUDIENCE MEMBER 2 It means …".
_NAME = r"[A-Z][A-Z.'’-]{3,}"
_CUE = re.compile(
    rf"(?:^|(?<=[.!?…]))\s*(?:{_NAME}(?:\s{_NAME}){{1,3}}(?:\s\d{{1,2}})?|(?:AUDIENCE|SPEAKER|STUDENT)(?:\s\d{{1,2}})?)"
    r"[.:]?(?=\s+[A-ZА-ЯЁ\"«“]|\s*$)\s*"
)
_CAPITALS = re.compile(r"[A-Z]{4}")  # no cue without them
_TIME_CODE = re.compile(r"\s*\b\d{1,2}:\d\d:\d\d(?:\.\d{1,3})?\b\s*")


def spoken_in(text: str, times: str, start_seconds: float) -> tuple[Sequence[Span], Sequence[Span]]:
    """The sentences of speech, and what stands between them that nobody says: no piece holds it."""
    _, sentences = hear(text, times, start_seconds)
    unsaid = _unsaid_in(text)
    return (sentences if not unsaid else [*_without(sentences, unsaid)]), unsaid


def _without(sentences: Iterable[Span], unsaid: Sequence[Span]) -> Iterator[Span]:
    """What is left of sentences around what nobody says."""
    for start, end in sentences:
        begin = start
        for first, last in unsaid:
            if begin < last and first < end:
                if first > begin:
                    yield begin, first
                begin = last
        if begin < end:
            yield begin, end


def _unsaid_in(speech: str) -> tuple[Span, ...]:
    """Where a transcript names who speaks next, or tells the time."""
    found = [match.span() for match in _TIME_CODE.finditer(speech)] if ":" in speech else []
    if _CAPITALS.search(speech):
        found += [match.span() for match in _CUE.finditer(speech)]
    return tuple(sorted(found))
