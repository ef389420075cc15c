"""What is wrong at the start: one sentence that names it and what to do, exit code 1, never a traceback."""

from __future__ import annotations

import json
import logging
import os
import socket
import sys
import threading
import time
import types
from importlib.metadata import version
from pathlib import Path

import pytest
from model_stub import Reply, model_server, refuses, says
from support import Done, Run, write_course

from index.embed import sentences, table
from index.embed.table import TableEmbedder
from index.errors import EmbedderError
from service.opening import hold_native_threads, read_ahead
from service.settings import Settings, unknown_variables

ROOT = Path(__file__).parents[1]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lectures: Run) -> Run:
    """`lectures …` in an empty folder, with these variables, which stay for the commands after it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LECTURES_DATA_DIR", "data")

    def command(*arguments: str, **environment: str) -> Done:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return lectures(*arguments)

    return command


def _refused(done: Done) -> str:
    """What was said: one line, exit code 1."""
    assert (done.code, done.out) == (1, ""), done.err
    assert done.err.count("\n") == 1, done.err
    return done.err


def test_the_version_is_that_of_the_distribution(run: Run) -> None:
    done = run("--version")
    assert (done.out, done.code) == (f"lectures {version('lecture-search')}\n", 0)


def test_a_port_that_is_taken_is_named(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = _refused(run("serve", "--port", port))
    assert f"port {port} (address already in use)" in said
    assert "--port" in said


@pytest.mark.parametrize("command", [["courses"], ["serve", "--port", "0"], ["ingest", str(ROOT / "examples")]])
def test_a_data_folder_that_cannot_be_made_is_named(run: Run, tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "data").write_text("not a folder")
    said = _refused(run(*command))
    assert str(tmp_path / "data") in said
    assert "LECTURES_DATA_DIR" in said


def test_a_data_folder_that_cannot_be_written_is_named(run: Run) -> None:
    said = _refused(run("migrate", LECTURES_DATA_DIR="/proc"))
    assert "/proc" in said
    assert "LECTURES_DATA_DIR" in said


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg2"])
def test_a_postgresql_address_without_its_driver_says_what_to_install(
    run: Run, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    said = _refused(run("courses", LECTURES_DATABASE_URL=f"{scheme}://u:secret@x/y"))
    assert "pip install '.[postgres]'" in said
    assert "secret" not in said


def test_a_driver_without_the_library_below_it_says_what_to_install(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "psycopg"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setenv("PSYCOPG_IMPL", "c")  # which is not among what is installed
    said = _refused(run("courses", LECTURES_DATABASE_URL="postgresql://u:secret@x/y"))
    assert "pip install '.[postgres]'" in said


def test_a_database_that_is_away_is_one_sentence(run: Run) -> None:
    said = _refused(run("courses", LECTURES_DATABASE_URL="postgresql://u:secret@127.0.0.1:9/y"))
    assert "127.0.0.1" in said
    assert "LECTURES_DATABASE_URL" in said
    assert "secret" not in said


@pytest.mark.parametrize("setting", ["LECTURES_EMBEDDER", "LECTURES_ENCODER", "LECTURES_RERANKER"])
def test_a_model_without_its_libraries_says_what_to_install(
    run: Run, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    said = _refused(run("serve", "--port", "0", **{setting: "some/model"}))
    assert "'some/model'" in said
    assert "pip install '.[models]'" in said


def test_an_encoder_needs_an_embedder_beside_it(run: Run) -> None:
    said = _refused(run("courses", LECTURES_ENCODER="e5", LECTURES_EMBEDDER="none"))
    assert "LECTURES_ENCODER is a second opinion" in said
    spread = {"LECTURES_SEARCH": "auto", "LECTURES_STORAGE_URL": "shared", "LECTURES_EMBEDDER": "builtin"}
    assert "LECTURES_ENCODER is set, and LECTURES_SEARCH" in _refused(run("courses", **spread))


def test_an_index_is_not_built_anew_for_settings_that_could_not_be_served(run: Run) -> None:
    said = _refused(run("reindex", "--embedder", "none", LECTURES_ENCODER="e5"))
    assert "LECTURES_ENCODER is a second opinion" in said


@pytest.mark.parametrize(
    ("given", "encoder"),
    [
        ({}, "builtin"),
        ({"embedder": "none"}, ""),
        ({"search": "auto", "storage_url": "shared"}, ""),
        ({"encoder": ""}, ""),
    ],
)
def test_by_default_there_is_an_encoder_where_there_can_be(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], encoder: str
) -> None:
    monkeypatch.delenv("LECTURES_ENCODER")
    assert Settings(**given).encoder == encoder  # type: ignore[arg-type]


@pytest.mark.parametrize(("encoder", "threads"), [("", "1"), ("builtin", "1"), ("e5", "1"), ("some/model", None)])
def test_the_packaged_encoder_has_one_thread_where_it_serves(
    monkeypatch: pytest.MonkeyPatch, encoder: str, threads: str | None
) -> None:
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.setenv(name, "")  # what is set below is taken back after the test
        monkeypatch.delenv(name)
    hold_native_threads(Settings(encoder=encoder))
    assert os.environ.get("OMP_NUM_THREADS") == threads


def test_the_command_line_has_the_encoder_read_what_it_takes_up(run: Run, tmp_path: Path) -> None:
    pages = [
        "Neurons\nSome of the neurons are switched off at random, so that each learns to do without the others",
        "Kernels\nA kernel moves over the picture and multiplies what lies below it, with the same weights everywhere",
    ]
    course = write_course(tmp_path / "course", "Course", pages)
    run("ingest", str(course))
    unread = json.loads(run("search", "neurons", "--json", LECTURES_ENCODER="e5").out)
    assert unread["degraded"] == ["the encoder has not read 1 of 1 courses yet: searched without it"]
    done = run("ingest", str(course), LECTURES_ENCODER="e5")
    assert "encoding course: 2 of 2" in done.err
    read = json.loads(run("search", "neurons", "--json", LECTURES_ENCODER_DEADLINE_MS="60000").out)
    assert (read["degraded"], read["generation"]) == ([], 2)
    assert read["hits"][0]["locator"]["page_number"] == 1
    run("reindex")
    assert json.loads(run("search", "neurons", "--json").out)["degraded"] == []


def test_with_the_settings_as_they_are_the_bundled_model_has_its_say(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pages = [
        "Reaction to stress\nCortisol rises within twenty minutes and falls slowly over the evening",
        "Placebo\nPatients who were given sugar pills felt less pain than those who were given nothing",
        "Refraction\nLight bends where it passes from air into glass, since it is slower there",
    ]
    course = write_course(tmp_path / "course", "Course", pages)

    def best(**environment: str) -> tuple[int, float]:
        found = json.loads(run("search", "почему пустышка помогла больному", "--json", **environment).out)
        assert found["degraded"] == []
        return found["hits"][0]["locator"]["page_number"], found["hits"][0]["score"]

    run("ingest", str(course))
    without = best()
    monkeypatch.delenv("LECTURES_ENCODER")
    assert "encoding course: 3 of 3" in run("ingest", str(course)).err
    page, score = best(LECTURES_ENCODER_DEADLINE_MS="60000")
    assert page == without[0] == 2
    assert score > without[1]
    # a model that takes longer to load than a question may is waited for by a command, which asks once
    load = sentences._session

    def load_slowly(layers: bytes) -> object:
        time.sleep(1.5)
        return load(layers)

    monkeypatch.setattr(sentences, "_session", load_slowly)
    for command in ("search", "ask"):
        found = run(command, "почему пустышка помогла больному", "--json", LECTURES_ENCODER_DEADLINE_MS="1000")
        assert json.loads(found.out)["degraded"] == []


def test_what_was_read_is_not_read_again(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    course = write_course(tmp_path / "course", "Course", ["Refraction\nLight bends where it passes into glass"])
    monkeypatch.delenv("LECTURES_ENCODER")
    report = json.loads(run("ingest", str(course), "--json").out)
    served = json.loads(run("search", "glass", "--json", LECTURES_ENCODER_DEADLINE_MS="60000").out)
    assert report["generation"] == served["generation"] == 1  # so little is read before it is published
    monkeypatch.setitem(sys.modules, "onnxruntime", None)  # an import of it would fail
    again = run("ingest", str(course))
    assert (again.code, "encoding" in again.err) == (0, False)


@pytest.mark.parametrize(("embedder", "read"), [("builtin", 1), ("none", 0)])
def test_the_table_is_read_while_the_program_is_imported(
    monkeypatch: pytest.MonkeyPatch, embedder: str, read: int
) -> None:
    calls: list[str] = []

    def broken(version: str) -> TableEmbedder:
        calls.append(version)
        raise EmbedderError("The built-in table is damaged.")  # who needs the table is told, nobody else

    monkeypatch.setattr(table, "_bundled", broken)
    read_ahead(Settings(embedder=embedder, encoder=""))
    for thread in [thread for thread in threading.enumerate() if thread.name == "table"]:
        thread.join(20)
    assert len(calls) == read


def test_questions_need_a_language_model(run: Run) -> None:
    assert "LECTURES_LLM_INGEST is set and" in _refused(run("courses", LECTURES_LLM_INGEST="true"))


def test_the_command_line_has_the_language_model_read_what_it_takes_up(run: Run, tmp_path: Path) -> None:
    written = {"russian": ["Что?", "Как?"], "english": ["How to extinguish?", "What?"], "context": "Neurons"}
    page = "Neurons\nSome of the neurons are switched off at random, so that each learns to do without the others"
    course = write_course(tmp_path / "course", "Course", [page])
    with model_server(lambda reply: reply.status(503)) as (url, _):
        model = {"LECTURES_LLM_INGEST": "true", "LECTURES_LLM_MODEL": "stub", "LECTURES_LLM_URL": url}
        away = run("ingest", str(course), **model)
    assert away.code == 0
    assert "Not read yet: course (the language model answered with status 503; what is missing is" in away.err
    assert "questions:1:stub: not read yet (the language model answered with status 503" in run("status").out
    with model_server(says(json.dumps(written))) as (url, seen):
        done = run("ingest", str(course), LECTURES_LLM_URL=url)
        assert len(seen) == 1
    assert "asking of course: 1 of 1" in done.err
    found = json.loads(run("search", "extinguish", "--json").out)
    assert [hit["locator"]["page_number"] for hit in found["hits"]] == [1]
    assert "extinguish" not in json.dumps(found["hits"])
    assert json.loads(run("status", "--json").out)["unread"] == []


def test_what_the_language_model_refuses_is_counted_until_it_is_asked_again_on_order(run: Run, tmp_path: Path) -> None:
    pages = [f"Neurons\n{' '.join(f'{word}{letter}' for letter in 'abcdefghijkl')}" for word in ("bee", "fox")]
    course = write_course(tmp_path / "course", "Course", pages)

    def refuses_bees(reply: Reply) -> None:
        (refuses(413) if "beea" in reply.messages[-1]["content"] else says("{}"))(reply)

    with model_server(refuses_bees) as (url, _):
        model = {"LECTURES_LLM_INGEST": "true", "LECTURES_LLM_MODEL": "stub", "LECTURES_LLM_URL": url}
        done = run("ingest", str(course), **model)
    assert done.code == 0
    assert "1 passage cannot be read by questions:1:stub; `lectures status` says why." in done.err
    reason = "the language model answered with status 413"
    expected = {"course": "course", "reader": "questions:1:stub", "passages": 1, "reason": reason}
    assert json.loads(run("status", "--json").out)["unread"] == [expected]
    assert f"questions:1:stub: 1 passage cannot be read ({reason})" in run("status").out
    assert json.loads(run("status", "--json", LECTURES_LLM_INGEST="false").out)["unread"] == []
    with model_server(says("{}")) as (url, seen):
        run("ingest", str(course), LECTURES_LLM_INGEST="true", LECTURES_LLM_URL=url)
        assert seen == []
        run("reindex")
        assert len(seen) == 1
    assert json.loads(run("status", "--json").out)["unread"] == []


def test_a_model_that_does_not_load_is_said_before_anything_is_served(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    class SentenceTransformer:
        def __init__(self, name: str, **_: object) -> None:
            raise OSError(f"no folder {name}\nlook elsewhere")

    # the library itself is replaced: loading it takes longer than all the tests of this file
    library = types.ModuleType("sentence_transformers")
    library.SentenceTransformer = SentenceTransformer  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sentence_transformers", library)
    said = _refused(run("serve", "--port", "0", LECTURES_EMBEDDER="models/none"))
    assert "'models/none'" in said
    assert "no folder models/none look elsewhere" in said


def test_packs_that_are_not_there_are_said_before_anything_is_served(run: Run) -> None:
    assert "nowhere.jsonl" in _refused(run("serve", "--port", "0", LECTURES_PACKS="nowhere.jsonl"))


def test_a_model_url_without_a_model_is_refused(run: Run) -> None:
    assert "LECTURES_LLM_MODEL" in _refused(run("serve", "--port", "0", LECTURES_LLM_URL="http://127.0.0.1:1/v1"))


def test_unknown_settings_are_named_wherever_they_stand(
    run: Run, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / ".env").write_text("LECTURES_OFLINE=true\nlectures_embedder=none\nOTHER=1\n")
    with caplog.at_level(logging.WARNING):
        assert run("courses", LECTURES_EMBEDER="none").code == 0
    assert [message.split()[0] for message in caplog.messages] == ["LECTURES_EMBEDER", "LECTURES_OFLINE"]
    assert unknown_variables([f"LECTURES_{name.upper()}" for name in Settings.model_fields]) == []


@pytest.mark.parametrize("limit", ["0", "51", "-3"])
def test_a_limit_out_of_range_is_wrong_usage(run: Run, limit: str) -> None:
    done = run("search", "x", "--limit", limit)
    assert (done.code, done.out) == (2, "")
    assert "--limit" in done.err
