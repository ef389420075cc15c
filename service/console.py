"""What commands print: tables, progress bars and JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from service.links import clock
from service.schemas import AnswerOut, HitOut, PageLocatorOut, SearchOut, TimeLocatorOut

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
        tasks: dict[str, Any] = {}

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
    out.print(f"{found.coverage.value} · {found.total} places · {found.took_ms:.1f} ms", style="dim")
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


def _where(hit: HitOut) -> str:
    return f"{hit.lecture.position}. {hit.lecture.title} · {_place(hit)}"


def _place(hit: HitOut) -> str:
    match hit.locator:
        case PageLocatorOut() as page:
            return f"page {page.page_number}, {page.deck}"
        case TimeLocatorOut() as time:
            return f"{clock(time.start_seconds)}, video {time.video}"
        case _:
            return "programme"
