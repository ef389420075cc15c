"""An order to take up a course → the course taken up: the one way in, for the command line and for the worker."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from index.embed.protocol import Embedder
from index.encoding import Reader
from index.library import Library
from ingest.course import read_course
from ingest.downloads import Sites
from ingest.fetching import Fetching
from ingest.gathering import Progress, Report
from ingest.order import Order
from ingest.outline import Outline, outline_of
from ingest.pipeline import Check, IngestReport, ingest_course
from ingest.planned import PlannedCourse
from ingest.sources import Source, SourceLimits, check_allowed, open_source
from ingest.youtube import YouTube, YouTubeSettings


@dataclass(frozen=True, slots=True)
class Means:
    """What an installation allows: fetching at all, how much, from where, and its speech recogniser's model."""

    offline: bool = False
    limits: SourceLimits = field(default_factory=SourceLimits)
    youtube: YouTubeSettings = field(default_factory=YouTubeSettings)
    asr_model: str = ""
    sites: Sites = field(default_factory=Sites)

    def fetching(self, *, refresh: bool) -> Fetching:
        if self.offline:
            return Fetching(asr_model=self.asr_model)
        return Fetching(self.limits.web, YouTube(self.youtube), self.asr_model, refresh, self.sites)


def plan(
    order: Order,
    data_dir: Path,
    means: Means,
    progress: Report = lambda _: None,
    held: ExitStack | None = None,
    *,
    even_empty: bool = False,
) -> tuple[PlannedCourse, Source]:
    """The course as it is understood, and where it lies here; only copies of what lies elsewhere are made.

    The copy of a repository is changed by no other order until `held` ends; without it, until this returns."""
    if order.roots is not None:  # asked when it was ordered too, but folders and links change
        check_allowed(order.source, order.roots, data_dir)
    with ExitStack() as own:
        found = open_source(
            order.source,
            data_dir / "sources",
            means.limits,
            lambda step, done, total, what: progress(Progress(step, done, total, what)),
            held or own,
        )
        planned = read_course(
            found.folder,
            slug=order.course,
            name=found.name,
            source_url=order.source_url,
            found_at=found.url,
            language=next(iter(order.languages), None),
            linked_only=order.linked_only,
            even_empty=even_empty,
        )
    return planned, found


def carry_out(
    order: Order,
    library: Library,
    embedder: Embedder | None,
    means: Means,
    progress: Report = lambda _: None,
    check: Check = lambda _: None,
    readers: Sequence[Reader] = (),
) -> IngestReport:
    """Take the course up, or what changed in it; `check` may refuse it where it is published. What `readers` have read
    of it is published with it."""
    allowed = replace(means, offline=means.offline or order.offline)
    with ExitStack() as held:
        planned, found = plan(order, library.data_dir, means, progress, held)
        return ingest_course(
            planned,
            found.folder,
            library,
            embedder,
            languages=order.languages,
            with_transcripts=order.with_transcripts,
            fetching=allowed.fetching(refresh=order.refresh),
            progress=progress,
            check=check,
            readers=readers,
        )


def look(order: Order, data_dir: Path, means: Means, progress: Report = lambda _: None) -> tuple[IngestReport, Outline]:
    """How the course is understood, and how much of what is in it: what carrying the order out would begin with."""
    planned, _ = plan(order, data_dir, means, progress)
    report = IngestReport(
        planned.slug,
        planned.title,
        lectures=len(planned.lectures),
        decks=sum(len(lecture.decks) for lecture in planned.lectures),
        videos=sum(len(lecture.videos) for lecture in planned.lectures),
    )
    return report, outline_of(planned)
