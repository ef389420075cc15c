"""What ingest writes and what is already known: types in, rows; rows, types out."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from index.store.tables import (
    alignments,
    courses,
    decks,
    fetched,
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
    DeckKind,
    Lecture,
    MadeBy,
    Page,
    PageLocator,
    PageMoment,
    PageSpan,
    Passage,
    Problem,
    Segment,
    TimeLocator,
    Transcript,
    Video,
)

_IN_LIMIT = 500  # values in one IN (…): SQLite allows some thousands, the planner likes fewer


# --- what is already known ------------------------------------------------------------------------------


def course_hash(connection: Connection, slug: str) -> str | None:
    """Identity of what was last ingested of a course, or None if it is not there."""
    return connection.scalar(sa.select(courses.c.content_hash).where(courses.c.slug == slug))


class KnownDeck(NamedTuple):
    """What was read of a PDF before, under whatever `path`."""

    path: str
    kind: DeckKind
    title: str
    pages: tuple[Page, ...]
    outline: tuple[tuple[int, str], ...]
    problem: Problem | None


def known_pages(connection: Connection, sha256: str, extractor: str) -> KnownDeck | None:
    """What this extractor has read of a file before."""
    query = sa.select(decks).where(decks.c.sha256 == sha256, decks.c.extractor == extractor).limit(1)
    deck = connection.execute(query).one_or_none()
    if deck is None:
        return None
    rows = connection.execute(sa.select(pages).where(pages.c.deck_id == deck.id).order_by(pages.c.page_number))
    found = tuple(Page(row.page_number, row.page_label, row.title, row.text, row.ocr) for row in rows)
    problem = Problem(deck.problem_code, deck.problem) if deck.problem_code else None
    outline = tuple((int(number), str(title)) for number, title in deck.outline)
    return KnownDeck(deck.path, DeckKind(deck.kind), deck.title, found, outline, problem)


def known_transcript(connection: Connection, sha256: str, parser: str) -> Transcript | None:
    """A caption file that this parser has read before."""
    query = sa.select(transcripts).where(transcripts.c.sha256 == sha256, transcripts.c.parser == parser).limit(1)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    spoken = connection.execute(
        sa.select(segments).where(segments.c.transcript_id == row.id).order_by(segments.c.ordinal)
    )
    return Transcript(
        row.language,
        row.origin,
        row.sha256,
        row.vtt_sha256,
        row.parser,
        tuple(Segment(s.start_seconds, s.end_seconds, s.text) for s in spoken),
        MadeBy(row.made_by),
        tuple(row.asked),
    )


def known_alignment(connection: Connection, key: str) -> Alignment | None:
    """An alignment that was made from the same pages and words before."""
    lecture_id = connection.scalar(sa.select(lectures.c.id).where(lectures.c.alignment_key == key).limit(1))
    if lecture_id is None:
        return None
    spans = connection.execute(
        sa.select(alignments, decks.c.path, videos.c.video)
        .join(decks, decks.c.id == alignments.c.deck_id)
        .join(videos, videos.c.id == alignments.c.video_id)
        .where(videos.c.lecture_id == lecture_id)
        .order_by(videos.c.ordinal, alignments.c.ordinal)
    )
    found = connection.execute(
        sa.select(moments, decks.c.path, videos.c.video)
        .join(decks, decks.c.id == moments.c.deck_id)
        .join(videos, videos.c.id == moments.c.video_id)
        .where(decks.c.lecture_id == lecture_id)
        .order_by(decks.c.ordinal, moments.c.page_number)
    )
    return Alignment(
        key,
        tuple(PageSpan(r.path, r.page_number, r.video, r.start_seconds, r.end_seconds, r.confidence) for r in spans),
        tuple(PageMoment(r.path, r.page_number, r.video, r.jump_seconds, r.confidence) for r in found),
    )


class Fetched(NamedTuple):
    """A file that was fetched from elsewhere; `detail` is what the other side said of it."""

    sha256: str
    suffix: str
    detail: dict[str, Any]


def find_fetched(connection: Connection, key: str) -> Fetched | None:
    """What was fetched under this key, or None."""
    row = connection.execute(sa.select(fetched).where(fetched.c.key == key)).one_or_none()
    return None if row is None else Fetched(row.sha256, row.suffix, dict(row.detail))


def keep_fetched(connection: Connection, key: str, found: Fetched) -> None:
    """Remember for good what was fetched under this key."""
    connection.execute(sa.delete(fetched).where(fetched.c.key == key))
    insert(connection, fetched, [{"key": key, "fetched_at": dt.datetime.now(dt.UTC), **found._asdict()}])


_STORED = (decks.c.sha256, videos.c.sha256, transcripts.c.sha256, transcripts.c.vtt_sha256, fetched.c.sha256)


def stored_hashes(connection: Connection) -> set[str]:
    """SHA-256 of every file that a row refers to."""
    found: set[str] = set()
    for column in _STORED:
        found.update(connection.scalars(sa.select(column).where(column.is_not(None))))
    return found


def course_files(connection: Connection, slug: str) -> set[str]:
    """SHA-256 of the files that the rows of a course refer to."""
    own = sa.select(lectures.c.id).join(courses, courses.c.id == lectures.c.course_id).where(courses.c.slug == slug)
    own_videos = sa.select(videos.c.id).where(videos.c.lecture_id.in_(own))
    found: set[str] = set()
    found.update(connection.scalars(sa.select(decks.c.sha256).where(decks.c.lecture_id.in_(own))))
    found.update(connection.scalars(sa.select(videos.c.sha256).where(videos.c.lecture_id.in_(own))))
    for column in (transcripts.c.sha256, transcripts.c.vtt_sha256):
        found.update(connection.scalars(sa.select(column).where(transcripts.c.video_id.in_(own_videos))))
    return {sha256 for sha256 in found if sha256}


def unreferenced(connection: Connection, hashes: Collection[str]) -> set[str]:
    """Those of these files that no row refers to."""
    gone = set(hashes)
    for some in batches(sorted(hashes)):
        for column in _STORED:
            gone.difference_update(connection.scalars(sa.select(column).where(column.in_(some))))
    return gone


def course_slugs(connection: Connection) -> list[str]:
    """The slugs of all courses, in order."""
    return list(connection.scalars(sa.select(courses.c.slug).order_by(courses.c.slug)))


# --- writing a course -----------------------------------------------------------------------------------


def replace_course(connection: Connection, course: Course, made: Sequence[Passage], content_hash: str) -> None:
    """Make the rows say what `course` says. Ids of what stayed stay; what vanished goes."""
    values = {
        "title": course.title,
        "language": course.language,
        "source": course.source,
        "source_url": course.source_url,
        "links": [list(link) for link in course.links],
        "content_hash": content_hash,
        "ingested_at": dt.datetime.now(dt.UTC),
    }
    course_id = _upsert(connection, courses, {"slug": course.slug}, values)
    old = set(connection.scalars(sa.select(lectures.c.key).where(lectures.c.course_id == course_id)))
    gone = old - {lecture.key for lecture in course.lectures}
    for key in gone:
        connection.execute(sa.delete(lectures).where(lectures.c.course_id == course_id, lectures.c.key == key))
    by_lecture: dict[str, list[Passage]] = {}
    for passage in made:
        by_lecture.setdefault(passage.lecture_key, []).append(passage)
    # a passage that moved to another lecture would collide with its old row: take all old rows that go out first
    kept_ids = {passage.id for passage in made}
    old_ids = connection.scalars(
        sa.select(passages.c.id)
        .join(lectures, lectures.c.id == passages.c.lecture_id)
        .where(lectures.c.course_id == course_id)
    )
    _delete_passages(connection, [old_id for old_id in old_ids if old_id not in kept_ids])
    for lecture in course.lectures:
        replace_lecture(connection, course_id, lecture, by_lecture.get(lecture.key, []))


def replace_lecture(connection: Connection, course_id: int, lecture: Lecture, made: Sequence[Passage]) -> None:
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
    lecture_id = _upsert(connection, lectures, {"course_id": course_id, "key": lecture.key}, values)
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
            "extractor": deck.extractor,
            "page_count": len(deck.pages),
            "outline": [list(entry) for entry in deck.outline],
        }
        deck_id = ids[deck.path] = _upsert(connection, decks, {"lecture_id": lecture_id, "path": deck.path}, values)
        before = old.get(deck.path)
        if before is None or (before.sha256, before.extractor) != (deck.sha256, deck.extractor):
            connection.execute(sa.delete(pages).where(pages.c.deck_id == deck_id))
            insert(
                connection,
                pages,
                [
                    {
                        "deck_id": deck_id,
                        "page_number": page.page_number,
                        "page_label": page.page_label,
                        "title": page.title,
                        "text": page.text,
                        "ocr": page.ocr,
                    }
                    for page in deck.pages
                ],
            )
    return ids


def _replace_videos(connection: Connection, lecture_id: int, wanted: Sequence[Video]) -> dict[str, int]:
    old = {row.video: row.id for row in connection.execute(sa.select(videos).where(videos.c.lecture_id == lecture_id))}
    for video in old.keys() - {video.video for video in wanted}:
        connection.execute(sa.delete(videos).where(videos.c.id == old[video]))
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
        ids[video.video] = _upsert(connection, videos, {"lecture_id": lecture_id, "video": video.video}, values)
        _replace_transcript(connection, ids[video.video], video.transcript)
    return ids


def _replace_transcript(connection: Connection, video_id: int, wanted: Transcript | None) -> None:
    rows = connection.execute(sa.select(transcripts).where(transcripts.c.video_id == video_id)).all()
    same = wanted and any(
        (row.sha256, row.parser, row.language, row.made_by, tuple(row.asked))
        == (wanted.sha256, wanted.parser, wanted.language, wanted.made_by, wanted.asked)
        for row in rows
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
    transcript_id = _new_id(connection, transcripts, values)
    insert(
        connection,
        segments,
        [
            {
                "transcript_id": transcript_id,
                "ordinal": ordinal,
                "start_seconds": segment.start_seconds,
                "end_seconds": segment.end_seconds,
                "text": segment.text,
            }
            for ordinal, segment in enumerate(wanted.segments, 1)
        ],
    )


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
    _delete_passages(connection, [*(old.keys() - wanted.keys()), *changed])
    insert(connection, passages, [wanted[key] for key in changed])


def _place(passage: Passage, deck_ids: dict[str, int], video_ids: dict[str, int]) -> dict[str, object]:
    place: dict[str, object] = dict.fromkeys(("deck_id", "page_number", "video_id", "start_seconds", "end_seconds"))
    match passage.locator:
        case PageLocator(deck, page_number):
            place |= {"deck_id": deck_ids[deck], "page_number": page_number}
        case TimeLocator(video, start_seconds, end_seconds):
            place |= {
                "video_id": video_ids[video],
                "start_seconds": start_seconds,
                "end_seconds": end_seconds,
            }
    return place


def _delete_passages(connection: Connection, ids: Sequence[str]) -> None:
    for some in batches(ids):
        connection.execute(sa.delete(passages).where(passages.c.id.in_(some)))


# --- helpers --------------------------------------------------------------------------------------------


def _upsert(connection: Connection, table: sa.Table, key: dict[str, Any], values: dict[str, Any]) -> int:
    where = sa.and_(*(table.c[name] == value for name, value in key.items()))
    found = connection.scalar(sa.select(table.c.id).where(where))
    if found is None:
        return _new_id(connection, table, key | values)
    connection.execute(sa.update(table).where(table.c.id == found).values(values))
    return int(found)


def _new_id(connection: Connection, table: sa.Table, values: dict[str, Any]) -> int:
    key = connection.execute(sa.insert(table).values(values)).inserted_primary_key
    return int(key[0])  # type: ignore[index]  # never None after a single insert


def insert(connection: Connection, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        connection.execute(sa.insert(table), rows)


def batches(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), _IN_LIMIT):
        yield values[start : start + _IN_LIMIT]
