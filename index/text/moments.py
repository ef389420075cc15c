"""Speech and what was asked → the sentence that says it, and the second at which to begin listening.

The times of a stretch of speech are kept as a short text: pairs "characters tenths", each counted from the pair before,
the first from the start of the stretch. Between two of them the speech is taken to run evenly.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise, zip_longest

from index.text.symbols import Token

# (character of the text, second of the recording), ascending in both
Times = Sequence[tuple[int, float]]

# Times nearer than this tell little: between them the speech runs evenly enough.
_STEP_SECONDS = 0.8
# A sentence that begins at most so long before the word is heard whole; a longer one is entered this long before it.
_WHOLE_SECONDS, _LEAD_SECONDS, _LEAST_SECONDS = 3.5, 2.5, 1.0
# What is said within this many characters, some eight seconds, is said together.
_TOGETHER_CHARS = 120
# Captions without full stops are cut where the speaker pauses or a clause begins, once a piece is this long.
_PAUSE_SECONDS, _LONG_CHARS, _MAX_CHARS = 0.7, 90, 240
_SENTENCE = re.compile(r"(?<=[.!?…])[\"'»”)\]]?\s+(?=[\"'«“(\[]?[^\W\d_a-zа-яё]|\d)")
_CLAUSE = re.compile(
    r"(?<=[\w,;:])\s+(?=(?:so|and|but|because|now|okay|then|which|where|that's|this is|if|и|но|а|то есть|потому что|"
    r"поэтому|значит|если|так|теперь|когда|который|которая|которые|donc|et|mais|parce|alors|si|qui)\s)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Moment:
    """`[start, end)` of the text is the sentence; `at_seconds` is where to begin listening."""

    start: int
    end: int
    at_seconds: float


def pack_times(times: Iterable[tuple[int, float]], start_seconds: float) -> str:
    """Times as they are kept; those that are near to the ones on both sides are left out."""
    written: list[str] = []
    char = tenth = 0
    known = [*times]
    for (place, second), following in zip_longest(known, known[1:]):
        now = round(10 * (second - start_seconds))
        near = following is not None and following[1] - second < _STEP_SECONDS and now - tenth < 10 * _STEP_SECONDS
        if now < tenth or place < char or (written and near):
            continue
        written += [str(place - char), str(now - tenth)]
        char, tenth = place, now
    return " ".join(written)


def unpack_times(packed: str, start_seconds: float) -> list[tuple[int, float]]:
    """What `pack_times` kept."""
    numbers = [int(number) for number in packed.split()]
    found, char, tenth = [], 0, 0
    for more_chars, more_tenths in zip(numbers[::2], numbers[1::2], strict=False):
        char, tenth = char + more_chars, tenth + more_tenths
        found.append((char, start_seconds + tenth / 10))
    return found


def second_of(char: int, times: Times) -> float:
    """When a character of the text is spoken."""
    after = bisect_right(times, char, key=lambda time: time[0])
    if after == 0:
        return times[0][1]
    before_char, before_second = times[after - 1]
    if after == len(times):
        return before_second
    next_char, next_second = times[after]
    return before_second + (next_second - before_second) * (char - before_char) / max(next_char - before_char, 1)


def spoken_sentences(text: str, times: Times = ()) -> list[tuple[int, int]]:
    """`[start, end)` of the sentences of speech; where captions have no full stops, of its clauses."""
    found: list[tuple[int, int]] = []
    pauses = _pauses(times)
    start = 0
    for match in [*_SENTENCE.finditer(text), None]:
        end = match.start() if match else len(text)
        found += _clauses(text, start, end, pauses)
        start = match.end() if match else end
    return found


@lru_cache(maxsize=1_000)  # of the stretches that are shown most
def hear(text: str, packed: str, start_seconds: float) -> tuple[Times, Sequence[tuple[int, int]]]:
    """The times of a stretch of speech and its sentences."""
    times = tuple(unpack_times(packed, start_seconds))
    return times, tuple(spoken_sentences(text, times))


def find_moment(
    tokens: list[Token], times: Times, sentences: Sequence[tuple[int, int]], weights: Mapping[str, float]
) -> Moment | None:
    """The sentence in which most of the weighted terms are said together, and when to begin listening: 0 where no
    times are known. None where none of the terms is there."""
    if not tokens:
        return None
    char = _best_token(tokens, weights).start
    start, end = next(((s, e) for s, e in sentences if s <= char < e), (char, tokens[-1].end))
    if not times:
        return Moment(start, end, 0.0)
    return Moment(start, end, _begin(second_of(start, times), second_of(char, times), times[0][1]))


def _begin(sentence: float, word: float, first: float) -> float:
    lead = word - sentence if _LEAST_SECONDS <= word - sentence <= _WHOLE_SECONDS else _LEAD_SECONDS
    return round(max(word - lead, first), 1)


def _best_token(tokens: list[Token], weights: Mapping[str, float]) -> Token:
    """The token from which on most of the terms are said together; the first of equals."""
    best, best_score = tokens[0], -1.0
    for i, token in enumerate(tokens):
        inside = set[str]()
        for other in tokens[i:]:
            if other.end > token.start + _TOGETHER_CHARS:
                break
            inside.add(other.term)
        score = sum(weights[term] for term in inside)
        if score > best_score + 1e-9:
            best, best_score = token, score
    return best


def _clauses(text: str, start: int, end: int, pauses: Sequence[int]) -> list[tuple[int, int]]:
    """A sentence, cut where it is too long to be one: where words begin after a pause, or a clause begins."""
    found: list[tuple[int, int]] = []
    if end - start > _MAX_CHARS:
        inside = pauses[bisect_right(pauses, start) : bisect_left(pauses, end)]
        breaks = sorted({*inside, *(m.end() for m in _CLAUSE.finditer(text, start, end))})
        for place in breaks:
            if place - start >= _LONG_CHARS:
                found += _hard(text, start, place)
                start = place
    return [*found, *_hard(text, start, end)]


def _pauses(times: Times) -> list[int]:
    """Where words begin after a pause: both the end of speech and its going on are times of their own."""
    return [
        char
        for (before, left), (char, right) in pairwise(times)
        if right - left >= _PAUSE_SECONDS and char - before <= 1
    ]


def _hard(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Pieces of at most the longest length, cut at words."""
    found = []
    while end - start > _MAX_CHARS:
        space = text.rfind(" ", start + 1, start + _MAX_CHARS)
        cut = space if space > start else start + _MAX_CHARS
        found.append((start, cut))
        start = cut + (space > start)
    if text[start:end].strip():
        found.append((start, start + len(text[start:end].rstrip())))
    return found
