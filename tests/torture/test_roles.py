"""Row 9 notices what it is there for: a course that is open by mistake."""

from __future__ import annotations

from pathlib import Path

from benchmarks.torture import aimed, roles
from benchmarks.torture.searching import start_service
from benchmarks.torture.zygote import Zygote


def test_a_course_that_is_open_by_mistake_is_noticed(tmp_path: Path) -> None:
    with Zygote(tmp_path / "data") as zygote:
        port, callers, key, child = roles.started(zygote, tmp_path)
        requests = aimed.aim(port, roles.PRIVATE, key, str(tmp_path / roles.PRIVATE))
        assert list(aimed.misses(port, roles.PRIVATE, requests, key)) == []
        assert list(aimed.leaks(port, roles.PRIVATE, requests, callers["anybody"])) == []
        child.end(0)
        child, port = start_service(zygote)
        found = list(aimed.leaks(port, roles.PRIVATE, requests, callers["anybody"]))
        child.end(0)
    for operation in ("GET /api/search", "GET /api/decks/{deck_id}/file.pdf", "POST /api/answers"):
        assert any(fault.startswith(operation + " ") and "gives the private course" in fault for fault in found)
