"""`lectures ingest`, `status`, `worker` and `cancel`: taking courses up, and how that stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.opening import Json, kinds_of_readers, open_embedder, open_existing, open_library, open_means, open_readers

if TYPE_CHECKING:
    from ingest.gathering import Progress
    from ingest.order import Order
    from service.console import Step

Every = Annotated[bool, typer.Option("--all", help="Name every gap, not only how many there are of a kind.")]
_NOT_BEGUN = "It was not begun, since nothing could be stored; run the same again when that is mended."


def add_commands(app: typer.Typer) -> None:
    """Put these commands beside the others."""
    for command in (ingest, status, worker, cancel):
        app.command()(command)


def ingest(
    sources: Annotated[
        list[str],
        typer.Argument(metavar="PATH_OR_URL…", help="Folders, .zip, git or GitHub addresses (subfolders too)."),
    ],
    course: Annotated[str | None, typer.Option(help="Slug to keep it under; default: the folder's name.")] = None,
    source_url: Annotated[str | None, typer.Option(help="Where the course is published, for links.")] = None,
    linked_only: Annotated[bool, typer.Option("--linked-only", help="Only the PDFs that a lecture names.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the course as understood, and stop.")] = False,
    write_yaml: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write the course as understood as course.yaml, and stop.")
    ] = None,
    no_transcripts: Annotated[bool, typer.Option("--no-transcripts", help="Leave the captions out.")] = False,
    language: Annotated[
        str | None, typer.Option(help="Caption languages in order, like ru,en; the first is the course's.")
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Fetch no PDF and no captions from elsewhere.")] = False,
    refresh: Annotated[bool, typer.Option("--refresh", help="Fetch PDFs again that were fetched before.")] = False,
    queue: Annotated[bool, typer.Option("--queue", help="Leave it to `lectures worker`.")] = False,
    ray: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Spread courses over this Ray cluster; auto: the one here.")
    ] = None,
    every: Every = False,
    as_json: Json = False,
) -> None:
    """Take courses up, or what changed in them."""
    from ingest.order import Order

    _check_together(sources, of_one=bool(course or source_url or write_yaml), queue=queue, ray=ray)
    pattern = Order(
        "",
        course=course,
        source_url=source_url,
        languages=tuple(code.strip().lower() for code in (language or "").split(",") if code.strip()),
        linked_only=linked_only,
        with_transcripts=not no_transcripts,
        offline=offline,
        refresh=refresh,
    )
    orders = [replace(pattern, source=source) for source in sources]
    if dry_run or write_yaml:
        for order in orders:
            _show_plan(order, write_yaml, as_json=as_json)
    elif ray is not None:
        _spread(orders, ray, every=every, as_json=as_json)
    elif queue:
        _queue(orders, as_json=as_json)
    else:
        _take_up(orders, every=every, as_json=as_json)


def _check_together(sources: Sequence[str], *, of_one: bool, queue: bool, ray: str | None) -> None:
    """InvalidRequest for options that do not go together."""
    from index.errors import InvalidRequest

    if len(sources) > 1 and of_one:
        raise InvalidRequest("--course, --source-url and --write-yaml are of one course; give one source with them.")
    if ray is not None and queue:
        raise InvalidRequest("--queue leaves it to `lectures worker`, --ray to a cluster; give one of them.")


def _show_plan(order: Order, write_yaml: str | None, *, as_json: bool) -> None:
    """The course as it is understood, printed or written down; nothing is opened that an ingest would write."""
    from pathlib import Path

    from ingest.carrying import plan
    from ingest.course_yaml import write_yaml as to_yaml
    from service.console import counted, out, print_json, print_plan, progress_bar
    from service.settings import read_settings

    settings = read_settings()
    with progress_bar(quiet=as_json) as step:
        planned, _ = plan(
            order,
            settings.data_dir,
            open_means(settings),
            lambda at: step(at.step, at.done, at.total, at.what),
            even_empty=write_yaml is not None,
        )
    if write_yaml:
        Path(write_yaml).write_text(to_yaml(planned), "utf-8")
    if as_json:
        print_json(asdict(planned))
    elif write_yaml:
        held = counted(len(planned.lectures), "lecture") if planned.lectures else "no lectures yet"
        said = f"{write_yaml} holds {held}; correct it, put it into the course, ingest."
        out.print(said, markup=False)
    else:
        print_plan(planned)


def _queue(orders: Sequence[Order], *, as_json: bool) -> None:
    from index.store.jobs import add_job
    from ingest.sources import absolute_source
    from service.console import out, print_json

    _, library = open_library()
    with library.database.writing() as connection:
        jobs = [add_job(connection, absolute_source(order.source), order.options()) for order in orders]
    if as_json:
        print_json([{"id": job} for job in jobs] if len(jobs) > 1 else {"id": jobs[0]})
        return
    for job in jobs:
        out.print(f"Queued as {job}; `lectures worker` will take it.")


def _take_up(orders: Sequence[Order], *, every: bool, as_json: bool) -> None:
    """Take courses up, one after another. One of several that cannot be stops no other, unless none can be stored."""
    from index.errors import LecturesError, StorageError
    from ingest.carrying import carry_out
    from service.console import err, print_json, print_report, progress_bar
    from service.encoding import read_rest

    settings, library = open_library()
    embedder, means = open_embedder(settings), open_means(settings)
    readers = open_readers(settings, library)
    outcomes: list[dict[str, Any]] = []
    for order in orders:
        try:
            with progress_bar(quiet=as_json) as step:

                def tell(at: Progress, step: Step = step) -> None:
                    step(at.step, at.done, at.total, at.what)

                report = carry_out(order, library, embedder, means, tell, readers=readers)
        except (LecturesError, OSError) as error:
            if len(orders) == 1:
                raise
            said = f"{error.filename or 'The system'}: {error.strerror}." if isinstance(error, OSError) else str(error)
            err.print(f"{order.source}: {said}", markup=False)
            outcomes.append(_outcome(order, problem=said))
            if isinstance(error, StorageError):
                outcomes += [_outcome(other, problem=_NOT_BEGUN) for other in orders[len(outcomes) :]]
                break
        else:
            outcomes.append(_outcome(order, asdict(report)))
            if not as_json:
                print_report(report, every=every)
    else:
        read_rest(library, embedder, readers, quiet=as_json, only=_courses_of(outcomes))
        for outcome in outcomes if readers else ():  # what was read since is published, as another generation
            if outcome["report"] and outcome["report"]["generation"] is not None:
                outcome["report"]["generation"] = library.served_number()
    if as_json and len(orders) == 1:
        print_json(outcomes[0]["report"])
        return
    _end(outcomes, as_json=as_json)


def _courses_of(outcomes: Sequence[dict[str, Any]]) -> set[str]:
    """The courses that were taken up, or found unchanged."""
    return {outcome["report"]["course"] for outcome in outcomes if outcome["report"]}


def _outcome(order: Order, report: dict[str, Any] | None = None, problem: str | None = None) -> dict[str, Any]:
    return {"source": order.source, "report": report, "problem": problem}


def _end(outcomes: Sequence[dict[str, Any]], *, as_json: bool) -> None:
    """What came of several orders; exit code 1 if one was not carried out."""
    from service.console import err, print_json

    if as_json:
        print_json(outcomes)
    failed = sum(outcome["report"] is None for outcome in outcomes)
    if failed:
        err.print(f"{failed} of {len(outcomes)} could not be taken up.")
        raise typer.Exit(1)


def _spread(orders: Sequence[Order], address: str, *, every: bool, as_json: bool) -> None:
    """Take courses up on a cluster; each is reported as it is done."""
    from index.follow import follow
    from ingest.cluster import Installation, carry_out_on
    from ingest.pipeline import IngestReport
    from ingest.sources import absolute_source
    from service.console import err, print_report, progress_bar
    from service.encoding import read_rest
    from service.opening import library_of

    settings, library = open_library()
    readers = open_readers(settings, library)
    library.close()
    installation = Installation(
        settings.resolved_database_url,
        settings.storage_url,
        settings.data_dir.absolute(),
        settings.storage_cache_bytes,
        settings.embedder,
    )
    placed = [replace(order, source=absolute_source(order.source)) for order in orders]
    found = []
    with progress_bar(quiet=as_json) as step:
        for outcome in carry_out_on(
            address,
            placed,
            installation,
            open_means(settings),
            lambda source, at: step(f"{source}: {at.step}", at.done, at.total, at.what),
        ):
            found.append(outcome)
            if as_json:
                continue
            if outcome.report is None:
                err.print(f"{outcome.source}: {outcome.problem}", markup=False)
            else:
                print_report(IngestReport(**outcome.report), every=every)
    outcomes = [asdict(outcome) for outcome in found]
    if readers:
        library = library_of(settings)
        follow(library, wait=True)
        read_rest(library, open_embedder(settings), readers, quiet=as_json, only=_courses_of(outcomes))
    _end(outcomes, as_json=as_json)


def status(every: Every = False, as_json: Json = False) -> None:
    """Show the courses with what is missing and what to do about it, jobs, what is served, and the disk it takes."""
    from service.console import err, print_json, print_status
    from service.oversights import oversights_of
    from service.status import read_status

    settings, library, nothing = open_existing()
    for line in oversights_of(library, settings, nothing=nothing):
        err.print(line, markup=False)
    found = read_status(library, open_embedder(settings), kinds_of_readers(settings))
    if as_json:
        print_json(found.model_dump(mode="json", by_alias=True))
    else:
        print_status(found, every=every)


def worker(
    once: Annotated[bool, typer.Option("--once", help="Stop when no job waits.")] = False,
    as_json: Json = False,
) -> None:
    """Run queued ingests until stopped. The log goes to stderr, a JSON object a line."""
    import signal
    import threading

    from index.store.jobs import held_until
    from ingest.worker import work
    from service.console import counted, out, print_json
    from service.observability import configure_logging

    settings, library = open_library()
    configure_logging(settings.log_level)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    readers = open_readers(settings, library)
    done = work(library, open_embedder(settings), open_means(settings), stop, once=once, readers=readers)
    held = []
    if once:  # else it was told to stop, perhaps since the database is away
        with library.database.reading() as connection:
            held = held_until(connection)
    if as_json:
        print_json({"done": done, "held": [job for job, _, _ in held]})
        return
    out.print(f"{counted(done, 'job')} done.")
    for job, source, until in held:
        out.print(
            f"{job} ({source}) is held by another worker: if that one died, it is taken again from "
            f"{until.strftime('%H:%M:%S')} UTC on.",
            markup=False,
        )


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
