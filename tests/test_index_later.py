"""Modules that are imported when they are first used: what a start leaves out, and that all of it can be imported."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
_SIGNING_IN = {"authlib", "joserfc", "httpx", "cryptography", "yaml"}
_ANSWERING = {"service.answers.answering", "service.answers.people", "service.chat.tasks", "markdown_it"}


def _loaded(program: str, names: set[str], **environment: str) -> set[str]:
    """Which of these modules a program has imported when it ends."""
    shown = f"import sys; {program}; print(*({names!r} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", shown],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**environment, "PYTHONPATH": str(ROOT)},
    )
    return set(done.stdout.split())


def test_a_start_without_signing_in_imports_no_library_for_it(tmp_path: Path) -> None:
    start = "from service.running import create_app; create_app()"
    assert _loaded(start, _SIGNING_IN, LECTURES_DATA_DIR=str(tmp_path)) == set()


def test_a_start_imports_nothing_that_only_answers_need(tmp_path: Path) -> None:
    start = "from service.running import create_app; create_app()"
    heavy = {
        *_ANSWERING,
        "sqlalchemy.dialects.postgresql",
        "ingest.sources",
        "jinja2",
        "onnxruntime",
        "wordfreq",
        "mcp",
    }
    assert _loaded(start, heavy, LECTURES_DATA_DIR=str(tmp_path)) == set()


def test_a_start_to_search_imports_nothing_that_other_routes_need(tmp_path: Path) -> None:
    start = "from service.running import create_app; create_app(grows=True)"
    others = {"service.routes", "service.web.showing", "service.api.answers", "service.signin.routes", "index.publish"}
    assert _loaded(start, {*others, "faiss"}, LECTURES_DATA_DIR=str(tmp_path)) == set()


def test_a_start_with_a_provider_imports_what_it_needs_at_once(tmp_path: Path) -> None:
    start = "from service.running import create_app; create_app()"
    settings = {"LECTURES_DATA_DIR": str(tmp_path), "LECTURES_OIDC_ISSUER": "https://id.example"}
    settings |= {"LECTURES_OIDC_CLIENT_ID": "lectures", "LECTURES_SIGNIN_GRANTS": "students -> *"}
    assert _loaded(start, {"authlib", "joserfc"}, **settings) == {"authlib", "joserfc"}


def test_what_answers_need_is_imported_once_the_service_is_warmed_up(tmp_path: Path) -> None:
    start = "from service.running import create_app, warm_up; create_app(); warm_up()"
    assert _loaded(start, _ANSWERING, LECTURES_DATA_DIR=str(tmp_path)) == _ANSWERING


@pytest.mark.parametrize("arguments", [["--help"], ["serve", "--help"], ["keys", "--help"], ["nonsense"]])
def test_help_and_usage_are_said_without_the_library_that_draws(arguments: list[str]) -> None:
    asked = (
        f"sys.argv = ['lectures', *{arguments!r}]; from service.cli import main; from contextlib import suppress\n"
        "with suppress(SystemExit), open('/dev/null', 'w') as sys.stdout: main()\n"
        "sys.stdout = sys.__stdout__\n"
    )
    shown = f"import sys; {asked}print(*({{'rich', 'numpy'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", shown], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == []


def _named_later() -> list[str]:
    """Every module that the program imports later, as it is written there."""
    found = set()
    for path in [*ROOT.glob("index/**/*.py"), *ROOT.glob("ingest/**/*.py"), *ROOT.glob("service/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "later":
                name = node.args[0]
                assert isinstance(name, ast.Constant), path
                found.add(str(name.value))
    return sorted(found)


@pytest.mark.parametrize("name", _named_later())
def test_what_is_imported_later_can_be_imported(name: str) -> None:
    assert import_module(name).__name__ == name  # its patterns are compiled then, so that a broken one is found


def test_every_module_of_the_program_can_be_imported() -> None:
    folders = [*ROOT.glob("service/answers/*.py"), *ROOT.glob("service/chat/*.py"), *ROOT.glob("service/signin/*.py")]
    for path in folders:
        import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))


def test_what_is_soon_is_imported_on_order_and_the_rest_when_it_is_used(tmp_path: Path) -> None:
    (tmp_path / "first_of_two.py").write_text("SAID = 'one'\n")
    (tmp_path / "second_of_two.py").write_text("SAID = 'two'\n")
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from index.later import import_soon, later;"
        "first, second = later('first_of_two', soon=True), later('second_of_two');"
        "names = {'first_of_two', 'second_of_two'}; print(sorted(names & set(sys.modules)));"
        "import_soon(); print(sorted(names & set(sys.modules)));"
        "print(first.SAID, second.SAID, sorted(names & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.splitlines() == ["[]", "['first_of_two']", "one two ['first_of_two', 'second_of_two']"]
