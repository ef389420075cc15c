"""What was hashed is written down beside the index, and believed only as far as a later change would show."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from index.engine.verified import Entry, Stamp, note_verified, read_verified, time_of_files

_SECOND = 1_000_000_000
_OLD = Stamp(1, 2, 3, 100 * _SECOND, 100 * _SECOND)
_LATER = 200 * _SECOND


def _made(root: Path, name: str) -> Entry:
    path = root / name
    path.write_bytes(b"content")
    return Entry("a" * 64, Stamp.of(path.stat()), path.stat().st_ctime_ns + 5 * _SECOND)


def test_what_is_noted_is_read_again_and_what_is_gone_or_damaged_is_forgotten(tmp_path: Path) -> None:
    entries = {name: _made(tmp_path, name) for name in ("one", "two", "three")}
    note_verified(tmp_path, {"one": entries["one"], "two": entries["two"]})
    note_verified(tmp_path, {"three": entries["three"]})
    assert read_verified(tmp_path) == entries
    (tmp_path / "two").unlink()
    note_verified(tmp_path, {}, {"three"})
    assert read_verified(tmp_path) == {"one": entries["one"]}
    assert not list(tmp_path.glob(".new-*"))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe{",
        b"[]",
        b"null",
        b"[" * 100_000,
        b'{"format": 2, "files": {}}',
        b'{"format": 1, "files": 3}',
        b'{"format": 1, "files": {"one": ["a", 1, 2, 3, 4, 5]}}',
        b'{"format": 1, "files": {"one": ["a", 1, 2, 3, 4, 5, 6, 7]}}',
        b'{"format": 1, "files": {"one": ["a", 1, 2, 3, 4, 5, 6.5]}}',
        b'{"format": 1, "files": {"one": [7, 1, 2, 3, 4, 5, 6]}}',
    ],
)
def test_what_cannot_be_read_is_as_if_nothing_was_noted(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "verified.json").write_bytes(content)
    assert read_verified(tmp_path) == {}
    entry = _made(tmp_path, "one")
    note_verified(tmp_path, {"one": entry})
    assert read_verified(tmp_path) == {"one": entry}


def test_where_nothing_can_be_written_nothing_is_noted_and_nothing_fails(tmp_path: Path) -> None:
    (tmp_path / "verified.lock").mkdir()
    note_verified(tmp_path, {"one": _made(tmp_path, "one")})
    note_verified(tmp_path / "nowhere", {})
    assert read_verified(tmp_path) == {}
    assert time_of_files(tmp_path / "nowhere") is None


def test_a_file_is_taken_for_hashed_only_while_nothing_about_it_changed() -> None:
    entry = Entry("a", _OLD, _LATER)
    assert entry.vouches_for("a", _OLD, _LATER + 1)
    assert not entry.vouches_for("b", _OLD, _LATER + 1)
    for place in range(len(_OLD)):
        changed = Stamp(*(value + (number == place) for number, value in enumerate(_OLD)))
        assert not entry.vouches_for("a", changed, _LATER + 1)


def test_what_was_written_to_within_a_tick_of_being_looked_at_is_not_believed() -> None:
    for own in (
        _OLD._replace(content_ns=_LATER),
        _OLD._replace(status_ns=_LATER),
        _OLD._replace(status_ns=_LATER - 2 * _SECOND),
        _OLD._replace(content_ns=_LATER + 99 * _SECOND),  # a time of content may be anything
    ):
        assert not Entry("a", own, _LATER).vouches_for("a", own, _LATER + 1)
    settled = _OLD._replace(status_ns=_LATER - 2 * _SECOND - 1)
    assert Entry("a", settled, _LATER).vouches_for("a", settled, _LATER + 1)


def test_what_was_hashed_at_a_time_that_is_yet_to_come_is_not_believed() -> None:
    assert not Entry("a", _OLD, _LATER).vouches_for("a", _OLD, _LATER - 1)


def test_a_written_byte_shows_even_where_the_time_of_the_content_is_put_back(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"content")
    before = path.stat()
    time.sleep(0.02)  # more than a tick of the clock, which the safe margin stands for
    path.write_bytes(b"Content")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = Stamp.of(path.stat())
    assert after._replace(status_ns=0) == Stamp.of(before)._replace(status_ns=0)
    assert after != Stamp.of(before)


def test_the_time_is_that_of_the_folder_and_leaves_nothing_there(tmp_path: Path) -> None:
    first = time_of_files(tmp_path)
    (tmp_path / "file").write_bytes(b"")
    last = time_of_files(tmp_path)
    assert first is not None
    assert last is not None
    assert first <= (tmp_path / "file").stat().st_ctime_ns <= last
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_what_is_written_down_is_json(tmp_path: Path) -> None:
    entry = _made(tmp_path, "one")
    note_verified(tmp_path, {"one": entry})
    written = json.loads((tmp_path / "verified.json").read_bytes())
    assert written == {"format": 1, "files": {"one": ["a" * 64, *entry.stamp, entry.verified_ns]}}
