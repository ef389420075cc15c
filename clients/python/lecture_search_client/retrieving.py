"""A hit → what a retriever says of a passage beside its text."""

from __future__ import annotations

from collections.abc import Callable

from lecture_search_client.shapes import HitOut, PageLocatorOut, TimeLocatorOut


def metadata_of(hit: HitOut, link: Callable[[str], str]) -> dict[str, str | int | float]:
    """Flat and plain, as stores of documents want it: where the passage stands, and the address that opens it."""
    found: dict[str, str | int | float] = {
        "source": link(hit.url),
        "title": hit.title,
        "kind": hit.kind,
        "score": hit.score,
        "course": hit.course.slug,
        "lecture": hit.lecture.title,
        "lecture_position": hit.lecture.position,
    }
    match hit.locator:
        case PageLocatorOut() as page:
            found |= {"deck": page.deck, "page_number": page.page_number}
        case TimeLocatorOut() as time:
            found |= {"video": time.video, "at_seconds": time.at_seconds}
    return found
