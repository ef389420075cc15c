"""Questions with facts → the coefficients of service/answers/verdict.py.

LECTURES_DATA_DIR=… python -m training.verdict SLUG=FACTS.jsonl …

A line is {"query", "facts": [regular expressions]}, as in benchmarks/answers.py; one without facts is not answered by
its course. An answer is right whose quotes hold one of the facts. Printed: the fit on what is quoted in all courses,
of how many pairs of a right and a wrong answer of a course the fit on the others puts the right one above, and how
many answers of each outcome are right, wrong, or of what is not answered.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from index.search.search import SearchIndex
from index.types import Filters
from service.answers import extractive
from service.answers.answering import last_answer, stream_answer
from service.answers.scoring import Scored
from service.answers.units import Unit
from service.answers.verdict import odds_of
from service.opening import open_index
from training.coverage import fit


@dataclass(frozen=True, slots=True)
class Seen:
    """An answer: how its first quote stands out and what that is worth (None where nothing was quoted, or the encoder
    said nothing), whether its quotes hold a fact, and whether its course answers the question at all."""

    course: str
    signs: tuple[float, float] | None
    is_right: bool
    is_answered: bool
    outcome: str


def seen_of(index: SearchIndex, course: str, lines: Iterable[str]) -> Iterator[Seen]:
    """The answers to the questions of a file."""
    for line in lines:
        asked = json.loads(line)
        facts = asked.get("facts", ())
        signs: list[tuple[float, float]] = []

        def watched(
            units: Sequence[Unit], scored: Scored, first: int, signs: list[tuple[float, float]] = signs
        ) -> float | None:
            odds = odds_of(units, scored, first)
            if odds is not None:
                signs.append((units[first].hit.stands_out, float(scored.worth[first])))
            return odds

        with patch.object(extractive, "odds_of", watched):
            answer = last_answer(stream_answer(index, index.find, asked["query"], filters=Filters(course=course)))
        said = " ".join(citation.quote for citation in answer.citations)
        is_right = any(re.search(fact, said, re.IGNORECASE) for fact in facts)
        yield Seen(course, signs[-1] if signs else None, is_right, bool(facts), answer.outcome.value)


def share_of_pairs(odds: NDArray[np.float64], is_right: NDArray[np.bool_]) -> float:
    """Of how many pairs of a right answer and a wrong one the right one is above."""
    right, wrong = odds[is_right][:, None], odds[~is_right]
    return float(((right > wrong) + 0.5 * (right == wrong)).mean()) if right.size and wrong.size else 0.5


def report(answers: Sequence[Seen]) -> None:
    """Print the fit, how it does on courses that it was not made from, and what the outcomes are worth."""
    judged = [answer for answer in answers if answer.signs is not None]
    signs = np.array([answer.signs for answer in judged])
    is_right, courses = np.array([answer.is_right for answer in judged]), np.array([a.course for a in judged])
    even = np.ones(len(judged))
    print("stands out {:.2f}  worth {:.2f}  constant {:.2f}".format(*fit(signs, is_right.astype(float), even)))
    odds = np.zeros(len(judged))
    for course in sorted(set(courses.tolist())):
        own = courses == course
        found = fit(signs[~own], is_right[~own].astype(float), even[~own]) if (~own).any() else np.zeros(3)
        odds[own] = np.column_stack([signs[own], np.ones(own.sum())]) @ found
        print(f"{course:24} {own.sum():4}  pairs told apart {share_of_pairs(odds[own], is_right[own]):.2f}")
    print(f"{'all':24} {len(judged):4}  pairs told apart {share_of_pairs(odds, is_right):.2f}")
    counts = Counter((a.outcome, "right" if a.is_right else "wrong" if a.is_answered else "none") for a in answers)
    for outcome in sorted({answer.outcome for answer in answers}):
        print(f"{outcome:14}" + "".join(f"  {kind} {counts[outcome, kind]:3}" for kind in ("right", "wrong", "none")))


def main() -> None:
    index = open_index()
    answers: list[Seen] = []
    for argument in sys.argv[1:]:
        course, _, file = argument.partition("=")
        answers += seen_of(index, course, Path(file).read_text("utf-8").splitlines())
    if not any(answer.signs for answer in answers):
        raise SystemExit(f"Nothing was quoted of which the encoder says anything.\n{__doc__}")
    report(answers)


if __name__ == "__main__":
    main()
