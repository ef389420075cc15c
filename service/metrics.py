"""What is counted and timed → Prometheus's text format.

Imported only by what serves: on import prometheus-client decides where values are kept (`workers.share_metrics`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric, generate_latest, multiprocess
from prometheus_client.registry import Collector


class Metrics:
    """Counts and times of one application (no globals: two applications in one process do not mix).

    Where several processes serve, each keeps its own in a file, and whoever is asked adds them up.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "lectures_requests", "Requests by route and status", ["route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "lectures_request_seconds",
            "Time to answer by route",
            ["route"],
            registry=self.registry,
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30),
        )
        self.coverage = Counter("lectures_searches", "Searches by coverage", ["coverage"], registry=self.registry)
        self.stages = Histogram(
            "lectures_search_stage_seconds",
            "Time of a search by stage: place (waiting to be let in), turn (for others that compute), find. What is "
            "remembered has neither of the last two",
            ["stage"],
            registry=self.registry,
            buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5),
        )
        self.limits = Counter(
            "lectures_limits_hit", "Refusals by the limit that was reached", ["limit"], registry=self.registry
        )
        self.places = Gauge(
            "lectures_places",
            "Requests that are inside or wait, by kind of work",
            ["work", "state"],
            registry=self.registry,
            multiprocess_mode="livesum",
        )

    def hit(self, limit: str) -> None:
        """A request was refused because of this limit."""
        self.limits.labels(limit).inc()

    def took(self, stage: str, seconds: float) -> None:
        """A stage of a search."""
        self.stages.labels(stage).observe(seconds)

    def crowd(self, work: str, inside: int, waiting: int) -> None:
        """How many requests for this kind of work are inside and wait now."""
        self.places.labels(work, "inside").set(inside)
        self.places.labels(work, "waiting").set(waiting)

    def exposed(self, installation: Iterable[Metric]) -> bytes:
        """All of it in Prometheus's text format, with what was just found of the installation."""
        now = CollectorRegistry()
        now.register(_Found(installation))
        own = self.registry
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            own = CollectorRegistry()
            multiprocess.MultiProcessCollector(own)  # type: ignore[no-untyped-call]
        return generate_latest(own) + generate_latest(now)


class _Found(Collector):
    """Metrics that are there already, as the library takes them."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = list(metrics)

    def collect(self) -> Iterable[Metric]:
        return self._metrics
