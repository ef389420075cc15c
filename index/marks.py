"""Texts in their order → short marks, by which a place is known again after its course was taken up anew.

A mark is fifteen letters: seven of what the place says, two each of what is said before and after it, four of the file
that it is in. The file's letters say at once that nothing has changed; the first seven find a place that moved; the
neighbours' tell apart places that say the same ("Questions?").
"""

from __future__ import annotations

import base64
import hashlib
from bisect import bisect_left
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

# Lengths in letters of five bits. Among 100,000 pages the chance that a page that is gone is taken for another one
# is one in 340,000 by its words, and that a changed file is taken for the one it was, one in a million.
_SAID, _BESIDE, _FILE = 7, 2, 4
LENGTH = _SAID + 2 * _BESIDE + _FILE
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz234567")
_FEW_WORDS = 10  # "Questions?", "Overview of the course" stand in many decks: alone they identify nothing


class Mark(NamedTuple):
    """What a mark says: of the place, of what stands before and after it, and of its file."""

    said: str
    before: str
    after: str
    file: str

    def beside(self, other: Mark) -> int:
        """How many of the two neighbours both have in common."""
        return (self.before == other.before) + (self.after == other.after)


def read_mark(text: str) -> Mark | None:
    """The parts of a mark, or None if it is none."""
    if len(text) != LENGTH or not _LETTERS.issuperset(text):
        return None
    before, after = _SAID + _BESIDE, _SAID + 2 * _BESIDE
    return Mark(text[:_SAID], text[_SAID:before], text[before:after], text[after:])


def short_hash(text: str, letters: int) -> str:
    """The first letters of a text's hash."""
    return base64.b32encode(hashlib.sha256(text.encode()).digest()).decode().lower()[:letters]


def file_mark(identity: str) -> str:
    """The letters of a file: its SHA-256, or for what is elsewhere its address."""
    return short_hash(f"file\0{identity}", _FILE)


def name_mark(name: str) -> str:
    """A mark of a name: the key of a lecture, the address of a deck."""
    return short_hash(f"name\0{name}", 8)


def address_name(name: str) -> str:
    """A path as it stands in an address; what lies elsewhere by a mark and its last part, since proxies do not let
    the slashes of one address through in another."""
    if "://" not in name:
        return name
    last = name.split("?", 1)[0].rstrip("/").rsplit("/", 1)[-1]
    return f"~{name_mark(name)}/{last}"


def is_telling(text: str) -> bool:
    """Whether a place can be known by its words alone."""
    return len(text.split()) >= _FEW_WORDS


def place_marks(texts: Sequence[str], identity: str) -> list[str]:
    """A mark for each of the texts of one file (the pages of a deck, the segments of a recording), in their order.

    `identity` names the file. A place without words is known by its file and number alone. Neighbouring places that
    say the same are known by their number among all of them: if one of those goes, nobody can say which it was.
    """
    words = [" ".join(text.split()).casefold() for text in texts]
    runs = [(key, len(list(same))) for key, same in groupby(words)]
    file = file_mark(identity)
    marks: list[str] = []
    for i, (said, length) in enumerate(runs):
        before, after = _neighbours(runs, i, identity)
        for number in range(length):
            if not said:
                own = f"{identity}\0{len(marks)}"
            else:
                own = said if length == 1 else f"{said}\0{number}\0{length}"
            beside = [short_hash(f"{text}\0{number}", _BESIDE) for text in (before, after)]
            marks.append("".join([short_hash(own, _SAID), *beside, file]))
    return marks


def _neighbours(runs: Sequence[tuple[str, int]], i: int, identity: str) -> tuple[str, str]:
    """What is said before and after a run. At an end it is what stands one further on the other side: all covers
    begin a deck, and that says nothing."""
    before = runs[i - 1][0] if i else runs[2][0] if len(runs) > 2 else identity
    after = runs[i + 1][0] if i + 1 < len(runs) else runs[-3][0] if len(runs) > 2 else identity
    return before or identity, after or identity


def segment_at(starts: Sequence[float], second: float) -> int:
    """Which segment of a transcript a second is in; `starts` are those of its segments in order.

    Addresses hold whole seconds: a segment that starts anywhere within that second is meant already.
    """
    return max(bisect_left(starts, int(second) + 1) - 1, 0)
