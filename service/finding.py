"""One search, timed and in the API's shape: the path that the API, the page and the command line share."""

from __future__ import annotations

from time import perf_counter

from index.errors import InvalidRequest
from index.search.found import Find
from index.types import Kind, Query
from service.schemas import SearchOut, search_out


def timed_search(find: Find, query: Query, limit: int, offset: int = 0, *, explain: bool = False) -> SearchOut:
    """The response to a query; `find` answers it."""
    started = perf_counter()
    found = find(query)
    hits = found.hits(limit, offset, explain=explain)
    return search_out(found, hits, (perf_counter() - started) * 1000)


def read_kinds(given: list[str] | None) -> frozenset[Kind] | None:
    """Kinds from repeated or comma-separated values; InvalidRequest names one that does not exist."""
    names = [name.strip() for value in given or [] for name in value.split(",") if name.strip()]
    try:
        return frozenset(Kind(name) for name in names) or None
    except ValueError as error:
        raise InvalidRequest(f"kind: {error}; there are {', '.join(Kind)}.") from error
