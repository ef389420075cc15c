"""The command line: what it prints, how it fails, and that the README knows all of it."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main
from support import EXAMPLES, Done, Run, write_course

from index.errors import NotAllowed
from index.store.tables import SCHEMA_REVISION
from service.cli import app
from service.security import check_bind
from service.settings import Settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def _started(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "service.cli", *arguments],
        env={**os.environ, "LECTURES_DATA_DIR": str(settings.data_dir)},
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )


@pytest.fixture
def run(lectures: Run, example_settings: Settings) -> Run:
    """A command over the example course."""

    def command(*arguments: str, **environment: str) -> Done:
        return lectures(*arguments, LECTURES_DATA_DIR=str(example_settings.data_dir), **environment)

    return command


def test_search_prints_what_the_api_returns(example_settings: Settings, client: object) -> None:
    from starlette.testclient import TestClient  # noqa: PLC0415

    assert isinstance(client, TestClient)
    printed = json.loads(_started(example_settings, "search", "dropout", "--json", "--limit", "4").stdout)
    returned = client.get("/api/search", params={"q": "dropout", "limit": 4}).json()
    assert printed | {"took_ms": 0} == returned | {"took_ms": 0}


def test_search_for_people_names_the_page(run: Run) -> None:
    printed = run("search", "data leakage", "--limit", "1").out
    assert "page 4, slides/04_evaluation.pdf" in printed


def test_status_courses_and_verify_have_json(run: Run) -> None:
    assert json.loads(run("courses", "--json").out)[0]["slug"] == "neural-networks"
    status = json.loads(run("status", "--json").out)
    assert (status["generation"], status["current"]) == (1, True)
    assert {gap["code"] for gap in status["gaps"]["neural-networks"]} == {"no_video", "no_slides"}
    assert json.loads(run("verify", "--json").out) == {"ok": True, "damage": []}


def test_migrate_makes_the_schema_and_nothing_else(lectures: Run, tmp_path: Path) -> None:
    for _ in range(2):
        said = lectures("migrate", "--json", LECTURES_DATA_DIR=str(tmp_path / "new"), LECTURES_EMBEDDER="none")
        assert json.loads(said.out) == {"schema_revision": SCHEMA_REVISION}
    assert {path.name.partition("-")[0] for path in (tmp_path / "new").iterdir()} == {"lectures.db"}


def test_eval_measures_by_kind(run: Run, tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    questions = [
        {"id": 1, "query": "early stopping", "kind": "term",
         "relevant": [{"deck": "slides/02_regularisation.pdf", "page": 11, "grade": 2}]},
        {"id": 2, "query": "fairy tale", "kind": "speech",
         "relevant": [{"video": "video/lecture4.webm", "start_seconds": 70, "end_seconds": 99, "grade": 1}]},
        {"id": 3, "query": "рецепт борща", "kind": "plain", "relevant": []},
    ]  # fmt: skip
    gold.write_text("\n".join(json.dumps(question) for question in questions), "utf-8")
    measured = json.loads(run("eval", str(gold), "--json").out)
    rows = {row["kind"]: row for row in measured["kinds"]}
    assert (rows["term"]["ndcg"], rows["term"]["hit1"], rows["speech"]["hit5"]) == (1.0, 1.0, 1.0)
    assert (measured["course"], measured["off_topic_recognised"]) == ("neural-networks", 1.0)
    gold.write_text('{"query": "x"}\nnot json\n', "utf-8")
    assert "Line 2" in run("eval", str(gold)).err


def test_an_ingest_is_queued_run_by_the_worker_and_removed(lectures: Run, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")

    def said(*arguments: str) -> Any:
        return json.loads(lectures(*arguments, "--json", LECTURES_DATA_DIR=str(settings.data_dir)).out)

    assert said("ingest", str(EXAMPLES), "--course", "demo", "--queue")["id"].startswith("j_")
    assert json.loads(_started(settings, "worker", "--once", "--json").stdout) == {"done": 1, "held": []}
    assert said("courses")[0]["passages"] == 62
    assert said("remove", "demo")["removed"] == "demo"
    assert said("courses") == []
    assert not list((tmp_path / "data" / "files").glob("??/*"))


def test_of_several_courses_those_are_told_that_were_taken_up_and_why_others_were_not(
    lectures: Run, tmp_path: Path
) -> None:
    sources = [str(write_course(tmp_path / name, name, [f"Dropout\n{name}"])) for name in ("one", "two")]
    sources.insert(1, str(tmp_path / "none"))
    own = {"LECTURES_DATA_DIR": str(tmp_path / "data"), "LECTURES_EMBEDDER": "none"}
    done = lectures("ingest", *sources, "--json", **own)
    found = json.loads(done.out)
    assert [outcome["source"] for outcome in found] == sources
    assert [outcome["report"] and outcome["report"]["generation"] for outcome in found] == [1, None, 2]
    assert [outcome["problem"] for outcome in found][::2] == [None, None]
    assert found[1]["problem"].startswith(f"There is no folder {tmp_path / 'none'}")
    assert done.code == 1
    assert "1 of 3 could not be taken up." in done.err


def test_where_nothing_can_be_stored_the_others_are_not_begun(lectures: Run, tmp_path: Path) -> None:
    sources = [str(write_course(tmp_path / name, name, [name])) for name in ("one", "two")]
    away = {"LECTURES_EMBEDDER": "none", "LECTURES_STORAGE_URL": str(tmp_path / "not-mounted")}
    done = lectures("ingest", *sources, "--json", LECTURES_DATA_DIR=str(tmp_path / "data"), **away)
    first, second = json.loads(done.out)
    assert str(tmp_path / "not-mounted") in first["problem"]
    assert second["problem"].startswith("It was not begun")
    assert (first["report"], second["report"], done.code) == (None, None, 1)


def test_a_dry_run_prints_the_plan_and_makes_nothing(lectures: Run, tmp_path: Path) -> None:
    printed = lectures("ingest", str(EXAMPLES), "--dry-run", LECTURES_DATA_DIR=str(tmp_path / "data")).out
    assert "Внимание и трансформеры" in printed
    assert "no video" in printed
    assert "table rows" in printed
    assert "are lectures" in printed
    assert not (tmp_path / "data").exists()


def test_the_plan_can_be_written_down(lectures: Run, tmp_path: Path) -> None:
    own = {"LECTURES_DATA_DIR": str(tmp_path / "data")}
    printed = lectures("ingest", str(EXAMPLES), "--write-yaml", str(tmp_path / "course.yaml"), **own).out
    assert "holds 5 lectures" in printed
    written = (tmp_path / "course.yaml").read_text("utf-8")
    assert "title: Внимание и трансформеры" in written
    assert not (tmp_path / "data").exists()
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty/README.md").write_text("# C\n\nWatch [this](https://video.example/1).\n", "utf-8")
    printed = lectures("ingest", str(tmp_path / "empty"), "--write-yaml", str(tmp_path / "empty.yaml"), **own).out
    assert "holds no lectures yet" in printed
    assert "#   https://video.example/1" in (tmp_path / "empty.yaml").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["ingest", "nowhere"], 1, "There is no folder nowhere"),
        (["ingest", "pyproject.toml"], 1, "is a file"),
        (["search", ""], 1, "The query is empty"),
        (["search", "x", "--course", "nope"], 1, "There is no course 'nope'"),
        (["search", "x", "--kind", "essay"], 1, "there are page, segment, programme"),
        (["remove", "nope"], 1, "There is no course 'nope'"),
        (["eval", "nowhere.jsonl"], 1, "cannot be read"),
        (["serve", "--host", "0.0.0.0"], 1, "LECTURES_ALLOW_PUBLIC"),
        (["serve", "--ray", ""], 1, "'' is no address of a Ray cluster"),
        (["ingest", "examples", "--ray", "auto", "--queue"], 1, "--queue leaves it to"),
        (["nonsense"], 2, "No such command"),
        (["search"], 2, "Missing argument"),
    ],
)
def test_errors_are_sentences_on_stderr(
    run: Run, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, message: str
) -> None:
    monkeypatch.chdir(ROOT)
    done = run(*arguments)
    assert (done.code, done.out) == (code, "")
    assert message in done.err
    assert "Traceback" not in done.err


def test_wrong_settings_are_named(run: Run) -> None:
    assert "LECTURES_LOG_LEVEL is 'loud'" in run("courses", LECTURES_LOG_LEVEL="loud").err
    assert "lectures reindex" in run("search", "x", LECTURES_EMBEDDER="none").err
    assert "not supported" in run("courses", LECTURES_DATABASE_URL="mysql://x/y").err


def test_the_builtin_embedder_needs_neither_torch_nor_transformers(example_settings: Settings) -> None:
    program = (
        "import sys, service.cli, runpy; sys.argv = ['lectures', 'search', 'dropout', '--json'];\n"
        "try: service.cli.main()\nexcept SystemExit: pass\n"
        "print(sorted({'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)), file=sys.stderr)"
    )
    environment = {**os.environ, "LECTURES_DATA_DIR": str(example_settings.data_dir)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stderr.strip() == "[]"


def test_only_loopback_may_be_served_without_keys() -> None:
    for host in ("127.0.0.1", "localhost", "::1"):
        check_bind(host, allow_public=False)
    check_bind("0.0.0.0", allow_public=True)
    for host in ("0.0.0.0", "192.168.1.5", "::", "example.org"):
        with pytest.raises(NotAllowed):
            check_bind(host, allow_public=False)


def test_the_readme_names_every_command_and_option() -> None:
    group = typer.main.get_command(app)
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        assert f"lectures {name}" in README, name
        for parameter in command.params:
            if parameter.param_type_name == "option" and parameter.name != "help":
                assert any(option in README for option in parameter.opts), (name, parameter.opts)


def test_the_readme_names_every_setting_with_its_default() -> None:
    for name, field in Settings.model_fields.items():
        assert f"`LECTURES_{name.upper()}`" in README, name
        if field.default not in ("", False, True):
            assert f"`{field.default}`" in README, name


def test_every_gap_code_is_documented() -> None:
    """Codes of problems, of files that cannot be used and of fetches, wherever the source writes one."""
    codes: set[str] = set()
    for path in (ROOT / "ingest").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "code" and isinstance(node.value, ast.Constant):
                codes.add(str(node.value.value))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Problem":
                codes |= {str(arg.value) for arg in node.args[:1] if isinstance(arg, ast.Constant)}
    from index.store.catalogue import LECTURE_GAPS  # noqa: PLC0415
    from ingest.youtube import FAILURE_CODES  # noqa: PLC0415

    codes |= LECTURE_GAPS.keys() | FAILURE_CODES
    documented = (ROOT / "docs" / "gaps.md").read_text("utf-8")
    assert len(codes) > 30
    assert {code for code in codes if f"`{code}`" not in documented} == set()
