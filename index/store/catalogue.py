"""What the courses hold, for showing: rows in, plain dictionaries in the API's shapes out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from index.errors import NotFound
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
from index.types import DeckKind

GAP_CODES = frozenset({"no_slides", "no_video"})
_NO_DECK = "Lecture {title!r} has no slides yet."
_NO_VIDEO = "Lecture {title!r} has no video yet."


def list_courses(connection: Connection) -> list[dict[str, Any]]:
    """Every course with its counts."""
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
        {
            "slug": row.slug,
            "title": row.title,
            "language": row.language,
            "source_url": row.source_url,
            "lectures": counts[row.id].lectures if row.id in counts else 0,
            "passages": counts[row.id].passages if row.id in counts else 0,
            "ingested_at": row.ingested_at.isoformat(),
        }
        for row in connection.execute(sa.select(courses).order_by(courses.c.title))
    ]


def course_details(connection: Connection, slug: str) -> dict[str, Any]:
    """A course with its lectures and gaps; NotFound if it is not there."""
    course = connection.execute(sa.select(courses).where(courses.c.slug == slug)).one_or_none()
    if course is None:
        raise NotFound(f"There is no course {slug!r:.80}; GET /api/courses lists those there are.")
    found = _lectures(connection, lectures.c.course_id == course.id)
    return {
        "slug": course.slug,
        "title": course.title,
        "language": course.language,
        "source_url": course.source_url,
        "links": _links(course),
        "lectures": found,
        "gaps": [gap for lecture in found for gap in _gaps(lecture)],
    }


def lecture_details(connection: Connection, lecture_id: int) -> dict[str, Any]:
    """One lecture in the same shape, with its course."""
    found = _lectures(connection, lectures.c.id == lecture_id)
    if not found:
        raise NotFound(f"There is no lecture {lecture_id}.")
    course = connection.execute(
        sa.select(courses.c.slug, courses.c.title)
        .join(lectures, lectures.c.course_id == courses.c.id)
        .where(lectures.c.id == lecture_id)
    ).one()
    return {"course": {"slug": course.slug, "title": course.title}, **found[0], "gaps": _gaps(found[0])}


def courses_of_places(connection: Connection, paths: Collection[str], names: Collection[str]) -> set[str]:
    """Slugs of the courses that hold a deck with one of these paths, or a video with one of these names."""
    query = sa.select(courses.c.slug).join(lectures, lectures.c.course_id == courses.c.id)
    of_decks = query.join(decks, decks.c.lecture_id == lectures.c.id).where(decks.c.path.in_(paths))
    of_videos = query.join(videos, videos.c.lecture_id == lectures.c.id).where(videos.c.video.in_(names))
    return {*connection.scalars(of_decks), *connection.scalars(of_videos)}


def deck_row(connection: Connection, deck_id: int) -> Row[Any]:
    """A deck with its lecture and course; NotFound if it is not there."""
    query = (
        sa.select(decks, lectures.c.title.label("lecture_title"), courses.c.slug, courses.c.title.label("course_title"))
        .join(lectures, lectures.c.id == decks.c.lecture_id)
        .join(courses, courses.c.id == lectures.c.course_id)
        .where(decks.c.id == deck_id)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"There is no deck {deck_id}.")
    return row


def deck_pages(connection: Connection, deck_id: int) -> list[dict[str, Any]]:
    """The pages of a deck in order."""
    rows = connection.execute(sa.select(pages).where(pages.c.deck_id == deck_id).order_by(pages.c.page_number))
    return [
        {
            "page_number": row.page_number,
            "page_label": row.page_label,
            "title": row.title,
            "text": row.text,
            "ocr": row.ocr,
        }
        for row in rows
    ]


def video_row(connection: Connection, video_id: int) -> Row[Any]:
    """A video with its lecture, course and captions file; NotFound if it is not there."""
    query = (
        sa.select(
            videos,
            lectures.c.title.label("lecture_title"),
            courses.c.slug,
            courses.c.title.label("course_title"),
            transcripts.c.id.label("transcript_id"),
            transcripts.c.language,
            transcripts.c.made_by,
            transcripts.c.vtt_sha256,
        )
        .join(lectures, lectures.c.id == videos.c.lecture_id)
        .join(courses, courses.c.id == lectures.c.course_id)
        .outerjoin(transcripts, transcripts.c.video_id == videos.c.id)
        .where(videos.c.id == video_id)
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"There is no video {video_id}.")
    return row


def video_segments(connection: Connection, transcript_id: int) -> list[Row[Any]]:
    """The segments of a transcript in order."""
    query = sa.select(segments).where(segments.c.transcript_id == transcript_id).order_by(segments.c.ordinal)
    return list(connection.execute(query))


def _lectures(connection: Connection, where: sa.ColumnElement[bool]) -> list[dict[str, Any]]:
    rows = connection.execute(sa.select(lectures).where(where).order_by(lectures.c.position)).all()
    ids = sa.select(lectures.c.id).where(where)
    decks_of: dict[int, list[Row[Any]]] = defaultdict(list)
    for deck in connection.execute(sa.select(decks).where(decks.c.lecture_id.in_(ids)).order_by(decks.c.ordinal)):
        decks_of[deck.lecture_id].append(deck)
    videos_of: dict[int, list[Row[Any]]] = defaultdict(list)
    query = (
        sa.select(videos, transcripts.c.language, transcripts.c.origin, transcripts.c.made_by, transcripts.c.asked)
        .outerjoin(transcripts, transcripts.c.video_id == videos.c.id)
        .where(videos.c.lecture_id.in_(ids))
        .order_by(videos.c.ordinal)
    )
    for video in connection.execute(query):
        videos_of[video.lecture_id].append(video)
    return [
        {
            "id": row.id,
            "position": row.position,
            "section": row.section,
            "title": row.title,
            "programme": row.programme,
            "remarks": row.remarks,
            "links": _links(row),
            "decks": [_deck(deck) for deck in decks_of[row.id] if deck.kind == DeckKind.SLIDES],
            "videos": [_video(video) for video in videos_of[row.id]],
            "notes": [_deck(deck) for deck in decks_of[row.id] if deck.kind == DeckKind.NOTES],
        }
        for row in rows
    ]


def _deck(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "path": row.path,
        "title": row.title,
        "remark": row.remark,
        "pages": row.page_count,
        "state": row.state,
        "problem": _problem(row),
    }


def _video(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "video": row.video,
        "host": row.host,
        "label": row.label,
        "remark": row.remark,
        "duration_seconds": row.duration_seconds,
        "transcript": None
        if row.language is None
        else {"language": row.language, "made_by": row.made_by, "asked": row.asked, "origin": row.origin},
        "state": row.state,
        "problem": _problem(row),
    }


def _links(row: Row[Any]) -> list[dict[str, str]]:
    return [{"label": label, "url": url} for label, url in row.links]


def _problem(row: Row[Any]) -> dict[str, str] | None:
    return {"code": row.problem_code, "detail": row.problem} if row.problem_code else None


def _gaps(lecture: dict[str, Any]) -> list[dict[str, Any]]:
    """What of a lecture is missing, each with a code and a sentence."""

    def gap(what: str, code: str, detail: str) -> dict[str, Any]:
        return {"lecture_id": lecture["id"], "what": what, "code": code, "detail": detail}

    gaps = []
    if not lecture["decks"] and not lecture["notes"]:
        gaps.append(gap("deck", "no_slides", _NO_DECK.format(title=lecture["title"])))
    if not lecture["videos"]:
        gaps.append(gap("video", "no_video", _NO_VIDEO.format(title=lecture["title"])))
    for what in ("decks", "notes", "videos"):
        problems = [found["problem"] for found in lecture[what] if found["problem"]]
        gaps += [gap(what.removesuffix("s"), problem["code"], problem["detail"]) for problem in problems]
    return gaps


def deck_page(connection: Connection, deck_id: int, page_number: int) -> Row[Any]:
    """A page with its deck, lecture and course; NotFound if it is not there."""
    query = (
        sa.select(
            pages,
            decks.c.path,
            decks.c.title.label("deck_title"),
            decks.c.page_count,
            decks.c.remark,
            decks.c.sha256,
            lectures.c.id.label("lecture_id"),
            lectures.c.position,
            lectures.c.title.label("lecture_title"),
            courses.c.slug,
        )
        .join(decks, decks.c.id == pages.c.deck_id)
        .join(lectures, lectures.c.id == decks.c.lecture_id)
        .join(courses, courses.c.id == lectures.c.course_id)
        .where(pages.c.deck_id == deck_id, pages.c.page_number == page_number)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"There is no page {page_number} in deck {deck_id}.")
    return row


def material_lengths(connection: Connection) -> dict[tuple[str, int], float]:
    """Pages of every deck under (`page`, id), seconds of every video under (`time`, id)."""
    found: dict[tuple[str, int], float] = {}
    for row in connection.execute(sa.select(decks.c.id, decks.c.page_count)):
        found["page", row.id] = row.page_count
    for row in connection.execute(sa.select(videos.c.id, videos.c.duration_seconds)):
        if row.duration_seconds:
            found["time", row.id] = row.duration_seconds
    return found
