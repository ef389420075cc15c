"""A recording beside a course → whether it is one, by how its file begins, whatever its name says."""

from __future__ import annotations

from pathlib import Path

from index.errors import SourceFileError

# Matroska and WebM, Ogg, WAV and AVI, MP3 with tags, MPEG streams, FLAC, Flash
_BEGINNINGS = (
    b"\x1aE\xdf\xa3",
    b"OggS",
    b"RIFF",
    b"RIFX",
    b"RF64",
    b"ID3",
    b"\x00\x00\x01\xb3",
    b"\x00\x00\x01\xba",
    b"\x47\x40",
    b"fLaC",
    b"FLV",
)
# of MP4 and QuickTime: what their first box may be called
_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"styp", b"uuid"})
_HEAD = 16


def check_recording(file: Path, called: str) -> None:
    """SourceFileError if the file is empty, or begins as no recording does."""
    with file.open("rb") as opened:
        head = opened.read(_HEAD)
    if not head:
        raise SourceFileError(f"Video {called} is empty; export it again.", code="empty_file")
    is_frame = len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0  # of MP3 or AAC without tags
    if not (head.startswith(_BEGINNINGS) or head[4:8] in _BOXES or is_frame):
        raise SourceFileError(
            f"Video {called} is named as a recording, but is something else; put the real file in its place.",
            code="not_a_video",
        )
