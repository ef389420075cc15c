"""Lines of code in a text: between fences, as Markdown writes them, so that everybody who reads the text knows them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate

FENCE = "```"


def fenced(lines: Iterable[str]) -> list[str]:
    """Lines of code between their fences; empty ones are left out, and none if there is nothing else."""
    kept = [f" {line}" if line.startswith(FENCE) else line for line in map(str.rstrip, lines) if line]
    return [FENCE, *kept, FENCE] if kept else []


def in_fences(lines: Sequence[str]) -> list[bool]:
    """For each line whether it is one of code or a fence of it; a fence that nothing closes is none."""
    fences = [line.rstrip() == FENCE for line in lines]
    if not any(fences):
        return fences
    opened = [*accumulate(fences)]
    whole = opened[-1] - opened[-1] % 2  # how many fences belong to pairs
    return [count <= whole and (count % 2 == 1 or fence) for count, fence in zip(opened, fences, strict=True)]


def code_spans(text: str) -> list[tuple[int, int]]:
    """`[start, end)` of what stands between each pair of fences, in order."""
    places = _fences(text)
    return [(first[1] + 1, last[0]) for first, last in zip(places[::2], places[1::2], strict=False)]


def fenced_spans(text: str) -> list[tuple[int, int]]:
    """The same with the fences."""
    places = _fences(text)
    return [(first[0], last[1]) for first, last in zip(places[::2], places[1::2], strict=False)]


def _fences(text: str) -> list[tuple[int, int]]:
    """`[start, end)` of the lines that are fences."""
    found: list[tuple[int, int]] = []
    start = text.find(FENCE)
    while start >= 0:
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        if text[start:end].rstrip() == FENCE and text[start - 1 : start] in ("", "\n"):
            found.append((start, end))
        start = text.find(FENCE, end)
    return found


def in_one_line(text: str) -> str:
    """A text in one line, in which nobody would know what a fence is; blanks keep the places of the words."""
    return text.replace("\n", " ").replace(FENCE, " " * len(FENCE)) if FENCE in text else text.replace("\n", " ")
