"""Playlists: what their pages hold, which lecture a video surely belongs to, and what is said of the others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import write_pdf
from youtube_stub import Stub, youtube_stub

from index.library import Library
from index.types import Host
from ingest.course import read_course
from ingest.fetching import Fetching
from ingest.pipeline import IngestReport, ingest_course
from ingest.planned import PlannedCourse, PlannedLecture, PlannedVideo
from ingest.playlists import ListedVideo, dump_list, load_list, playlist_id, read_playlist, with_playlists
from ingest.web import FetchError
from ingest.youtube import YouTube, YouTubeSettings

ADDRESS = "https://www.youtube.com/playlist?list=PL0"


def renderer(video: str, title: str) -> dict[str, Any]:
    return {"playlistVideoRenderer": {"videoId": video * 11, "title": {"runs": [{"text": title}]}}}


def lockup(video: str, title: str, kind: str = "VIDEO") -> dict[str, Any]:
    metadata = {"lockupMetadataViewModel": {"title": {"content": title}}}
    return {
        "lockupViewModel": {"contentId": video * 11, "contentType": f"LOCKUP_CONTENT_TYPE_{kind}", "metadata": metadata}
    }


def page(*shown: dict[str, Any]) -> str:
    data = json.dumps({"contents": {"tabs": [{"section": {"contents": list(shown)}}]}})
    return f"<html><script>var other = {{}};</script><script>var ytInitialData = {data};</script></html>"


def listed(*titles: str) -> tuple[ListedVideo, ...]:
    return tuple(ListedVideo(letter * 11, title) for letter, title in zip("ABCDEFGHIJ", titles, strict=False))


@pytest.mark.parametrize("form", [renderer, lockup])
def test_the_page_of_a_playlist_gives_its_videos_in_order(form: Any) -> None:
    shown = [form("B", "Second  first"), form("A", "Trees"), form("C", "[Private video]"), form("B", "again")]
    assert [video.video[0] for video in read_playlist(page(*shown))] == ["B", "A"]
    assert read_playlist(page(*shown))[1] == ListedVideo("A" * 11, "Trees")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "<html>consent</html>",
        "ytInitialData = {",
        "ytInitialData = " + '{"a":' * 100_000,
        page(),
        page({"playlistVideoRenderer": {"videoId": 3, "title": []}}),
        page(renderer("A", "Trees") | {"playlistVideoRenderer": {"videoId": "<script>", "title": {"runs": [3, {}]}}}),
        page(lockup("A", "Another playlist", "PLAYLIST")),
    ],
)
def test_a_page_without_videos_is_a_named_problem(content: str) -> None:
    with pytest.raises(FetchError) as caught:
        read_playlist(content)
    assert caught.value.code == "playlist_unread"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (ADDRESS, "PL0"),
        ("https://youtube.com/playlist?list=PL0&si=x", "PL0"),
        ("https://www.youtube.com/playlist", None),
        ("https://www.youtube.com/playlist?list=../watch", None),
        ("https://example.org/playlist?list=PL0", None),
    ],
)
def test_only_playlists_of_youtube_are_asked_for(address: str, expected: str | None) -> None:
    assert playlist_id(address) == expected


def test_what_is_kept_is_what_was_read() -> None:
    assert load_list(dump_list(listed("Деревья", "b"))) == listed("Деревья", "b")


@pytest.mark.parametrize(
    ("lectures", "videos", "expected"),
    [
        # by title, in whatever order, numbers and case aside
        (["Trees", "Gradient boosting"], ["Lecture 2. Gradient Boosting", "Lecture 7. Trees"], "BA"),
        (["Decision trees", "Boosting"], ["ML course | Decision trees | 2024", "Something else"], "A-"),
        # two that may be it, or a word of many: left out
        (["Trees", "Loss"], ["Lecture 4. Trees", "Lecture 5. Trees"], "--"),
        (["Trees", "Loss"], ["Random trees and forests", "A loss of words"], "--"),
        (["Logistic regression", "Regression"], ["Linear and logistic regression", "Loss"], "A-"),
        # by number, where both say it
        (["Lecture 3", "Introduction"], ["Лекция 3", "Lecture 9"], "A-"),
        # by number and place, where the numbers are those of all lectures and nothing says otherwise
        (["Hello", "Trees", "The end"], ["Lecture 2. Trees", "Lecture 1. Start", "Lecture 3. Conclusion"], "BAC"),
        (["Hello", "Trees", "The end"], ["Lecture 1. Trees", "Lecture 2. Start", "Lecture 3. Conclusion"], "-A-"),
        (["Hello", "Trees"], ["Lecture 1. Start", "Lecture 2. Forest", "Lecture 3. End"], "--"),
    ],
)
def test_a_lecture_gets_a_video_that_is_surely_its_own(lectures: list[str], videos: list[str], expected: str) -> None:
    course = PlannedCourse("c", "C", "en", None, tuple(PlannedLecture("", title) for title in lectures))
    found, spare = with_playlists(course, {ADDRESS: listed(*videos)})
    assert "".join(x.videos[0].video[0] if x.videos else "-" for x in found.lectures) == expected
    left = [title for letter, title in zip("ABCDEFGHIJ", videos, strict=False) if letter not in expected]
    assert [problem.code for problem in spare] == (["playlist_left_out"] if left else [])
    assert all(title in spare[0].detail for title in left)


def test_lectures_with_a_video_and_their_videos_are_left_alone() -> None:
    own = PlannedVideo("B" * 11, Host.YOUTUBE, "mine")
    lectures = (PlannedLecture("", "Trees", videos=(own,)), PlannedLecture("", "Forests"))
    course = PlannedCourse("c", "C", "en", None, lectures)
    found, spare = with_playlists(course, {ADDRESS: listed("Trees", "Forests")})
    assert found.lectures == lectures  # "Forests" is shown by another lecture
    assert "1 of 2 videos" in spare[0].detail
    assert f"Trees (https://youtu.be/{'A' * 11})" in spare[0].detail


@pytest.fixture
def stub() -> Iterator[Stub]:
    with youtube_stub() as running:
        yield running


@pytest.fixture
def course(tmp_path: Path) -> Path:
    folder = tmp_path / "course"
    write_pdf(folder / "1.pdf", ["Trees\nwords of trees"])
    write_pdf(folder / "2.pdf", ["Boosting\nwords of boosting"])
    (folder / "README.md").write_text(
        f"# C\n[Recordings]({ADDRESS})\n\n## Lectures\n1. [Trees](1.pdf)\n2. [Boosting](2.pdf)\n", "utf-8"
    )
    return folder


def _ingest(folder: Path, library: Library, stub: Stub | None) -> tuple[IngestReport, list[str]]:
    youtube = YouTube(YouTubeSettings(stub.home, seconds=0.5, pause_seconds=0.0)) if stub else None
    planned = read_course(folder)
    report = ingest_course(planned, folder, library, None, with_transcripts=False, fetching=Fetching(youtube=youtube))
    return report, [gap["code"] for gap in report.gaps if gap["code"].startswith("playlist")]


def test_a_linked_playlist_gives_its_videos_and_is_kept(stub: Stub, course: Path, sqlite_library: Library) -> None:
    stub.playlists["PL0"] = page(renderer("A", "Boosting"), renderer("B", "Trees"), renderer("C", "Farewell"))
    report, gaps = _ingest(course, sqlite_library, stub)
    assert (report.videos, gaps) == (2, ["playlist_left_out"])
    assert any("Farewell" in gap["detail"] for gap in report.gaps)
    stub.playlists["PL0"] = 500
    for asked in (stub, None):  # what was read before stands
        report, gaps = _ingest(course, sqlite_library, asked)
        assert (report.videos, report.changed, gaps) == (2, False, ["playlist_left_out"])
    stub.playlists["PL0"] = page(renderer("B", "Trees"))
    report, gaps = _ingest(course, sqlite_library, stub)
    assert (report.videos, report.changed, gaps) == (1, True, [])


@pytest.mark.parametrize(
    ("answer", "says"), [(500, "could not be asked"), ("<html/>", "no videos"), (None, "--offline")]
)
def test_a_playlist_that_cannot_be_read_is_a_gap(
    stub: Stub, course: Path, sqlite_library: Library, answer: str | int | None, says: str
) -> None:
    stub.playlists["PL0"] = answer or ""
    report, gaps = _ingest(course, sqlite_library, stub if answer else None)
    assert (report.lectures, report.videos, gaps) == (2, 0, ["playlist_unread"])
    assert all(says in gap["detail"] for gap in report.gaps if gap["code"] == "playlist_unread")
