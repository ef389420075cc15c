"""A lecture and a place in it → the study view: its slides, what is said, and which slide belongs to which second."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count, groupby

from sqlalchemy.engine import Connection

from index.store.catalogue import deck_pages, lecture_details, video_segments
from index.store.places import MomentAt, PageAt, moment_marks, page_marks, segment_marks
from index.store.timeline import lecture_timeline
from index.text.analysis import find_terms
from index.text.moments import hear, second_of
from index.types import DeckEntry, Host, LectureEntry, Page, Readable, Segment, Timeline, VideoEntry
from service.links import moment_url, page_url, video_url
from service.web.place import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A page on the filmstrip. `moment_seconds` is the second at which it is discussed, where that is sure, and
    `moment_url` where that is looked at."""

    deck: DeckEntry
    page: Page
    address: str
    url: str
    moment_seconds: float | None
    moment_url: str | None

    @property
    def id(self) -> str:
        return f"{self.deck.id}-{self.page.page_number}"


@dataclass(frozen=True, slots=True)
class Film:
    """The frames of one deck."""

    deck: DeckEntry
    frames: tuple[Frame, ...]


@dataclass(frozen=True, slots=True)
class Chapter:
    """From this second of the video on a slide is discussed."""

    seconds: float
    title: str
    frame: Frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A sentence of speech with the second at which it begins; `number` counts them from 0, `marks` are what was found
    in it, `chapter` begins with it."""

    number: int
    at_seconds: float
    text: str
    url: str
    chapter: Chapter | None = None
    marks: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """What the study view shows.

    `frame` is the slide on the stage, `stretches` are the lines by the minute, `now` is the number of the line that is
    spoken at `seconds`; `spans` say from which second of the video on which
    frame belongs to it; `quote` names what was cited of the slide, and `quoted` is where it stands in its text.
    """

    lecture: LectureEntry
    opened: PageAt | MomentAt | None
    films: tuple[Film, ...]
    frame: Frame | None
    video: VideoEntry | None
    seconds: int
    stretches: tuple[tuple[Line, ...], ...]
    now: int
    chapters: tuple[Chapter, ...]
    spans: tuple[tuple[float, str], ...]
    parts: tuple[tuple[DeckEntry | VideoEntry, str], ...]
    quote: str = ""
    quoted: tuple[int, int] | None = None

    @property
    def frames(self) -> list[Frame]:
        return [frame for film in self.films for frame in film.frames]

    @property
    def earlier(self) -> list[tuple[Line, ...]]:
        """What was said before: all but the line before the one that is spoken now."""
        stretches = (tuple(line for line in lines if line.number < self.now - 1) for lines in self.stretches)
        return [lines for lines in stretches if lines]

    @property
    def later(self) -> list[tuple[Line, ...]]:
        """What is spoken now and after it, from the line before on."""
        stretches = (tuple(line for line in lines if line.number >= self.now - 1) for lines in self.stretches)
        return [lines for lines in stretches if lines]

    @property
    def previous(self) -> Frame | None:
        return self._beside(-1)

    @property
    def next(self) -> Frame | None:
        return self._beside(1)

    @property
    def video_address(self) -> str:
        """The address of the video without a second."""
        return video_url(self.lecture.course.slug, self.video.video) if self.video else ""

    @property
    def is_played(self) -> bool:
        """Whether the video can be played here."""
        video = self.video
        return video is not None and (video.host is Host.YOUTUBE or (video.host is Host.FILE and bool(video.sha256)))

    @property
    def larger(self) -> str:
        """What is shown large at first: what was opened, else the slide."""
        if self.frame is None or (self.is_played and isinstance(self.opened, MomentAt)):
            return "video"
        return "slide"

    def _beside(self, step: int) -> Frame | None:
        if self.frame is None:
            return None
        frames = self.frames
        at = frames.index(self.frame) + step
        return frames[at] if 0 <= at < len(frames) else None


def study_lecture(
    connection: Connection, readable: Readable, lecture_id: int, opened: PageAt | MomentAt | None, place: Place
) -> Study:
    """The study view of a lecture at a place in it, or at its beginning."""
    lecture = lecture_details(connection, lecture_id, readable)
    timeline = lecture_timeline(connection, lecture_id, None)
    films = _films(connection, lecture, timeline, opened, place)
    frames = {frame.id: frame for film in films for frame in film.frames}
    shown = frames.get(f"{opened.deck_id}-{opened.page_number}") if isinstance(opened, PageAt) else None
    video, seconds = _start(lecture, timeline, opened, shown)
    spans = _spans(timeline, video, frames)
    if shown is None:
        of_second = frame_at(spans, seconds)
        shown = frames[of_second] if of_second else next(iter(frames.values()), None)
    chapters = _chapters(timeline, video, frames)
    stretches = _stretches(connection, video, chapters, place) if video else ()
    starts = [line.at_seconds for lines in stretches for line in lines]
    return Study(
        lecture=lecture,
        opened=opened,
        films=films,
        frame=shown,
        video=video,
        seconds=seconds,
        stretches=stretches,
        # an address holds whole seconds: a line that begins anywhere within that second is meant
        now=max(bisect_left(starts, seconds + 1) - 1, 0),
        chapters=chapters,
        spans=spans,
        parts=_parts(connection, lecture, place),
    )


def frame_at(spans: Sequence[tuple[float, str]], seconds: float) -> str | None:
    """The frame that is discussed at a second, or was last; before the first the first."""
    if not spans:
        return None
    return spans[max(bisect_right([start for start, _ in spans], seconds) - 1, 0)][1]


def mark_found(study: Study, weights: Mapping[str, float]) -> Study:
    """The same with the words that were found marked in what is said."""
    language = study.video.transcript.language if study.video and study.video.transcript else "en"

    def marked(line: Line) -> Line:
        marks = tuple((token.start, token.end) for token in find_terms(line.text, weights, language))
        return replace(line, marks=marks) if marks else line

    return replace(study, stretches=tuple(tuple(marked(line) for line in lines) for lines in study.stretches))


def _start(
    lecture: LectureEntry, timeline: Timeline, opened: PageAt | MomentAt | None, shown: Frame | None
) -> tuple[VideoEntry | None, int]:
    """The video of the view and the second at which it stands."""
    videos = {video.id: video for video in lecture.videos}
    if isinstance(opened, MomentAt):
        return videos[opened.video_id], opened.seconds
    first = next(iter(lecture.videos), None)
    if shown is None:
        return first, 0
    moments = {(moment.deck_id, moment.page_number): moment for moment in timeline.pages}
    moment = moments.get((shown.deck.id, shown.page.page_number))
    return (videos[moment.video_id], int(moment.jump_seconds)) if moment else (first, 0)


def _films(
    connection: Connection, lecture: LectureEntry, timeline: Timeline, opened: PageAt | MomentAt | None, place: Place
) -> tuple[Film, ...]:
    """The slides of a lecture; notes where they are what was opened, or all that there is."""
    notes = [deck for deck in lecture.notes if isinstance(opened, PageAt) and deck.id == opened.deck_id]
    decks = [*lecture.decks, *notes] if lecture.decks else notes or [*lecture.notes[:1]]
    slug = lecture.course.slug
    moments = {(moment.deck_id, moment.page_number): moment for moment in timeline.pages}
    urls = {}
    for video_id, own in groupby(sorted(timeline.pages, key=lambda m: m.video_id), lambda m: m.video_id):
        some = [*own]
        marks = moment_marks(connection, video_id, [moment.jump_seconds for moment in some])
        for moment, mark in zip(some, marks, strict=True):
            address = moment_url(slug, moment.video, moment.jump_seconds, mark)
            urls[moment.deck_id, moment.page_number] = place.look(address)
    films = []
    for deck in decks:
        page_mark = page_marks(connection, deck.id)
        frames = []
        for page in deck_pages(connection, deck):
            key = (deck.id, page.page_number)
            address = page_url(slug, deck.path, page.page_number, page_mark.get(page.page_number, ""))
            frame = Frame(
                deck=deck,
                page=page,
                address=address,
                url=place.look(address),
                moment_seconds=moments[key].jump_seconds if key in moments else None,
                moment_url=urls.get(key),
            )
            frames.append(frame)
        if frames:
            films.append(Film(deck, tuple(frames)))
    return tuple(films)


def _spans(timeline: Timeline, video: VideoEntry | None, frames: Mapping[str, Frame]) -> tuple[tuple[float, str], ...]:
    """From which second on which frame is discussed: the sure spans of a video, and between them the sure moments."""
    own = [span for span in timeline.spans if video is not None and span.video_id == video.id]
    starts = [(span.start_seconds, f"{span.deck_id}-{span.page_number}") for span in own]
    for moment in timeline.pages:
        within = any(span.start_seconds <= moment.jump_seconds < span.end_seconds for span in own)
        if video is not None and moment.video_id == video.id and not within:
            starts.append((moment.jump_seconds, f"{moment.deck_id}-{moment.page_number}"))
    return tuple(sorted((start, frame) for start, frame in starts if frame in frames))


def _chapters(timeline: Timeline, video: VideoEntry | None, frames: Mapping[str, Frame]) -> tuple[Chapter, ...]:
    """Where in a video each slide is first discussed; slides of one title that follow one another are one chapter."""
    own = sorted(
        (moment for moment in timeline.pages if video is not None and moment.video_id == video.id),
        key=lambda moment: moment.jump_seconds,
    )
    chapters: list[Chapter] = []
    for moment in own:
        frame = frames.get(f"{moment.deck_id}-{moment.page_number}")
        if frame is None or (moment.title and chapters and chapters[-1].title == moment.title):
            continue
        chapters.append(Chapter(moment.jump_seconds, moment.title, frame))
    return tuple(chapters)


def _stretches(
    connection: Connection, video: VideoEntry, chapters: Sequence[Chapter], place: Place
) -> tuple[tuple[Line, ...], ...]:
    """What is said, a tuple of lines for each segment; each chapter begins with the line that is said then."""
    segments = video_segments(connection, video)
    said = [spoken_lines(segment) for segment in segments]
    starts = [at for lines in said for at, _ in lines]
    begins = {max(bisect_right(starts, chapter.seconds + 1) - 1, 0): chapter for chapter in chapters}
    stretches: list[tuple[Line, ...]] = []
    numbers = count()
    for lines, mark in zip(said, segment_marks(connection, video.id), strict=True):
        stretch = [
            Line(
                number=number,
                at_seconds=at,
                text=text,
                url=place.look(moment_url(video.course.slug, video.video, at, mark)),
                chapter=begins.get(number),
            )
            for (at, text), number in zip(lines, numbers, strict=False)
        ]
        stretches.append(tuple(stretch))
    return tuple(stretch for stretch in stretches if stretch)


def spoken_lines(segment: Segment) -> list[tuple[float, str]]:
    """The sentences of a segment, each with the second at which it begins; where no times are known they are taken to
    run evenly."""
    times, sentences = hear(segment.text, segment.times, segment.start_seconds)
    if not times:
        times = ((0, segment.start_seconds), (max(len(segment.text), 1), segment.end_seconds))
    return [(round(second_of(start, times), 1), segment.text[start:end].strip()) for start, end in sentences]


def _parts(
    connection: Connection, lecture: LectureEntry, place: Place
) -> tuple[tuple[DeckEntry | VideoEntry, str], ...]:
    """The videos, decks and notes of a lecture that can be seen, each with where its beginning is looked at."""
    slug, parts = lecture.course.slug, list[tuple[DeckEntry | VideoEntry, str]]()
    for video in lecture.videos:
        mark = moment_marks(connection, video.id, [0.0])[0]
        parts.append((video, place.look(moment_url(slug, video.video, 0, mark))))
    for deck in lecture.decks + lecture.notes:
        if deck.page_count:
            mark = page_marks(connection, deck.id).get(1, "")
            parts.append((deck, place.look(page_url(slug, deck.path, 1, mark))))
    return tuple(parts)
