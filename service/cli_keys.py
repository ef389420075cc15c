"""`lectures keys …`: makes, lists and revokes the keys of the API."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from service.opening import Json

if TYPE_CHECKING:
    from index.store.keys import Key

keys_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Keys of the API.")


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
    from service.opening import open_library

    _, library = open_library()
    with library.database.reading() as connection:
        found = list_keys(connection)
    print_keys(found, ("id", "name", "scopes", "courses", "created_at", "expires_at", "revoked_at"), as_json=as_json)


def print_keys(keys: Iterable[Key], facts: Sequence[str], *, as_json: bool) -> None:
    """These facts of them for a program, or a table of those that a person looks for."""
    from service.console import print_json, print_table

    if as_json:
        print_json([{fact: _plain(getattr(key, fact)) for fact in facts} for key in keys])
        return
    columns = [fact for fact in facts if fact in ("id", "name", "scopes", "courses")]
    rows = [[*(_shown(getattr(key, column)) for column in columns), _validity(key)] for key in keys]
    print_table((*columns, "valid until"), rows)


def _plain(value: object) -> object:
    if isinstance(value, frozenset):
        return sorted(value)
    return value.isoformat(timespec="seconds") if isinstance(value, dt.datetime) else value


def _shown(value: str | frozenset[str] | None) -> str:
    if value is None:
        return "all"
    return value if isinstance(value, str) else ", ".join(sorted(value))


def _validity(key: Key) -> str:
    return "revoked" if key.revoked_at else key.expires_at.isoformat(timespec="seconds") if key.expires_at else ""


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
