"""Row 9: every operation of the description, with every kind of caller, by requests that hypothesis makes up: no server
error, nothing that is not described, and no word of a course that the caller may not read.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from benchmarks.torture.courses import ingest_arguments, write_spoken
from benchmarks.torture.result import Result
from benchmarks.torture.searching import start_service
from benchmarks.torture.zygote import Zygote

_PRIVATE, _OPEN = "hiddencourse", "opencourse"
_SCHEME = {"LECTURES_PRIVATE_COURSES": _PRIVATE, "LECTURES_ANSWERS_PER_MINUTE": "100000000"}


def run(size: int, seed_number: int, folder: Path) -> Result:
    """`size` requests to each operation by each caller."""
    wrong: list[str] = []
    counts: Counter[str] = Counter()
    with Zygote(folder / "data") as zygote:
        for slug in (_PRIVATE, _OPEN):
            zygote.lectures(*ingest_arguments(write_spoken(folder / slug, slug, 0), slug))
        callers = _callers(zygote)
        child, port = start_service(zygote, _SCHEME)
        schema = schemathesis.openapi.from_url(f"http://127.0.0.1:{port}/openapi.json")
        # a broken description fails here
        operations: list[Any] = [found.ok() for found in schema.get_all_operations()]  # type: ignore[union-attr]
        for caller, headers in callers.items():
            for operation in operations:
                wrong += _probe(operation, caller, headers, size, seed_number, counts)
        child.end(0)
        if "Traceback" in child.err:
            wrong.append(f"the service wrote a traceback: {child.err[-300:]}")
    figure = f"{len(callers)} callers × {len(operations)} operations, statuses {dict(counts.most_common(8))}"
    return Result(sum(counts.values()), wrong, figure)


def _callers(zygote: Zygote) -> dict[str, dict[str, str]]:
    """Headers by kind of caller; none of these may read the private course."""

    def bearer(*arguments: str) -> dict[str, str]:
        made = json.loads(zygote.lectures("keys", "create", "caller", "--json", *arguments).out)
        return {"Authorization": f"Bearer {made['key']}"}

    return {
        "anybody": {},
        "a wrong key": {"Authorization": "Bearer lk_wrong"},
        "search": bearer("--scope", "search", "--course", _OPEN),
        "answer": bearer("--scope", "answer", "--course", _OPEN),
        "admin of another course": bearer("--scope", "admin", "--course", _OPEN),
    }


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
        # the slug itself is only what was asked for: what is said in the course is not
        leaked = f"{_PRIVATE} minute" in response.text
        assert not leaked, f"words of the private course: {response.text[:200]}"

    try:
        ask()
    except BaseException as error:  # of hypothesis and schemathesis come groups of errors
        if isinstance(error, KeyboardInterrupt):
            raise
        wrong.append(f"{caller}, {operation.label}: {str(error)[:600]}")
    return wrong
