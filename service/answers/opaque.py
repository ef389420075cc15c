"""A text in Markdown → where in it code and formulas stand, which are no Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator

_RUNS = re.compile("`+")
# Formulas between dollars or \\( \\) and \\[ \\].
_FORMULA = re.compile(
    r"\$\$[^$`]{1,2000}\$\$|\$(?=\S)[^$\n`]{1,600}(?<=\S)\$(?!\d)|\\\([^\n`]{1,600}?\\\)|\\\[[^\n`]{1,600}?\\\]"
)
_BLOCK_TICKS = 3  # code between so many backticks may have several lines


def code_of(text: str) -> Iterator[tuple[int, int]]:
    """`[start, end)` of code, which ends at as many backticks as it begins with (CommonMark)."""
    runs = [match.span() for match in _RUNS.finditer(text)]
    ends: dict[int, int] = {}  # the next run of each length
    closed_by: list[int | None] = [None] * len(runs)
    for number in range(len(runs) - 1, -1, -1):
        long = runs[number][1] - runs[number][0]
        closed_by[number] = ends.get(long)
        ends[long] = number
    number = 0
    while number < len(runs):
        closing = closed_by[number]
        start, inside = runs[number]
        number += 1
        if closing is None:
            continue
        if inside - start >= _BLOCK_TICKS or text.find("\n", inside, runs[closing][0]) < 0:
            yield start, runs[closing][1]
            number = closing + 1


def formulas_in(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """`[start, end)` of what stands between the signs of formulas there."""
    for match in _FORMULA.finditer(text, start, end):
        yield match.span()


def is_block(code: str) -> bool:
    """Whether code is a block of lines, which stands apart."""
    return code.startswith("`" * _BLOCK_TICKS) and "\n" in code
