"""A course is read beside other writers and published in its turn; what was swept or changed meanwhile is read again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import CountingEmbedder, ingest, open_index, until, write_course, write_pdf

from index.damage import find_damage
from index.library import Library
from index.types import Filters, Query
from ingest.course import read_course
from ingest.gathering import Progress
from ingest.pipeline import IngestReport, ingest_course


@pytest.fixture
def other(sqlite_library: Library) -> Iterator[Library]:
    """The same installation, as another process has it open."""
    found = Library(sqlite_library.database.url.render_as_string(), sqlite_library.data_dir)
    yield found
    found.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_course(tmp_path / "course", "Course", ["Dropout\nzero activations", "Loss\nloss function"])


def _beside_a_writer(
    folder: Path, library: Library, other: Library, embedder: CountingEmbedder, meanwhile: Callable[[], object]
) -> tuple[list[str], IngestReport]:
    """An ingest that finds somebody writing, who does something when it waits: its steps, its report."""
    steps: list[str] = []
    reports: list[IngestReport] = []

    def take_up() -> None:
        report = ingest_course(read_course(folder), folder, other, embedder, progress=lambda at: steps.append(at.step))
        reports.append(report)

    thread = threading.Thread(target=take_up)
    with library.writer():
        thread.start()
        until(lambda: "waiting" in steps)
        meanwhile()
    thread.join(60)
    assert not thread.is_alive()
    return steps, reports[0]


def test_a_course_is_read_and_embedded_while_another_writes(
    sqlite_library: Library, other: Library, folder: Path, embedder: CountingEmbedder
) -> None:
    embedded: list[int] = []
    steps, report = _beside_a_writer(
        folder, sqlite_library, other, embedder, lambda: embedded.append(len(embedder.embedded))
    )
    assert list(dict.fromkeys(steps)) == ["reading decks", "embedding", "waiting", "publishing"]
    assert embedded == [len(embedder.embedded)] != [0]
    assert (report.changed, report.embedded, report.generation) == (True, 2, 1)


def test_what_a_writer_sweeps_meanwhile_is_read_again(
    sqlite_library: Library, other: Library, folder: Path, embedder: CountingEmbedder
) -> None:
    steps, report = _beside_a_writer(folder, sqlite_library, other, embedder, sqlite_library.sweep_all)
    assert list(dict.fromkeys(steps[steps.index("waiting") :])) == [
        "waiting",
        "reading decks",
        "embedding",
        "publishing",
    ]
    assert (report.changed, find_damage(sqlite_library, embedder)) == (True, [])


def test_what_another_published_meanwhile_is_not_published_twice(
    sqlite_library: Library, other: Library, folder: Path, embedder: CountingEmbedder
) -> None:
    third = Library(sqlite_library.database.url.render_as_string(), sqlite_library.data_dir)
    found: list[IngestReport] = []

    def note(at: Progress) -> None:
        if at.step == "embedding" and not found:
            found.append(ingest(folder, third, embedder))

    report = ingest_course(read_course(folder), folder, other, embedder, progress=note)
    assert (found[0].generation, found[0].changed) == (1, True)
    assert (report.generation, report.changed) == (1, False)
    third.close()


def test_what_was_served_and_is_replaced_meanwhile_is_published_again(
    sqlite_library: Library,
    other: Library,
    folder: Path,
    tmp_path: Path,
    embedder: CountingEmbedder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It was read as what is served already; then another changed the course."""
    ingest(folder, sqlite_library, embedder)
    third = Library(sqlite_library.database.url.render_as_string(), sqlite_library.data_dir)
    changed = write_course(tmp_path / "changed" / "course", "Course", ["Attention\nheads"])
    looked: list[bool] = []
    is_current = other.is_current

    def then_changed(*arguments: object) -> bool:
        served = is_current(*arguments)  # type: ignore[arg-type]
        if not looked:
            looked.append(served)
            ingest(changed, third, embedder)
        return served

    monkeypatch.setattr(other, "is_current", then_changed)
    report = ingest_course(read_course(folder), folder, other, embedder)
    assert (looked, report.changed, report.generation) == ([True], True, 3)
    assert find_damage(sqlite_library, embedder) == []
    third.close()


def test_what_was_read_before_a_newer_state_was_published_is_read_again(
    sqlite_library: Library, other: Library, folder: Path, embedder: CountingEmbedder
) -> None:
    """Who read first would else put an older state in the place of a newer one."""
    third = Library(sqlite_library.database.url.render_as_string(), sqlite_library.data_dir)
    steps: list[str] = []

    def note(at: Progress) -> None:
        if at.step == "embedding" and not steps:
            steps.append(at.step)
            write_course(folder, "Course", ["Attention\nheads look at words"])
            ingest(folder, third, embedder)

    ingest_course(read_course(folder), folder, other, embedder, progress=note)
    hits = open_index(sqlite_library, embedder).find(Query("heads", Filters())).hits(5)
    assert [hit.passage.title for hit in hits] == ["Attention"]
    third.close()


def test_what_one_leaves_that_dies_while_it_reads_is_swept_by_the_next_writer(
    sqlite_library: Library, other: Library, tmp_path: Path
) -> None:
    pdf = write_pdf(tmp_path / "left.pdf", ["Left over"])

    def is_stored() -> bool:
        return sqlite_library.files.path(sha256, ".pdf").is_file()

    with other.preparing():
        sha256 = other.files.add(pdf, ".pdf")
        with sqlite_library.writer():
            pass
        assert is_stored()  # somebody is at work on it
        (mark,) = other.data_dir.glob("preparing-*")
        content = mark.read_bytes()
    mark.write_bytes(content)  # as if it had been killed
    with sqlite_library.writer():
        pass
    assert (is_stored(), list(other.data_dir.glob("preparing-*"))) == (False, [])


def test_what_one_stored_that_was_told_to_end_is_swept_by_the_next_writer(
    sqlite_library: Library, other: Library, tmp_path: Path
) -> None:
    """A worker that is stopped while it reads has stored originals that no row will ever name."""
    pdf = write_pdf(tmp_path / "left.pdf", ["Read, and never published"])
    stored: list[str] = []

    def be_stopped() -> None:
        with other.preparing():
            stored.append(other.files.add(pdf, ".pdf"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        be_stopped()
    with sqlite_library.writer():
        pass
    assert not sqlite_library.files.path(stored[0], ".pdf").exists()
    assert list(other.data_dir.glob("preparing-*")) == []
