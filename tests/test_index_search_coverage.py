"""From evidence to coverage, and what a search on the example course says."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from index.search.coverage import Evidence, judge_coverage
from index.types import Coverage

_FULL = Evidence(said=1.0, promised=0.0, meant=0.8, near=0.6, subject=1.0, title=1.0, foreign=0.0)
_NONE = Evidence(said=0.1, promised=0.0, meant=0.2, near=0.2, subject=0.0, title=0.0, foreign=0.0)


def test_evidence_is_weighed() -> None:
    assert judge_coverage(_FULL) is Coverage.EXPLAINED
    assert judge_coverage(_NONE) is Coverage.ABSENT
    assert judge_coverage(None) is Coverage.ABSENT
    some = Evidence(said=0.6, promised=0.0, meant=0.5, near=0.4, subject=0.4, title=0.0, foreign=0.0)
    assert _NONE.total < some.total < _FULL.total
    assert judge_coverage(some) is Coverage.MENTIONED


def test_what_only_the_programme_holds_is_listed() -> None:
    promised = Evidence(said=0.2, promised=1.0, meant=0.5, near=0.4, subject=0.9, title=0.0, foreign=0.0)
    assert judge_coverage(promised) is Coverage.LISTED


def test_absence_says_less_of_a_question_in_a_language_that_the_course_does_not_speak() -> None:
    weak = Evidence(said=0.2, promised=0.0, meant=0.4, near=0.3, subject=0.4, title=0.0, foreign=0.0)
    assert judge_coverage(weak) is Coverage.ABSENT
    foreign = Evidence(said=0.2, promised=0.0, meant=0.4, near=0.3, subject=0.4, title=0.0, foreign=0.6)
    assert judge_coverage(foreign) is Coverage.MENTIONED


@pytest.mark.parametrize(
    ("query", "coverage"),
    [
        ("dropout", "explained"),
        ("дропаут", "explained"),
        ("ранняя остановка", "explained"),
        ("early stopping", "explained"),
        ("GAN", "listed"),
        ("рецепт борща", "absent"),
        ("расписание электричек", "absent"),
        ("when is the final exam", "absent"),
        ("cheap flights", "absent"),
        ("как приготовить плов", "absent"),
    ],
)
def test_the_example_course_says_what_it_covers(client: TestClient, query: str, coverage: str) -> None:
    assert client.get("/api/search", params={"q": query}).json()["coverage"] == coverage
