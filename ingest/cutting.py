"""A long text → pieces of it: cut between lines, not in code where that can be, not behind what announces a line.

What is cut in the middle of code is code on both sides: its fences are closed and opened again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from index.text.fences import FENCE, in_fences

_ANNOUNCES = re.compile(r"[:：]\s*$")
_SENTENCE_END = re.compile(r"[.!?…]\s")
_FREE, _INSIDE_CODE, _TIED = range(3)  # how much is lost where it is cut before a line


class _Line(NamedTuple):
    """`bond` is what is lost where it is cut before this line, `is_inside` whether that is in the middle of code."""

    text: str
    bond: int
    is_inside: bool


def cut_text(
    text: str, most: int, ends: Callable[[str, str, int], bool] = lambda _before, _line, _size: False
) -> list[str]:
    """A text in pieces of at most about `most` characters, at least one.

    `ends` says of a line, the next one and how much stands before that whether a piece may end there early."""
    if len(text) <= most:
        return [text]
    lines = [*_lines(text, most)]
    pieces: list[str] = []
    start = end = size = 0
    while end < len(lines):
        line = lines[end]
        full = size + len(line.text) > most
        if end > start and (full or (line.bond == _FREE and ends(lines[end - 1].text, line.text, size))):
            end = _best_end(lines, start, end, most) if full else end
            pieces.append(_written(lines, start, end))
            start, size = end, 0
            continue
        size += len(line.text) + 1
        end += 1
    return [*pieces, _written(lines, start, end)]


def _best_end(lines: list[_Line], start: int, end: int, most: int) -> int:
    """Where a piece ends that has no room for line `end`: the last place in its second half where the least is lost."""
    best, size = end, sum(len(line.text) + 1 for line in lines[start:end])
    for place in range(end, start, -1):
        if size < most // 2 or lines[best].bond == _FREE:
            break
        if lines[place].bond < lines[best].bond:
            best = place
        size -= len(lines[place - 1].text) + 1
    return best


def _written(lines: list[_Line], start: int, end: int) -> str:
    own = [line.text for line in lines[start:end]]
    before = [FENCE] if lines[start].is_inside else []
    after = [FENCE] if end < len(lines) and lines[end].is_inside else []
    return "\n".join([*before, *own, *after])


def _lines(text: str, most: int) -> Iterator[_Line]:
    lines = text.split("\n")
    before, is_open = "", False
    for line, is_code in zip(lines, in_fences(lines), strict=True):
        is_fence = is_code and line.rstrip() == FENCE
        # code does not begin with the end of a piece, nor end with the beginning of one
        tied = _ANNOUNCES.search(before) is not None if not is_open else is_fence or before.rstrip() == FENCE
        bond = _TIED if tied else _INSIDE_CODE if is_open else _FREE
        for number, part in enumerate(_parts(line, most)):
            yield _Line(part, bond, is_open) if not number else _Line(part, _INSIDE_CODE if is_code else _FREE, is_open)
        is_open ^= is_fence
        before = line


def _parts(line: str, most: int) -> Iterator[str]:
    """A line in pieces, cut at the end of a sentence, else at a space, where one is near."""
    start = 0
    while len(line) - start > most:
        half, last = start + most // 2, start + most
        sentences = [found.end() for found in _SENTENCE_END.finditer(line, half, last)]
        cut = sentences[-1] if sentences else max(line.rfind(" ", half, last), 0) or last
        yield line[start:cut].strip() if start else line[:cut].rstrip()
        start = cut
    yield line[start:].lstrip() if start else line
