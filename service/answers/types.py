"""The vocabulary of answers, frozen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from index.types import Coverage, Hit


class AnswerMode(StrEnum):
    EXTRACTIVE = "extractive"
    GENERATED = "generated"


class Outcome(StrEnum):
    """Why an answer is as it is."""

    ANSWERED = "answered"
    MENTIONED = "mentioned"  # the course says something of it, but does not explain it
    ONE_SIDE = "one_side"  # of two things that are compared the course has one: that is quoted, nothing is compared
    LISTED = "listed"  # only the programme promises it
    ABSENT = "absent"  # not in this course
    PLACE = "place"  # explained, but in nothing that could be quoted: the place is shown
    NO_ANSWER = "no_answer"  # a language model read the passages and found none
    NO_QUESTION = "no_question"  # a term or a phrase: the hits are the answer
    TALK = "talk"  # a greeting, thanks, what one can ask here: nothing is searched


class Asked(StrEnum):
    """What a question wants."""

    DEFINITION = "definition"
    REASON = "reason"
    STEPS = "steps"
    PERSON = "person"  # a name
    WHEN = "when"  # a year
    COMPARISON = "comparison"  # how two things differ
    LIST = "list"  # what kinds there are
    FORMULA = "formula"
    FACT = "fact"
    NOTHING = "nothing"  # no question at all


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an answer with the numbers of its citations; none if nothing vouches for it."""

    text: str
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Citation:
    """`quote` stands verbatim in the passage of `hit`. `pictured`: a formula was asked for, and the page holds one; its
    picture says what its text garbles. `code`: the quote is of a programme, whose lines are shown as they stand."""

    number: int
    quote: str
    hit: Hit
    pictured: bool = False
    code: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """`note` is what the service itself says, in the question's language; `hits` are the places nearest to it."""

    mode: AnswerMode
    outcome: Outcome
    coverage: Coverage
    degraded: tuple[str, ...]
    note: str
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    hits: tuple[Hit, ...]
    query: str
    unknown_words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of the conversation so far; `role` is user or assistant. `cited` are the numbers that it gave, each
    with the address that it stood for."""

    role: str
    text: str
    cited: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Started:
    """The first thing that a stream says: what is asked for, and whether sentences come from a model."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence that is ready, with what it cites."""

    sentence: Sentence
    citations: tuple[Citation, ...]


Event = Started | Said | Answer
