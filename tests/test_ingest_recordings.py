"""What is called a recording and is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import EXAMPLES

from index.errors import SourceFileError
from index.library import Library
from index.types import Host, State
from ingest.planned import PlannedVideo
from ingest.recordings import check_recording
from ingest.videos import VideoSource, read_videos


@pytest.mark.parametrize(
    "head",
    [b"\x00\x00\x00\x20ftypisom", b"\x1aE\xdf\xa3\x01", b"OggS\x00", b"RIFF\x10", b"ID3\x04", b"\xff\xfb\x90", b"\x47\x40\x00"],
)  # fmt: skip
def test_recordings_are_told_by_how_they_begin(tmp_path: Path, head: bytes) -> None:
    (tmp_path / "a.mp4").write_bytes(head)
    check_recording(tmp_path / "a.mp4", "a.mp4")
    for example in (EXAMPLES / "video").glob("*.webm"):
        check_recording(example, example.name)


@pytest.mark.parametrize(
    ("content", "code"), [(b"", "empty_file"), (bytes(1_000), "not_a_video"), (b"<!doctype html>", "not_a_video")]
)
def test_what_is_none_is_a_gap_and_is_not_kept(
    sqlite_library: Library, tmp_path: Path, content: bytes, code: str
) -> None:
    (tmp_path / "a.mp4").write_bytes(content)
    (tmp_path / "a.en.srt").write_text("1\n00:00:01,000 --> 00:00:04,000\nCaptions beside it are read.\n", "utf-8")
    with pytest.raises(SourceFileError):
        check_recording(tmp_path / "a.mp4", "a.mp4")
    planned = PlannedVideo("a.mp4", Host.FILE)
    video = read_videos([planned], VideoSource(tmp_path, sqlite_library, ("en",)), lambda *_: None)[planned]
    assert (video.state, video.sha256, video.problem and video.problem.code) == (State.BROKEN, None, code)
    assert video.transcript is not None
