"""The shapes of questions and answers."""

from __future__ import annotations

from pydantic import Field

from index.types import Coverage
from service.answers.types import Answer, AnswerMode, Citation, Outcome
from service.schemas.search import HitOut, hit_out
from service.schemas.shape import Shape


class SentenceOut(Shape):
    text: str
    citations: list[int] = Field(description="Numbers of `citations`; empty if nothing vouches for the sentence")


class CitationOut(Shape):
    number: int
    quote: str = Field(description="Stands word for word in the passage of the hit")
    hit: HitOut
    pictured: bool = Field(
        False, description="A formula was asked for and stands on this page: show its picture, `hit.image_url`, at once"
    )
    code: bool = Field(False, description="The quote is of a programme: show its lines as they stand")


class AnswerOut(Shape):
    question: str = Field(description="What was searched: the question, or what it means after those before it")
    mode: AnswerMode
    outcome: Outcome = Field(
        description="answered; mentioned; one_side: of two things that are compared the course has one; place: "
        "explained, but in nothing to quote; listed; absent; no_answer: a language model found none; no_question; talk"
    )
    coverage: Coverage
    degraded: list[str]
    note: str = Field(description="What the service itself says, in the question's language; often empty")
    unknown_words: list[str] = Field(description="Words of the question that the course does not know")
    sentences: list[SentenceOut]
    citations: list[CitationOut]
    hits: list[HitOut] = Field(description="The nearest places")
    took_ms: float


def answer_out(answer: Answer, took_ms: float) -> AnswerOut:
    """The response to a question."""
    return AnswerOut(
        question=answer.query,
        mode=answer.mode,
        outcome=answer.outcome,
        coverage=answer.coverage,
        degraded=list(answer.degraded),
        note=answer.note,
        unknown_words=list(answer.unknown_words),
        sentences=[SentenceOut.model_validate(sentence) for sentence in answer.sentences],
        citations=[citation_out(citation) for citation in answer.citations],
        hits=[hit_out(hit) for hit in answer.hits],
        took_ms=round(took_ms, 2),
    )


def citation_out(citation: Citation) -> CitationOut:
    """A citation with the hit that it quotes."""
    return CitationOut(
        number=citation.number,
        quote=citation.quote,
        hit=hit_out(citation.hit),
        pictured=citation.pictured,
        code=citation.code,
    )
