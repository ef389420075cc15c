"""`lectures ingest`, `status`, `worker` and `cancel`: taking courses up, and how that stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from service.opening import Json, open_embedder, open_library, open_means

if TYPE_CHECKING:
    from ingest.order import Order


def add_commands(app: typer.Typer) -> None:
    """Put these commands beside the others."""
    for command in (ingest, status, worker, cancel):
        app.command()(command)


def ingest(
    source: Annotated[
        str, typer.Argument(metavar="PATH_OR_URL", help="Folder, .zip, git or GitHub address (a subfolder too).")
    ],
    course: Annotated[str | None, typer.Option(help="Slug to keep it under; default: the folder's name.")] = None,
    source_url: Annotated[str | None, typer.Option(help="Where the course is published, for links.")] = None,
    linked_only: Annotated[bool, typer.Option("--linked-only", help="Only the PDFs that a lecture names.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the course as understood, and stop.")] = False,
    write_yaml: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write the course as understood as course.yaml, and stop.")
    ] = None,
    no_transcripts: Annotated[bool, typer.Option("--no-transcripts", help="Leave the captions out.")] = False,
    language: Annotated[str | None, typer.Option(help="Caption languages in order, like ru,en.")] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Fetch no PDF and no captions from elsewhere.")] = False,
    refresh: Annotated[bool, typer.Option("--refresh", help="Fetch PDFs again that were fetched before.")] = False,
    queue: Annotated[bool, typer.Option("--queue", help="Leave it to `lectures worker`.")] = False,
    as_json: Json = False,
) -> None:
    """Take a course up, or what changed in it."""
    from ingest.order import Order

    order = Order(
        source,
        course=course,
        source_url=source_url,
        languages=tuple(code.strip().lower() for code in (language or "").split(",") if code.strip()),
        linked_only=linked_only,
        with_transcripts=not no_transcripts,
        offline=offline,
        refresh=refresh,
    )
    if dry_run or write_yaml:
        _show_plan(order, write_yaml, as_json=as_json)
    elif queue:
        _queue(order, as_json=as_json)
    else:
        _take_up(order, as_json=as_json)


def _show_plan(order: Order, write_yaml: str | None, *, as_json: bool) -> None:
    """The course as it is understood, printed or written down; nothing is opened that an ingest would write."""
    from dataclasses import asdict
    from pathlib import Path

    from ingest.course_yaml import write_yaml as to_yaml
    from ingest.order import plan
    from service.console import out, print_json, print_plan, progress_bar
    from service.settings import read_settings

    settings = read_settings()
    with progress_bar(quiet=as_json) as step:
        planned, _ = plan(
            order, settings.data_dir, open_means(settings), lambda at: step(at.step, at.done, at.total, at.what)
        )
    if write_yaml:
        Path(write_yaml).write_text(to_yaml(planned), "utf-8")
    if as_json:
        print_json(asdict(planned))
    elif write_yaml:
        out.print(f"{write_yaml} holds {len(planned.lectures)} lectures; correct it, put it into the course, ingest.")
    else:
        print_plan(planned)


def _queue(order: Order, *, as_json: bool) -> None:
    from pathlib import Path

    from index.store.jobs import add_job
    from service.console import out, print_json

    _, library = open_library()
    place = order.source if "://" in order.source else str(Path(order.source).resolve())
    with library.database.writing() as connection:
        job = add_job(connection, place, order.options())
    if as_json:
        print_json({"id": job})
    else:
        out.print(f"Queued as {job}; `lectures worker` will take it.")


def _take_up(order: Order, *, as_json: bool) -> None:
    from dataclasses import asdict

    from ingest.order import carry_out
    from service.console import print_json, print_report, progress_bar

    settings, library = open_library()
    with progress_bar(quiet=as_json) as step:
        report = carry_out(
            order,
            library,
            open_embedder(settings),
            open_means(settings),
            lambda at: step(at.step, at.done, at.total, at.what),
        )
    print_json(asdict(report)) if as_json else print_report(report)


def status(as_json: Json = False) -> None:
    """Show the courses with what is missing and why, jobs, what is served, and the disk it takes."""
    from service.console import print_json, print_status
    from service.status import read_status

    settings, library = open_library()
    found = read_status(library, open_embedder(settings))
    if as_json:
        print_json(found.model_dump(mode="json", by_alias=True))
    else:
        print_status(found)


def worker(
    once: Annotated[bool, typer.Option("--once", help="Stop when no job waits.")] = False,
    as_json: Json = False,
) -> None:
    """Run queued ingests until stopped."""
    import signal
    import threading

    from ingest.worker import work
    from service.console import out, print_json
    from service.observability import configure_logging

    settings, library = open_library()
    configure_logging(settings.log_level)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    done = work(library, open_embedder(settings), open_means(settings), stop, once=once)
    if as_json:
        print_json({"done": done})
    else:
        out.print(f"{done} jobs done.")


def cancel(
    job: Annotated[str, typer.Argument(metavar="JOB", help="Its id, as `lectures status` shows it.")],
    as_json: Json = False,
) -> None:
    """Cancel a queued or running ingest."""
    from index.store.jobs import cancel_job, read_job
    from index.types import JobState
    from service.console import out, print_json

    _, library = open_library()
    with library.database.writing() as connection:
        cancel_job(connection, job)
        found = read_job(connection, job)
    if as_json:
        print_json({"id": found.id, "state": found.state, "cancel_asked": found.cancel_asked})
    elif found.state is JobState.RUNNING:
        out.print(f"{found.id} stops at its next step.", markup=False)
    else:
        out.print(f"{found.id} is {found.state}.", markup=False)
