"""Recordings without captions: heard by a recogniser where there is one, else a gap that says how.

faster-whisper and a model are large, so a package of the same shape stands in for them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support import EXAMPLES

from index.library import Library
from index.types import Host, MadeBy, Video
from ingest.asr import asr_problem
from ingest.course import read_course
from ingest.fetching import Fetching
from ingest.gathering import Progress
from ingest.hearing import Listener
from ingest.pipeline import ingest_course
from ingest.planned import PlannedVideo
from ingest.videos import VideoSource, read_videos

STAND_IN = """
from types import SimpleNamespace as S
from pathlib import Path

class WhisperModel:
    def __init__(self, folder, device, compute_type, local_files_only):
        assert local_files_only
        self.folder = Path(folder)

    def transcribe(self, recording, language, vad_filter, condition_on_previous_text):
        # nothing of others lies beside it
        assert [path.name for path in Path(recording).parent.iterdir()] == [Path(recording).name]
        assert Path(recording).is_file() and vad_filter and not condition_on_previous_text
        calls = self.folder / "calls"
        calls.write_text(calls.read_text() + "x" if calls.exists() else "x")
        texts = eval((self.folder / "says").read_text())
        segments = (S(start=i * 5.0, end=i * 5.0 + 5.0, text=text) for i, text in enumerate(texts))
        return segments, S(duration=120.0, language="ru")
"""


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    package = tmp_path / "packages" / "faster_whisper"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(STAND_IN, "utf-8")
    monkeypatch.syspath_prepend(str(package.parent))
    monkeypatch.delitem(sys.modules, "faster_whisper", raising=False)
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "model.bin").write_bytes(b"weights")
    (folder / "says").write_text(
        repr(["Здравствуйте.", " Сегодня об импульсе.", *["спасибо"] * 9, "До свидания."]), "utf-8"
    )
    return folder


class Stopped(Exception):
    """Of a job that is told to stop while it waits."""


def stop() -> None:
    raise Stopped


def recording(library: Library) -> Path:
    """A course folder with one recording."""
    root = library.data_dir / "course"
    root.mkdir(parents=True, exist_ok=True)
    if not (root / "lecture.webm").exists():
        (root / "lecture.webm").write_bytes((EXAMPLES / "video" / "lecture1.webm").read_bytes())
    return root


def read(library: Library, model: str) -> tuple[Video, list[str]]:
    told: list[str] = []

    def tell(done: int, total: int, what: str) -> None:
        told.append(f"{what} {done}/{total}")

    planned = PlannedVideo("lecture.webm", Host.FILE)
    root = recording(library)
    failed = Listener(library, model, tell, stop).hear([planned], root, ("ru", "en"))
    source = VideoSource(root, library, ("ru", "en"), failed, asr_model=model)
    found = read_videos([planned], source, tell)
    assert not list((library.data_dir / "sources").glob("*"))
    return found[planned], told


def test_a_recording_is_heard_marked_and_heard_only_once(sqlite_library: Library, model: Path) -> None:
    video, told = read(sqlite_library, str(model))
    assert video.transcript is not None
    assert (video.transcript.made_by, video.transcript.language) == (MadeBy.ASR, "ru")
    assert video.problem is None
    said = " ".join(segment.text for segment in video.transcript.segments)
    assert said == "Здравствуйте. Сегодня об импульсе. спасибо спасибо спасибо До свидания."  # no loop
    assert "lecture.webm: speech 5/120" in told
    read(sqlite_library, str(model))
    assert (model / "calls").read_text() == "x"


def test_while_it_is_heard_others_write_and_none_else_hears(sqlite_library: Library, model: Path) -> None:
    root = recording(sqlite_library)
    (root / "course.yaml").write_text(
        "title: Momentum\nlanguage: ru\nlectures:\n  - {title: One, videos: [{file: lecture.webm}]}\n", "utf-8"
    )
    other = Library(sqlite_library.database.url.render_as_string(), sqlite_library.data_dir)
    heard: list[str] = []

    def tell(at: Progress) -> None:
        if at.what != "lecture.webm: speech":
            return
        with other.writer(stop):
            heard.append(at.step)
        with pytest.raises(Stopped):
            Listener(other, str(model), on_wait=stop).hear([PlannedVideo("lecture.webm", Host.FILE)], root, ("ru",))

    fetching = Fetching(asr_model=str(model))
    report = ingest_course(read_course(root), root, sqlite_library, None, fetching=fetching, progress=tell)
    other.close()
    assert set(heard) == {"reading transcripts"}
    assert (report.gaps, report.segments > 0) == ([], True)
    assert (model / "calls").read_text() == "x"


def test_a_recording_that_changed_after_it_was_heard_is_a_gap_until_the_next_time(
    sqlite_library: Library, model: Path
) -> None:
    root = recording(sqlite_library)
    planned = PlannedVideo("lecture.webm", Host.FILE)
    failed = Listener(sqlite_library, str(model)).hear([planned], root, ("ru",))
    (root / "lecture.webm").write_bytes(b"OggS another")
    source = VideoSource(root, sqlite_library, ("ru",), failed, asr_model=str(model))
    problem = read_videos([planned], source, lambda *_: None)[planned].problem
    assert problem is not None
    assert (problem.code, "changed meanwhile" in problem.detail) == ("no_transcript", True)
    video, _ = read(sqlite_library, str(model))
    assert (video.problem, (model / "calls").read_text()) == (None, "xx")


def test_silence_is_a_gap(sqlite_library: Library, model: Path) -> None:
    (model / "says").write_text("[]")
    video, _ = read(sqlite_library, str(model))
    assert (model / "calls").read_text() == "x"
    assert video.problem is not None
    assert (video.problem.code, video.transcript) == ("no_speech", None)


def test_what_is_missing_is_said(sqlite_library: Library, model: Path, tmp_path: Path) -> None:
    assert asr_problem(str(model)) is None
    assert "set LECTURES_ASR_MODEL" in (asr_problem("") or "")
    assert "no folder of a faster-whisper model" in (asr_problem(str(tmp_path)) or "")
    video, _ = read(sqlite_library, "")
    assert video.problem is not None
    assert video.problem.code == "no_transcript"
    assert "LECTURES_ASR_MODEL" in video.problem.detail


def test_without_the_extra_the_gap_says_how(sqlite_library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.asr.find_spec", lambda _: None)
    video, _ = read(sqlite_library, "")
    assert video.problem is not None
    assert "install faster-whisper (the extra `asr`)" in video.problem.detail
