"""What looks as it did when it was hashed is served at once and hashed afterwards; damage that is found then takes down
its course alone."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from io import FileIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support import CountingEmbedder, ingest, write_course

from index.damage import find_damage
from index.engine import joined, verified
from index.engine.manifest import DATA
from index.engine.verified import Stamp, read_verified
from index.errors import CorruptIndex
from index.library import Library
from index.types import Filters, Query
from service.running import run
from service.serving import Serving
from service.settings import Settings

_ENOUGH = 40  # steps for two small courses


@pytest.fixture
def files(tmp_path: Path, sqlite_library: Library, embedder: CountingEmbedder) -> dict[str, Path]:
    """The files of the shards of two courses, old enough to be believed, by course."""
    for name in ("first", "second"):
        pages = [f"{name.title()}\n{name} activations", "Loss\nloss function"]
        ingest(write_course(tmp_path / name, name.title(), pages), sqlite_library, embedder)
    found = {}
    for path in (sqlite_library.index_root / "shards").glob(f"*/{DATA}"):
        course = json.loads(path.with_name("manifest.json").read_bytes())["course"]
        found[course] = path
    return found


@pytest.fixture(autouse=True)
def old_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test waits two seconds for its files to be old."""
    monkeypatch.setattr(verified, "_TICK_NS", 0)


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes were hashed before something was opened, each time."""
    sizes: list[int] = []

    def counted(content: Any = b"") -> Any:
        if content:
            sizes.append(len(content))
        return hashlib.sha256(content)

    monkeypatch.setattr("index.engine.container.hashlib", SimpleNamespace(sha256=counted))
    return sizes


@pytest.fixture
def start(sqlite_library: Library, embedder: CountingEmbedder) -> Iterator[Callable[[], Serving]]:
    """Start a service anew."""
    made: list[Serving] = []

    def started() -> Serving:
        time.sleep(0.02)  # what was written before is older than a tick of the clock
        made.append(Serving(sqlite_library, lambda: embedder, lambda: None))
        made[-1].look()
        return made[-1]

    yield started
    for serving in made:
        serving.stop()


def _courses(serving: Serving) -> set[str]:
    return {hit.passage.course_slug for hit in serving.index().find(Query("loss")).hits()}


def _flip(path: Path) -> None:
    """Another byte, as if nothing had happened: size and the time of the content are what they were."""
    before = path.stat()
    with path.open("r+b") as file:
        file.seek(before.st_size - 1)  # of an array: the file can still be opened
        own = file.read(1)[0]
        file.seek(before.st_size - 1)
        file.write(bytes([own ^ 1]))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _forge(root: Path, path: Path) -> None:
    """Have it written down that the file was hashed as it is now: damage that no stamp tells."""
    written = json.loads((root / "verified.json").read_bytes())
    written["files"][str(path.relative_to(root))][1:6] = Stamp.of(path.stat())
    written["files"][str(path.relative_to(root))][6] = path.stat().st_ctime_ns + 1
    (root / "verified.json").write_text(json.dumps(written))


def test_what_did_not_change_is_not_hashed_before_it_is_served(
    files: dict[str, Path], start: Callable[[], Serving], hashed: list[int]
) -> None:
    start()
    assert sorted(hashed) == sorted(path.stat().st_size for path in files.values())
    hashed.clear()
    assert _courses(start()) == {"first", "second"}
    assert hashed == []


def test_a_flipped_byte_is_found_before_it_is_served(files: dict[str, Path], start: Callable[[], Serving]) -> None:
    start()
    _flip(files["second"])
    again = start()
    assert _courses(again) == {"first"}
    assert list(again.index().generation.damaged) == ["second"]


def test_a_copy_in_the_place_of_a_file_is_hashed(
    files: dict[str, Path], start: Callable[[], Serving], hashed: list[int]
) -> None:
    start()
    other = files["first"].with_name("other")
    other.write_bytes(files["first"].read_bytes())
    before = files["first"].stat()
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.rename(files["first"])
    hashed.clear()
    start()
    assert hashed == [before.st_size]


def test_without_what_was_written_down_everything_is_hashed(
    files: dict[str, Path], start: Callable[[], Serving], sqlite_library: Library, hashed: list[int]
) -> None:
    start()
    (sqlite_library.index_root / "verified.json").write_bytes(b'{"format": 1, "files"\x00')
    hashed.clear()
    assert _courses(start()) == {"first", "second"}
    assert len(hashed) == len(files)
    assert len(read_verified(sqlite_library.index_root)) == len(files)


def test_what_was_written_just_before_is_hashed_again_and_believed_once_it_was_hashed_later(
    files: dict[str, Path],
    start: Callable[[], Serving],
    sqlite_library: Library,
    hashed: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(verified, "_TICK_NS", 3_600 * 1_000_000_000)  # as if the machine were slow to look
    serving = start()
    assert read_verified(sqlite_library.index_root) == {}
    hashed.clear()
    start()
    assert len(hashed) == len(files)
    monkeypatch.setattr(verified, "_TICK_NS", 0)  # later
    for _ in range(_ENOUGH):
        serving.check_some()
    hashed.clear()
    start()
    assert hashed == []


def test_what_is_served_unhashed_is_hashed_afterwards_and_noted_anew(
    files: dict[str, Path], start: Callable[[], Serving], sqlite_library: Library
) -> None:
    start()
    before = read_verified(sqlite_library.index_root)
    serving = start()
    for _ in range(_ENOUGH):
        serving.check_some()
    after = read_verified(sqlite_library.index_root)
    assert after.keys() == before.keys()
    assert all(after[path].verified_ns > before[path].verified_ns for path in before)
    assert _courses(serving) == set(files)


def test_what_waits_to_be_hashed_waits_on_when_a_newer_generation_is_opened(
    files: dict[str, Path],
    start: Callable[[], Serving],
    sqlite_library: Library,
    embedder: CountingEmbedder,
    tmp_path: Path,
) -> None:
    start()
    _flip(files["first"])
    _forge(sqlite_library.index_root, files["first"])
    serving = start()
    ingest(write_course(tmp_path / "second", "Second", ["Loss\nanother loss"]), sqlite_library, embedder)
    serving.look()
    assert (serving.index().number, _courses(serving)) == (3, {"first", "second"})
    for _ in range(_ENOUGH):
        serving.check_some()
    assert _courses(serving) == {"second"}


def test_damage_that_no_stamp_tells_is_found_afterwards_and_takes_down_its_course_alone(
    files: dict[str, Path], start: Callable[[], Serving], sqlite_library: Library
) -> None:
    start()
    _flip(files["second"])
    _forge(sqlite_library.index_root, files["second"])
    serving = start()
    assert _courses(serving) == {"first", "second"}
    for _ in range(_ENOUGH):
        serving.check_some()
    assert _courses(serving) == {"first"}
    found = serving.index().find(Query("loss"))
    assert ["course second" in reason for reason in found.degraded] == [True]
    with pytest.raises(CorruptIndex, match="second"):
        serving.index().find(Query("loss", Filters(course="second")))
    assert serving.shaken() is not None
    # whoever starts now does not believe it either
    assert _courses(start()) == {"first"}


def test_damage_is_not_served_again_where_it_cannot_be_written_down(
    files: dict[str, Path], start: Callable[[], Serving], sqlite_library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    start()
    _flip(files["second"])
    _forge(sqlite_library.index_root, files["second"])
    (sqlite_library.index_root / "verified.lock").unlink()
    (sqlite_library.index_root / "verified.lock").mkdir()
    serving = start()
    assert _courses(serving) == {"first", "second"}
    for _ in range(_ENOUGH):
        serving.check_some()
    monkeypatch.setattr("service.serving._AGAIN_SECONDS", 0.0)
    monkeypatch.setattr("service.serving.time", SimpleNamespace(monotonic=lambda: 1e9))
    serving.look()
    assert _courses(serving) == {"first"}


def test_a_file_that_cannot_even_be_parsed_takes_down_its_course_alone(
    files: dict[str, Path], start: Callable[[], Serving], sqlite_library: Library
) -> None:
    start()
    content = files["second"].read_bytes()
    for head in (b"\xff" * 8, len(content).to_bytes(8, "little"), b"\x00" * 8, b"\x02\0\0\0\0\0\0\0[]"):
        files["second"].write_bytes(head + content[len(head) :])
        _forge(sqlite_library.index_root, files["second"])
        assert _courses(start()) == {"first"}
        files["second"].write_bytes(content)
        _forge_again(sqlite_library.index_root, start)


def _forge_again(root: Path, start: Callable[[], Serving]) -> None:
    """Start once with whole files, so that all of them are written down."""
    (root / "verified.json").unlink()
    assert _courses(start()) == {"first", "second"}


def test_a_process_leaves_out_what_another_hashed_meanwhile(
    files: dict[str, Path], start: Callable[[], Serving], monkeypatch: pytest.MonkeyPatch
) -> None:
    start()
    one, other = start(), start()
    read: list[str] = []

    def noted(path: Path) -> FileIO:
        read.append(path.parent.name)
        return FileIO(path)

    monkeypatch.setattr("service.checking.FileIO", noted)
    for _ in range(_ENOUGH):
        one.check_some()
    assert sorted(read) == sorted(path.parent.name for path in files.values())
    read.clear()
    for _ in range(_ENOUGH):
        other.check_some()
    assert read == []


def test_a_step_reads_no_more_than_it_may_however_small_the_files_are(
    files: dict[str, Path], start: Callable[[], Serving], monkeypatch: pytest.MonkeyPatch
) -> None:
    start()
    serving = start()
    whole = sum(path.stat().st_size for path in files.values())
    read: list[int] = []

    class Counted(FileIO):
        def readinto(self, buffer: Any, /) -> int | None:
            size = super().readinto(buffer)
            read.append(size or 0)
            return size

    monkeypatch.setattr("service.checking.FileIO", Counted)
    monkeypatch.setattr("service.checking._PIECE_BYTES", 512)
    monkeypatch.setattr("service.checking._STEP_BYTES", whole // 3)
    steps = []
    for _ in range(5):
        read.clear()
        serving.check_some()
        steps.append(sum(read))
    assert max(steps) < whole // 3 + 512
    assert (steps[-1], sum(steps)) == (0, whole)


def test_after_a_mapped_file_ended_a_process_everything_is_hashed(
    files: dict[str, Path],
    start: Callable[[], Serving],
    sqlite_library: Library,
    hashed: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start()
    monkeypatch.setattr("uvicorn.Server.run", lambda *_, **__: None)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        run(Settings(embedder="none", data_dir=sqlite_library.data_dir), listening, distrusts=True)
    hashed.clear()
    start()
    assert len(hashed) == len(files)


def test_verify_hashes_whatever_is_written_down(
    files: dict[str, Path], start: Callable[[], Serving], sqlite_library: Library, embedder: CountingEmbedder
) -> None:
    start()
    assert find_damage(sqlite_library, embedder) == []
    _flip(files["second"])
    _forge(sqlite_library.index_root, files["second"])
    assert ["course second" in sentence for sentence in find_damage(sqlite_library, embedder)] == [True]


# --- what is put together over all courses --------------------------------------------------------------------


@pytest.fixture
def kept_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of what is put together, even over two courses."""
    monkeypatch.setattr(joined, "LEAST_PASSAGES", 0)


def _joined_file(root: Path) -> Path:
    (found,) = (root / "joined").glob("*.safetensors")
    return found


@pytest.mark.usefixtures("kept_together")
def test_what_is_put_together_is_made_once_and_opened_by_its_stamp_from_then_on(
    files: dict[str, Path], start: Callable[[], Serving], sqlite_library: Library, hashed: list[int]
) -> None:
    first = start()
    assert first.index().generation.joined is not None
    for _ in range(_ENOUGH):
        first.check_some()
    written = _joined_file(sqlite_library.index_root)
    assert f"joined/{written.name}" in read_verified(sqlite_library.index_root)
    hashed.clear()
    before = written.stat().st_ino
    again = start()
    assert (hashed, written.stat().st_ino) == ([], before)
    assert again.index().generation.joined is not None
    assert _courses(again) == set(files)


@pytest.mark.usefixtures("kept_together", "files")
def test_damage_to_what_is_put_together_is_found_afterwards_and_no_course_is_down(
    start: Callable[[], Serving], sqlite_library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = start()
    for _ in range(_ENOUGH):
        first.check_some()
    path = _joined_file(sqlite_library.index_root)
    _flip(path)
    _forge(sqlite_library.index_root, path)
    serving = start()
    assert serving.index().generation.joined is not None
    for _ in range(_ENOUGH):
        serving.check_some()
    assert (serving.index().generation.joined, serving.index().degraded) == (None, ())
    assert _courses(serving) == {"first", "second"}
    monkeypatch.setattr("service.serving.time", SimpleNamespace(monotonic=lambda: 1e9))
    serving.look()  # some seconds later it is made anew
    assert serving.index().generation.joined is not None
    assert hashlib.sha256(path.read_bytes()).hexdigest() in path.name
    assert _courses(serving) == {"first", "second"}


@pytest.mark.usefixtures("kept_together", "files")
def test_what_is_put_together_is_not_used_any_more_once_it_is_written_to(
    start: Callable[[], Serving], sqlite_library: Library
) -> None:
    serving = start()
    time.sleep(0.02)
    _flip(_joined_file(sqlite_library.index_root))
    serving.look()
    assert (serving.index().generation.joined, _courses(serving)) == (None, {"first", "second"})


@pytest.mark.usefixtures("kept_together")
def test_what_is_swept_goes_on_from_its_mapped_file(
    files: dict[str, Path], start: Callable[[], Serving], sqlite_library: Library
) -> None:
    serving = start()
    _joined_file(sqlite_library.index_root).unlink()
    serving.look()
    assert serving.index().generation.joined is not None
    assert _courses(serving) == set(files)
