"""What messages of the ground floor may say."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_index_names_no_setting_and_no_route_of_the_service() -> None:
    """Whoever imports `index` alone has neither; the service adds such names where it knows them."""
    of_the_service = re.compile(r"LECTURES_[A-Z]|\b(GET|POST|PUT|DELETE) /")
    named = {
        (path.relative_to(ROOT).as_posix(), node.lineno)
        for path in (ROOT / "index").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and of_the_service.search(node.value)
    }
    assert named == set()
