"""What is asked, and what it is read as."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from index.types.passage import Kind


class Mode(StrEnum):
    HYBRID = "hybrid"
    LEXICAL = "lexical"
    SEMANTIC = "semantic"


class Reason(StrEnum):
    """Why a query was also read in another way."""

    TYPED = "typed"
    LAYOUT = "layout"
    TYPO = "typo"
    TRANSLITERATION = "transliteration"
    SPLIT = "split"
    JOINED = "joined"
    GLOSSARY = "glossary"  # the course writes both side by side
    SYNONYM = "synonym"  # a bundled glossary or a pack says so
    ABBREVIATION = "abbreviation"
    TRANSLATION = "translation"
    DESCRIBED = "described"


# the words as they were typed, in whatever layout
TYPED = frozenset({Reason.TYPED, Reason.LAYOUT})


@dataclass(frozen=True, slots=True)
class Filters:
    """Restrictions that hold inside the search. `None` means no restriction.

    `courses` are those that the caller may read; any other is to them as if it were not there.
    """

    course: str | None = None
    lecture: int | None = None
    kinds: frozenset[Kind] | None = None
    courses: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """Terms that a word or a phrase may stand for, with their shares; `weight` (to 1) is the trust in it.

    `text` is the reading as it is shown.
    """

    terms: tuple[tuple[str, float], ...]
    weight: float
    reason: Reason
    text: str

    @property
    def is_form(self) -> bool:
        """Whether it is the typed word in another form, which is guessed."""
        return self.reason in TYPED and self.weight < 1.0


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a query: its weight among the others, and its readings, the typed ones first."""

    text: str
    weight: float
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class Phrase:
    """Neighbouring words of a query that also have readings as a whole ("ранний останов": early stopping).

    One that has no words is the whole query, `described`, read as the names of what it may describe.
    """

    words: tuple[Word, ...]
    readings: tuple[Reading, ...] = ()
    described: str = ""

    @property
    def text(self) -> str:
        return self.described or " ".join(word.text for word in self.words)


@dataclass(frozen=True, slots=True)
class Rewrite:
    """What was typed, what it was also read as, why, and how much that counts (to 1)."""

    source: str
    target: str
    reason: Reason
    weight: float


@dataclass(frozen=True, slots=True)
class Query:
    """What is searched, where and how; with `literal` only as it was typed, without other readings."""

    text: str
    filters: Filters = Filters()
    mode: Mode = Mode.HYBRID
    literal: bool = False
