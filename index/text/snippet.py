"""Passage text + query terms → a short stretch of the text around the best matches, with offsets to highlight."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import fsum

from index.text.analysis import Token, find_terms
from index.types import Snippet

_CHARS = 240
_BREAK = re.compile(r"\n+|(?<=[.!?…])\s+")


def make_snippet(text: str, skip: int, weights: Mapping[str, float], language: str = "en") -> Snippet:
    """The stretch of at most about 240 characters that holds most of the weighted terms.

    The first `skip` characters (a title that is shown anyway) are left out if anything follows them.
    """
    start_at = skip if len(text) > skip else 0
    tokens = find_terms(text, weights, language)
    pieces = _pieces(text, start_at)
    if not pieces:
        return Snippet("", ())
    best = _best_piece(pieces, tokens, weights)
    start, end = pieces[best]
    return _shown(text, start, _filled(text, start, end, pieces[best + 1 :]), tokens)


def make_spoken_snippet(
    text: str, sentence: tuple[int, int], sentences: Sequence[tuple[int, int]], tokens: Sequence[Token]
) -> Snippet:
    """A sentence of speech with what follows it, as far as a snippet goes."""
    start, end = sentence
    later = [other for other in sentences if other[0] >= end]
    return _shown(text, start, _filled(text, start, end, later), tokens)


def _filled(text: str, start: int, end: int, later: Sequence[tuple[int, int]]) -> int:
    """The end of a snippet that takes in whole pieces as long as there is room."""
    for _, piece_end in later:
        if piece_end - start > _CHARS:
            break
        end = piece_end
    return _cut(text, start, min(end, start + _CHARS)) if end - start > _CHARS else end


def _shown(text: str, start: int, end: int, tokens: Sequence[Token]) -> Snippet:
    shown = text[start:end].rstrip()
    spans = [(t.start - start, t.end - start) for t in tokens if start <= t.start and t.end <= start + len(shown)]
    return Snippet(shown.replace("\n", " "), tuple(dict.fromkeys(spans)))


@lru_cache(maxsize=2_000)
def _pieces(text: str, start_at: int) -> tuple[tuple[int, int], ...]:
    """Lines and sentences as `[start, end)`, long ones broken at words."""
    pieces: list[tuple[int, int]] = []
    start = start_at
    for end, following in [*((m.start(), m.end()) for m in _BREAK.finditer(text, start_at)), (len(text), len(text))]:
        while end - start > _CHARS:
            cut = _cut(text, start, start + _CHARS)
            pieces.append((start, cut))
            start = cut
        if text[start:end].strip():
            pieces.append((start + len(text[start:end]) - len(text[start:end].lstrip()), end))
        start = following
    return tuple(pieces)


def _cut(text: str, start: int, end: int) -> int:
    """The last word's end before `end`, or `end` itself in a text without spaces."""
    space = text.rfind(" ", start + 1, end)
    return space if space > start else end


def _best_piece(pieces: tuple[tuple[int, int], ...], tokens: list[Token], weights: Mapping[str, float]) -> int:
    """The piece from which a snippet holds the most of the terms; the first of equals."""
    best, best_score, first = 0, 0.0, 0
    for number, (start, end) in enumerate(pieces):
        while first < len(tokens) and tokens[first].start < start:
            first += 1
        if first == len(tokens):
            break
        if tokens[first].start >= end and number + 1 < len(pieces):
            continue  # a later piece begins nearer to the same terms
        inside = set()
        for token in tokens[first:]:
            if token.end > start + _CHARS:
                break
            inside.add(token.term)
        # exactly rounded: a sum in the order of a set would choose among equals differently in each process
        score = fsum(weights[term] for term in inside)
        if score > best_score:
            best, best_score = number, score
    return best
