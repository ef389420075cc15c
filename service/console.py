"""What commands print: tables, progress bars and JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from index.types import JobState
from service.gap_lines import Gap, counted_gaps, gap_lines
from service.links import clock
from service.schemas import AnswerOut, HitOut, PageLocatorOut, SearchOut, TimeLocatorOut

if TYPE_CHECKING:
    from ingest.pipeline import IngestReport
    from ingest.planned import PlannedCourse
    from service.schemas.status import StatusOut

_SHOWN_REWRITES = 5
Step = Callable[[str, int, int, str], None]

# lines are never broken for a pipe: a program or `grep` reads whole ones
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def print_table(titles: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Texts of a course are printed as they are, never read as markup."""
    table = Table(*titles, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    out.print(table)


@contextmanager
def progress_bar(*, quiet: bool) -> Iterator[Step]:
    """A bar on stderr: `step(name, done, total, what)`; one line a step where stderr is no terminal."""
    if quiet:
        yield lambda _name, _done, _total, _what: None
        return
    if not err.is_terminal:
        yield _plain_step
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TextColumn("{task.fields[what]}"), console=err) as bar:
        tasks: dict[str, TaskID] = {}

        def step(name: str, done: int, total: int, what: str) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(name, total=total, what="")
            bar.update(tasks[name], completed=done, total=total, what=what[-50:])

        yield step


def _plain_step(name: str, done: int, total: int, _what: str) -> None:
    if done == total:
        err.print(f"{name}: {done} of {total}", markup=False)


def print_results(found: SearchOut) -> None:
    """Hits as readable lines, the matches bold."""
    for reason in found.degraded:
        err.print(f"degraded: {reason}", style="yellow", markup=False)
    if found.unknown_words:
        out.print(f"not known here: {', '.join(found.unknown_words)}", style="dim")
    out.print(f"{found.coverage.value} · {counted(found.total, 'place')} · {found.took_ms:.1f} ms", style="dim")
    for rewrite in found.rewrites[:_SHOWN_REWRITES]:
        out.print(
            f"also read as {rewrite.target} ({rewrite.reason.value} of {rewrite.source})", style="dim", markup=False
        )
    for number, hit in enumerate(found.hits, 1):
        heading = Text(f"{number:2}. ", style="dim") + Text(hit.title, style="bold")
        out.print(heading + Text(f"  {hit.score:.2f}", style="dim"))
        where = f"    {_where(hit)}"
        out.print(Text(where + (f" · {hit.remark}" if hit.remark else ""), style="cyan"))
        snippet = Text(hit.snippet.text)
        for start, end in hit.snippet.highlights:
            snippet.stylize("bold underline", start, end)
        if hit.snippet.text:
            out.print(Text("    ") + snippet)
        if hit.explanation:
            out.print(Text(f"    {json.dumps(hit.explanation, ensure_ascii=False)}", style="dim"))


def print_answer(found: AnswerOut) -> None:
    """Sentences with their numbers, and below where each stands."""
    for reason in found.degraded:
        err.print(f"degraded: {reason}", style="yellow", markup=False)
    out.print(f"{found.outcome.value} · {found.mode.value} · {found.took_ms:.1f} ms", style="dim")
    if found.note:
        out.print(found.note, markup=False)
    for sentence in found.sentences:
        marks = "".join(f" [{number}]" for number in sentence.citations)
        out.print(sentence.text + marks, markup=False)
    for citation in found.citations:
        out.print(Text(f"[{citation.number}] {_where(citation.hit)}", style="cyan"))
    if not found.sentences:
        for hit in found.hits[:5]:
            out.print(Text(f"  {hit.title} · {_where(hit)}", style="cyan"))


def print_plan(planned: PlannedCourse) -> None:
    """A course as it was understood: a line a lecture, what is missing, how it was read, what was left out."""
    long = len(planned.lectures) + len(planned.left_out) > out.height
    with out.pager() if out.is_terminal and long else nullcontext():
        _print_lectures(planned)
        if planned.why:
            out.print("\nHow it was read", style="bold")
            for sentence in planned.why:
                out.print(f"  {sentence}", markup=False)
        for lecture, problem in planned.problems:
            out.print(f"  {lecture}: {problem}", markup=False, style="yellow")
        if planned.left_out:
            out.print(f"\nLeft out ({len(planned.left_out)})", style="bold")
            for label, place, reason in planned.left_out:
                named = f"{label} " if label and label != place else ""
                out.print(f"  {named}{place}: {reason}", markup=False)
        decks = sum(len(lecture.decks) for lecture in planned.lectures)
        videos = sum(len(lecture.videos) for lecture in planned.lectures)
        out.print(
            f"\n{counted(len(planned.lectures), 'lecture')}, {decks} decks and notes, {counted(videos, 'video')}; "
            f"{len(planned.left_out)} links and files left out. Nothing was written; "
            "--write-yaml course.yaml writes this down to be corrected."
        )


def _print_lectures(planned: PlannedCourse) -> None:
    out.print(f"{planned.title} [{planned.slug}], language {planned.language}", markup=False)
    for label, url in planned.links:
        out.print(f"  link {url}{f' ({label})' if label and label != url else ''}", markup=False)
    section = None
    for position, lecture in enumerate(planned.lectures, 1):
        if lecture.section != section:
            section = lecture.section
            out.print(f"\n{section}" if section else "", markup=False, style="bold")
        held = [f"{'notes' if deck.kind == 'notes' else 'deck'} {_short(deck.path)}" for deck in lecture.decks]
        held += [f"video {_short(video.video)}" for video in lecture.videos]
        if lecture.links:
            held.append(counted(len(lecture.links), "link"))
        line = Text(f"{position:3}. {lecture.title}")
        line.append("".join(f"  ({remark})" for remark in lecture.remarks), style="dim")
        line.append(f"  {' · '.join(held)}", style="cyan")
        missing = [what for what, there in (("slides", lecture.decks), ("video", lecture.videos)) if not there]
        line.append(f"  no {' and no '.join(missing)}" if missing else "", style="yellow")
        if out.is_terminal:
            line.truncate(max(40, out.width), overflow="ellipsis")
        out.print(line)


def _short(place: str) -> str:
    """The last part of a path or address."""
    return place.rstrip("/").rsplit("/", 1)[-1] or place


def print_report(report: IngestReport, *, every: bool = False) -> None:
    """What an ingest did, and what it missed: how much of each kind, and with `every` each."""
    state = f"generation {report.generation}" if report.changed else f"unchanged (generation {report.generation})"
    out.print(f"{report.title} [{report.course}]: {state}", markup=False)
    out.print(
        f"{counted(report.lectures, 'lecture')} · {counted(report.decks, 'deck')}, {counted(report.pages, 'page')} · "
        f"{counted(report.videos, 'video')}, {counted(report.segments, 'segment')} · "
        f"{counted(report.passages, 'passage')}, {report.embedded} embedded anew"
    )
    if report.gaps:
        gaps = [Gap(gap["code"], gap["lecture"], gap["detail"]) for gap in report.gaps]
        out.print(f"\n{counted_gaps(gaps)}:")
        _print_gaps(gaps, every=every)


def _print_gaps(gaps: Sequence[Gap], *, every: bool) -> None:
    for line in gap_lines(gaps, every=every):
        out.print(f"  {line}", markup=False)
    if not every:
        out.print("  `--all` names every one.", style="dim")


def print_status(found: StatusOut, *, every: bool = False) -> None:
    """The installation, its jobs, and course by course what is missing."""
    named = {
        "data dir": found.data_dir,
        "database": found.database,
        "schema": found.schema_revision,
        "generation": found.generation,
        "current": found.current,
        "embedder": found.embedder,
        "disk": f"{found.disk_bytes / 2**20:.1f} MB",
        "jobs": ", ".join(f"{n} {state}" for state, n in found.jobs.items()) or "none",
    }
    for name, value in named.items():
        out.print(f"{name:>12}  {value}", markup=False)
    for job in found.newest_jobs:
        at = job.progress if job.state is JobState.RUNNING else None
        doing = f" · {at['step']} {at['done']} of {at['total']}" if at else ""
        said = f" · {job.problem}" if job.problem else ""
        out.print(f"  {job.id} {job.state}{doing} · {job.source}{said}", markup=False)
    for course in found.courses:
        missing = [Gap(gap.code, "", gap.detail) for gap in found.gaps[course.slug]]
        out.print(
            f"\n{course.title} [{course.slug}]: {counted(course.lectures, 'lecture')}, "
            f"{counted(course.passages, 'passage')}, "
            f"{counted_gaps(missing)}",
            markup=False,
            style="bold",
        )
        if missing:
            _print_gaps(missing, every=every)
        for own in found.unread:
            if own.course == course.slug:
                what = "not read yet" if own.passages is None else f"{counted(own.passages, 'passage')} cannot be read"
                out.print(f"  {own.reader}: {what} ({own.reason.rstrip('.')})", markup=False)


def counted(n: int, what: str) -> str:
    return f"{n} {what}{'s' * (n != 1)}"


def _where(hit: HitOut) -> str:
    return f"{hit.lecture.position}. {hit.lecture.title} · {_place(hit)}"


def _place(hit: HitOut) -> str:
    match hit.locator:
        case PageLocatorOut() as page:
            return f"{page.unit.value} {page.page_number}, {page.deck}"
        case TimeLocatorOut() as time:
            return f"{clock(time.at_seconds)}, video {time.video}"
        case _:
            return "programme"
