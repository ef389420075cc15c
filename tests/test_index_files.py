"""A disk that refuses: errors of ours that name the place, wherever a writer writes; nothing is left half done."""

from __future__ import annotations

import errno
import gc
import os
import tempfile
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from support import CountingEmbedder, ingest, open_index, write_course, write_pdf

from index.damage import find_damage
from index.errors import StorageError
from index.files import folder_bytes, write_durably
from index.library import Library
from index.originals import FileStore
from index.served import open_served
from index.store.tables import embeddings
from index.types import Query
from ingest.web import WebLimits, fetch


def _refusing(real: Callable[..., Any], when: Callable[..., bool], code: int) -> Callable[..., Any]:
    def call(*arguments: Any, **named: Any) -> Any:
        if when(*arguments, **named):
            raise OSError(code, os.strerror(code))
        return real(*arguments, **named)

    return call


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS])
@pytest.mark.parametrize("place", ["temporary", "folder", "lock", "rename", "fsync"])
def test_a_disk_that_refuses_is_an_error_of_ours_and_what_was_served_is_served(
    sqlite_library: Library,
    course_folder: Path,
    embedder: CountingEmbedder,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    code: int,
) -> None:
    ingest(course_folder, sqlite_library, embedder)
    write_pdf(course_folder / "one.pdf", ["Kernel\nslides over a picture"])
    refusals = {
        "temporary": (tempfile, "mkstemp", lambda *_, **__: True),
        "folder": (tempfile, "mkdtemp", lambda *_, **named: "building" in named.get("prefix", "")),
        "lock": (Path, "open", lambda path, *_, **__: path.name == "writer.lock"),
        "rename": (Path, "replace", lambda *_: True),
        "fsync": (os, "fsync", lambda *_: True),
    }
    owner, name, when = refusals[place]
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, _refusing(getattr(owner, name), when, code))
        with pytest.raises(StorageError, match=os.strerror(code)):
            ingest(course_folder, sqlite_library, embedder)
    assert open_index(sqlite_library, embedder).find(Query("dropout")).total
    ingest(course_folder, sqlite_library, embedder)
    assert open_index(sqlite_library, embedder).find(Query("kernel")).total == 1
    assert find_damage(sqlite_library, embedder) == []
    assert not [path for path in sqlite_library.data_dir.rglob(".*") if path.name.startswith((".new-", ".building-"))]


def test_who_reads_a_file_that_is_replaced_reads_the_old_one_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_durably(path, b"old")
    with path.open("rb") as reader:
        write_durably(path, b"new, and longer")
        assert reader.read() == b"old"
    assert path.read_bytes() == b"new, and longer"


def test_a_file_that_the_disk_does_not_give_back_is_not_intact(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    whole = store.add_bytes(b"whole", ".pdf")
    away = store.add_bytes(b"away", ".tar")
    for path in dict(store.named([away]))[away]:  # gone between the list and the look, as far as reading it goes
        path.unlink()
        path.symlink_to(tmp_path / "nowhere")
    assert store.intact_hashes() == {whole}


def test_folders_that_cannot_be_made_are_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "source").write_bytes(b"x")
    store = FileStore(tmp_path / "file" / "files")
    for call in (
        lambda: store.add(tmp_path / "source", ".pdf"),
        lambda: store.add_bytes(b"x", ".pdf"),
        lambda: write_durably(tmp_path / "file" / "x", b""),
        lambda: fetch("https://127.0.0.1/a.pdf", tmp_path / "file" / "sources", WebLimits()),
    ):
        with pytest.raises(StorageError, match=f"{tmp_path / 'file'}"):
            call()


def test_what_a_writer_left_that_died_before_tidying_is_gone_after_the_next_run_that_changes_nothing(
    sqlite_library: Library, course_folder: Path, embedder: CountingEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(course_folder, sqlite_library, embedder)
    write_pdf(course_folder / "one.pdf", ["Kernel\nslides over a picture"])

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("index.publish._forget", die)
        with pytest.raises(Killed):
            ingest(course_folder, sqlite_library, embedder)

    def counts() -> tuple[int, int]:
        with sqlite_library.database.reading() as connection:
            kept = connection.scalar(sa.select(sa.func.count()).select_from(embeddings)) or 0
        return kept, len(list((sqlite_library.data_dir / "files").glob("??/*")))

    before = counts()
    assert not ingest(course_folder, sqlite_library, embedder).changed
    after = counts()
    assert (before[0] - after[0], before[1] - after[1]) == (3, 1)
    assert find_damage(sqlite_library, embedder) == []


def test_generations_that_are_not_served_any_more_are_let_go_of(
    sqlite_library: Library, tmp_path: Path, embedder: CountingEmbedder
) -> None:
    folder = write_course(tmp_path / "course", "Course", ["Loss\nnumber 0"])
    ingest(folder, sqlite_library, embedder)
    known: dict[str, Any] = {}
    gone: list[weakref.ref[Any]] = []
    for number in range(1, 5):
        generation, _ = open_served(sqlite_library, embedder, known)
        index = open_index(sqlite_library, embedder)
        assert index.find(Query("loss")).hits()
        known = {shard.name: shard for shard in generation.shards}
        gone += [weakref.ref(generation), weakref.ref(index), weakref.ref(index.generation)]
        gone += [weakref.ref(shard) for shard in (*generation.shards, *index.generation.shards)]
        write_pdf(folder / "deck.pdf", [f"Loss\nnumber {number}"])
        ingest(folder, sqlite_library, embedder)
    del generation, index, known
    gc.collect()
    assert [kept for kept in (ref() for ref in gone) if kept is not None] == []
    maps = Path("/proc/self/maps").read_text("utf-8")
    assert not [line for line in maps.splitlines() if str(sqlite_library.data_dir) in line and "shard" in line]


def test_what_reached_the_disk_last_of_a_stored_file_is_one_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is made beside the folder in which it is to lie: both are told to be durable after it has moved."""
    durable: dict[Path, list[str]] = {}

    def fsync(folder: Path) -> None:
        durable[folder] = sorted(path.name for path in folder.iterdir())

    for module in ("index.files", "index.originals"):
        monkeypatch.setattr(f"{module}.fsync_folder", fsync)
    sha256 = FileStore(tmp_path / "files").add_bytes(b"a deck", ".pdf")
    assert durable[tmp_path / "files"] == [sha256[:2]]
    assert durable[tmp_path / "files" / sha256[:2]] == [f"{sha256}.pdf"]


def test_what_goes_while_a_folder_is_measured_is_not_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sub").mkdir()
    for name, size in (("stays", 300), ("goes", 50), ("sub/stays", 7)):
        (tmp_path / name).write_bytes(b"x" * size)
    look = os.lstat

    def gone(path: str) -> os.stat_result:
        if path.endswith("/goes"):
            Path(path).unlink()
        return look(path)

    monkeypatch.setattr(os, "lstat", gone)
    assert folder_bytes(tmp_path) == 307
