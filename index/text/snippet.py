"""Passage text + query terms → a short stretch of the text around the best matches, with offsets to highlight."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import fsum

from index.text.analysis import find_terms
from index.text.fences import FENCE, in_one_line
from index.text.lines import is_strewn, leads_elsewhere, may_lead_elsewhere
from index.text.symbols import Token
from index.types import Snippet

_CHARS = 240
_BREAK = re.compile(r"\n+|(?<=[.!?…])\s+")


def make_snippet(text: str, skip: int, weights: Mapping[str, float], language: str = "en") -> Snippet:
    """The stretch of at most about 240 characters that holds most of the weighted terms, those of its first line twice.

    The first `skip` characters (a title that is shown anyway) are left out if anything follows them. Addresses,
    references and the remains of formulas are passed over, if need be for a line without any of the terms; empty where
    there is nothing else.
    """
    start_at = skip if len(text) > skip else 0
    tokens = find_terms(text, weights, language)
    pieces, plain = _pieces(text, start_at)
    best = _best_piece(text, pieces, tokens, weights, plain=plain)
    if best is None:
        return Snippet("", ())
    start, end = pieces[best]
    return _shown(text, start, _filled(text, start, end, pieces[best + 1 :], plain=plain), tokens)


def make_spoken_snippet(
    text: str, sentence: tuple[int, int], sentences: Sequence[tuple[int, int]], tokens: Sequence[Token]
) -> Snippet:
    """A sentence of speech with what follows it, as far as a snippet goes."""
    start, end = sentence
    later = [other for other in sentences if other[0] >= end]
    return _shown(text, start, _filled(text, start, end, later, plain=True), tokens)


def _filled(text: str, start: int, end: int, later: Sequence[tuple[int, int]], *, plain: bool) -> int:
    """The end of a snippet that takes in whole pieces as long as there is room, up to the last that says something."""
    for piece_start, piece_end in later:
        if piece_end - start > _CHARS or (not plain and leads_elsewhere(text[piece_start:piece_end])):
            break
        if not is_strewn(text[piece_start:piece_end]):
            end = piece_end
    return _cut(text, start, min(end, start + _CHARS)) if end - start > _CHARS else end


def _shown(text: str, start: int, end: int, tokens: Sequence[Token]) -> Snippet:
    shown = text[start:end].rstrip().removesuffix(f"\n{FENCE}").rstrip()
    spans = [(t.start - start, t.end - start) for t in tokens if start <= t.start and t.end <= start + len(shown)]
    return Snippet(in_one_line(shown), tuple(dict.fromkeys(spans)))


@lru_cache(maxsize=2_000)
def _pieces(text: str, start_at: int) -> tuple[tuple[tuple[int, int], ...], bool]:
    """Lines and sentences as `[start, end)`, long ones broken at words, and whether none of them leads elsewhere."""
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
    return tuple(pieces), not may_lead_elsewhere(text)


def _cut(text: str, start: int, end: int) -> int:
    """The last word's end before `end`, or `end` itself in a text without spaces."""
    space = text.rfind(" ", start + 1, end)
    return space if space > start else end


def _best_piece(
    text: str,
    pieces: tuple[tuple[int, int], ...],
    tokens: list[Token],
    weights: Mapping[str, float],
    *,
    plain: bool,
) -> int | None:
    """The piece from which a snippet holds the most of the terms, the more of them itself; the first of equals. Without
    terms the first that says something, None where none does."""
    best, best_score, first = None, 0.0, 0
    for number, (start, end) in enumerate(pieces):
        while first < len(tokens) and tokens[first].start < start:
            first += 1
        if first == len(tokens):
            break
        if tokens[first].start >= end:
            continue  # a later piece begins nearer to the same terms
        own, after = set[str](), set[str]()
        for token in tokens[first:]:
            if token.end > start + _CHARS:
                break
            (own if token.start < end else after).add(token.term)
        # exactly rounded: a sum in the order of a set would choose among equals differently in each process
        score = fsum([2 * weights[term] for term in own] + [weights[term] for term in after - own])
        if score > best_score and _says_something(text[start:end], plain=plain):
            best, best_score = number, score
    if best is not None:
        return best
    saying = (number for number, (start, end) in enumerate(pieces) if _says_something(text[start:end], plain=plain))
    return next(saying, None)


def _says_something(piece: str, *, plain: bool) -> bool:
    return piece.strip() != FENCE and not is_strewn(piece) and (plain or not leads_elsewhere(piece))
