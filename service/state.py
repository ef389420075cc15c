"""What the running service holds: the library, the embedder, and the generation that is served just now."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import structlog

from index.embed.models import Embedder, load_embedder
from index.embed.rerank import Reranker, load_reranker
from index.engine.generation import current_number
from index.errors import CorruptIndex, IndexMismatch, IndexUnavailable, LecturesError, StorageError
from index.files import write_durably
from index.library import Library, forget_course, open_served
from index.search.search import SearchIndex
from index.store.keys import count_model_call
from index.store.missed import count_missed
from index.types import Filters
from ingest.pdf import PdfReader
from ingest.sandbox import Limits
from service.answers.answering import Event, answer_question, stream_answer
from service.answers.llm import LanguageModel, ModelSettings
from service.answers.types import Answer, Turn
from service.programme import ProgrammeLine, programme_lines
from service.refusals import Overloaded
from service.settings import Settings
from service.terms import ExplainedTerm, explained_terms

_log = structlog.get_logger("lectures")
_PAINTERS_WAITING = 12
_MAX_PROGRAMMES = 500
_LOOK_SECONDS = 1.0  # how soon a new generation is noticed


class ServiceState:
    """Shared by all requests. Each request takes one SearchIndex and keeps it to its end."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.library = Library(settings.resolved_database_url, settings.data_dir)
        self._embedder: Embedder | None = None
        self._embedder_loaded = False
        self._reranker: Reranker | None = None
        self._reranker_loaded = False
        self._index: SearchIndex | None = None
        self._problem: LecturesError = IndexUnavailable("The index is being opened; try again in a moment.")
        self._terms: tuple[int, dict[str, list[ExplainedTerm]]] = (0, {})
        self._terms_lock = threading.Lock()
        self._programmes: dict[tuple[int, int, str], tuple[ProgrammeLine, ...]] = {}
        self._looked_at = 0.0
        self._seen: int | None = None
        self._reload_lock = threading.Lock()
        self._answers = threading.BoundedSemaphore(settings.max_concurrent_answers)
        self._model: LanguageModel | None = None
        if settings.llm_url and settings.llm_model:
            self._model = LanguageModel(
                ModelSettings(
                    settings.llm_url,
                    settings.llm_model,
                    settings.llm_key,
                    settings.llm_deadline_seconds,
                    settings.llm_first_token_seconds,
                    settings.llm_concurrent,
                    settings.llm_per_day,
                ),
                self._count_model_call,
            )
        self._slots = threading.BoundedSemaphore(settings.max_concurrent_searches)
        # a few wait for the one that draws: pdfium never runs twice at once
        self._painting = threading.BoundedSemaphore(_PAINTERS_WAITING)
        self._painter = PdfReader(Limits(seconds=20, cpu_seconds=20))

    @property
    def embedder(self) -> Embedder | None:
        if not self._embedder_loaded:
            self._embedder = load_embedder(self.settings.embedder)
            self._embedder_loaded = True
        return self._embedder

    @property
    def reranker(self) -> Reranker | None:
        if not self._reranker_loaded:
            self._reranker = load_reranker(self.settings.reranker, self.settings.reranker_deadline_ms)
            self._reranker_loaded = True
        return self._reranker

    def picture(self, sha256: str, page_number: int, width: int) -> Path:
        """The file of a page's picture, drawn the first time it is asked for."""
        path = self.library.picture(sha256, page_number, width)
        if path.is_file():
            return path
        if not self._painting.acquire(timeout=5):
            raise Overloaded("Too many pictures are being drawn at once; try again in a second.")
        try:
            if not path.is_file():
                source = self.library.files.path(sha256, ".pdf")
                path.parent.mkdir(parents=True, exist_ok=True)
                write_durably(path, self._painter.render_page(source, page_number, width))
        finally:
            self._painting.release()
        return path

    def index(self) -> SearchIndex:
        """The index to search now; raises why there is none."""
        now = time.monotonic()
        if now - self._looked_at > _LOOK_SECONDS and self._reload_lock.acquire(blocking=self._index is None):
            try:
                self._looked_at = now
                self._reload_if_moved()
            finally:
                self._reload_lock.release()
        index = self._index
        if index is None:
            raise self._problem
        return index

    def terms(self, course: str) -> list[ExplainedTerm]:
        """The terms of a course with where each is first explained; worked out once for each generation."""
        index = self.index()
        with self._terms_lock:
            if self._terms[0] != index.number:
                self._terms = (index.number, {})
            known = self._terms[1]
            if course not in known:
                known[course] = explained_terms(index, course)
            return known[course]

    def programme(self, course: str, lecture_id: int, programme: str) -> tuple[ProgrammeLine, ...]:
        """A lecture's programme, each line with where it is explained; worked out once for each generation."""
        index = self.index()
        key = (index.number, lecture_id, programme)
        known = self._programmes.get(key)
        if known is None:
            known = programme_lines(index, course, lecture_id, programme)
            if len(self._programmes) >= _MAX_PROGRAMMES:
                self._programmes.clear()
            self._programmes[key] = known
        return known

    def note_missed(self, course: str, query: str) -> None:
        """Count a search that found nothing, if that is wanted; a database that is away is no reason to fail."""
        if not self.settings.count_missed_searches:
            return
        try:
            with self.library.database.writing() as connection:
                count_missed(connection, course, query, dt.datetime.now(dt.UTC).date())
        except StorageError as error:
            _log.warning("missed_search_not_counted", reason=str(error))

    @property
    def has_model(self) -> bool:
        return self._model is not None

    def quoted_answer(self, question: str, filters: Filters, history: Sequence[Turn]) -> Answer:
        """The answer that needs no model, for pages that are made at once."""
        return answer_question(self.index(), question, filters=filters, history=history)

    @contextmanager
    def searching(self) -> Iterator[SearchIndex]:
        """An index and a place among the concurrent searches; Overloaded if all are taken."""
        if not self._slots.acquire(timeout=0.5):
            raise Overloaded("Too many searches at once; try again in a second.")
        try:
            yield self.index()
        finally:
            self._slots.release()

    def answering(self, question: str, filters: Filters, history: Sequence[Turn]) -> Iterator[Event]:
        """The events of an answer. Overloaded if too many are being given; the place is kept to the last event, or
        until nobody reads on."""
        events = self._answer_in_place(question, filters, history)
        # begun here: what is wrong with the request is said before a stream begins, and a generator that has begun
        # gives its place back even if the reader goes away without taking anything
        return chain([next(events)], events)

    def _answer_in_place(self, question: str, filters: Filters, history: Sequence[Turn]) -> Iterator[Event]:
        if not self._answers.acquire(timeout=0.5):
            raise Overloaded("Too many answers at once; try again in a second.")
        try:
            yield from stream_answer(
                self.index(),
                question,
                filters=filters,
                history=history,
                model=self._model,
                drop_uncited=self.settings.llm_drop_uncited,
            )
        finally:
            self._answers.release()

    def _count_model_call(self, day: dt.date, limit: int) -> bool:
        with self.library.database.writing() as connection:
            return count_model_call(connection, day, limit)

    def forget(self, slug: str) -> int:
        """Remove a course; the generation without it. Overloaded while an ingest writes."""

        def busy() -> None:
            raise Overloaded("An ingest is running; try again when it is done.")

        return forget_course(self.library, self.embedder, slug, busy)

    def close(self) -> None:
        if self._model is not None:
            self._model.close()
        self._painter.close()
        self.library.close()

    def _reload_if_moved(self) -> None:
        try:
            number = current_number(self.library.index_root)
            if number is not None and number == self._seen:
                return
            generation, degraded = open_served(self.library, self.embedder)
        except (CorruptIndex, IndexMismatch, IndexUnavailable, StorageError) as error:
            self._problem = error
            if self._index is None:
                return
            # what was verified and opened goes on serving; the reason is said in every response
            if not self._index.degraded:
                self._index = SearchIndex(self._index.generation, self.embedder, (str(error),), self.reranker)
            _log.error("index_not_reloaded", reason=str(error))
            return
        index = SearchIndex(generation, self.embedder, degraded, self.reranker)
        index.warm_up()
        self._index = index
        self._seen = number
        _log.info("index_opened", generation=self._index.number, passages=generation.manifest.passages)
