"""`lectures eval`: how well the search answers judged questions, or questions that are made from a course."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from index.errors import InvalidRequest, NotFound
from service.opening import Course, Json, ModeName, open_index, open_library

if TYPE_CHECKING:
    from index.search.search import SearchIndex
    from service.evaluation import Measured, Question

_DOUBTS = 10  # about the questions, that are told one by one
_PATIENCE_SECONDS = 60.0  # for the encoder: measured is what is found, not how busy the machine is


def add_commands(app: typer.Typer) -> None:
    """Add `eval` to the command line."""
    app.command(name="eval")(evaluate_gold)


def evaluate_gold(
    gold: Annotated[
        Path | None, typer.Argument(metavar="GOLD.jsonl", help="Judged questions, one JSON object a line.")
    ] = None,
    course: Course = None,
    mode: Annotated[ModeName, typer.Option(help="Words and vectors, words, or vectors.")] = ModeName.HYBRID,
    make: Annotated[
        str | None, typer.Option(metavar="COURSE", help="Make questions from this course, into GOLD.jsonl or printed.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure the search on judged questions: nDCG@10, MRR, hit@1, hit@5 by kind, latency, coverage."""
    from index.types import Filters, Mode, Query
    from service.console import err
    from service.evaluation import evaluate, read_gold, search_of

    if make is not None:
        _make(make, gold)
        return
    if gold is None:
        raise InvalidRequest("Name a file of judged questions, or make some with --make COURSE.")
    questions = read_gold(gold)
    index = open_index()
    if index.encoder is not None:
        index.encoder.deadline_seconds = _PATIENCE_SECONDS
    asked = course or _judged_course(questions)
    _warn_of_doubts(questions, index, asked)
    outcomes = evaluate(questions, search_of(index.find, Filters(course=asked), Mode(mode.value)))
    if outcomes:
        for reason in index.find(Query(outcomes[0].question.query, Filters(course=asked), Mode(mode.value))).degraded:
            err.print(f"degraded: {reason}", style="yellow", markup=False)
    _print_outcomes(outcomes, asked, as_json=as_json)


def _warn_of_doubts(questions: Sequence[Question], index: SearchIndex, course: str | None) -> None:
    """Say what the file of questions may have wrong, where they are of one course."""
    from service.console import err
    from service.evaluation import doubts

    shard = index.generation.shard(course) if course is not None else None
    if shard is None:
        return
    places = [shard.passages[number].place for number in range(len(shard.passages))]
    found = doubts(questions, [place for place in places if place is not None])
    for sentence in found[:_DOUBTS]:
        err.print(sentence, style="yellow", markup=False)
    if len(found) > _DOUBTS:
        err.print(f"{len(found) - _DOUBTS} more like these.", style="yellow", markup=False)


def _make(course: str, path: Path | None) -> None:
    """Questions of a course, into a file or printed."""
    from service.console import out
    from service.made_questions import as_lines, make_questions

    shard = open_index().generation.shard(course)
    if shard is None:
        raise NotFound(f"There is no course {course!r:.80}.")
    questions = make_questions([shard.passages[number] for number in range(len(shard.passages))])
    if path is None:
        typer.echo(as_lines(questions), nl=False)
        return
    path.write_text(as_lines(questions), "utf-8")
    out.print(f"{len(questions)} questions written to {path}", markup=False)


def _judged_course(questions: Sequence[Question]) -> str | None:
    """The course whose places were judged: a hit in another is neither right nor wrong."""
    from index.store.catalogue import courses_of_places
    from service.evaluation import judged_places

    _, library = open_library()
    with library.database.reading() as connection:
        judged = courses_of_places(connection, *judged_places(questions))
    return judged.pop() if len(judged) == 1 else None


def _print_outcomes(outcomes: Sequence[Measured], course: str | None, *, as_json: bool) -> None:
    from dataclasses import asdict

    from service.console import out, print_json, print_table
    from service.evaluation import percentile, summarise

    times = [outcome.took_ms for outcome in outcomes]
    p50, p95 = percentile(times, 0.5), percentile(times, 0.95)
    off_topic = [outcome.recognised for outcome in outcomes if outcome.question.off_topic]
    recognised = sum(off_topic) / len(off_topic) if off_topic else None
    rows = summarise(outcomes)
    if as_json:
        summary = {
            "course": course,
            "p50_ms": round(p50, 2),
            "p95_ms": round(p95, 2),
            "off_topic_recognised": recognised,
        }
        print_json({"kinds": [asdict(row) for row in rows], **summary})
        return
    print_table(
        ("kind", "questions", "nDCG@10", "90 %", "MRR", "hit@1", "hit@5", "absent"),
        (
            (
                *(row.kind, row.questions, f"{row.ndcg:.3f}", f"{row.low:.2f}–{row.high:.2f}"),
                *(f"{value:.3f}" for value in (row.mrr, row.hit1, row.hit5, row.absent)),
            )
            for row in rows
        ),
    )
    asked = course or "all courses"
    out.print(f"latency p50 {p50:.1f} ms, p95 {p95:.1f} ms (in process, {len(times)} questions asked of {asked})")
    if recognised is not None:
        out.print(f"off-topic questions recognised: {recognised:.2f}")
