"""A hit in speech → its stretch, the second at which what was asked is said, and the sentence that says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from index.engine.build import latin_language
from index.text.analysis import find_terms
from index.text.moments import find_moment, hear
from index.text.snippet import make_snippet, make_spoken_snippet
from index.types import IndexedPassage, Snippet, TimePlace


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


def at(place: TimePlace, second: float) -> TimePlace:
    """A stretch that opens at a second of it."""
    return replace(place, said_at=min(max(round(second, 1), place.start_seconds), place.end_seconds))
