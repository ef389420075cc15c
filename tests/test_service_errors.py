"""Error class → status, for every error that there is."""

from __future__ import annotations

import importlib
import io
import pkgutil
import sys
from collections.abc import Iterator

import pytest
import structlog
from starlette.testclient import TestClient

import index
import ingest
import service
from index.errors import CourseError, LecturesError, NotFound, SourceFileError
from index.search.search import SearchIndex
from service.errors import status_of
from service.observability import configure_logging


def _kinds(of: type[LecturesError]) -> Iterator[type[LecturesError]]:
    for kind in of.__subclasses__():
        yield kind
        yield from _kinds(kind)


def test_every_error_of_ours_has_a_status_that_is_no_fault_of_ours() -> None:
    for package in (index, ingest, service):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    kinds = [kind for kind in _kinds(LecturesError) if kind.__module__.split(".")[0] in {"index", "ingest", "service"}]
    assert len(kinds) > 15
    without = {kind.__name__ for kind in kinds if status_of(kind.__new__(kind)) == 500}
    assert without == set()


def test_a_kind_of_error_has_the_status_of_what_it_is_a_kind_of() -> None:
    class OddFile(SourceFileError):
        pass

    class Gone(NotFound):
        pass

    assert [status_of(error) for error in (OddFile("x"), Gone("x"), CourseError("x"), LecturesError("x"))] == [
        422, 404, 422, 500,
    ]  # fmt: skip


@pytest.mark.parametrize("path", ["/api/search", "/v1/chat/completions"])
def test_an_error_that_nobody_expected_leaves_as_all_others_do(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("nobody expected this")

    monkeypatch.setattr(SearchIndex, "find", fail)
    question = "what of dropout has nobody asked before?"  # a search that is remembered would not fail
    body = {"messages": [{"role": "user", "content": question}]}
    failed = client.post(path, json=body) if path.startswith("/v1") else client.get(path, params={"q": question})
    assert (failed.status_code, failed.json()["code"]) == (500, "internal")
    assert "nobody expected" not in failed.text
    assert failed.headers["x-content-type-options"] == "nosniff"
    assert len(failed.headers["x-request-id"]) == 32
    assert ("error" in failed.json()) == path.startswith("/v1")


def test_a_logger_outlives_the_stream_that_stood_for_standard_error(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, log = io.StringIO(), io.StringIO(), structlog.get_logger("lectures")
    monkeypatch.setattr(sys, "stderr", first)
    configure_logging("info")
    log.info("said before")
    assert "said before" in first.getvalue()
    first.close()
    monkeypatch.setattr(sys, "stderr", second)
    log.info("said after")
    assert "said after" in second.getvalue()
