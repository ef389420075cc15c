"""Settings and a listening socket → the service, until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import threading
import time
from contextlib import suppress
from functools import partial
from types import FrameType
from typing import Any

import structlog
import uvicorn
from fastapi import FastAPI

from index.embed.encoder import load_encoder
from index.embed.models import load_embedder
from index.embed.rerank import load_reranker
from index.engine.dictionary import load_dictionary
from index.engine.verified import forget_verified
from index.errors import LecturesError, StorageUnreachable
from index.follow import follow
from index.search.search import SearchIndex
from index.served import open_served
from index.store.database import Database
from service.app import create_app, warm_up
from service.connections import Connection, ConnectionLimits
from service.listening import close_door, open_door, queue_of
from service.memory import settle_memory
from service.observability import Logged
from service.opening import library_of
from service.settings import Settings, listed
from service.stamps import FirstIndex, Noting

_log = structlog.get_logger("lectures")
_AFTER_SECONDS = 5.0  # for threads that work on when the grace period is over
_AWAY_SECONDS = 2.0  # between two looks for a database that was away at the start
_TURNS = 3  # of the event loop: more than one, since what is ready comes before what arrives


class _Server(uvicorn.Server):
    """Says where it is reached, once it is, and ends in time when it is told to."""

    def __init__(self, config: uvicorn.Config, greeting: str) -> None:
        super().__init__(config)
        self._greeting = greeting

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        for listening in sockets or []:
            open_door(listening)
        await super().startup(sockets)
        if self.started and self._greeting:
            sys.stderr.write(self._greeting)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Closing the socket resets the connections that stand in its queue. So nobody is let into the queue any more
        # (who comes now is refused, and knows it), those in it are let in, and only then is it closed.
        for listening in sockets or []:
            close_door(listening)
        await _turns(_TURNS)
        late = [taken for listening in sockets or [] for taken in queue_of(listening)]
        for server in self.servers:
            server.close()
        await _turns(_TURNS)
        for taken in late:
            await asyncio.get_running_loop().connect_accepted_socket(self._connection, taken)
        await super().shutdown(sockets)

    def _connection(self) -> asyncio.Protocol:
        kind = self.config.http_protocol_class
        return kind(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)  # type: ignore[call-arg]

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        # Threads cannot be cancelled: one that waits for a model or a disk would keep the process. Nothing that was
        # acknowledged depends on how it ends.
        seconds = (self.config.timeout_graceful_shutdown or 0) + _AFTER_SECONDS
        last = threading.Timer(seconds, os._exit, (128 + sig,))
        last.daemon = True
        last.start()


async def _turns(times: int) -> None:
    for _ in range(times):
        await asyncio.sleep(0)


def server_config(app: FastAPI, settings: Settings, **options: Any) -> uvicorn.Config:
    """How an application is served: within the limits of connections, as uvicorn alone would not."""
    limits = ConnectionLimits(connections=settings.max_connections, arrival_seconds=settings.request_seconds)
    chosen: dict[str, Any] = {
        "http": partial(Connection, limits=limits, hit=app.state.metrics.hit, waiting={}),
        "ws": "none",
        "timeout_graceful_shutdown": settings.stop_seconds,
        "log_level": "warning",
        "access_log": False,
        "server_header": False,
        "proxy_headers": not settings.proxy_networks,  # else the application reads them: service/signin/proxy.py
    }
    return uvicorn.Config(Logged(app), **{**chosen, **options})


def run(
    settings: Settings,
    listening: socket.socket,
    first: FirstIndex | None = None,
    *,
    greeting: str = "",
    migrates: bool = False,
    distrusts: bool = False,
) -> None:
    """Serve on this socket; `first` is an index that is open already, `greeting` is said once it can be asked. With
    `migrates` the database was away: its schema is brought up to date when it is back. With `distrusts` a mapped file
    has just ended a process: every byte is hashed before it is served, however the files look."""
    if distrusts:
        forget_verified(library_of(settings).index_root)
    if migrates:
        threading.Thread(target=_migrate, args=(settings,), name="schema", daemon=True).start()
    app = create_app(settings, first, opened=settle_memory, grows=first is None)
    if first is not None:
        settle_memory()
    config = server_config(app, settings)
    _Server(config, greeting).run(sockets=[listening])


def _migrate(settings: Settings) -> None:
    database = Database(settings.resolved_database_url)
    while True:
        try:
            database.migrate(only_serves=True)
            return
        except StorageUnreachable:
            time.sleep(_AWAY_SECONDS)
        except LecturesError as error:  # no waiting mends it, and each request that needs the database says so
            _log.error("schema_not_brought_up_to_date", reason=str(error))
            return
        finally:
            database.close()


def open_first(settings: Settings) -> FirstIndex | None:
    """The index that several processes will share, warmed up; None if there is none that can be served: each process
    says why. EmbedderError or what is wrong with the packs, which will not mend themselves while it is served."""
    embedder = load_embedder(settings.embedder)
    reranker = load_reranker(settings.reranker, settings.reranker_deadline_ms)
    dictionary = load_dictionary(listed(settings.packs))
    encoder = load_encoder(settings.encoder, settings.encoder_deadline_ms)
    library, noting = library_of(settings), Noting()
    try:
        with suppress(LecturesError):  # what is here is served; each process says since when it is behind
            follow(library)
        generation, degraded = open_served(library, embedder, opened=noting.open)
    except LecturesError:
        return None
    finally:
        library.close()
    index = SearchIndex(generation, embedder, degraded, reranker, dictionary, encoder=encoder)
    index.warm_up()
    warm_up()
    return FirstIndex(index, noting.stamps, tuple(noting.unproven))
