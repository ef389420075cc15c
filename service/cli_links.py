"""`lectures links …`: links that sign a person in; `lectures sessions …`: who is signed in, and how that ends."""

from __future__ import annotations

from typing import Annotated

import typer

from service.opening import Json

links_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Links that sign people in.")
sessions_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="People who are signed in.")


@links_app.command("create")
def create_link(
    name: Annotated[str, typer.Option(help="Whom it is for; those who open it are called so.")] = "Students",
    course: Annotated[list[str] | None, typer.Option(help="Only these courses; repeat for several.")] = None,
    days: Annotated[int, typer.Option(help="Valid for so many days.")] = 180,
    as_json: Json = False,
) -> None:
    """Make a link. It is shown this once: only its hash is kept."""
    from index.store.keys import create_key
    from index.types import AccessScope
    from service.base import LOCAL
    from service.console import out, print_json
    from service.opening import open_library

    settings, library = open_library()
    with library.database.writing() as connection:
        reading = [AccessScope.SEARCH, AccessScope.ANSWER]
        link, secret = create_key(connection, name, reading, course, days, link=True)
    url = f"{(settings.public_url or LOCAL).rstrip('/')}/signin/link/{secret}"
    if as_json:
        print_json({"id": link.id, "url": url})
    else:
        out.print(f"{url}\nThis is {link.id}. Keep it now: it is not shown again.", markup=False, soft_wrap=True)


@links_app.command("list")
def list_links(as_json: Json = False) -> None:
    """Show all links, without their secrets."""
    from index.store.keys import list_keys
    from service.cli_keys import print_keys
    from service.opening import open_library

    _, library = open_library()
    with library.database.reading() as connection:
        found = list_keys(connection, links=True)
    print_keys(found, ("id", "name", "courses", "expires_at", "revoked_at"), as_json=as_json)


@links_app.command("revoke")
def revoke(link_id: Annotated[str, typer.Argument(metavar="ID")], as_json: Json = False) -> None:
    """Make a link worthless at once, and end the sessions of those who opened it."""
    from index.store.keys import revoke_key
    from service.console import out, print_json
    from service.opening import open_library

    _, library = open_library()
    with library.database.writing() as connection:
        revoke_key(connection, link_id)
    if as_json:
        print_json({"revoked": link_id})
    else:
        out.print(f"Revoked {link_id}.", markup=False)


@sessions_app.command("end")
def end(
    name: Annotated[str | None, typer.Option(help="Only of those who are called so; default: of everybody.")] = None,
    as_json: Json = False,
) -> None:
    """Sign people out at once, for instance when their groups have changed."""
    from index.store.sessions import end_sessions
    from service.console import out, print_json
    from service.opening import open_library

    _, library = open_library()
    with library.database.writing() as connection:
        ended = end_sessions(connection, name)
    if as_json:
        print_json({"ended": ended})
    else:
        out.print(f"Ended {ended} sessions.", markup=False)
