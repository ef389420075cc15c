"""A course as ingest has read it → its rows. What stayed keeps its ids; what vanished goes."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from index.marks import place_marks
from index.store.rows import batches, insert, new_id, upsert
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
    Alignment,
    Course,
    Deck,
    Lecture,
    PageLocator,
    Passage,
    TimeLocator,
    Transcript,
    Video,
)


def replace_course(connection: Connection, course: Course, made: Sequence[Passage], content_hash: str) -> None:
    """Make the rows say what `course` says. Ids of what stayed stay; what vanished goes."""
    now = dt.datetime.now(dt.UTC)
    values = {
        "title": course.title,
        "language": course.language,
        "source": course.source,
        "source_url": course.source_url,
        "links": [list(link) for link in course.links],
        "content_hash": content_hash,
        "ingested_at": now,
    }
    course_id = upsert(connection, courses, {"slug": course.slug}, values)
    old = set(connection.scalars(sa.select(lectures.c.key).where(lectures.c.course_id == course_id)))
    gone = old - {lecture.key for lecture in course.lectures}
    for key in gone:
        connection.execute(sa.delete(lectures).where(lectures.c.course_id == course_id, lectures.c.key == key))
    by_lecture: dict[str, list[Passage]] = {}
    for passage in made:
        by_lecture.setdefault(passage.lecture_key, []).append(passage)
    for lecture in course.lectures:
        _replace_lecture(connection, course_id, lecture, by_lecture.get(lecture.key, []))
    unseen = sa.and_(lectures.c.course_id == course_id, lectures.c.added_at.is_(None))
    connection.execute(sa.update(lectures).where(unseen).values(added_at=now))


def _replace_lecture(connection: Connection, course_id: int, lecture: Lecture, made: Sequence[Passage]) -> None:
    """One lecture with its decks, videos and passages."""
    values = {
        "position": lecture.position,
        "section": lecture.section,
        "title": lecture.title,
        "programme": lecture.programme,
        "remarks": list(lecture.remarks),
        "links": [list(link) for link in lecture.links],
        "alignment_key": lecture.alignment.key if lecture.alignment else None,
    }
    place = sa.and_(lectures.c.course_id == course_id, lectures.c.key == lecture.key)
    aligned_before = connection.scalar(sa.select(lectures.c.alignment_key).where(place))
    lecture_id = upsert(connection, lectures, {"course_id": course_id, "key": lecture.key}, values)
    deck_ids = _replace_decks(connection, lecture_id, lecture.decks)
    video_ids = _replace_videos(connection, lecture_id, lecture.videos)
    if values["alignment_key"] != aligned_before:
        _replace_alignment(connection, lecture.alignment, deck_ids, video_ids)
    _replace_passages(connection, lecture_id, made, deck_ids, video_ids)


def remove_course(connection: Connection, slug: str) -> bool:
    """Delete a course with all that hangs on it; whether it was there."""
    return connection.execute(sa.delete(courses).where(courses.c.slug == slug)).rowcount > 0


def _replace_decks(connection: Connection, lecture_id: int, wanted: Sequence[Deck]) -> dict[str, int]:
    old = {row.path: row for row in connection.execute(sa.select(decks).where(decks.c.lecture_id == lecture_id))}
    for path in old.keys() - {deck.path for deck in wanted}:
        connection.execute(sa.delete(decks).where(decks.c.id == old[path].id))
    ids = {}
    for ordinal, deck in enumerate(wanted, 1):
        values = {
            "ordinal": ordinal,
            "kind": deck.kind,
            "title": deck.title,
            "remark": deck.remark,
            "state": deck.state,
            "problem_code": deck.problem.code if deck.problem else None,
            "problem": deck.problem.detail if deck.problem else None,
            "source_url": deck.source_url,
            "sha256": deck.sha256,
            "suffix": deck.suffix,
            "extractor": deck.extractor,
            "page_count": len(deck.pages),
            "outline": [list(entry) for entry in deck.outline],
            "pictures_sha256": deck.pictures_sha256,
        }
        before = old.get(deck.path)
        values["first_sha256"] = (before.first_sha256 if before else None) or deck.sha256
        deck_id = ids[deck.path] = upsert(connection, decks, {"lecture_id": lecture_id, "path": deck.path}, values)
        if before is None or (before.sha256, before.extractor) != (deck.sha256, deck.extractor):
            connection.execute(sa.delete(pages).where(pages.c.deck_id == deck_id))
            insert(connection, pages, _page_rows(deck_id, deck))
    return ids


def _page_rows(deck_id: int, deck: Deck) -> list[dict[str, object]]:
    marks = place_marks([page.text for page in deck.pages], deck.sha256 or deck.path)
    return [
        {
            "deck_id": deck_id,
            "page_number": page.page_number,
            "page_label": page.page_label,
            "title": page.title,
            "text": page.text,
            "ocr": page.ocr,
            "mark": mark,
        }
        for page, mark in zip(deck.pages, marks, strict=True)
    ]


def _replace_videos(connection: Connection, lecture_id: int, wanted: Sequence[Video]) -> dict[str, int]:
    old = {row.video: row for row in connection.execute(sa.select(videos).where(videos.c.lecture_id == lecture_id))}
    for name in old.keys() - {video.video for video in wanted}:
        connection.execute(sa.delete(videos).where(videos.c.id == old[name].id))
    ids = {}
    for ordinal, video in enumerate(wanted, 1):
        values = {
            "ordinal": ordinal,
            "host": video.host,
            "label": video.label,
            "remark": video.remark,
            "state": video.state,
            "problem_code": video.problem.code if video.problem else None,
            "problem": video.problem.detail if video.problem else None,
            "sha256": video.sha256,
            "duration_seconds": video.duration_seconds,
        }
        before = old.get(video.video)
        values["first_sha256"] = (before.first_sha256 if before else None) or video.sha256
        ids[video.video] = upsert(connection, videos, {"lecture_id": lecture_id, "video": video.video}, values)
        recording = (before.sha256 or before.video) if before else None
        _replace_transcript(connection, ids[video.video], video, recording)
    return ids


def _replace_transcript(connection: Connection, video_id: int, video: Video, before: str | None) -> None:
    """The words of a video; `before` is the recording that the row was of."""
    wanted = video.transcript
    recording = video.sha256 or video.video
    rows = connection.execute(sa.select(transcripts).where(transcripts.c.video_id == video_id)).all()
    same = (
        wanted
        and before == recording
        and any(
            (row.sha256, row.parser, row.language, row.made_by, tuple(row.asked))
            == (wanted.sha256, wanted.parser, wanted.language, wanted.made_by, wanted.asked)
            for row in rows
        )
    )
    if same:
        return
    connection.execute(sa.delete(transcripts).where(transcripts.c.video_id == video_id))
    if wanted is None:
        return
    values = {
        "video_id": video_id,
        "language": wanted.language,
        "origin": wanted.origin,
        "sha256": wanted.sha256,
        "vtt_sha256": wanted.vtt_sha256,
        "parser": wanted.parser,
        "made_by": wanted.made_by,
        "asked": list(wanted.asked),
    }
    transcript_id = new_id(connection, transcripts, values)
    insert(connection, segments, _segment_rows(transcript_id, wanted, recording))


def _segment_rows(transcript_id: int, wanted: Transcript, recording: str) -> list[dict[str, object]]:
    marks = place_marks([segment.text for segment in wanted.segments], recording)
    return [
        {
            "transcript_id": transcript_id,
            "ordinal": ordinal,
            "start_seconds": segment.start_seconds,
            "end_seconds": segment.end_seconds,
            "text": segment.text,
            "times": segment.times,
            "mark": mark,
        }
        for ordinal, (segment, mark) in enumerate(zip(wanted.segments, marks, strict=True), 1)
    ]


def _replace_alignment(
    connection: Connection, wanted: Alignment | None, deck_ids: dict[str, int], video_ids: dict[str, int]
) -> None:
    connection.execute(sa.delete(alignments).where(alignments.c.video_id.in_(video_ids.values())))
    connection.execute(sa.delete(moments).where(moments.c.deck_id.in_(deck_ids.values())))
    if wanted is None:
        return
    ordinals: Counter[str] = Counter()
    spans = []
    for span in wanted.spans:
        ordinals[span.video] += 1
        spans.append(
            {
                "video_id": video_ids[span.video],
                "ordinal": ordinals[span.video],
                "deck_id": deck_ids[span.deck],
                "page_number": span.page_number,
                "start_seconds": span.start_seconds,
                "end_seconds": span.end_seconds,
                "confidence": span.confidence,
            }
        )
    insert(connection, alignments, spans)
    insert(
        connection,
        moments,
        [
            {
                "deck_id": deck_ids[moment.deck],
                "page_number": moment.page_number,
                "video_id": video_ids[moment.video],
                "jump_seconds": moment.jump_seconds,
                "confidence": moment.confidence,
            }
            for moment in wanted.moments
        ],
    )


def _replace_passages(
    connection: Connection,
    lecture_id: int,
    made: Sequence[Passage],
    deck_ids: dict[str, int],
    video_ids: dict[str, int],
) -> None:
    wanted = {
        passage.id: {
            "id": passage.id,
            "lecture_id": lecture_id,
            "kind": passage.kind.value,
            "ordinal": passage.ordinal,
            "title": passage.title,
            "text": passage.text,
            "content_hash": passage.content_hash,
            **_place(passage, deck_ids, video_ids),
        }
        for passage in made
    }
    old = {
        row.id: row._asdict()
        for row in connection.execute(sa.select(passages).where(passages.c.lecture_id == lecture_id))
    }
    changed = [key for key, values in wanted.items() if old.get(key) != values]
    # by their ids, whichever lecture has them: one that came from another lecture would collide with its old row
    _delete_passages(connection, [*(old.keys() - wanted.keys()), *changed])
    insert(connection, passages, [wanted[key] for key in changed])


def _place(passage: Passage, deck_ids: dict[str, int], video_ids: dict[str, int]) -> dict[str, object]:
    place: dict[str, object] = dict.fromkeys(("deck_id", "page_number", "video_id", "start_seconds", "end_seconds"))
    place["times"] = ""
    match passage.locator:
        case PageLocator(deck, page_number):
            place |= {"deck_id": deck_ids[deck], "page_number": page_number}
        case TimeLocator(video, start_seconds, end_seconds, times):
            place |= {
                "video_id": video_ids[video],
                "start_seconds": start_seconds,
                "end_seconds": end_seconds,
                "times": times,
            }
    return place


def _delete_passages(connection: Connection, ids: Sequence[str]) -> None:
    for some in batches(ids):
        connection.execute(sa.delete(passages).where(passages.c.id.in_(some)))
