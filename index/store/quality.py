"""How well a course could be read: words and seconds of each transcript, pages of each deck with and without text."""

from __future__ import annotations

from collections import defaultdict

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from index.store.tables import alignments, courses, decks, lectures, moments, pages, segments, transcripts, videos
from index.types import MOMENT_SHOWN_FROM, SPAN_SHOWN_FROM, DeckQuality, LectureQuality, MadeBy, SpeechQuality


def course_quality(connection: Connection, slug: str) -> dict[int, LectureQuality]:
    """What was read of each lecture of a course, by its id; lectures of which nothing was are left out."""
    of_course = lectures.c.course_id == sa.select(courses.c.id).where(courses.c.slug == slug).scalar_subquery()
    speech: dict[int, list[SpeechQuality]] = defaultdict(list)
    for lecture_id, found in _speech(connection, of_course):
        speech[lecture_id].append(found)
    slides: dict[int, list[DeckQuality]] = defaultdict(list)
    for lecture_id, deck in _decks(connection, of_course):
        slides[lecture_id].append(deck)
    return {
        lecture_id: LectureQuality(tuple(speech[lecture_id]), tuple(slides[lecture_id]))
        for lecture_id in sorted({*speech, *slides})
    }


def _speech(connection: Connection, of_course: sa.ColumnElement[bool]) -> list[tuple[int, SpeechQuality]]:
    words = sa.func.length(segments.c.text) - sa.func.length(sa.func.replace(segments.c.text, " ", "")) + 1
    aligned = sa.exists().where(alignments.c.video_id == videos.c.id, alignments.c.confidence >= SPAN_SHOWN_FROM)
    query = (
        sa.select(
            videos.c.lecture_id,
            videos.c.video,
            videos.c.label,
            transcripts.c.made_by,
            sa.func.sum(words).label("words"),
            sa.func.coalesce(videos.c.duration_seconds, sa.func.max(segments.c.end_seconds)).label("seconds"),
            aligned.label("is_aligned"),
        )
        .join(lectures, lectures.c.id == videos.c.lecture_id)
        .outerjoin(transcripts, transcripts.c.video_id == videos.c.id)
        .outerjoin(segments, segments.c.transcript_id == transcripts.c.id)
        .where(of_course)
        .group_by(videos.c.id, transcripts.c.id, transcripts.c.made_by)
        .order_by(videos.c.lecture_id, videos.c.ordinal)
    )
    return [
        (
            row.lecture_id,
            SpeechQuality(
                video=row.video,
                label=row.label,
                made_by=MadeBy(row.made_by) if row.made_by else None,
                words=row.words or 0,
                seconds=row.seconds or 0.0,
                is_aligned=bool(row.is_aligned),
            ),
        )
        for row in connection.execute(query)
    ]


def _decks(connection: Connection, of_course: sa.ColumnElement[bool]) -> list[tuple[int, DeckQuality]]:
    timed = (
        sa.select(sa.func.count())
        .where(moments.c.deck_id == decks.c.id, moments.c.confidence >= MOMENT_SHOWN_FROM)
        .scalar_subquery()
    )
    query = (
        sa.select(
            decks.c.lecture_id,
            decks.c.path,
            decks.c.problem_code,
            sa.func.count(pages.c.page_number).label("pages"),
            sa.func.sum(sa.case((pages.c.text == "", 1), else_=0)).label("empty"),
            sa.func.sum(sa.case((pages.c.ocr, 1), else_=0)).label("recognised"),
            timed.label("timed"),
        )
        .join(lectures, lectures.c.id == decks.c.lecture_id)
        .outerjoin(pages, pages.c.deck_id == decks.c.id)
        .where(of_course)
        .group_by(decks.c.id)
        .order_by(decks.c.lecture_id, decks.c.ordinal)
    )
    return [
        (
            row.lecture_id,
            DeckQuality(
                path=row.path,
                pages=row.pages,
                empty=row.empty or 0,
                recognised=row.recognised or 0,
                timed=row.timed,
                is_garbled=row.problem_code == "garbled_pages",
            ),
        )
        for row in connection.execute(query)
    ]
