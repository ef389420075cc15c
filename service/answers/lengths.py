"""A piece that was chosen → as much of what stands around it as is worth reading with it, word for word.

Pieces are compared as they are, short; what answers often stands a line further. A slide is looked at whole, so that
its lines around the piece are quoted with it; people who speak take more words, so that only the first quote of what
they say goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from index.text.fences import FENCE
from service.answers.blocks import Span
from service.answers.bounds import between, fences_of, is_within, made_whole, run_of
from service.answers.ends import goes_on
from service.answers.leaning import turns_away
from service.answers.lines import is_strewn
from service.answers.pieces import HEADING_END, reach
from service.answers.speech import spoken_in
from service.answers.units import Unit

_PAGE_CHARS = 480  # of a quote of a page
_FIRST_CHARS = 640  # of the quote that is read first, if it is of speech
_GAP_CHARS, _MOST_CHARS = 200, 1200  # between two quotes that are joined, and of what they make


def at_length(units: Sequence[Unit], *, pages: bool = True) -> list[Unit]:
    """Chosen pieces, in order, each as long as it is worth; one that another one has grown over is left out, two that
    are near each other are one. Without `pages` those of pages that have a picture stay as they are."""
    grown: list[Unit] = []
    for number, unit in enumerate(units):
        if any(_holds(other, unit) for other in grown):
            continue
        others = [other for other in units if other is not unit and other.rank == unit.rank]
        taken = [(own.start, own.piece.end) for own in grown if own.rank == unit.rank]
        page = unit.hit.passage.page
        if page is None:
            grown.append(made_whole(_of_speech(unit, others) if not number else unit, taken, is_first=not number))
        elif pages or not page.is_pictured:
            grown.append(made_whole(_of_page(unit, taken, others), taken))
        else:
            grown.append(unit)
    return _joined(grown)


def _joined(units: Iterable[Unit]) -> list[Unit]:
    """Quotes in their order; one that is near a quote of the same place goes with it, and with what is between them."""
    joined: list[Unit] = []
    for unit in units:
        near = next((number for number, other in enumerate(joined) if _are_near(other, unit)), None)
        if near is None:
            joined.append(unit)
        else:
            joined[near] = _as_one(joined[near], unit)
    return joined


def _as_one(one: Unit, other: Unit) -> Unit:
    """Two quotes with what is between them; code with the fence behind it."""
    start, end = min(one.start, other.start), max(one.piece.end, other.piece.end)
    code = one if one.piece.is_code else other
    if code.piece.is_code and (fences := fences_of(code)) is not None:
        end = max(end, fences[1])
    return between(code if code.piece.is_code else one, start, end)


def _are_near(one: Unit, other: Unit) -> bool:
    """Whether what is between two quotes can be quoted with them: little, and all of it said by who says them, or lines
    of one run. Code is near to what leads to it."""
    if one.rank != other.rank or one.piece.is_cited or other.piece.is_cited:
        return False
    if one.piece.is_code or other.piece.is_code:
        return _is_led_to(*sorted((one, other), key=lambda unit: unit.start))
    first, last = sorted((one, other), key=lambda unit: unit.start)
    if last.start - first.piece.end > _GAP_CHARS or last.piece.end - first.start > _MOST_CHARS:
        return False
    passage = one.hit.passage
    if passage.time is not None:
        _, unsaid = spoken_in(passage.text, passage.times, passage.time.start_seconds)
        return not any(first.start < cut < last.piece.end for cut, _ in unsaid)
    return is_within(last.start, run_of(first))


def _is_led_to(first: Unit, last: Unit) -> bool:
    """Whether one quote is prose and the other the code right below it, whole."""
    if first.piece.is_code or last.piece.end - first.start > _MOST_CHARS:
        return False
    if last.start <= first.piece.end:
        return True  # the sentence above a block of code that was quoted with it
    return fences_of(last) is not None and first.hit.passage.text[first.piece.end : last.start].strip() == FENCE


def _holds(one: Unit, other: Unit) -> bool:
    return one.rank == other.rank and one.start <= other.start and other.piece.end <= one.piece.end


def _of_speech(unit: Unit, others: Iterable[Unit]) -> Unit:
    """A piece with as many of the next sentences as so many characters hold, up to the next piece of its minute."""
    passage, place = unit.hit.passage, unit.hit.passage.time
    if place is None:
        return unit
    sentences, unsaid = spoken_in(passage.text, passage.times, place.start_seconds)
    end = unit.piece.end
    cuts = [cut for cut, _ in unsaid if cut >= end]
    turns = (start for start, stop in sentences if start >= end and turns_away(passage.text[start:stop]))
    limit = min(
        [
            unit.start + _FIRST_CHARS,
            *cuts,
            *islice(turns, 1),
            *(other.start for other in others if other.start > unit.start),
        ]
    )
    return between(unit, unit.start, reach(end, (stop for _, stop in sentences if stop > end), limit))


def _of_page(unit: Unit, taken: Sequence[Span], others: Sequence[Unit]) -> Unit:
    """A piece with the lines behind it, and then with those before it, of the run of lines that it stands in, as far as
    so many characters hold, nothing of what other quotes of the page have `taken`, and none of `others` in part."""
    piece = unit.piece
    if piece.is_code or piece.is_cited:
        return unit
    text, run = unit.hit.passage.text, run_of(unit)
    start, end = piece.start, piece.end
    behind = [span for span in run if span[1] > end and not any(end <= first < span[1] for first, _ in taken)]
    for first, stop in behind:
        if stop - start > _PAGE_CHARS or turns_away(text[max(first, end) : stop]):
            break
        if not _cuts(stop, others) and _is_whole(text[start:stop].rstrip()):
            end = stop
    starts = [first for first, _ in run if first < start and not any(first < last <= start for _, last in taken)]
    for first in reversed(starts):
        if end - first > _PAGE_CHARS or turns_away(text[first:end]):
            break
        if not _cuts(first, others):
            start = first
    longer = between(unit, start, end)
    return unit if is_strewn(longer.text) else longer


def _cuts(place: int, others: Iterable[Unit]) -> bool:
    return any(other.start < place < other.piece.end for other in others)


def _is_whole(said: str) -> bool:
    return not goes_on(said) and HEADING_END.search(said) is None
