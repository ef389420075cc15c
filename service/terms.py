"""The glossary of a course → its terms, each with the passage where it is first explained."""

from __future__ import annotations

from dataclasses import dataclass

from index.engine.glossary import Term, key_of
from index.search.search import SearchIndex
from index.types import Filters, IndexedPassage, Kind

_LOOK_AT = 10
# Of passages nearly as good as the best, the earliest in the course counts as the first explanation.
_NEARLY = 0.8
_MATERIAL = frozenset({Kind.PAGE, Kind.SEGMENT})


@dataclass(frozen=True, slots=True)
class ExplainedTerm:
    """A term and where it is first explained; None if only the programme names it."""

    term: Term
    explained: IndexedPassage | None


def explained_terms(index: SearchIndex, course: str) -> list[ExplainedTerm]:
    """The terms of a course in alphabetical order. NotFound if there is no such course."""
    filters = Filters(course=course, kinds=_MATERIAL)
    index.check_course(course)
    terms = [term for term in index.generation.glossary.terms if term.course == course]
    found = [ExplainedTerm(term, _first_explained(index, term, filters)) for term in terms]
    return sorted(found, key=lambda entry: (entry.term.text.casefold(), entry.term.counterpart.casefold()))


def _first_explained(index: SearchIndex, term: Term, filters: Filters) -> IndexedPassage | None:
    """The earliest slide or minute that introduces the term: it names it in its title, else writes both forms side by
    side; where neither is there, the earliest of the best hits."""
    generation = index.generation
    rows = [row for row in term.rows if not generation.outline[row] and generation.twin[row] < 0]
    beside = [passage for passage in generation.passages(rows) if passage.kind in _MATERIAL]
    names = [frozenset(key_of(name)) for name in (term.text, term.counterpart)]
    titled = [passage for passage in beside if any(name <= frozenset(key_of(passage.title)) for name in names)]
    places = titled or beside
    if not places:
        hits = index.search(f"{term.text} {term.counterpart}", filters=filters, limit=_LOOK_AT).hits
        places = [hit.passage for hit in hits if hit.score >= _NEARLY * hits[0].score and hit.twin_of is None]
    slides = [passage for passage in places if not passage.is_notes]
    return min(slides or places, key=_place, default=None)


def _place(passage: IndexedPassage) -> tuple[int, int, float]:
    """Where in the course a passage stands: lecture, then page or second."""
    page = passage.page.page_number if passage.page else 0
    return passage.lecture_position, page, passage.time.start_seconds if passage.time else 0.0
