"""Error class → status, for every error that there is."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import index
import ingest
import service
from index.errors import CourseError, LecturesError, NotFound, SourceFileError
from service.errors import status_of


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
