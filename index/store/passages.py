"""The passages of a course as rows → as they are indexed: with all that a hit shows of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from index.store.tables import alignments, courses, decks, lectures, moments, pages, passages, videos
from index.types import (
    MOMENT_SHOWN_FROM,
    SPAN_SHOWN_FROM,
    Aligned,
    DeckKind,
    Host,
    IndexedPassage,
    Kind,
    PagePlace,
    Place,
    TimePlace,
)


def content_hashes(connection: Connection, slug: str) -> set[str]:
    """The contents of a course's passages."""
    query = (
        sa.select(passages.c.content_hash)
        .join(lectures, lectures.c.id == passages.c.lecture_id)
        .join(courses, courses.c.id == lectures.c.course_id)
        .where(courses.c.slug == slug)
    )
    return set(connection.scalars(query))


def read_passages(connection: Connection, slug: str) -> Iterator[IndexedPassage]:
    """The passages of a course with what a hit shows of them, in the order of its lectures."""
    shown = videos.alias("shown")
    query = (
        sa.select(
            passages,
            courses.c.slug,
            courses.c.title.label("course_title"),
            courses.c.source_url.label("course_source_url"),
            courses.c.language,
            lectures.c.position,
            lectures.c.title.label("lecture_title"),
            lectures.c.section,
            decks.c.path,
            decks.c.kind.label("deck_kind"),
            decks.c.source_url.label("deck_source_url"),
            sa.func.coalesce(decks.c.remark, videos.c.remark).label("remark"),
            pages.c.page_label,
            videos.c.video,
            videos.c.host,
            moments.c.jump_seconds,
            moments.c.confidence,
            moments.c.video_id.label("shown_id"),
            shown.c.video.label("shown_video"),
            shown.c.host.label("shown_host"),
        )
        .join(lectures, lectures.c.id == passages.c.lecture_id)
        .join(courses, courses.c.id == lectures.c.course_id)
        .outerjoin(decks, decks.c.id == passages.c.deck_id)
        .outerjoin(
            pages,
            sa.and_(pages.c.deck_id == passages.c.deck_id, pages.c.page_number == passages.c.page_number),
        )
        .outerjoin(videos, videos.c.id == passages.c.video_id)
        .outerjoin(
            moments,
            sa.and_(
                moments.c.deck_id == passages.c.deck_id,
                moments.c.page_number == passages.c.page_number,
                moments.c.confidence >= MOMENT_SHOWN_FROM,
            ),
        )
        .outerjoin(shown, shown.c.id == moments.c.video_id)
        .where(courses.c.slug == slug)
        .order_by(lectures.c.position, passages.c.ordinal, passages.c.id)
    )
    sure = _sure_pages(connection, slug)
    for row in connection.execute(query):
        yield _indexed(row, sure.get(row.video_id, ()))


def _sure_pages(connection: Connection, slug: str) -> dict[int, list[Row[Any]]]:
    """By video the spans and moments that are sure enough to be shown, in order; a moment is a span of no length."""
    found: dict[int, list[Row[Any]]] = defaultdict(list)
    own = sa.select(lectures.c.id).join(courses, courses.c.id == lectures.c.course_id).where(courses.c.slug == slug)
    spans = (
        sa.select(
            alignments.c.video_id,
            alignments.c.start_seconds,
            alignments.c.end_seconds,
            alignments.c.confidence,
            alignments.c.deck_id,
            alignments.c.page_number,
            decks.c.path,
            decks.c.kind,
        )
        .join(decks, decks.c.id == alignments.c.deck_id)
        .where(alignments.c.confidence >= SPAN_SHOWN_FROM, decks.c.lecture_id.in_(own))
    )
    instants = (
        sa.select(
            moments.c.video_id,
            moments.c.jump_seconds,
            moments.c.jump_seconds,
            moments.c.confidence,
            moments.c.deck_id,
            moments.c.page_number,
            decks.c.path,
            decks.c.kind,
        )
        .join(decks, decks.c.id == moments.c.deck_id)
        .where(moments.c.confidence >= MOMENT_SHOWN_FROM, decks.c.lecture_id.in_(own))
    )
    for row in connection.execute(sa.union_all(spans, instants)):
        found[row.video_id].append(row)
    return found


def _aligned(row: Row[Any], sure: Sequence[Row[Any]]) -> Aligned | None:
    if row.jump_seconds is not None:
        second = row.jump_seconds
        return Aligned(row.confidence, TimePlace(row.shown_id, row.shown_video, Host(row.shown_host), second, second))
    if row.start_seconds is None:
        return None
    # the page that is discussed for half of the segment, else the surest whose moment lies in it
    half = (row.end_seconds - row.start_seconds) / 2
    within = [
        (common >= half, page.confidence, page)
        for page in sure
        if (common := min(page.end_seconds, row.end_seconds) - max(page.start_seconds, row.start_seconds)) >= half
        or (page.start_seconds == page.end_seconds and row.start_seconds <= page.start_seconds < row.end_seconds)
    ]
    if not within:
        return None
    best = max(within, key=lambda found: found[:2])[2]
    page = PagePlace(best.deck_id, best.path, DeckKind(best.kind), best.page_number)
    return Aligned(best.confidence, page)


def _place(row: Row[Any]) -> Place | None:
    if row.deck_id is not None:
        kind = DeckKind(row.deck_kind)
        return PagePlace(row.deck_id, row.path, kind, row.page_number, row.page_label, row.deck_source_url)
    if row.video_id is not None:
        return TimePlace(row.video_id, row.video, Host(row.host), row.start_seconds, row.end_seconds)
    return None


def _indexed(row: Row[Any], sure: Sequence[Row[Any]]) -> IndexedPassage:
    return IndexedPassage(
        id=row.id,
        kind=Kind(row.kind),
        title=row.title,
        text=row.text,
        content_hash=row.content_hash,
        course_slug=row.slug,
        course_title=row.course_title,
        course_source_url=row.course_source_url,
        language=row.language,
        lecture_id=row.lecture_id,
        lecture_position=row.position,
        lecture_title=row.lecture_title,
        section=row.section,
        remark=row.remark,
        place=_place(row),
        aligned=_aligned(row, sure),
        times=row.times,
    )
