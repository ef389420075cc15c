"""Cues → segments: stretches of about a minute that start and end with sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from index.text.moments import pack_times
from index.types import Segment
from ingest.captions import Cue

# Part of a transcript's identity, like captions.PARSER.
SEGMENTER = "segments-2"

# Windows of 60 s found section starts best (research on 29 lectures); a segment may grow to end a sentence.
_TARGET_SECONDS = 60.0
_MAX_SECONDS = 90.0
_MIN_SECONDS = 20.0
_PAUSE_SECONDS = 1.5
_SILENCE_SECONDS = 0.7  # between two captions: what is said before it does not last until the next
_SENTENCE_END = re.compile(r"[.!?…][\"'»”)\]]*$")


def merge_cues(cues: Sequence[Cue]) -> tuple[Segment, ...]:
    """Neighbouring cues merged; a segment ends at a sentence's end, else at a pause, else at a word."""
    segments: list[Segment] = []
    start = 0
    while start < len(cues):
        end = _best_end(cues, start)
        chosen = cues[start:end]
        text = " ".join(cue.text for cue in chosen)
        begun = round(chosen[0].start_seconds, 3)
        times = pack_times(_times(chosen), begun)
        segments.append(Segment(begun, round(chosen[-1].end_seconds, 3), text, times))
        start = end
    return tuple(segments)


def _times(cues: Sequence[Cue]) -> Iterator[tuple[int, float]]:
    """(character of the merged text, second) of every word or caption whose time is known, and where speech stops."""
    place = 0
    for i, cue in enumerate(cues):
        yield place, cue.start_seconds
        yield from ((place + char, second) for char, second in cue.words)
        place += len(cue.text)
        last = i + 1 == len(cues)
        if last or cues[i + 1].start_seconds - cue.end_seconds >= _SILENCE_SECONDS:
            yield place, cue.end_seconds
        place += 1


def _best_end(cues: Sequence[Cue], start: int) -> int:
    """The exclusive end of the segment that starts at `start`: the best-scored boundary within reach."""
    begun = cues[start].start_seconds
    best, best_score = start + 1, -1e9
    for i in range(start, len(cues)):
        length = cues[i].end_seconds - begun
        if length > _MAX_SECONDS and i > start:
            break
        last = i + 1 == len(cues)
        pause = 0.0 if last else cues[i + 1].start_seconds - cues[i].end_seconds
        score = -abs(length - _TARGET_SECONDS) / _TARGET_SECONDS
        if _SENTENCE_END.search(cues[i].text):
            score += 1.0
        if pause >= _PAUSE_SECONDS:
            score += 0.5
        if length < _MIN_SECONDS:
            score -= 1.0
        if last:
            score += 1.0
        if score > best_score:
            best, best_score = i + 1, score
    return best
