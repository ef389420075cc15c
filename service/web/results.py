"""Results of a search → what the page shows of them: lectures with their best places, and counts to narrow by.

The order of hits is that of the API; lectures stand in the order of their best hits.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter

from index.search.found import Found, LectureHits
from index.search.opinion import is_of_encoder
from index.text.quotes import words_of
from index.types import Coverage, Filters, Hit, Kind, Reason
from service.finding import search_out
from service.links import lecture_url
from service.schemas import HitOut, ProgrammeLocatorOut, RewriteOut, SearchOut, hit_out
from service.web.place import Place
from service.web.rails import Rail, rails_of
from service.web.snippets import Pieces, pieces, readable
from service.web.why import Why, why_found

# Numbers of lectures → the pages of their decks under (`page`, id), the seconds of their videos under (`time`, id).
Measure = Callable[[Collection[int]], Mapping[tuple[str, int], float]]

PAGE_SIZE = 10  # hits, where one lecture is shown
LECTURES = 6  # to a page
_PLACES = 12  # about so many hits to a page of lectures
_LEAST, _FEW = 3, 2
_ON_RAILS = 24
_HEARD = 3
_FACETS = 20
_GUESSES = frozenset({Reason.TYPO, Reason.TRANSLITERATION, Reason.SPLIT, Reason.JOINED, Reason.TRANSLATION})


@dataclass(frozen=True, slots=True)
class ShownHit:
    """A hit as it is shown, with the older editions that are folded under it; `title` is empty where it would only
    repeat the lecture's."""

    hit: HitOut
    title: Pieces
    snippet: Pieces
    url: str
    aligned_url: str | None
    why: Why | None
    older: list[tuple[HitOut, str]]

    @property
    def spoken(self) -> list[str]:
        """Of what was found in speech the longest words, each once, in their order: what is heard at that second."""
        found = list({text.casefold(): text for text, is_marked in self.snippet if is_marked}.values())
        longest = sorted(found, key=len, reverse=True)[:_HEARD]
        return [word for word in found if word in longest]


@dataclass(frozen=True, slots=True)
class Group:
    """A lecture: its best hits, how many more it has and where they are, and where all of them lie in it."""

    position: int
    title: Pieces
    course: str
    url: str
    hits: list[ShownHit]
    more: int
    more_url: str
    rails: list[Rail]


@dataclass(frozen=True, slots=True)
class LectureFacet:
    """A lecture to narrow by; its address, and how many hits it has of the chosen kind."""

    address: str
    course: str
    course_title: str
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class ResultsView:
    """`kinds` holds those that the search has at all, each with its hits in the chosen lecture."""

    found: SearchOut
    groups: list[Group]
    kinds: list[tuple[Kind, int]]
    lectures: list[LectureFacet]
    whole: int
    missed: bool
    took_ms: float
    previous: int | None
    next: int | None
    weights: Mapping[str, float]

    @property
    def notice(self) -> str:
        """What a person is told of what is degraded, by its name in the languages; nothing where nothing is."""
        reasons = self.found.degraded
        if not reasons:
            return ""
        return "by_words" if all(is_of_encoder(reason) for reason in reasons) else "degraded"


def results_view(found: Found, place: Place, filters: Filters, measure: Measure, started: float) -> ResultsView:
    """What the page shows of one search over all that its address leaves; `filters` choose among what was found.

    `measure` tells what the rails of the lectures that are shown are measured by.
    `started` is the `perf_counter` at which the search began.
    """
    chosen = found.narrow(filters.lecture, filters.kinds)
    lectures = chosen.lectures
    groups, step, count = _groups(chosen, lectures, place, filters, measure)
    counts = dict(found.narrow(filters.lecture).facets.kinds)
    has = dict(found.facets.kinds)
    out = search_out(chosen, (), 0.0)
    out.rewrites = telling_readings(out, [shown.hit for group in groups for shown in group.hits])
    return ResultsView(
        out,
        fold_twins(groups, place),
        [(kind, counts.get(kind, 0)) for kind in Kind if kind in has],
        [_facet(lecture) for lecture in found.narrow(kinds=filters.kinds).lectures[:_FACETS]],
        found.total,
        found.coverage is Coverage.ABSENT or found.total == 0,
        round((perf_counter() - started) * 1000, 1),
        max(place.offset - step, 0) if place.offset else None,
        place.offset + step if place.offset + step < count else None,
        found.weights,
    )


def telling_readings(found: SearchOut, hits: Iterable[HitOut]) -> list[RewriteOut]:
    """The readings that are worth telling a person: those in another keyboard layout, and those by which something was
    found that is shown. In a course that does not have what was asked, a guess is none."""
    shown = {match["reason"] for hit in hits for match in _matches(hit)}
    absent = found.coverage is Coverage.ABSENT
    return [
        rewrite
        for rewrite in found.rewrites
        if rewrite.reason is Reason.LAYOUT
        or (rewrite.reason in shown and not (absent and rewrite.reason in _GUESSES))
        or rewrite.reason is Reason.DESCRIBED
    ]


def _matches(hit: HitOut) -> list[dict[str, object]]:
    terms = (hit.explanation or {}).get("terms", ())
    return [dict(term) for term in terms] if isinstance(terms, list | tuple) else []


def _groups(
    chosen: Found,
    lectures: Sequence[LectureHits],
    place: Place,
    filters: Filters,
    measure: Measure,
) -> tuple[list[Group], int, int]:
    """The groups of a page, how many places or lectures a page has, and how many there are of them."""
    within = filters.lecture is not None
    shown = lectures if within else lectures[place.offset : place.offset + LECTURES]
    lengths = measure([one.lecture_id for one in shown]) if shown else {}
    if within:
        groups = [_group(chosen, one, place, PAGE_SIZE, place.offset, lengths) for one in shown]
        return groups, PAGE_SIZE, chosen.total
    each = max(_LEAST, _PLACES // len(shown)) if shown else 0
    return [_group(chosen, one, place, each, 0, lengths) for one in shown], LECTURES, len(lectures)


def _group(
    chosen: Found, own: LectureHits, place: Place, limit: int, offset: int, lengths: Mapping[tuple[str, int], float]
) -> Group:
    within = chosen.narrow(own.lecture_id)
    hits = within.hits(limit, offset, explain=True)
    # of a lecture that holds one place more than are shown that place is shown as well
    more = own.count - offset - len(hits)
    if 0 < more <= _FEW and not place.lecture:
        hits, more = within.hits(limit + more, offset, explain=True), 0
    rest = within.passages(_ON_RAILS - len(hits), len(hits))
    address = _address(own)
    best = own.best
    return Group(
        best.lecture_position,
        pieces(best.lecture_title, chosen.spans(best.lecture_title, best)),
        best.course_title,
        place.plain(address),
        [_shown(within, hit, place) for hit in hits],
        0 if place.lecture else more,
        place.url(lecture=address, course=best.course_slug, offset=0, open=""),
        [] if offset else rails_of([*(hit.passage for hit in hits), *rest], place, lengths),
    )


def _shown(found: Found, hit: Hit, place: Place) -> ShownHit:
    out, passage = hit_out(hit), hit.passage
    snippet = readable(hit.snippet.text, hit.snippet.highlights, passage.text)
    repeated = passage.title.casefold() in ("", passage.lecture_title.casefold()) or passage.kind is Kind.PROGRAMME
    return ShownHit(
        out,
        [] if repeated else pieces(passage.title, found.spans(passage.title, passage)),
        [] if words_of("".join(text for text, _ in snippet)) == words_of(passage.title) and not repeated else snippet,
        hit_place(out, place),
        aligned_place(out, place),
        why_found(hit),
        [],
    )


def fold_twins(groups: Sequence[Group], place: Place) -> list[Group]:
    """Groups in order; older editions of a slide lie under the newest one of them that is on this page."""
    by_id = {shown.hit.id: shown for group in groups for shown in group.hits}
    for group in groups:
        for shown in list(group.hits):
            newest = shown
            while newer := by_id.get(newest.hit.twin_of or ""):  # each edition is newer: this ends
                newest = newer
            if newest is not shown:
                newest.older.append((shown.hit, hit_place(shown.hit, place)))
                group.hits.remove(shown)
    return [group for group in groups if group.hits]


def hit_place(hit: HitOut, place: Place) -> str:
    """Where a click on a hit leads: beside the list, or for a line of the programme to its lecture."""
    return place.plain(hit.place) if isinstance(hit.locator, ProgrammeLocatorOut) else place.look(hit.place)


def aligned_place(hit: HitOut, place: Place) -> str | None:
    """The other side of a hit, looked at beside the list."""
    return place.look(hit.aligned.place) if hit.aligned else None


def _facet(own: LectureHits) -> LectureFacet:
    return LectureFacet(
        _address(own),
        own.best.course_slug,
        own.best.course_title,
        f"{own.best.lecture_position}. {own.best.lecture_title}",
        own.count,
    )


def _address(own: LectureHits) -> str:
    return lecture_url(own.best.course_slug, own.best.lecture_position, own.best.lecture_mark)
