"""Row 9: every operation of the description, with every kind of caller, by requests that hypothesis makes up and by
some that are aimed at a private course (aimed.py): no server error, nothing that is not described,
and no word of a course that the caller may not read, which one that may is given.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from benchmarks.torture.aimed import OF_NO_COURSE, aim, leaks, misses
from benchmarks.torture.courses import ingest_arguments, write_shown
from benchmarks.torture.progress import Progress
from benchmarks.torture.result import Result
from benchmarks.torture.searching import start_service
from benchmarks.torture.zygote import Child, Zygote

PRIVATE, _OPEN = "hiddenclass", "opencourse"  # of the length of an id of YouTube at most: there is speech in both
SETTINGS = {"LECTURES_PRIVATE_COURSES": PRIVATE, "LECTURES_ANSWERS_PER_MINUTE": "100000000"}


def run(size: int, seed_number: int, folder: Path, progress: Progress) -> Result:
    """`size` requests to each operation by each caller."""
    wrong: list[str] = []
    counts: Counter[str] = Counter()
    with Zygote(folder / "data") as zygote:
        port, callers, key, child = started(zygote, folder)
        aimed = aim(port, PRIVATE, key, str(folder / PRIVATE))
        wrong += [f"one that may read it: {fault}" for fault in misses(port, PRIVATE, aimed, key)]
        for caller, own in callers.items():
            wrong += [f"{caller}: {fault}" for fault in leaks(port, PRIVATE, aimed, own)]
            counts["aimed"] += len(aimed)
        schema = schemathesis.openapi.from_url(f"http://127.0.0.1:{port}/openapi.json")
        # a broken description fails here
        operations: list[Any] = [found.ok() for found in schema.get_all_operations()]  # type: ignore[union-attr]
        forgotten = {found.label for found in operations} - {request.operation for request in aimed} - OF_NO_COURSE
        wrong += [f"no request of {label} aims at the private course" for label in sorted(forgotten)]
        progress.expect(len(callers) * len(operations))
        for caller, own in callers.items():
            headers = {"Authorization": f"Bearer {own}"} if own else {}
            for operation in operations:
                faults = _probe(operation, caller, headers, size, seed_number, counts)
                wrong += faults
                progress.add(bool(faults))
        child.end(0)
        if "Traceback" in child.err:
            wrong.append(f"the service wrote a traceback: {child.err[-300:]}")
    figure = f"{len(callers)} callers × {len(operations)} operations, statuses {dict(counts.most_common(8))}"
    return Result(sum(counts.values()), wrong, figure)


def started(zygote: Zygote, folder: Path) -> tuple[int, dict[str, str], str, Child]:
    """A service over both courses: its port, the keys of those that may not read the private one by their kinds, the
    key of one that may, and the service."""
    for slug in (PRIVATE, _OPEN):
        zygote.lectures(*ingest_arguments(write_shown(folder / slug, slug), slug))

    def key(scope: str, course: str) -> str:
        made = zygote.lectures("keys", "create", "caller", "--json", "--scope", scope, "--course", course).out
        return str(json.loads(made)["key"])

    callers = {
        "anybody": "",
        "a wrong key": "lk_wrong",
        "search": key("search", _OPEN),
        "answer": key("answer", _OPEN),
        "admin of another course": key("admin", _OPEN),
    }
    child, port = start_service(zygote, {**SETTINGS, "LECTURES_INGEST_ROOTS": str(folder)})
    return port, callers, key("admin", PRIVATE), child


def _probe(
    operation: Any, caller: str, headers: dict[str, str], size: int, number: int, counts: Counter[str]
) -> list[str]:
    """What was wrong with the answers of one operation to one caller."""
    wrong: list[str] = []

    @seed(number)
    @settings(max_examples=size, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        # an empty question is valid by its type and refused all the same
        response = case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance])
        counts[str(response.status_code)] += 1
        # it stands in the title and in every passage, and nobody happens to ask for it
        assert PRIVATE.encode() not in response.content, f"words of the private course: {response.content[:200]!r}"

    try:
        ask()
    except BaseException as error:  # of hypothesis and schemathesis come groups of errors
        if isinstance(error, KeyboardInterrupt):
            raise
        wrong.append(f"{caller}, {operation.label}: {str(error)[:600]}")
    return wrong
