"""A quote → the same with the sentence that its beginning points back to, with what its end leads on to, and with the
rest of the list that it ends in.

How long a quote is (`lengths.py`) is a matter of characters; here its sense goes beyond them, but not far.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from index.text.fences import code_spans, fenced_spans
from service.answers.blocks import Span, blocks_of, plain
from service.answers.leaning import leads_on, leans_back, points_back, turns_away
from service.answers.pieces import skipped
from service.answers.speech import spoken_in
from service.answers.units import Unit

_LED_CHARS = 260  # before and behind a quote: what it points back to, and what it leads on to
_SHORT_CHARS = 24  # of what says nothing by itself above a block of code: "For example:"
_LISTED_CHARS = 400  # behind a quote: the rest of a list
# An item of a list in notes: further in, or with a mark or a number.
_ITEM = re.compile(r"(?:[ \t]{2,}|[ \t]*(?:[•▪◦●■*–—-]|\d{1,2}[.)])[ \t])")


def made_whole(unit: Unit, taken: Sequence[Span], *, is_first: bool = False) -> Unit:
    """A quote with what it leans on, as far as other quotes of its place have not `taken` that. Of speech what points
    back to a quote goes with the one that `is_first` alone: people who speak never cease to say "and that"."""
    if unit.piece.is_code:
        return _with_lead_in(unit, taken)
    if unit.piece.is_cited:
        return unit
    text, run = unit.hit.passage.text, run_of(unit)
    start, end = unit.start, unit.piece.end
    least = max((stop for _, stop in taken if stop <= start), default=0)
    before = [first for first, _ in run if max(least, start - _LED_CHARS) <= first < start]
    for first in reversed(before):
        if not leans_back(text[start:end]) or turns_away(text[first:start]):
            break
        start = first
    most = min((first for first, _ in taken if first >= end), default=len(text))
    told = is_first or unit.hit.passage.time is None
    last = max((first for first, _ in run if first < end), default=start)
    for first, stop in (span for span in run if end <= span[0] and span[1] <= most):
        listed = _ITEM.match(text, last) is not None and _ITEM.match(text, first) is not None
        if turns_away(text[first:stop]):
            break
        goes_on = leads_on(text[start:end]) or (told and points_back(text[first:stop]))
        if stop - unit.piece.end > (_LISTED_CHARS if listed else _LED_CHARS) or not (listed or goes_on):
            break
        last, end = first, stop
    return between(unit, start, end)


def _with_lead_in(unit: Unit, taken: Sequence[Span]) -> Unit:
    """A whole block of code with the sentence above it, unless that is quoted; the fences stand between them."""
    fences = fences_of(unit)
    if fences is None:
        return unit
    text = unit.hit.passage.text
    above = (run for run in _runs(unit) if run and run[-1][1] <= fences[0] and not text[run[-1][1] : fences[0]].strip())
    least = max((stop for start, stop in taken if start < fences[1]), default=0)
    start = fences[0]
    for first, _ in reversed(next(above, ())):
        said = text[start : fences[0]]
        if first < max(least, fences[0] - _LED_CHARS) or (len(said) > _SHORT_CHARS and not leans_back(said)):
            break
        start = first
    return unit if start == fences[0] else between(unit, start, fences[1])


def fences_of(unit: Unit) -> Span | None:
    """Where the fences begin and end between which a piece of code is all; None where it is cut, or has none."""
    text = unit.hit.passage.text
    for whole, inner in zip(fenced_spans(text), code_spans(text), strict=True):
        if inner[0] <= unit.start < inner[1]:
            return whole if text[slice(*inner)].strip("\n") == unit.text.strip("\n") else None
    return None


def run_of(unit: Unit) -> Sequence[Span]:
    """The run of lines that a piece of a page stands in, none for code; the sentences that one person says."""
    passage = unit.hit.passage
    if passage.time is not None:
        sentences, unsaid = spoken_in(passage.text, passage.times, passage.time.start_seconds)
        first = max((cut for _, cut in unsaid if cut <= unit.start), default=0)
        last = min((cut for cut, _ in unsaid if cut >= unit.piece.end), default=len(passage.text))
        return [span for span in sentences if first <= span[0] and span[1] <= last]
    return next((run for run in _runs(unit) if is_within(unit.start, run)), ())


def _runs(unit: Unit) -> Iterator[Sequence[Span]]:
    """The runs of lines of a page that say something."""
    passage = unit.hit.passage
    return blocks_of(passage.text, skipped(passage.text, passage.title), plain(passage.title), names=False)


def is_within(place: int, run: Sequence[Span]) -> bool:
    return bool(run) and run[0][0] <= place < run[-1][1]


def between(unit: Unit, start: int, end: int) -> Unit:
    """What its passage says from one place to another."""
    said = unit.hit.passage.text[start:end]
    text = said.strip()
    return replace(unit, piece=replace(unit.piece, text=text, start=start + said.index(text)))
