"""One search, timed and in the API's shape: the path that the API, the page and the command line share."""

from __future__ import annotations

from time import perf_counter

from index.errors import InvalidRequest
from index.search.search import SearchIndex
from index.types import Filters, Kind, Mode
from service.schemas import SearchOut, search_out


def timed_search(
    index: SearchIndex,
    query: str,
    filters: Filters,
    mode: Mode,
    limit: int,
    offset: int,
    *,
    explain: bool,
    literal: bool = False,
) -> SearchOut:
    """The response to a query."""
    started = perf_counter()
    results = index.search(
        query, filters=filters, mode=mode, limit=limit, offset=offset, explain=explain, literal=literal
    )
    return search_out(results, (perf_counter() - started) * 1000)


def read_kinds(given: list[str] | None) -> frozenset[Kind] | None:
    """Kinds from repeated or comma-separated values; InvalidRequest names one that does not exist."""
    names = [name.strip() for value in given or [] for name in value.split(",") if name.strip()]
    try:
        return frozenset(Kind(name) for name in names) or None
    except ValueError as error:
        raise InvalidRequest(f"kind: {error}; there are {', '.join(Kind)}.") from error
