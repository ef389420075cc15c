"""Courses that the encoder has not read → shards with its vectors: published after, resumed, and forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from support import CountingEmbedder, ingest, open_index, passage, write_course

from index.damage import find_damage
from index.embed.encoder import PREFIX, Encoder
from index.embed.protocol import Vectors
from index.encoding import publish_all_read, read_little, unread_courses
from index.engine.encoded import build_encoded
from index.engine.manifest import generation_file
from index.errors import EmbedderError, IndexMismatch
from index.library import Library
from index.publish import forget_course, reindex
from index.store.readers import forget_refusals, list_unread, note_waiting
from index.store.tables import embeddings
from index.types import Filters, Query

SUBJECTS = "apples bees clouds drums eagles foxes grapes hills islands jackets kites lamps moons nests oaks pearls quilts rivers"


def page_of(subject: str) -> str:
    """Words enough that nobody takes the page for a picture, none of which is on another one."""
    return f"{subject}\n{' '.join(subject + letter for letter in 'abcdefghijklm')}"


PAGES = [page_of(subject) for subject in SUBJECTS.split()]
ASKED = "extinguish"  # stands on no page


class Knowing(CountingEmbedder):
    """Knows that who extinguishes speaks of islands. Its vectors have an axis for that and one for the rest."""

    words = ("islands", "x", "y", "z")
    name = fingerprint = "knowing:4"
    fails_after = 10**6
    fails_on = "nothing"  # a word
    how = "raises"

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        if len(self.embedded) + len(texts) > self.fails_after:
            raise RuntimeError("out of memory")
        bad = [self.fails_on in text for text in texts]
        if any(bad) and self.how == "raises":
            raise IndexError("index out of\nrange in self")
        vectors = super().embed_passages(texts)
        vectors[bad] = np.nan
        return vectors

    def embed_query(self, text: str) -> Vectors:
        return super().embed_query(text.replace(ASKED, "islands"))


def encoder_of(embedder: CountingEmbedder) -> Encoder:
    return Encoder(embedder, 60.0)


def encode(library: Library, embedder: CountingEmbedder, encoder: Encoder) -> int:
    """How many courses were read, where none waits."""
    found = publish_all_read(library, embedder, encoder, lambda _course, _done, _total: None)
    for error in found.waiting.values():
        raise error
    return found.published


def pages_found(library: Library, embedder: CountingEmbedder, encoder: Encoder) -> tuple[list[int], tuple[str, ...]]:
    found = open_index(library, embedder, encoder=encoder).find(Query(ASKED))
    return [hit.passage.page.page_number for hit in found.hits() if hit.passage.page], found.degraded


def kept(library: Library, prefix: str = PREFIX) -> list[str]:
    """The fingerprints under which vectors are kept, one for each content."""
    query = sa.select(embeddings.c.fingerprint).where(embeddings.c.fingerprint.startswith(prefix))
    with library.database.reading() as connection:
        return sorted(connection.scalars(query))


def test_a_course_is_served_at_once_and_found_by_the_encoder_when_that_has_read_it(
    library: Library, tmp_path: Path, embedder: CountingEmbedder
) -> None:
    encoder = encoder_of(Knowing())
    ingest(write_course(tmp_path / "c", "Course", PAGES), library, embedder)
    assert pages_found(library, embedder, encoder) == (
        [],
        ("the encoder has not read 1 of 1 courses yet: searched without it",),
    )
    assert encode(library, embedder, encoder) == 1
    assert pages_found(library, embedder, encoder) == ([9], ())
    assert find_damage(library, embedder) == []
    assert unread_courses(library, embedder, encoder) == []
    assert encode(library, embedder, encoder) == 0


def test_without_an_encoder_what_is_published_says_nothing_of_one(
    sqlite_library: Library, tmp_path: Path, embedder: CountingEmbedder
) -> None:
    report = ingest(write_course(tmp_path / "c", "Course", PAGES), sqlite_library, embedder)
    assert report.generation is not None
    manifests = [generation_file(sqlite_library.index_root, report.generation)]
    manifests += sqlite_library.index_root.glob("shards/*/manifest.json")
    assert len(manifests) == 2
    assert not any(name in path.read_bytes() for path in manifests for name in (b"encoder", b"questions"))


def test_an_encoder_that_dies_goes_on_where_it_was(
    sqlite_library: Library, tmp_path: Path, embedder: CountingEmbedder
) -> None:
    ingest(write_course(tmp_path / "c", "Course", PAGES), sqlite_library, embedder)
    knowing = Knowing()
    knowing.fails_after = 16
    with pytest.raises(EmbedderError, match=r"reads nothing .*out of memory"):
        encode(sqlite_library, embedder, encoder_of(knowing))
    assert len(kept(sqlite_library)) == 16
    knowing.fails_after = 100
    assert encode(sqlite_library, embedder, encoder_of(knowing)) == 1
    assert len(knowing.embedded) == len(set(knowing.embedded)) == 18


def test_a_course_that_changes_is_read_where_it_changed_and_forgets_what_is_gone(
    sqlite_library: Library, tmp_path: Path, embedder: CountingEmbedder
) -> None:
    knowing = Knowing()
    encoder = encoder_of(knowing)
    folder = write_course(tmp_path / "c", "Course", PAGES)
    ingest(folder, sqlite_library, embedder)
    encode(sqlite_library, embedder, encoder)
    number = sqlite_library.served_number()
    assert ingest(folder, sqlite_library, embedder).generation == number  # nothing changed: it stays as it is
    knowing.embedded.clear()
    write_course(folder, "Course", [*PAGES[:-1], page_of("silver")])
    ingest(folder, sqlite_library, embedder)
    assert pages_found(sqlite_library, embedder, encoder)[0] == []
    assert encode(sqlite_library, embedder, encoder) == 1
    assert pages_found(sqlite_library, embedder, encoder) == ([9], ())
    assert len(knowing.embedded) == 1
    assert len(kept(sqlite_library)) == 18


def test_another_encoder_takes_the_place_of_the_first(
    sqlite_library: Library, tmp_path: Path, embedder: CountingEmbedder
) -> None:
    ingest(write_course(tmp_path / "c", "Course", PAGES), sqlite_library, embedder)
    encode(sqlite_library, embedder, encoder_of(Knowing()))
    second = Knowing()
    second.fingerprint = "second:4"
    assert "not read 1 of 1" in pages_found(sqlite_library, embedder, encoder_of(second))[1][0]
    encode(sqlite_library, embedder, encoder_of(second))
    assert pages_found(sqlite_library, embedder, encoder_of(second)) == ([9], ())
    assert set(kept(sqlite_library)) == {f"{PREFIX}second:4"}


def test_what_was_read_outlives_reindexing_and_goes_with_its_course(
    sqlite_library: Library, tmp_path: Path, embedder: CountingEmbedder
) -> None:
    knowing = Knowing()
    encoder = encoder_of(knowing)
    course = ingest(write_course(tmp_path / "c", "Course", PAGES), sqlite_library, embedder).course
    encode(sqlite_library, embedder, encoder)
    knowing.embedded.clear()
    with sqlite_library.writer():
        reindex(sqlite_library, embedder)
    assert encode(sqlite_library, embedder, encoder) == 1
    assert pages_found(sqlite_library, embedder, encoder) == ([9], ())
    assert knowing.embedded == []
    forget_course(sqlite_library, embedder, course)
    assert kept(sqlite_library, "") == []
    assert encode(sqlite_library, embedder, encoder) == 0


def test_what_is_kept_of_a_reader_is_in_the_shards_that_are_built_anew(
    sqlite_library: Library, tmp_path: Path, embedder: CountingEmbedder
) -> None:
    library, knowing = sqlite_library, Knowing()
    encoder = encoder_of(knowing)
    ingest(write_course(tmp_path / "c", "Course", PAGES), library, embedder)
    encode(library, embedder, encoder)
    read = len(knowing.embedded)
    with library.database.writing() as connection:
        note_waiting(connection, "c", encoder.fingerprint, "the encoder was away")
    with library.writer():
        number = reindex(library, embedder, read_by=partial(read_little, library, [encoder]))
    assert unread_courses(library, embedder, encoder) == []
    assert (library.served_number(), len(knowing.embedded)) == (number, read)
    assert pages_found(library, embedder, encoder) == ([9], ())
    with library.database.reading() as connection:
        assert list_unread(connection) == []


def test_where_one_course_is_unread_all_are_searched_without_the_encoder(
    sqlite_library: Library, tmp_path: Path, embedder: CountingEmbedder
) -> None:
    encoder = encoder_of(Knowing())
    first = ingest(write_course(tmp_path / "a", "First", PAGES), sqlite_library, embedder).course
    encode(sqlite_library, embedder, encoder)
    second = ingest(
        write_course(tmp_path / "b", "Second", [*PAGES[:5], page_of("wolves")]), sqlite_library, embedder
    ).course
    index = open_index(sqlite_library, embedder, encoder=encoder)
    assert index.find(Query(ASKED)).degraded == ("the encoder has not read 1 of 2 courses yet: searched without it",)
    assert index.find(Query(ASKED)).total == 0
    assert index.find(Query(ASKED, Filters(course=first))).total == 1
    assert index.find(Query(ASKED, Filters(course=second))).total == 0


def test_an_index_of_another_embedder_is_not_read(
    sqlite_library: Library, tmp_path: Path, embedder: CountingEmbedder
) -> None:
    ingest(write_course(tmp_path / "c", "Course", PAGES), sqlite_library, embedder)
    with pytest.raises(IndexMismatch):
        encode(sqlite_library, Knowing(), encoder_of(Knowing()))


@pytest.mark.parametrize("how", ["raises", "gives NaN"])
def test_a_page_on_which_the_encoder_fails_is_written_down_and_its_course_published_without(
    sqlite_library: Library, tmp_path: Path, embedder: CountingEmbedder, how: str
) -> None:
    library, knowing = sqlite_library, Knowing()
    knowing.fails_on, knowing.how = "bees", how
    encoder = encoder_of(knowing)
    course = ingest(write_course(tmp_path / "c", "Course", PAGES), library, embedder).course
    assert encode(library, embedder, encoder) == 1
    assert pages_found(library, embedder, encoder) == ([9], ())
    assert unread_courses(library, embedder, encoder) == []
    assert find_damage(library, embedder) == []
    with library.database.reading() as connection:
        (refused,) = list_unread(connection)
    assert (refused.course, refused.reader, refused.passages) == (course, encoder.fingerprint, 1)
    assert ("IndexError: index out of range in self" if how == "raises" else "unusable vectors") in refused.reason
    embedded = len(knowing.embedded)
    assert encode(library, embedder, encoder) == 0
    assert len(knowing.embedded) == embedded


def test_a_page_on_which_the_encoder_failed_stands_out_for_no_question_until_it_can_be_read(
    sqlite_library: Library, tmp_path: Path, embedder: CountingEmbedder
) -> None:
    library, knowing = sqlite_library, Knowing()
    knowing.fails_on = "islands"
    encoder = encoder_of(knowing)
    ingest(write_course(tmp_path / "c", "Course", PAGES), library, embedder)
    encode(library, embedder, encoder)
    assert pages_found(library, embedder, encoder) == ([], ())
    knowing.fails_on = "nothing"
    with library.database.writing() as connection:
        forget_refusals(connection)
    with library.writer():
        reindex(library, embedder)
    assert encode(library, embedder, encoder) == 1
    assert pages_found(library, embedder, encoder) == ([9], ())
    with library.database.reading() as connection:
        assert list_unread(connection) == []


def test_a_course_of_which_the_encoder_can_read_nothing_is_searched_without_it(
    sqlite_library: Library, tmp_path: Path, embedder: CountingEmbedder
) -> None:
    knowing = Knowing()
    knowing.fails_on = "silver"
    encoder = encoder_of(knowing)
    ingest(write_course(tmp_path / "a", "Course", PAGES), sqlite_library, embedder)
    ingest(write_course(tmp_path / "b", "Silver", [page_of("silver")]), sqlite_library, embedder)
    assert encode(sqlite_library, embedder, encoder) == 2
    assert pages_found(sqlite_library, embedder, encoder) == ([9], ())
    assert open_index(sqlite_library, embedder, encoder=encoder).find(Query("silver")).degraded == ()


def test_an_encoder_that_reads_nothing_leaves_its_courses_unread_and_says_why(
    sqlite_library: Library, tmp_path: Path, embedder: CountingEmbedder
) -> None:
    broken = Knowing()
    broken.fails_after = 0
    for name in "ab":
        ingest(write_course(tmp_path / name, name, PAGES), sqlite_library, embedder)
    found = publish_all_read(sqlite_library, embedder, encoder_of(broken), lambda _course, _done, _total: None)
    assert (found.published, found.refused, list(found.waiting)) == (0, 0, ["a", "b"])
    assert kept(sqlite_library) == []
    with sqlite_library.database.reading() as connection:
        reasons = {own.course: own.reason for own in list_unread(connection) if own.passages is None}
    assert reasons == {course: str(error) for course, error in found.waiting.items()}
    assert encode(sqlite_library, embedder, encoder_of(Knowing())) == 2
    with sqlite_library.database.reading() as connection:
        assert list_unread(connection) == []


def test_what_the_encoder_could_not_read_stands_where_the_others_stand_on_average() -> None:
    passages = [passage(f"text {row}", row) for row in range(3)]
    contents = [np.array(own, "<f4").tobytes() for own in ([1.0, 0.0], [0.0, 1.0])]
    vectors = dict(zip([own.content_hash for own in passages], [*contents, b""], strict=True))
    assert build_encoded(passages, vectors)["encoder.vectors"].tolist() == [[1, 0], [0, 1], [0.5, 0.5]]
    with pytest.raises(KeyError):  # one that was never read
        build_encoded([*passages, passage("new", 3)], vectors)
