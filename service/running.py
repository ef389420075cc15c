"""Settings and a listening socket → the service, until it is told to stop."""

from __future__ import annotations

import socket
import sys

import uvicorn

from index.embed.models import load_embedder
from index.embed.rerank import load_reranker
from index.engine.dictionary import load_dictionary
from index.errors import LecturesError
from index.library import Library, open_served
from index.search.search import SearchIndex
from service.app import create_app
from service.settings import Settings, listed

_STOP_SECONDS = 20  # for requests that run when the service is told to stop


class _Server(uvicorn.Server):
    """Says where it is reached, once it is."""

    def __init__(self, config: uvicorn.Config, greeting: str) -> None:
        super().__init__(config)
        self._greeting = greeting

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self._greeting:
            sys.stderr.write(self._greeting)


def run(settings: Settings, listening: socket.socket, first: SearchIndex | None = None, *, greeting: str = "") -> None:
    """Serve on this socket; `first` is an index that is open already, `greeting` is said once it can be asked."""
    config = uvicorn.Config(
        create_app(settings, first),
        log_level="warning",
        access_log=False,
        proxy_headers=not settings.proxy_networks,  # else the application reads them itself: service/signin/proxy.py
        timeout_graceful_shutdown=_STOP_SECONDS,
    )
    _Server(config, greeting).run(sockets=[listening])


def open_first(settings: Settings) -> SearchIndex | None:
    """The index that several processes will share, warmed up; None if there is none that can be served: each process
    says why."""
    library = Library(settings.resolved_database_url, settings.data_dir)
    try:
        embedder = load_embedder(settings.embedder)
        generation, degraded = open_served(library, embedder)
        reranker = load_reranker(settings.reranker, settings.reranker_deadline_ms)
        dictionary = load_dictionary(listed(settings.packs))
    except LecturesError:
        return None
    finally:
        library.close()
    index = SearchIndex(generation, embedder, degraded, reranker, dictionary)
    index.warm_up()
    return index
