"""Libraries that a start imports without what it does not need of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
_LIGHTLY = "from service.lightly import import_lightly; import_lightly(); "
_UNNEEDED = {"rich", "pygments", "attr", "watchfiles"}


def _said(program: str, folder: Path) -> str:
    environment = {"PYTHONPATH": str(ROOT), "LECTURES_DATA_DIR": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT, env=environment
    )
    return done.stdout.strip()


def test_serve_imports_nothing_that_draws_tracebacks_or_watches_sources(tmp_path: Path) -> None:
    # it ends where it is told that it would be open to everybody: all but what opens the index is imported then
    serve = "sys.argv = ['lectures', 'serve', '--host', '0.0.0.0']"
    program = f"import sys; {serve}\nfrom service.cli import main\ntry: main()\nexcept SystemExit: pass\n"
    shown = f"import sys; print(sorted({_UNNEEDED!r} & set(sys.modules)), 'fastapi' in sys.modules)"
    assert _said(f"{program}{shown}", tmp_path) == "[] True"


def test_what_was_left_out_can_be_imported_afterwards(tmp_path: Path) -> None:
    shown = "import rich, watchfiles; print(rich.__name__, watchfiles.__name__)"
    assert _said(_LIGHTLY + shown, tmp_path) == "rich watchfiles"


def test_models_that_only_describe_the_api_are_built_when_it_is_described(tmp_path: Path) -> None:
    shown = (
        "from fastapi.openapi.models import OpenAPI; from service.app import create_app; app = create_app(); "
        "before = OpenAPI.__pydantic_complete__; described = app.openapi(); "
        "print(before, OpenAPI.__pydantic_complete__, len(described['paths']) > 10)"
    )
    assert _said(_LIGHTLY + shown, tmp_path) == "False True True"


def test_the_api_is_described_as_without(tmp_path: Path) -> None:
    shown = "import json; from service.app import create_app; print(json.dumps(create_app().openapi()))"
    assert _said(_LIGHTLY + shown, tmp_path) == _said(shown, tmp_path)


def test_models_that_are_defined_afterwards_are_built_at_once(tmp_path: Path) -> None:
    shown = "from service.schemas import SearchOut; print(SearchOut.__pydantic_complete__)"
    assert _said(_LIGHTLY + shown, tmp_path) == "True"
