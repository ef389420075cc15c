"""The whole installation in one file: as it was at one moment, back as it was, and nothing of a damaged one."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import random
import re
import stat
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from support import CountingEmbedder, ingest, open_index, own_database, write_course, write_pdf

from index.backup import LEFT_OUT, MANIFEST, _as_json, _lines, write_backup
from index.damage import find_damage
from index.errors import IndexUnavailable, InvalidRequest, LecturesError, StorageError
from index.library import Library
from index.publish import reindex
from index.restore import read_backup
from index.served import open_served
from index.store.jobs import add_job
from index.store.keys import create_key, find_key
from index.store.rows import new_id
from index.store.tables import courses, decks, lectures, metadata
from index.types import AccessScope, Query


def _rows(library: Library) -> dict[str, list[str]]:
    found = {}
    with library.database.reading() as connection:
        for table in metadata.sorted_tables:
            if table.name not in LEFT_OUT:
                rows = [[_as_json(value) for value in row] for row in connection.execute(sa.select(table))]
                found[table.name] = sorted(map(str, rows))
    return found


def _files(library: Library) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (library.data_dir / "files").glob("??/*")}


def _top(library: Library, embedder: CountingEmbedder) -> list[tuple[str, float]]:
    return [(hit.passage.id, hit.score) for hit in open_index(library, embedder).find(Query("gradient loss")).hits()]


def _empty(place: Path) -> Library:
    library = Library(own_database(place), place)
    library.database.migrate()
    return library


@pytest.fixture
def backup(sqlite_library: Library, course_folder: Path, tmp_path: Path, embedder: CountingEmbedder) -> Path:
    """A backup of one course with slides and speech, a job and a key."""
    ingest(course_folder, sqlite_library, embedder)
    with sqlite_library.database.writing() as connection:
        add_job(connection, "somewhere", {"course": "course"})
    write_backup(sqlite_library, tmp_path / "backup.zip")
    return tmp_path / "backup.zip"


def test_what_was_backed_up_comes_back_in_any_database(
    library: Library, course_folder: Path, tmp_path: Path, embedder: CountingEmbedder
) -> None:
    """From SQLite to SQLite and PostgreSQL, and from there to SQLite again."""
    source = _empty(tmp_path / "source")
    ingest(course_folder, source, embedder)
    ingest(write_course(tmp_path / "gone", "Gone", ["Loss\nloss function"]), source, embedder)
    with source.database.writing() as connection:
        _, secret = create_key(connection, "teacher", [AccessScope.SEARCH])
        add_job(connection, "somewhere", {"course": "course"})
        connection.execute(sa.delete(courses).where(courses.c.slug == "gone"))  # its ids are never given again
    file = tmp_path / "backup.zip"
    written = write_backup(source, file)
    assert (written.courses, written.files, written.problems) == (1, len(_files(source)) - 1, ())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    restored = read_backup(library, file, embedder)
    assert (restored.courses, restored.problems) == (1, ())
    embedder.embedded.clear()
    again = _empty(tmp_path / "again")
    write_backup(library, tmp_path / "second.zip")
    assert read_backup(again, tmp_path / "second.zip", embedder).problems == ()
    assert embedder.embedded == []
    for other in (library, again):
        assert _rows(other) == _rows(source)
        assert _top(other, embedder)
        with other.database.writing() as connection:
            assert find_key(connection, secret) is not None
            lecture = connection.scalar(sa.select(sa.func.max(lectures.c.id)))
            values = {
                "lecture_id": lecture,
                "ordinal": 9,
                "path": "x",
                "kind": "slides",
                "title": "",
                "state": "ready",
                "page_count": 0,
            }
            assert new_id(connection, decks, values) == 4
        assert not list(other.data_dir.glob(".backup-*"))
    assert _files(library) == _files(again)
    source.close()
    again.close()


def test_backups_while_courses_change_are_each_of_one_moment(
    sqlite_library: Library, tmp_path: Path, embedder: CountingEmbedder
) -> None:
    stop = threading.Event()
    other = Library(sqlite_library.database.url.render_as_string(), sqlite_library.data_dir)
    folder = write_course(tmp_path / "course", "Course", ["Loss\nnumber 0"])
    ingest(folder, sqlite_library, embedder)

    def change() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            write_pdf(folder / "deck.pdf", [f"Loss\nnumber {number}", f"Gradient\nnumber {number}"])
            ingest(folder, other, CountingEmbedder())

    thread = threading.Thread(target=change)
    thread.start()
    try:
        files = [tmp_path / f"backup{number}.zip" for number in range(4)]
        problems = [write_backup(sqlite_library, file).problems for file in files]
    finally:
        stop.set()
        thread.join(60)
    assert problems == [()] * 4
    for number, file in enumerate(files):
        place = _empty(tmp_path / f"restored{number}")
        assert read_backup(place, file, embedder).problems == ()
        place.close()
    other.close()


def test_a_backup_that_is_cut_short_or_changed_is_refused_or_the_same(
    backup: Path, sqlite_library: Library, tmp_path: Path, embedder: CountingEmbedder
) -> None:
    whole, rows = backup.read_bytes(), _rows(sqlite_library)
    chance = random.Random(3)
    for size in [0, len(whole) // 2, len(whole) - 1]:
        backup.write_bytes(whole[:size])
        place = _empty(tmp_path / "cut")
        with pytest.raises(StorageError, match=r"backup\.zip is damaged .*Nothing was restored"):
            read_backup(place, backup, embedder)
        assert not any(_rows(place).values())
        place.close()
    refused = 0
    for number in range(16):
        content = bytearray(whole)
        content[chance.randrange(len(whole))] ^= 1 << (number % 8)
        backup.write_bytes(content)
        place = _empty(tmp_path / f"place{number}")
        try:
            read_backup(place, backup, embedder)
        except LecturesError:
            refused += 1
            assert not any(_rows(place).values())
            assert not (place.data_dir / "files").exists()
        else:
            assert _rows(place) == rows
        place.close()
    assert refused > 8


def _rewrite(file: Path, change: Callable[[dict[str, bytes], dict[str, Any]], None]) -> None:
    """Change a backup and make all of its hashes fit again, as somebody who knows the format would."""
    with zipfile.ZipFile(file) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(contents.pop(MANIFEST))
    change(contents, manifest)
    for name, content in contents.items():
        if name in manifest["entries"]:
            manifest["entries"][name] |= {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
        described = json.dumps(manifest).encode()
        archive.writestr(MANIFEST, described)
        archive.comment = hashlib.sha256(described).hexdigest().encode()


def _lead_out(contents: dict[str, bytes], manifest: dict[str, Any]) -> None:
    name = "files/../../" + "a" * 64
    contents[name] = b"evil"
    manifest["entries"][name] = {}


def _another_file(contents: dict[str, bytes], _manifest: dict[str, Any]) -> None:
    name = next(name for name in contents if name.startswith("files/"))
    contents[name] = b"evil"


def _no_row(contents: dict[str, bytes], _manifest: dict[str, Any]) -> None:
    contents["rows/lectures.jsonl"] = b"[" * 100_000 + b"\n"


def _newer(_contents: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["schema"] = "9999"


def _orphan(contents: dict[str, bytes], _manifest: dict[str, Any]) -> None:
    contents["rows/lectures.jsonl"] = b""


def _odd_schema(_contents: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["schema"] = "0001:head"


def _no_schema(_contents: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["schema"] = "0000"  # as a revision is written, and none


@pytest.mark.parametrize("change", [_lead_out, _another_file, _no_row, _newer, _orphan, _odd_schema, _no_schema])
def test_a_backup_that_was_made_up_brings_nothing(
    backup: Path, tmp_path: Path, embedder: CountingEmbedder, change: Callable[[dict[str, bytes], dict[str, Any]], None]
) -> None:
    _rewrite(backup, change)
    before = {path for path in tmp_path.rglob("*") if "deep" not in path.parts}
    place = _empty(tmp_path / "deep" / "deeper" / "data")
    with pytest.raises(StorageError):
        read_backup(place, backup, embedder)
    assert not any(_rows(place).values())
    assert not any(path.read_bytes() == b"evil" for path in tmp_path.rglob("*") if path.is_file())
    assert {path for path in tmp_path.rglob("*") if "deep" not in path.parts} == before
    place.close()


def test_what_the_manifest_does_not_list_is_never_read(
    backup: Path, tmp_path: Path, embedder: CountingEmbedder
) -> None:
    def add(contents: dict[str, bytes], _manifest: dict[str, Any]) -> None:
        contents["../../evil"] = b"evil"

    _rewrite(backup, add)
    place = _empty(tmp_path / "deep" / "data")
    assert read_backup(place, backup, embedder).problems == ()
    assert not list(tmp_path.rglob("evil"))
    place.close()


def test_a_backup_of_an_older_schema_is_brought_up_to_date(
    backup: Path, tmp_path: Path, embedder: CountingEmbedder
) -> None:
    def age(contents: dict[str, bytes], manifest: dict[str, Any]) -> None:
        manifest["schema"] = "0006"
        for table, column in (("courses", "rows_sha256"), ("embeddings", "sha256")):
            rows = [json.loads(line) for line in contents[f"rows/{table}.jsonl"].splitlines()]
            for row in rows:
                del row[column]
            contents[f"rows/{table}.jsonl"] = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
        for table in ("used_once", "signin_secrets"):
            del contents[f"rows/{table}.jsonl"], manifest["entries"][f"rows/{table}.jsonl"]

    _rewrite(backup, age)
    place = _empty(tmp_path / "place")
    assert read_backup(place, backup, embedder).problems == ()
    assert find_damage(place, embedder) == []
    place.close()


def test_an_installation_is_replaced_only_when_that_is_said(
    backup: Path, sqlite_library: Library, tmp_path: Path, embedder: CountingEmbedder
) -> None:
    before = _rows(sqlite_library)
    place = _empty(tmp_path / "place")
    ingest(write_course(tmp_path / "other", "Other", ["Loss\nanother loss"]), place, embedder)
    with pytest.raises(InvalidRequest, match="--replace"):
        read_backup(place, backup, embedder)
    assert read_backup(place, backup, embedder, replace=True).problems == ()
    assert _rows(place) == before
    assert _files(place).keys() == _files(sqlite_library).keys()
    place.close()


def test_a_restore_that_ends_before_its_index_serves_nothing_of_what_was_before(
    backup: Path,
    sqlite_library: Library,
    tmp_path: Path,
    embedder: CountingEmbedder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ingest(write_course(tmp_path / "other", "Other", ["Loss\nanother loss"]), sqlite_library, embedder)
    pointer = sqlite_library.index_root / "CURRENT"
    before = pointer.read_bytes()

    def die(*_: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("index.restore.reindex_intact", die)
        with pytest.raises(KeyboardInterrupt):
            read_backup(sqlite_library, backup, embedder, replace=True)
    with pytest.raises(IndexUnavailable):
        open_served(sqlite_library, embedder)
    sentence = "The database names no generation of the index; run `lectures reindex`."
    assert find_damage(sqlite_library, embedder) == [sentence]
    pointer.write_bytes(before)
    assert open_served(sqlite_library, embedder)[1] == (sentence,)
    assert find_damage(sqlite_library, embedder) == [sentence]
    reindex(sqlite_library, embedder)
    assert find_damage(sqlite_library, embedder) == []
    assert _top(sqlite_library, embedder)


def test_a_restore_that_was_broken_off_can_be_repeated(
    backup: Path, tmp_path: Path, embedder: CountingEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = _empty(tmp_path / "place")

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("index.restore._BackupFile.bring_rows", die)
        with pytest.raises(KeyboardInterrupt):
            read_backup(place, backup, embedder)
    assert _files(place)
    assert read_backup(place, backup, embedder).problems == ()
    with pytest.raises(InvalidRequest, match="--replace"):
        read_backup(place, backup, embedder)
    place.close()


@pytest.mark.sqlite
@pytest.mark.parametrize("first", [0, 100])  # no database at all, one without its schema
def test_a_damaged_database_is_moved_aside_as_is_said_and_the_backup_comes_back(
    backup: Path, sqlite_library: Library, tmp_path: Path, embedder: CountingEmbedder, first: int
) -> None:
    top = _top(sqlite_library, embedder)
    with sqlite_library.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    sqlite_library.close()
    path = Path(str(sqlite_library.database.url.database))
    content = path.read_bytes()
    path.write_bytes(content[:first] + bytes(2000) + content[first + 2000 :])
    advice = r"is damaged: .*\. Stop what uses .*move it aside .*`lectures restore FILE --replace`[^`]*$"
    for what in (
        sqlite_library.database.migrate,
        lambda: read_backup(sqlite_library, backup, embedder, replace=True),
        lambda: reindex(sqlite_library, embedder),
    ):
        with pytest.raises(StorageError, match=advice):
            what()
    (said,) = find_damage(sqlite_library, embedder)
    assert re.search(advice, said)
    assert said.count("restore") == 1
    sqlite_library.close()
    for part in path.parent.glob(f"{path.name}*"):
        part.rename(tmp_path / f"aside-{part.name}")
    sqlite_library.database.migrate()
    assert read_backup(sqlite_library, backup, embedder, replace=True).problems == ()
    assert _top(sqlite_library, embedder) == top


def test_rows_that_were_damaged_when_they_were_backed_up_are_a_problem_of_the_restore(
    sqlite_library: Library, course_folder: Path, tmp_path: Path, embedder: CountingEmbedder
) -> None:
    ingest(course_folder, sqlite_library, embedder)
    ingest(write_course(tmp_path / "other", "Other", ["Loss\nanother loss"]), sqlite_library, embedder)
    with sqlite_library.database.writing() as connection:
        connection.execute(sa.update(courses).where(courses.c.slug == "other").values(title="Changed"))
    damage = [found for found in find_damage(sqlite_library, embedder) if "course other" in found]
    write_backup(sqlite_library, tmp_path / "backup.zip")
    place = _empty(tmp_path / "place")
    restored = read_backup(place, tmp_path / "backup.zip", embedder)
    assert restored.courses == 2
    assert damage[0] in restored.problems
    assert _top(place, embedder)
    place.close()


def test_tables_of_others_in_the_database_stay_as_they_are(
    backup: Path, library: Library, embedder: CountingEmbedder
) -> None:
    def add(contents: dict[str, bytes], manifest: dict[str, Any]) -> None:
        contents["rows/guests.jsonl"] = b'{"name": "evil"}\n'
        manifest["entries"]["rows/guests.jsonl"] = {"rows": 1}

    _rewrite(backup, add)
    with library.database.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE guests (name TEXT)")
        connection.exec_driver_sql("INSERT INTO guests VALUES ('ours')")
    assert read_backup(library, backup, embedder, replace=True).problems == ()
    with library.database.reading() as connection:
        assert connection.exec_driver_sql("SELECT name FROM guests").all() == [("ours",)]


def test_a_backup_into_the_data_folder_outlives_a_writer(
    sqlite_library: Library,
    course_folder: Path,
    embedder: CountingEmbedder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ingest(course_folder, sqlite_library, embedder)
    left, young = (sqlite_library.data_dir / name for name in (".backup-left", ".backup-young"))
    for path in (left, young):
        path.write_bytes(b"half")
    os.utime(left, (0, 0))
    other = Library(sqlite_library.database.url.render_as_string(), sqlite_library.data_dir)

    def lines(connection: Any, table: sa.Table) -> Any:
        if table is courses:  # another process writes while the backup is written
            with other.writer():
                pass
        return _lines(connection, table)

    monkeypatch.setattr("index.backup._lines", lines)
    target = sqlite_library.data_dir / "backup.zip"
    assert write_backup(sqlite_library, target).problems == ()
    assert zipfile.is_zipfile(target)
    assert (left.exists(), young.exists()) == (False, True)
    other.close()


@pytest.mark.parametrize("code", [errno.EXDEV, errno.ENOTSUP, errno.EPERM])
def test_a_file_that_cannot_be_linked_is_copied(
    sqlite_library: Library,
    course_folder: Path,
    tmp_path: Path,
    embedder: CountingEmbedder,
    monkeypatch: pytest.MonkeyPatch,
    code: int,
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    ingest(course_folder, sqlite_library, embedder)
    monkeypatch.setattr(os, "link", refuse)
    written = write_backup(sqlite_library, tmp_path / "backup.zip")
    assert (written.files, written.problems) == (len(_files(sqlite_library)), ())


def test_what_is_damaged_is_not_in_a_backup_and_that_is_said(
    sqlite_library: Library, course_folder: Path, tmp_path: Path, embedder: CountingEmbedder
) -> None:
    ingest(course_folder, sqlite_library, embedder)
    one, other = sorted((sqlite_library.data_dir / "files").glob("??/*"))
    one.write_bytes(b"changed")
    other.unlink()
    written = write_backup(sqlite_library, tmp_path / "backup.zip")
    assert [sentence.split()[3] for sentence in written.problems] == sorted(
        [one.name.split(".")[0], other.name.split(".")[0]]
    )
    place = _empty(tmp_path / "place")
    assert len(read_backup(place, tmp_path / "backup.zip", embedder).problems) == 2
    place.close()


def test_a_disk_that_refuses_leaves_the_backup_before(backup: Path, sqlite_library: Library, tmp_path: Path) -> None:
    whole = backup.read_bytes()
    with pytest.raises(StorageError, match="nowhere"):
        write_backup(sqlite_library, tmp_path / "nowhere" / "backup.zip")
    with pytest.raises(StorageError, match="no backup"):
        read_backup(sqlite_library, tmp_path / "nothing.zip", None)
    assert backup.read_bytes() == whole
    assert not list(tmp_path.glob(".new-*"))


def test_the_command_line_writes_and_restores(backup: Path, sqlite_library: Library, tmp_path: Path) -> None:
    def lectures(*arguments: str, data: Path, url: str = "") -> Any:
        environment = {
            **os.environ,
            "LECTURES_DATA_DIR": str(data),
            "LECTURES_DATABASE_URL": url,
            "LECTURES_EMBEDDER": "none",
        }
        command = [sys.executable, "-m", "service.cli", *arguments, "--json"]
        found = subprocess.run(command, env=environment, check=True, capture_output=True, cwd=Path(__file__).parents[1])
        return json.loads(found.stdout)

    assert backup.exists()
    url = sqlite_library.database.url.render_as_string()
    file = str(tmp_path / "cli.zip")
    assert lectures("backup", file, data=sqlite_library.data_dir, url=url)["problems"] == []
    found = lectures("restore", file, data=tmp_path / "new")
    assert (found["courses"], found["problems"]) == (1, [])
    assert lectures("verify", data=tmp_path / "new") == {"ok": True, "damage": []}
