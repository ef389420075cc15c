"""What the courses hold, for showing: rows in, the entries of `index.types.catalogue` out.

Every read is told which courses may be read, so that none can forget to ask. What may not be read is not there, in the
same words: nobody learns that it exists.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from index.errors import NotFound, no_course
from index.marks import name_mark
from index.store.tables import (
    courses,
    decks,
    lectures,
    pages,
    passages,
    segments,
    transcripts,
    videos,
)
from index.types import (
    CourseDetails,
    CourseRef,
    CourseSummary,
    DeckEntry,
    DeckKind,
    Gap,
    Host,
    LectureEntry,
    LectureRef,
    Link,
    MadeBy,
    Page,
    Problem,
    Readable,
    Segment,
    State,
    TranscriptEntry,
    VideoEntry,
)

# What a lecture as such can lack: the code of each gap and its sentence.
LECTURE_GAPS = {
    "no_slides": "Lecture {title!r} has no slides yet.",
    "no_video": "Lecture {title!r} has no video yet.",
}

# What each deck and video says of the lecture and the course that it belongs to.
_PLACE = (
    lectures.c.position.label("lecture_position"),
    lectures.c.title.label("lecture_title"),
    lectures.c.key.label("lecture_key"),
    courses.c.slug.label("course_slug"),
    courses.c.title.label("course_title"),
)


def list_courses(connection: Connection, readable: Readable) -> list[CourseSummary]:
    """The courses with their counts, by title."""
    counts = {
        row.course_id: row
        for row in connection.execute(
            sa.select(
                lectures.c.course_id,
                sa.func.count(sa.distinct(lectures.c.id)).label("lectures"),
                sa.func.count(passages.c.id).label("passages"),
            )
            .outerjoin(passages, passages.c.lecture_id == lectures.c.id)
            .group_by(lectures.c.course_id)
        )
    }
    return [
        CourseSummary(
            slug=row.slug,
            title=row.title,
            language=row.language,
            source_url=row.source_url,
            lectures=counts[row.id].lectures if row.id in counts else 0,
            passages=counts[row.id].passages if row.id in counts else 0,
            ingested_at=row.ingested_at,
        )
        for row in connection.execute(sa.select(courses).where(_may_read(readable)).order_by(courses.c.title))
    ]


def course_details(connection: Connection, slug: str, readable: Readable) -> CourseDetails:
    """A course with its lectures; NotFound if it is not there."""
    query = sa.select(courses).where(courses.c.slug == slug, _may_read(readable))
    course = connection.execute(query).one_or_none()
    if course is None:
        raise no_course(slug)
    return CourseDetails(
        slug=course.slug,
        title=course.title,
        language=course.language,
        source_url=course.source_url,
        links=_links(course.links),
        lectures=tuple(_lectures(connection, lectures.c.course_id == course.id)),
    )


def lecture_details(connection: Connection, lecture_id: int, readable: Readable) -> LectureEntry:
    """One lecture; NotFound if it is not there."""
    found = _lectures(connection, sa.and_(lectures.c.id == lecture_id, _may_read(readable)))
    if not found:
        raise NotFound(f"There is no lecture {lecture_id}; its course lists those there are.")
    return found[0]


def deck_details(connection: Connection, deck_id: int, readable: Readable) -> DeckEntry:
    """A deck; NotFound if it is not there."""
    found = _decks(connection, sa.and_(decks.c.id == deck_id, _may_read(readable)))
    if not found:
        raise NotFound(f"There is no deck {deck_id}.")
    return found[0]


def deck_pages(connection: Connection, deck: DeckEntry) -> list[Page]:
    """The pages of a deck in order."""
    return _pages(connection, pages.c.deck_id == deck.id)


def deck_page(connection: Connection, deck: DeckEntry, page_number: int) -> Page:
    """One page of a deck; NotFound if it is not there."""
    found = _pages(connection, sa.and_(pages.c.deck_id == deck.id, pages.c.page_number == page_number))
    if not found:
        raise NotFound(f"There is no page {page_number} in deck {deck.id}.")
    return found[0]


def video_details(connection: Connection, video_id: int, readable: Readable) -> VideoEntry:
    """A video; NotFound if it is not there."""
    found = _videos(connection, sa.and_(videos.c.id == video_id, _may_read(readable)))
    if not found:
        raise NotFound(f"There is no video {video_id}.")
    return found[0]


def video_segments(connection: Connection, video: VideoEntry) -> list[Segment]:
    """What is said in a video, in order; nothing if there is no transcript."""
    if video.transcript is None:
        return []
    query = sa.select(segments).where(segments.c.transcript_id == video.transcript.id).order_by(segments.c.ordinal)
    return [Segment(row.start_seconds, row.end_seconds, row.text, row.times) for row in connection.execute(query)]


def courses_of_places(connection: Connection, paths: Collection[str], names: Collection[str]) -> set[str]:
    """Slugs of the courses that hold a deck with one of these paths, or a video with one of these names."""
    query = sa.select(courses.c.slug).join(lectures, lectures.c.course_id == courses.c.id)
    of_decks = query.join(decks, decks.c.lecture_id == lectures.c.id).where(decks.c.path.in_(paths))
    of_videos = query.join(videos, videos.c.lecture_id == lectures.c.id).where(videos.c.video.in_(names))
    return {*connection.scalars(of_decks), *connection.scalars(of_videos)}


def material_lengths(connection: Connection, lecture_ids: Collection[int]) -> dict[tuple[str, int], float]:
    """Of these lectures the pages of each deck under (`page`, id), the seconds of each video under (`time`, id)."""
    found: dict[tuple[str, int], float] = {}
    for row in connection.execute(sa.select(decks.c.id, decks.c.page_count).where(decks.c.lecture_id.in_(lecture_ids))):
        found["page", row.id] = row.page_count
    of_these = videos.c.lecture_id.in_(lecture_ids)
    for row in connection.execute(sa.select(videos.c.id, videos.c.duration_seconds).where(of_these)):
        if row.duration_seconds:
            found["time", row.id] = row.duration_seconds
    return found


def _may_read(readable: Readable) -> sa.ColumnElement[bool]:
    """Of a query that joins the courses."""
    return sa.true() if readable is None else courses.c.slug.in_(readable)


def _lectures(connection: Connection, where: sa.ColumnElement[bool]) -> list[LectureEntry]:
    ids = sa.select(lectures.c.id).join(courses, courses.c.id == lectures.c.course_id).where(where)
    decks_of: dict[tuple[int, DeckKind], list[DeckEntry]] = defaultdict(list)
    for deck in _decks(connection, decks.c.lecture_id.in_(ids)):
        decks_of[deck.lecture.id, deck.kind].append(deck)
    videos_of: dict[int, list[VideoEntry]] = defaultdict(list)
    for video in _videos(connection, videos.c.lecture_id.in_(ids)):
        videos_of[video.lecture.id].append(video)
    query = (
        sa.select(lectures, courses.c.slug.label("course_slug"), courses.c.title.label("course_title"))
        .join(courses, courses.c.id == lectures.c.course_id)
        .where(where)
        .order_by(lectures.c.position)
    )
    found = []
    for row in connection.execute(query):
        slides, notes = decks_of[row.id, DeckKind.SLIDES], decks_of[row.id, DeckKind.NOTES]
        entry = LectureEntry(
            id=row.id,
            position=row.position,
            section=row.section,
            title=row.title,
            mark=name_mark(row.key),
            programme=row.programme,
            remarks=tuple(row.remarks),
            links=_links(row.links),
            decks=tuple(slides),
            videos=tuple(videos_of[row.id]),
            notes=tuple(notes),
            course=CourseRef(row.course_slug, row.course_title),
            gaps=_gaps(row.id, row.title, slides, notes, videos_of[row.id]),
        )
        found.append(entry)
    return found


def _decks(connection: Connection, where: sa.ColumnElement[bool]) -> list[DeckEntry]:
    query = (
        sa.select(decks, *_PLACE)
        .join(lectures, lectures.c.id == decks.c.lecture_id)
        .join(courses, courses.c.id == lectures.c.course_id)
        .where(where)
        .order_by(decks.c.ordinal)
    )
    return [
        DeckEntry(
            id=row.id,
            path=row.path,
            kind=DeckKind(row.kind),
            title=row.title,
            remark=row.remark,
            page_count=row.page_count,
            state=State(row.state),
            problem=_problem(row.problem_code, row.problem),
            sha256=row.sha256,
            suffix=row.suffix,
            pictures_sha256=row.sha256 if row.suffix == ".pdf" else row.pictures_sha256,
            is_as_numbered=row.sha256 == row.first_sha256,
            lecture=_lecture_of(row),
            course=CourseRef(row.course_slug, row.course_title),
        )
        for row in connection.execute(query)
    ]


def _videos(connection: Connection, where: sa.ColumnElement[bool]) -> list[VideoEntry]:
    transcript = (
        transcripts.c.id.label("transcript_id"),
        transcripts.c.language,
        transcripts.c.made_by,
        transcripts.c.asked,
        transcripts.c.origin,
        transcripts.c.vtt_sha256,
    )
    query = (
        sa.select(videos, *_PLACE, *transcript)
        .join(lectures, lectures.c.id == videos.c.lecture_id)
        .join(courses, courses.c.id == lectures.c.course_id)
        .outerjoin(transcripts, transcripts.c.video_id == videos.c.id)
        .where(where)
        .order_by(videos.c.ordinal)
    )
    return [
        VideoEntry(
            id=row.id,
            video=row.video,
            host=Host(row.host),
            label=row.label,
            remark=row.remark,
            duration_seconds=row.duration_seconds,
            transcript=None
            if row.transcript_id is None
            else TranscriptEntry(
                id=row.transcript_id,
                language=row.language,
                made_by=MadeBy(row.made_by),
                asked=tuple(row.asked),
                origin=row.origin,
                vtt_sha256=row.vtt_sha256,
            ),
            state=State(row.state),
            problem=_problem(row.problem_code, row.problem),
            sha256=row.sha256,
            is_as_numbered=row.sha256 == row.first_sha256,
            lecture=_lecture_of(row),
            course=CourseRef(row.course_slug, row.course_title),
        )
        for row in connection.execute(query)
    ]


def _lecture_of(row: Row[Any]) -> LectureRef:
    """The lecture of a row that holds `_PLACE`."""
    return LectureRef(row.lecture_id, row.lecture_position, row.lecture_title, name_mark(row.lecture_key))


def _pages(connection: Connection, where: sa.ColumnElement[bool]) -> list[Page]:
    rows = connection.execute(sa.select(pages).where(where).order_by(pages.c.page_number))
    return [Page(row.page_number, row.page_label, row.title, row.text, row.ocr) for row in rows]


def _links(stored: list[list[str]]) -> tuple[Link, ...]:
    return tuple(Link(label, url) for label, url in stored)


def _problem(code: str | None, detail: str | None) -> Problem | None:
    return Problem(code, detail or "") if code else None


def _gaps(
    lecture_id: int, title: str, slides: list[DeckEntry], notes: list[DeckEntry], spoken: list[VideoEntry]
) -> tuple[Gap, ...]:
    """What of a lecture is missing, each with a code and a sentence."""
    gaps = []
    if not slides and not notes:
        gaps.append(Gap(lecture_id, "deck", "no_slides", LECTURE_GAPS["no_slides"].format(title=title)))
    if not spoken:
        gaps.append(Gap(lecture_id, "video", "no_video", LECTURE_GAPS["no_video"].format(title=title)))
    # "note" for notes: that is how the API has always named them
    problems = [
        *(("deck", deck.problem) for deck in slides),
        *(("note", deck.problem) for deck in notes),
        *(("video", video.problem) for video in spoken),
    ]
    return (*gaps, *(Gap(lecture_id, what, problem.code, problem.detail) for what, problem in problems if problem))
