"""A hit in speech → its stretch, the second at which what was asked is said, and the sentence that says it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from index.engine.build import latin_language
from index.text.analysis import find_terms
from index.text.moments import find_moment, hear, pack_times, unpack_times
from index.text.snippet import make_snippet, make_spoken_snippet
from index.types import IndexedPassage, Snippet, TimePlace


def said_together(passages: Sequence[IndexedPassage]) -> IndexedPassage:
    """Neighbouring stretches of one recording as one passage, which keeps the name of the first."""
    first = passages[0]
    if len(passages) == 1 or first.time is None:
        return first
    times: list[tuple[int, float]] = []
    texts: list[str] = []
    chars, end = 0, first.time.end_seconds
    for passage in passages:
        place = passage.time
        if place is None or place.video_id != first.time.video_id:
            break
        times += [(chars + char, second) for char, second in unpack_times(passage.times, place.start_seconds)]
        texts.append(passage.text)
        chars += len(passage.text) + 1
        end = place.end_seconds
    return replace(
        first,
        text=" ".join(texts),
        place=replace(first.time, end_seconds=end),
        times=pack_times(times, first.time.start_seconds),
    )


def with_moment(passage: IndexedPassage, weights: Mapping[str, float]) -> tuple[IndexedPassage, Snippet]:
    """A stretch of speech that opens where the weighted terms are said, and the sentence that says them."""
    language = latin_language(passage)
    place = passage.time
    if place is None:
        return passage, make_snippet(passage.text, 0, weights, language)
    times, sentences = hear(passage.text, passage.times, place.start_seconds)
    tokens = find_terms(passage.text, weights, language)
    moment = find_moment(tokens, times, sentences, weights)
    if moment is None:
        return passage, make_snippet(passage.text, 0, weights, language)
    snippet = make_spoken_snippet(passage.text, (moment.start, moment.end), sentences, tokens)
    return (replace(passage, place=at(place, moment.at_seconds)) if times else passage), snippet


def with_mark(passage: IndexedPassage, minutes: Sequence[IndexedPassage]) -> IndexedPassage:
    """A stretch with the mark of the minute in which it opens: whole seconds, as addresses hold them."""
    place = passage.time
    if place is None or len(minutes) == 1:
        return passage
    begun = [minute.time for minute in minutes if minute.time and minute.time.start_seconds < int(place.at_seconds) + 1]
    return replace(passage, place=replace(place, mark=begun[-1].mark)) if begun else passage


def at(place: TimePlace, second: float) -> TimePlace:
    """A stretch that opens at a second of it."""
    return replace(place, said_at=min(max(round(second, 1), place.start_seconds), place.end_seconds))
