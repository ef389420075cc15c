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
    inside = [False] * len(lines)
    for first, last in _pairs(lines):
        inside[first : last + 1] = [True] * (last + 1 - first)
    return inside


def code_spans(text: str) -> list[tuple[int, int]]:
    """`[start, end)` of what stands between each pair of fences, in order."""
    return [(opening[1] + 1, closing[0]) for opening, closing in _fences(text)]


def fenced_spans(text: str) -> list[tuple[int, int]]:
    """The same with the fences."""
    return [(opening[0], closing[1]) for opening, closing in _fences(text)]


def parted(text: str) -> list[tuple[bool, tuple[int, int]]]:
    """A text in its order, `(whether it is code, [start, end))`, without the fences."""
    found: list[tuple[bool, tuple[int, int]]] = []
    at = 0
    for opening, closing in _fences(text):
        found += [(False, (at, opening[0])), (True, (opening[1] + 1, closing[0]))]
        at = closing[1]
    return [part for part in [*found, (False, (at, len(text)))] if part[1][0] < part[1][1]]


def code_and_prose(quote: str) -> list[tuple[bool, str]]:
    """A quote of code in its order, `(whether it is code, what is said)`: without fences it is code as a whole, with
    them it has the sentence that leads to the code."""
    if FENCE not in quote.split("\n"):
        return [(True, quote)]
    parts = [(is_code, quote[start:end].strip("\n")) for is_code, (start, end) in parted(quote)]
    return [part for part in parts if part[1]]


def _fences(text: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """`[start, end)` of the lines that are fences, in pairs."""
    if FENCE not in text:
        return []
    lines = text.split("\n")
    starts = [0, *accumulate(len(line) + 1 for line in lines)]
    spans = [(start, start + len(line)) for start, line in zip(starts, lines, strict=False)]
    return [(spans[first], spans[last]) for first, last in _pairs(lines)]


def _pairs(lines: Sequence[str]) -> list[tuple[int, int]]:
    """The numbers of lines that open and close a stretch of code."""
    fences = [number for number, line in enumerate(lines) if line.rstrip() == FENCE]
    return list(zip(fences[::2], fences[1::2], strict=False))


def in_one_line(text: str) -> str:
    """A text in one line, in which nobody would know what a fence is; blanks keep the places of the words."""
    return text.replace("\n", " ").replace(FENCE, " " * len(FENCE)) if FENCE in text else text.replace("\n", " ")
