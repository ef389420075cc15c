"""Named arrays ↔ one mapped file: what is read was hashed, nothing can be written, texts of every length."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load

from index.engine.container import Arrays, open_packed, open_texts, pack, pack_texts, write_packed
from index.errors import CorruptIndex


def _opened(folder: Path, arrays: Arrays) -> Arrays:
    content = pack(arrays)
    (folder / "file").write_bytes(content)
    return open_packed(folder / "file", hashlib.sha256(content).hexdigest(), "It")


_ARRAYS: Arrays = {
    "bool": np.array([True, False, True]),
    "u8": np.arange(5, dtype=np.uint8),
    "i8": np.arange(-3, 3, dtype=np.int8),
    "i16": np.array([-(2**15), 7], np.int16),
    "u16": np.array([0, 65_535], np.uint16),
    "i32": np.array([-1, 2**31 - 1], np.int32),
    "u32": np.array([2**32 - 1], np.uint32),
    "i64": np.array([-(2**63)], np.int64),
    "u64": np.array([2**64 - 1, 0], np.uint64),
    "f32": np.array([[0.5, -1.5, np.inf]], np.float32),
    "none": np.zeros((0, 7), np.float32),
}


def test_arrays_are_read_back_as_they_were(tmp_path: Path) -> None:
    found = _opened(tmp_path, _ARRAYS)
    assert found.keys() == _ARRAYS.keys()
    for name, array in _ARRAYS.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape), name
        np.testing.assert_array_equal(found[name], array)


def test_what_was_opened_cannot_be_written(tmp_path: Path) -> None:
    found = _opened(tmp_path, _ARRAYS)
    assert not any(array.flags.writeable for array in found.values())
    with pytest.raises(ValueError, match="read-only"):
        found["u8"][0] = 1


def test_equal_arrays_give_equal_bytes_in_whatever_order_and_other_programs_read_them() -> None:
    content = pack(_ARRAYS)
    assert pack(dict(reversed(_ARRAYS.items()))) == content
    np.testing.assert_array_equal(load(content)["u64"], _ARRAYS["u64"])


def test_what_is_written_array_by_array_is_read_as_what_is_packed(tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb") as file:
        sha256 = write_packed(file, _ARRAYS)
    found, other = open_packed(tmp_path / "file", sha256, "It"), load((tmp_path / "file").read_bytes())
    assert found.keys() == other.keys() == _ARRAYS.keys()
    for name, array in _ARRAYS.items():
        np.testing.assert_array_equal(found[name], array)
        np.testing.assert_array_equal(other[name], array)
        assert (found[name].dtype, found[name].flags.aligned) == (array.dtype, True)


@pytest.mark.parametrize("content", [None, b"", b"\0" * 8, pack({"u8": np.arange(6, dtype=np.uint8)})])
def test_other_bytes_are_refused(tmp_path: Path, content: bytes | None) -> None:
    sha256 = hashlib.sha256(pack({"u8": np.arange(5, dtype=np.uint8)})).hexdigest()
    if content is not None:
        (tmp_path / "file").write_bytes(content)
    with pytest.raises(CorruptIndex, match=r"The index of course c .*; run `lectures reindex`"):
        open_packed(tmp_path / "file", sha256, "The index of course c")


@given(st.lists(st.text(max_size=8), max_size=12))
def test_texts_are_read_one_at_a_time(texts: list[str]) -> None:
    found = open_texts(pack_texts("name", [text.encode("utf-8", "replace").decode() for text in texts]), "name")
    expected = [text.encode("utf-8", "replace").decode() for text in texts]
    assert list(found) == expected
    assert (len(found), found[:3], found[1::2]) == (len(expected), expected[:3], expected[1::2])
