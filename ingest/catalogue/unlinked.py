"""A course's folders → the nodes of what lies in them and nobody links; translations are left out."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from ingest.catalogue.blocks import BlockKind
from ingest.catalogue.folder import CourseFolder
from ingest.catalogue.gather import LeftOut
from ingest.catalogue.nodes import Node, all_links, natural
from ingest.catalogue.titles import title_of_path
from ingest.catalogue.tree import TreeBuilder
from ingest.catalogue.words import aside_path

_MAX_DEPTH = 12
# Folders of translations. Codes that are subjects as well ("cv", "ml", "cs", "ar") are left to be subjects.
_LANGUAGE = re.compile(
    r"(?:be|de|en|es|fa|fr|hi|it|ja|kk|ko|nl|pl|pt|ru|tr|uk|vi|zh)(?:[-_](?:[a-z]{2}|hans|hant))?", re.IGNORECASE
)


def folder_nodes(builder: TreeBuilder, place: str, left_out: list[LeftOut], depth: int = 0) -> list[Node]:
    """What lies in a folder that nobody links: its page, its files, its folders; translations are left out."""
    readme = builder.folder.readme(place) if place else None
    nodes: list[Node] = []
    if readme is not None and readme not in builder.seen:
        _, nodes = builder.page(readme)
    builder.seen.update(link.place.place for link in all_links(nodes) if link.what in ("deck", "notes", "video"))
    nodes += builder.files(place, pages=True)
    names, translations = _without_translations(builder.folder, sorted(builder.folder.below(place), key=natural))
    left_out += translations
    for name in names:
        if name in builder.seen or aside_path(f"{name}/") or depth > _MAX_DEPTH:
            continue
        builder.seen.add(name)
        children = folder_nodes(builder, name, left_out, depth + 1)
        if children:
            title, mark = title_of_path(name)
            node = Node(
                BlockKind.FOLDER, name, title, mark, path=name, shape="folder", name=PurePosixPath(name).name.strip("_")
            )
            node.children = children
            nodes.append(node)
    return nodes


def _without_translations(folder: CourseFolder, names: list[str]) -> tuple[list[str], list[LeftOut]]:
    """Of folders named by languages that hold the same pages, the first with the most of them; and the others."""
    spoken = [name for name in names if _LANGUAGE.fullmatch(PurePosixPath(name).name)]
    if len(spoken) < 2:
        return names, []
    held = {name: {path.removeprefix(name) for path in folder.files if path.startswith(f"{name}/")} for name in spoken}
    kept = max(spoken, key=lambda name: (_english(name), len(held[name])))
    copies = {name for name in spoken if name != kept and 2 * len(held[name] & held[kept]) >= len(held[name])}
    reason = f"It is the course in another language; {kept} is read."
    return [name for name in names if name not in copies], [
        LeftOut(name, f"{name}/", reason) for name in sorted(copies)
    ]


def _english(name: str) -> bool:
    return PurePosixPath(name).name.lower().startswith("en")
