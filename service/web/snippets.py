"""The text of a hit → what a reader sees of it: from a sentence or a word on, in lines, without strewn formulas."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from index.later import later
from index.text.fences import FENCE, in_one_line, parted

if TYPE_CHECKING:
    from service.answers import code
    from service.answers import pieces as answer_pieces
else:
    code = later("service.answers.code", soon=True)
    answer_pieces = later("service.answers.pieces", soon=True)


# a text cut at its highlights: (text, whether it is highlighted)
Pieces = list[tuple[str, bool]]
Spans = Iterable[tuple[int, int]]

_BULLET = re.compile(r"^\s*[•▪◦●■‣∙·*–—█\ue000-\uf8ff-]\s+")
_INNER_BULLET = re.compile(r"\s+[•▪◦●■‣█\ue000-\uf8ff]\s+")
_ENDS = (".", "!", "?", "…", ":", ";")
_GOES_ON = (*_ENDS, ",", "(", "-", "–", "—", "=")


def pieces(text: str, highlights: Spans) -> Pieces:
    """A text cut at its highlights."""
    cut: Pieces = []
    at = 0
    for start, end in highlights:
        if start < at:
            continue
        cut += [(text[at:start], False), (text[start:end], True)]
        at = end
    return [piece for piece in [*cut, (text[at:], False)] if piece[0]]


def code_parted(text: str, highlights: Spans) -> list[tuple[bool, Pieces]]:
    """The text of a page in its order, cut at its highlights: `(whether it is code, pieces)`, without the fences."""
    marks = list(highlights)
    parts = []
    for is_code, (start, end) in parted(text):
        said = text[start:end].strip("\n")
        first = start + len(text[start:end]) - len(text[start:end].lstrip("\n"))
        own = [(max(a - first, 0), min(b - first, len(said))) for a, b in marks if a < first + len(said) and b > first]
        if said:
            parts.append((is_code, pieces(said, own)))
    return parts


def readable(text: str, highlights: Sequence[tuple[int, int]], source: str) -> Pieces:
    """A snippet of `source`, in which line breaks are blanks: its lines and bullets apart, without formulas that the
    text of the file has strewn about, and with "…" where it begins or ends within a sentence."""
    start = in_one_line(source).find(text)
    original = source[start : start + len(text)] if start >= 0 else text
    shown: Pieces = []
    before = source[: max(start, 0)].rstrip(" ")
    opens = start <= 0 or before.endswith(("\n", *_ENDS))
    for line_start, end in _lines(original):
        line = original[line_start:end]
        if answer_pieces.is_garbled(line):
            continue
        bullet = _BULLET.match(line)
        begin = line_start + (bullet.end() if bullet else 0)
        if not shown:
            opens = opens and (start + line_start <= 0 or not _is_inside(line))
        else:
            apart = bullet or (not shown[-1][0].rstrip().endswith(_GOES_ON) and not _is_inside(line))
            shown.append((" · " if apart else " ", False))
        own = [(max(a, begin) - begin, min(b, end) - begin) for a, b in highlights if a < end and b > begin]
        shown += [
            (_INNER_BULLET.sub(" · ", part), marked) for part, marked in pieces(original[begin:end].rstrip(), own)
        ]
    if not shown:
        return []
    after = source[start + len(text) :].lstrip(" ") if start >= 0 else ""
    closes = not after or text.rstrip().endswith(_ENDS) or after.startswith("\n")
    return [*([] if opens else [("… ", False)]), *shown, *([] if closes else [(" …", False)])]


def _lines(text: str) -> list[tuple[int, int]]:
    """The lines of a text as `[start, end)`."""
    found, at = [], 0
    for line in text.split("\n"):
        if line.strip() not in ("", FENCE):
            found.append((at + len(line) - len(line.lstrip()), at + len(line)))
        at += len(line) + 1
    return found


def _is_inside(line: str) -> bool:
    """Whether a line goes on with a sentence: it begins with a small letter, and is no code."""
    first = line.lstrip()[:1]
    return first.islower() and not code.CODE.search(line)
