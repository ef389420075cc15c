"""What a search found, why, and how far the course covers it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from index.types.passage import IndexedPassage, Kind
from index.types.query import Reason


class Coverage(StrEnum):
    EXPLAINED = "explained"
    MENTIONED = "mentioned"
    LISTED = "listed"
    ABSENT = "absent"


class SuggestionKind(StrEnum):
    """What a completion is, the most telling first."""

    LECTURE = "lecture"  # the title of one
    TERM = "term"
    TITLE = "title"  # of a page
    PROGRAMME = "programme"  # a phrase of one


@dataclass(frozen=True, slots=True)
class Snippet:
    """`highlights` are `[start, end)` character offsets into `text`."""

    text: str
    highlights: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class TermMatch:
    """One query term in one passage: `contribution` is its share of the lexical score, `weight` that of its reading.

    `fields` says where it stands: title, body, or only around the passage (its lecture, its section, what a
    language model asked of it).
    """

    term: str
    weight: float
    idf: float
    contribution: float
    reason: Reason
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a hit has its score.

    score = (lexical_part + semantic_part + context_part + title_part) · kind_factor + rerank_part + lift.

    `lexical` is the sum of the terms' contributions, `matched` the share of the query that is held, `similarity` the
    cosine above chance, `context_part` what the neighbours add, `title_part` what a title adds that is what was asked,
    `rerank_part` what a reranker adds, `lift` what standing beside its twin adds. `evidence` is the passage that the
    numbers are of, the hit's own; `lexical_part` is for speech of the minutes around as well.
    """

    lexical: float
    similarity: float
    matched: float
    lexical_part: float
    semantic_part: float
    context_part: float
    title_part: float
    kind_factor: float
    rerank_part: float
    lift: float
    evidence: str
    terms: tuple[TermMatch, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """`twin_of` is the id of the newer edition of the same slide; `beside` are the best minutes around one of speech,
    best first, where they were asked for; `stands_out` is by how many standard deviations it is nearer to the question
    than usual for the encoder, 0 where that says nothing."""

    passage: IndexedPassage
    score: float
    snippet: Snippet
    twin_of: str | None = None
    explanation: Explanation | None = None
    beside: tuple[Hit, ...] = ()
    stands_out: float = 0.0


@dataclass(frozen=True, slots=True)
class Facets:
    """How many of all hits are of each kind, and of each lecture (by id), the largest first."""

    kinds: tuple[tuple[Kind, int], ...] = ()
    lectures: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Suggested:
    """A completion of what is being typed, how many passages carry it, and one that does."""

    text: str
    count: int
    kind: SuggestionKind
    passage: IndexedPassage
