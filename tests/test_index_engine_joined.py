"""What is put together over all courses: mapped from one file it is what each process would put together itself."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support import CountingEmbedder, make_shards, passage

from index.engine import joined
from index.engine.container import Arrays
from index.engine.generation import Generation, open_generation
from index.engine.manifest import read_generation, sweep, write_generation
from index.engine.shard import Shard
from index.text.analysis import ANALYSIS_VERSION
from index.text.hashing import hash_text

_TEXTS = {
    "a": ["gradient descent converges", "градиентный спуск", "groesse und größe der Schicht"],
    "b": ["gradient boosting", "the learning rate (lr) is small"],
    "c": ["свёртка изображений", "convolution of images", "convolutional layer"],
}
_COLUMNS = ("kind_of", "lecture_of", "notes", "outline", "title_terms", "previous", "twin", "next")
_TERMS = ("held", "said", "first_posting")
_ASKED = ("gradiend", "convolushun", "свертка", "gradient", "groesse", "конволюшн", "грэдиент")


@pytest.fixture(autouse=True)
def all_have_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file even for a few passages."""
    monkeypatch.setattr(joined, "LEAST_PASSAGES", 0)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An index of three courses, in its first generation."""
    courses = {
        slug: [passage(text, row, course=slug, lecture_id=ord(slug)) for row, text in enumerate(texts)]
        for slug, texts in _TEXTS.items()
    }
    embedder = CountingEmbedder()
    write_generation(tmp_path, 1, ANALYSIS_VERSION, embedder.name, make_shards(tmp_path, courses, embedder))
    return tmp_path


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How often it was made."""
    counted: list[int] = []
    join = joined.join

    def noted(shards: Sequence[Shard]) -> Arrays:
        counted.append(len(shards))
        return join(shards)

    monkeypatch.setattr(joined, "join", noted)
    return counted


def _known(_path: str, _stands_for: str, _found: os.stat_result) -> bool:
    return False


def _mapped(root: Path, number: int = 1) -> Generation:
    return open_generation(root, read_generation(root, number)[0], None, _known)


def _files(root: Path) -> list[Path]:
    return sorted((root / "joined").glob("*.safetensors"))


def test_what_is_mapped_is_what_would_be_put_together_in_memory(root: Path) -> None:
    mapped, own = _mapped(root), open_generation(root, read_generation(root, 1)[0])
    assert (mapped.joined is None, own.joined is None) == (False, True)
    for name in (*_COLUMNS, *_TERMS):
        assert getattr(mapped, name).tolist() == getattr(own, name).tolist(), name
        assert getattr(mapped, name).dtype == getattr(own, name).dtype
        assert not getattr(mapped, name).flags.owndata
    for directory in ("terms", "glossary"):
        one, other = getattr(mapped, directory), getattr(own, directory)
        assert (one.shards.tolist(), one.places.tolist()) == (other.shards.tolist(), other.places.tolist())
        assert all(one.find(hash_text(word)) == other.find(hash_text(word)) for word in ("gradient", "learn", "none"))
    for readable, only in (((0, 1, 2), None), ((0, 2), None), ((0, 1, 2), 1)):
        one, other = mapped.vocabulary(readable, only), own.vocabulary(readable, only)
        assert one.words() == other.words()
        for asked in _ASKED:
            assert one.spelled_like(asked) == other.spelled_like(asked)
            assert one.sounding_like(asked) == other.sounding_like(asked)
            assert one.written_otherwise(asked) == other.written_otherwise(asked)
    assert mapped.vocabulary((0, 1, 2)).spelled_like("gradiend")
    assert mapped.vocabulary((0, 1, 2)).sounding_like("градиент")


def test_it_is_made_once_and_found_by_the_next(root: Path, made: list[int]) -> None:
    first, again = _mapped(root), _mapped(root)
    assert made == [3]
    assert first.joined is not None
    assert again.joined is not None
    assert first.joined.path == again.joined.path == f"joined/{_files(root)[0].name}"


def test_of_many_who_open_at_once_one_makes_it(root: Path, made: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    together = threading.Barrier(4, timeout=30)
    opened = joined._opened
    waited = threading.local()

    def all_at_once(*arguments: object) -> object:
        found = opened(*arguments)  # type: ignore[arg-type]
        if not getattr(waited, "once", False):
            waited.once = True
            together.wait()  # nobody has made it when the others look
        return found

    monkeypatch.setattr(joined, "_opened", all_at_once)
    with ThreadPoolExecutor(4) as pool:
        generations = list(pool.map(lambda _: _mapped(root), range(4)))
    assert made == [3]
    assert all(own.joined is not None for own in generations)


def test_a_damaged_file_is_not_believed_and_made_anew(root: Path, made: list[int]) -> None:
    _mapped(root)
    path = _files(root)[0]
    content = path.read_bytes()
    for wrong in (content[:-1] + bytes([content[-1] ^ 1]), content[:100], b"", b"\xff" * 64):
        path.write_bytes(wrong)
        assert _mapped(root).vocabulary((0, 1, 2)).holds("gradient")
        assert path.read_bytes() == content
    assert len(made) == 5


def test_a_file_of_other_shards_is_not_taken_whatever_its_name_says(root: Path, made: list[int]) -> None:
    _mapped(root)
    write_generation(root, 2, ANALYSIS_VERSION, "x", read_generation(root, 1)[0].shards[:2])
    manifest = read_generation(root, 2)[0]
    (wrong,) = _files(root)
    wrong.rename(wrong.with_name(f"{manifest.joined}-{wrong.name.split('-')[1]}"))
    assert _mapped(root, 2).kind_of.tolist() == [0] * 5
    assert made == [3, 2]


def test_where_it_cannot_be_written_it_is_put_together_in_memory_and_that_is_said(
    root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (root / "joined").write_bytes(b"")
    with caplog.at_level(logging.WARNING):
        generation = _mapped(root)
    assert generation.joined is None
    assert generation.vocabulary((0, 1, 2)).holds("gradient")
    assert ["in its own memory" in record.message for record in caplog.records] == [True]


def test_a_small_installation_has_none_nor_one_that_is_damaged_nor_a_single_course(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = read_generation(root, 1)[0].shards
    write_generation(root, 2, ANALYSIS_VERSION, "x", listed[:1])
    assert _mapped(root, 2).joined is None
    monkeypatch.setattr(joined, "LEAST_PASSAGES", 9)
    assert _mapped(root).joined is None
    monkeypatch.setattr(joined, "LEAST_PASSAGES", 8)
    (root / "shards" / listed[0].name / "shard.safetensors").write_bytes(b"damage")
    damaged = _mapped(root)
    assert (damaged.joined, list(damaged.damaged), damaged.count) == (None, ["a"], 5)
    assert _files(root) == []


def test_without_a_course_it_is_put_together_anew(root: Path) -> None:
    left = _mapped(root).without({"b": "damaged"})
    assert (left.joined, left.count) == (None, 6)
    assert not left.vocabulary((0, 1)).holds("boosting")


def test_what_belongs_to_no_kept_generation_is_swept_and_what_a_maker_left_is_removed(root: Path) -> None:
    listed = read_generation(root, 1)[0].shards
    for number, own in ((2, listed[:2]), (3, listed[1:])):
        write_generation(root, number, ANALYSIS_VERSION, "x", own)
    (root / "joined").mkdir()
    (root / "joined" / ".making-1").write_bytes(b"half")
    for number in (1, 2, 3):
        _mapped(root, number)
    assert len(_files(root)) == 3
    assert not list((root / "joined").glob(".making-*"))
    sweep(root, 3)
    kept = {read_generation(root, number)[0].joined for number in (2, 3)}
    assert {path.name.split("-")[0] for path in _files(root)} == kept


def test_it_is_named_by_exactly_the_shards_that_are_listed(root: Path) -> None:
    listed = read_generation(root, 1)[0].shards
    write_generation(root, 2, ANALYSIS_VERSION, "x", listed)
    write_generation(root, 3, ANALYSIS_VERSION, "x", listed[:2])
    names = [read_generation(root, number)[0].joined for number in (1, 2, 3)]
    assert names[0] == names[1] != names[2]
