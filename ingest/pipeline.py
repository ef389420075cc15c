"""One course, start to end: folder → pages, segments, passages, vectors → rows and a published generation."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, field, replace
from pathlib import Path

from sqlalchemy.engine import Connection

from index.damage import row_damage
from index.embed.protocol import Embedder
from index.follow import follow
from index.library import Library
from index.publish import check_fits, embed_missing, plan_course, publish
from index.store.courses import course_hash, known_alignment, replace_course
from index.types import Alignment, Course, Deck, DeckKind, Lecture, Passage, Transcript, Video
from ingest.align import ALIGNER, align
from ingest.captions import CaptionReader
from ingest.course import is_file_name, lecture_keys, unclaimed_captions
from ingest.decks import DeckSource, read_decks
from ingest.fetching import NOTHING, Failed, Fetcher, Fetching
from ingest.hearing import Listener
from ingest.passages import PASSAGES, make_passages
from ingest.planned import PlannedCourse, PlannedDeck, PlannedLecture, PlannedVideo
from ingest.sound import sound_text
from ingest.videos import VideoSource, read_cues, read_videos


@dataclass(frozen=True, slots=True)
class Progress:
    """What a long ingest tells: `done` of `total` units of this `step`, now at `what`."""

    step: str
    done: int
    total: int
    what: str = ""


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


Report = Callable[[Progress], None]
Check = Callable[[Connection], None]


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
) -> IngestReport:
    """Take up what changed in a course, and publish it. One bad file is a gap in the report, never an error.

    `check` is called in the transaction that publishes: what it raises leaves everything as it was.

    Expensive results (files, vectors) are kept as they are made; rows and generation change together at the end, so
    an ingest that dies leaves the course as it was, and the next one goes on from there.
    """
    wanted = tuple(dict.fromkeys([*languages, planned.language, "ru", "en"])) if with_transcripts else ()

    def on_wait() -> None:
        progress(Progress("waiting", 0, 0))

    def told(step: str) -> Callable[[int, int, str], None]:
        return lambda done, total, what: progress(Progress(step, done, total, what))

    follow(library)  # other machines publish too
    check_fits(library, embedder, planned.slug)
    failed = Fetcher(library, fetching, told("fetching"), on_wait).fetch(planned, folder.resolve(), wanted)
    if wanted:
        listener = Listener(library, fetching.asr_model, told("reading transcripts"), on_wait)
        videos = [video for lecture in planned.lectures for video in lecture.videos]
        failed = replace(failed, captions=failed.captions | listener.hear(videos, folder.resolve(), wanted))
    with library.writer(on_wait):
        check_fits(library, embedder, planned.slug)
        # what damaged rows say was read is read again
        distrusted = planned.slug if row_damage(library, planned.slug) else None
        course = _gather(planned, folder, library, wanted, failed, fetching.asr_model, distrusted, progress)
        passages = _passages_of(course)
        content_hash = _identity(course)
        report = _summary(course, passages)
        report.gaps += [
            {"lecture": lecture, "code": "bad_line", "detail": detail} for lecture, detail in planned.problems
        ]
        report.gaps += [
            {"lecture": planned.title, "code": "bad_name", "detail": detail} for detail in planned.bad_names
        ]
        report.gaps += [
            {
                "lecture": course.title,
                "code": "unclaimed_captions",
                "detail": f"The captions {path} belong to no video of the course; name the file after its video.",
            }
            for path in (unclaimed_captions(folder, planned) if wanted else ())
        ]
        with library.database.reading() as connection:
            unchanged = course_hash(connection, course.slug) == content_hash
        if unchanged and distrusted is None and library.is_current(embedder, course.slug):
            report.generation = library.served_number()
            return report

        plan = plan_course(library, embedder, course.slug, passages)
        report.embedded = embed_missing(library, plan, lambda done, total: progress(Progress("embedding", done, total)))
        progress(Progress("publishing", 0, 1))

        def change(connection: Connection) -> None:
            check(connection)
            replace_course(connection, course, passages, content_hash)

        report.generation = publish(library, plan, change, distrusted=distrusted is not None)
        report.changed = True
        progress(Progress("publishing", 1, 1))
    return report


def _gather(
    planned: PlannedCourse,
    folder: Path,
    library: Library,
    wanted: tuple[str, ...],
    failed: Failed,
    asr_model: str,
    distrusted: str | None,
    progress: Report,
) -> Course:
    """Everything that the course says and holds, read as far as it is not known already; nothing is fetched here."""
    root = folder.resolve()

    def told(step: str) -> Callable[[int, int, str], None]:
        return lambda done, total, what: progress(Progress(step, done, total, what))

    decks = read_decks(
        [deck for lecture in planned.lectures for deck in lecture.decks],
        DeckSource(root, library, planned.language, failed.decks, distrusted),
        told("reading decks"),
    )
    videos = read_videos(
        [video for lecture in planned.lectures for video in lecture.videos],
        VideoSource(root, library, wanted, failed.captions, asr_model, distrusted),
        told("reading transcripts"),
    )
    keys = lecture_keys(planned.lectures)
    lectures = [
        _lecture(key, position, lecture, decks, videos)
        for position, (key, lecture) in enumerate(zip(keys, planned.lectures, strict=True), 1)
    ]
    return Course(
        planned.slug,
        planned.title,
        planned.language,
        sound_text(str(root)),
        planned.source_url,
        _aligned(lectures, library, planned.language, distrusted, told("aligning")),
        planned.links,
    )


def _lecture(
    key: str,
    position: int,
    planned: PlannedLecture,
    decks: dict[PlannedDeck, Deck],
    videos: dict[PlannedVideo, Video],
) -> Lecture:
    own_decks = tuple(decks[deck] for deck in planned.decks)
    return Lecture(
        key=key,
        position=position,
        section=planned.section,
        # a title that was read off the first page stands; the name of a file gives way to what its deck says
        title=own_decks[0].title if planned.title_from_deck and is_file_name(planned) else planned.title,
        programme=planned.programme,
        remarks=planned.remarks,
        decks=own_decks,
        videos=tuple(videos[video] for video in planned.videos),
        links=planned.links,
    )


def _aligned(
    lectures: Sequence[Lecture],
    library: Library,
    language: str,
    distrusted: str | None,
    told: Callable[[int, int, str], None],
) -> tuple[Lecture, ...]:
    """The lectures with the pages of their slides set against the time of their videos, where they have both."""
    reader = CaptionReader()
    found = []
    try:
        for done, lecture in enumerate(lectures, 1):
            decks = [deck for deck in lecture.decks if deck.pages and deck.kind is DeckKind.SLIDES]
            spoken = [(video.video, video.transcript) for video in lecture.videos if video.transcript]
            if not decks or not spoken:
                found.append(lecture)
                continue
            key = _alignment_key(decks, spoken, language)
            with library.database.reading() as connection:
                alignment = known_alignment(connection, key, distrusted)
            if alignment is None:
                cues = [(video, read_cues(library, transcript, reader)) for video, transcript in spoken]
                alignment = Alignment(key, *align([(deck.path, deck.pages) for deck in decks], cues, language))
            found.append(replace(lecture, alignment=alignment))
            told(done, len(lectures), lecture.title)
    finally:
        reader.close()
    return tuple(found)


def _alignment_key(decks: Sequence[Deck], spoken: Sequence[tuple[str, Transcript]], language: str) -> str:
    """Equal for two lectures that would be aligned alike: what is read, and what the parts are called."""
    content = (
        ALIGNER,
        language,
        [(deck.path, deck.sha256, deck.extractor) for deck in decks],
        [(video, transcript.sha256, transcript.parser) for video, transcript in spoken],
    )
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _passages_of(course: Course) -> list[Passage]:
    """All passages; those of a deck that two lectures show belong to the first of them."""
    passages: dict[str, Passage] = {}
    for lecture in course.lectures:
        for passage in make_passages(course.slug, lecture):
            passages.setdefault(passage.id, passage)
    return list(passages.values())


def _identity(course: Course) -> str:
    """Equal for two courses that would give the same rows: all that was planned, and the hashes of all files."""

    def deck(found: Deck) -> object:
        return astuple(replace(found, pages=(), outline=()))

    def video(found: Video) -> object:
        transcript = found.transcript and astuple(replace(found.transcript, segments=()))
        return astuple(replace(found, transcript=None)), transcript

    lectures = [
        (
            astuple(replace(lecture, decks=(), videos=(), alignment=None)),
            lecture.alignment and lecture.alignment.key,
            [*map(deck, lecture.decks)],
            [*map(video, lecture.videos)],
        )
        for lecture in course.lectures
    ]
    content = (PASSAGES, course.slug, course.title, course.language, course.source_url, course.links, lectures)
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()


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
        problems = [found.problem for found in lecture.decks] + [found.problem for found in lecture.videos]
        report.gaps += [
            {"lecture": lecture.title, "code": problem.code, "detail": problem.detail}
            for problem in problems
            if problem
        ]
    return report
