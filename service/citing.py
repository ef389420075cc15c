"""A citation → the address that opens its place with the quote marked, for those who are not on our pages."""

from __future__ import annotations

from index.text.quotes import short_name
from service.answers.types import Citation
from service.links import absolute, kept_url, with_quote


def cited_url(citation: Citation, base: str) -> str:
    """Where a quote is read: on our pages also that of a video on YouTube, whose own page marks nothing. Short, since
    programs and language models copy it."""
    passage = citation.hit.passage
    if passage.place is None:  # nothing is marked in a programme
        return absolute(kept_url(passage), base)
    return absolute(with_quote(kept_url(passage), short_name(citation.quote)), base)
