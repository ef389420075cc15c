"""Results of a search → what the page shows of them: hits with folded twins, counts for filters, where they lie."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter

from index.search.found import MAX_LIMIT, Found
from index.types import Coverage, Facets, Filters, Hit, IndexedPassage, Kind, PagePlace, TimePlace
from service.finding import search_out
from service.links import kept_url, lecture_url
from service.schemas import HitOut, ProgrammeLocatorOut, SearchOut
from service.web.place import Place

PAGE_SIZE = 10
_STRIP_LECTURES = 6


@dataclass(frozen=True, slots=True)
class Mark:
    """A hit on the strip of its lecture; `at` is in percent of the deck's pages or of the video's time."""

    at: float
    kind: Kind
    url: str
    label: str


@dataclass(frozen=True, slots=True)
class Strip:
    """Where in a lecture the hits lie."""

    position: int
    title: str
    url: str
    marks: list[Mark]


@dataclass(frozen=True, slots=True)
class ShownHit:
    """A hit with the older editions that are folded under it."""

    hit: HitOut
    url: str
    aligned_url: str | None
    older: list[tuple[HitOut, str]]


@dataclass(frozen=True, slots=True)
class ResultsView:
    found: SearchOut
    hits: list[ShownHit]
    kinds: list[tuple[Kind, int]]
    lectures: list[tuple[str, str, int]]
    strips: list[Strip]
    missed: bool
    took_ms: float


def results_view(
    found: Found, place: Place, filters: Filters, lengths: Mapping[tuple[str, int], float], started: float
) -> ResultsView:
    """What the page shows of one search over all that its address leaves; `filters` choose among what was found.

    `lengths` are pages of decks (`page`, id) and seconds of videos (`time`, id): what the strips are measured by.
    `started` is the `perf_counter` at which the search began.
    """
    whole = found.hits(MAX_LIMIT)
    chosen = found.narrow(filters.lecture, filters.kinds)
    shown = search_out(chosen, chosen.hits(PAGE_SIZE, place.offset, explain=True), 0.0)
    known = {hit.passage.lecture_id: hit.passage for hit in whole}
    facets = found.facets
    return ResultsView(
        shown,
        fold_twins(shown.hits, place),
        _kinds(facets),
        [(_lecture_of(known[key]), known[key].lecture_title, n) for key, n in facets.lectures if key in known],
        _strips(whole, place, lengths),
        found.coverage is Coverage.ABSENT or found.total == 0,
        round((perf_counter() - started) * 1000, 1),
    )


def fold_twins(hits: Sequence[HitOut], place: Place) -> list[ShownHit]:
    """Hits in order; an older edition of a slide lies under the newer one where both are on this page."""
    by_id = {hit.id: ShownHit(hit, hit_place(hit, place), aligned_place(hit, place), []) for hit in hits}
    shown = []
    for hit in hits:
        newer = by_id.get(hit.twin_of or "")
        if newer is not None and newer.hit.id != hit.id:
            newer.older.append((hit, hit_place(hit, place)))
        else:
            shown.append(by_id[hit.id])
    return shown


def hit_place(hit: HitOut, place: Place) -> str:
    """Where a click on a hit leads: beside the list, or for a line of the programme to its lecture."""
    return place.plain(hit.place) if isinstance(hit.locator, ProgrammeLocatorOut) else place.look(hit.place)


def aligned_place(hit: HitOut, place: Place) -> str | None:
    """The other side of a hit, looked at beside the list."""
    return place.look(hit.aligned.place) if hit.aligned else None


def _lecture_of(passage: IndexedPassage) -> str:
    return lecture_url(passage.course_slug, passage.lecture_position, passage.lecture_mark)


def _kinds(facets: Facets) -> list[tuple[Kind, int]]:
    counts = dict(facets.kinds)
    return [(kind, counts[kind]) for kind in Kind if kind in counts]


def _strips(hits: Iterable[Hit], place: Place, lengths: Mapping[tuple[str, int], float]) -> list[Strip]:
    strips: dict[int, Strip] = {}
    for hit in hits:
        passage = hit.passage
        mark = _mark(passage, place, lengths)
        if mark is None:
            continue
        if passage.lecture_id not in strips:
            if len(strips) == _STRIP_LECTURES:
                continue
            url = place.plain(_lecture_of(passage))
            strips[passage.lecture_id] = Strip(passage.lecture_position, passage.lecture_title, url, [])
        strips[passage.lecture_id].marks.append(mark)
    return list(strips.values())


def _mark(passage: IndexedPassage, place: Place, lengths: Mapping[tuple[str, int], float]) -> Mark | None:
    match passage.place:
        case PagePlace() as page:
            length = lengths.get(("page", page.deck_id))
            at, label = page.page_number - 0.5, passage.title or str(page.page_number)
        case TimePlace() as time:
            length = lengths.get(("time", time.video_id))
            at, label = time.start_seconds, passage.text[:60]
        case None:
            return None
    if not length:
        return None
    return Mark(round(min(100 * at / length, 100), 1), passage.kind, place.look(kept_url(passage)), label)
