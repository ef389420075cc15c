"""What the commands open: settings, library, embedder, index; libraries are imported when they are needed."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from index.embed.encoder import Encoder
    from index.embed.protocol import Embedder
    from index.encoding import Reader
    from index.library import Library
    from index.search.search import SearchIndex
    from index.spread.spread import Spread
    from ingest.carrying import Means
    from service.settings import Settings

Course = Annotated[str | None, typer.Option(help="Only this course (its slug).")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class ModeName(StrEnum):
    """How to search, as it is typed."""

    HYBRID = "hybrid"
    LEXICAL = "lexical"
    SEMANTIC = "semantic"


def hold_native_threads(settings: Settings) -> None:
    """One thread for each of the libraries that would use all cores, unless the environment says otherwise.

    Requests run in threads already; threads of BLAS and OpenMP that wait for work keep the cores busy beside them.
    Before NumPy is imported: it decides then. Models that embed or rerank gain from OpenMP and keep it; the engine
    of `e5` gains little, and where cores are busy its threads wait for each other for seconds; `builtin` has threads of
    its own.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if settings.embedder in ("builtin", "none") and not settings.reranker and settings.encoder in ("", "builtin", "e5"):
        os.environ.setdefault("OMP_NUM_THREADS", "1")


def names_models(settings: Settings) -> bool:
    """Whether the settings name a model or a pack that does not come with the program."""
    from service.settings import Settings as Known
    from service.settings import listed

    packs = listed(settings.packs) != listed(Known.model_fields["packs"].default)
    return (
        settings.embedder not in ("builtin", "none")
        or bool(settings.reranker)
        or settings.encoder not in ("", "builtin")
        or packs
    )


def open_library() -> tuple[Settings, Library]:
    """The settings and the library they name, its schema brought up to date."""
    settings, library = _opened()
    library.database.migrate()
    return settings, library


def _opened(settings: Settings | None = None) -> tuple[Settings, Library]:
    from index.store.database import make_usable
    from service.settings import read_settings

    settings = settings or read_settings()
    library = library_of(settings)
    if not library.index_root.exists():  # better said now than when the first course is published
        make_usable(library.data_dir)
    return settings, library


def open_existing() -> tuple[Settings, Library, str]:
    """As `open_library`, for what only looks: nothing is made, and a folder that is read-only will do. Last comes why
    there is nothing to look at, in a sentence; most often there is, and it is empty."""
    from service.settings import read_settings

    settings = read_settings()
    library = library_of(settings)
    if library.database.revision() is not None:
        library.database.migrate()
    return settings, library, nothing_kept(library)


def nothing_kept(library: Library) -> str:
    """Why there is nothing to look at, and what says where it is; empty where there is something."""
    from index.presence import nothing_here

    said = nothing_here(library)
    return f"{said} LECTURES_DATA_DIR and LECTURES_DATABASE_URL say where it is looked for." if said else ""


def check_not_empty(library: Library) -> None:
    """IndexUnavailable where nothing was ever kept: most often a setting is wrong."""
    from index.errors import IndexUnavailable

    if library.served_number() is None and library.shared is None:
        nothing = nothing_kept(library)
        if nothing:
            raise IndexUnavailable(nothing)


def library_of(settings: Settings, *, lists_only: bool = False) -> Library:
    """The library that the settings name; nothing of it is read. With `lists_only` others hold its shards."""
    from index.library import Library

    return Library(
        settings.resolved_database_url,
        settings.data_dir,
        settings.storage_url,
        settings.storage_cache_bytes,
        lists_only=lists_only,
    )


def open_readable(settings: Settings | None = None) -> tuple[Settings, Library, str]:
    """As `open_library`, for what needs no more than the index. Where there is one to search, the database may be away:
    then what is wrong with it, in a sentence. It may have been brought up to date by a newer program, too."""
    settings, library = _opened(settings)
    return settings, library, _brought_up_to_date(library, makes=True)


def _brought_up_to_date(library: Library, *, makes: bool) -> str:
    """What is wrong with the database, in a sentence; empty if its schema is that of this program, or is by now. Only
    with `makes` is one made that is not there."""
    from index.errors import StorageUnreachable

    try:
        if not makes and library.database.revision() is None:
            return nothing_kept(library)
        library.database.migrate(only_serves=True)
    except StorageUnreachable as error:
        if library.served_number() is None and library.shared is None:
            raise
        return str(error)
    return ""


def open_embedder(settings: Settings) -> Embedder | None:
    """The embedder that the settings name; None for searches by words alone."""
    from index.embed.models import load_embedder

    return load_embedder(settings.embedder)


def read_ahead(settings: Settings) -> None:
    """Begin to read the bundled table, if that is set, while the program is imported: most of it happens outside the
    interpreter's lock. Who needs the table waits for it, and is told then what is wrong with it."""
    from contextlib import suppress
    from threading import Thread

    from index.embed.table import bundled_table

    def read() -> None:
        with suppress(Exception):
            bundled_table()

    if settings.embedder == "builtin":
        Thread(target=read, name="table", daemon=True).start()


def open_encoder(settings: Settings) -> Encoder | None:
    """The encoder that the settings name, if any."""
    from index.embed.encoder import load_encoder

    return load_encoder(settings.encoder, settings.encoder_deadline_ms)


def open_readers(settings: Settings, library: Library) -> list[Reader]:
    """Who reads courses in the background: the encoder and the language model, where the settings say so. The model has
    half of its calls a day for that: the other half is for those who ask."""
    encoder = open_encoder(settings)
    readers: list[Reader] = [] if encoder is None else [encoder]
    if settings.llm_ingest:
        from functools import partial

        from service.answers.llm import model_of
        from service.foreseeing import Foreseeing, count_call

        model = model_of(settings, partial(count_call, library), settings.llm_per_day // 2)
        readers += [] if model is None else [Foreseeing(model)]
    return readers


def kinds_of_readers(settings: Settings) -> tuple[str, ...]:
    """How the fingerprints of those begin that `open_readers` opens, which may load a model."""
    from index.embed.encoder import PREFIX as ENCODER
    from index.engine.foreseen import PREFIX as QUESTIONS

    return (ENCODER,) * bool(settings.encoder) + (QUESTIONS,) * settings.llm_ingest


def open_index() -> SearchIndex:
    """The served generation, with all that the settings name for searching, warmed up; the newest that others
    published."""
    from concurrent.futures import wait

    from index.embed.rerank import load_reranker
    from index.engine.dictionary import load_dictionary
    from index.errors import IndexUnavailable, LecturesError
    from index.follow import follow
    from index.search.search import SearchIndex
    from index.served import open_served
    from service.settings import listed, read_settings

    settings = read_settings()
    library = library_of(settings)
    check_not_empty(library)
    away = _brought_up_to_date(library, makes=False)
    embedder = open_embedder(settings)
    behind: tuple[str, ...] = ()
    try:
        follow(library)
    except LecturesError as error:
        behind = (str(error),)
    try:
        generation, degraded = open_served(library, embedder)
    except IndexUnavailable as error:
        raise IndexUnavailable(" ".join((*behind, str(error)))) from error
    degraded = (*degraded, away) if away else degraded
    reranker = load_reranker(settings.reranker, settings.reranker_deadline_ms)
    index = SearchIndex(
        generation,
        embedder,
        (*degraded, *behind),
        reranker,
        load_dictionary(listed(settings.packs)),
        encoder=open_encoder(settings),
    )
    woken = [index.encoder.wake()] if index.encoder is not None else []
    index.warm_up()
    wait(woken)  # a command asks once, and has no second question that it could help
    return index


def open_spread(settings: Settings) -> Spread:
    """The cluster whose nodes hold the index. IndexUnavailable if it does not answer."""
    from index.errors import IndexUnavailable, InvalidRequest
    from index.spread.cluster import Installed, RayNodes
    from index.spread.spread import Spread

    installed = Installed(settings.storage_url, settings.data_dir.absolute(), "LECTURES_DATA_DIR")
    try:
        nodes = RayNodes(settings.search, installed)
    except InvalidRequest as error:  # it may be there later
        raise IndexUnavailable(str(error)) from error
    spread = Spread(nodes, settings.search_copies)
    spread.start()
    return spread


def open_means(settings: Settings) -> Means:
    """What ingest may fetch, and from where."""
    from ingest.carrying import Means
    from ingest.sources import SourceLimits
    from ingest.youtube import YouTubeSettings

    return Means(
        settings.offline,
        SourceLimits(settings.fetch_megabytes << 20, settings.fetch_seconds, settings.fetch_private),
        YouTubeSettings(
            settings.youtube_url,
            settings.youtube_proxy,
            settings.youtube_timeout_seconds,
            settings.youtube_pause_seconds,
        ),
        settings.asr_model,
    )
