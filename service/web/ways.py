"""A search that found nothing, or next to nothing → ways on: terms that are near, other courses, all lectures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import zip_longest

from index.errors import LecturesError
from index.search.courtesy import without_courtesies
from index.search.search import SearchIndex
from index.text.analysis import fold, is_stop_word, words
from index.types import Coverage, Filters, Query, Readable, SuggestionKind
from service.state import ServiceState
from service.web.place import Place
from service.web.results import ResultsView

_TERMS = 6
_TRIES = 5
_SPOKEN_OF = 2  # what a course says once may be a slip of its glossary: it is nothing to begin with
_SHORTEST = 4  # letters from which the beginning of a word says what it may be


@dataclass(frozen=True, slots=True)
class Ways:
    """`terms` that the searched courses know, each with its address; `everywhere` is how many results all courses have
    together, `unfiltered` how many there are without the filters. 0 where that is no way on."""

    terms: list[tuple[str, str]]
    everywhere: int
    unfiltered: int


def ways_on(
    state: ServiceState, index: SearchIndex, readable: Readable, place: Place, view: ResultsView
) -> Ways | None:
    """The ways on from a search; None where it found what was asked."""
    if view.found.total and view.found.coverage is not Coverage.ABSENT:
        return None
    filters = Filters(course=place.course or None, courses=readable)
    everywhere = 0
    if place.course and view.found.coverage is Coverage.ABSENT:
        elsewhere = state.find(Query(place.q, Filters(courses=readable)), index)
        everywhere = elsewhere.total if elsewhere.coverage is not Coverage.ABSENT else 0
    asked = fold(place.q)
    near = dict.fromkeys(term for term in _near(index, place.q, filters, state) if fold(term) != asked)
    terms = [(term, place.url(q=term, kind="", lecture="", literal="", prev="", offset=0, open="")) for term in near]
    return Ways(terms[:_TERMS], everywhere, view.whole if place.kind or place.lecture else 0)


def first_terms(index: SearchIndex, slugs: Sequence[str]) -> list[str]:
    """What a reader who knows nothing of these courses may begin with: terms that each of them speaks of most, of
    several courses in turns. A course that cannot be searched now gives none."""
    each = []
    for slug in slugs:
        with suppress(LecturesError):
            terms = sorted(index.shard(slug).terms.all(), key=lambda term: -term.count)
            each.append([term.text for term in terms if term.count >= _SPOKEN_OF][:_TRIES])
    turns = (text for turn in zip_longest(*each) for text in turn if text)
    return list({fold(text): text for text in turns}.values())[:_TRIES]


def _near(index: SearchIndex, query: str, filters: Filters, state: ServiceState) -> Iterator[str]:
    """Terms that begin as the words of the query do, whole or in part, but for those that only ask or are polite; where
    there are none, those that the course speaks of most."""
    found = 0
    asked = without_courtesies(query)
    for word in [asked, *(word for word in words(asked) if not is_stop_word(word))]:
        for length in (len(word), max(_SHORTEST, len(word) * 2 // 3)):
            beginning = fold(word[:length])
            for suggestion in index.suggest(beginning, _TERMS, filters) if length >= _SHORTEST else []:
                # completions are also of what may be a slip of it: that is too far from a whole word
                text = fold(suggestion.text)
                named = any(part.startswith(beginning) for part in (text, *words(text)))
                if named and suggestion.kind is SuggestionKind.TERM:
                    found += 1
                    yield suggestion.text
    if not found and filters.course:
        try:
            terms = state.terms(filters.course)
        except LecturesError:
            return
        yield from (term.text for term in sorted(terms, key=lambda term: -term.count)[:_TERMS])
