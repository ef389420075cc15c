"""When the pages of a lecture are discussed in its videos, for showing: rows in, a timeline out."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from index.store.tables import alignments, decks, moments, pages, videos
from index.types import (
    MOMENT_SHOWN_FROM,
    SPAN_SHOWN_FROM,
    Timeline,
    TimelineMoment,
    TimelineSpan,
    TimelineVideo,
)


def lecture_timeline(connection: Connection, lecture_id: int, min_confidence: float | None) -> Timeline:
    """When the pages of a lecture are discussed; by default only what is sure enough to be shown."""
    shown_span = SPAN_SHOWN_FROM if min_confidence is None else min_confidence
    shown_moment = MOMENT_SHOWN_FROM if min_confidence is None else min_confidence
    query = sa.select(videos).where(videos.c.lecture_id == lecture_id).order_by(videos.c.ordinal)
    recordings = [
        TimelineVideo(video=row.video, video_id=row.id, duration_seconds=row.duration_seconds)
        for row in connection.execute(query)
    ]
    in_lecture = sa.and_(decks.c.lecture_id == lecture_id, moments.c.confidence >= shown_moment)
    return Timeline(
        lecture_id=lecture_id,
        videos=tuple(recordings),
        spans=tuple(_spans(connection, lecture_id, shown_span)),
        pages=tuple(_moments(connection, in_lecture, decks.c.ordinal, moments.c.page_number)),
    )


def _spans(connection: Connection, lecture_id: int, min_confidence: float) -> list[TimelineSpan]:
    query = (
        sa.select(alignments, decks.c.path, videos.c.video)
        .join(decks, decks.c.id == alignments.c.deck_id)
        .join(videos, videos.c.id == alignments.c.video_id)
        .where(videos.c.lecture_id == lecture_id, alignments.c.confidence >= min_confidence)
        .order_by(videos.c.ordinal, alignments.c.ordinal)
    )
    return [
        TimelineSpan(
            deck=row.path,
            deck_id=row.deck_id,
            page_number=row.page_number,
            video=row.video,
            video_id=row.video_id,
            start_seconds=row.start_seconds,
            end_seconds=row.end_seconds,
            confidence=row.confidence,
        )
        for row in connection.execute(query)
    ]


def _moments(
    connection: Connection, where: sa.ColumnElement[bool], *order: sa.ColumnElement[object]
) -> list[TimelineMoment]:
    query = (
        sa.select(moments, decks.c.path, videos.c.video, pages.c.title)
        .join(decks, decks.c.id == moments.c.deck_id)
        .join(videos, videos.c.id == moments.c.video_id)
        # a moment of a page that was not read stays one
        .outerjoin(pages, sa.and_(pages.c.deck_id == moments.c.deck_id, pages.c.page_number == moments.c.page_number))
        .where(where)
        .order_by(*order)
    )
    return [
        TimelineMoment(
            deck=row.path,
            deck_id=row.deck_id,
            page_number=row.page_number,
            title=row.title or "",
            video=row.video,
            video_id=row.video_id,
            jump_seconds=row.jump_seconds,
            confidence=row.confidence,
        )
        for row in connection.execute(query)
    ]
