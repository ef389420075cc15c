"""An installation → what it holds and what is wrong with it, told in JSON: run in children of the zygote."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from index.damage import find_damage
from index.embed.models import load_embedder
from index.engine.generation import Generation
from index.errors import IndexUnavailable, LecturesError
from index.library import READERS, Library
from index.search.search import SearchIndex
from index.served import open_served
from index.store.embeddings import embedded_fingerprints
from index.store.known import course_slugs, stored_hashes
from index.store.passages import read_passages
from index.store.tables import embeddings, passages
from index.types import Query


def held(data: str) -> dict[str, Any]:
    """What is served and what the rows say, by course, as a digest of every passage; and what is wrong in either.

    As a reader finds it: nothing is mended first.
    """
    with opened(data) as library:
        return held_in(library)


def held_in(library: Library) -> dict[str, Any]:
    """As `held`, of an installation that is open."""
    embedder = load_embedder("builtin")
    with library.database.reading() as connection:
        slugs = course_slugs(connection)
        rows = {slug: _digest(_lines(read_passages(connection, slug))) for slug in slugs}
        check = connection.exec_driver_sql("PRAGMA quick_check").scalar()
    wrong = [] if check == "ok" else [f"the database is damaged: {check}"]
    try:
        generation, degraded = open_served(library, embedder)
    except IndexUnavailable:
        return {"rows": rows, "served": {}, "wrong": wrong, "served_number": None}
    wrong += [*degraded, *generation.damaged.values()]
    found = generation.passages(list(range(generation.count)))
    twice = [key for key, count in Counter(passage.id for passage in found).items() if count > 1]
    wrong += [f"passages that are served twice: {twice[:3]}"] if twice else []
    served = {
        slug: _digest(_lines(passage for passage in found if passage.course_slug == slug))
        for slug in (shard.course for shard in generation.shards)
    }
    return {"rows": rows, "served": served, "wrong": wrong, "served_number": generation.manifest.number}


def damage(data: str) -> list[str]:
    """What `lectures verify` finds."""
    with opened(data) as library:
        return find_damage(library, load_embedder("builtin"))


def leftovers(data: str) -> list[str]:
    """What a writer left over: nothing of this is there when one has ended."""
    with opened(data) as library:
        return leftovers_in(library)


def leftovers_in(library: Library) -> list[str]:
    """As `leftovers`, of an installation that is open."""
    generation, _ = open_served(library, load_embedder("builtin"))
    found = [f"damage: {line}" for line in find_damage(library, load_embedder("builtin"))]
    for pattern in ("**/.building-*", "**/.new-*", "unfinished"):
        found += [f"a leftover of a writer: {path}" for path in library.data_dir.glob(pattern)]
    found += _superfluous(library, generation)
    return found


def settled(data: str) -> dict[str, Any]:
    """What `held` says, and what is left over, of an installation on which no writer works."""
    return {**held(data), "leftovers": leftovers(data)}


def _superfluous(library: Library, generation: Generation) -> list[str]:
    with library.database.reading() as connection:
        contents = set(connection.scalars(sa.select(passages.c.content_hash)))
        stored = set(connection.scalars(sa.select(embeddings.c.content_hash)))
        made = set(embedded_fingerprints(connection))
        referenced = stored_hashes(connection)
    files = {path.name.split(".")[0] for path in (library.data_dir / "files").glob("??/*")}
    shards = {path.name for path in (library.index_root / "shards").iterdir()}
    # which readers are set is not known here, as it is not to `Library.sweep_all`
    made = {fingerprint for fingerprint in made if not fingerprint.startswith(READERS)}
    wanted = {shard.manifest.fingerprint for shard in generation.shards}
    counts = {
        "vectors of texts that are gone": len(stored - contents),
        "vectors of states that are gone": len(made - wanted),
        "files that no row names": len(files - referenced),
        "files that are missing": len(referenced - files),
        "shards more than two generations list": max(0, len(shards) - 2 * len(generation.shards) - 1),
    }
    return [f"{count} {what}" for what, count in counts.items() if count]


@contextmanager
def opened(data: str) -> Iterator[Library]:
    url = os.environ.get("LECTURES_DATABASE_URL") or f"sqlite:///{Path(data) / 'lectures.db'}"
    library = Library(url, Path(data))
    try:
        yield library
    finally:
        library.close()


def _lines(found: Any) -> Iterator[str]:
    return (f"{passage.id}\0{passage.title}\0{passage.text}" for passage in found)


def _digest(lines: Iterator[str]) -> str:
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:16]


_QUESTIONS = (
    "gradients",
    "dropout",
    "minute 7",
    "slide of the network",
    "how are activations zeroed",
    "losses version",
)


def probe(data: str) -> dict[str, Any]:
    """What `verify` says and what searches give, each as JSON; `untyped` are errors that are none of ours."""
    found: dict[str, Any] = {"verify": [], "untyped": [], "top": None, "refused": ""}
    try:
        with opened(data) as library:
            found["verify"] = find_damage(library, load_embedder("builtin"))
    except LecturesError as error:
        found["verify"] = [str(error)]
    except Exception as error:
        found["untyped"].append(f"verify: {type(error).__name__}: {str(error)[:200]}")
    try:
        with opened(data) as library:
            generation, degraded = open_served(library, load_embedder("builtin"))
            index = SearchIndex(generation, load_embedder("builtin"), degraded)
            found["refused"] = "; ".join(index.degraded)
            found["top"] = [_top(index, question) for question in _QUESTIONS]
    except LecturesError as error:
        found["refused"] = str(error)
    except Exception as error:
        found["untyped"].append(f"search: {type(error).__name__}: {str(error)[:200]}")
    return found


def _top(index: SearchIndex, question: str) -> list[list[Any]]:
    return [[hit.passage.id, round(hit.score, 6), hit.passage.text] for hit in index.find(Query(question)).hits(10)]


def checkpoint(data: str) -> None:
    """Move what is in SQLite's log into the database itself."""
    with opened(data) as library, library.database.reading() as connection:
        connection.rollback()
        connection.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
