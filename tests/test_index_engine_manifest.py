"""Generations on disk: written, read, pointed at, kept, swept away."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from index.engine.manifest import (
    FORMAT,
    ListedShard,
    current_number,
    generation_file,
    generation_numbers,
    point_to,
    read_generation,
    read_shard_manifest,
    shard_folder,
    sweep,
    write_generation,
)
from index.errors import CorruptIndex, IndexMismatch, IndexUnavailable


def _listed(course: str, name: str = "", sha256: str = "0" * 64) -> ListedShard:
    return ListedShard(
        course=course, name=name or f"shard-{course}", fingerprint="e", passages=3, manifest_sha256=sha256
    )


def test_a_generation_is_read_back_with_the_hash_of_its_file_and_its_shards_by_course(tmp_path: Path) -> None:
    sha256 = write_generation(tmp_path / "index", 7, "a1", "e", [_listed("b"), _listed("a")])
    manifest, found = read_generation(tmp_path / "index", 7)
    assert found == sha256 == hashlib.sha256(generation_file(tmp_path / "index", 7).read_bytes()).hexdigest()
    assert (manifest.number, manifest.format, manifest.analysis, manifest.embedder) == (7, FORMAT, "a1", "e")
    assert manifest.shards == (_listed("a"), _listed("b"))
    assert manifest.passages == 6
    assert manifest.shard_of("b") == _listed("b")
    assert manifest.shard_of("c") is None


def test_a_generation_that_is_not_there_is_of_the_format_before_or_damaged_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(IndexUnavailable, match="Generation 4 is not on disk"):
        read_generation(tmp_path, 4)
    (tmp_path / "gen-000004").mkdir()
    with pytest.raises(IndexMismatch, match="older version"):
        read_generation(tmp_path, 4)
    generation_file(tmp_path, 5).write_text(json.dumps({"format": FORMAT}), "utf-8")
    with pytest.raises(CorruptIndex, match="damaged"):
        read_generation(tmp_path, 5)
    generation_file(tmp_path, 6).mkdir()
    with pytest.raises(CorruptIndex, match="cannot be read"):
        read_generation(tmp_path, 6)


def test_the_manifest_of_a_shard_is_the_one_that_was_listed(tmp_path: Path) -> None:
    folder = shard_folder(tmp_path, "x")
    folder.mkdir(parents=True)
    with pytest.raises(CorruptIndex, match="course c is not there"):
        read_shard_manifest(tmp_path, _listed("c", "x"))
    (folder / "manifest.json").write_bytes(b"{}")
    with pytest.raises(CorruptIndex, match="course c is damaged"):
        read_shard_manifest(tmp_path, _listed("c", "x"))
    # the very file that was listed, of a program that writes other things
    for values, says in (
        ({"format": FORMAT + 1}, "another format"),
        ({"format": FORMAT}, "cannot be used"),
        ([], "be used"),
    ):
        content = json.dumps(values).encode()
        (folder / "manifest.json").write_bytes(content)
        with pytest.raises(CorruptIndex, match=f"course c .*{says}"):
            read_shard_manifest(tmp_path, _listed("c", "x", hashlib.sha256(content).hexdigest()))


def test_readers_use_what_is_pointed_at(tmp_path: Path) -> None:
    assert current_number(tmp_path) is None
    assert current_number(tmp_path / "nowhere") is None
    for number in (3, 12):
        point_to(tmp_path, number)
        assert current_number(tmp_path) == number
    (tmp_path / "CURRENT").write_bytes(b"\xff")
    with pytest.raises(CorruptIndex, match="CURRENT is damaged"):
        current_number(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["CURRENT"]


def _fill(root: Path) -> None:
    for number, course in ((1, "a"), (2, "b"), (3, "c"), (4, "d")):
        write_generation(root, number, "a1", "e", [_listed("all"), _listed(course)])
    for name in ("shard-all", "shard-a", "shard-b", "shard-c", "shard-d", "shard-z", ".building-x"):
        (root / "shards" / name).mkdir(parents=True)
        (root / "shards" / name / "manifest.json").write_bytes(b"{}")


def test_a_sweep_keeps_two_generations_and_what_they_list(tmp_path: Path) -> None:
    _fill(tmp_path)
    (tmp_path / ".new-abc").write_bytes(b"")
    (tmp_path / ".building-abc").mkdir()
    (tmp_path / "gen-000001").mkdir()
    sweep(tmp_path, 3)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gen-000002.json", "gen-000003.json", "shards"]
    assert sorted(path.name for path in (tmp_path / "shards").iterdir()) == ["shard-all", "shard-b", "shard-c"]
    assert generation_numbers(tmp_path) == [2, 3]


@pytest.mark.parametrize("number", [2, 3])
def test_no_shard_is_swept_away_while_a_kept_generation_cannot_be_read(tmp_path: Path, number: int) -> None:
    _fill(tmp_path)
    generation_file(tmp_path, number).write_bytes(b"{")
    sweep(tmp_path, 3)
    assert {"shard-all", "shard-a", "shard-b", "shard-c"} <= {path.name for path in (tmp_path / "shards").iterdir()}


def test_a_sweep_of_nothing_does_nothing(tmp_path: Path) -> None:
    sweep(tmp_path / "nowhere", 3)
    assert not (tmp_path / "nowhere").exists()
