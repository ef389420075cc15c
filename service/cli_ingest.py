"""`lectures ingest`, `status`, `worker` and `cancel`: taking courses up, and how that stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

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
    from dataclasses import asdict
    from pathlib import Path

    from ingest.order import Order, carry_out
    from service.console import out, print_json, print_report, progress_bar

    languages = tuple(code.strip().lower() for code in (language or "").split(",") if code.strip())
    order = Order(source, course, source_url, languages, linked_only, not no_transcripts, offline, refresh)
    if dry_run or write_yaml:
        _show_plan(order, write_yaml, as_json=as_json)
        return
    settings, library = open_library()
    if queue:
        from index.store.jobs import add_job

        place = source if "://" in source else str(Path(source).resolve())
        with library.database.writing() as connection:
            job = add_job(connection, place, order.options())
        if as_json:
            print_json({"id": job})
        else:
            out.print(f"Queued as {job}; `lectures worker` will take it.")
        return
    with progress_bar(quiet=as_json) as step:
        report = carry_out(
            order,
            library,
            open_embedder(settings),
            open_means(settings),
            lambda at: step(at.step, at.done, at.total, at.what),
        )
    if as_json:
        print_json(asdict(report))
    else:
        print_report(report)


def _show_plan(order: Order, write_yaml: str | None, *, as_json: bool) -> None:
    """Print the course as it is understood, or write it down; nothing else is made."""
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


def status(as_json: Json = False) -> None:
    """Show the courses with what is missing and why, jobs, what is served, and the disk it takes."""
    from index.store.catalogue import course_details, list_courses
    from index.store.jobs import count_jobs, list_jobs
    from service.console import print_json, print_status

    settings, library = open_library()
    with library.database.reading() as connection:
        courses = list_courses(connection)
        gaps = {row["slug"]: course_details(connection, row["slug"])["gaps"] for row in courses}
        jobs = count_jobs(connection)
        newest = [
            {
                "id": row.id,
                "source": row.source,
                "state": row.state,
                "attempts": row.attempts,
                "progress": row.progress,
                "problem": row.problem,
                "updated_at": row.updated_at.isoformat(),
            }
            for row in list_jobs(connection, 10)
        ]
    size = sum(path.stat().st_size for path in library.data_dir.rglob("*") if path.is_file())
    embedder = open_embedder(settings)
    found: dict[str, Any] = {
        "data_dir": str(library.data_dir),
        "database": library.database.url.render_as_string(hide_password=True),
        "schema": library.database.revision(),
        "generation": library.served_number(),
        "current": library.is_current(embedder),
        "embedder": embedder.fingerprint if embedder else "none",
        "disk_bytes": size,
        "courses": courses,
        "jobs": jobs,
        "newest_jobs": newest,
        "gaps": gaps,
    }
    if as_json:
        print_json(found)
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
    from service.console import out, print_json

    _, library = open_library()
    with library.database.writing() as connection:
        cancel_job(connection, job)
        row = read_job(connection, job)
    if as_json:
        print_json({"id": row.id, "state": row.state, "cancel_asked": row.cancel_asked})
    elif row.state == "running":
        out.print(f"{row.id} stops at its next step.", markup=False)
    else:
        out.print(f"{row.id} is {row.state}.", markup=False)
