"""When the pages of a lecture are discussed in its videos, for showing: rows in, the API's shapes out."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from index.store.tables import alignments, decks, moments, pages, videos
from index.types import MOMENT_SHOWN_FROM, SPAN_SHOWN_FROM


def lecture_timeline(connection: Connection, lecture_id: int, min_confidence: float | None) -> dict[str, Any]:
    """When the pages of a lecture are discussed; by default only what is sure enough to be shown."""
    shown_span = SPAN_SHOWN_FROM if min_confidence is None else min_confidence
    shown_moment = MOMENT_SHOWN_FROM if min_confidence is None else min_confidence
    spans = connection.execute(
        sa.select(alignments, decks.c.path, videos.c.video)
        .join(decks, decks.c.id == alignments.c.deck_id)
        .join(videos, videos.c.id == alignments.c.video_id)
        .where(videos.c.lecture_id == lecture_id, alignments.c.confidence >= shown_span)
        .order_by(videos.c.ordinal, alignments.c.ordinal)
    )
    found = connection.execute(
        sa.select(moments, decks.c.path, videos.c.video)
        .join(decks, decks.c.id == moments.c.deck_id)
        .join(videos, videos.c.id == moments.c.video_id)
        .where(decks.c.lecture_id == lecture_id, moments.c.confidence >= shown_moment)
        .order_by(decks.c.ordinal, moments.c.page_number)
    )
    recordings = connection.execute(
        sa.select(videos).where(videos.c.lecture_id == lecture_id).order_by(videos.c.ordinal)
    )
    return {
        "lecture_id": lecture_id,
        "videos": [
            {"video": row.video, "video_id": row.id, "duration_seconds": row.duration_seconds} for row in recordings
        ],
        "spans": [
            {
                "deck": row.path,
                "deck_id": row.deck_id,
                "page_number": row.page_number,
                "video": row.video,
                "video_id": row.video_id,
                "start_seconds": row.start_seconds,
                "end_seconds": row.end_seconds,
                "confidence": row.confidence,
            }
            for row in spans
        ],
        "pages": [
            {
                "deck": row.path,
                "deck_id": row.deck_id,
                "page_number": row.page_number,
                "video": row.video,
                "video_id": row.video_id,
                "jump_seconds": row.jump_seconds,
                "confidence": row.confidence,
            }
            for row in found
        ],
    }


def page_moment(connection: Connection, deck_id: int, page_number: int) -> Row[Any] | None:
    """The second of a video at which a page is discussed, where that is sure."""
    query = sa.select(moments).where(
        moments.c.deck_id == deck_id,
        moments.c.page_number == page_number,
        moments.c.confidence >= MOMENT_SHOWN_FROM,
    )
    return connection.execute(query).one_or_none()


def sure_moments(connection: Connection, lecture_id: int) -> list[Row[Any]]:
    """The sure moments of a lecture's pages in the order of its videos, each with the title of its page."""
    query = (
        sa.select(moments, pages.c.title, videos.c.ordinal)
        .join(pages, sa.and_(pages.c.deck_id == moments.c.deck_id, pages.c.page_number == moments.c.page_number))
        .join(videos, videos.c.id == moments.c.video_id)
        .where(videos.c.lecture_id == lecture_id, moments.c.confidence >= MOMENT_SHOWN_FROM)
        .order_by(videos.c.ordinal, moments.c.jump_seconds)
    )
    return list(connection.execute(query))
