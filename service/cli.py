"""`lectures …`: every command of the installation, for people and (with --json) for programs."""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import Annotated

import typer

from index.errors import LecturesError, StorageUnreachable
from service import cli_backup, cli_eval, cli_ingest
from service.cli_keys import keys_app
from service.cli_links import links_app, sessions_app
from service.cli_packs import packs_app
from service.memory import collect_seldom, importing
from service.opening import (
    Course,
    Json,
    ModeName,
    check_not_empty,
    open_embedder,
    open_existing,
    open_index,
    open_library,
    open_readable,
    open_readers,
)

# plain texts of help: what draws boxes around them takes longer to load than all the rest of `--help`
app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None, help=__doc__
)
app.add_typer(keys_app, name="keys")
app.add_typer(links_app, name="links")
app.add_typer(sessions_app, name="sessions")
app.add_typer(packs_app, name="packs")
cli_ingest.add_commands(app)
cli_eval.add_commands(app)
cli_backup.add_commands(app)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"lectures {version('lecture-search')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Search and answers over lecture courses."""


def main() -> None:
    """The `lectures` command: our errors go to stderr as one sentence, exit code 1; usage errors are 2."""
    collect_seldom()
    # pydantic looks through everything that is installed for plugins, of which we have none
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    try:
        app()
    except LecturesError as error:
        where = " LECTURES_DATA_DIR and LECTURES_DATABASE_URL say where it is." * isinstance(error, StorageUnreachable)
        sys.stderr.write(f"{error}{where}\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.stderr.write("Stopped. Nothing is lost; run the command again to go on.\n")
        sys.exit(130)
    except BrokenPipeError:  # the reader of our output went away, as `head` does
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:  # a disk that is full, a file that may not be read: not a fault of the program
        sys.stderr.write(f"{error.filename or 'The system'}: {error.strerror or error}.\n")
        sys.exit(1)


@app.command()
def courses(as_json: Json = False) -> None:
    """List the courses."""
    from index.store.catalogue import list_courses
    from service.console import err, print_json, print_table
    from service.oversights import oversights_of
    from service.schemas import CourseSummaryOut

    settings, library, nothing = open_existing()
    for line in oversights_of(library, settings, nothing=nothing):
        err.print(line, markup=False)
    found = []
    if not nothing:
        with library.database.reading() as connection:
            found = [CourseSummaryOut.model_validate(course) for course in list_courses(connection, readable=None)]
    if as_json:
        print_json([course.model_dump(mode="json") for course in found])
        return
    rows = ((course.slug, course.title, course.language, course.lectures, course.passages) for course in found)
    print_table(("slug", "title", "language", "lectures", "passages"), rows)


@app.command()
def remove(
    slug: Annotated[str, typer.Argument(metavar="SLUG", help="The course; `lectures courses` lists them.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; without a terminal nobody is asked.")] = False,
    as_json: Json = False,
) -> None:
    """Forget a course and all that hangs on it. To have it back, ingest it again, or restore a backup; what was fetched
    for it or heard is kept."""
    from index.publish import forget_course
    from index.store.catalogue import list_courses
    from service.console import counted, out, print_json

    settings, library = open_library()
    with library.database.reading() as connection:
        found = next((own for own in list_courses(connection, readable=None) if own.slug == slug), None)
    held = f"{counted(found.lectures, 'lecture')} and {counted(found.passages, 'passage')}" if found else ""
    if found and not yes and not as_json and sys.stdin.isatty() and out.is_terminal:
        typer.confirm(f"{found.title} [{slug}], with {held}, goes from here. Remove it?", abort=True)
    number = forget_course(library, open_embedder(settings), slug)
    if as_json:
        print_json({"removed": slug, "generation": number})
    else:
        out.print(f"Removed {slug} with {held}; generation {number} is served.", markup=False)


@app.command()
def search(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="What is looked for, in Russian or English.")],
    course: Course = None,
    limit: Annotated[int, typer.Option(min=1, max=50, help="How many hits.")] = 10,
    kind: Annotated[str | None, typer.Option(help="page, segment, programme; several by comma.")] = None,
    mode: Annotated[ModeName, typer.Option(help="Words and vectors, words, or vectors.")] = ModeName.HYBRID,
    explain: Annotated[bool, typer.Option("--explain", help="Say why each hit is there.")] = False,
    as_json: Json = False,
) -> None:
    """Find slide pages and moments of video."""
    from index.types import Filters, Mode, Query
    from service.finding import read_kinds, timed_search

    index = open_index()
    filters = Filters(course, None, read_kinds([kind] if kind else []))
    found = timed_search(index.find, Query(query, filters, Mode(mode.value)), limit, explain=explain)
    if as_json:
        typer.echo(found.model_dump_json(by_alias=True, indent=1))
    else:
        from service.console import print_results

        print_results(found)


@app.command()
def ask(
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="What is asked, in Russian or English.")],
    course: Course = None,
    as_json: Json = False,
) -> None:
    """Answer a question with quotes, or with the language model that is set."""
    from concurrent.futures import wait
    from time import perf_counter

    from index.search.search import clean_query
    from index.types import Filters
    from service.answers.answering import last_answer
    from service.observability import configure_logging
    from service.schemas import answer_out
    from service.settings import read_settings
    from service.state import ServiceState

    configure_logging("warning")
    state = ServiceState(read_settings())
    try:
        check_not_empty(state.library)
        state.following.look()
        index = state.index()
        if index.encoder is not None:
            wait([index.encoder.wake()])  # there is no second question that it could help
        started = perf_counter()
        answer = last_answer(state.answering(clean_query(question), Filters(course=course), ()))
        found = answer_out(answer, (perf_counter() - started) * 1000)
    finally:
        state.close()
    if as_json:
        typer.echo(found.model_dump_json(by_alias=True, indent=1))
    else:
        from service.console import print_answer

        print_answer(found)


@app.command()
def mcp() -> None:
    """Serve the tools search, fetch and ask over standard input and output, for an MCP client on this machine."""
    from service.mcp import make_server
    from service.observability import configure_logging
    from service.settings import read_settings
    from service.state import ServiceState

    settings = read_settings()
    configure_logging(settings.log_level)
    state = ServiceState(settings)
    try:
        check_not_empty(state.library)
        state.start()
        state.index()
        make_server(lambda: state).run()
    finally:
        state.close()


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that share one index.")] = 1,
    ray: Annotated[str | None, typer.Option(help="Let the nodes of the Ray cluster at this address search.")] = None,
) -> None:
    """Serve the search box and the API."""
    with importing():
        from service.lightly import import_lightly

        import_lightly()
        from index.spread.connecting import read_address
        from service.opening import hold_native_threads, names_models, read_ahead
        from service.security import check_bind
        from service.settings import read_settings
        from service.workers import open_socket, serve_in_processes, share_metrics

    if ray is not None:
        read_address(ray)  # an empty one would have this process search
        os.environ["LECTURES_SEARCH"] = ray
    settings = read_settings()
    check_bind(host, allow_public=settings.allow_public, keys_required=settings.api_keys_required)
    hold_native_threads(settings)
    if workers > 1:
        share_metrics()
    with importing():
        from service.oversights import oversights_of

        if workers == 1:  # a process that is to part has no thread that holds a lock
            read_ahead(settings)
        from service.running import open_first, run

    _, library, away = open_readable(settings)  # the schema is brought up to date once, before anybody serves
    seen = "" if away else "".join(f"{line}\n" for line in oversights_of(library, settings))
    library.close()
    if away:
        sys.stderr.write(f"{away} Searching goes on without it; what needs it is refused until it is back.\n")
    with open_socket(host, port) as listening:
        # models and packs may be missing, which no waiting mends: they are opened before anybody is told where to ask
        opens = (workers > 1 or names_models(settings)) and not settings.search
        first = open_first(settings) if opens else None
        bound = listening.getsockname()
        shown = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
        greeting = f"Open http://{shown}:{bound[1]} (Ctrl+C stops)\n{seen}"
        if workers == 1:
            run(settings, listening, first, greeting=greeting, migrates=bool(away))
        else:
            sys.stderr.write(greeting)

            def serve_one(trusts: bool) -> None:
                run(settings, listening, first if trusts else None, migrates=bool(away), distrusts=not trusts)

            sys.exit(serve_in_processes(workers, serve_one))


@app.command()
def migrate(as_json: Json = False) -> None:
    """Bring the database's schema up to date and do nothing else.

    Other commands that write do it as well: on one machine it is never needed, on several before the new version is
    started anywhere.
    """
    from service.console import out, print_json

    _, library = open_library()
    revision = library.database.revision()
    if as_json:
        print_json({"schema_revision": revision})
    else:
        out.print(f"The schema is {revision}.", markup=False)


@app.command()
def reindex(
    embedder: Annotated[str | None, typer.Option(help="Use this embedder (set LECTURES_EMBEDDER to it too).")] = None,
    as_json: Json = False,
) -> None:
    """Build the index anew from the database: after a change of embedder, or damage. What encoder or language model
    could not read they are asked again."""
    from index.encoding import read_little
    from index.publish import reindex as build_again
    from index.store.readers import forget_refusals
    from service.console import out, print_json, progress_bar
    from service.encoding import read_rest
    from service.settings import read_settings

    settings, library = open_library()
    if embedder is not None:
        settings = read_settings(embedder=embedder)  # it must go with the others
    chosen, readers = open_embedder(settings), open_readers(settings, library)
    with progress_bar(quiet=as_json) as step, library.writer(anew=True):
        with library.database.writing() as connection:
            forget_refusals(connection)
        number = build_again(
            library,
            chosen,
            lambda done, total, what: step("indexing", done, total, what),
            partial(read_little, library, readers),
        )
    read_rest(library, chosen, readers, quiet=as_json)
    number = library.served_number() or number
    if as_json:
        print_json({"generation": number, "embedder": chosen.fingerprint if chosen else "none"})
    else:
        out.print(f"Generation {number} is served, made with {settings.embedder}.", markup=False)


@app.command()
def verify(as_json: Json = False) -> None:
    """Check every file of the served generation and every stored original; exit code 1 if something is wrong."""
    from index.damage import find_damage
    from index.follow import follow
    from service.console import counted, out, print_json

    settings, library, nothing = open_existing()
    damage = [nothing] if nothing else []
    if not nothing:
        try:
            follow(library)
        except LecturesError as error:
            damage = [str(error)]
        damage += find_damage(library, open_embedder(settings))
    if as_json:
        print_json({"ok": not damage, "damage": damage})
    else:
        for line in damage:
            out.print(line, markup=False)
        out.print(f"{counted(len(damage), 'fault')}." if damage else "Everything is as it should be.")
    if damage:
        raise typer.Exit(1)


if __name__ == "__main__":
    main()
