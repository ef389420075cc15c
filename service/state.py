"""What the running service holds, put together from the settings: the one place where its parts meet."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import chain
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from index.embed.encoder import Encoder, load_encoder
from index.embed.models import load_embedder
from index.embed.protocol import Embedder, Vectors
from index.embed.rerank import Reranker, load_reranker
from index.engine.dictionary import Dictionary, load_dictionary
from index.errors import EmbedderError
from index.later import later
from index.search.found import Found
from index.search.search import SearchIndex
from index.types import ExplainedTerm, Filters, Query, Readable
from service.answers.llm import model_of
from service.answers.types import Event, Turn
from service.counters import Counters
from service.following import Following
from service.gate import Gate, Lane, Work
from service.metrics import Metrics
from service.opening import library_of, open_spread
from service.pictures import Pictures
from service.reaching import Reaching
from service.refusals import Overloaded
from service.serving import Serving
from service.settings import Settings, listed
from service.stamps import FirstIndex
from service.telling import found_for, reasons_for

if TYPE_CHECKING:
    from index import publish
    from service import programme as programmes
    from service import terms as glossaries
    from service.answers import answering
else:
    publish = later("index.publish")
    programmes, glossaries = later("service.programme", soon=True), later("service.terms", soon=True)
    answering = later("service.answers.answering", soon=True)

_MAX_PROGRAMMES = 500
_SEARCHES = 8  # whose requests run at once: two of them search while others are read and written
_WORKING_OUT = 4  # pages that take many searches at once, each the first time that it is asked for
_EMBEDDED = 8  # texts for others between two searches
_SEARCHING = 2  # threads that search at the same time; more only hand the interpreter around (docs/performance.md)


class ServiceState:
    """Shared by all requests."""

    def __init__(
        self,
        settings: Settings,
        first: FirstIndex | None = None,
        metrics: Metrics | None = None,
        opened: Callable[[], None] = lambda: None,
    ) -> None:
        """`first` is an index that is open already, with its embedder; `opened` is called when one was opened here."""
        self.settings = settings
        self._metrics = metrics or Metrics()
        self._first = first
        self.library = library_of(settings, lists_only=bool(settings.search))
        self.reaching = Reaching(self.library.database)
        self.following = Following(self.library, self.reaching, settings.storage_seconds, shards=not settings.search)
        self.serving = Serving(
            self.library,
            lambda: self.embedder,
            lambda: self.reranker,
            first,
            lambda: self.dictionary,
            self.following,
            (lambda: open_spread(settings)) if settings.search else None,
            lambda: self.encoder,
            opened,
        )
        self.pictures = Pictures(self.library)
        self.gate = Gate(_lanes(settings), self._metrics)
        self._searching = threading.BoundedSemaphore(_SEARCHING)
        self._working_out = threading.BoundedSemaphore(_WORKING_OUT)
        self.counters = Counters(self.library.database)
        self._model = model_of(settings, self.counters.model_call, settings.llm_per_day)
        self._terms: tuple[int, dict[str, list[ExplainedTerm]]] = (0, {})
        self._terms_lock = threading.Lock()
        self._programmes: dict[tuple[int, int, str], tuple[programmes.ProgrammeLine, ...]] = {}

    @cached_property
    def embedder(self) -> Embedder | None:
        return self._first.index.embedder if self._first else load_embedder(self.settings.embedder)

    @cached_property
    def encoder(self) -> Encoder | None:
        if self._first is not None:
            return self._first.index.encoder
        return load_encoder(self.settings.encoder, self.settings.encoder_deadline_ms)

    @cached_property
    def reranker(self) -> Reranker | None:
        if self._first is not None:
            return self._first.index.reranker
        return load_reranker(self.settings.reranker, self.settings.reranker_deadline_ms)

    @cached_property
    def dictionary(self) -> Dictionary | None:
        return self._first.index.dictionary if self._first else load_dictionary(listed(self.settings.packs))

    @property
    def has_model(self) -> bool:
        return self._model is not None

    def index(self) -> SearchIndex:
        """The index to search now; raises why there is none."""
        return self.serving.index()

    def find(self, query: Query, index: SearchIndex | None = None) -> Found:
        """A search, as its caller is told of it: as soon as few enough others compute, at once if it was asked just
        before."""
        index = index or self.index()
        known = index.found_before(query)
        if known is not None:
            return found_for(known, query.filters)
        started = perf_counter()
        with self._searching:  # the wait ends: there are few places for requests, and each computes for milliseconds
            turn = perf_counter()
            found = index.find(query)
        self._metrics.took("turn", turn - started)
        self._metrics.took("find", perf_counter() - turn)
        return found_for(found, query.filters)

    def troubles(self, courses: Readable) -> tuple[str, ...]:
        """Why part of the search does not work, for somebody who may read these courses; raises why there is none."""
        index = self.serving.index(wait=False)
        return reasons_for(index.degraded, index.generation, Filters(courses=courses))

    def embed(self, texts: Sequence[str], *, as_queries: bool) -> Vectors:
        """(n, d) float32: row i embeds texts[i]; a few at a time, so that searches go on. EmbedderError without one."""
        embedder = self.embedder
        if embedder is None:
            raise EmbedderError("There is no embedder; LECTURES_EMBEDDER names one.")
        made = []
        for start in range(0, len(texts), _EMBEDDED):
            few = texts[start : start + _EMBEDDED]
            with self._searching:
                made += (
                    [embedder.embed_query(text) for text in few] if as_queries else list(embedder.embed_passages(few))
                )
        return np.stack(made)

    def terms(self, course: str) -> list[ExplainedTerm]:
        """The terms of a course with where each is first explained; worked out once for each generation."""
        index = self.index()
        number, known = self._terms
        if number == index.number and course in known:
            return known[course]
        with self._many_searches(), self._terms_lock:
            if self._terms[0] != index.number:
                self._terms = (index.number, {})
            known = self._terms[1]
            if course not in known:
                known[course] = glossaries.explained_terms(index, lambda query: self.find(query, index), course)
            return known[course]

    def programme(self, course: str, lecture_id: int, programme: str) -> tuple[programmes.ProgrammeLine, ...]:
        """A lecture's programme, each line with where it is explained; worked out once for each generation."""
        index = self.index()
        key = (index.number, lecture_id, programme)
        known = self._programmes.get(key)
        if known is None:
            with self._many_searches():
                known = programmes.programme_lines(lambda query: self.find(query, index), course, lecture_id, programme)
            if len(self._programmes) >= _MAX_PROGRAMMES:
                self._programmes.clear()
            self._programmes[key] = known
        return known

    def answering(
        self,
        question: str,
        filters: Filters,
        history: Sequence[Turn],
        *,
        literal: bool = False,
        explain_terms: bool = False,
    ) -> Iterator[Event]:
        """The events of an answer, the first already made: what is wrong is said before a stream begins. `literal`: the
        question is searched exactly as it was typed; `explain_terms`: a bare term asks what it is."""
        index = self.index()
        events = answering.stream_answer(
            index,
            lambda query: self.find(query, index),
            question,
            filters=filters,
            history=history,
            literal=literal,
            model=self._model,
            drop_uncited=self.settings.llm_drop_uncited,
            explain_terms=explain_terms,
        )
        return chain([next(events)], events)

    def note_missed(self, course: str, query: str) -> None:
        """Count a search that found nothing, if that is wanted."""
        if self.settings.count_missed_searches:
            self.counters.missed(course, query, dt.datetime.now(dt.UTC).date())

    def forget(self, slug: str) -> int:
        """Remove a course; the generation without it. Overloaded while an ingest writes."""

        def busy() -> None:
            raise Overloaded("An ingest is running; try again when it is done.")

        return publish.forget_course(self.library, self.embedder, slug, busy)

    def start(self) -> None:
        """Open the index and whatever is published later, and write what is counted, in threads beside the requests."""
        self.following.start(self.serving.is_damaged)
        self.serving.start()
        self.counters.start()

    def close(self) -> None:
        self.counters.close()  # first: waiting for an index that is being opened may outlast the time there is
        self.following.stop()
        self.serving.stop()
        if self._model is not None:
            self._model.close()
        self.pictures.close()
        self.library.close()

    @contextmanager
    def _many_searches(self) -> Iterator[None]:
        """A page that takes many searches is worked out. Overloaded rather than keep most of the places for pages."""
        if not self._working_out.acquire(blocking=False):
            raise Overloaded("Other pages like this are being worked out; try again in a second.")
        try:
            yield
        finally:
            self._working_out.release()


def _lanes(settings: Settings) -> dict[Work, Lane]:
    """Places, length of the queue and longest wait for each kind of work."""
    searches = min(_SEARCHES, settings.max_concurrent_searches)
    answers = settings.max_concurrent_answers
    return {
        Work.SEARCH: Lane(searches, settings.max_concurrent_searches - searches, 0.5),
        Work.ANSWER: Lane(answers, answers, 1.0),  # they wait for a model: a second is little beside it
        Work.EMBED: Lane(2, 8, 5.0),  # each may take a model some seconds
        Work.LOOK: Lane(10, 30, 2.0),
        Work.PICTURE: Lane(40, 80, 2.0),  # they wait in the event loop; a page asks for some twenty at once
        Work.SIGN_IN: Lane(4, 20, 5.0),  # they write, or ask the provider
        Work.INGEST: Lane(2, 30, 5.0),  # they wait for the one who writes
    }
