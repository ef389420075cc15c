"""What the running service holds, put together from the settings: the one place where its parts meet."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import chain
from pathlib import Path

import structlog

from index.embed.models import load_embedder
from index.embed.protocol import Embedder
from index.embed.rerank import Reranker, load_reranker
from index.engine.dictionary import Dictionary, load_dictionary
from index.errors import StorageError
from index.library import Library
from index.publish import forget_course
from index.search.found import Found
from index.search.search import SearchIndex
from index.store.budget import count_model_call
from index.store.missed import count_missed
from index.types import ExplainedTerm, Filters, Query
from service.answers.answering import stream_answer
from service.answers.llm import LanguageModel, ModelSettings
from service.answers.types import Event, Turn
from service.gate import Gate
from service.pictures import Pictures
from service.programme import ProgrammeLine, programme_lines
from service.refusals import Overloaded
from service.serving import Serving
from service.settings import Settings, listed
from service.terms import explained_terms

_log = structlog.get_logger("lectures")
_MAX_PROGRAMMES = 500
_SEARCHING = 2  # threads that search at the same time; more only hand the interpreter around (docs/performance.md)


class ServiceState:
    """Shared by all requests."""

    def __init__(self, settings: Settings, first: SearchIndex | None = None) -> None:
        """`first` is an index that is open already, with its embedder."""
        self.settings = settings
        self._first = first
        self.library = Library(settings.resolved_database_url, settings.data_dir)
        self.serving = Serving(
            self.library, lambda: self.embedder, lambda: self.reranker, first, lambda: self.dictionary
        )
        self.pictures = Pictures(self.library)
        self._searches = Gate(settings.max_concurrent_searches, "searches", _SEARCHING)
        self._answers = Gate(settings.max_concurrent_answers, "answers")
        self._model = _language_model(settings, self._count_model_call)
        self._terms: tuple[int, dict[str, list[ExplainedTerm]]] = (0, {})
        self._terms_lock = threading.Lock()
        self._programmes: dict[tuple[int, int, str], tuple[ProgrammeLine, ...]] = {}

    @cached_property
    def embedder(self) -> Embedder | None:
        return self._first.embedder if self._first else load_embedder(self.settings.embedder)

    @cached_property
    def reranker(self) -> Reranker | None:
        if self._first is not None:
            return self._first.reranker
        return load_reranker(self.settings.reranker, self.settings.reranker_deadline_ms)

    @cached_property
    def dictionary(self) -> Dictionary | None:
        return self._first.dictionary if self._first else load_dictionary(listed(self.settings.packs))

    @property
    def has_model(self) -> bool:
        return self._model is not None

    def index(self) -> SearchIndex:
        """The index to search now; raises why there is none."""
        return self.serving.index()

    def find(self, query: Query, index: SearchIndex | None = None) -> Found:
        """A search that takes its place among the others; Overloaded if all are taken."""
        with self._searches.place():
            return (index or self.index()).find(query)

    def terms(self, course: str) -> list[ExplainedTerm]:
        """The terms of a course with where each is first explained; worked out once for each generation."""
        index = self.index()
        with self._terms_lock:
            if self._terms[0] != index.number:
                self._terms = (index.number, {})
            known = self._terms[1]
            if course not in known:
                known[course] = explained_terms(index, lambda query: self.find(query, index), course)
            return known[course]

    def programme(self, course: str, lecture_id: int, programme: str) -> tuple[ProgrammeLine, ...]:
        """A lecture's programme, each line with where it is explained; worked out once for each generation."""
        index = self.index()
        key = (index.number, lecture_id, programme)
        known = self._programmes.get(key)
        if known is None:
            known = programme_lines(lambda query: self.find(query, index), course, lecture_id, programme)
            if len(self._programmes) >= _MAX_PROGRAMMES:
                self._programmes.clear()
            self._programmes[key] = known
        return known

    def answering(self, question: str, filters: Filters, history: Sequence[Turn]) -> Iterator[Event]:
        """The events of an answer. Overloaded if too many are being given; the place is kept to the last event, or
        until nobody reads on."""
        events = self._answer_in_place(question, filters, history)
        # begun here: what is wrong with the request is said before a stream begins, and a generator that has begun
        # gives its place back even if the reader goes away without taking anything
        return chain([next(events)], events)

    def picture(self, sha256: str, page_number: int, width: int) -> Path:
        """The file of a page's picture, drawn the first time it is asked for."""
        return self.pictures.picture(sha256, page_number, width)

    def note_missed(self, course: str, query: str) -> None:
        """Count a search that found nothing, if that is wanted; a database that is away is no reason to fail."""
        if not self.settings.count_missed_searches:
            return
        try:
            with self.library.database.writing() as connection:
                count_missed(connection, course, query, dt.datetime.now(dt.UTC).date())
        except StorageError as error:
            _log.warning("missed_search_not_counted", reason=str(error))

    def forget(self, slug: str) -> int:
        """Remove a course; the generation without it. Overloaded while an ingest writes."""

        def busy() -> None:
            raise Overloaded("An ingest is running; try again when it is done.")

        return forget_course(self.library, self.embedder, slug, busy)

    def close(self) -> None:
        self.serving.stop()
        if self._model is not None:
            self._model.close()
        self.pictures.close()
        self.library.close()

    def _answer_in_place(self, question: str, filters: Filters, history: Sequence[Turn]) -> Iterator[Event]:
        index = self.index()
        with self._answers.place():
            yield from stream_answer(
                index,
                lambda query: self.find(query, index),
                question,
                filters=filters,
                history=history,
                model=self._model,
                drop_uncited=self.settings.llm_drop_uncited,
            )

    def _count_model_call(self, day: dt.date, limit: int) -> bool:
        with self.library.database.writing() as connection:
            return count_model_call(connection, day, limit)


def _language_model(settings: Settings, count_call: Callable[[dt.date, int], bool]) -> LanguageModel | None:
    """The language model that the settings name, if they name one."""
    if not settings.llm_url or not settings.llm_model:
        return None
    model = ModelSettings(
        settings.llm_url,
        settings.llm_model,
        settings.llm_key,
        settings.llm_deadline_seconds,
        settings.llm_first_token_seconds,
        settings.llm_concurrent,
        settings.llm_per_day,
    )
    return LanguageModel(model, count_call)
