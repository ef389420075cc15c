"""Servers that send a byte now and then: cut at the deadline, and keeping nobody from writing."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support import CountingEmbedder, ingest, until, write_course

from index.errors import CourseError
from index.library import Library
from ingest.course import read_course
from ingest.fetching import Fetching
from ingest.pipeline import ingest_course
from ingest.sources import SourceLimits, open_source
from ingest.web import FetchError, WebLimits, fetch
from ingest.youtube import CaptionsProblem, YouTube, YouTubeSettings

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-advertisement\r\n"


class Drip:
    """Answers with `start` at once and then a byte now and then, without end; `cut` counts clients that were gone."""

    def __init__(self, start: bytes, whole: int = 0) -> None:
        self.start, self.whole = start, whole
        self.asked = self.cut = 0
        self.stop = threading.Event()
        self.home = ""

    def answer(self, client: socket.socket) -> None:
        with client:
            client.recv(65536)
            self.asked += 1
            if self.asked <= self.whole:
                client.sendall(_HEAD + b"Content-Length: 0\r\nConnection: close\r\n\r\n")
                return
            try:
                client.sendall(self.start)
                while not self.stop.wait(0.1):
                    client.sendall(b"a")
            except OSError:
                self.cut += 1


@contextmanager
def dripping(start: bytes, whole: int = 0) -> Iterator[Drip]:
    drip = Drip(start, whole)
    with socket.create_server(("127.0.0.1", 0)) as server:
        drip.home = f"http://127.0.0.1:{server.getsockname()[1]}"
        threads: list[threading.Thread] = []

        def accept() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                threads.append(threading.Thread(target=drip.answer, args=(client,), daemon=True))
                threads[-1].start()

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield drip
        finally:
            drip.stop.set()
            server.shutdown(socket.SHUT_RDWR)
            accepting.join(10)
            for thread in threads:
                thread.join(10)


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX-Slow: ",
        b"HTTP/1.1 200 OK\r\n\r\n%PDF-",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n%PDF-",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n",
    ],
)
def test_a_file_that_drips_is_cut_at_the_deadline(tmp_path: Path, start: bytes) -> None:
    with dripping(start) as drip:
        with pytest.raises(FetchError, match="did not arrive within 1 s") as caught:
            fetch(f"{drip.home}/a.pdf", tmp_path, WebLimits(seconds=1, private=True))
        assert (caught.value.code, caught.value.passing) == ("timeout", True)
        until(lambda: drip.cut == 1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("start", "whole"), [(b"HTTP/1.1 200 OK\r\nX-Slow: ", 0), (_HEAD + b"\r\n001e# ", 1)])
def test_a_repository_that_drips_is_cut_at_the_deadline(tmp_path: Path, start: bytes, whole: int) -> None:
    """Before git is asked, and while it waits."""
    with dripping(start, whole) as drip:
        with pytest.raises((FetchError, CourseError), match="did not arrive within 2 s"):
            open_source(f"{drip.home}/owner/name", tmp_path, SourceLimits(seconds=2, private=True))
        assert drip.asked == whole + 1
        until(lambda: drip.cut == 1)


def test_captions_that_drip_end_as_late(tmp_path: Path) -> None:
    assert tmp_path.is_dir()
    with dripping(b"HTTP/1.1 200 OK\r\nX-Slow: ") as drip:
        youtube = YouTube(YouTubeSettings(drip.home, seconds=0.3, pause_seconds=0))
        with pytest.raises(CaptionsProblem) as caught:
            youtube.captions("A" * 11, ["ru"])
        assert caught.value.code == "youtube_timeout"


def test_another_course_is_written_while_one_waits_for_a_slow_server(
    sqlite_library: Library, tmp_path: Path, embedder: CountingEmbedder
) -> None:
    slow = tmp_path / "slow"
    slow.mkdir()
    with dripping(b"HTTP/1.1 200 OK\r\n\r\n%PDF-") as drip:
        (slow / "course.yaml").write_text(
            f"title: Slow\nlanguage: en\nlectures: [{{title: One, decks: ['{drip.home}/a.pdf']}}]\n", "utf-8"
        )
        gaps: list[str] = []

        def take_up() -> None:
            fetching = Fetching(web=WebLimits(seconds=600, private=True))
            report = ingest_course(read_course(slow), slow, sqlite_library, embedder, fetching=fetching)
            gaps.extend(gap["code"] for gap in report.gaps)

        thread = threading.Thread(target=take_up, daemon=True)
        thread.start()
        until(lambda: drip.asked == 1)
        other = Library(sqlite_library.database.url.render_as_string(), sqlite_library.data_dir)
        folder = write_course(tmp_path / "quick", "Quick", ["Dropout\nzero activations"])
        assert ingest(folder, other, embedder).changed
        other.close()
        assert thread.is_alive()
        drip.stop.set()
        thread.join(60)
    # what came before the server hung up is no whole PDF
    assert (thread.is_alive(), len(gaps)) == (False, 1)
