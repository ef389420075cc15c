"""Which generation is to be served, and what is degraded about it: what the database says, else what is pointed to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from index.embed.protocol import Embedder
from index.engine.generation import Generation, open_generation
from index.engine.manifest import (
    GenerationManifest,
    current_number,
    generation_file,
    generation_numbers,
    read_generation,
)
from index.engine.shard import Shard
from index.errors import CorruptIndex, IndexMismatch, IndexUnavailable, LecturesError, StorageError
from index.library import Library, name_of
from index.store.generations import StoredGeneration, latest_generation
from index.text.analysis import ANALYSIS_VERSION

NONE_NAMED = "The database names no generation of the index; run `lectures reindex`."


class OpenGeneration(Protocol):
    """Opens what a manifest lists, as `open_generation` does."""

    def __call__(
        self, root: Path, manifest: GenerationManifest, known: Mapping[str, Shard] | None = None, /
    ) -> Generation: ...


def open_served(
    library: Library,
    embedder: Embedder | None,
    known: Mapping[str, Shard] | None = None,
    opened: OpenGeneration = open_generation,
) -> tuple[Generation, tuple[str, ...]]:
    """The generation to serve, and what is degraded about it; `known` are shards that are open already, by name.

    IndexUnavailable if nothing was ever published; IndexMismatch if it was made with another embedder or analysis. A
    damaged shard takes down its course; if the pointer or the newest manifest is damaged, the newest good one serves.
    """
    wanted = wanted_generations(library)
    first: LecturesError | None = None
    for number, sha256 in wanted.generations:
        try:
            manifest, found = read_generation(library.index_root, number)
            if sha256 not in (None, found):
                raise CorruptIndex(f"Generation {number} is not the one in the database; run `lectures reindex`.")
            generation = opened(library.index_root, check_made_with(manifest, embedder), known)
        except (CorruptIndex, IndexUnavailable, IndexMismatch) as error:
            if isinstance(error, IndexMismatch) and first is None:
                raise  # the settings are other ones, nothing is damaged
            if isinstance(error, IndexUnavailable) and library.shared is not None:
                error = IndexUnavailable(f"Generation {number} was not yet fetched from {library.shared.depot.shown}.")
            first = first or error
            continue
        if first is None:
            return generation, wanted.problems
        damaged = wanted.generations[0][0]
        return generation, (*wanted.problems, f"generation {damaged} is damaged ({first}); generation {number} serves")
    raise first or IndexUnavailable("Nothing is indexed yet; run `lectures ingest PATH` first.")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Generations (number, SHA-256 of the manifest or None where it is not known), the best first; what is wrong."""

    generations: tuple[tuple[int, str | None], ...]
    problems: tuple[str, ...]


def wanted_generations(library: Library) -> Wanted:
    """What is to be served: what the database says; where that is away or has lost it, what the pointer says.

    So a reader that starts after a writer died between its commit and the pointer serves what was committed.
    """
    root, problems = library.index_root, []
    pointed: int | None = None
    try:
        pointed = current_number(root)  # before the database is asked: what is published meanwhile is no fault
    except CorruptIndex as error:
        problems.append(str(error))
    latest: StoredGeneration | None = None
    try:
        with library.database.reading() as connection:
            latest = latest_generation(connection)
        is_known = True
    except StorageError:
        is_known = False  # searching goes on without it
    if latest is not None and pointed is not None and pointed > latest.number:
        problems.append(
            f"the pointer names generation {pointed}, the database {latest.number}; the next ingest or "
            "`lectures reindex` puts it right"
        )
    if is_known and latest is None:
        if pointed is None:
            return Wanted((), tuple(problems))
        problems.append(NONE_NAMED)
    found: list[tuple[int, str | None]] = []
    if latest is not None and (pointed is None or generation_file(root, latest.number).is_file()):
        found.append((latest.number, latest.manifest_sha256))
    if pointed is not None and pointed not in dict(found):
        found.append((pointed, None))
    # what is newer than the newest that was committed was never acknowledged
    newest = latest.number if latest else pointed
    older = [n for n in generation_numbers(root) if n not in dict(found) and (newest is None or n < newest)]
    return Wanted((*found, *((n, None) for n in reversed(older))), tuple(problems))


def check_made_with(manifest: GenerationManifest, embedder: Embedder | None) -> GenerationManifest:
    """The manifest, if its shards can be searched with this embedder; else IndexMismatch."""
    if manifest.embedder != name_of(embedder):
        raise IndexMismatch(
            f"The index was made with embedder {manifest.embedder}, but {name_of(embedder)} is set; run "
            "`lectures reindex`, or set the embedder back."
        )
    if manifest.analysis != ANALYSIS_VERSION:
        raise IndexMismatch(
            f"The index was made with text analysis {manifest.analysis}, this program has {ANALYSIS_VERSION}; run "
            "`lectures reindex`."
        )
    return manifest
