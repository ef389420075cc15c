"""What encoder and language model read of a course that is taken up: with it where that is little, else once it is
published; never of the courses that nobody gave."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from support import CountingEmbedder, Run, write_course, write_pdf
from test_index_encoding import PAGES, Knowing, encode, page_of, pages_found

from index.embed.encoder import Encoder
from index.encoding import Reader, publish_all_read, unread_courses
from index.errors import StorageError
from index.library import Library
from index.store.jobs import add_job
from index.store.readers import list_unread
from ingest.carrying import Means
from ingest.course import read_course
from ingest.pipeline import IngestReport, ingest_course
from ingest.worker import work


def _ingest(folder: Path, library: Library, embedder: CountingEmbedder, readers: Sequence[Reader]) -> IngestReport:
    return ingest_course(read_course(folder), folder, library, embedder, readers=readers)


def _encoder(model: Knowing, little: int = len(PAGES)) -> Encoder:
    return Encoder(model, 60.0, little=little)


def test_a_course_of_which_little_is_to_be_read_is_published_once_with_it(
    library: Library, tmp_path: Path, embedder: CountingEmbedder
) -> None:
    model = Knowing()
    encoder = _encoder(model)
    folder = write_course(tmp_path / "c", "Course", PAGES)
    assert _ingest(folder, library, embedder, [encoder]).generation == 1
    assert pages_found(library, embedder, encoder) == ([9], ())
    assert unread_courses(library, embedder, encoder) == []
    write_pdf(folder / "deck.pdf", [page_of("swans"), *PAGES[1:]])
    read = len(model.embedded)
    assert _ingest(folder, library, embedder, [encoder]).generation == 2
    assert len(model.embedded) == read + 1
    assert pages_found(library, embedder, encoder) == ([9], ())


def test_a_course_of_which_much_is_to_be_read_is_published_before_and_again_with_it_when_it_is_read(
    sqlite_library: Library, tmp_path: Path, embedder: CountingEmbedder
) -> None:
    model = Knowing()
    encoder = _encoder(model, 16)
    folder = write_course(tmp_path / "c", "Course", PAGES[: encoder.little + 1])
    assert _ingest(folder, sqlite_library, embedder, [encoder]).generation == 1
    assert (unread_courses(sqlite_library, embedder, encoder), model.embedded) == (["c"], [])
    assert encode(sqlite_library, embedder, encoder) == 1
    write_pdf(folder / "deck.pdf", PAGES[: encoder.little])  # all that is left is read already
    read = len(model.embedded)
    assert _ingest(folder, sqlite_library, embedder, [encoder]).generation == 3
    assert len(model.embedded) == read
    assert pages_found(sqlite_library, embedder, encoder) == ([9], ())


def test_a_model_that_fails_keeps_no_course_from_being_published(
    sqlite_library: Library, tmp_path: Path, embedder: CountingEmbedder
) -> None:
    model = Knowing()
    model.fails_after = 0
    encoder = _encoder(model)
    folder = write_course(tmp_path / "c", "Course", PAGES)
    assert _ingest(folder, sqlite_library, embedder, [encoder]).generation == 1
    assert unread_courses(sqlite_library, embedder, encoder) == ["c"]
    found = publish_all_read(sqlite_library, embedder, encoder, lambda _course, _done, _total: None)
    assert list(found.waiting) == ["c"]
    model.fails_after = 10**6
    write_pdf(folder / "deck.pdf", PAGES[:-1])
    _ingest(folder, sqlite_library, embedder, [encoder])
    with sqlite_library.database.reading() as connection:
        assert list_unread(connection) == []  # it does not wait any more
    assert unread_courses(sqlite_library, embedder, encoder) == []


def test_what_a_reader_read_is_not_published_with_rows_that_are_refused(
    sqlite_library: Library, tmp_path: Path, embedder: CountingEmbedder
) -> None:
    folder = write_course(tmp_path / "c", "Course", PAGES)

    def refuse(_: object) -> None:
        raise StorageError("no")

    with pytest.raises(StorageError):
        ingest_course(
            read_course(folder), folder, sqlite_library, embedder, check=refuse, readers=[_encoder(Knowing())]
        )
    assert sqlite_library.served_number() is None


def test_only_the_courses_that_are_wanted_are_read_and_the_others_are_counted(
    sqlite_library: Library, tmp_path: Path, embedder: CountingEmbedder
) -> None:
    for name in ("a", "b", "c"):
        _ingest(write_course(tmp_path / name, name, [page_of(name)]), sqlite_library, embedder, [])
    encoder = _encoder(Knowing())
    found = publish_all_read(sqlite_library, embedder, encoder, lambda _course, _done, _total: None, {"b", "gone"})
    assert (found.published, found.left) == (1, 2)
    assert unread_courses(sqlite_library, embedder, encoder) == ["a", "c"]


def test_a_job_publishes_what_is_little_to_read_with_its_course(
    sqlite_library: Library, tmp_path: Path, embedder: CountingEmbedder
) -> None:
    folder = write_course(tmp_path / "c", "Course", PAGES)
    with sqlite_library.database.writing() as connection:
        add_job(connection, str(folder), {})
    encoder = _encoder(Knowing())
    assert work(sqlite_library, embedder, Means(offline=True), threading.Event(), once=True, readers=[encoder]) == 1
    assert sqlite_library.served_number() == 1
    assert pages_found(sqlite_library, embedder, encoder) == ([9], ())


def test_the_command_line_has_only_what_it_takes_up_read_and_says_what_reads_the_others(
    lectures: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LECTURES_DATA_DIR", str(tmp_path / "data"))
    first = write_course(tmp_path / "first", "First", ["Refraction\nLight bends where it passes into glass"])
    second = write_course(tmp_path / "second", "Second", ["Cortisol\nIt rises within twenty minutes of stress"])

    def degraded(course: str) -> list[str]:
        waits = {"LECTURES_ENCODER": "builtin", "LECTURES_ENCODER_DEADLINE_MS": "60000"}
        found: list[str] = json.loads(lectures("search", "light", "--course", course, "--json", **waits).out)[
            "degraded"
        ]
        return found

    lectures("ingest", str(first), LECTURES_ENCODER="")
    done = lectures("ingest", str(second), LECTURES_ENCODER="builtin")
    assert "1 other course not read by encoder:" in done.err
    assert " yet; `lectures worker --once` has it done." in done.err
    assert degraded("second") == []
    assert degraded("first") == ["the encoder has not read 1 of 1 courses yet: searched without it"]
    again = lectures("ingest", str(first), LECTURES_ENCODER="builtin")  # unchanged: it is read all the same
    assert "other course" not in again.err
    assert degraded("first") == []


def test_the_worker_reads_what_no_ingest_was_asked_to_have_read(
    lectures: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LECTURES_DATA_DIR", str(tmp_path / "data"))
    folder = write_course(tmp_path / "course", "Course", ["Refraction\nLight bends where it passes into glass"])
    lectures("ingest", str(folder), LECTURES_ENCODER="")
    assert lectures("worker", "--once", LECTURES_ENCODER="builtin").code == 0
    environment = {"LECTURES_ENCODER": "builtin", "LECTURES_ENCODER_DEADLINE_MS": "60000"}
    assert json.loads(lectures("search", "light", "--json", **environment).out)["degraded"] == []
