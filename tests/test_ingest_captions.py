"""Caption files of every kind, whole and broken."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import SourceFileError
from index.text.moments import unpack_times
from ingest.captions import Cue, parse_captions, to_vtt
from ingest.segments import merge_cues

EXPECTED = (Cue(1.0, 4.0, "Функция потерь"), Cue(4.0, 9.5, "и её градиент"))
VTT = (
    "WEBVTT\n\n00:00:01.000 --> 00:00:04.000\n<v Speaker>Функция потерь</v>\n\n"
    "00:00:04.000 --> 00:00:09.500\nи её градиент\n"
)
SRT = "1\n00:00:01,000 --> 00:00:04,000\nФункция потерь\n\n2\n00:00:04,000 --> 00:00:09,500\nи её <i>градиент</i>\n"
SBV = "0:00:01.000,0:00:04.000\nФункция потерь\n\n0:00:04.000,0:00:09.500\nи её градиент\n"
JSON3 = json.dumps(
    {
        "events": [
            {"tStartMs": 1000, "dDurationMs": 3000, "segs": [{"utf8": "Функция "}, {"utf8": "потерь"}]},
            {"tStartMs": 4000, "dDurationMs": 5500, "segs": [{"utf8": "и её градиент"}]},
        ]
    }
)
LOG = "[00:00:01.000 --> 00:00:04.000] Функция потерь\n[00:00:04.000 --> 00:00:09.500] и её градиент\n"


@pytest.mark.parametrize("text", [VTT, SRT, SBV, JSON3, LOG])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
def test_every_format_in_every_encoding_gives_the_same_cues(text: str, encoding: str) -> None:
    assert parse_captions(text.encode(encoding)) == EXPECTED


def test_cues_survive_a_round_trip_through_vtt() -> None:
    cues = (Cue(0.5, 2.25, "a < b && c"), Cue(3700.0, 3701.0, "späť"))
    assert parse_captions(to_vtt(cues).encode()) == cues


@pytest.mark.parametrize("content", [b"", b"  \n", b"WEBVTT\n", b"hello world", b'{"events": 3}', b"\x00\xff\x00" * 50])
def test_files_without_captions_are_refused(content: bytes) -> None:
    with pytest.raises(SourceFileError):
        parse_captions(content)


def test_rolling_captions_are_not_doubled() -> None:
    rolling = (
        "WEBVTT\n\n00:00:01.000 --> 00:00:03.000\nthe loss function\n\n"
        "00:00:03.000 --> 00:00:05.000\nthe loss function is a number\n"
    )
    assert [cue.text for cue in parse_captions(rolling.encode())] == ["the loss function", "is a number"]


def test_segments_end_at_sentence_ends_and_keep_every_word() -> None:
    cues = tuple(Cue(i * 6.0, i * 6.0 + 6, f"Sentence {i} starts here and ends now.") for i in range(30))
    segments = merge_cues(cues)
    assert " ".join(segment.text for segment in segments) == " ".join(cue.text for cue in cues)
    assert all(segment.text.endswith(".") for segment in segments)
    assert [s.end_seconds for s in segments[:-1]] == [s.start_seconds for s in segments[1:]]
    assert all(20 <= segment.end_seconds - segment.start_seconds <= 120 for segment in segments[:-1])


@given(st.binary(max_size=400))
def test_any_bytes_give_cues_in_order_or_a_clear_refusal(content: bytes) -> None:
    cues: tuple[Cue, ...] = ()
    with contextlib.suppress(SourceFileError):
        cues = parse_captions(content)
    assert [cue.start_seconds for cue in cues] == sorted(cue.start_seconds for cue in cues)
    assert all(cue.text for cue in cues)


def test_vtt_times_of_words_are_kept() -> None:
    content = b"WEBVTT\n\n00:01.000 --> 00:03.000\n \nso<00:00:01.500><c> we</c><00:00:02.250><c> go</c>\n"
    assert parse_captions(content) == (Cue(1.0, 3.0, "so we go", ((3, 1.5), (6, 2.25))),)


def test_json3_times_of_words_are_kept() -> None:
    words = [{"utf8": "so"}, {"utf8": " we", "tOffsetMs": 200}, {"utf8": " go", "tOffsetMs": 900}]
    content = json.dumps({"events": [{"tStartMs": 1000, "dDurationMs": 3000, "segs": words}]}).encode()
    assert parse_captions(content) == (Cue(1.0, 4.0, "so we go", ((3, 1.2), (6, 1.9))),)


def test_times_outside_a_caption_are_not_believed() -> None:
    content = b"WEBVTT\n\n00:01.000 --> 00:03.000\nso<00:00:09.500> we<00:00:02.000> go<00:00:01.500> on\n"
    assert parse_captions(content) == (Cue(1.0, 3.0, "so we go on", ((6, 2.0),)),)


def test_segments_know_when_their_words_are_spoken() -> None:
    cues = [Cue(10.0, 12.0, "so we go", ((3, 11.0),)), Cue(12.0, 14.5, "on and on")]
    assert unpack_times(merge_cues(cues)[0].times, 10.0) == [(0, 10.0), (3, 11.0), (9, 12.0), (18, 14.5)]


def test_json3_with_times_that_are_no_times_is_said_to_be_damaged() -> None:
    content = b'{"events": [{"tStartMs": 1, "segs": [{"utf8": "so", "tOffsetMs": Infinity}]}]}'
    with pytest.raises(SourceFileError, match="download them again"):
        parse_captions(content)
