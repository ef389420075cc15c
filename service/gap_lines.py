"""What a course lacks → lines for a terminal: by what to do about it, how many of each kind, each one where wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from service.web.gaps import TODO_OF, Todo
from service.web.teaching_words.en import WORDS


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that is missing; `lecture` is empty where the sentence names it."""

    code: str
    lecture: str
    detail: str


def counted_gaps(gaps: Sequence[Gap]) -> str:
    """How many there are; what is merely not there yet, and nobody need mend, is counted apart."""
    later = sum(_todo(gap) is Todo.NOTHING for gap in gaps)
    own = len(gaps) - later
    said = f"{own} gap{'s' * (own != 1)}"
    return f"{said}, {later} not there yet" if later else said


def gap_lines(gaps: Sequence[Gap], *, every: bool) -> list[str]:
    """A heading for each thing to do, and under it a line for each kind of gap, with every one of them or the first."""
    lines: list[str] = []
    order = {code: number for number, code in enumerate(TODO_OF)}
    ranked = sorted(gaps, key=lambda gap: ([*Todo].index(_todo(gap)), order.get(gap.code, -1), gap.code))
    for todo, own in groupby(ranked, key=_todo):
        lines.append(f"{WORDS[f'todo_{todo}']}:")
        for code, alike in groupby(own, key=lambda gap: gap.code):
            said = _sentences([*alike])
            known = str(WORDS.get(f"gap_{code}", code))
            if len(said) == 1:
                lines.append(f"  {said[0]} [{code}]")
            elif every:
                lines += [f"  {len(said)} × {known} [{code}]", *(f"      {sentence}" for sentence in said)]
            else:
                lines += [f"  {len(said)} × {known} [{code}]", f"      such as: {said[0]}"]
    return lines


def _todo(gap: Gap) -> Todo:
    return TODO_OF.get(gap.code, Todo.FILE)


def _sentences(alike: Sequence[Gap]) -> list[str]:
    """What is said of each, once: a file that ten lectures name is missing once."""
    where: dict[str, list[str]] = {}
    for gap in alike:
        where.setdefault(gap.detail, []).append(gap.lecture)
    return [
        f"{detail} (in {len(own)} lectures)" if len(own) > 1 else f"{own[0]}: {detail}" if own[0] else detail
        for detail, own in where.items()
    ]
