"""One search, timed and in the API's shape: the path that the API, the page and the command line share."""

from __future__ import annotations

from collections.abc import Iterable
from time import perf_counter
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from index.errors import InvalidRequest, NotFound
from index.later import later
from index.search.found import Find, Found
from index.types import Filters, Hit, Kind, Query
from service.schemas import RewriteOut, SearchOut, hit_out
from service.state import ServiceState
from service.telling import found_for

if TYPE_CHECKING:
    from index.store import catalogue
else:
    catalogue = later("index.store.catalogue", soon=True)

_JSON = TypeAdapter(SearchOut)  # writes bytes: a model's own method would decode them first


def timed_search(
    find: Find, query: Query, limit: int, offset: int = 0, *, explain: bool = False, text: bool = False
) -> SearchOut:
    """The response to a query; `find` answers it. With `text` each hit has the whole text of its passage."""
    started = perf_counter()
    found = found_for(find(query), query.filters)
    hits = found.hits(limit, offset, explain=explain)
    return search_out(found, hits, (perf_counter() - started) * 1000, text=text)


def search_out(found: Found, hits: Iterable[Hit], took_ms: float, *, text: bool = False) -> SearchOut:
    """The response of a search: what the API returns and `lectures search --json` prints."""
    return SearchOut(
        query=found.query,
        rewrites=[RewriteOut.model_validate(rewrite) for rewrite in found.rewrites],
        coverage=found.coverage,
        unknown_words=list(found.unknown_words),
        mode=found.mode,
        degraded=list(found.degraded),
        generation=found.generation,
        took_ms=round(took_ms, 2),
        total=found.total,
        hits=[hit_out(hit, text=text) for hit in hits],
    )


def search_json(found: SearchOut) -> bytes:
    """The response as it is sent."""
    return _JSON.dump_json(found, by_alias=True)


def read_kinds(given: list[str] | None) -> frozenset[Kind] | None:
    """Kinds from repeated or comma-separated values; InvalidRequest names one that does not exist."""
    names = [name.strip() for value in given or [] for name in value.split(",") if name.strip()]
    for name in names:
        if name not in frozenset(Kind):
            raise InvalidRequest(f"kind: there is no kind {name!r:.40}; there are {', '.join(Kind)}.")
    return frozenset(Kind(name) for name in names) or None


def check_lecture(state: ServiceState, filters: Filters, lecture: int) -> None:
    """NotFound for a lecture that is not there, of another course, or not the caller's to read: nobody learns which.

    The index knows those that have something to find; only of others the database is asked.
    """
    if state.index().holds_lecture(filters):
        return
    with state.library.database.reading() as connection:
        found = catalogue.lecture_details(connection, lecture, filters.courses)
    if filters.course is not None and found.course.slug != filters.course:
        raise NotFound(
            f"There is no lecture {lecture} in course {filters.course}; GET /api/courses/SLUG lists those there are."
        )
