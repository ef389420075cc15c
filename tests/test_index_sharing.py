"""A shared storage, a folder and a real S3 server: what one machine publishes another fetches, checks and serves."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from shared_storage import Faults, s3_server
from support import CountingEmbedder, flip, ingest, open_index, write_course, write_pdf

from index.backup import write_backup
from index.damage import find_damage
from index.depot import DepotAway, ObjectMissing, open_depot
from index.engine.manifest import generation_numbers, read_generation, shard_folder
from index.errors import CorruptIndex, StorageError
from index.follow import Followed, follow
from index.library import Library
from index.publish import forget_course, reindex
from index.sharing import Published
from index.types import Filters, Query

_PLENTY = 1 << 30


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a shared storage."""
    if request.param == "folder":
        (tmp_path / "shared").mkdir()
        yield str(tmp_path / "shared")
        return
    with s3_server(monkeypatch) as (url, _):
        yield url


Machines = Callable[[str], Library]


@pytest.fixture
def machine(tmp_path: Path, place: str) -> Iterator[Machines]:
    """Machines by name: folders of their own, one database, one shared storage."""
    made: dict[str, Library] = {}

    def named(name: str) -> Library:
        if name not in made:
            made[name] = Library(f"sqlite:///{tmp_path / 'lectures.db'}", tmp_path / name, place)
            made[name].database.migrate()
        return made[name]

    yield named
    for library in made.values():
        library.close()


def _follow(library: Library, *, thorough: bool = False) -> Followed:
    return follow(library, thorough=thorough)


def _top(library: Library, embedder: CountingEmbedder, query: str = "dropout") -> list[tuple[str, float]]:
    hits = open_index(library, embedder).find(Query(query, Filters())).hits(10)
    return [(hit.passage.id, hit.score) for hit in hits]


# --- the place itself ----------------------------------------------------------------------------------------


def test_objects_are_put_found_and_removed(place: str, tmp_path: Path) -> None:
    depot = open_depot(place)
    assert (depot.size("a/b.txt"), depot.names("a"), depot.names("")) == (None, [], [])
    with pytest.raises(ObjectMissing, match=r"b\.txt"):
        depot.read("a/b.txt")
    with pytest.raises(ObjectMissing):
        depot.fetch("a/b.txt", tmp_path / "fetched")
    (tmp_path / "file").write_bytes(b"12345")
    depot.put("a/b.txt", tmp_path / "file")
    depot.put_bytes("a/empty", b"")
    depot.put_bytes("a/c/d", b"x")
    assert (depot.size("a/b.txt"), depot.size("a/empty"), depot.size("a")) == (5, 0, None)
    assert (depot.names("a"), depot.read("a/b.txt")) == (["b.txt", "c", "empty"], b"12345")
    depot.put_bytes("a/b.txt", b"other")
    depot.fetch("a/b.txt", tmp_path / "fetched")
    assert (tmp_path / "fetched").read_bytes() == b"other"
    depot.remove(["a/b.txt", "a/none"])
    assert depot.names("a") == ["c", "empty"]


def test_what_was_left_half_written_in_a_folder_leaves_a_day_later(tmp_path: Path) -> None:
    depot = open_depot(str(tmp_path))
    depot.put_bytes("a/whole", b"1")
    old, young = tmp_path / "a" / ".new-old", tmp_path / "a" / ".new-young"
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    depot.sweep()
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == [".new-young", "whole"]


def test_a_place_of_no_known_kind_is_refused_with_what_to_install() -> None:
    with pytest.raises(StorageError, match=r"pip install '\.\[storage\]'"):
        open_depot("nowhere://bucket")


def test_nothing_is_written_where_a_volume_is_not_mounted(tmp_path: Path) -> None:
    depot = open_depot(str(tmp_path / "volume"))
    with pytest.raises(DepotAway, match=r"volume is not there"):
        depot.put_bytes("index/published/1", b"")
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(DepotAway):
        depot.put("files/x", tmp_path / "file")
    assert not (tmp_path / "volume").exists()


# --- one publishes, another serves ---------------------------------------------------------------------------


def test_what_one_machine_publishes_another_serves_alike(
    machine: Machines, course_folder: Path, embedder: CountingEmbedder
) -> None:
    writer, reader = machine("writer"), machine("reader")
    assert _follow(reader) == Followed(None, None)
    ingest(course_folder, writer, embedder)
    assert _follow(reader) == Followed(1, 1)
    assert _top(reader, embedder) == _top(writer, embedder) != []
    assert find_damage(reader, embedder) == find_damage(writer, embedder) == []
    write_pdf(course_folder / "one.pdf", ["Dropout\nzero half of the activations, again"])
    ingest(course_folder, writer, embedder)
    assert _follow(reader) == Followed(2, 2)
    assert _top(reader, embedder) == _top(writer, embedder)


def test_originals_are_fetched_when_they_are_read_and_leave_when_nobody_asks(
    machine: Machines, course_folder: Path, embedder: CountingEmbedder
) -> None:
    writer, reader = machine("writer"), machine("reader")
    ingest(course_folder, writer, embedder)
    _follow(reader)
    stored = sorted(path.name for path in (writer.data_dir / "files").glob("??/*"))
    assert stored
    assert not list((reader.data_dir / "files").glob("??/*"))
    for name in stored:
        sha256, suffix = name.split(".")[0], name[64:]
        assert reader.files.path(sha256, suffix).read_bytes() == writer.files.path(sha256, suffix).read_bytes()
    reader.files.trim(_PLENTY)
    assert len(list((reader.data_dir / "files").glob("??/*"))) == len(stored)
    reader.files.trim(0)
    assert not list((reader.data_dir / "files").glob("??/*"))
    forget_course(writer, embedder, "course")
    assert reader.files.path(stored[0].split(".")[0], stored[0][64:]).exists() is False


def test_any_machine_publishes_next_and_courses_of_others_stay(
    machine: Machines, tmp_path: Path, embedder: CountingEmbedder
) -> None:
    for number, name in enumerate(("first", "second", "third")):
        folder = write_course(tmp_path / name, name.title(), [f"Dropout\nzero activations of the {name} kind"])
        ingest(folder, machine(f"machine-{number}"), embedder)
    reader = machine("reader")
    assert _follow(reader) == Followed(3, 3)
    manifest, _ = read_generation(reader.index_root, 3)
    assert [shard.course for shard in manifest.shards] == ["first", "second", "third"]
    _follow(machine("machine-0"))
    assert find_damage(machine("machine-0"), embedder) == []


def test_an_unchanged_course_is_not_fetched_to_be_found_unchanged(
    machine: Machines, course_folder: Path, embedder: CountingEmbedder
) -> None:
    ingest(course_folder, machine("writer"), embedder)
    embedded = len(embedder.embedded)
    report = ingest(course_folder, machine("other"), embedder)
    assert (report.generation, len(embedder.embedded)) == (1, embedded)
    assert not list((machine("other").data_dir / "files").glob("??/*.json3"))


# --- a writer dies -------------------------------------------------------------------------------------------


def test_who_dies_before_it_says_so_is_finished_by_the_next_writer_anywhere(
    machine: Machines, course_folder: Path, embedder: CountingEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer, other, reader = machine("writer"), machine("other"), machine("reader")
    assert writer.shared is not None

    def die(_published: Published) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(writer.shared, "announce", die)
        with pytest.raises(KeyboardInterrupt):
            ingest(course_folder, writer, embedder)
    assert _follow(reader) == Followed(None, None)
    assert any("names nothing" in fault for fault in find_damage(writer, embedder))
    with other.writer():
        pass
    assert _follow(reader) == Followed(1, 1)
    assert _top(reader, embedder) == _top(other, embedder) != []


def test_who_dies_before_its_rows_are_committed_has_published_nothing(
    machine: Machines, course_folder: Path, embedder: CountingEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer, other, reader = machine("writer"), machine("other"), machine("reader")

    def die(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("index.publish.add_generation", die)
        with pytest.raises(KeyboardInterrupt):
            ingest(course_folder, writer, embedder)
    assert _follow(reader) == Followed(None, None)
    ingest(course_folder, other, embedder)
    assert _follow(reader) == Followed(1, 1)
    assert find_damage(reader, embedder) == []


def test_a_storage_that_is_named_later_gets_all_there_is(
    machine: Machines, tmp_path: Path, course_folder: Path, embedder: CountingEmbedder
) -> None:
    alone = Library(f"sqlite:///{tmp_path / 'lectures.db'}", tmp_path / "writer")
    alone.database.migrate()
    ingest(course_folder, alone, embedder)
    alone.close()
    with machine("writer").writer():
        pass
    assert _follow(machine("reader")) == Followed(1, 1)
    assert find_damage(machine("reader"), embedder) == []


# --- damage and loss -----------------------------------------------------------------------------------------


def test_a_damaged_copy_is_fetched_again(machine: Machines, course_folder: Path, embedder: CountingEmbedder) -> None:
    ingest(course_folder, machine("writer"), embedder)
    reader = machine("reader")
    _follow(reader)
    manifest, _ = read_generation(reader.index_root, 1)
    flip(shard_folder(reader.index_root, manifest.shards[0].name) / "shard.safetensors")
    assert find_damage(reader, embedder) != []
    _follow(reader, thorough=True)
    assert find_damage(reader, embedder) == []


def test_what_is_damaged_in_the_storage_is_not_taken(
    machine: Machines, course_folder: Path, embedder: CountingEmbedder
) -> None:
    writer, reader = machine("writer"), machine("reader")
    ingest(course_folder, writer, embedder)
    assert writer.shared is not None
    depot = writer.shared.depot
    (shard,) = depot.names("index/shards")
    key = f"index/shards/{shard}/shard.safetensors"
    content = depot.read(key)
    depot.put_bytes(key, content[: len(content) // 2] + b"?" + content[len(content) // 2 + 1 :])
    with pytest.raises(CorruptIndex, match="differs from its manifest"):
        _follow(reader)
    assert (reader.served_number(), generation_numbers(reader.index_root)) == (None, [])
    assert not list(reader.index_root.glob(".fetching-*"))


def test_what_is_damaged_in_the_storage_is_made_anew_by_what_is_said_of_it(
    machine: Machines, course_folder: Path, embedder: CountingEmbedder
) -> None:
    writer, reader = machine("writer"), machine("reader")
    ingest(course_folder, writer, embedder)
    assert writer.shared is not None
    depot = writer.shared.depot
    (shard,), (folder, *_) = depot.names("index/shards"), depot.names("files")
    original = depot.names(f"files/{folder}")[0]
    for key in (f"index/shards/{shard}/shard.safetensors", f"files/{folder}/{original}"):
        content = depot.read(key)
        depot.put_bytes(key, content[:-9] + b"?" + content[-8:])
    sha256, suffix = original[:64], original[64:]
    with pytest.raises(StorageError, match="is damaged; ingest its course again"):
        reader.files.path(sha256, suffix)
    assert any(sha256 in fault for fault in find_damage(writer, embedder))
    with writer.writer(anew=True):
        reindex(writer, embedder)
    assert _follow(reader) == Followed(2, 2)
    ingest(course_folder, writer, embedder)
    assert find_damage(reader, embedder) == find_damage(writer, embedder) == []
    assert reader.files.path(sha256, suffix).read_bytes() == writer.files.path(sha256, suffix).read_bytes()


def test_what_another_machine_sweeps_while_it_is_prepared_is_stored_again(
    machine: Machines, course_folder: Path, tmp_path: Path, embedder: CountingEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = machine("first"), machine("second")
    ingest(write_course(tmp_path / "other", "Other", ["Loss\nloss function"]), first, embedder)
    prepared = second.writer

    def swept_before(*arguments: object, **options: bool) -> object:
        with first.writer():
            first.sweep_all()
        return prepared(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(second, "writer", swept_before)
    ingest(course_folder, second, embedder)
    _follow(first)
    assert find_damage(first, embedder) == find_damage(second, embedder) == []
    for path in (second.data_dir / "files").glob("??/*"):
        assert first.files.path(path.name[:64], path.name[64:]).read_bytes() == path.read_bytes()


def test_an_ingest_goes_on_where_another_machine_publishes_at_that_moment(
    machine: Machines, course_folder: Path, tmp_path: Path, embedder: CountingEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = machine("first"), machine("second")
    ingest(write_course(tmp_path / "other", "Other", ["Loss\nloss function"]), first, embedder)
    monkeypatch.setattr("ingest.pipeline.follow", lambda *_arguments, **_options: None)  # as it was a moment ago
    assert ingest(course_folder, second, embedder).generation == 2


def test_one_of_many_who_ask_for_a_file_fetches_it(
    machine: Machines, course_folder: Path, embedder: CountingEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer, reader = machine("writer"), machine("reader")
    ingest(course_folder, writer, embedder)
    path = next(iter((writer.data_dir / "files").glob("??/*.pdf")))
    assert reader.shared is not None
    fetched: list[str] = []
    fetch = reader.shared.depot.fetch

    def counted(key: str, target: Path) -> None:
        fetched.append(key)
        fetch(key, target)

    monkeypatch.setattr(reader.shared.depot, "fetch", counted)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: reader.files.path(path.name[:64], ".pdf").read_bytes(), range(8)))
    assert (len(fetched), set(found)) == (1, {path.read_bytes()})


def test_a_sweep_that_fails_takes_nothing_back(
    machine: Machines, course_folder: Path, embedder: CountingEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = machine("writer")
    assert writer.shared is not None

    def refuse() -> None:
        raise DepotAway("The shared storage does not answer.")

    with monkeypatch.context() as patch:
        patch.setattr(writer.shared, "sweep", refuse)
        assert ingest(course_folder, writer, embedder).generation == 1
    assert (writer.data_dir / "unfinished").exists()
    with writer.writer():
        pass
    assert not (writer.data_dir / "unfinished").exists()
    assert _follow(machine("reader")) == Followed(1, 1)


def test_a_storage_that_is_suddenly_empty_is_no_new_one(
    tmp_path: Path, course_folder: Path, embedder: CountingEmbedder
) -> None:
    (tmp_path / "volume").mkdir()
    library = Library(f"sqlite:///{tmp_path / 'lectures.db'}", tmp_path / "data", str(tmp_path / "volume"))
    library.database.migrate()
    ingest(course_folder, library, embedder)
    shutil.move(tmp_path / "volume", tmp_path / "unmounted")
    (tmp_path / "volume").mkdir()
    write_pdf(course_folder / "one.pdf", ["Dropout\nanother page"])
    with pytest.raises(StorageError, match="see whether it is mounted"):
        ingest(course_folder, library, embedder)
    assert list((tmp_path / "volume").glob("index/*")) == []
    with library.writer(anew=True):
        reindex(library, embedder)
    assert _follow(library) == Followed(2, 2)
    library.close()


def test_what_was_said_damaged_and_is_stored_anew_is_said_no_more(machine: Machines, tmp_path: Path) -> None:
    """Also where it had gone meanwhile; and what nobody refers to is not remembered as damaged."""
    files = machine("writer").files
    shared = machine("writer").shared
    assert shared is not None
    depot = shared.depot
    pdf = write_pdf(tmp_path / "one.pdf", ["Dropout"])
    sha256 = files.add(pdf, ".pdf")
    depot.put_bytes(f"damaged/{sha256}", b"")
    depot.remove([f"files/{sha256[:2]}/{sha256}.pdf"])
    files.add(pdf, ".pdf")
    assert (depot.names("damaged"), files.intact_hashes()) == ([], {sha256})
    depot.put_bytes(f"damaged/{sha256}", b"")
    files.sweep(set())
    assert (depot.names("damaged"), files.intact_hashes()) == ([], set())


def test_a_storage_is_listed_once_for_each_folder_and_not_for_each_file(
    machine: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer, reader = machine("writer"), machine("reader")
    contents = (str(number).encode() for number in range(2_000))
    alike = [content for content in contents if hashlib.sha256(content).hexdigest().startswith("ab")]
    added = {writer.files.add_bytes(content, ".pdf") for content in alike[:3]}
    assert reader.shared is not None
    depot = reader.shared.depot
    folders: list[str] = []
    names = depot.names

    def noted(folder: str) -> list[str]:
        folders.append(folder)
        return names(folder)

    monkeypatch.setattr(depot, "names", noted)
    found = dict(reader.files.named(added))
    assert {sha256: [path.name for path in paths] for sha256, paths in found.items()} == {
        sha256: [f"{sha256}.pdf"] for sha256 in added
    }
    assert (len(added), folders) == (3, ["files/ab"])


def test_a_backup_is_written_without_an_original_that_is_damaged_in_the_storage(
    machine: Machines, course_folder: Path, tmp_path: Path, embedder: CountingEmbedder
) -> None:
    ingest(course_folder, machine("writer"), embedder)
    reader = machine("reader")
    _follow(reader)
    assert reader.shared is not None
    depot = reader.shared.depot
    folder = depot.names("files")[0]
    key = f"files/{folder}/{depot.names(f'files/{folder}')[0]}"
    depot.put_bytes(key, depot.read(key)[:-1] + b"?")
    backup = write_backup(reader, tmp_path / "backup.zip")
    assert any(key[9:73] in problem for problem in backup.problems)


def test_a_folder_of_another_installation_is_refused(
    machine: Machines, tmp_path: Path, course_folder: Path, embedder: CountingEmbedder
) -> None:
    ingest(course_folder, machine("writer"), embedder)
    alone = Library(f"sqlite:///{tmp_path / 'other.db'}", tmp_path / "reader")
    alone.database.migrate()
    ingest(course_folder, alone, embedder)
    reindex(alone, embedder)
    alone.close()
    with pytest.raises(StorageError, match="another installation"):
        _follow(machine("reader"))


def test_old_generations_leave_and_numbers_go_on_with_a_new_database(
    machine: Machines,
    tmp_path: Path,
    place: str,
    course_folder: Path,
    embedder: CountingEmbedder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("index.sharing._KEPT", 2)
    writer = machine("writer")
    ingest(course_folder, writer, embedder)
    for number in range(3):
        write_pdf(course_folder / "one.pdf", [f"Dropout\nzero half of the activations {number} times"])
        ingest(course_folder, writer, embedder)
    assert writer.shared is not None
    depot = writer.shared.depot
    assert len(depot.names("index/published")) == len(depot.names("index/shards")) == 2
    assert depot.names("index/published")[0].startswith("000003-")
    assert [name[:10] for name in depot.names("index") if name[:4] == "gen-"] == ["gen-000003", "gen-000004"]
    anew = Library(f"sqlite:///{tmp_path / 'anew.db'}", tmp_path / "anew", place)
    anew.database.migrate()
    with pytest.raises(StorageError, match="holds generation 4, which the database does not know"):
        ingest(course_folder, anew, embedder)
    assert _follow(machine("reader")) == Followed(4, 4)
    with anew.writer(anew=True):
        assert reindex(anew, embedder) == 5
    assert ingest(course_folder, anew, embedder).generation == 6
    anew.close()


def test_a_storage_that_is_away_stops_writers_before_anything_is_changed(
    tmp_path: Path, course_folder: Path, embedder: CountingEmbedder
) -> None:
    shared = tmp_path / "volume"
    shared.mkdir()
    library = Library(f"sqlite:///{tmp_path / 'lectures.db'}", tmp_path / "data", str(shared))
    library.database.migrate()
    ingest(course_folder, library, embedder)
    shutil.move(shared, tmp_path / "unmounted")
    write_pdf(course_folder / "one.pdf", ["Dropout\nanother page"])
    with pytest.raises(DepotAway, match="is not there"):
        ingest(course_folder, library, embedder)
    assert (library.served_number(), _top(library, embedder) != []) == (1, True)
    shutil.move(tmp_path / "unmounted", shared)
    assert ingest(course_folder, library, embedder).generation == 2
    assert find_damage(library, embedder) == []
    library.close()


# --- faults on the way ---------------------------------------------------------------------------------------


@pytest.fixture
def faulty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Library, Library, Faults]]:
    """Two machines and an S3 server behind a connection that can fail; who tries again does so at once."""
    monkeypatch.setattr("index.depot._PAUSE_SECONDS", 0.0)
    with s3_server(monkeypatch) as (url, faults):
        made = [Library(f"sqlite:///{tmp_path / 'lectures.db'}", tmp_path / name, url) for name in ("one", "two")]
        for library in made:
            library.database.migrate()
        yield made[0], made[1], faults
        for library in made:
            library.close()


@pytest.mark.parametrize("wrong", ["503", "cut", "short", "slow"])
def test_each_request_may_fail_once(
    faulty: tuple[Library, Library, Faults], course_folder: Path, embedder: CountingEmbedder, wrong: str
) -> None:
    writer, reader, faults = faulty
    failed: set[tuple[str, str]] = set()

    def once(method: str, path: str) -> str | None:
        fails = (method, path) not in failed
        failed.add((method, path))
        return wrong if fails and (wrong != "short" or (method == "GET" and "list-type" not in path)) else None

    faults.wrong = once
    ingest(course_folder, writer, embedder)
    assert _follow(reader) == Followed(1, 1)
    assert _top(reader, embedder) == _top(writer, embedder) != []
    assert find_damage(reader, embedder) == []


def test_a_store_that_stays_away_costs_freshness_alone(
    faulty: tuple[Library, Library, Faults], course_folder: Path, embedder: CountingEmbedder
) -> None:
    writer, reader, faults = faulty
    ingest(course_folder, writer, embedder)
    _follow(reader)
    faults.wrong = lambda _method, _path: "503"
    with pytest.raises(DepotAway, match="refused or does not answer"):
        _follow(reader)
    with pytest.raises(DepotAway):
        ingest(course_folder, writer, embedder)
    assert _top(reader, embedder) != []


def test_a_stale_listing_shows_the_generation_before_and_never_goes_back(
    faulty: tuple[Library, Library, Faults], course_folder: Path, embedder: CountingEmbedder
) -> None:
    writer, reader, faults = faulty
    ingest(course_folder, writer, embedder)
    assert _follow(reader) == Followed(1, 1)
    write_pdf(course_folder / "one.pdf", ["Dropout\nanother page"])
    ingest(course_folder, writer, embedder)
    faults.wrong = lambda _method, _path: "stale"
    assert _follow(reader).here in (1, 2)
    assert _follow(writer).here == 2
    faults.wrong = lambda _method, _path: None
    assert _follow(reader) == Followed(2, 2)
