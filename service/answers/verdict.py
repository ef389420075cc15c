"""Pieces that were chosen to be quoted → their order, which of them are filler, and how surely they answer.

Coverage says how far a course explains what was asked before anything is chosen, from the words of the question. Some
of what it takes for a mention is a full answer, and some of what it takes for explained is quoted for one shared word.
How far the quoted passage stands out for the encoder, and what the quoted piece is worth, tell both apart. Where the
encoder says nothing, all stays as coverage and the worth of pieces have it.

Fitted on 180 questions that six courses answer and 138 that they do not, written by others (docs/answers.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from index.types import Coverage
from service.answers.scoring import Scored
from service.answers.types import Asked, Outcome
from service.answers.units import Unit

# Of chosen pieces that is read first which is worth most, with so much for each standard deviation by which its passage
# stands out, and for its likeness to the question.
_STANDS_OUT, _ALIKE = 0.15, 0.2
# Behind the first quote one is filler whose passage stands out so much less, and that is worth less than such a share.
_OUT_LESS, _WORTH_LESS = 1.5, 0.8
# The log-odds that quotes hold what answers: a logistic model of the first one. Each course judged by a fit on the
# others, of .77 of pairs the one that holds it is above; likeness, words of the question in one sentence, and what
# coverage says added nothing.
_ODDS, _ODDS_OUT, _ODDS_WORTH = -5.8, 0.9, 2.0
# From the first of these on a mention is an answer, if coverage is sure enough that the question is on the subject at
# all; below the last nothing is an answer, and one quote is enough of it.
_ANSWERS, _ON_SUBJECT, _HARDLY = 0.25, 2.0, -0.8


class Judged(NamedTuple):
    """An outcome, and how many quotes are shown for it; None stands for all."""

    outcome: Outcome
    most: int | None = None


def outcome_of(asked: Asked, coverage: Coverage) -> Outcome:
    """What an answer is by coverage alone."""
    if coverage is Coverage.ABSENT:
        return Outcome.ABSENT
    if coverage is Coverage.LISTED:
        return Outcome.LISTED
    if asked is Asked.NOTHING:
        return Outcome.NO_QUESTION
    return Outcome.MENTIONED if coverage is Coverage.MENTIONED else Outcome.ANSWERED


def is_heard(units: Sequence[Unit]) -> bool:
    """Whether the encoder said anything of the passages of pieces."""
    return any(unit.hit.stands_out > 0 for unit in units)


def in_order(units: Sequence[Unit], scored: Scored, picked: Sequence[int]) -> list[int]:
    """Chosen pieces, the one that most surely answers first, without those that are filler behind it."""
    if not picked or not is_heard(units):
        return list(picked)

    def sureness(i: int) -> float:
        return float(scored.worth[i]) + _STANDS_OUT * units[i].hit.stands_out + _ALIKE * float(scored.alike[i])

    first, *others = sorted(picked, key=lambda i: -sureness(i))
    out, worth = units[first].hit.stands_out - _OUT_LESS, _WORTH_LESS * scored.worth[first]
    return [first, *(i for i in others if units[i].hit.stands_out >= out or scored.worth[i] >= worth)]


def odds_of(units: Sequence[Unit], scored: Scored, first: int) -> float | None:
    """The log-odds that quotes answer of which this one is read first; None where the encoder said nothing."""
    if not is_heard(units):
        return None
    return _ODDS + _ODDS_OUT * units[first].hit.stands_out + _ODDS_WORTH * float(scored.worth[first])


def judge(outcome: Outcome, odds: float | None, on_subject: float, *, written: bool) -> Judged:
    """What an answer is by its quotes, if coverage says it explained or mentioned. `on_subject` are the log-odds by
    coverage; what is `written` by a model from the passages is no worse for poor quotes."""
    if odds is None or outcome not in {Outcome.ANSWERED, Outcome.MENTIONED}:
        return Judged(outcome)
    if odds < _HARDLY and not written:
        return Judged(Outcome.MENTIONED, 1)
    if odds >= _ANSWERS and on_subject >= _ON_SUBJECT:
        return Judged(Outcome.ANSWERED)
    return Judged(outcome)
