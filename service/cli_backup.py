"""`lectures backup FILE` and `lectures restore FILE`: the whole installation in one file, and back."""

from __future__ import annotations

from typing import Annotated

import typer

from index.errors import StorageError
from service.opening import Json, open_embedder, open_existing, open_library, open_readers


def add_commands(app: typer.Typer) -> None:
    """Add both to the command line."""
    app.command()(backup)
    app.command()(restore)


def backup(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Where to write it; what is there is replaced.")],
    as_json: Json = False,
) -> None:
    """Write rows and originals into one file, while others read and write; exit code 1 if something is not in it."""
    from dataclasses import asdict
    from pathlib import Path

    from index.backup import write_backup
    from service.console import counted, err, out, print_json

    _, library, nothing = open_existing()
    if nothing:
        raise StorageError(nothing)
    written = write_backup(library, Path(file))
    if as_json:
        print_json({"file": file, **asdict(written)})
    else:
        for problem in written.problems:
            err.print(problem, markup=False)
        size = f"{written.size / 1e6:.1f} MB"
        out.print(
            f"{file} holds {counted(written.courses, 'course')} and {counted(written.files, 'file')}, {size}.",
            markup=False,
        )
    if written.problems:
        raise typer.Exit(1)


def restore(
    file: Annotated[str, typer.Argument(metavar="FILE", help="What `lectures backup` wrote.")],
    replace: Annotated[bool, typer.Option("--replace", help="Have it in place of what is there.")] = False,
    as_json: Json = False,
) -> None:
    """Bring an installation back, checked, and build its index: into a data folder and a database that hold no course,
    key or order, which need not exist yet."""
    from dataclasses import asdict
    from pathlib import Path

    from index.restore import check_backup, read_backup
    from service.console import counted, err, out, print_json, progress_bar
    from service.encoding import read_rest

    check_backup(Path(file))  # before anything is made
    settings, library = open_library()
    embedder, readers = open_embedder(settings), open_readers(settings, library)
    with progress_bar(quiet=as_json) as step:
        found = read_backup(library, Path(file), embedder, replace=replace, progress=step)
    read_rest(library, embedder, readers, quiet=as_json)
    if as_json:
        print_json(asdict(found))
    else:
        for problem in found.problems:
            err.print(problem, markup=False)
        out.print(
            f"{counted(found.courses, 'course')} and {counted(found.files, 'file')} are back; "
            f"generation {found.generation} is served.",
            markup=False,
        )
    if found.problems:
        raise typer.Exit(1)
