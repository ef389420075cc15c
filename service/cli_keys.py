"""`lectures keys …`: makes, lists and revokes the keys of the API."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from service.opening import Json

keys_app = typer.Typer(no_args_is_help=True, help="Keys of the API.")


class ScopeName(StrEnum):
    SEARCH = "search"
    ANSWER = "answer"
    ADMIN = "admin"


@keys_app.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="Whose it is, or what for.")],
    scope: Annotated[list[ScopeName], typer.Option(help="What it may do; repeat for several.")] = [  # noqa: B006
        ScopeName.SEARCH,
        ScopeName.ANSWER,
    ],
    course: Annotated[list[str] | None, typer.Option(help="Only these courses; repeat for several.")] = None,
    days: Annotated[int | None, typer.Option(help="Valid for so many days; default: until revoked.")] = None,
    as_json: Json = False,
) -> None:
    """Make a key. It is shown this once: only its hash is kept."""
    from index.store.keys import create_key as create
    from index.types import AccessScope
    from service.console import out, print_json
    from service.opening import open_library

    _, library = open_library()
    with library.database.writing() as connection:
        key, secret = create(connection, name, [AccessScope(s.value) for s in scope], course, days)
    if as_json:
        print_json({"id": key.id, "key": secret})
    else:
        out.print(f"{secret}\nThis is {key.id}. Keep it now: it is not shown again.", markup=False)


@keys_app.command("list")
def list_all_keys(as_json: Json = False) -> None:
    """Show all keys, without their secrets."""
    from index.store.keys import list_keys
    from service.console import print_json, print_table
    from service.opening import open_library

    _, library = open_library()
    with library.database.reading() as connection:
        found = list_keys(connection)
    rows = [
        {
            "id": key.id,
            "name": key.name,
            "scopes": sorted(key.scopes),
            "courses": None if key.courses is None else sorted(key.courses),
            "created_at": key.created_at.isoformat(timespec="seconds"),
            "expires_at": key.expires_at.isoformat(timespec="seconds") if key.expires_at else None,
            "revoked_at": key.revoked_at.isoformat(timespec="seconds") if key.revoked_at else None,
        }
        for key in found
    ]
    if as_json:
        print_json(rows)
    else:
        shown = [
            (
                row["id"],
                row["name"],
                ", ".join(row["scopes"] or ()),
                ", ".join(row["courses"] or ("all",)),
                "revoked" if row["revoked_at"] else row["expires_at"] or "",
            )
            for row in rows
        ]
        print_table(("id", "name", "scopes", "courses", "valid until"), shown)


@keys_app.command("revoke")
def revoke(key_id: Annotated[str, typer.Argument(metavar="ID")], as_json: Json = False) -> None:
    """Make a key worthless, within five seconds."""
    from index.store.keys import revoke_key
    from service.console import out, print_json
    from service.opening import open_library

    _, library = open_library()
    with library.database.writing() as connection:
        revoke_key(connection, key_id)
    if as_json:
        print_json({"revoked": key_id})
    else:
        out.print(f"Revoked {key_id}.", markup=False)
