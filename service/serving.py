"""The generation that is served just now: opened beside the requests, swapped when a newer one is published."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from index.embed.protocol import Embedder
from index.embed.rerank import Reranker
from index.engine.dictionary import Dictionary
from index.engine.manifest import current_number
from index.errors import IndexUnavailable, LecturesError, StorageError
from index.library import Library, open_served
from index.search.search import SearchIndex

_log = structlog.get_logger("lectures")
_LOOK_SECONDS = 0.5  # how soon a new generation is noticed: one small file is read
_FIRST_SECONDS = 60.0  # how long the first requests wait for the first generation to be open


class Serving:
    """One open index at a time. A request takes it once and keeps it to its end."""

    def __init__(
        self,
        library: Library,
        embedder: Callable[[], Embedder | None],
        reranker: Callable[[], Reranker | None],
        first: SearchIndex | None = None,
        dictionary: Callable[[], Dictionary | None] = lambda: None,
    ) -> None:
        """`embedder`, `reranker` and `dictionary` load what the settings name, when it is first needed; `first` is open
        already."""
        self._library = library
        self._load_embedder, self._load_reranker, self._load_dictionary = embedder, reranker, dictionary
        self._index = first
        self._problem: LecturesError = IndexUnavailable("The index is being opened; try again in a moment.")
        self._tried: object = (
            None if first is None else first.number
        )  # what the pointer said when a generation was last opened, or could not be
        self._looked = threading.Event()
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._watcher: threading.Thread | None = None

    def start(self) -> None:
        """Open the index, and from now on every newer one, in a thread of its own: no request waits for that."""
        self._watcher = threading.Thread(target=self._watch, name="index", daemon=True)
        self._watcher.start()

    def stop(self) -> None:
        """Stop looking for newer generations."""
        self._stop.set()
        if self._watcher is not None:
            self._watcher.join(timeout=_FIRST_SECONDS)

    def index(self) -> SearchIndex:
        """The index to search now; raises why there is none."""
        if self._watcher is None:
            self.look()
        elif self._index is None:
            self._looked.wait(_FIRST_SECONDS)
        index = self._index
        if index is None:
            raise self._problem
        return index

    def look(self) -> None:
        """Open what the pointer names, if that was not tried already. One that cannot be served is tried once."""
        with self._lock:
            try:
                pointer: object = current_number(self._library.index_root)
            except LecturesError as error:
                pointer = str(error)
            if pointer == self._tried and (pointer is not None or self._index is not None):
                return
            self._tried = pointer
            try:
                self._open()
            except Exception as error:  # whatever it is, the thread must live to open the next generation
                self._keep_on(error)
            finally:
                self._looked.set()

    def _watch(self) -> None:
        while True:
            self.look()
            if self._stop.wait(_LOOK_SECONDS):
                return

    def _open(self) -> None:
        embedder = self._load_embedder()
        before = {} if self._index is None else {shard.name: shard for shard in self._index.generation.shards}
        generation, degraded = open_served(self._library, embedder, before)
        index = SearchIndex(generation, embedder, degraded, self._load_reranker(), self._load_dictionary())
        if self._index is None:
            # the first is searched at once; what is put together below is waited for only by who needs it
            self._index = index
            self._looked.set()
        index.warm_up()
        self._index = index
        _log.info("index_opened", generation=index.number, passages=generation.count, courses=len(generation.shards))
        for course, reason in generation.damaged.items():
            _log.error("course_not_served", course=course, reason=reason)

    def _keep_on(self, error: Exception) -> None:
        """What was verified and opened goes on serving; the reason is said in every response."""
        problem = (
            error
            if isinstance(error, LecturesError)
            else StorageError(f"The index cannot be read ({type(error).__name__}: {error}).")
        )
        if (
            isinstance(problem, IndexUnavailable)
            and self._index is None
            and isinstance(self._problem, IndexUnavailable)
        ):
            self._problem = problem
            return
        self._problem = problem
        if self._index is not None:
            index = self._index
            self._index = SearchIndex(
                index.generation, index.embedder, (str(problem),), self._load_reranker(), index.dictionary
            )
        _log.error("index_not_opened", reason=str(problem))
