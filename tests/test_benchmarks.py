"""The benchmark's parts that can be right or wrong; times are never tested."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer

import pytest
from support import ingest, own_database

from benchmarks.bench import FIGURES
from benchmarks.installation import fill
from benchmarks.load import run
from benchmarks.made_courses import made_course, made_questions, write_folder
from benchmarks.scaling.spread_ingest import slow_site, write_waiting
from benchmarks.stages import Stages, measured
from index.library import Library
from index.search.search import SearchIndex
from index.types import Kind
from ingest.carrying import Means, carry_out
from ingest.order import Order
from ingest.sources import SourceLimits

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("passages", [1, 2, 48, 49, 300])
def test_a_made_course_holds_the_wanted_number_of_passages(passages: int) -> None:
    _, made = made_course(7, passages)
    assert len({passage.id for passage in made}) == len({passage.content_hash for passage in made}) == passages


def test_a_made_course_is_the_same_in_every_process() -> None:
    program = "from benchmarks.made_courses import made_course, made_questions; print([made_course(3, 60), made_questions(9, [3])])"
    said = {
        subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout.decode()
        for seed in ("1", "2")
    }
    assert said == {f"{[made_course(3, 60), made_questions(9, [3])]}\n"}


def test_two_thirds_of_a_made_course_are_pages_and_a_third_speech() -> None:
    kinds = [passage.kind for passage in made_course(0, 96)[1]]
    assert (kinds.count(Kind.PAGE), kinds.count(Kind.SEGMENT)) == (64, 32)


def test_two_courses_of_three_are_russian_and_every_subject_is_taught_in_both_languages() -> None:
    languages = [made_course(number, 1)[0].language for number in range(36)]
    assert languages.count("ru") == 24
    assert all(set(languages[subject::12]) == {"ru", "en"} for subject in range(12))


def test_a_made_folder_holds_as_many_passages_with_its_pages_as_pdfs_or_spoken(tmp_path: Path) -> None:
    for decks, pages in ((False, 0), (True, 64)):
        library = Library(own_database(tmp_path / str(decks)), tmp_path / str(decks))
        library.database.migrate()
        report = ingest(write_folder(2, 96, tmp_path / f"folder-{decks}", decks=decks), library, None)
        library.close()
        assert (report.passages, report.pages, report.gaps) == (96, pages, [])


def test_an_installation_is_filled_no_further_than_it_has_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LECTURES_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("LECTURES_EMBEDDER", "none")
    fill(tmp_path, 1, 30)
    fill(tmp_path, 2, 30)
    assert [line.split(":")[0] for line in capsys.readouterr().err.splitlines()] == [
        "made course 1 of 1",
        "made course 2 of 2",
    ]


@contextmanager
def answering(*pieces: bytes) -> Iterator[int]:
    """The port of a server that answers every request with these pieces, one after the other."""

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            while self.request.recv(4096):
                for piece in pieces:
                    self.request.sendall(piece)
                    time.sleep(0.01)  # so that they arrive apart

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.mark.parametrize("cut", [1, 20, 45, 54, 57])
def test_the_load_generator_takes_an_answer_whole_however_it_arrives(cut: int) -> None:
    answer = b"HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 5\r\nX-C: d\r\n\r\nwords"
    with answering(answer[:cut], answer[cut:]) as port:
        found = run(port, ["/a", "/b", "/c"], 2)
    assert found["requests"] == 3
    assert 10 <= found["p50"] < 1_000


def test_the_load_generator_stops_at_a_refusal() -> None:
    with (
        answering(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n") as port,
        pytest.raises(SystemExit, match="503"),
    ):
        run(port, ["/a"], 1)


def test_what_a_stage_calls_of_another_is_counted_for_that_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.stages.perf_counter", iter([0.0, 1.0, 4.0, 9.0]).__next__)
    stages = Stages()
    inner = stages.timed("encoder", lambda text: text.upper())
    assert stages.timed("ranking", inner)("a") == "A"
    assert {stage: took for stage, took in stages.seconds.items() if took} == {"encoder": 3.0, "ranking": 6.0}


def test_a_search_is_what_it_was_once_its_stages_are_measured() -> None:
    before = SearchIndex._rank
    with measured():
        assert SearchIndex._rank is not before
    assert SearchIndex._rank is before


def test_the_benchmark_runs_through_and_gives_the_documented_figures(tmp_path: Path) -> None:
    target = tmp_path / "figures.json"
    command = [sys.executable, "-m", "benchmarks.bench", "--passages", "300", "--quick", "--json", str(target)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(target.read_text("utf-8"))
    assert found["size"] == {"courses": 2, "passages": 300}
    with_workers = {name for name in FIGURES if "worker" in name}
    assert set(FIGURES) - with_workers <= set(found["figures"]) <= set(FIGURES)
    assert found["figures"]["ingest.unchanged"]["embedded"] == 0
    assert all(FIGURES[name] in done.stdout for name in found["figures"])


def test_courses_that_a_slow_site_gives_are_taken_up_as_a_whole_once_it_has_waited(
    sqlite_library: Library, tmp_path: Path
) -> None:
    with slow_site(0.05) as home:
        (folder,) = write_waiting(tmp_path, 1, 3, home)
        began = time.monotonic()
        means = Means(limits=SourceLimits(private=True))
        report = carry_out(Order(str(folder)), sqlite_library, None, means)
    assert (report.lectures, report.pages, report.gaps) == (3, 3, [])
    assert time.monotonic() - began >= 0.05
