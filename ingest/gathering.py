"""A course as it is planned → everything that it says and holds, read from its folder and from what was kept before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path

from index.library import Library
from index.store.known import known_alignment
from index.types import Alignment, Course, Deck, DeckKind, Lecture, Passage, Problem, Transcript, Video
from ingest.align import ALIGNER, align, is_too_long
from ingest.captions import CaptionReader
from ingest.course import is_file_name, lecture_keys
from ingest.decks import DeckSource, read_decks
from ingest.fetching import Failed
from ingest.furniture import find_repeated
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


Report = Callable[[Progress], None]


def told(progress: Report, step: str) -> Callable[..., None]:
    """The reporter of one step: (done, total, what)."""
    return lambda done, total, what="": progress(Progress(step, done, total, what))


@dataclass(frozen=True, slots=True)
class Material:
    """What is there to be read of a course: its plan and its folder; `languages` of captions, best first, none to leave
    them out; why some of it could not be had; the folder of a speech recogniser's model, or nothing."""

    planned: PlannedCourse
    folder: Path
    languages: tuple[str, ...]
    failed: Failed
    asr_model: str


def gather_course(material: Material, library: Library, distrusted: str | None, progress: Report) -> Course:
    """Everything that the course says and holds, read as far as it is not known already; nothing is fetched here. What
    the rows of course `distrusted` say was read before is read again."""
    planned, failed, root = material.planned, material.failed, material.folder.resolve()
    decks = read_decks(
        [deck for lecture in planned.lectures for deck in lecture.decks],
        DeckSource(root, library, planned.language, failed.decks, distrusted),
        told(progress, "reading decks"),
    )
    videos = read_videos(
        [video for lecture in planned.lectures for video in lecture.videos],
        VideoSource(root, library, material.languages, failed.captions, material.asr_model, distrusted),
        told(progress, "reading transcripts"),
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
        _aligned(lectures, library, planned.language, distrusted, told(progress, "aligning")),
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
            if not decks or not spoken or not_aligned(lecture):
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


def not_aligned(lecture: Lecture) -> Problem | None:
    """Why the slides of a lecture are not set against its videos, though it has both."""
    pages = sum(len(deck.pages) for deck in lecture.decks if deck.kind is DeckKind.SLIDES)
    seconds = sum(video.duration_seconds or 0.0 for video in lecture.videos if video.transcript)
    if not seconds or not is_too_long(pages, seconds):
        return None
    return Problem(
        "not_aligned",
        f"Lecture {lecture.title!r} has {pages:,} pages of slides and {seconds / 3600:,.1f} hours of speech, more than "
        "are set against each other: no page says when it is discussed. Make several lectures of it.",
    )


def _alignment_key(decks: Sequence[Deck], spoken: Sequence[tuple[str, Transcript]], language: str) -> str:
    """Equal for two lectures that would be aligned alike: what is read, and what the parts are called."""
    content = (
        ALIGNER,
        language,
        [(deck.path, deck.sha256, deck.extractor) for deck in decks],
        [(video, transcript.sha256, transcript.parser) for video, transcript in spoken],
    )
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def passages_of(course: Course) -> list[Passage]:
    """All passages; those of a deck that two lectures show belong to the first of them."""
    passages: dict[str, Passage] = {}
    repeated = find_repeated(course.lectures)
    for lecture in course.lectures:
        for passage in make_passages(course.slug, lecture, repeated):
            passages.setdefault(passage.id, passage)
    return list(passages.values())


def identity_of(course: Course) -> str:
    """Equal for two courses that would give the same rows: all that was planned, and the hashes of all files."""

    def deck(found: Deck) -> object:
        values = astuple(replace(found, pages=(), outline=()))
        # courses without such pictures are the same as before there were any
        return values if found.pictures_sha256 else values[:-1]

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


def files_of(course: Course) -> Iterator[tuple[str, str]]:
    """(SHA-256, suffix) of the stored files of a course."""
    for lecture in course.lectures:
        yield from ((deck.sha256, deck.suffix) for deck in lecture.decks if deck.sha256)
        yield from ((deck.pictures_sha256, ".pdf") for deck in lecture.decks if deck.pictures_sha256)
        for video in lecture.videos:
            if video.sha256:
                yield video.sha256, Path(video.video).suffix.lower()
            if video.transcript:
                yield video.transcript.vtt_sha256, ".vtt"
