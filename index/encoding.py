"""Courses that an encoder or a language model has not read → their shards, published anew with what it made inside.

A course is published at once, without that: reading it takes minutes. Where little of it is to be read, that is read
first (`read_little`), and the course is published once. What was read is kept batch by batch, so that whoever goes on,
here or on another machine, goes on from there. Several that read at once share a course without
knowing of each other: each takes what is still missing in an order of its own. A passage that cannot be read is kept
as that, and its course is published without; a course that cannot be read now holds up no other.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol

from index.damage import row_damage
from index.embed.models import in_a_line
from index.embed.protocol import Embedder
from index.errors import LecturesError, StorageError, StorageUnreachable
from index.library import Library
from index.plan import embed_missing, latest_manifest, plan_course
from index.publish import publish
from index.served import check_made_with
from index.store.embeddings import add_embeddings, missing_embeddings
from index.store.generations import latest_generation
from index.store.passages import read_passages
from index.store.readers import add_refusals, count_refusals, note_read, note_waiting
from index.types import ROLES, IndexedPassage, Kept, Kind, Passage, Role

_WHOLE = bytes([ROLES.index(Role.WHOLE)])

# (course, passages that are read, all of them); it may raise Stopped, which loses nothing
Progress = Callable[[str, int, int], None]


class Stopped(Exception):
    """Whoever wanted the reading has something else to do first."""


@dataclass(frozen=True, slots=True)
class Round:
    """How many courses were read and published, how many passages were refused, why other courses wait to be read, by
    course, and how many nobody wanted to be read now."""

    published: int
    refused: int
    waiting: Mapping[str, Exception]
    left: int


class Reader(Protocol):
    """Who makes something of passages that their shard holds: an encoder, or a language model.

    `fingerprint` identifies what it makes, and begins with its kind (`library.READERS`); `verb` is what it is seen
    doing, `at_once` how many passages it takes together, `kinds` are those that it reads. A course is not published
    without it where it need read no more than `little` passages of it, some two seconds.
    """

    @property
    def fingerprint(self) -> str: ...
    @property
    def verb(self) -> str: ...
    @property
    def at_once(self) -> int: ...
    @property
    def little(self) -> int: ...
    @property
    def kinds(self) -> frozenset[Kind]: ...

    def make(self, contents: Sequence[tuple[str, str]]) -> list[Kept]:
        """What it makes of each of these passages, a title and a text. One that it cannot read though it reads others
        is kept as refused; NotNow if it can read none for a while."""
        ...


def unread_courses(library: Library, embedder: Embedder | None, reader: Reader) -> list[str]:
    """The courses whose shards lack what this reader makes. IndexMismatch if another embedder made the index."""
    with library.database.reading() as connection:
        if latest_generation(connection) is None:
            return []
        manifest = check_made_with(latest_manifest(library, connection), embedder)
    return [shard.course for shard in manifest.shards if shard.passages and reader.fingerprint not in shard.readers]


def read_little(
    library: Library, readers: Sequence[Reader], passages: Sequence[Passage | IndexedPassage]
) -> tuple[str, ...]:
    """The fingerprints of those readers that have read all of these passages of a course, or so much that they read the
    rest now. One that fails is left to read it once it is published, when it is said why it does not."""
    have = []
    for reader in readers if passages else ():
        contents = _contents(reader, passages)
        with suppress(Exception):  # whatever a model raises
            if len(_missing(library, reader, contents)) <= reader.little:
                _make_missing(library, reader, contents)
                have.append(reader.fingerprint)
    return tuple(have)


def publish_read(
    library: Library, embedder: Embedder | None, reader: Reader, course: str, progress: Progress
) -> int | None:
    """Have a course read, and publish that; the number of the generation, or None where there is nothing to publish:
    the course is gone meanwhile, or its rows are damaged, which `lectures verify` tells of.
    """
    while True:
        if not _read(library, reader, course, progress):
            return None
        with library.writer(lambda: progress(course, 0, 0)):
            passages = _passages(library, course)
            if not passages or row_damage(library, course) is not None:
                return None
            if _missing(library, reader, _contents(reader, passages)):
                continue  # it changed while it was read
            if course not in unread_courses(library, embedder, reader):
                return None  # another one was quicker
            plan = plan_course(library, embedder, course, passages)
            embed_missing(library, plan)
            readers = (*_other_readers(library, reader, course), reader.fingerprint)
            return publish(
                library,
                replace(plan, readers=readers),
                lambda connection: note_read(connection, course, reader.fingerprint),
            )


def publish_all_read(
    library: Library,
    embedder: Embedder | None,
    reader: Reader,
    progress: Progress,
    only: Collection[str] | None = None,
) -> Round:
    """Have all read that is not read yet (of some courses only), each course by itself: what is wrong with one is
    written down, and kept from none after it. Stopped and StorageUnreachable end it."""
    published, waiting = 0, dict[str, Exception]()
    unread = unread_courses(library, embedder, reader)
    wanted = [course for course in unread if only is None or course in only]
    for course in wanted:
        try:
            published += publish_read(library, embedder, reader, course, progress) is not None
        except (Stopped, StorageUnreachable):
            raise
        except Exception as error:  # whatever a model or a damaged course raises
            waiting[course] = error
            with suppress(StorageError), library.database.writing() as connection:  # it is told to who asked, too
                note_waiting(connection, course, reader.fingerprint, reason_of(error))
    with library.database.reading() as connection:
        refused = count_refusals(connection, reader.fingerprint)
    return Round(published, refused, waiting, len(unread) - len(wanted))


def reason_of(error: Exception) -> str:
    """What an error says, and which it is, unless it is one of ours."""
    return str(error) if isinstance(error, LecturesError) else f"{type(error).__name__}: {in_a_line(error)}"


def _read(library: Library, reader: Reader, course: str, progress: Progress) -> bool:
    """Make what is missing; False for a course that has no passages."""
    passages = _passages(library, course)
    contents = _contents(reader, passages)
    _make_missing(library, reader, contents, lambda done: progress(course, done, len(contents)))
    return bool(passages)


def _make_missing(
    library: Library,
    reader: Reader,
    contents: Mapping[str, tuple[str, str]],
    progress: Callable[[int], None] = lambda _done: None,
) -> None:
    """Have these contents read, batch by durable batch, as far as nobody has read them."""
    while missing := sorted(_missing(library, reader, contents)):
        progress(len(contents) - len(missing))
        batch = random.sample(missing, min(reader.at_once, len(missing)))
        made = dict(zip(batch, reader.make([contents[key] for key in batch]), strict=True))
        items = [(key, _WHOLE, own.content) for key, own in made.items()]
        refused = {key: own.refused for key, own in made.items() if own.refused}
        with library.database.writing() as connection:
            add_embeddings(connection, reader.fingerprint, items)
            add_refusals(connection, reader.fingerprint, refused)
    progress(len(contents))


def _other_readers(library: Library, reader: Reader, course: str) -> list[str]:
    """The readers of other kinds whose work lies in a course's shard: it stays there."""
    with library.database.reading() as connection:
        listed = latest_manifest(library, connection).shard_of(course)
    own_kind = reader.fingerprint.partition(":")[0]
    return [name for name in listed.readers if name.partition(":")[0] != own_kind] if listed else []


def _passages(library: Library, course: str) -> list[IndexedPassage]:
    with library.database.reading() as connection:
        return list(read_passages(connection, course))


def _contents(reader: Reader, passages: Sequence[Passage | IndexedPassage]) -> dict[str, tuple[str, str]]:
    """(title, text) of what a reader reads of these passages, by content hash."""
    return {own.content_hash: (own.title, own.text) for own in passages if own.kind in reader.kinds}


def _missing(library: Library, reader: Reader, contents: Collection[str]) -> set[str]:
    with library.database.reading() as connection:
        return missing_embeddings(connection, reader.fingerprint, contents)
