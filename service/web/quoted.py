"""The words by which a link names a quote → the quote marked in what is looked at: in what is said, in the text of a
slide, and on its picture, over which an SVG with the marks is laid."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Path, Response
from fastapi import Query as Parameter
from starlette.concurrency import run_in_threadpool

from index.errors import NotFound, SourceFileError
from index.store.catalogue import deck_details
from index.store.places import PageAt
from index.text.quotes import MAX_CHARS, find_quote, named_by, quote_span, spans_of, words_of
from index.types import DeckEntry, Readable
from service.access import Viewer
from service.deps import State
from service.links import with_quote
from service.refusals import Overloaded
from service.schemas import CitationOut, ProgrammeLocatorOut
from service.state import ServiceState
from service.web.place import Place
from service.web.results import hit_place
from service.web.study import Line, Study

router = APIRouter()

QuoteText = Annotated[str, Parameter(max_length=MAX_CHARS)]

_WIDTH = 1_000
_CACHE = "private, max-age=300"
# Words whose tops differ by less than this share of their height stand in one line.
_IN_LINE = 0.5

# (word, left, top, right, bottom), in shares of the page
_Word = tuple[str, float, float, float, float]


def cited_place(citation: CitationOut, place: Place) -> str:
    """Where a citation leads: to its place, with its quote marked there."""
    url = hit_place(citation.hit, place)
    return url if isinstance(citation.hit.locator, ProgrammeLocatorOut) else with_quote(url, named_by(citation.quote))


def mark_quote(study: Study, named: str) -> Study:
    """The same with a quote marked: in the text of the slide that was opened, or in what is said from the opened second
    on, where nothing else is marked then. What is not there is not marked."""
    if not named:
        return study
    if isinstance(study.opened, PageAt):
        text = study.frame.page.text if study.frame else ""
        span = quote_span(text, named)
        # the words of a picture may be cut otherwise: there a quote is found by its words, not by their hash
        return replace(study, quote=named_by(text[slice(*span)]), quoted=span) if span else study
    lines = [line for stretch in study.stretches for line in stretch]
    marks = _marks_of_lines(lines, named, study.now)
    if not marks:
        return study
    marked = (tuple(replace(line, marks=marks.get(line.number, ())) for line in own) for own in study.stretches)
    return replace(study, stretches=tuple(marked))


def _marks_of_lines(lines: Sequence[Line], named: str, now: int) -> dict[int, tuple[tuple[int, int], ...]]:
    """The stretch of each line, by its number, that belongs to a quote; of equals the one from the line `now` on."""
    words = [(line.number, span) for line in lines for span in spans_of(line.text)]
    opened = next((i for i, (number, _) in enumerate(words) if number >= now), 0)
    found = find_quote([word for line in lines for word in words_of(line.text)], named, opened)
    marks: dict[int, tuple[tuple[int, int], ...]] = {}
    for number, (start, end) in words[slice(*found)] if found else ():
        marks[number] = ((marks[number][0][0] if number in marks else start, end),)
    return marks


@router.get("/quoted/{deck_id}/{page_number}.svg")
async def quoted(
    state: State,
    caller: Viewer,
    deck_id: Annotated[int, Path(ge=1, le=2**31 - 1)],
    page_number: Annotated[int, Path(ge=1, le=100_000)],
    quote: QuoteText = "",
) -> Response:
    """Marks to lay over the picture of a page: where the quote stands, or nothing where that is not known."""
    deck = await run_in_threadpool(_pictured, state, caller.courses, deck_id, page_number)
    try:
        path = await state.pictures.words(str(deck.pictures_sha256), page_number)
        drawn = quote_marks(json.loads(await run_in_threadpool(path.read_bytes)), quote)
    except (SourceFileError, Overloaded):
        drawn = quote_marks({"shape": 1, "words": []}, "")
    headers = {"Cache-Control": _CACHE, "Content-Security-Policy": "default-src 'none'; sandbox"}
    return Response(drawn, headers=headers, media_type="image/svg+xml")


def _pictured(state: ServiceState, readable: Readable, deck_id: int, page_number: int) -> DeckEntry:
    with state.library.database.reading() as connection:
        deck = deck_details(connection, deck_id, readable)
    if not deck.is_pictured or page_number > deck.page_count:
        raise NotFound(f"There is no picture of page {page_number} of deck {deck_id}.")
    return deck


def quote_marks(page: dict[str, object], named: str) -> str:
    """An SVG of the shape of a page with a rectangle for each line of the quote; it holds numbers alone."""
    height = round(_WIDTH * float(str(page["shape"])))
    known: list[_Word] = [tuple(word) for word in page["words"]]  # type: ignore[attr-defined]
    lines: list[list[float]] = []
    found = find_quote([word.casefold() for word, *_ in known], named)
    for _, left, top, right, bottom in known[slice(*found)] if found else ():
        line = lines[-1] if lines else None
        if line and left >= line[0] and abs(top - line[1]) < _IN_LINE * (bottom - top):
            line[:] = [line[0], min(line[1], top), max(line[2], right), max(line[3], bottom)]
        else:
            lines.append([left, top, right, bottom])
    marks = "".join(
        f'<rect x="{left * _WIDTH:.0f}" y="{top * height:.0f}" width="{max(right - left, 0) * _WIDTH:.0f}" '
        f'height="{max(bottom - top, 0) * height:.0f}" rx="4"/>'
        for left, top, right, bottom in lines
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}" '
        f'fill="#ffe48a">{marks}</svg>'
    )
