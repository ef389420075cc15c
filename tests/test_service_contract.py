"""The whole OpenAPI document, asked what it describes and what it does not: no server error, no undocumented answer."""

from __future__ import annotations

from typing import Any

import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance


def test_every_operation_answers_as_it_is_described(live: str) -> None:
    schema = schemathesis.openapi.from_url(f"{live}/openapi.json")
    probed = set()
    for result in schema.get_all_operations():
        operation: Any = result.ok()  # type: ignore[union-attr]  # a broken description fails here

        @settings(
            max_examples=40, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
        )
        @given(case=operation.as_strategy())
        def probe(case: Any) -> None:
            # how many numbers the vectors of the embedder have is no matter of types
            of_vectors = case.operation.path == "/v1/embeddings"
            case.call_and_validate(excluded_checks=[positive_data_acceptance] if of_vectors else [])

        probe()
        probed.add((operation.method, operation.path))
    assert {("post", "/api/answers"), ("post", "/v1/chat/completions"), ("get", "/api/search")} <= probed
    assert len(probed) >= 15
