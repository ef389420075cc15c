"""Passages and vectors → a shard: the same every time, whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import CountingEmbedder, made_by, passage

from index.embed.table import bundled_table
from index.engine.build import build_shard, latin_language
from index.engine.manifest import ListedShard, shard_folder
from index.engine.shard import open_shard
from index.errors import CorruptIndex, StorageError
from index.types import IndexedPassage, Kind

_TEXTS = [
    "Ранний останов (early stopping)",
    "dropout zero activations",
    "градиентный спуск dropout",
    "the loss function",
]


def _passages() -> list[IndexedPassage]:
    return [
        *(passage(text, row, title=f"Dropout {row}") for row, text in enumerate(_TEXTS)),
        passage("Сети, потери", 9, kind=Kind.PROGRAMME, place=None),
    ]


def _build(root: Path, passages: list[IndexedPassage], embedder: CountingEmbedder | None = None) -> ListedShard:
    return build_shard(root, "c", passages, made_by(embedder, passages))


def _content(root: Path, name: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in shard_folder(root, name).iterdir()}


def test_the_same_input_gives_the_same_name_and_the_same_bytes(tmp_path: Path) -> None:
    first, second = (_build(tmp_path / root, _passages(), CountingEmbedder()) for root in ("a", "b"))
    assert first == second
    content = _content(tmp_path / "a", first.name)
    assert content == _content(tmp_path / "b", second.name)
    assert sorted(content) == ["manifest.json", "shard.safetensors"]


def test_another_process_gives_the_same_bytes_too(tmp_path: Path) -> None:
    """Nothing hangs on the order of sets or on the hash seed."""
    program = (
        "import sys; from pathlib import Path; from test_index_engine_build import _build, _passages; "
        "from support import CountingEmbedder; print(_build(Path(sys.argv[1]), _passages(), CountingEmbedder()))"
    )
    tests = Path(__file__).parent
    said, contents = set(), []
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": f"{tests.parent}{os.pathsep}{tests}"}
        root = tmp_path / seed
        command = [sys.executable, "-c", program, str(root)]
        said.add(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)
        contents.append(_content(root, next((root / "shards").iterdir()).name))
    assert len(said) == 1
    assert contents[0] == contents[1]


@pytest.mark.parametrize(
    "change",
    [
        {"text": "dropout one activation"},
        {"title": "Another"},
        {"lecture_id": 2},
        {"lecture_title": "Another"},
        {"course_title": "Another"},
        {"language": "en"},
        {"remark": "old"},
        {"id": "other"},
        {"place": None},
    ],
)
def test_whatever_a_hit_shows_is_in_the_name(tmp_path: Path, change: dict[str, Any]) -> None:
    passages = _passages()
    name = _build(tmp_path, passages).name
    assert _build(tmp_path, [passages[0], replace(passages[1], **change), *passages[2:]]).name != name
    assert _build(tmp_path, [passages[1], passages[0], *passages[2:]]).name != name
    assert _build(tmp_path, passages, CountingEmbedder()).name != name
    assert _build(tmp_path, passages).name == name


def test_a_shard_that_is_whole_is_taken_as_it_is_and_a_damaged_one_is_replaced(tmp_path: Path) -> None:
    listed = _build(tmp_path, _passages(), CountingEmbedder())
    folder = shard_folder(tmp_path, listed.name)
    inode = folder.stat().st_ino
    content = _content(tmp_path, listed.name)
    assert _build(tmp_path, _passages(), CountingEmbedder()) == listed
    assert folder.stat().st_ino == inode
    for name in content:
        (folder / name).write_bytes(content[name][:-2])
        assert _build(tmp_path, _passages(), CountingEmbedder()) == listed
        assert _content(tmp_path, listed.name) == content
    assert folder.stat().st_ino != inode
    assert open_shard(tmp_path, listed).course == "c"


def test_a_shard_is_read_back_as_it_was_made(tmp_path: Path) -> None:
    passages, embedder = _passages(), CountingEmbedder()
    listed = _build(tmp_path, passages, embedder)
    shard = open_shard(tmp_path, listed)
    assert [shard.passages[row] for row in range(len(passages))] == passages
    assert [shard.passages.find(own.id) for own in passages] == list(range(len(passages)))
    assert shard.passages.find("nowhere") is None
    manifest = shard.manifest
    assert (manifest.course, manifest.passages, manifest.vectors, manifest.dimension) == ("c", 5, 5, 4)
    assert (manifest.embedder, manifest.fingerprint, manifest.languages) == ("counting:4", "counting:4", ["en"])
    assert [(term.text, term.counterpart) for term in shard.terms.all()] == [("Ранний останов", "early stopping")]
    assert shard.vectors is not None
    for row, own in enumerate(passages):
        np.testing.assert_allclose(shard.vectors.whole(row), embedder.embed_passages([own.text])[0], atol=1e-6)
    assert shard.previous.tolist() == [-1, 0, 1, 2, -1]


def test_a_shard_holds_what_the_embedder_learned_of_its_course(tmp_path: Path) -> None:
    passages = _passages()
    basis = np.arange(3, dtype=np.uint64)
    table = bundled_table().adapted_to([own.text for own in passages], basis)
    shard = open_shard(tmp_path, build_shard(tmp_path, "c", passages, made_by(table, passages)))
    assert shard.adaptation is not None
    assert table.with_adaptation(shard.adaptation).fingerprint == table.fingerprint
    assert shard.manifest.vectors > len(passages)
    np.testing.assert_array_equal(shard.adaptation.basis, basis)


def test_a_shard_without_an_embedder_has_no_vectors_and_one_without_passages_is_one(tmp_path: Path) -> None:
    bare = open_shard(tmp_path, _build(tmp_path, _passages()))
    assert (bare.vectors, bare.adaptation, bare.manifest.embedder) == (None, None, "none")
    empty = open_shard(tmp_path, _build(tmp_path, [], CountingEmbedder()))
    assert (len(empty.passages), empty.manifest.terms, len(empty.words.words)) == (0, 0, 0)


def test_the_languages_of_a_shard_are_those_of_its_latin_words(tmp_path: Path) -> None:
    french = passage("Les réseaux de neurones sont utiles pour tout et dans tout", 0, language="fr")
    english = passage("The networks of neurons are useful and they are for all of us", 1, language="fr")
    assert (latin_language(french), latin_language(english)) == ("fr", "en")
    assert open_shard(tmp_path, _build(tmp_path, [french, english])).manifest.languages == ["en", "fr"]


def test_a_disk_that_refuses_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("index.engine.build.os.fsync", full)
        with pytest.raises(StorageError, match="No space left on device"):
            _build(tmp_path, _passages())
    assert [*(tmp_path / "shards").iterdir()] == []
    assert open_shard(tmp_path, _build(tmp_path, _passages())).course == "c"


def test_a_shard_is_asked_for_what_it_must_know_before_it_is_listed(tmp_path: Path) -> None:
    twice = [passage("dropout", 0), passage("loss", 1, id="c-p0")]
    with pytest.raises(CorruptIndex, match="not found by its id"):
        _build(tmp_path, twice)
    bad = made_by(CountingEmbedder(), _passages())
    vectors = {key: (roles, np.full(4, np.nan, "<f4").tobytes()) for key, (roles, _) in bad.stored.items()}
    with pytest.raises(CorruptIndex, match="unusable vector"):
        build_shard(tmp_path, "c", _passages(), replace(bad, stored=vectors))


def test_courses_without_passages_have_a_shard_each(tmp_path: Path) -> None:
    first, second = (build_shard(tmp_path, slug, [], made_by(None, [])) for slug in ("a", "b"))
    assert first.name != second.name
    assert [open_shard(tmp_path, listed).course for listed in (first, second)] == ["a", "b"]
