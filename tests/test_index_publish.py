"""A course that changed → its rows, its shard and a generation: all or nothing, and nothing of other courses."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from support import EXAMPLES, CountingEmbedder, ingest, open_index, own_database, until, write_course, write_pdf

from index.damage import find_damage
from index.embed.models import load_embedder
from index.engine.manifest import generation_numbers, read_generation, shard_folder
from index.errors import IndexMismatch, NotFound, StorageError
from index.library import Library
from index.plan import plan_course
from index.publish import check_fits, forget_course, publish, reindex
from index.served import open_served
from index.store.courses import replace_course
from index.store.passages import read_passages
from index.store.tables import embeddings, generations, lectures, passages
from index.types import Filters, Query
from ingest.course import read_course
from ingest.fetching import Failed
from ingest.gathering import Material, gather_course, identity_of, passages_of


def _count(library: Library, table: sa.Table) -> int:
    with library.database.reading() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def _pages_found(library: Library, embedder: CountingEmbedder, query: str) -> list[tuple[str | None, int | None]]:
    pages = [hit.passage.page for hit in open_index(library, embedder).find(Query(query)).hits()]
    return [(page.deck, page.page_number) if page else (None, None) for page in pages]


def test_a_course_is_found_and_its_gaps_are_reported(
    library: Library, course_folder: Path, embedder: CountingEmbedder
) -> None:
    report = ingest(course_folder, library, embedder)
    assert (report.lectures, report.decks, report.pages, report.videos) == (2, 2, 3, 1)
    assert [(gap["lecture"], gap["code"]) for gap in report.gaps] == [("Attention", "missing_file")]
    assert _pages_found(library, embedder, "gradient")[0] == ("one.pdf", 2)
    assert find_damage(library, embedder) == []


def test_an_unchanged_course_embeds_nothing_and_makes_no_generation(
    library: Library, course_folder: Path, embedder: CountingEmbedder
) -> None:
    first = ingest(course_folder, library, embedder)
    embedder.embedded.clear()
    second = ingest(course_folder, library, embedder)
    assert (second.changed, second.embedded, second.generation) == (False, 0, first.generation)
    assert embedder.embedded == []


def test_only_what_changed_is_embedded_and_ids_stay(
    library: Library, course_folder: Path, embedder: CountingEmbedder
) -> None:
    ingest(course_folder, library, embedder)
    with library.database.reading() as connection:
        before = dict(connection.execute(sa.select(passages.c.id, passages.c.content_hash)).all())
    embedder.embedded.clear()
    write_pdf(
        course_folder / "one.pdf",
        ["Dropout\nrandomly zero activations dropout", "Attention\nattention heads", "Loss\nloss function"],
    )
    ingest(course_folder, library, embedder)
    with library.database.reading() as connection:
        after = dict(connection.execute(sa.select(passages.c.id, passages.c.content_hash)).all())
    assert before.keys() == after.keys()
    assert len(embedder.embedded) == sum(before[key] != after[key] for key in before) == 1
    assert ("one.pdf", 2) not in _pages_found(library, embedder, "gradient descent follow")
    assert _count(library, embeddings) == len(set(after.values()))


def test_a_deck_that_was_removed_is_no_longer_found(
    library: Library, course_folder: Path, embedder: CountingEmbedder
) -> None:
    ingest(course_folder, library, embedder)
    (course_folder / "one.pdf").unlink()
    report = ingest(course_folder, library, embedder)
    assert "missing_file" in [gap["code"] for gap in report.gaps]
    assert [place for place in _pages_found(library, embedder, "gradient") if place[0]] == []


def test_one_bad_deck_is_a_gap_and_the_rest_is_found(
    library: Library, course_folder: Path, embedder: CountingEmbedder
) -> None:
    (course_folder / "missing.pdf").write_bytes(b"not a pdf at all")
    (course_folder / "transcripts" / "abcdefghijk.en.vtt").write_bytes(b"")
    report = ingest(course_folder, library, embedder)
    assert sorted(gap["code"] for gap in report.gaps) == ["empty_file", "not_a_pdf"]
    assert _pages_found(library, embedder, "dropout")[0] == ("one.pdf", 1)


def test_two_generations_are_kept(sqlite_library: Library, course_folder: Path, embedder: CountingEmbedder) -> None:
    for text in ("a", "b", "c", "d"):
        write_pdf(course_folder / "one.pdf", [f"Dropout\n{text}"])
        ingest(course_folder, sqlite_library, embedder)
    assert generation_numbers(sqlite_library.index_root) == [3, 4]
    kept = [read_generation(sqlite_library.index_root, number)[0] for number in (3, 4)]
    names = [manifest.shards[0].name for manifest in kept]
    assert len(set(names)) == 2
    assert sorted(path.name for path in (sqlite_library.index_root / "shards").iterdir()) == sorted(names)


def test_an_ingest_killed_at_any_moment_is_finished_by_the_next(tmp_path: Path) -> None:
    """kill -9, each time a little later; what was served goes on being served, nothing is doubled."""
    environment = {**os.environ, "LECTURES_DATA_DIR": str(tmp_path / "data"), "LECTURES_EMBEDDER": "builtin"}
    command = [sys.executable, "-m", "service.cli", "ingest", str(EXAMPLES), "--course", "demo", "--json"]
    started = time.monotonic()
    subprocess.run([*command[:-1], "--no-transcripts", "--json"], env=environment, check=True, capture_output=True)
    whole = time.monotonic() - started
    library = Library(own_database(tmp_path / "data"), tmp_path / "data")
    assert library.served_number() == 1
    for share in (0.3, 0.5, 0.7, 0.9):
        child = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(whole * share)
        child.send_signal(signal.SIGKILL)
        child.communicate(timeout=20)
        generation, degraded = open_served(library, load_embedder("builtin"))
        assert degraded == ()
        assert generation.count in (52, 62)
    subprocess.run(command, env=environment, check=True, capture_output=True)
    generation, _ = open_served(library, load_embedder("builtin"))
    assert generation.count == _count(library, passages) == 62
    assert find_damage(library, load_embedder("builtin")) == []
    library.close()


# --- one course at a time ------------------------------------------------------------------------------------


@pytest.fixture
def two(tmp_path: Path, sqlite_library: Library, embedder: CountingEmbedder) -> tuple[Path, Path]:
    """The folders of two courses, both taken up."""
    first = write_course(tmp_path / "first", "First", ["Dropout\nzero activations", "Loss\nloss function"])
    second = write_course(tmp_path / "second", "Second", ["Attention\nattention heads", "Gradient\ngradient descent"])
    for folder in (first, second):
        ingest(folder, sqlite_library, embedder)
    return first, second


def _inodes(library: Library) -> dict[str, int]:
    return {str(path): path.stat().st_ino for path in (library.index_root / "shards").rglob("*")}


def _name_of(library: Library, course: str) -> str:
    manifest, _ = read_generation(library.index_root, library.served_number() or 0)
    listed = manifest.shard_of(course)
    assert listed is not None
    return listed.name


def _hits(library: Library, embedder: CountingEmbedder, query: str, course: str) -> list[tuple[str, float]]:
    found = open_index(library, embedder).find(Query(query, Filters(course=course)))
    return [(hit.passage.id, hit.score) for hit in found.hits(10)]


@contextmanager
def _statements(library: Library) -> Iterator[list[tuple[str, Any]]]:
    """Every statement that runs inside, with its parameters."""
    seen: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: Any) -> None:
        seen.append((statement, parameters))

    sa.event.listen(library.database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(library.database.engine, "before_cursor_execute", note)


def _secrets(library: Library, course: str) -> set[object]:
    """What only the rows of this course hold: ids, hashes and texts of its passages, their vectors, its pages."""
    with library.database.reading() as connection:
        own = connection.execute(
            sa.text(
                "SELECT p.id, p.content_hash, p.text, p.title FROM passages p JOIN lectures l ON l.id = p.lecture_id "
                "JOIN courses c ON c.id = l.course_id WHERE c.slug = :course"
            ),
            {"course": course},
        ).all()
        vectors = connection.execute(sa.text("SELECT content_hash, vectors FROM embeddings")).all()
    hashes = {row[1] for row in own}
    return {value for row in own for value in row if value} | {blob for key, blob in vectors if key in hashes}


def _answers(library: Library, seen: Sequence[tuple[str, Any]]) -> set[object]:
    """All values that the SELECTs among these statements give."""
    values: set[object] = set()
    with library.database.reading() as connection:
        for statement, parameters in list(seen):
            if statement.lstrip().upper().startswith(("SELECT", "WITH")):
                found = connection.exec_driver_sql(statement, parameters)
                values |= {value for row in found for value in row if isinstance(value, Hashable)}
    return values


def test_publishing_a_course_leaves_every_other_shard_as_it_is(
    two: tuple[Path, Path], sqlite_library: Library, embedder: CountingEmbedder
) -> None:
    before, name = _inodes(sqlite_library), _name_of(sqlite_library, "first")
    write_course(two[1], "Second", ["Attention\nattention heads", "Momentum\nrolls downhill"])
    ingest(two[1], sqlite_library, embedder)
    assert _name_of(sqlite_library, "first") == name
    own = {path: inode for path, inode in before.items() if name in path}
    assert len(own) == 3
    assert own.items() <= _inodes(sqlite_library).items()
    assert find_damage(sqlite_library, embedder) == []


def test_publishing_a_course_reads_nothing_of_another(
    two: tuple[Path, Path], sqlite_library: Library, embedder: CountingEmbedder
) -> None:
    secrets = _secrets(sqlite_library, "first")
    assert len(secrets) > 8
    write_course(two[1], "Second", ["Attention\nattention heads", "Momentum\nrolls downhill"])
    with _statements(sqlite_library) as seen:
        ingest(two[1], sqlite_library, embedder)
    assert len(seen) > 20
    assert not _answers(sqlite_library, seen) & secrets
    # the check can see what it looks for
    with _statements(sqlite_library) as seen, sqlite_library.database.reading() as connection:
        list(read_passages(connection, "first"))
    assert _answers(sqlite_library, seen) & secrets


def test_a_course_is_published_though_the_rows_of_another_are_gone(
    two: tuple[Path, Path], sqlite_library: Library, embedder: CountingEmbedder
) -> None:
    before = _hits(sqlite_library, embedder, "dropout", "first")
    with sqlite_library.database.writing() as connection:
        # lectures are numbered by the order of ingests: the first course has the first
        first = connection.scalar(sa.select(sa.func.min(lectures.c.id)))
        gone = sa.select(passages.c.content_hash).where(passages.c.lecture_id == first)
        connection.execute(sa.delete(embeddings).where(embeddings.c.content_hash.in_(gone)))
        connection.execute(sa.delete(passages).where(passages.c.lecture_id == first))
    write_course(two[1], "Second", ["Momentum\nrolls downhill", "Gradient\ngradient descent"])
    assert ingest(two[1], sqlite_library, embedder).changed
    assert _hits(sqlite_library, embedder, "dropout", "first") == before
    assert _hits(sqlite_library, embedder, "momentum", "second")


@pytest.mark.usefixtures("two")
def test_removing_a_course_leaves_every_other_shard_as_it_is(
    sqlite_library: Library, embedder: CountingEmbedder
) -> None:
    before, name, gone = _inodes(sqlite_library), _name_of(sqlite_library, "second"), _name_of(sqlite_library, "first")
    number = forget_course(sqlite_library, embedder, "first")
    assert number == 3
    own = {path: inode for path, inode in before.items() if name in path}
    assert own.items() <= _inodes(sqlite_library).items()
    index = open_index(sqlite_library, embedder)
    assert [shard.course for shard in index.generation.shards] == ["second"]
    with pytest.raises(NotFound):
        index.find(Query("dropout", Filters(course="first")))
    assert _count(sqlite_library, embeddings) == 2
    # the generation before still lists it
    assert shard_folder(sqlite_library.index_root, gone).is_dir()
    with pytest.raises(NotFound, match="no course 'first'"):
        forget_course(sqlite_library, embedder, "first")


def test_when_the_last_course_is_removed_nothing_is_found_and_nothing_is_wrong(
    sqlite_library: Library, course_folder: Path, embedder: CountingEmbedder
) -> None:
    slug = ingest(course_folder, sqlite_library, embedder).course
    forget_course(sqlite_library, embedder, slug)
    index = open_index(sqlite_library, embedder)
    index.warm_up()
    found = index.find(Query("dropout"))
    assert (found.total, found.hits(), found.coverage.value, found.degraded) == (0, (), "absent", ())
    assert index.suggest("dro", 5) == []
    assert find_damage(sqlite_library, embedder) == []
    assert (_count(sqlite_library, embeddings), _count(sqlite_library, passages)) == (0, 0)


def test_what_was_not_changed_keeps_the_name_and_the_folder_of_its_shard(
    two: tuple[Path, Path], sqlite_library: Library, embedder: CountingEmbedder
) -> None:
    before = _inodes(sqlite_library)
    names = {course: _name_of(sqlite_library, course) for course in ("first", "second")}
    reindex(sqlite_library, embedder)
    assert {course: _name_of(sqlite_library, course) for course in names} == names
    assert _inodes(sqlite_library) == before
    files = {path: path.read_bytes() for path in two[0].rglob("*") if path.is_file()}
    write_course(two[0], "First", ["Dropout\nzero activations", "Momentum\nrolls downhill"])
    ingest(two[0], sqlite_library, embedder)
    assert _name_of(sqlite_library, "first") != names["first"]
    for path, content in files.items():  # the very files: a PDF that is made anew holds the time at which it was made
        path.write_bytes(content)
    ingest(two[0], sqlite_library, embedder)
    assert _name_of(sqlite_library, "first") == names["first"]


@pytest.mark.usefixtures("two")
def test_a_change_of_rows_that_fails_leaves_everything_as_it_was(
    sqlite_library: Library, embedder: CountingEmbedder
) -> None:
    before = _hits(sqlite_library, embedder, "dropout", "first")

    def fail(connection: sa.Connection) -> None:
        connection.execute(sa.delete(passages))
        raise StorageError("The disk is full.")

    plan = plan_course(sqlite_library, embedder, "first", [])
    with pytest.raises(StorageError, match="full"):
        publish(sqlite_library, plan, fail)
    assert (sqlite_library.served_number(), _count(sqlite_library, passages)) == (2, 4)
    assert _count(sqlite_library, generations) == 2
    assert _hits(sqlite_library, embedder, "dropout", "first") == before


@pytest.mark.usefixtures("two")
def test_a_shard_that_cannot_be_written_leaves_the_rows_as_they_were(
    sqlite_library: Library, embedder: CountingEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> str:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(tempfile, "mkdtemp", full)
    plan = plan_course(sqlite_library, embedder, "first", [])
    with pytest.raises(StorageError, match="No space left"):
        publish(sqlite_library, plan, lambda connection: connection.execute(sa.delete(passages)))
    assert (_count(sqlite_library, passages), _count(sqlite_library, generations)) == (4, 2)


# --- embedders -----------------------------------------------------------------------------------------------


class Other(CountingEmbedder):
    name = fingerprint = "other:4"


def test_a_course_made_with_another_embedder_than_the_others_is_refused_before_anything_expensive(
    two: tuple[Path, Path], sqlite_library: Library, embedder: CountingEmbedder
) -> None:
    other = Other()
    write_course(two[1], "Second", ["Attention\nattention heads", "Momentum\nrolls downhill"])
    stored = sorted(path.name for path in (sqlite_library.data_dir / "files").rglob("*.pdf"))
    for wanted in (other, None):
        with pytest.raises(IndexMismatch, match="lectures reindex"):
            ingest(two[1], sqlite_library, wanted)
    assert other.embedded == []
    # the changed deck was not even read
    assert sorted(path.name for path in (sqlite_library.data_dir / "files").rglob("*.pdf")) == stored
    assert sqlite_library.served_number() == 2
    assert _hits(sqlite_library, embedder, "attention", "second")


def test_a_single_course_is_taken_up_with_whatever_embedder(
    tmp_path: Path, sqlite_library: Library, embedder: CountingEmbedder
) -> None:
    folder = write_course(tmp_path / "only", "Only", ["Dropout\nzero activations", "Loss\nloss function"])
    ingest(folder, sqlite_library, embedder)
    other = Other()
    check_fits(sqlite_library, other, "only")
    assert ingest(folder, sqlite_library, other).changed
    assert _hits(sqlite_library, other, "dropout", "only")
    with pytest.raises(IndexMismatch, match="counting:4"):
        open_served(sqlite_library, embedder)
    assert ingest(folder, sqlite_library, None).changed
    assert open_index(sqlite_library, None).find(Query("dropout")).total == 1


@pytest.mark.parametrize("name", ["builtin", "counting"])
def test_two_courses_that_hold_the_same_passage_are_indexed_anew_with_any_embedder(
    library: Library, tmp_path: Path, embedder: CountingEmbedder, name: str
) -> None:
    same = "Dropout\nzero activations while the network is learning"
    first = write_course(tmp_path / "first", "First", [same, "Loss\nloss function"])
    second = write_course(tmp_path / "second", "Second", [same, "Gradient\ngradient descent", "Kernel\nslides over"])
    chosen = load_embedder("builtin") if name == "builtin" else embedder
    for folder in (first, second):
        ingest(folder, library, chosen)
    with library.database.reading() as connection:
        shared = connection.scalars(
            sa.select(passages.c.content_hash).group_by(passages.c.content_hash).having(sa.func.count() == 2)
        )
        assert len(list(shared)) == 1

    def found() -> list[tuple[str, float]]:
        index = open_index(library, chosen)
        return [(hit.passage.id, hit.score) for hit in index.find(Query("dropout activations")).hits()]

    before = found()
    assert len(before) >= 2
    for step in (None, chosen, None, chosen):
        reindex(library, step)
        assert find_damage(library, step) == []
        assert (_count(library, embeddings) > 0) == (step is not None)
    assert found() == before
    # each adapted table reads the shared passage in its own way, the other embedder reads it once
    assert _count(library, embeddings) == (5 if name == "builtin" else 4)


def test_vectors_that_a_course_left_with_an_adaptation_that_another_still_has_go_with_it(
    sqlite_library: Library, tmp_path: Path
) -> None:
    """Two courses begin alike, and so with one adaptation. One adds a page to it, learns another, and drops the page."""
    embedder = load_embedder("builtin")
    pages = [
        f"Topic {number}\n{word} is explained here" for number, word in enumerate(("dropout", "loss", "kernel", "bias"))
    ]
    new, other = "New\nmomentum remembers steps", [f"Other {n}\nsomething else {n}" for n in range(4)]
    folders = [tmp_path / "first", tmp_path / "second"]
    for title, folder in zip(("First", "Second"), folders, strict=True):
        ingest(write_course(folder, title, pages), sqlite_library, embedder)
    for deck in ([*pages, new], [new, *other], other):
        ingest(write_course(folders[1], "Second", deck), sqlite_library, embedder)
    with sqlite_library.database.reading() as connection:
        used = set(connection.scalars(sa.select(passages.c.content_hash)))
        stored = set(connection.scalars(sa.select(embeddings.c.content_hash)))
    assert stored <= used


@pytest.mark.usefixtures("two")
def test_reindexing_needs_the_rows_alone(sqlite_library: Library, embedder: CountingEmbedder) -> None:
    before = [
        _hits(sqlite_library, embedder, query, course)
        for query, course in (("dropout", "first"), ("attention", "second"))
    ]
    shutil.rmtree(sqlite_library.index_root)
    with sqlite_library.writer():
        number = reindex(sqlite_library, embedder)
    assert number == 3
    after = [
        _hits(sqlite_library, embedder, query, course)
        for query, course in (("dropout", "first"), ("attention", "second"))
    ]
    assert after == before
    assert find_damage(sqlite_library, embedder) == []


def test_a_title_of_the_course_alone_makes_a_new_shard_and_embeds_nothing(
    two: tuple[Path, Path], sqlite_library: Library, embedder: CountingEmbedder
) -> None:
    name = _name_of(sqlite_library, "first")
    embedder.embedded.clear()
    folder = two[0]
    text = (folder / "course.yaml").read_text("utf-8")
    (folder / "course.yaml").write_text(text.replace("title: First\nlanguage", "title: Renamed\nlanguage"), "utf-8")
    report = ingest(folder, sqlite_library, embedder)
    assert (report.changed, report.embedded, embedder.embedded) == (True, 0, [])
    assert _name_of(sqlite_library, "first") != name
    hit = open_index(sqlite_library, embedder).find(Query("dropout")).hits()[0]
    assert hit.passage.course_title == "Renamed"


# --- a writer that lost its lock -------------------------------------------------------------------------------------


def _publish_without_lock(library: Library, folder: Path, then: Callable[[], object] = lambda: None) -> None:
    """As a writer does whose session, and with it the right to write, was lost without its noticing."""
    planned = read_course(folder)
    course = gather_course(Material(planned, folder, (), Failed({}, {}), ""), library, None, lambda _: None)
    found = passages_of(course)

    def change(connection: Connection) -> None:
        replace_course(connection, course, found, identity_of(course))
        then()

    publish(library, plan_course(library, None, course.slug, found), change)


def _waits_for_a_lock(library: Library) -> bool:
    with library.database.reading() as connection:
        return bool(connection.scalar(sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_who_publishes_at_the_same_time_as_another_loses_nothing_of_the_other(library: Library, tmp_path: Path) -> None:
    folders = [write_course(tmp_path / name, name.title(), [f"Loss\n{name}"]) for name in ("first", "second", "third")]
    ingest(folders[0], library, None)
    other = Library(library.database.url.render_as_string(hide_password=False), library.data_dir)
    thread = threading.Thread(target=_publish_without_lock, args=(other, folders[1]))

    def beside() -> None:
        thread.start()
        until(lambda: _waits_for_a_lock(library))

    _publish_without_lock(library, folders[2], beside)
    thread.join(60)
    manifest, _ = read_generation(library.index_root, 3)
    assert [shard.course for shard in manifest.shards] == ["first", "second", "third"]
    assert find_damage(library, None) == []
    other.close()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_what_was_published_while_all_is_built_anew_is_not_undone(library: Library, tmp_path: Path) -> None:
    folders = [write_course(tmp_path / name, name.title(), [f"Loss\n{name}"]) for name in ("first", "second")]
    ingest(folders[0], library, None)

    def beside(done: int, _total: int, _what: str) -> None:
        if done == 0:
            _publish_without_lock(library, folders[1])

    with pytest.raises(StorageError, match="Another machine published meanwhile"):
        reindex(library, None, beside)
    manifest, _ = read_generation(library.index_root, library.served_number() or 0)
    assert [shard.course for shard in manifest.shards] == ["first", "second"]
