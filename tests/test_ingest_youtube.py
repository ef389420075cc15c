"""Captions from YouTube, against a server that answers as it does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from youtube_stub import Stub, playable, track, unplayable, youtube_stub

from index.library import Library
from index.types import Host, MadeBy, Video
from ingest.fetching import Fetcher, Fetching
from ingest.planned import PlannedVideo
from ingest.videos import VideoSource, read_videos
from ingest.youtube import CaptionsProblem, YouTube, YouTubeSettings

VIDEO = "AAAAAAAAAAA"


@pytest.fixture
def stub() -> Iterator[Stub]:
    with youtube_stub() as running:
        yield running


def asked_of(stub: Stub, **settings: Any) -> YouTube:
    return YouTube(YouTubeSettings(stub.home, seconds=0.5, pause_seconds=0.0, **settings))


def test_captions_come_as_json3_with_plain_text(stub: Stub) -> None:
    stub.answers[VIDEO] = playable(track("en", generated=True))
    found = asked_of(stub).captions(VIDEO, ["en"])
    assert (found.language, found.generated) == ("en", True)
    texts = [event["segs"][0]["utf8"] for event in json.loads(found.content)["events"]]
    assert texts == ['Today we talk about "momentum".', "It rolls downhill like a ball."]


@pytest.mark.parametrize(
    ("tracks", "wanted", "chosen"),
    [
        ([track("ru", generated=True), track("ru")], ["ru", "en"], ("ru", False)),
        ([track("en"), track("ru", generated=True)], ["ru", "en"], ("ru", True)),
        ([track("en"), track("ru-RU")], ["ru"], ("ru-RU", False)),
        ([track("fr"), track("de", generated=True)], ["ru"], ("de", True)),  # the language that is spoken
        ([track("fr"), track("de"), track("de", generated=True)], ["ru"], ("de", False)),
        ([track("fr")], ["ru"], ("fr", False)),
    ],
)
def test_the_best_language_is_taken_and_never_a_translation(
    stub: Stub, tracks: list[dict[str, Any]], wanted: list[str], chosen: tuple[str, bool]
) -> None:
    stub.answers[VIDEO] = playable(*tracks)
    found = asked_of(stub).captions(VIDEO, wanted)
    assert (found.language, found.generated) == chosen
    assert b"machine translation" not in found.content


@pytest.mark.parametrize(
    ("answer", "code", "says"),
    [
        ("429", "youtube_blocked", "LECTURES_YOUTUBE_PROXY"),
        ("captcha", "youtube_blocked", "wait some hours"),
        ("500", "youtube_failed", "later"),
        ("hang", "youtube_timeout", "later"),
        ("drip", "youtube_timeout", "later"),
        ("cut", "youtube_failed", "later"),
        ("", "captions_unreadable", "later"),
        ("[1, 2", "captions_unreadable", "later"),
        ({"playabilityStatus": None}, "captions_unreadable", "later"),
        (playable(track("ru", url="/empty")), "captions_unreadable", "transcripts/"),
        (playable(track("ru&exp=xpe")), "captions_protected", "transcripts/"),
        ({"playabilityStatus": {"status": "OK"}}, "captions_disabled", "YouTube Studio"),
        (playable(), "no_captions", "in a day"),
        (unplayable("LOGIN_REQUIRED", "This video may be inappropriate for some users."), "age_restricted", "adults"),
        (unplayable("LOGIN_REQUIRED", "Sign in to confirm you’re not a bot"), "youtube_blocked", "wait"),
        (unplayable("ERROR", "This video is unavailable"), "video_gone", "correct the link"),
        (unplayable("UNPLAYABLE", "This video is private"), "video_unplayable", "private"),
    ],
)
def test_every_failure_has_a_code_and_says_what_to_do(stub: Stub, answer: Any, code: str, says: str) -> None:
    stub.answers[VIDEO] = answer
    with pytest.raises(CaptionsProblem) as caught:
        asked_of(stub).captions(VIDEO, ["ru"])
    assert (caught.value.code, says in str(caught.value)) == (code, True), str(caught.value)


def test_an_unreachable_youtube_stops_the_queue() -> None:
    closed = YouTube(YouTubeSettings("http://127.0.0.1:9", seconds=0.5, pause_seconds=0.0))
    with pytest.raises(CaptionsProblem) as caught:
        closed.captions(VIDEO, ["ru"])
    assert caught.value.code == "youtube_unreachable"
    with pytest.raises(CaptionsProblem, match=r"transcripts/BBBBBBBBBBB\.ru\.vtt"):
        closed.captions("B" * 11, ["ru"])


def test_two_that_time_out_one_after_the_other_stop_the_queue(stub: Stub) -> None:
    youtube = asked_of(stub)
    for letter in "ABC":
        stub.answers[letter * 11] = "hang"
        with pytest.raises(CaptionsProblem) as caught:
            youtube.captions(letter * 11, ["ru"])
        assert caught.value.code == "youtube_timeout"
    assert stub.asked == ["A" * 11, "B" * 11]


def read(stub: Stub, library: Library, videos: list[str], root: Path) -> list[Video]:
    planned = [PlannedVideo(video, Host.YOUTUBE) for video in videos]
    root.mkdir(exist_ok=True)
    languages = ("ru", "en")
    failed = Fetcher(library, Fetching(youtube=asked_of(stub))).fetch_captions(planned, root, languages)
    source = VideoSource(root, library, languages, failed)
    return list(read_videos(planned, source, lambda *_: None).values())


def test_a_block_stops_the_queue_keeps_what_was_got_and_the_next_run_goes_on(
    stub: Stub, sqlite_library: Library, tmp_path: Path
) -> None:
    ids = [letter * 11 for letter in "ABCD"]
    stub.answers |= {ids[0]: playable(track("en")), ids[1]: "429", ids[2]: playable(track("en")), ids[3]: "429"}
    first = read(stub, sqlite_library, ids, tmp_path / "course")
    assert [video.problem.code if video.problem else None for video in first] == [None] + ["youtube_blocked"] * 3
    assert stub.asked == ids[:2]
    stub.answers |= {ids[1]: playable(track("ru", generated=True)), ids[3]: playable(track("en"))}
    second = read(stub, sqlite_library, ids, tmp_path / "course")
    assert stub.asked == ids[:2] + ids[1:]  # the first was cached for good
    kept = [(v.transcript.language, v.transcript.made_by, v.transcript.asked) for v in second if v.transcript]
    assert kept == [
        ("en", MadeBy.MANUAL, ("ru", "en")),
        ("ru", MadeBy.GENERATED, ("ru", "en")),
        ("en", MadeBy.MANUAL, ("ru", "en")),
        ("en", MadeBy.MANUAL, ("ru", "en")),
    ]


def test_captions_in_the_folder_come_before_youtube(stub: Stub, sqlite_library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "course" / "transcripts"
    folder.mkdir(parents=True)
    (folder / f"{VIDEO}.vtt").write_text(
        "WEBVTT\n\n00:00:00.000 --> 00:00:09.000\nСегодня мы поговорим о том, что это такое и как это работает\n",
        "utf-8",
    )
    (video,) = read(stub, sqlite_library, [VIDEO], tmp_path / "course")
    assert stub.asked == []
    assert video.transcript is not None
    assert (video.transcript.made_by, video.transcript.language) == (MadeBy.FILE, "ru")  # heard, not said by its name


def test_overlapping_durations_end_where_the_next_caption_begins(
    stub: Stub, sqlite_library: Library, tmp_path: Path
) -> None:
    stub.answers[VIDEO] = playable(track("en"))
    (video,) = read(stub, sqlite_library, [VIDEO], tmp_path / "course")
    vtt = sqlite_library.files.path(video.transcript.vtt_sha256, ".vtt").read_text("utf-8") if video.transcript else ""
    assert "00:00:00.500 --> 00:00:04.000" in vtt
    assert "00:00:04.000 --> 00:00:10.000" in vtt
