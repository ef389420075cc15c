"""One course, start to end: folder → pages, segments, passages, vectors → rows and a published generation."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy.engine import Connection

from index.damage import row_damage
from index.depot import DepotAway
from index.embed.protocol import Embedder
from index.encoding import Reader, read_little
from index.errors import CorruptIndex, IndexMismatch, StorageError
from index.follow import follow, tidy
from index.library import Library
from index.plan import Plan, embed_missing, plan_course
from index.publish import check_fits, publish
from index.store.courses import replace_course
from index.store.generations import StoredGeneration, latest_generation
from index.store.known import course_hash
from index.store.readers import note_read
from index.types import Course, Passage
from ingest.course import unclaimed_captions
from ingest.fetching import NOTHING, Fetcher, Fetching
from ingest.gathering import (
    Material,
    Progress,
    Report,
    files_of,
    gather_course,
    identity_of,
    not_aligned,
    passages_of,
    told,
)
from ingest.hearing import Listener
from ingest.planned import PlannedCourse
from ingest.playlists import with_playlists


@dataclass(slots=True)
class IngestReport:
    """What an ingest did, for people and programs."""

    course: str
    title: str
    lectures: int = 0
    decks: int = 0
    pages: int = 0
    videos: int = 0
    segments: int = 0
    passages: int = 0
    embedded: int = 0
    changed: bool = False
    generation: int | None = None
    gaps: list[dict[str, str]] = field(default_factory=list)


Check = Callable[[Connection], None]

_log = logging.getLogger(__name__)


def ingest_course(
    planned: PlannedCourse,
    folder: Path,
    library: Library,
    embedder: Embedder | None,
    *,
    languages: Sequence[str] = (),
    with_transcripts: bool = True,
    fetching: Fetching = NOTHING,
    progress: Report = lambda _: None,
    check: Check = lambda _: None,
    readers: Sequence[Reader] = (),
) -> IngestReport:
    """Take up what changed in a course, and publish it. One bad file is a gap in the report, never an error.

    `check` is called in the transaction that publishes: what it raises leaves everything as it was. What `readers` have
    read of it, or can read in no time, is published with it.

    Expensive results (files, vectors) are kept as they are made; rows and generation change together at the end, so
    an ingest that dies leaves the course as it was, and the next one goes on from there.
    """
    wanted = tuple(dict.fromkeys([*languages, planned.language, "ru", "en"])) if with_transcripts else ()

    def on_wait() -> None:
        progress(Progress("waiting", 0, 0))

    _check_early(library, embedder, planned.slug)
    fetcher = Fetcher(library, fetching, told(progress, "fetching"), on_wait)
    playlists, unread = fetcher.playlists(planned)
    planned, spare = with_playlists(planned, playlists)
    failed = fetcher.fetch(planned, folder.resolve(), wanted)
    if wanted:
        listener = Listener(library, fetching.asr_model, told(progress, "reading transcripts"), on_wait)
        videos = [video for lecture in planned.lectures for video in lecture.videos]
        failed = replace(failed, captions=failed.captions | listener.hear(videos, folder.resolve(), wanted))
    material = Material(planned, folder, wanted, failed, fetching.asr_model)
    reader = _Reader(library, embedder, material, progress)
    with library.preparing():
        # reading takes the longest and keeps nobody from writing; where it fails, it fails again below, and says why
        with suppress(StorageError):
            reader.prepare()
        with library.writer(on_wait):
            check_fits(library, embedder, planned.slug)
            report = _publish(library, reader.still_good(), readers, progress, check)
    tidy(library)
    report.gaps += _problems_of(planned, folder, bool(wanted))
    about = (*unread.values(), *spare)
    report.gaps += [{"lecture": planned.title, "code": found.code, "detail": found.detail} for found in about]
    return report


def _check_early(library: Library, embedder: Embedder | None, course: str) -> None:
    """Whether the course can be added, before anything expensive is done. Where other machines publish meanwhile that
    is not known for sure: it is asked again under the lock."""
    if library.shared is None:
        check_fits(library, embedder, course)
        return
    try:
        follow(library, wait=True)
        check_fits(library, embedder, course)
    except (DepotAway, IndexMismatch):
        raise
    except (CorruptIndex, StorageError) as error:
        _log.info("Not known yet whether the course fits: %s", error)


def _publish(library: Library, read: _Read, readers: Sequence[Reader], progress: Report, check: Check) -> IngestReport:
    """Publish what was read, unless it is published already (for writers)."""
    report = _summary(read.course, read.passages)
    report.embedded = read.embedded
    if read.plan is None:
        report.generation = library.served_number()
        return report
    # what another writer swept meanwhile is made again
    report.embedded += embed_missing(library, read.plan, told(progress, "embedding"))
    plan = replace(read.plan, readers=read_little(library, readers, read.passages))
    progress(Progress("publishing", 0, 1))

    def change(connection: Connection) -> None:
        check(connection)
        replace_course(connection, read.course, read.passages, read.content_hash)
        for fingerprint in plan.readers:
            note_read(connection, read.course.slug, fingerprint)

    report.generation = publish(library, plan, change, distrusted=read.distrusted)
    report.changed = True
    progress(Progress("publishing", 1, 1))
    return report


def _problems_of(planned: PlannedCourse, folder: Path, with_transcripts: bool) -> list[dict[str, str]]:
    """What is wrong with the course as it is written down, beside its files."""
    return [
        *({"lecture": lecture, "code": "bad_line", "detail": detail} for lecture, detail in planned.problems),
        *({"lecture": planned.title, "code": "bad_name", "detail": detail} for detail in planned.bad_names),
        *(
            {
                "lecture": planned.title,
                "code": "unclaimed_captions",
                "detail": f"The captions {path} belong to no video of the course; {_named_after(path)} its video.",
            }
            for path in (unclaimed_captions(folder, planned) if with_transcripts else ())
        ),
    ]


def _named_after(captions: str) -> str:
    in_place = captions.startswith("transcripts/")
    return "name the file after" if in_place else "put the file into transcripts/, named after the id or the file of"


@dataclass(frozen=True, slots=True)
class _State:
    """What was published: of all, and of a course (its hash)."""

    generation: StoredGeneration | None
    course: str | None


@dataclass(frozen=True, slots=True)
class _Read:
    """A course as it was read. `plan` is None where what is served shows it already; `distrusted` where its rows are
    not those that were written; `before` is what was published when reading began."""

    course: Course
    passages: Sequence[Passage]
    content_hash: str
    distrusted: bool
    plan: Plan | None
    embedded: int
    before: _State


@dataclass(slots=True)
class _Reader:
    """Reads a course, before the right to write is asked for, and again where that turns out to have been in vain."""

    library: Library
    embedder: Embedder | None
    material: Material
    progress: Report
    read: _Read | None = None

    def prepare(self) -> _Read:
        """Read files, and make the vectors that are missing."""
        library, embedder, slug = self.library, self.embedder, self._slug
        before = self._state()  # first: what changes while it is read is noticed
        distrusted = row_damage(library, slug) is not None
        # what damaged rows say was read is read again
        course = gather_course(self.material, library, slug if distrusted else None, self.progress)
        passages, content_hash = passages_of(course), identity_of(course)
        plan: Plan | None = None
        embedded = 0
        unchanged = before.course == content_hash and not distrusted
        if not (unchanged and library.is_current(embedder, slug)):
            plan = plan_course(library, embedder, slug, passages)
            embedded = embed_missing(library, plan, told(self.progress, "embedding"))
        self.read = _Read(course, passages, content_hash, distrusted, plan, embedded, before)
        return self.read

    def still_good(self) -> _Read:
        """What was prepared, if nothing changed meanwhile that it rests on; else it is prepared again (for writers)."""
        read = self.read
        if read is None or not self._has_files(read.course):
            return self.prepare()
        now = self._state()
        if now == read.before:
            return read
        # where only others were published, what was read stands, but that it is served is to be seen again; a state of
        # this course that was published meanwhile may be newer than what was read
        same = now.course == read.before.course and row_damage(self.library, self._slug) is None
        if same and not read.distrusted and (read.plan or self.library.is_current(self.embedder, self._slug)):
            return read
        return self.prepare()

    @property
    def _slug(self) -> str:
        return self.material.planned.slug

    def _state(self) -> _State:
        with self.library.database.reading() as connection:
            return _State(latest_generation(connection), course_hash(connection, self._slug))

    def _has_files(self, course: Course) -> bool:
        """Whether nobody swept what no row referred to yet."""
        return all(self.library.files.keeps(sha256, suffix) for sha256, suffix in files_of(course))


def _summary(course: Course, passages: Sequence[Passage]) -> IngestReport:
    decks = [deck for lecture in course.lectures for deck in lecture.decks]
    videos = [video for lecture in course.lectures for video in lecture.videos]
    report = IngestReport(
        course=course.slug,
        title=course.title,
        lectures=len(course.lectures),
        decks=len(decks),
        pages=sum(len(deck.pages) for deck in decks),
        videos=len(videos),
        segments=sum(len(video.transcript.segments) for video in videos if video.transcript),
        passages=len(passages),
    )
    for lecture in course.lectures:
        problems = [deck.problem for deck in lecture.decks] + [video.problem for video in lecture.videos]
        problems.append(not_aligned(lecture))
        report.gaps += [
            {"lecture": lecture.title, "code": problem.code, "detail": problem.detail}
            for problem in problems
            if problem
        ]
    return report
