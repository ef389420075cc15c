"""The passages of a course as rows → as they are indexed: with all that a hit shows of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from index.marks import name_mark, segment_at
from index.store.database import reading_rows
from index.store.tables import (
    alignments,
    courses,
    decks,
    lectures,
    moments,
    pages,
    passages,
    segments,
    transcripts,
    videos,
)
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

_MARKDOWN = (".md", ".markdown", ".qmd", ".rmd")


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
    """The passages of a course with what a hit shows of them, in the order of its lectures.

    StorageError if a row holds what cannot be read.
    """
    with reading_rows():
        sure = _sure_pages(connection, slug)
        beside = _Beside(_spoken_marks(connection, slug), _anchors(connection, slug))
        rows = connection.execute(_query(slug))
    for row in rows:
        with reading_rows():
            passage = _indexed(row, sure.get(row.video_id, ()), beside)
        yield passage


def _query(slug: str) -> sa.Select[Any]:
    """The passages of a course, each with its lecture, its page or video, and the moment of its page."""
    shown = videos.alias("shown")
    return (
        sa.select(
            passages,
            courses.c.slug,
            courses.c.title.label("course_title"),
            courses.c.source_url.label("course_source_url"),
            courses.c.language,
            lectures.c.position,
            lectures.c.title.label("lecture_title"),
            lectures.c.section,
            lectures.c.key.label("lecture_key"),
            decks.c.path,
            decks.c.suffix,
            decks.c.pictures_sha256,
            decks.c.kind.label("deck_kind"),
            decks.c.source_url.label("deck_source_url"),
            sa.func.coalesce(decks.c.remark, videos.c.remark).label("remark"),
            pages.c.page_label,
            pages.c.mark,
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


@dataclass(frozen=True, slots=True)
class _Beside:
    """What a link needs and the row of a passage does not hold.

    `spoken` are by video the starts and marks of its segments in order, `anchors` by (deck, page) those of headings.
    """

    spoken: Mapping[int, tuple[list[float], list[str]]]
    anchors: Mapping[tuple[int, int], str]

    def mark_at(self, video_id: int, second: float) -> str:
        """The mark of what is said at a second."""
        starts, marks = self.spoken.get(video_id, ((), ()))
        return marks[segment_at(starts, second)] if marks else ""


def _spoken_marks(connection: Connection, slug: str) -> dict[int, tuple[list[float], list[str]]]:
    query = (
        sa.select(transcripts.c.video_id, segments.c.start_seconds, segments.c.mark)
        .join(segments, segments.c.transcript_id == transcripts.c.id)
        .join(videos, videos.c.id == transcripts.c.video_id)
        .join(lectures, lectures.c.id == videos.c.lecture_id)
        .join(courses, courses.c.id == lectures.c.course_id)
        .where(courses.c.slug == slug)
        .order_by(transcripts.c.video_id, segments.c.ordinal)
    )
    found: dict[int, tuple[list[float], list[str]]] = defaultdict(lambda: ([], []))
    for video_id, second, mark in connection.execute(query):
        starts, marks = found[video_id]
        starts.append(second)
        marks.append(mark)
    return found


def _anchors(connection: Connection, slug: str) -> dict[tuple[int, int], str]:
    """The headings of Markdown by their names on GitHub: a name that was there before gets a number."""
    query = (
        sa.select(pages.c.deck_id, pages.c.page_number, pages.c.title)
        .join(decks, decks.c.id == pages.c.deck_id)
        .join(lectures, lectures.c.id == decks.c.lecture_id)
        .join(courses, courses.c.id == lectures.c.course_id)
        .where(courses.c.slug == slug, decks.c.suffix.in_(_MARKDOWN), decks.c.kind == DeckKind.NOTES)
        .order_by(pages.c.deck_id, pages.c.page_number)
    )
    seen: Counter[tuple[int, str]] = Counter()
    anchors = {}
    for deck_id, page_number, title in connection.execute(query):
        name = heading_anchor(title)
        if name:
            before = seen[deck_id, name]
            seen[deck_id, name] += 1
            anchors[deck_id, page_number] = f"{name}-{before}" if before else name
    return anchors


def heading_anchor(title: str) -> str:
    """The name that GitHub gives a heading: small letters, digits, hyphens for spaces."""
    kept = (c for c in title.strip().lower() if c.isalnum() or c in " -_")
    return "".join(kept).replace(" ", "-")


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
            decks.c.suffix,
            decks.c.pictures_sha256,
            pages.c.mark,
        )
        .join(decks, decks.c.id == alignments.c.deck_id)
        .outerjoin(
            pages, sa.and_(pages.c.deck_id == alignments.c.deck_id, pages.c.page_number == alignments.c.page_number)
        )
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
            decks.c.suffix,
            decks.c.pictures_sha256,
            pages.c.mark,
        )
        .join(decks, decks.c.id == moments.c.deck_id)
        .outerjoin(pages, sa.and_(pages.c.deck_id == moments.c.deck_id, pages.c.page_number == moments.c.page_number))
        .where(moments.c.confidence >= MOMENT_SHOWN_FROM, decks.c.lecture_id.in_(own))
    )
    rows = connection.execute(sa.union_all(spans, instants)).all()
    # by nothing that a database chose: which of two that are as sure is taken is part of a shard
    for row in sorted(rows, key=lambda row: (row.start_seconds, row.path, row.page_number)):
        found[row.video_id].append(row)
    return found


def _aligned(row: Row[Any], sure: Sequence[Row[Any]], beside: _Beside) -> Aligned | None:
    if row.jump_seconds is not None:
        second = row.jump_seconds
        mark = beside.mark_at(row.shown_id, second)
        shown = TimePlace(row.shown_id, row.shown_video, Host(row.shown_host), second, second, mark)
        return Aligned(row.confidence, shown)
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
    page = PagePlace(
        best.deck_id,
        best.path,
        DeckKind(best.kind),
        best.page_number,
        suffix=best.suffix,
        mark=best.mark or "",
        drawn=best.pictures_sha256 is not None,
    )
    return Aligned(best.confidence, page)


def _place(row: Row[Any], beside: _Beside) -> Place | None:
    if row.deck_id is not None:
        return PagePlace(
            row.deck_id,
            row.path,
            DeckKind(row.deck_kind),
            row.page_number,
            row.page_label,
            row.deck_source_url,
            row.suffix,
            row.mark or "",
            beside.anchors.get((row.deck_id, row.page_number), ""),
            row.pictures_sha256 is not None,
        )
    if row.video_id is not None:
        mark = beside.mark_at(row.video_id, row.start_seconds)
        return TimePlace(row.video_id, row.video, Host(row.host), row.start_seconds, row.end_seconds, mark)
    return None


def _indexed(row: Row[Any], sure: Sequence[Row[Any]], beside: _Beside) -> IndexedPassage:
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
        place=_place(row, beside),
        aligned=_aligned(row, sure, beside),
        lecture_mark=name_mark(row.lecture_key),
        times=row.times,
    )
