"""What ingest writes and what a generation is built from: types in, rows; rows, types out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection, Row

from index.tables import (
    courses,
    decks,
    embeddings,
    generations,
    lectures,
    pages,
    passages,
    segments,
    transcripts,
    videos,
)
from index.types import (
    ROLES,
    Course,
    Deck,
    DeckKind,
    Host,
    IndexedPassage,
    Kind,
    Lecture,
    Page,
    PageLocator,
    Passage,
    Role,
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


def known_pages(connection: Connection, sha256: str, extractor: str) -> tuple[DeckKind, str, tuple[Page, ...]] | None:
    """Kind, title and pages of a file that this extractor has read before."""
    query = (
        sa.select(decks.c.id, decks.c.kind, decks.c.title, decks.c.page_count)
        .where(decks.c.sha256 == sha256, decks.c.extractor == extractor)
        .limit(1)
    )
    deck = connection.execute(query).one_or_none()
    if deck is None:
        return None
    rows = connection.execute(sa.select(pages).where(pages.c.deck_id == deck.id).order_by(pages.c.page_number))
    found = tuple(Page(row.page_number, row.page_label, row.title, row.text) for row in rows)
    return DeckKind(deck.kind), deck.title, found


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
    )


def stored_hashes(connection: Connection) -> set[str]:
    """SHA-256 of every file that a row refers to."""
    found: set[str] = set()
    for column in (decks.c.sha256, videos.c.sha256, transcripts.c.sha256, transcripts.c.vtt_sha256):
        found.update(connection.scalars(sa.select(column).where(column.is_not(None))))
    return found


# --- writing a course -----------------------------------------------------------------------------------


def replace_course(connection: Connection, course: Course, made: Sequence[Passage], content_hash: str) -> None:
    """Make the rows say what `course` says. Ids of what stayed stay; what vanished goes."""
    values = {
        "title": course.title,
        "language": course.language,
        "source": course.source,
        "source_url": course.source_url,
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
    }
    lecture_id = _upsert(connection, lectures, {"course_id": course_id, "key": lecture.key}, values)
    deck_ids = _replace_decks(connection, lecture_id, lecture.decks)
    video_ids = _replace_videos(connection, lecture_id, lecture.videos)
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
        }
        deck_id = ids[deck.path] = _upsert(connection, decks, {"lecture_id": lecture_id, "path": deck.path}, values)
        before = old.get(deck.path)
        if before is None or (before.sha256, before.extractor) != (deck.sha256, deck.extractor):
            connection.execute(sa.delete(pages).where(pages.c.deck_id == deck_id))
            _insert(
                connection,
                pages,
                [
                    {
                        "deck_id": deck_id,
                        "page_number": page.page_number,
                        "page_label": page.page_label,
                        "title": page.title,
                        "text": page.text,
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
        (row.sha256, row.parser, row.language) == (wanted.sha256, wanted.parser, wanted.language) for row in rows
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
    }
    transcript_id = _new_id(connection, transcripts, values)
    _insert(
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
    _insert(connection, passages, [wanted[key] for key in changed])


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
    for some in _batches(ids):
        connection.execute(sa.delete(passages).where(passages.c.id.in_(some)))


# --- embeddings -----------------------------------------------------------------------------------------


def missing_embeddings(connection: Connection, fingerprint: str, hashes: Iterable[str]) -> set[str]:
    """Which of these contents have no vectors of this embedder yet."""
    missing = set(hashes)
    for some in _batches(sorted(missing)):
        query = sa.select(embeddings.c.content_hash).where(
            embeddings.c.fingerprint == fingerprint, embeddings.c.content_hash.in_(some)
        )
        missing.difference_update(connection.scalars(query))
    return missing


def add_embeddings(
    connection: Connection, fingerprint: str, items: Sequence[tuple[str, Sequence[Role], NDArray[np.float32]]]
) -> None:
    """Keep (content hash, roles, (n, d) vectors); row i of the vectors has role i."""
    _insert(
        connection,
        embeddings,
        [
            {
                "fingerprint": fingerprint,
                "content_hash": content_hash,
                "roles": bytes(ROLES.index(role) for role in roles),
                "vectors": vectors.astype("<f4").tobytes(),
            }
            for content_hash, roles, vectors in items
        ],
    )


def read_embeddings(connection: Connection, fingerprint: str) -> Iterator[tuple[str, bytes, bytes]]:
    """(content hash, roles, vectors as stored) of every content of this embedder."""
    query = sa.select(embeddings.c.content_hash, embeddings.c.roles, embeddings.c.vectors).where(
        embeddings.c.fingerprint == fingerprint
    )
    for row in connection.execute(query):
        yield row.content_hash, bytes(row.roles), bytes(row.vectors)


def drop_unused_embeddings(connection: Connection, fingerprints: Collection[str]) -> int:
    """Forget vectors of contents that no passage has, and of embedders no longer in use."""
    used = sa.select(passages.c.content_hash)
    query = sa.delete(embeddings).where(
        sa.or_(embeddings.c.fingerprint.not_in(fingerprints), embeddings.c.content_hash.not_in(used))
    )
    return connection.execute(query).rowcount


# --- generations ----------------------------------------------------------------------------------------


def read_passages(connection: Connection) -> Iterator[IndexedPassage]:
    """All passages with what a hit shows of them, in the order of courses and lectures."""
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
        )
        .join(lectures, lectures.c.id == passages.c.lecture_id)
        .join(courses, courses.c.id == lectures.c.course_id)
        .outerjoin(decks, decks.c.id == passages.c.deck_id)
        .outerjoin(
            pages,
            sa.and_(pages.c.deck_id == passages.c.deck_id, pages.c.page_number == passages.c.page_number),
        )
        .outerjoin(videos, videos.c.id == passages.c.video_id)
        .order_by(courses.c.slug, lectures.c.position, passages.c.ordinal, passages.c.id)
    )
    for row in connection.execute(query):
        yield _indexed(row)


def _indexed(row: Row[Any]) -> IndexedPassage:
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
        deck_kind=DeckKind(row.deck_kind) if row.deck_kind else None,
        deck=row.path,
        deck_id=row.deck_id,
        page_number=row.page_number,
        page_label=row.page_label,
        deck_source_url=row.deck_source_url,
        video=row.video,
        video_id=row.video_id,
        video_host=Host(row.host) if row.host else None,
        start_seconds=row.start_seconds,
        end_seconds=row.end_seconds,
    )


def add_generation(
    connection: Connection, number: int, fingerprint: str, analysis: str, count: int, manifest_sha256: str
) -> None:
    """Record that this generation shows what the rows say, in the transaction that makes them say it."""
    _insert(
        connection,
        generations,
        [
            {
                "number": number,
                "created_at": dt.datetime.now(dt.UTC),
                "fingerprint": fingerprint,
                "analysis": analysis,
                "passages": count,
                "manifest_sha256": manifest_sha256,
            }
        ],
    )


def latest_generation(connection: Connection) -> Row[Any] | None:
    """The row of the newest generation: what should be served."""
    return connection.execute(sa.select(generations).order_by(generations.c.number.desc()).limit(1)).one_or_none()


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


def _insert(connection: Connection, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        connection.execute(sa.insert(table), rows)


def _batches(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), _IN_LIMIT):
        yield values[start : start + _IN_LIMIT]
