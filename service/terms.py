"""The glossary of a course → its terms, each with the passage where it is first explained."""

from __future__ import annotations

from index.engine.glossary import Term, key_of
from index.engine.shard import Shard
from index.search.found import Find
from index.search.search import SearchIndex
from index.types import ExplainedTerm, Filters, IndexedPassage, Kind, Query

_LOOK_AT = 10
# Of passages nearly as good as the best, the earliest in the course counts as the first explanation.
_NEARLY = 0.8
_MATERIAL = frozenset({Kind.PAGE, Kind.SEGMENT})


def explained_terms(index: SearchIndex, find: Find, course: str) -> list[ExplainedTerm]:
    """The terms of a course in alphabetical order; `find` searches the same index. NotFound for an unknown course."""
    shard = index.shard(course)
    found = [
        ExplainedTerm(
            text=term.text,
            counterpart=term.counterpart,
            reason=term.reason,
            count=term.count,
            explained=_first_explained(shard, find, term),
        )
        for term in shard.terms.all()
    ]
    return sorted(found, key=lambda term: (term.text.casefold(), term.counterpart.casefold()))


def _first_explained(shard: Shard, find: Find, term: Term) -> IndexedPassage | None:
    """The earliest slide or minute that introduces the term: it names it in its title, else writes both forms side by
    side; where neither is there, the earliest of the best hits."""
    rows = [row for row in term.rows if not shard.outline[row] and shard.twin[row] < 0]
    beside = [passage for passage in (shard.passages[row] for row in rows) if passage.kind in _MATERIAL]
    names = [frozenset(key_of(name)) for name in (term.text, term.counterpart)]
    titled = [passage for passage in beside if any(name <= frozenset(key_of(passage.title)) for name in names)]
    places = titled or beside
    if not places:
        query = Query(f"{term.text} {term.counterpart}", Filters(course=shard.course, kinds=_MATERIAL))
        hits = find(query).hits(_LOOK_AT)
        places = [hit.passage for hit in hits if hit.score >= _NEARLY * hits[0].score and hit.twin_of is None]
    slides = [passage for passage in places if not passage.is_notes]
    return min(slides or places, key=_place, default=None)


def _place(passage: IndexedPassage) -> tuple[int, int, float]:
    """Where in the course a passage stands: lecture, then page or second."""
    page = passage.page.page_number if passage.page else 0
    return passage.lecture_position, page, passage.time.start_seconds if passage.time else 0.0
