"""`lectures packs …`: looks at packs of concepts and their descriptions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from service.opening import Json

packs_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Packs of concepts that questions may describe."
)


@packs_app.callback()
def packs() -> None:
    """Packs of concepts that questions may describe."""


@packs_app.command("check")
def check_pack(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A pack, as docs/packs.md describes it.")],
    as_json: Json = False,
) -> None:
    """Read a pack; say what it holds, and what may find little or mislead."""
    from index.engine.packs import doubts, read_pack
    from service.console import out, print_json

    pack = read_pack(file)
    descriptions = sum(len(concept.descriptions) for concept in pack.concepts)
    found = doubts(pack)
    if as_json:
        print_json({"concepts": len(pack.concepts), "descriptions": descriptions, "doubts": found})
        return
    for doubt in found:
        out.print(doubt, markup=False)
    out.print(f"{len(pack.concepts)} concepts, {descriptions} descriptions, {len(found)} doubts")
