"""The installation as it is now → metrics: what is served and how old, what is degraded, jobs, calls of the model."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from index.errors import LecturesError
from index.search.search import SearchIndex
from index.store.jobs import count_jobs
from index.types import JobState
from service.state import ServiceState


def installation_metrics(state: ServiceState) -> Iterator[Metric]:
    """What every process of an installation would say alike. Labels are few: no course, no reason in words."""
    degraded = GaugeMetricFamily("lectures_degraded", "What does not work as it should, by kind", labels=["what"])
    yield from _of_index(state, degraded)
    yield from _of_database(state, degraded)
    yield degraded


def _of_index(state: ServiceState, degraded: GaugeMetricFamily) -> Iterator[Metric]:
    index = _served(state)
    yield _gauge("lectures_ready", "Whether a generation is served", int(index is not None))
    if index is None:
        return
    generation = index.generation
    damaged = set(generation.damaged.values())
    degraded.add_metric(["courses"], len(generation.damaged))
    degraded.add_metric(["index"], len([reason for reason in index.degraded if reason not in damaged]))
    made = dt.datetime.fromisoformat(generation.manifest.created_at)
    yield _gauge("lectures_generation", "The generation that is served", index.number)
    yield _gauge(
        "lectures_generation_age_seconds", "Since it was made", (dt.datetime.now(dt.UTC) - made).total_seconds()
    )
    if state.library.shared is not None:
        degraded.add_metric(["shared storage"], len(state.following.behind()))
        yield _gauge(
            "lectures_seconds_behind",
            "Since when a newer generation may be missing here",
            state.following.seconds_behind(),
        )
    yield _gauge("lectures_courses", "Courses that are served", len(generation.shards))
    yield _gauge("lectures_passages", "Passages that are served", generation.count)


def _of_database(state: ServiceState, degraded: GaugeMetricFamily) -> Iterator[Metric]:
    settings = state.settings
    if state.reaching.problem():  # what watches the service waits no longer than for this
        degraded.add_metric(["database"], 1)
        return
    try:
        with state.library.database.reading() as connection:
            found = count_jobs(connection)
        calls = state.counters.model_calls(dt.datetime.now(dt.UTC).date())
    except LecturesError:
        degraded.add_metric(["database"], 1)
        return
    degraded.add_metric(["database"], 0)
    jobs = GaugeMetricFamily("lectures_jobs", "Ingests by state", labels=["state"])
    for name in JobState:
        jobs.add_metric([name.value], found.get(name, 0))
    yield jobs
    yield _gauge("lectures_model_calls", "Calls of the language model today (UTC)", calls)
    limit = settings.llm_per_day if settings.llm_url else 0
    yield _gauge("lectures_model_calls_limit", "How many are allowed a day", limit)


def _served(state: ServiceState) -> SearchIndex | None:
    try:
        return state.serving.index(wait=False)
    except LecturesError:
        return None


def _gauge(name: str, said: str, value: float) -> Metric:
    return GaugeMetricFamily(name, said, value=value)
