"""One course, start to end: folder → pages, segments, passages, vectors → rows and a published generation."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass, field, replace
from pathlib import Path
from queue import Queue
from typing import TypeVar

from index.database import writer_lock
from index.embed import Embedder
from index.errors import SourceFileError
from index.library import Library, embed_missing, plan_index, publish
from index.store import course_hash, known_pages, known_transcript, replace_course
from index.types import Course, Deck, DeckKind, Host, Lecture, Page, Passage, Problem, State, Transcript, Video
from ingest.captions import PARSER, parse_captions, to_vtt
from ingest.course import PlannedCourse, PlannedDeck, PlannedLecture, PlannedVideo, find_transcripts, lecture_keys
from ingest.pages import CLEANER, clean_pages, deck_kind, deck_title
from ingest.passages import PASSAGES, make_passages
from ingest.pdf import EXTRACTOR, MAX_PAGES, PdfReader
from ingest.segments import SEGMENTER, merge_cues

P = TypeVar("P")
R = TypeVar("R")

_EXTRACTOR = f"{EXTRACTOR}+{CLEANER}"
_PARSER = f"{PARSER}+{SEGMENTER}"


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


def ingest_course(
    planned: PlannedCourse,
    folder: Path,
    library: Library,
    embedder: Embedder | None,
    *,
    languages: Sequence[str] = (),
    with_transcripts: bool = True,
    progress: Report = lambda _: None,
) -> IngestReport:
    """Take up what changed in a course, and publish it. One bad file is a gap in the report, never an error.

    Expensive results (files, vectors) are kept as they are made; rows and generation change together at the end, so
    an ingest that dies leaves the course as it was, and the next one goes on from there.
    """
    wanted = tuple(dict.fromkeys([*languages, planned.language, "ru", "en"])) if with_transcripts else ()
    with writer_lock(library.database, library.data_dir, lambda: progress(Progress("waiting", 0, 0))):
        library.recover()
        course = _gather(planned, folder, library, wanted, progress)
        passages = _passages_of(course)
        content_hash = _identity(course)
        report = _summary(course, passages)
        with library.database.reading() as connection:
            unchanged = course_hash(connection, course.slug) == content_hash
        if unchanged and library.is_current(embedder):
            report.generation = library.served_number()
            return report
        plan = plan_index(library, embedder, course.slug, passages)
        report.embedded = embed_missing(library, plan, lambda done, total: progress(Progress("embedding", done, total)))
        progress(Progress("publishing", 0, 1))
        report.generation = publish(
            library, plan, lambda connection: replace_course(connection, course, passages, content_hash)
        )
        report.changed = True
        library.tidy_up(plan)
        progress(Progress("publishing", 1, 1))
    return report


def _gather(
    planned: PlannedCourse, folder: Path, library: Library, languages: tuple[str, ...], progress: Report
) -> Course:
    """Everything that the course says and holds, read as far as it is not known already."""
    root = folder.resolve()
    decks = _read_decks([deck for lecture in planned.lectures for deck in lecture.decks], root, library, progress)
    videos = _read_videos(
        [video for lecture in planned.lectures for video in lecture.videos], root, library, languages, progress
    )
    lectures = tuple(
        _lecture(key, position, lecture, decks, videos)
        for position, (key, lecture) in enumerate(zip(lecture_keys(planned.lectures), planned.lectures, strict=True), 1)
    )
    return Course(planned.slug, planned.title, planned.language, str(root), planned.source_url, lectures)


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
        title=own_decks[0].title if planned.title_from_deck else planned.title,
        programme=planned.programme,
        remarks=planned.remarks,
        decks=own_decks,
        videos=tuple(videos[video] for video in planned.videos),
        links=planned.links,
    )


# --- decks ----------------------------------------------------------------------------------------------


def _read_decks(
    planned: Sequence[PlannedDeck], root: Path, library: Library, progress: Report
) -> dict[PlannedDeck, Deck]:
    distinct = list(dict.fromkeys(planned))
    workers = min(os.cpu_count() or 1, 4, max(1, len(distinct)))
    readers: Queue[PdfReader] = Queue()
    for _ in range(workers):
        readers.put(PdfReader())

    def read(deck: PlannedDeck) -> Deck:
        reader = readers.get()
        try:
            return _read_deck(deck, root, library, reader)
        finally:
            readers.put(reader)

    try:
        with ThreadPoolExecutor(workers) as pool:
            return _collect(distinct, pool.map(read, distinct), "reading decks", lambda d: d.path, progress)
    finally:
        while not readers.empty():
            readers.get().close()


def _read_deck(planned: PlannedDeck, root: Path, library: Library, reader: PdfReader) -> Deck:
    sha256: str | None = None
    try:
        source = _find_file(planned.path, root, "Deck")
        sha256 = library.files.add(source, ".pdf")
        with library.database.reading() as connection:
            known = known_pages(connection, sha256, _EXTRACTOR)
        kind, title, pages = known or _extract(library.files.path(sha256, ".pdf"), planned.path, reader)
    except _Missing as error:
        return _deck(planned, State.MISSING, Problem(error.code, str(error)))
    except SourceFileError as error:
        problem = Problem(error.code, f"Deck {planned.path}: {error}")
        return replace(_deck(planned, State.BROKEN, problem), sha256=sha256)
    problem_of_pages = _problem_of_pages(planned.path, pages)
    deck = _deck(planned, State.PARTIAL if problem_of_pages else State.READY, problem_of_pages)
    return replace(deck, kind=planned.kind or kind, title=title, sha256=sha256, extractor=_EXTRACTOR, pages=pages)


def _extract(path: Path, name: str, reader: PdfReader) -> tuple[DeckKind, str, tuple[Page, ...]]:
    raw = reader.extract_pages(path)
    pages = clean_pages(raw.pages)
    return deck_kind(raw.pages), deck_title(pages, raw.title, name), pages


def _deck(planned: PlannedDeck, state: State, problem: Problem | None) -> Deck:
    return Deck(
        path=planned.path,
        kind=planned.kind or DeckKind.SLIDES,
        title=planned.label or Path(planned.path).stem,
        remark=planned.remark,
        state=state,
        problem=problem,
        source_url=planned.path if "://" in planned.path else None,
        sha256=None,
        extractor=None,
        pages=(),
    )


def _problem_of_pages(path: str, pages: Sequence[Page]) -> Problem | None:
    if len(pages) == MAX_PAGES:
        return Problem(
            "too_many_pages",
            f"Deck {path}: only its first {MAX_PAGES:,} pages were read; split it into files by lecture.",
        )
    empty = [page.page_number for page in pages if not page.text]
    if not empty:
        return None
    some = ", ".join(map(str, empty[:8])) + (" …" if len(empty) > 8 else "")
    return Problem(
        "pages_without_text",
        f"Deck {path}: {len(empty)} of {len(pages)} pages have no text ({some}); they can be opened but not found.",
    )


# --- videos ---------------------------------------------------------------------------------------------


def _read_videos(
    planned: Sequence[PlannedVideo], root: Path, library: Library, languages: tuple[str, ...], progress: Report
) -> dict[PlannedVideo, Video]:
    distinct = list(dict.fromkeys(planned))
    read = (_read_video(video, root, library, languages) for video in distinct)
    return _collect(distinct, read, "reading transcripts", lambda video: video.video, progress)


def _read_video(planned: PlannedVideo, root: Path, library: Library, languages: tuple[str, ...]) -> Video:
    sha256: str | None = None
    problem: Problem | None = None
    transcript: Transcript | None = None
    if planned.host is Host.FILE:
        try:
            source = _find_file(planned.video, root, "Video")
            sha256 = library.files.add(source, source.suffix.lower())
        except _Missing as error:
            problem = Problem(error.code, str(error))
    if languages:
        transcript, problem_of_captions = _read_transcript(planned, root, library, languages)
        problem = problem or problem_of_captions
    missing = planned.host is Host.FILE and sha256 is None
    return Video(
        video=planned.video,
        host=planned.host,
        label=planned.label,
        remark=planned.remark,
        state=State.MISSING if missing else State.PARTIAL if problem else State.READY,
        problem=problem,
        sha256=sha256,
        duration_seconds=transcript.segments[-1].end_seconds if transcript else None,
        transcript=transcript,
    )


def _read_transcript(
    planned: PlannedVideo, root: Path, library: Library, languages: tuple[str, ...]
) -> tuple[Transcript | None, Problem | None]:
    """The first readable caption file in the order of languages, else why there is none."""
    problem: Problem | None = None
    for path, language in find_transcripts(root, planned, languages):
        origin = path.relative_to(root).as_posix()
        try:
            content = _find_file(origin, root, "Transcript").read_bytes()
            sha256 = library.files.add_bytes(content, path.suffix.lower())
            with library.database.reading() as connection:
                known = known_transcript(connection, sha256, _PARSER)
            spoken = language or languages[0]
            if known:
                return replace(known, language=spoken, origin=origin), None
            cues = parse_captions(content)
        except SourceFileError as error:
            problem = problem or Problem(error.code, f"Transcript {origin}: {error}")
            continue
        vtt_sha256 = library.files.add_bytes(to_vtt(cues).encode(), ".vtt")
        return Transcript(spoken, origin, sha256, vtt_sha256, _PARSER, merge_cues(cues)), None
    if problem:
        return None, problem
    stem = planned.video if planned.host is Host.YOUTUBE else Path(planned.video).stem
    return None, Problem(
        "no_transcript",
        f"Video {planned.video} has no captions here; put them into transcripts/{stem}.{languages[0]}.vtt "
        "(or .srt, .sbv, .json3) and ingest again.",
    )


# --- helpers --------------------------------------------------------------------------------------------


class _Missing(SourceFileError):
    """A file that the course names and that is not there."""


def _find_file(place: str, root: Path, what: str) -> Path:
    if "://" in place:
        raise _Missing(
            f"{what} {place} lies on another site and was not fetched; put the file into the course folder.",
            code="not_fetched",
        )
    path = root / place
    if not path.resolve().is_relative_to(root):
        raise _Missing(f"{what} {place} leads out of the course folder; put a copy into it.", code="outside")
    if not path.is_file():
        raise _Missing(
            f"{what} {place} is named by the course but is not in its folder; add the file and ingest again.",
            code="missing_file",
        )
    return path


def _collect(
    planned: Sequence[P], read: Iterable[R], step: str, name: Callable[[P], str], progress: Report
) -> dict[P, R]:
    found: dict[P, R] = {}
    for done, (item, result) in enumerate(zip(planned, read, strict=True), 1):
        found[item] = result
        progress(Progress(step, done, len(planned), name(item)))
    return found


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
        return astuple(replace(found, pages=()))

    def video(found: Video) -> object:
        transcript = found.transcript and astuple(replace(found.transcript, segments=()))
        return astuple(replace(found, transcript=None)), transcript

    lectures = [
        (astuple(replace(lecture, decks=(), videos=())), [*map(deck, lecture.decks)], [*map(video, lecture.videos)])
        for lecture in course.lectures
    ]
    content = (PASSAGES, course.slug, course.title, course.language, course.source_url, lectures)
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
