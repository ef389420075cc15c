"""One search, timed and in the API's shape: the path that the API, the page and the command line share."""

from __future__ import annotations

from collections.abc import Iterable
from time import perf_counter

from pydantic import TypeAdapter

from index.errors import InvalidRequest
from index.search.found import Find, Found
from index.types import Hit, Kind, Query
from service.schemas import RewriteOut, SearchOut, hit_out

_JSON = TypeAdapter(SearchOut)  # writes bytes: a model's own method would decode them first


def timed_search(
    find: Find, query: Query, limit: int, offset: int = 0, *, explain: bool = False, text: bool = False
) -> SearchOut:
    """The response to a query; `find` answers it. With `text` each hit has the whole text of its passage."""
    started = perf_counter()
    found = find(query)
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
    try:
        return frozenset(Kind(name) for name in names) or None
    except ValueError as error:
        raise InvalidRequest(f"kind: {error}; there are {', '.join(Kind)}.") from error
