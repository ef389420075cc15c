"""One installation: what is served of it, what is damaged, and what a writer that died left behind."""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import CountingEmbedder, flip, ingest, open_index, write_course, write_pdf

from index.damage import find_damage, row_damage
from index.engine.manifest import FORMAT, generation_file, generation_numbers, read_generation, shard_folder
from index.errors import CorruptIndex, IndexMismatch, IndexUnavailable, NotFound
from index.library import Library
from index.publish import reindex
from index.served import open_served
from index.store.database import writer_lock
from index.store.tables import embeddings
from index.types import Coverage, Filters, Query


def test_nothing_indexed_and_another_embedder_are_said(
    sqlite_library: Library, course_folder: Path, embedder: CountingEmbedder
) -> None:
    with pytest.raises(IndexUnavailable, match="lectures ingest"):
        open_served(sqlite_library, embedder)
    ingest(course_folder, sqlite_library, embedder)
    with pytest.raises(IndexMismatch, match="lectures reindex"):
        open_served(sqlite_library, None)


def test_a_generation_that_was_committed_but_not_pointed_at_is_taken_up(
    sqlite_library: Library, course_folder: Path, embedder: CountingEmbedder
) -> None:
    ingest(course_folder, sqlite_library, embedder)
    write_pdf(course_folder / "one.pdf", ["Dropout\nanother page"])
    ingest(course_folder, sqlite_library, embedder)
    (sqlite_library.index_root / "CURRENT").write_text("1\n")  # as if killed just before the pointer moved
    sqlite_library.recover()
    assert sqlite_library.served_number() == 2


# --- damage --------------------------------------------------------------------------------------------------


@pytest.fixture
def folders(tmp_path: Path, sqlite_library: Library, embedder: CountingEmbedder) -> dict[str, Path]:
    """Two courses, both taken up."""
    found = {
        "first": write_course(tmp_path / "first", "First", ["Dropout\nzero activations", "Loss\nloss function"]),
        "second": write_course(tmp_path / "second", "Second", ["Attention\nattention heads", "Loss\nanother loss"]),
    }
    for folder in found.values():
        ingest(folder, sqlite_library, embedder)
    return found


def _shard(library: Library, course: str) -> Path:
    manifest, _ = read_generation(library.index_root, library.served_number() or 0)
    listed = manifest.shard_of(course)
    assert listed is not None
    return shard_folder(library.index_root, listed.name)


def _top(library: Library, embedder: CountingEmbedder, query: str, course: str) -> list[tuple[str, float]]:
    hits = open_index(library, embedder).find(Query(query, Filters(course=course))).hits(10)
    return [(hit.passage.id, hit.score) for hit in hits]


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def _rename_course(path: Path) -> None:
    path.write_text(path.read_text("utf-8").replace('"first"', '"other"'), "utf-8")


def _drop_folder(path: Path) -> None:
    shutil.rmtree(path.parent)


_DAMAGE: dict[str, tuple[str, Callable[[Path], object]]] = {
    **{f"byte at {place}": ("shard.safetensors", partial(flip, place=place)) for place in (0, 1e-4, 0.2, 0.5, 0.8, 1)},
    "cut short": ("shard.safetensors", _truncate),
    "empty": ("shard.safetensors", lambda path: path.write_bytes(b"")),
    "a byte more": ("shard.safetensors", lambda path: path.write_bytes(path.read_bytes() + b"\0")),
    "file gone": ("shard.safetensors", Path.unlink),
    "folder gone": ("shard.safetensors", _drop_folder),
    "manifest changed": ("manifest.json", partial(flip, place=0.5)),
    "manifest of another course": ("manifest.json", _rename_course),
    "manifest empty": ("manifest.json", lambda path: path.write_bytes(b"")),
    "manifest gone": ("manifest.json", Path.unlink),
}


@pytest.mark.parametrize("damage", _DAMAGE)
@pytest.mark.usefixtures("folders")
def test_a_damaged_shard_takes_down_its_course_and_no_other(
    sqlite_library: Library, embedder: CountingEmbedder, damage: str
) -> None:
    before = {course: _top(sqlite_library, embedder, "loss", course) for course in ("first", "second")}
    name, break_it = _DAMAGE[damage]
    break_it(_shard(sqlite_library, "first") / name)
    index = open_index(sqlite_library, embedder)
    assert index.number == 2
    assert [shard.course for shard in index.generation.shards] == ["second"]
    found = index.find(Query("loss"))
    assert [(hit.passage.id, hit.score) for hit in found.hits(10)] == before["second"]
    for degraded in (index.degraded, found.degraded):
        assert [("course first" in reason, "lectures reindex" in reason) for reason in degraded] == [(True, True)]
    with pytest.raises(CorruptIndex, match=r"course first .*lectures reindex"):
        index.find(Query("loss", Filters(course="first")))
    with pytest.raises(CorruptIndex, match="course first"):
        index.suggest("lo", 5, Filters(course="first"))
    # who may not read a course does not learn that it is there
    with pytest.raises(NotFound):
        index.find(Query("loss", Filters(course="first", courses=frozenset({"second"}))))
    assert any("course first" in sentence for sentence in find_damage(sqlite_library, embedder))
    with sqlite_library.writer():
        reindex(sqlite_library, embedder)
    assert find_damage(sqlite_library, embedder) == []
    assert {course: _top(sqlite_library, embedder, "loss", course) for course in before} == before


@given(place=st.floats(0, 1), bit=st.integers(0, 7))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_flipped_bit_anywhere_in_a_shard_is_noticed(
    folders: dict[str, Path], sqlite_library: Library, embedder: CountingEmbedder, place: float, bit: int
) -> None:
    assert len(folders) == 2
    shard = _shard(sqlite_library, "first")
    for name in ("shard.safetensors", "manifest.json"):
        whole = (shard / name).read_bytes()
        content = bytearray(whole)
        content[min(int(len(content) * place), len(content) - 1)] ^= 1 << bit
        (shard / name).write_bytes(content)
        generation, degraded = open_served(sqlite_library, embedder)
        assert (list(generation.damaged), degraded) == (["first"], ())
        (shard / name).write_bytes(whole)
    assert open_served(sqlite_library, embedder)[0].damaged == {}


def test_a_damaged_course_is_mended_by_taking_it_up_changed_and_others_are_taken_up_beside_it(
    folders: dict[str, Path], sqlite_library: Library, embedder: CountingEmbedder
) -> None:
    flip(_shard(sqlite_library, "first") / "shard.safetensors", 0.5)
    write_course(folders["second"], "Second", ["Attention\nattention heads", "Momentum\nrolls downhill"])
    ingest(folders["second"], sqlite_library, embedder)
    index = open_index(sqlite_library, embedder)
    assert (list(index.generation.damaged), index.find(Query("momentum")).total) == (["first"], 1)
    write_course(folders["first"], "First", ["Dropout\nzero activations", "Kernel\nslides over"])
    ingest(folders["first"], sqlite_library, embedder)
    assert open_index(sqlite_library, embedder).find(Query("kernel")).total == 1
    assert find_damage(sqlite_library, embedder) == []


@pytest.mark.usefixtures("folders")
def test_every_shard_damaged_is_an_index_of_which_nothing_is_left(
    sqlite_library: Library, embedder: CountingEmbedder
) -> None:
    for course in ("first", "second"):
        flip(_shard(sqlite_library, course) / "shard.safetensors", 0.5)
    index = open_index(sqlite_library, embedder)
    found = index.find(Query("loss"))
    assert (found.total, found.coverage, len(found.degraded)) == (0, Coverage.ABSENT, 2)


@pytest.mark.parametrize(
    "break_it",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-20]),
        lambda path: path.write_text(path.read_text("utf-8").replace('"shards"', '"chards"'), "utf-8"),
        lambda path: path.write_bytes(b"[]"),
        lambda path: path.write_bytes(b"[" * 100_000),
        lambda path: path.write_text(
            path.read_text("utf-8").replace('"manifest_sha256"', '"manifest_rha256"'), "utf-8"
        ),
        lambda path: path.write_text(path.read_text("utf-8").replace('"passages": 2', '"passages": "2"'), "utf-8"),
        lambda path: path.write_text(path.read_text("utf-8").replace('"number": 2', '"number": 1'), "utf-8"),
        lambda path: path.write_text(path.read_text("utf-8").replace('"name": "', '"name": "../'), "utf-8"),
        lambda path: path.write_text(path.read_text("utf-8").replace('"first"', '"second"'), "utf-8"),
        lambda path: path.write_text(path.read_text("utf-8").replace('"passages": 2', '"passages": 3'), "utf-8"),
        lambda path: path.write_bytes(b"\xff" + path.read_bytes()),
        lambda path: path.unlink(),
    ],
)
@pytest.mark.usefixtures("folders")
def test_where_the_manifest_of_a_generation_is_damaged_the_one_before_serves(
    sqlite_library: Library, embedder: CountingEmbedder, break_it: Callable[[Path], object]
) -> None:
    break_it(generation_file(sqlite_library.index_root, 2))
    generation, degraded = open_served(sqlite_library, embedder)
    assert (generation.manifest.number, [shard.course for shard in generation.shards]) == (1, ["first"])
    assert ["generation 2 is damaged" in reason and "generation 1 serves" in reason for reason in degraded] == [True]
    assert find_damage(sqlite_library, embedder)
    with sqlite_library.writer():
        reindex(sqlite_library, embedder)
    assert find_damage(sqlite_library, embedder) == []
    assert open_served(sqlite_library, embedder)[1] == ()


@pytest.mark.usefixtures("folders")
def test_a_manifest_that_says_other_things_than_was_recorded_is_noticed(
    sqlite_library: Library, embedder: CountingEmbedder
) -> None:
    path = generation_file(sqlite_library.index_root, 2)
    path.write_text(path.read_text("utf-8").replace('"passages": 2', '"passages": 3'), "utf-8")
    assert any("not the one in the database" in sentence for sentence in find_damage(sqlite_library, embedder))
    assert not sqlite_library.is_current(embedder)


def test_a_single_damaged_generation_is_refused(
    sqlite_library: Library, course_folder: Path, embedder: CountingEmbedder
) -> None:
    ingest(course_folder, sqlite_library, embedder)
    generation_file(sqlite_library.index_root, 1).write_bytes(b"{")
    with pytest.raises(CorruptIndex, match=r"gen-000001\.json is damaged; run `lectures reindex`"):
        open_served(sqlite_library, embedder)


@pytest.mark.parametrize("content", [b"", b"x\n", b"\xff\n", b"99\n", b"2_0\n", b"-1", b"2\n" * 1000])
@pytest.mark.usefixtures("folders")
def test_a_damaged_pointer_is_said_and_the_newest_generation_serves(
    sqlite_library: Library, embedder: CountingEmbedder, content: bytes
) -> None:
    (sqlite_library.index_root / "CURRENT").write_bytes(content)
    generation, degraded = open_served(sqlite_library, embedder)
    assert (generation.manifest.number, ["pointer" in reason for reason in degraded]) == (2, [True])
    assert find_damage(sqlite_library, embedder) == list(degraded)
    with sqlite_library.writer():
        pass
    assert (sqlite_library.served_number(), find_damage(sqlite_library, embedder)) == (2, [])
    assert open_served(sqlite_library, embedder)[1] == ()


@pytest.mark.usefixtures("folders")
def test_a_damaged_pointer_and_a_database_that_is_away_leave_the_newest_good_generation(
    sqlite_library: Library, embedder: CountingEmbedder
) -> None:
    (sqlite_library.index_root / "CURRENT").write_bytes(b"?")
    Path(str(sqlite_library.database.url.database)).write_bytes(b"no database")
    for number in (2, 1):
        generation, degraded = open_served(sqlite_library, embedder)
        assert (generation.manifest.number, "pointer" in degraded[0]) == (number, True)
        generation_file(sqlite_library.index_root, number).write_bytes(b"{")
    with pytest.raises(CorruptIndex, match=r"gen-000002\.json is damaged"):
        open_served(sqlite_library, embedder)


@pytest.mark.usefixtures("folders")
def test_a_reader_that_starts_after_a_writer_died_before_the_pointer_serves_what_was_committed(
    sqlite_library: Library, embedder: CountingEmbedder
) -> None:
    (sqlite_library.index_root / "CURRENT").write_text("1\n")
    generation, degraded = open_served(sqlite_library, embedder)
    assert (generation.manifest.number, degraded) == (2, ())
    assert find_damage(sqlite_library, embedder) == []


def test_what_is_published_while_damage_is_looked_for_is_none(
    sqlite_library: Library,
    folders: dict[str, Path],
    embedder: CountingEmbedder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = Library(sqlite_library.database.url.render_as_string(), sqlite_library.data_dir)
    numbers = iter(range(1))

    def publish_once(library: Library, slug: str) -> str | None:
        for number in numbers:
            write_course(folders["second"], "Second", [f"Kernel\nnumber {number}"])
            ingest(folders["second"], other, embedder)
            write_course(folders["first"], "First", [f"Momentum\nnumber {number}"])
            ingest(folders["first"], other, embedder)
        return row_damage(library, slug)

    monkeypatch.setattr("index.damage.row_damage", publish_once)
    assert find_damage(sqlite_library, embedder) == []
    other.close()


@pytest.mark.usefixtures("folders")
def test_an_index_folder_that_is_gone_is_a_fault_that_reindex_mends(
    sqlite_library: Library, embedder: CountingEmbedder
) -> None:
    shutil.rmtree(sqlite_library.index_root)
    with pytest.raises(IndexUnavailable, match=r"Generation 2 is not on disk; run `lectures reindex`"):
        open_served(sqlite_library, embedder)
    assert any("lectures reindex" in sentence for sentence in find_damage(sqlite_library, embedder))
    with sqlite_library.writer():
        reindex(sqlite_library, embedder)
    assert find_damage(sqlite_library, embedder) == []


def test_a_stored_file_that_is_damaged_or_gone_is_named(
    folders: dict[str, Path], sqlite_library: Library, embedder: CountingEmbedder
) -> None:
    assert len(folders) == 2
    one, other = sorted((sqlite_library.data_dir / "files").rglob("*.pdf"))
    flip(one, 0.5)
    other.unlink()
    said = find_damage(sqlite_library, embedder)
    assert [sentence.split()[3] for sentence in said] == sorted([one.stem, other.stem])


# --- the format before ---------------------------------------------------------------------------------------


@pytest.fixture
def old(folders: dict[str, Path], sqlite_library: Library) -> dict[str, Path]:
    """An index of the format before: a folder a generation, no shards."""
    root = sqlite_library.index_root
    shutil.rmtree(root)
    for number in (1, 2):
        folder = root / f"gen-00000{number}"
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text(f'{{"format": 2, "number": {number}}}', "utf-8")
        (folder / "passages.db").write_bytes(b"SQLite format 3\0")
    (root / "CURRENT").write_text("2\n", "ascii")
    return folders


def test_an_index_of_the_format_before_is_refused_with_the_command_that_mends_it(
    old: dict[str, Path], sqlite_library: Library, embedder: CountingEmbedder, tmp_path: Path
) -> None:
    with pytest.raises(IndexMismatch, match=r"older version; run `lectures reindex`"):
        open_served(sqlite_library, embedder)
    embedder.embedded.clear()
    another = write_course(tmp_path / "third", "Third", ["Kernel\nslides over"])
    for folder in (another, old["first"]):
        with pytest.raises(IndexMismatch, match=r"older version; run `lectures reindex`"):
            ingest(folder, sqlite_library, embedder)
    assert embedder.embedded == []
    assert [sentence for sentence in find_damage(sqlite_library, embedder) if "lectures reindex" in sentence]
    with sqlite_library.writer():
        assert reindex(sqlite_library, embedder) == 3
    assert find_damage(sqlite_library, embedder) == []
    assert [hit.passage.course_slug for hit in open_index(sqlite_library, embedder).find(Query("loss")).hits()] == [
        "first",
        "second",
    ]
    ingest(another, sqlite_library, embedder)
    write_course(another, "Third", ["Kernel\nslides over a picture"])
    ingest(another, sqlite_library, embedder)
    # two generations later nothing of the old format is left
    assert sorted(path.name for path in sqlite_library.index_root.iterdir()) == [
        "CURRENT",
        "gen-000004.json",
        "gen-000005.json",
        "shards",
    ]


def test_a_single_course_of_the_format_before_is_taken_up_again(
    sqlite_library: Library, course_folder: Path, embedder: CountingEmbedder
) -> None:
    ingest(course_folder, sqlite_library, embedder)
    shutil.rmtree(sqlite_library.index_root)
    (sqlite_library.index_root / "gen-000001").mkdir(parents=True)
    (sqlite_library.index_root / "CURRENT").write_text("1\n", "ascii")
    report = ingest(course_folder, sqlite_library, embedder)
    assert (report.changed, report.generation) == (True, 2)
    assert find_damage(sqlite_library, embedder) == []


def test_an_index_of_a_later_format_is_refused(
    folders: dict[str, Path], sqlite_library: Library, embedder: CountingEmbedder
) -> None:
    assert len(folders) == 2
    path = generation_file(sqlite_library.index_root, 2)
    path.write_text(path.read_text("utf-8").replace(f'"format": {FORMAT}', f'"format": {FORMAT + 1}'), "utf-8")
    with pytest.raises(IndexMismatch, match=f"format {FORMAT + 1}, not {FORMAT}; run `lectures reindex`"):
        open_served(sqlite_library, embedder)


def test_an_index_made_with_another_analysis_is_refused(
    folders: dict[str, Path], sqlite_library: Library, embedder: CountingEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(folders) == 2
    monkeypatch.setattr("index.served.ANALYSIS_VERSION", "analysis0")
    with pytest.raises(IndexMismatch, match=r"text analysis .*`lectures reindex`"):
        open_served(sqlite_library, embedder)


# --- what a writer that died left behind ---------------------------------------------------------------------


def _leave_behind(library: Library) -> list[Path]:
    """All that a writer can leave which was killed somewhere; in the database a vector that nothing needs."""
    root = library.index_root
    left = [
        library.data_dir / "unfinished",
        library.data_dir / "files" / "ab" / f"{'ab' * 32}.pdf",
        library.data_dir / "files" / ".new-xyz",
        library.data_dir / "pictures" / "ab" / f"{'ab' * 32}-1-400.webp",
        root / ".new-pointer",
        root / "gen-000009.json",
        root / "shards" / ".building-abc" / "shard.safetensors",
        root / "shards" / ("0" * 32) / "manifest.json",
    ]
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"left")
    with library.database.writing() as connection:
        own = connection.execute(sa.select(embeddings).limit(1)).one()
        for fingerprint, content_hash in ((own.fingerprint, "c" * 64), ("other:4+abc", own.content_hash)):
            values = {**own._mapping, "fingerprint": fingerprint, "content_hash": content_hash}
            connection.execute(sa.insert(embeddings).values(values))
    return left


def _keys(library: Library) -> set[tuple[str, str]]:
    with library.database.reading() as connection:
        rows = connection.execute(sa.select(embeddings.c.fingerprint, embeddings.c.content_hash))
        return {(row.fingerprint, row.content_hash) for row in rows}


@pytest.mark.parametrize("change", [False, True])
def test_what_a_killed_writer_left_is_gone_after_the_next_run_though_it_finds_nothing_to_do(
    folders: dict[str, Path], sqlite_library: Library, embedder: CountingEmbedder, change: bool
) -> None:
    before = _keys(sqlite_library)
    left = _leave_behind(sqlite_library)
    assert len(_keys(sqlite_library)) == len(before) + 2
    if change:
        write_course(folders["second"], "Second", ["Attention\nattention heads", "Loss\nanother loss", "New\npage"])
    assert ingest(folders["second"], sqlite_library, embedder).changed is change
    assert [path for path in left if path.exists()] == []
    assert not (sqlite_library.index_root / "shards" / ("0" * 32)).exists()
    assert not (sqlite_library.index_root / "shards" / ".building-abc").exists()
    assert len(_keys(sqlite_library)) == len(before) + change
    assert before <= _keys(sqlite_library)
    assert find_damage(sqlite_library, embedder) == []


def test_a_run_that_fails_leaves_the_sweeping_to_the_next(
    folders: dict[str, Path], sqlite_library: Library, embedder: CountingEmbedder
) -> None:
    with pytest.raises(RuntimeError), sqlite_library.writer():
        raise RuntimeError("as if killed")
    assert (sqlite_library.data_dir / "unfinished").exists()
    ingest(folders["second"], sqlite_library, embedder)
    assert not (sqlite_library.data_dir / "unfinished").exists()


def test_a_generation_that_was_never_committed_is_not_served_and_its_number_not_taken(
    folders: dict[str, Path], sqlite_library: Library, embedder: CountingEmbedder
) -> None:
    root = sqlite_library.index_root
    shutil.copy(generation_file(root, 2), generation_file(root, 3))  # as if killed before the rows were committed
    sqlite_library.recover()
    assert (sqlite_library.served_number(), generation_numbers(root)) == (2, [1, 2])
    assert ingest(folders["second"], sqlite_library, embedder).generation == 2


def test_where_one_generation_cannot_be_read_no_shard_is_swept_away(
    folders: dict[str, Path], sqlite_library: Library, embedder: CountingEmbedder
) -> None:
    assert len(folders) == 2
    root = sqlite_library.index_root
    shards = sorted(path.name for path in (root / "shards").iterdir())
    generation_file(root, 2).write_bytes(b"{")
    sqlite_library.recover()
    assert sorted(path.name for path in (root / "shards").iterdir()) == shards
    assert open_index(sqlite_library, embedder).find(Query("dropout")).total == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_writer_on_another_machine_is_told_of(library: Library) -> None:
    """The file lock keeps apart writers on this machine only; elsewhere the database's lock does."""
    waits: list[str] = []

    def stop() -> None:
        waits.append("waits")
        raise InterruptedError

    with (
        tempfile.TemporaryDirectory() as elsewhere,
        library.writer(),
        pytest.raises(InterruptedError),
        writer_lock(library.database, Path(elsewhere), stop),
    ):
        pass
    assert waits == ["waits"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_writer_whose_lock_went_with_its_connection_ends_as_any_other(library: Library) -> None:
    with library.writer(), library.database.reading() as connection:
        ended = connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_database ON database = pg_database.oid"
            " WHERE locktype = 'advisory' AND datname = current_database()"
        )
        assert ended.scalars().all() == [True]
    with library.writer():
        pass


def test_what_a_writer_that_died_at_its_start_left_is_swept_by_the_next(sqlite_library: Library) -> None:
    sqlite_library.data_dir.mkdir(exist_ok=True)
    (sqlite_library.data_dir / ".new-x").write_bytes(b"")
    with sqlite_library.writer():
        pass
    assert [path.name for path in sqlite_library.data_dir.iterdir() if path.name.startswith(".new-")] == []
    assert not (sqlite_library.data_dir / "unfinished").exists()


def test_what_was_written_stands_if_leftovers_cannot_be_swept(
    sqlite_library: Library, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_path: Path, *, missing_ok: bool = False) -> None:  # noqa: ARG001
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched, sqlite_library.writer():
        patched.setattr(Path, "unlink", refuse)
    assert "cannot be swept now: Input/output error" in caplog.text
    with sqlite_library.writer():
        pass
    assert not (sqlite_library.data_dir / "unfinished").exists()
