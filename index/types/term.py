"""A term of a course with the place where it is first explained."""

from __future__ import annotations

from dataclasses import dataclass

from index.types.passage import IndexedPassage
from index.types.query import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedTerm:
    """A term and its counterpart, how often the course writes both side by side, and where it is first explained.

    `reason` is GLOSSARY for a translation, ABBREVIATION for a short form; `explained` is None if only the programme
    names the term.
    """

    text: str
    counterpart: str
    reason: Reason
    count: int
    explained: IndexedPassage | None
